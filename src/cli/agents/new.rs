//! `sopd agents new`

use super::asked;
use crate::base::Problem;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::people::{Newcomer, Say, join};
use crate::roster::{AgentRole, Runtime};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its id, like `night.porter`; what is left out is asked at a terminal
    id: Option<String>,
    /// The title people use
    #[arg(long)]
    title: Option<String>,
    /// The code of its department, two to eight capital letters
    #[arg(long)]
    department: Option<String>,
    /// Who thinks for it
    #[arg(long, value_parser = ["model", "person", "external"])]
    runtime: Option<String>,
    /// What it knows: `Title: one rule`; may be said more than once
    #[arg(long = "topic", value_name = "TITLE: RULE")]
    topics: Vec<String>,
    /// A role in missions; may be said more than once [default: worker, none for a person without topics]
    #[arg(long = "role", value_parser = ["orchestrator", "worker", "scrutiny", "user_testing", "council", "approver"])]
    roles: Vec<String>,
    /// Whom it reports to [default: who signs publications]
    #[arg(long, value_name = "AGENT")]
    reports_to: Option<String>,
    /// Who it is and how it judges, in a sentence
    #[arg(long)]
    about: Option<String>,
    /// It signs publications from now on, or signs where nobody else may: written into sopd.yaml
    #[arg(long, value_parser = ["signs", "deputy"])]
    authority: Option<String>,
    /// Who you are
    #[arg(long = "as", value_name = "PARTY", default_value = "operator")]
    party: String,
}

/// What was said, or is said now; a script must say it.
fn needed(said: Option<String>, (question, flag): (&str, &str)) -> Result<String, Problem> {
    let answer = said.or_else(|| asked(question, ""));
    answer.filter(|answer| !answer.is_empty()).ok_or_else(|| {
        Problem::invalid(format!("{flag} is missing"))
            .hint("for example: sopd agents new night.porter --title \"Night Porter\" --department OPS --runtime person")
    })
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let id = needed(args.id, ("Its id, like night.porter?", "the id"))?;
    let title = needed(args.title, ("The title people use?", "--title"))?;
    let department = needed(args.department, ("The code of its department, like OPS?", "--department"))?;
    let runtime = needed(
        args.runtime.or_else(|| asked("Who thinks for it: model, person or external?", "model")),
        ("", "--runtime"),
    )?;
    let mut topics = args.topics;
    while let Some(topic) =
        asked("What does it know? `Title: one rule`; empty ends", "").filter(|said| !said.is_empty())
    {
        topics.push(topic);
    }
    let new = Newcomer {
        id,
        title,
        department,
        runtime: match runtime.as_str() {
            "model" => Runtime::Model,
            "person" => Runtime::Person,
            "external" => Runtime::External,
            other => {
                let problem = Problem::invalid(format!("`{other}` thinks for nobody"));
                return Err(problem.hint("write model, person or external").into());
            }
        },
        roles: AgentRole::ALL
            .into_iter()
            .filter(|role| args.roles.iter().any(|word| word == role.word()))
            .collect(),
        reports_to: args.reports_to,
        topics,
        about: args.about,
        say: args.authority.map(|word| if word == "signs" { Say::Signs } else { Say::Deputy }),
    };
    let joined = join(&workspace, &Desk::actor(args.party), &new)?;
    let also: Vec<&str> = joined.mended.iter().map(|one| one.path.as_str()).collect();
    if desk.json {
        let body = json!({ "shape": "sopd/joined/1", "id": new.id, "file": joined.path, "mended": also });
        return print::json(&body);
    }
    print::line(&format!("{} is on the roster: {}", new.id, joined.path))?;
    for one in &joined.mended {
        one.lines
            .iter()
            .try_for_each(|(number, line)| print::line(&format!("{}:{number}: {line}", one.path)))?;
    }
    print::line("Write down there what it knows; missions that begin from now on ask it.")
}
