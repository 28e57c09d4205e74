//! The Pre-flight section as checks: what sopd can do itself, and what is only told to people.

use super::Site;
use super::command::How;
use super::effect::Sight;
use crate::base::markdown::{What, cut};
use crate::base::{Exacts, Problem};
use crate::journal::Failure;
use crate::sop::expression::Scope;
use crate::sop::{expression, work};
use std::collections::BTreeMap;

/// A check that finds nothing to do: the run ends without having begun, and nobody is alarmed.
const NOTHING_TO_DO: i32 = 10;

/// How the reason of a run begins that its pre-flight checks, or its SOP's cooldown, did not let begin.
pub const REFUSED: &str = "refused: ";

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// A list item that begins with an expression in backticks: "`inputs.amount > 0`: the amount is known".
    Expression(String),
    /// A fenced `bash` block.
    Command(String),
    /// Anything else: for whoever starts the run.
    Told(String),
}

impl Check {
    /// In words, for the record and the dry run.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Expression(text) => format!("`{text}`"),
            Self::Command(script) => format!("`{}`", script.trim()),
            Self::Told(text) => text.clone(),
        }
    }
}

/// The checks of a Pre-flight section, in order.
pub(super) fn checks(section: &str) -> Vec<Check> {
    let mut found = Vec::new();
    for block in cut(section) {
        match block.what {
            What::List { items, .. } => found.extend(items.iter().map(|item| of_words(&item.words()))),
            What::Paragraph(text) => found.push(of_words(&text)),
            What::Code(fence) => found.extend(work::script(&fence).map(Check::Command)),
            _ => {}
        }
    }
    found
}

/// Why a run with this packet may not start: the first expression over it that does not hold.
pub(super) fn refusal(section: &str, packet: &Exacts) -> Option<Problem> {
    let scope = Scope { inputs: packet.clone(), ..Scope::default() };
    let no = checks(section).into_iter().find_map(|check| match check {
        Check::Expression(text) => match expression::holds(&text, &scope) {
            Ok(true) => None,
            Ok(false) => Some(format!("`{text}` does not hold")),
            Err(error) => Some(error),
        },
        Check::Command(_) | Check::Told(_) => None,
    })?;
    let problem = Problem::invalid(format!("{REFUSED}the pre-flight check {no}"));
    Some(problem.hint("nothing was started; give other inputs, see `--dry-run`"))
}

fn of_words(words: &str) -> Check {
    match expression::asked(words) {
        Some(text) => Check::Expression(text.to_owned()),
        None => Check::Told(words.to_owned()),
    }
}

/// Runs one check; why the run may not begin, if it may not.
pub(super) async fn run(site: &Site, sight: &Sight, script: &str) -> Result<Option<String>, Failure> {
    let place = site.place(sight, (0, "pre-flight"))?;
    let work = (script.to_owned(), site.limits());
    let ended = site.run(sight, (0, place), work, BTreeMap::new()).await?;
    let said = ended.tail.trim();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Ok(match ended.how {
        How::Exited(0) => None,
        How::Exited(NOTHING_TO_DO) => Some(format!("nothing to do{said}")),
        how => {
            let (words, why) = (how.words().unwrap_or_default(), ended.why(script));
            Some(format!("{REFUSED}a pre-flight check {words}{said}{why}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_cut_into_its_checks() {
        let found = checks(
            "- `inputs.amount > 0`: known\n- Ask whether it is `free`.\n- `input.amount > 5`: misspelt\n- `lead_id` opens one record.\n\n```bash\ntest -d .\n```\n",
        );
        assert_eq!(
            found,
            [
                Check::Expression("inputs.amount > 0".into()),
                Check::Told("Ask whether it is `free`.".into()),
                Check::Expression("input.amount > 5".into()),
                Check::Told("`lead_id` opens one record.".into()),
                Check::Command("test -d .".into()),
            ]
        );
    }
}
