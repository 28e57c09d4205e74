//! The command line: parse, call, print. It has no rules of its own; whatever may or may not be done is decided
//! by the layers below, in the transaction that does it. One file per verb, named after it; a verb with verbs of its
//! own has a folder (`sop/`), as has one with parts (`show/`). No verbs are `desk` (what every verb starts from),
//! `print`, `trouble` (errors and exit codes) and `decide` (what the verbs that answer share).

mod adjust;
mod adopt;
mod agents;
mod answer;
mod approve;
mod ask;
mod audit;
mod autonomy;
mod backup;
mod claim;
mod cleanup;
mod complete;
mod completions;
mod council;
mod decide;
mod defer;
mod delegate;
mod demo;
mod desk;
mod doctor;
mod edit;
mod extract;
mod inbox;
mod init;
mod man;
mod mcp;
mod mission;
mod notifications;
mod outcome;
mod print;
mod reject;
mod restore;
mod review;
mod revise;
mod run;
mod runs;
mod seen;
mod show;
mod sign_in;
mod sop;
mod status;
mod steer;
mod stop;
mod submit;
mod token;
mod triggers;
mod trouble;
mod up;
mod warden;

use clap::{Parser, Subcommand};
use desk::Desk;
use rustix::fs::Mode;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;
use trouble::Done;

const ABOUT: &str = "Turns a mission file into a reviewed, human-approved, versioned SOP.";

const AFTER: &str = "\
Begin with `sopd demo`: it needs no key and no server.

Exit codes: 0 done, 1 failed, 2 usage, 3 invalid input, 4 not allowed, 5 not found,
6 conflict (already decided, or decided on other bytes), 7 store problem,
8 the machine is short of room, open files or memory.";

/// The version, with the commit where whoever built it said so (`SOPD_COMMIT`).
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let version = env!("CARGO_PKG_VERSION");
    option_env!("SOPD_COMMIT").map_or(version.to_owned(), |commit| format!("{version} ({commit})"))
});

#[derive(Debug, Parser)]
#[command(name = "sopd", version = VERSION.as_str(), about = ABOUT, after_help = AFTER)]
struct Cli {
    /// The workspace; without it, the nearest folder upwards that holds a sopd.yaml
    #[arg(short, long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Print JSON of a stable shape instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a workspace: settings, a starter roster, prompts, example missions
    Init(init::Args),
    /// See one mission from file to SOP, without a key or a server
    Demo(demo::Args),
    /// Drive the workspace: the daemon, in the foreground
    Up(up::Args),
    /// Stop the daemon of this workspace: nothing new begins, and what is under way comes to its end
    Stop(stop::Args),
    /// Hand a mission file in
    Submit(submit::Args),
    /// Make SOPs of procedures that exist already: each document becomes a mission
    Adopt(adopt::Args),
    /// Where missions stand, what they wait for, who must act
    Status(status::Args),
    /// A mission's draft with the source of every line, what was found, and how to answer
    Show(show::Args),
    /// What waits for a person
    Inbox(inbox::Args),
    /// Say yes: forward where forwarding is asked, sign where a signature is asked
    Approve(approve::Args),
    /// Say no, for good
    Reject(reject::Args),
    /// Send a draft back with what to change
    Revise(revise::Args),
    /// Put your own text in the place of the draft that waits; what changed is checked, and it is asked about anew
    Edit(edit::Args),
    /// Answer a question, or hand in a draft you were asked for
    Answer(answer::Args),
    /// Have another party asked in your place; only one that may decide it
    Delegate(delegate::Args),
    /// Put a decision off, within the limit of `decisions.max_deferral`
    Defer(defer::Args),
    /// Take a decision on for a while, so that others who are asked see that somebody is at it
    Claim(claim::Args),
    /// Ask somebody a question before you decide
    Ask(ask::Args),
    /// Call the council
    #[command(subcommand)]
    Council(council::Verb),
    /// Cancel a mission, or try again where it is stuck
    #[command(subcommand)]
    Mission(mission::Verb),
    /// Run an SOP: its packet is checked, its gates are asked, its steps are done
    Run(run::Args),
    /// Runs, newest first
    Runs(runs::Args),
    /// Hand in the step of a run you were asked to do
    Complete(complete::Args),
    /// Begin no further step of a run
    Pause(steer::Args),
    /// Go on with a paused run, or let a held one go
    Resume(steer::Args),
    /// End a run; everything produced so far is kept
    Cancel(steer::Args),
    /// Begin what failed, was rejected or was cut off in a run once more
    Retry(steer::RetryArgs),
    /// Leave a step of a run out
    Skip(steer::SkipArgs),
    /// Change a held run before it begins
    Adjust(adjust::Args),
    /// The post-run review: have it drafted, and read it
    Review(review::Args),
    /// Erase what runs left behind once retention is over; facts and hashes stay
    Cleanup(cleanup::Args),
    /// How far an SOP goes without asking, whatever its danger
    Autonomy(autonomy::Args),
    /// What will start what, and what came of it last
    Triggers(triggers::Args),
    /// What was told to whom, and what could not be sent; or try a channel out
    Notifications(notifications::Args),
    /// The published SOPs: list, show, compare, check, import, export
    #[command(subcommand)]
    Sop(sop::Verb),
    /// The roster, and what each agent has at hand
    Agents(agents::Args),
    /// The audit log: check it, or write it out
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Serve an agent over standard input and output (Model Context Protocol)
    Mcp(mcp::Args),
    /// A one-time link to the desk for a party
    SignIn(sign_in::Args),
    /// Tokens for programs that act for a party
    #[command(subcommand)]
    Token(token::Verb),
    /// Look at everything sopd needs, and say what is wrong
    Doctor,
    /// Write the whole workspace into one file
    Backup(backup::Args),
    /// Unpack a backup into an empty folder, and check it
    Restore(restore::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
    /// Write the manual pages into a folder
    Man(man::Args),
    /// Run one command of a run (started by the daemon)
    #[command(hide = true)]
    Warden,
    /// Read one document from standard input (started by the daemon)
    #[command(hide = true)]
    Extract {
        /// The name of its file
        name: String,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    trouble::plain_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            print::refused(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // What is said and done here, and what steps leave, is its owner's alone, whatever the umask was.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    if !matches!(cli.verb, Verb::Warden) {
        keep_to_itself();
    }
    let json = cli.json;
    match catch_unwind(AssertUnwindSafe(|| run(cli))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(trouble)) => trouble.tell(json),
        // The hook has said what there is to say.
        Err(_panic) => ExitCode::FAILURE,
    }
}

/// Shuts this process's memory and environment, which hold keys, to others of the same user. The warden does it itself,
/// once it has written what it afterwards may not. Where the system refuses, all goes on as well.
fn keep_to_itself() {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
}

fn run(cli: Cli) -> Done {
    let desk = Desk::new(cli.workspace, cli.json);
    match cli.verb {
        Verb::Init(args) => init::run(&desk, args),
        Verb::Demo(args) => demo::run(&desk, args),
        Verb::Up(args) => up::run(&desk, &args),
        Verb::Stop(args) => stop::run(&desk, &args),
        Verb::Submit(args) => submit::run(&desk, &args),
        Verb::Adopt(args) => adopt::run(&desk, &args),
        Verb::Status(args) => status::run(&desk, &args),
        Verb::Show(args) => show::run(&desk, &args),
        Verb::Inbox(args) => inbox::run(&desk, &args),
        Verb::Approve(args) => approve::run(&desk, args),
        Verb::Reject(args) => reject::run(&desk, args),
        Verb::Revise(args) => revise::run(&desk, args),
        Verb::Edit(args) => edit::run(&desk, args),
        Verb::Answer(args) => answer::run(&desk, args),
        Verb::Delegate(args) => delegate::run(&desk, &args),
        Verb::Defer(args) => defer::run(&desk, &args),
        Verb::Claim(args) => claim::run(&desk, &args),
        Verb::Ask(args) => ask::run(&desk, &args),
        Verb::Council(verb) => council::run(&desk, verb),
        Verb::Mission(verb) => mission::run(&desk, verb),
        Verb::Run(args) => run::run(&desk, args),
        Verb::Runs(args) => runs::run(&desk, &args),
        Verb::Complete(args) => complete::run(&desk, args),
        Verb::Pause(args) => steer::pause(&desk, args),
        Verb::Resume(args) => steer::resume(&desk, args),
        Verb::Cancel(args) => steer::cancel(&desk, args),
        Verb::Retry(args) => steer::retry(&desk, args),
        Verb::Skip(args) => steer::skip(&desk, args),
        Verb::Adjust(args) => adjust::run(&desk, args),
        Verb::Review(args) => review::run(&desk, args),
        Verb::Cleanup(args) => cleanup::run(&desk, args),
        Verb::Autonomy(args) => autonomy::run(&desk, args),
        Verb::Triggers(args) => triggers::run(&desk, args),
        Verb::Notifications(args) => notifications::run(&desk, args),
        Verb::Sop(verb) => sop::run(&desk, verb),
        Verb::Agents(args) => agents::run(&desk, args),
        Verb::Audit(verb) => audit::run(&desk, verb),
        Verb::Mcp(args) => mcp::run(&desk, args),
        Verb::SignIn(args) => sign_in::run(&desk, args),
        Verb::Token(verb) => token::run(&desk, verb),
        Verb::Doctor => doctor::run(&desk),
        Verb::Backup(args) => backup::run(&desk, &args),
        Verb::Restore(args) => restore::run(&desk, &args),
        Verb::Completions(args) => completions::run::<Cli>(&args),
        Verb::Man(args) => man::run::<Cli>(&args),
        Verb::Warden => warden::run(),
        Verb::Extract { name } => extract::run(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }
}
