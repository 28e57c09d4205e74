//! `sopd show ID`: what a person needs to see before deciding.

mod run;

use super::desk::Desk;
use super::print;
use super::seen;
use super::status::cost;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::daemon::{self, MissionStatus};
use crate::decision::{Decision, commands};
use crate::front::{self, Shown};
use crate::mission::Draft;
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A mission (M-…), a run (sop_run_…) or a decision (D-…)
    id: String,
    /// Only the draft, as the bytes a signature is bound to
    #[arg(long)]
    plain: bool,
}

/// A mission, as it is shown.
struct OfMission {
    status: MissionStatus,
    decision: Option<Decision>,
    open: Vec<Decision>,
    draft: Option<Box<Draft>>,
    brief: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let shown = front::show(&workspace, &args.id)?;
    let bytes = match &shown {
        Shown::Mission { draft: Some(draft), .. } if args.plain => Some(&draft.text),
        _ => None,
    };
    if let Some(text) = bytes {
        return print::document(text);
    }
    match &shown {
        Shown::Run { decisions, .. } => seen::note(&workspace, decisions),
        Shown::Mission { open, decision, .. } => {
            let both: Vec<Decision> = open.iter().chain(decision.as_deref()).cloned().collect();
            seen::note(&workspace, &both);
        }
    }
    if desk.json {
        return print::json(&shown.shape(&desk.command(), desk.clock.now())?);
    }
    match shown {
        Shown::Run { status, decisions, differs } => {
            print::line(&run::page(desk, &status, &decisions, &differs))
        }
        Shown::Mission { status, decision, open, draft, brief } => {
            let decision = decision.map(|decision| *decision);
            print::line(&page(desk, &OfMission { status: *status, decision, open, draft, brief }))
        }
    }
}

fn page(desk: &Desk, shown: &OfMission) -> String {
    let status = &shown.status;
    let mut out = format!(
        "{}\n{}: {}\n",
        print::bold(&format!("{}  {}", status.id, status.title)),
        status.state.word(),
        daemon::plain(status.state)
    );
    match &shown.draft {
        None => {
            out.push_str("\nWhat was asked for, of which there is no draft:\n\n");
            out.push_str(shown.brief.trim_end());
            out.push('\n');
        }
        Some(draft) => draft_page(&mut out, draft, shown),
    }
    answers(&mut out, desk, shown);
    out
}

fn draft_page(out: &mut String, draft: &Draft, shown: &OfMission) {
    let details = |name: &str| Some(shown.decision.as_ref()?.ask.details.get(name)?.clone());
    let told = |name: &str| -> Vec<String> {
        let list = details(name).and_then(|list| list.as_array().cloned()).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let remark = details("remark").and_then(|remark| remark.as_str().map(str::to_owned));
    list(out, "Said in passing it on", &remark.into_iter().collect::<Vec<_>>());
    list(out, "Asked to be changed before", &told("sent_back"));
    if let Some(asked) = details("asked").as_ref().and_then(Value::as_str) {
        put(out, format_args!("\n{}\n  {asked}\n", print::bold("What was asked, and where it is")));
        list(out, "Asked, and not seen in the text", &told("not_in_it"));
        list(out, "Taken for granted, because nobody said it", &told("assumed"));
        list(out, "Left out, with the reason", &told("left_out"));
        list(out, "Of the version in force, gone or changed", &told("gone"));
        list(out, "Figures no source gives", &told("unfounded"));
        list(out, "What the author did about what was found and asked", &told("done"));
        out.push('\n');
    }
    put(out, format_args!("{} · SHA-256 {}\n\n", draft.file, draft.sha256));
    let width = draft.lines.last().map_or(1, |line| line.number.to_string().len());
    for line in &draft.lines {
        out.push_str(format!("{:width$}  {}", line.number, line.text).trim_end());
        out.push('\n');
        if !line.from.is_empty() {
            out.push_str(&print::dim(&format!("{:width$}    from {}", "", line.from)));
            out.push('\n');
        }
    }
    let verdicts = &draft.verdicts;
    put(
        out,
        format_args!(
            "\n{}\n  {} passed, {} failed, {} nobody could tell; {} without a source\n",
            print::bold("Verdicts"),
            verdicts.passed,
            verdicts.failed,
            verdicts.open,
            counted(draft.lines.iter().filter(|line| line.from.starts_with("unsourced")).count(), "line"),
        ),
    );
    if details("tier_0") == Some(Value::Bool(true)) {
        out.push_str("  by code alone: no model is configured, so nobody has judged what the text means\n");
    }
    list(out, "Failed, and blocking: publishing needs an override", &told("failed"));
    list(out, "Published meanwhile, and in contradiction", &draft.overtaken);
    list(out, "Findings", &draft.findings);
    list(out, "For you to judge: no code could", &told("for_you_to_judge"));
    list(out, "Assumptions nobody confirmed", &told("assumptions"));
    list(out, "Gaps", &told("gaps"));
    list(out, "Dissent", &draft.dissent);
    let exception =
        shown.decision.as_ref().and_then(|decision| decision.ask.details.get("exception")?.as_str());
    list(out, "Exception on record", &exception.map(str::to_owned).into_iter().collect::<Vec<_>>());
    put(out, format_args!("\n{}\n  {}\n", print::bold("Cost"), cost(&shown.status)));
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    put(out, format_args!("\n{}\n", print::bold(title)));
    for item in items {
        put(out, format_args!("  - {}\n", item.replace('\n', "\n    ")));
    }
}

fn answers(out: &mut String, desk: &Desk, shown: &OfMission) {
    for decision in &shown.open {
        let ask = &decision.ask;
        put(
            out,
            format_args!(
                "\n{}\n",
                print::bold(&format!("{} asked of {}: {}", decision.id, ask.asked_of.join(", "), ask.title))
            ),
        );
        put(out, format_args!("  {}\n", ask.why));
        for command in commands::of(&desk.command(), decision) {
            put(out, format_args!("  {}\n    {}\n", command.line, print::dim(&command.leads_to)));
        }
    }
    if let Some(answer) = shown.decision.as_ref().and_then(|decision| decision.answer.as_ref()) {
        put(
            out,
            format_args!(
                "\nLast answer: {} by {} at {}\n",
                answer.verb.word(),
                answer.by,
                answer.at.minute()
            ),
        );
    }
}
