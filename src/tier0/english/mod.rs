//! What tier 0 compares the English of handbooks by: words without their endings, and figures. Nothing here knows what a
//! mission, an agent or an SOP is, and nothing a requester wrote is read by it.

pub(super) mod figures;
pub(super) mod words;

/// The sentences of running text, each without white space at its ends.
pub(super) fn sentences(text: &str) -> Vec<String> {
    crate::text::sentences::cut(text, Some(crate::text::Language::English))
        .into_iter()
        .map(|sentence| sentence.trim().to_owned())
        .filter(|sentence| !sentence.is_empty())
        .collect()
}
