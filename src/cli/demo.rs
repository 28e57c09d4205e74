//! `sopd demo [DIR] [--yes] [--serve]`: one mission from file to SOP in a workspace of its own, without a key or a server.

mod progress;
mod serve;
mod words;

use super::decide;
use super::desk::{Desk, program, quoted};
use super::print;
use super::trouble::Done;
use super::up::{log_to_stderr, runtime};
use crate::base::{Kind, Problem, files};
use crate::daemon::{self, Until, Workspace};
use crate::decision::{self, Decision, DecisionKind, Verb, commands};
use crate::mission::{self, MissionRow, MissionState};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// The example that is run: the mission of the founding decision record.
const EXAMPLE: &str = "missions/examples/1-lead-qualification.md";
/// Largest example that is read.
const MAX_EXAMPLE_BYTES: u64 = 256 * 1024;
/// With `--yes`: answers given before we give up. Forwarding and signing are two; the rest is for what a changed
/// roster or another model may ask.
const MOST_ANSWERS: usize = 12;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to make the demo's workspace
    #[arg(default_value = "sopd-demo")]
    dir: PathBuf,
    /// Also forward as chief.staff and sign as ceo, and print the published index
    #[arg(long)]
    yes: bool,
    /// Serve the desk afterwards, with links that open its inbox; usual at a terminal
    #[arg(long)]
    serve: bool,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    log_to_stderr("error");
    let Args { dir, yes, serve } = args;
    let desk = desk.at(dir.clone());
    prepare(&desk, &dir)?;
    let workspace = desk.open()?;
    let mission = match running(&workspace)? {
        Some(row) => {
            print::line(&format!(
                "{} has this demo already: {} goes on where it was",
                dir.display(),
                row.id
            ))?;
            row.id
        }
        None => submit(&workspace, &dir)?,
    };
    drive(&desk, &workspace, &mission)?;
    if yes {
        say_yes(&desk, &workspace, &mission)?;
    }
    finish(&desk, &workspace, &mission)?;
    if serve || (!desk.json && std::io::stdout().is_terminal()) {
        return serve::until_stopped(&desk, &workspace);
    }
    let dir = desk.named().map_or(String::new(), |dir| format!(" {}", quoted(&dir.to_string_lossy())));
    print::line(&format!(
        "Or in a browser: `{} demo --serve{dir}` opens the desk with it in the inbox.",
        program()
    ))
}

/// Makes the workspace; a folder with other things in it is left alone.
fn prepare(desk: &Desk, dir: &Path) -> Done {
    let is_workspace = dir.join("sopd.yaml").is_file();
    let has_files = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if has_files && !is_workspace {
        let problem = Problem::new(
            Kind::Conflict,
            format!("{} holds other files and is not a workspace", dir.display()),
        );
        return Err(problem.hint(format!("name another folder: {} demo DIR", program())).into());
    }
    daemon::init(dir, &desk.clock)?;
    if !is_workspace {
        print::line(&format!("made the workspace {}: roster, prompts, example missions", dir.display()))?;
    }
    Ok(())
}

/// The demo's mission, if the workspace has it: by the bytes of the example, whatever else was done there since.
fn running(workspace: &Workspace) -> Done<Option<MissionRow>> {
    let bytes = files::read_text(&workspace.root.join(EXAMPLE), MAX_EXAMPLE_BYTES)?;
    let sha256 = crate::base::Digest::of(&bytes);
    let all = workspace.journal.read(|db| mission::missions(db, true))?;
    Ok(all.into_iter().find(|row| row.sha256 == sha256))
}

fn submit(workspace: &Workspace, dir: &Path) -> Done<String> {
    let text = files::read_text(&workspace.root.join(EXAMPLE), MAX_EXAMPLE_BYTES)?;
    let snapshot = workspace.snapshot()?;
    let taken = daemon::submit(workspace, &snapshot, ("1-lead-qualification.md", &text), false, false)?;
    print::line(&format!("handed in {} as {}", dir.join(EXAMPLE).display(), taken.mission))?;
    Ok(taken.mission)
}

/// Drives the workspace in this process until nothing is left that needs neither a person nor a clock, and shows
/// what the journal tells meanwhile.
fn drive(desk: &Desk, workspace: &Workspace, mission: &str) -> Done {
    let mut progress = progress::Progress::start(workspace, mission)?;
    if let Some(holder) = daemon::holder(&workspace.root) {
        return Err(Problem::conflict(format!("{} is driven by {holder} already", workspace.root.display()))
            .hint(format!("look on with `{} status --watch`, or stop that one first", desk.command()))
            .into());
    }
    runtime()?.block_on(async {
        let driving = daemon::run(&workspace.root, desk.clock.clone(), Until::Idle);
        let mut driving = std::pin::pin!(driving);
        loop {
            tokio::select! {
                ended = &mut driving => {
                    progress.look()?;
                    progress.end();
                    return Ok(ended?);
                }
                () = tokio::time::sleep(progress::LOOK) => progress.look()?,
            }
        }
    })
}

fn say_yes(desk: &Desk, workspace: &Workspace, mission: &str) -> Done {
    for _ in 0..MOST_ANSWERS {
        let open = workspace.journal.read(|db| decision::open_of_mission(db, mission))?;
        let Some(next) = open.into_iter().find(|decision| yes_to(decision).is_some()) else { return Ok(()) };
        let Some((verb, text)) = yes_to(&next) else { return Ok(()) };
        let party = next.ask.asked_of.first().cloned().unwrap_or_default();
        let hash = match verb {
            Verb::Approve => format!(" --hash {}", next.ask.hash.binding()),
            _ => String::new(),
        };
        print::line(&format!("\n$ {} {} {} --as {party}{hash}", desk.command(), verb.word(), next.id))?;
        let text = text.to_owned();
        let id = next.id.clone();
        let shown = (verb == Verb::Approve).then(|| next.ask.hash.0.clone());
        decide::answer(
            desk,
            decide::Act { id, verb, party, text, overriding: None, line: None, shown, edited: None },
        )?;
        drive(desk, workspace, mission)?;
    }
    Ok(())
}

/// What `--yes` says; `None` where a yes would be reckless.
fn yes_to(decision: &Decision) -> Option<(Verb, &'static str)> {
    match decision.ask.kind {
        DecisionKind::Forward => Some((Verb::Approve, "read it; I recommend it")),
        DecisionKind::Publish => Some((Verb::Approve, "signed in the demo")),
        DecisionKind::Question => Some((Verb::Answer, "go on with what you think best")),
        _needs_thought => None,
    }
}

/// Says what to review and how to approve, or shows what was published.
fn finish(desk: &Desk, workspace: &Workspace, mission: &str) -> Done {
    let (status, open) = workspace
        .journal
        .read(|db| Ok((daemon::status_of(db, mission)?, decision::open_of_mission(db, mission)?)))?;
    let sopd = desk.command();
    if status.state == MissionState::Published {
        let index =
            workspace.journal.read(crate::registry::index)?.map(|index| index.text).unwrap_or_default();
        print::line(&format!("\n{} {}\n\n{index}", status.id, status.reason))?;
        let sop = plain_sop(&status);
        print::line(&format!("Read it with: {sopd} sop show {sop}"))?;
        return print::line(&format!(
            "Run it with:  {sopd} run {sop} --as cro --input lead_id=L-1042 --input source=demo_form --input employees=40"
        ));
    }
    if let Some(decision) = open.first() {
        print::line(&format!("\n{} waits for {}.\n", print::bold(&status.id), status.waiting_for))?;
        print::line(&format!("Review it:\n  {sopd} show {}\n\nThen answer, for example:", status.id))?;
        for command in commands::of(&desk.command(), decision) {
            print::line(&format!("  {}\n    {}", command.line, print::dim(&command.leads_to)))?;
        }
        let dir = desk.named().map_or(String::new(), |dir| format!(" {}", quoted(&dir.to_string_lossy())));
        return print::line(&format!(
            "\nAfter each answer, `{sopd} up --until-idle` (or a running `{sopd} up`) goes on; `{} demo --yes{dir}` does it all.",
            program()
        ));
    }
    let why = if status.waiting_for.is_empty() { &status.reason } else { &status.waiting_for };
    print::line(&format!("\n{} is {}: {why}", status.id, status.state.word()))
}

fn plain_sop(status: &daemon::MissionStatus) -> String {
    let sop = status.sop.clone().unwrap_or_default();
    sop.split(' ').next().unwrap_or_default().to_owned()
}
