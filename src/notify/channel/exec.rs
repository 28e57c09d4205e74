//! A program that is given the message as JSON on standard input. It is started by its argument list, no shell reads
//! anything; it has `PATH`, `HOME`, `LANG`, `LC_ALL` and `TZ` and no secret; it ends with its time limit.

use super::Fault;
use crate::notify::message::Message;
use crate::notify::wiring::Wiring;
use crate::settings::notifications::Exec;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, Command};

/// Bytes kept of what the program says about a failure.
const LAST_WORDS: u64 = 1024;
/// How long its last words are waited for once it has ended: a process it left behind may keep the pipe.
const LISTEN: Duration = Duration::from_millis(200);

pub(super) async fn send(wiring: &Wiring, exec: &Exec, message: &Message) -> Result<(), Fault> {
    let limit = Duration::from_millis(u64::try_from(exec.time_limit.millis()).unwrap_or(0));
    let mut child = start(wiring, exec)?;
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).unwrap_or(0)));
    let errors = tokio::spawn(words(child.stderr.take()));
    match tokio::time::timeout(limit, talk(&mut child, message)).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => {
            let said = tokio::time::timeout(LISTEN, errors).await;
            let said = said.ok().and_then(Result::ok).unwrap_or_default();
            Err(Fault::later(format!("the program failed ({status}){said}")))
        }
        Ok(Err(error)) => Err(Fault::later(format!("the program cannot be waited for: {error}"))),
        Err(_late) => {
            // It has not been waited for yet, so the group is still its own.
            if let Some(group) = group {
                kill_process_group(group, Signal::KILL).ok();
            }
            drop(child.wait().await);
            Err(Fault::later(format!("the program took longer than {} and was ended", exec.time_limit)))
        }
    }
}

fn start(wiring: &Wiring, exec: &Exec) -> Result<Child, Fault> {
    let Some((program, arguments)) = exec.command.split_first() else {
        return Err(Fault::Never("there is no program to start".to_owned()));
    };
    Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(wiring.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&wiring.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Fault::later(format!("{program} cannot be started: {error}")))
}

async fn talk(child: &mut Child, message: &Message) -> std::io::Result<ExitStatus> {
    if let Some(mut input) = child.stdin.take() {
        // A program that ends without reading has closed the pipe; how it ended says enough.
        drop(input.write_all(format!("{}\n", message.json()).as_bytes()).await);
    }
    child.wait().await
}

/// The first line of what it says; the rest is read so that it is not held up, and thrown away.
async fn words(errors: Option<ChildStderr>) -> String {
    let Some(mut errors) = errors else { return String::new() };
    let mut said = Vec::new();
    // What cannot be read is not quoted.
    drop((&mut errors).take(LAST_WORDS).read_to_end(&mut said).await);
    drop(tokio::io::copy(&mut errors, &mut tokio::io::sink()).await);
    let said = String::from_utf8_lossy(&said).into_owned();
    said.lines().next().map_or(String::new(), |line| format!(": {line}"))
}
