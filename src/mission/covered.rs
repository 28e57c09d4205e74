//! What people asked, held against a text.

use crate::base::text::counted;
use crate::ledger::{self, Coverage, Said, Source};
use crate::roles::MissionView;

/// What people asked, against the text. What a mind assumed for them they have not said.
pub(super) fn covered(
    view: &MissionView,
    comments: &[String],
    asks: &[(String, Vec<String>)],
    text: &str,
) -> Coverage {
    let source = if view.adopts() { Source::Document } else { Source::Mission };
    let mut said = vec![Said { source, text: &view.text }];
    let answers = view.answers.iter().filter(|answer| !answer.stands_on_assumption());
    said.extend(answers.map(|answer| Said { source: Source::Answer, text: &answer.answer }));
    said.extend(comments.iter().map(|text| Said { source: Source::Comment, text }));
    let bound = view.sources.iter().filter_map(|shown| Some((shown.source.number, shown.binding_text()?)));
    said.extend(bound.map(|(number, text)| {
        let source = if view.adopts() { Source::BoundLines(number) } else { Source::Bound(number) };
        Said { source, text }
    }));
    let mut coverage = ledger::coverage(&said, text, view.current.as_deref());
    coverage.hold_to(asks, &said, text);
    let context = view.sources.iter().filter(|shown| !shown.source.binding);
    context.fold(coverage, |coverage, shown| {
        let about = format!("{}, {}", shown.source.name, counted_lines(shown.source.lines));
        coverage.with_context(shown.id.clone(), about)
    })
}

fn counted_lines(lines: u32) -> String {
    counted(usize::try_from(lines).unwrap_or(0), "line")
}
