//! `sopd agents retire ID [--to OTHER]`

use super::asked;
use crate::base::Problem;
use crate::base::text::counted;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::people::{Leaving, leave, leaving};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who goes
    id: String,
    /// Who takes over what settings and agents' files say of it [default: whom it reports to]
    #[arg(long, value_name = "AGENT")]
    to: Option<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Change it without asking
    #[arg(long)]
    yes: bool,
    /// Who you are
    #[arg(long = "as", value_name = "PARTY", default_value = "operator")]
    party: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let found = leaving(&workspace, &args.id, args.to.as_deref())?;
    if !desk.json {
        show(&desk.command(), &found)?;
    }
    if args.dry_run {
        return if desk.json {
            print::json(&shape(&found, false))
        } else {
            print::line("\nNothing was changed.")
        };
    }
    if !args.yes {
        let question =
            format!("Retire {} and change {}? Write yes", found.id, counted(found.mended.len(), "file"));
        match asked(&question, "no") {
            Some(answer) if answer == "yes" => {}
            Some(_) => return print::line("Nothing was changed."),
            None => {
                let problem = Problem::invalid(format!("{} is not retired: nobody confirmed it", found.id));
                return Err(problem.hint("say `--yes`, or look with `--dry-run`").into());
            }
        }
    }
    let done = leave(&workspace, &Desk::actor(args.party.clone()), (&args.id, args.to.as_deref()))?;
    if desk.json {
        return print::json(&shape(&done, true));
    }
    print::line(&format!("\n{} is retired; its file is kept in agents/retired/", done.id))
}

fn show(sopd: &str, found: &Leaving) -> Done {
    let to = found.to.as_deref().unwrap_or("nobody");
    print::line(&format!("{} goes, {to} takes over.", found.id))?;
    let list = |title: &str, lines: &[String]| -> Done {
        if lines.is_empty() {
            return Ok(());
        }
        print::line(&format!("\n{title}"))?;
        lines.iter().try_for_each(|line| print::line(&format!("- {line}")))
    };
    let lines = |one: &crate::front::people::Mended| -> Vec<String> {
        let gone = |line: &str| if line.is_empty() { "(goes)".to_owned() } else { line.trim().to_owned() };
        one.lines.iter().map(|(number, line)| format!("{}:{number}: {}", one.path, gone(line))).collect()
    };
    let changed: Vec<String> = found.mended.iter().flat_map(lines).collect();
    list("These lines change:", &changed)?;
    list("These lines speak of it and stay; read them:", &found.prose)?;
    list("In force, and changed only by a mission each (`change: minor` in its head):", &found.sops)?;
    list(
        "Under way; what is asked of it moves to the one above, and missions keep the roster they began with:",
        &found.under_way,
    )?;
    if found.sops.is_empty() {
        return Ok(());
    }
    print::line(&format!("`{sopd} sop lint FILE` names the steps nobody may do once it has gone."))
}

fn shape(found: &Leaving, done: bool) -> Value {
    let files: Vec<Value> = found
        .mended
        .iter()
        .map(|one| {
            let lines = one.lines.iter().map(|(number, line)| json!({ "line": number, "text": line }));
            json!({ "path": one.path, "lines": lines.collect::<Vec<_>>() })
        })
        .collect();
    json!({
        "shape": "sopd/retired_agent/1", "id": found.id, "to": found.to, "done": done, "files": files,
        "prose": found.prose, "sops": found.sops, "under_way": found.under_way,
    })
}
