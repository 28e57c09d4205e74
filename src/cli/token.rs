//! `sopd token new|list|revoke|confirm`

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::access::{self, NewToken, Scope};
use crate::base::Problem;
use crate::base::text::listed;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Make a token; it is shown once
    New(NewArgs),
    /// Tokens that count, and those that wait to be confirmed
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
    let NewArgs { party, scope, name } = args;
    desk.check_party(&workspace, &party, &[])?;
    let scope = if scope == Scope::Write.word() { Scope::Write } else { Scope::Read };
    let new = NewToken { party: party.clone(), name, scope, by: os_user() };
    let (number, secret) = workspace.journal.append(move |tx| access::new_token(tx, &new))?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/token/1", "number": number, "party": party, "scope": scope, "token": secret.reveal(),
        }));
    }
    print::line(&format!(
        "token {number} for {party} ({}), shown only now:\n{}",
        scope.word(),
        secret.reveal()
    ))
}

fn list(desk: &Desk) -> Done {
    let tokens = desk.open()?.journal.read(|db| access::tokens_of(db, None))?;
    if desk.json {
        return print::json(&tokens);
    }
    let rows: Vec<Vec<String>> = tokens
        .into_iter()
        .map(|token| {
            let scope = token.scope.word().to_owned();
            let counts = token.suspended_at.map_or("", |_since| "suspended: `sopd token confirm`").to_owned();
            vec![token.number.to_string(), token.party, scope, token.created_at.day(), token.name, counts]
        })
        .collect();
    if rows.is_empty() {
        return print::line(&format!("no token: make one with `{} token new PARTY`", desk.command()));
    }
    print::line(&print::table(&["token", "party", "scope", "since", "for", ""], &rows))
}

fn revoke(desk: &Desk, args: &RevokeArgs) -> Done {
    let number = args.number;
    let by = os_user();
    desk.open()?.journal.append(move |tx| access::revoke(tx, number, None, &by))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/token-revoked/1", "number": number }));
    }
    print::line(&format!("token {number} counts no more"))
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
