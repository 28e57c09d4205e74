//! `sopd token new|list|revoke|confirm`

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::access::{self, NewToken, Scope, Token};
use crate::base::text::{counted, listed};
use crate::base::{Instant, Problem, Span};
use crate::decision;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Make a token; it is shown once
    New(NewArgs),
    /// Tokens that were not taken back: until when they count, when they were used last, and which wait to be confirmed
    List,
    /// Take a token back
    Revoke(RevokeArgs),
    /// Let a token count again that is suspended since the workspace was restored or copied
    Confirm(ConfirmArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct NewArgs {
    /// For whom it acts: an id on the roster
    party: String,
    /// read: look; write: act as well
    #[arg(long, default_value = "read", value_parser = ["read", "write"])]
    scope: String,
    /// What it is for
    #[arg(long, default_value = "cli")]
    name: String,
    /// How long it counts: 12 hours, 90 days, 1 year
    #[arg(long = "for", default_value = "90 days", value_name = "TIME")]
    life: Span,
}

#[derive(Debug, clap::Args)]
pub(super) struct RevokeArgs {
    /// Its number, as `sopd token list` shows it
    number: i64,
}

#[derive(Debug, clap::Args)]
pub(super) struct ConfirmArgs {
    /// Its number, as `sopd token list` shows it, or `all`
    number: String,
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::New(args) => new(desk, args),
        Verb::List => list(desk),
        Verb::Revoke(args) => revoke(desk, &args),
        Verb::Confirm(args) => confirm(desk, &args),
    }
}

fn new(desk: &Desk, args: NewArgs) -> Done {
    let workspace = desk.open()?;
    let NewArgs { party, scope, name, life } = args;
    desk.check_party(&workspace, &party, &[])?;
    let scope = if scope == Scope::Write.word() { Scope::Write } else { Scope::Read };
    let new = NewToken { party: party.clone(), name, scope, life, by: os_user() };
    let (number, secret, ends) = workspace.journal.append(move |tx| access::new_token(tx, &new))?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/token/1", "number": number, "party": party, "scope": scope, "token": secret.reveal(),
            "expires_at": ends.to_string(),
        }));
    }
    print::line(&format!(
        "token {number} for {party} ({}), counts until {}, shown only now:\n{}",
        scope.word(),
        ends.day(),
        secret.reveal()
    ))
}

fn list(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let tokens = workspace.journal.read(|db| access::tokens_of(db, None))?;
    if desk.json {
        return print::json(&tokens);
    }
    let now = desk.clock.now();
    let day = |at: Option<Instant>, none: &str| at.map_or_else(|| none.to_owned(), Instant::day);
    let row = |token: Token| {
        let over = token.expires_at.is_some_and(|ends| ends <= now);
        let counts = match workspace.check_party(&token.party, &[]) {
            _ if token.suspended_at.is_some() => "suspended: `sopd token confirm`".to_owned(),
            _ if over => "no: its time is over".to_owned(),
            Ok(()) => "yes".to_owned(),
            Err(problem) => format!("no: {}", problem.message),
        };
        let (ends, used) = (day(token.expires_at, "no end"), day(token.used_at, "never"));
        let scope = token.scope.word().to_owned();
        let since = token.created_at.day();
        vec![token.number.to_string(), token.party, scope, since, ends, used, token.name, counts]
    };
    let rows: Vec<Vec<String>> = tokens.into_iter().map(row).collect();
    if rows.is_empty() {
        return print::line(&format!("no token: make one with `{} token new PARTY`", desk.command()));
    }
    print::line(&print::table(
        &["token", "party", "scope", "since", "until", "last used", "for", "counts"],
        &rows,
    ))
}

fn revoke(desk: &Desk, args: &RevokeArgs) -> Done {
    let number = args.number;
    let by = os_user();
    let workspace = desk.open()?;
    let party = workspace.journal.append(move |tx| access::revoke(tx, number, None, &by))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/token-revoked/1", "number": number, "party": party }));
    }
    print::line(&format!("token {number} of {party} counts no more"))?;
    let (others, waits) = workspace
        .journal
        .read(|db| Ok((access::tokens_of(db, Some(&party))?.len(), decision::open_for(db, Some(&party))?)))?;
    let waits: Vec<&str> = waits.iter().map(|one| one.id.as_str()).collect();
    let left = match (others, waits.as_slice()) {
        (0, []) => return Ok(()),
        (others, []) => format!("it has {}", counted(others, "other token")),
        (others, waits) => {
            format!("it has {}; still asked of it: {}", counted(others, "other token"), listed(waits))
        }
    };
    print::line(&left)
}

fn confirm(desk: &Desk, args: &ConfirmArgs) -> Done {
    let number = match args.number.as_str() {
        "all" => None,
        number => Some(number.parse::<i64>().map_err(|_not_one| {
            Problem::usage(format!("`{number}` is not the number of a token"))
                .hint("write its number, as `sopd token list` shows it, or `all`")
        })?),
    };
    let by = os_user();
    let confirmed = desk.open()?.journal.append(move |tx| access::confirm(tx, number, &by))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/tokens-confirmed/1", "numbers": confirmed }));
    }
    let numbers: Vec<String> = confirmed.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => print::line("no token is suspended"),
        numbers => print::line(&format!("these count again: {}", listed(numbers))),
    }
}
