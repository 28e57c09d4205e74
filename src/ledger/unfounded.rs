//! The other direction: figures of a text that stand in none of its sources.

use crate::text::quantities::Kind;
use crate::text::{BlockKind, Convention, Quantity, blocks, quantities};

/// A figure that stands in no source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its line in the text, from 1.
    pub line: usize,
    /// As written.
    pub what: String,
    quantity: Quantity,
}

impl Figure {
    /// Whether `text` gives it.
    pub fn stands_in(&self, text: &str) -> bool {
        let held = quantities(text, Convention::of(text));
        quantities::missing(std::slice::from_ref(&self.quantity), &held).is_empty()
    }
}

/// The measures, sums, shares, dates and times in the body of an SOP's `text` that none of `sources` gives, each once. A
/// bare number may count what the text itself lists, so it is not looked at; nor is the change log, which code dates.
pub fn unfounded(text: &str, sources: &[&str]) -> Vec<Figure> {
    let held: Vec<Quantity> =
        sources.iter().flat_map(|source| quantities(source, Convention::of(source))).collect();
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let head =
        blocks(text).into_iter().filter(|block| block.kind == BlockKind::FrontMatter).map(|head| head.last);
    let head = head.max().and_then(|last| usize::try_from(last).ok()).unwrap_or(0);
    let log = text.lines().position(|line| line == "## Change log").unwrap_or(usize::MAX);
    let all = quantities(text, Convention::of(text));
    let measured: Vec<Quantity> = all
        .into_iter()
        .filter(|one| {
            matches!(one.kind, Kind::Measure | Kind::Money | Kind::Percent | Kind::Date | Kind::Time)
        })
        .collect();
    let mut found: Vec<Figure> = Vec::new();
    for one in quantities::missing(&measured, &held) {
        let line = starts.partition_point(|start| *start <= one.range.start);
        let told = found.iter().any(|known| quantities::same(&known.quantity, one));
        if line > head && line <= log && !told {
            found.push(Figure { line, what: one.text.clone(), quantity: one.clone() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\nid: x\nconfidence: 85\nreview_every: 6 months\n---\n\n## Steps\n\nAnswer within 7 days, by 31 January.\nPay up to EUR 15,000 in 3 parts.\n\n## Change log\n\n- v1.0 (2026-11-20): first version\n";

    #[test]
    fn a_figure_of_no_source_is_named_with_its_line() {
        let told = |sources: &[&str]| {
            unfounded(TEXT, sources)
                .into_iter()
                .map(|one| format!("{}: {}", one.line, one.what))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&["Answer in 7 days. Pay 15000 EUR at most."]), ["9: 31 January"]);
        assert_eq!(
            told(&["Answer in 7 days, before 31 January 2027.", "Up to EUR 15.000,00 is paid."]),
            Vec::<String>::new()
        );
        assert_eq!(told(&[]), ["9: 7 days", "9: 31 January", "10: EUR 15,000"]);
    }
}
