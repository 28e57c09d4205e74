//! Commands of a run against the real system: real processes under the real binary as their warden.

use serde_json::json;
use sopd::base::files;
use sopd::base::problem::Result;
use sopd::run::command::{Bound, Command, Ended, How, Limits, Network, Sandbox, environment, run};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A working folder and a record beside it, on the disk the build uses.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Self { folder }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn command(&self, script: &str) -> Command {
        Command {
            folder: self.path("work"),
            record: self.path("record"),
            script: script.to_owned(),
            env: BTreeMap::new(),
            limits: Limits { time: Duration::from_mins(1), ..Limits::default() },
            writable: Vec::new(),
            readable: Vec::new(),
            hidden: Vec::new(),
            whole: self.path(""),
            network: false,
            secrets: Vec::new(),
        }
    }
    async fn run(&self, script: &str) -> Ended {
        go(self.command(script)).await.unwrap()
    }
    fn write(&self, name: &str, text: &str) {
        files::write(&self.path(name), text.as_bytes(), files::Existing::Replace).unwrap();
    }
    fn output(&self) -> String {
        std::fs::read_to_string(self.path("record/output.log")).unwrap()
    }
    /// The process numbers the script has written into `name`, one per line, once all `count` are there.
    async fn processes(&self, name: &str, count: usize) -> Vec<u32> {
        let path = self.path("work").join(name);
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.lines().count() >= count && text.ends_with('\n') {
                return text.lines().map(|line| line.trim().parse().unwrap()).collect();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn go(command: Command) -> Result<Ended> {
    run(Path::new(env!("CARGO_BIN_EXE_sopd")), command).await
}

/// Whether the process runs; one that has ended and is not reaped yet does not.
fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Looks until all are gone; the runner's own limit ends a test that waits in vain.
async fn gone(processes: &[u32]) {
    while processes.iter().any(|process| runs(*process)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn short(command: Command, time: u64, grace: u64) -> Command {
    let (time, grace) = (Duration::from_millis(time), Duration::from_millis(grace));
    Command { limits: Limits { time, grace, ..command.limits }, ..command }
}

#[tokio::test]
async fn a_command_is_told_apart_by_how_it_ends() {
    let place = Place::new();
    for (script, how) in [
        ("echo fine", How::Exited(0)),
        ("exit 10", How::Exited(10)),
        ("false; echo not reached", How::Exited(1)),
        ("false | true; echo not reached", How::Exited(1)),
        ("echo \"$NOT_THERE\"", How::Exited(1)),
        ("no-such-program", How::Exited(127)),
        ("kill -SEGV $$", How::Signalled(11)),
    ] {
        let ended = place.run(script).await;
        assert_eq!(ended.how, how, "{script}: {}", ended.tail);
        assert!(!ended.tail.contains("not reached"));
        assert_eq!(ended.leftovers, 0, "{script}");
    }
    assert_eq!(std::fs::read_to_string(place.path("record/script.sh")).unwrap(), "kill -SEGV $$");
}

#[tokio::test]
async fn both_outputs_are_kept_in_order_and_values_are_handed_on() {
    let place = Place::new();
    let ended = place
        .run("echo one; echo two >&2; echo three > /dev/stdout\necho '{\"score\": 70}' > outputs.json")
        .await;
    assert_eq!(ended.tail, "one\ntwo\nthree\n");
    assert_eq!(ended.output_file, Some(place.path("record/output.log")));
    assert_eq!(place.output(), ended.tail);
    assert_eq!(ended.values.unwrap().get("score"), Some(&sopd::base::Exact::Number("70".to_owned())));
    let ended = place.run("ls").await;
    assert_eq!(
        (ended.tail.as_str(), ended.values),
        ("", Ok(sopd::base::Exacts::new())),
        "an earlier attempt's are gone"
    );
    let ended = place.run("echo '[1' > outputs.json").await;
    assert!(ended.values.unwrap_err().contains("outputs.json is no JSON"));
}

#[tokio::test]
async fn inputs_arrive_as_they_are_and_nothing_of_them_is_run() {
    let place = Place::new();
    let hostile = "a 'b' \"c\" $(touch made) `touch made` ; touch made\nnext \\ ${HOME} é";
    let megabyte = format!("{hostile}{}", "x".repeat(1024 * 1024));
    let values = json!({ "text": hostile, "big": megabyte, "n": 3 });
    let env = environment("INPUT_", &sopd::base::exact::of_map(values.as_object().unwrap().clone())).unwrap();
    let script = "printf %s \"$INPUT_TEXT\" > text; cat \"$INPUT_BIG_FILE\" > big; echo \"${INPUT_BIG-unset}\"; env | cut -d= -f1 | sort > names";
    let ended = go(Command { env, ..place.command(script) }).await.unwrap();
    assert_eq!((ended.how, ended.tail.as_str()), (How::Exited(0), "unset\n"));
    let read = |name: &str| std::fs::read_to_string(place.path("work").join(name)).unwrap();
    assert!(read("text") == hostile && read("big") == megabyte);
    assert!(!place.path("work/made").exists());
    let known = ["HOME", "LANG", "LC_ALL", "PATH", "TZ", "PWD", "OLDPWD", "SHLVL", "_", "next "];
    let names = read("names");
    let strange = names.lines().filter(|name| !name.starts_with("INPUT_") && !known.contains(name));
    assert_eq!(strange.filter(|name| !hostile.contains(name)).count(), 0, "{names}");
}

#[tokio::test]
async fn a_command_that_reads_its_input_sees_the_end_of_it() {
    let place = Place::new();
    let ended = place.run("cat; if read -r line; then echo got; else echo nothing; fi").await;
    assert_eq!((ended.how, ended.tail.as_str()), (How::Exited(0), "nothing\n"));
}

#[tokio::test]
async fn endless_output_is_cut_and_its_end_is_kept() {
    let place = Place::new();
    let mut command = place.command("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo the end");
    command.limits.output_bytes = 100_000;
    command.limits.tail_bytes = 20;
    let ended = go(command).await.unwrap();
    assert_eq!(ended.how, How::Exited(0));
    assert!(ended.truncated && ended.tail.ends_with("xxx\nthe end\n"), "{}", ended.tail);
    assert_eq!(ended.tail.len(), 20);
    assert_eq!(std::fs::metadata(place.path("record/output.log")).unwrap().len(), 100_000);
}

#[tokio::test]
async fn a_command_that_closes_its_pipes_and_sleeps_meets_its_time_limit() {
    let place = Place::new();
    let script = "echo before; exec >&- 2>&-; echo $$ > pid; sleep 1000";
    let ended = go(short(place.command(script), 500, 5_000)).await.unwrap();
    assert_eq!((ended.how, ended.tail.as_str()), (How::TimedOut, "before\n"));
    gone(&place.processes("pid", 1).await).await;
}

#[tokio::test]
async fn a_command_that_ignores_term_is_killed() {
    let place = Place::new();
    let script = "trap '' TERM; echo $$ > pid; (trap '' TERM; echo $BASHPID >> pid; while :; do sleep 1000; done) & while :; do sleep 1000; done";
    let ended = go(short(place.command(script), 500, 100)).await.unwrap();
    assert_eq!(ended.how, How::TimedOut);
    gone(&place.processes("pid", 2).await).await;
}

#[tokio::test]
async fn a_command_that_ends_on_term_may_clean_up() {
    let place = Place::new();
    let script = "trap 'echo cleaned; exit 3' TERM; while :; do sleep 0.02; done";
    let ended = go(short(place.command(script), 500, 20_000)).await.unwrap();
    assert_eq!(ended.how, How::TimedOut);
    assert!(ended.tail.ends_with("cleaned\n"), "{}", ended.tail);
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended_with_it() {
    let place = Place::new();
    // In its group and holding the pipe; in a session of its own; twice forked, its parent gone, deaf to TERM.
    let script = "sleep 1000 & echo $! >> pid
setsid sleep 1000 & echo $! >> pid
(setsid bash -c 'trap \"\" TERM; echo $$ >> pid; while :; do sleep 1000; done' > /dev/null 2>&1 &)
while [ \"$(wc -l < pid)\" -lt 3 ]; do sleep 0.01; done
echo done";
    let ended = go(short(place.command(script), 60_000, 200)).await.unwrap();
    assert_eq!((ended.how, ended.tail.as_str()), (How::Exited(0), "done\n"));
    assert!(ended.leftovers >= 3, "{}", ended.leftovers);
    for process in place.processes("pid", 3).await {
        assert!(!runs(process), "nothing is left when the step has ended");
    }
}

#[tokio::test]
async fn a_step_that_is_dropped_ends_its_command() {
    let place = Place::new();
    let script = "echo started; setsid sleep 1000 & echo $! >> pid; echo $$ >> pid; sleep 1000";
    let command = place.command(script);
    let step = tokio::spawn(go(command));
    let processes = place.processes("pid", 2).await;
    step.abort();
    assert!(step.await.unwrap_err().is_cancelled());
    gone(&processes).await;
}

/// What the kernel does when the daemon is killed: it closes the lifeline. Here the pipe is held by the test.
#[test]
fn a_daemon_that_dies_leaves_nothing_running() {
    use std::process::{Command as Program, Stdio};
    let place = Place::new();
    std::fs::create_dir(place.path("record")).unwrap();
    let script = "trap '' TERM; echo $$ >> pid; setsid sleep 1000 & echo $! >> pid; echo so far; touch ready; while :; do sleep 1000; done";
    place.write("record/script.sh", script);
    let spec = json!({
        "folder": place.path("work"), "record": place.path("record"), "script": place.path("record/script.sh"),
        "output": place.path("record/output.log"), "variables": {}, "secrets": [], "writable": [], "hidden": [],
        "readable": [], "whole": place.path(""), "own": place.path("record/own"), "network": false,
        "bounds": { "memory": 1 << 30, "processes": 100, "file": 1 << 30, "disk": 1 << 30 },
        "time_ms": 60_000, "grace_ms": 100, "output_bytes": 1000, "tail_bytes": 100,
    });
    let mut warden = Program::new(env!("CARGO_BIN_EXE_sopd"));
    let mut warden = warden.arg("warden").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lifeline = warden.stdin.take().unwrap();
    writeln!(lifeline, "{spec}").unwrap();
    let mut said = String::new();
    BufReader::new(warden.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("Started"), "{said}");
    while !place.path("work/ready").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(lifeline);
    assert!(warden.wait().unwrap().success());
    let pids = std::fs::read_to_string(place.path("work/pid")).unwrap();
    assert_eq!(pids.lines().filter(|line| runs(line.parse().unwrap())).count(), 0);
    assert_eq!(place.output(), "so far\n", "what it had said is kept");
}

#[tokio::test]
async fn a_warden_that_is_killed_takes_its_command_along() {
    let place = Place::new();
    let script = "echo $PPID > warden; echo $$ >> pid; sleep 1000 & echo $! >> pid; wait";
    let step = tokio::spawn(go(place.command(script)));
    let processes = place.processes("pid", 2).await;
    let warden = place.processes("warden", 1).await[0];
    // It tells whom it has started before its threads watch over that: killed earlier, nobody could know of them.
    while std::fs::read_dir(format!("/proc/{warden}/task")).unwrap().count() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let warden = rustix::process::Pid::from_raw(warden.try_into().unwrap()).unwrap();
    rustix::process::kill_process(warden, rustix::process::Signal::KILL).unwrap();
    let lost = step.await.unwrap().unwrap_err();
    assert_eq!(lost.message, "the warden died while the command ran; nobody knows what became of it");
    gone(&processes).await;
}

#[tokio::test]
async fn secrets_are_not_in_what_is_kept() {
    let place = Place::new();
    let secret = "tr0ub4dor&3/\"\\x+";
    let script = "echo \"as is: $KEY\"; echo \"$KEY\" | fold -w 5; printf %s \"$KEY\" | base64; printf %s \"u:$KEY:v\" | base64 -w 7; printf '%s' \"$KEY\" | od -An -c | head -1 | cut -c1-3; printf %s \"${KEY:0:9}\"";
    let env = BTreeMap::from([("KEY".to_owned(), secret.to_owned())]);
    let ended = go(Command { env, secrets: vec![secret.to_owned()], ..place.command(script) }).await.unwrap();
    assert_eq!(ended.how, How::Exited(0));
    assert_eq!(ended.tail, "as is: [redacted]\n[redacted]\n[redacted]\ndTp[redacted]OnY=\n   \n[redacted]",);
    assert_eq!(place.output(), ended.tail);
    for file in ["record/script.sh", "record/output.log"] {
        assert!(!std::fs::read_to_string(place.path(file)).unwrap().contains(secret));
    }
    let large = "s".repeat(200_000);
    let env = BTreeMap::from([("KEY".to_owned(), large.clone())]);
    let refused = go(Command { env, secrets: vec![large], ..place.command("true") }).await.unwrap_err();
    assert!(refused.message.contains("a secret is too large"), "{refused}");
}

const ALLOWED: [&str; 9] = [
    "put work/a",
    "put open/a",
    "put /dev/null",
    "/tmp.",
    "/.rc",
    "ls /",
    "look record",
    "look named/form",
    "look /etc/passwd",
];
const FORBIDDEN: [&str; 12] = [
    "put closed/a",
    "put closed/note",
    "rm ",
    "mv ",
    "ln ",
    "mkdir ",
    "put record",
    "ls hidden",
    "look closed/note",
    "look hidden/journal",
    "look hidden/runs/x",
    "look /etc/shadow",
];

#[tokio::test]
async fn a_command_writes_only_where_it_may() {
    let place = Place::new();
    for name in ["open", "closed", "hidden/runs/x"] {
        std::fs::create_dir_all(place.path(name)).unwrap();
    }
    for name in ["closed/note", "hidden/journal"] {
        place.write(name, "old");
    }
    std::fs::create_dir(place.path("named")).unwrap();
    place.write("named/form", "x");
    let script = "cd ..
try() { if ( \"$@\" ) 2>/dev/null; then echo \"yes $*\"; else echo \"no $*\"; fi; }
put() { echo x > \"$1\"; }; look() { cat \"$1\" > /dev/null; }
try put work/a; try put open/a; try put /dev/null; try put \"$(mktemp)\"; try put ~/.rc; try ls ~
try put closed/a; try put closed/note; try rm closed/note; try mv closed/note work/note; try ln closed/note work/b; try mkdir closed/b; try put record/script.sh
try ls hidden; try look closed/note; try look record/script.sh; try look named/form; try look /etc/passwd; try look /etc/shadow
try look hidden/journal; try look hidden/runs/x
try kill -0 $PPID";
    let mut command = place.command(script);
    command.writable = vec![place.path("open")];
    command.readable = vec![place.path("named"), place.path("hidden")];
    command.hidden = vec![place.path("hidden")];
    let ended = go(command).await.unwrap();
    let said: Vec<&str> =
        ended.tail.lines().filter(|line| line.starts_with("yes") || line.starts_with("no")).collect();
    let Sandbox::Landlock(version) = ended.sandbox else {
        // Without the kernel's help most of this is allowed; that it is not sandboxed is what the record must say.
        let words = format!("landlock not checked: {:?}\n", ended.sandbox);
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        assert!(said.iter().any(|line| line.starts_with("yes put closed/a")), "{said:?}");
        return;
    };
    let no = |words: &str| said.iter().any(|line| line.starts_with("no ") && line.contains(words));
    let yes = |words: &str| said.iter().any(|line| line.starts_with("yes ") && line.contains(words));
    for words in ALLOWED {
        assert!(yes(words), "{words}: {said:#?}");
    }
    for words in FORBIDDEN {
        assert!(no(words), "{words}: {said:#?}");
    }
    assert!(version < 6 || no("kill -0"), "{said:#?}");
    assert!(!place.path("record/own").exists(), "its temporary folders are gone");
    let ended = place.run("cat ../hidden/journal; echo x > ../closed/a").await;
    assert_eq!(ended.sandbox, Sandbox::Landlock(version), "also where nothing is hidden");
    assert!(ended.how == How::Exited(1) && ended.why("cat x").contains("`runs.readable`"), "{}", ended.tail);
}

#[tokio::test]
async fn a_command_has_no_rights_and_no_network() {
    let place = Place::new();
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    let script = format!(
        "grep -E '^(Cap(Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status | tr -d '\\t'
echo \"oom $(cat /proc/self/oom_score_adj) files $(ls /proc/self/fd | wc -l) core $(ulimit -c) size $(ulimit -f)\"
if (cat /proc/$PPID/environ > /dev/null) 2> /dev/null; then echo open; fi
if (exec 3<>/dev/tcp/127.0.0.1/{port}) 2> /dev/null; then echo reached; fi"
    );
    let ended = place.run(&script).await;
    assert_eq!(ended.how, How::Exited(0), "{}", ended.tail);
    for words in
        ["CapPrm:0000000000000000", "CapEff:0000000000000000", "CapAmb:0000000000000000", "NoNewPrivs:1"]
    {
        assert!(ended.tail.contains(words), "{words}: {}", ended.tail);
    }
    // Its three streams, and the one `ls` reads by.
    assert!(ended.tail.contains("oom 1000 files 4 core 0 size 1048576"), "{}", ended.tail);
    assert!(!ended.tail.contains("open"), "{}", ended.tail);
    let cut = matches!(ended.network, Network::Off | Network::TcpOff);
    assert!(cut != ended.tail.contains("reached"), "{:?}: {}", ended.network, ended.tail);
    let ended = go(Command { network: true, ..place.command(&script) }).await.unwrap();
    assert_eq!(ended.network, Network::Open);
    assert!(ended.tail.ends_with("reached\n"), "{}", ended.tail);
}

#[tokio::test]
async fn a_command_that_uses_up_too_much_is_ended() {
    const MIB: u64 = 1024 * 1024;
    let go = async |script: &str, limits: Limits| {
        let place = Place::new();
        let ended = go(Command { limits, ..place.command(script) }).await.unwrap();
        (ended.how, ended.why(script))
    };
    let usual = Limits { time: Duration::from_mins(2), output_bytes: 1000, ..Limits::default() };
    let (how, why) = go("head -c 3000000 /dev/zero > big", Limits { file_bytes: MIB, ..usual }).await;
    assert!(how == How::Exited(153) && why.contains("file_mib"), "{how:?}: {why}");
    let disk = Limits { disk_bytes: MIB, ..usual };
    for script in ["head -c 3000000 /dev/zero > big", "head -c 3000000 /dev/zero > big; sleep 1000"] {
        assert_eq!(go(script, disk).await.0, How::Over(Bound::Disk), "{script}");
    }
    let many = "trap '' TERM; for n in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait";
    assert_eq!(go(many, Limits { processes: 5, ..usual }).await.0, How::Over(Bound::Processes));
    let large = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo ${#x}";
    // The last word keeps the shells, which hold the memory, from becoming what they would end with.
    let together = format!("for n in 1 2 3 4 5 6; do ({large}; sleep 1000; true) & done; wait");
    let (how, _) = go(&together, Limits { memory_bytes: 100 * MIB, ..usual }).await;
    assert_eq!(how, How::Over(Bound::Memory), "no process is too large, all are");
    let (how, why) = go(large, Limits { memory_bytes: 10 * MIB, ..usual }).await;
    // Refused by the kernel, or met by the count of all, whichever comes first.
    let refused = matches!(how, How::Exited(1..)) && why.contains("memory_mib");
    assert!(refused || how == How::Over(Bound::Memory), "{how:?}: {why}");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let place = Place::new();
    let mut command = place.command("true");
    command.folder = place.path("nowhere");
    assert!(go(command).await.unwrap_err().message.contains("nowhere does not exist"));
    let mut command = place.command("true");
    command.record = place.path("work/record");
    assert!(go(command).await.unwrap_err().message.contains("lies in the command's own folder"));
    let lost = run(Path::new("/bin/true"), place.command("true")).await.unwrap_err();
    assert_eq!(lost.message, "the warden did not start the command");
    let lost = run(Path::new("/no/sopd"), place.command("true")).await.unwrap_err();
    assert!(lost.message.starts_with("/no/sopd cannot be started"), "{lost}");
}
