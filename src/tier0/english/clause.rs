//! A sentence about work in one form: who, and an order that starts with a verb; and how it is said again.

use super::small_words::{DETERMINERS, bare};
use super::verbs::{Form, base_of};
use crate::base::text::{capital, full_stop};

/// A sentence about work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    /// Who does it, as written; `None` where the sentence does not say or says `we`.
    pub(crate) actor: Option<String>,
    /// The order: starts with a base verb in lower case, no full stop.
    pub(crate) order: String,
    /// `if …`, `when …`, `after …`: what stood before the main clause.
    pub(crate) condition: Option<String>,
    /// It must never be done.
    pub(crate) never: bool,
    /// The writer said must, or gave an order.
    pub(crate) binding: bool,
}

impl Clause {
    /// One sentence that starts with a capital verb (or its condition) and ends with a full stop.
    pub(crate) fn sentence(&self) -> String {
        let never = if self.never { "never " } else { "" };
        let order = match &self.actor {
            Some(actor) if self.never => format!("make sure that {actor} never {}", as_third(&self.order)),
            Some(actor) => format!("have {actor} {}", self.order),
            None => format!("{never}{}", self.order),
        };
        match &self.condition {
            Some(condition) => full_stop(&capital(&format!("{condition}, {order}"))),
            None => full_stop(&capital(&order)),
        }
    }
}

/// `check the order` → `checks the order`, for the few sentences that keep their subject.
fn as_third(order: &str) -> String {
    match order.split_once(' ') {
        Some((verb, rest)) => format!("{verb}s {rest}"),
        None => format!("{order}s"),
    }
}

/// Cuts `verify the caller, set a password and log it` into its three orders.
pub(crate) fn coordinated_orders(order: &Clause) -> Vec<Clause> {
    let mut pieces: Vec<Vec<&str>> = vec![Vec::new()];
    let tokens: Vec<&str> = order.order.split_whitespace().collect();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| tokens.get(at)).copied().unwrap_or_default();
        let joint = before.ends_with(',') || before == "and" || before == "then";
        let object_follows = tokens.get(index + 1).is_some_and(|next| {
            DETERMINERS.contains(&bare(next).as_str())
                || ["it", "them", "for", "to", "up"].contains(&bare(next).as_str())
        });
        if joint && object_follows && base_of(&bare(token), Form::Base).is_some() {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(token);
        }
    }
    let clean = |piece: Vec<&str>| {
        let text = piece.join(" ");
        let text = text.trim_end_matches(" and").trim_end_matches(" then").trim_end_matches([',', ' ']);
        Clause { order: joined(text), ..order.clone() }
    };
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(clean).collect()
}

/// `water the plants, wipe the leaves`, left over from a longer list, gets its `and` back.
fn joined(order: &str) -> String {
    match order.rsplit_once(", ") {
        Some((head, tail)) if !order.contains(" and ") => {
            let verb = tail.split(' ').next().unwrap_or_default();
            let link = if base_of(verb, Form::Base).is_some() { " and " } else { ", " };
            format!("{head}{link}{tail}")
        }
        _ => order.to_owned(),
    }
}

/// Replaces the first lone `it` by the noun it stands for.
pub(crate) fn pronoun_resolved(order: &str, noun: &str) -> String {
    let mut done = false;
    let tokens = order.split(' ').map(|token| {
        let is_it = ["it", "it,"].contains(&token);
        if done || !is_it {
            return token.to_owned();
        }
        done = true;
        token.replacen("it", noun, 1)
    });
    tokens.collect::<Vec<_>>().join(" ")
}
