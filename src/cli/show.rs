//! `sopd show ID`: what a person needs to see before deciding.

mod run;

use super::commands;
use super::desk::Desk;
use super::inbox;
use super::next::is_run;
use super::print;
use super::status::{cost, shaped};
use super::trouble::Done;
use crate::base::problem::Result;
use crate::base::text::{counted, put};
use crate::daemon::{self, MissionStatus};
use crate::decision::{self, Decision, DecisionKind};
use crate::mission::{Draft, Files};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A mission (M-…), a run (sop_run_…) or a decision (D-…)
    id: String,
    /// Only the draft, as the bytes a signature is bound to
    #[arg(long)]
    plain: bool,
}

/// Everything shown.
struct Shown {
    status: MissionStatus,
    /// What is, or was last, asked about the draft.
    decision: Option<Decision>,
    open: Vec<Decision>,
    draft: Option<Draft>,
    brief: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let asked = if args.id.starts_with("D-") {
        Some(workspace.journal.read(|db| decision::one(db, &args.id))?)
    } else {
        None
    };
    let subject = asked.as_ref().map_or_else(|| args.id.clone(), |decision| decision.ask.mission.clone());
    if is_run(&subject) {
        return run::show(desk, &workspace, &subject, asked);
    }
    let shown = workspace.journal.read(|db| {
        let mission = subject;
        let status = daemon::status_of(db, &mission)?;
        let all = decision::all_of_mission(db, &mission)?;
        let about_draft =
            |decision: &&Decision| !decision.ask.details.get("round").is_none_or(Value::is_null);
        let decision = asked.or_else(|| all.iter().rfind(about_draft).cloned());
        let open = decision::open_of_mission(db, &mission)?;
        let files = Files { journal: &workspace.journal, db, mission: &mission };
        let draft = files.draft(decision.as_ref(), status.round)?;
        let brief = files.text("mission.md")?.unwrap_or_default();
        Ok(Shown { status, decision, open, draft, brief })
    })?;
    match (&shown.draft, args.plain, desk.json) {
        (Some(draft), true, _) => print::raw(&draft.text),
        (_, _, true) => print::json(&object(desk, &shown)?),
        _ => print::line(&page(desk, &shown)),
    }
}

fn object(desk: &Desk, shown: &Shown) -> Result<Value> {
    let now = desk.clock.now();
    let decisions =
        |list: &[Decision]| list.iter().map(|one| inbox::object(desk, one, now)).collect::<Vec<_>>();
    Ok(json!({
        "shape": "sopd/show/1",
        "mission": shaped(&shown.status)?,
        "brief": shown.brief,
        "draft": shown.draft,
        "decision": shown.decision.as_ref().map(|one| inbox::object(desk, one, now)),
        "open": decisions(&shown.open),
    }))
}

fn page(desk: &Desk, shown: &Shown) -> String {
    let status = &shown.status;
    let mut out = format!(
        "{}\n{}: {}\n",
        print::bold(&format!("{}  {}", status.id, status.title)),
        status.state.word(),
        daemon::plain(status.state)
    );
    match &shown.draft {
        None => {
            out.push_str("\nThere is no draft yet. What was asked for:\n\n");
            out.push_str(shown.brief.trim_end());
            out.push('\n');
        }
        Some(draft) => draft_page(&mut out, draft, shown),
    }
    answers(&mut out, desk, shown);
    out
}

fn draft_page(out: &mut String, draft: &Draft, shown: &Shown) {
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
    let told = |name: &str| -> Vec<String> {
        let list = shown
            .decision
            .as_ref()
            .and_then(|decision| decision.ask.details.get(name))
            .and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    list(out, "Failed, and blocking: publishing needs an override", &told("failed"));
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

fn answers(out: &mut String, desk: &Desk, shown: &Shown) {
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
        for command in commands::of(desk, decision) {
            let seals = matches!(ask.kind, DecisionKind::Forward | DecisionKind::Publish);
            let hash = if seals { format!(" --hash {}", ask.hash.short()) } else { String::new() };
            put(out, format_args!("  {}{hash}\n    {}\n", command.line, print::dim(&command.leads_to)));
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
