//! `sopd notifications [--json]` and `sopd notifications test PARTY|CHANNEL`

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use super::up::runtime;
use crate::base::problem::Result;
use crate::base::text::{counted, listed};
use crate::base::{Instant, Problem};
use crate::daemon::{notify_reach, notify_wiring};
use crate::notify::{self, Posted, try_out};
use crate::settings::notifications::Notifications;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Send a test message now
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
struct TestArgs {
    /// A party, to try every channel it is told by, or the name of one channel
    #[arg(value_name = "PARTY|CHANNEL")]
    whom: String,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    match args.verb {
        None => list(desk),
        Some(Verb::Test(args)) => test(desk, &args.whom),
    }
}

fn list(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let (counts, messages) = workspace.journal.read(|db| Ok((notify::counts(db)?, notify::posted(db)?)))?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/notifications/1", "waiting": counts.waiting, "failed": counts.failed, "total": counts.messages,
            "messages": messages,
        }));
    }
    if messages.is_empty() {
        return print::line(&format!("nothing was sent yet, and {} to be", counts.waiting));
    }
    let more = counts.messages.saturating_sub(messages.len().try_into().unwrap_or(u64::MAX));
    let rows: Vec<Vec<String>> = messages.into_iter().map(row).collect();
    print::line(&print::table(&["made", "for", "by", "state", "what"], &rows))?;
    if more > 0 {
        print::line(&format!(
            "{more} older ones were sent as well; each is a fact of `{} audit search`",
            desk.command()
        ))?;
    }
    Ok(())
}

fn row(message: Posted) -> Vec<String> {
    let Posted { party, channel, state, attempts, notices, headline, made_at, due_at, trouble, .. } = message;
    let minute = |at: &str| at.get(..16).map_or_else(|| at.to_owned(), |at| at.replacen('T', " ", 1));
    let state = match due_at {
        Some(due) if attempts > 0 => {
            let tried = counted(usize::try_from(attempts).unwrap_or(usize::MAX), "time");
            format!("tried {tried}, next {}", minute(&due))
        }
        _ => state,
    };
    let more = if notices > 1 { format!(" and {} more", notices - 1) } else { String::new() };
    let trouble = if trouble.is_empty() { trouble } else { format!(": {trouble}") };
    vec![
        minute(&made_at),
        party.unwrap_or_else(|| "everybody".to_owned()),
        channel,
        format!("{state}{trouble}"),
        format!("{headline}{more}"),
    ]
}

/// Party (empty for a channel of operations) and channel of every way the word may mean.
fn meant(settings: &Notifications, word: &str) -> Vec<(String, String)> {
    if let Some(routes) = settings.parties.get(word) {
        return routes.keys().map(|channel| (word.to_owned(), channel.clone())).collect();
    }
    let operations = settings.operations.contains_key(word).then(String::new);
    let mut parties = settings.parties.iter().filter(|(_, routes)| routes.contains_key(word));
    let party = operations.or_else(|| parties.next().map(|(party, _)| party.clone()));
    party.map(|party| (party, word.to_owned())).into_iter().collect()
}

fn test(desk: &Desk, word: &str) -> Done {
    let workspace = desk.open()?;
    let settings = workspace.snapshot_on_disk()?.settings.clone();
    let ways = meant(&settings.notifications, word);
    if ways.is_empty() {
        return Err(unknown(&settings.notifications, word).into());
    }
    let wiring = notify_wiring(&workspace, &settings, notify_reach())?;
    let who = os_user();
    let sent = runtime()?.block_on(async {
        for (party, channel) in &ways {
            try_out(&wiring, (party, channel), &who).await?;
        }
        Result::Ok(())
    });
    sent.map_err(|problem: Problem| Problem {
        message: workspace.journal.clean(&problem.message),
        ..problem
    })?;
    let by: Vec<&String> = ways.iter().map(|(_, channel)| channel).collect();
    let at: Instant = desk.clock.now();
    if desk.json {
        return print::json(
            &json!({ "shape": "sopd/notification-test/1", "sent": by, "at": at.to_string() }),
        );
    }
    print::line(&format!("a test message was taken by {}", listed(&by)))
}

fn unknown(settings: &Notifications, word: &str) -> Problem {
    let channels =
        settings.operations.keys().chain(settings.parties.values().flat_map(|routes| routes.keys()));
    let mut known: Vec<&String> = settings.parties.keys().chain(channels).collect();
    known.sort_unstable();
    known.dedup();
    let problem = Problem::not_found(format!("nobody is told anything as or by `{word}`"));
    match known.as_slice() {
        [] => problem.hint("name channels and parties in `notifications:` of sopd.yaml"),
        known => problem.hint(format!("there are {}", listed(known))),
    }
}
