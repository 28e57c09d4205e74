//! Mends what code can mend by itself: one name per role, references that lead nowhere, and fates that claim more
//! than the text holds.

use super::comments::texts;
use crate::draft::{Disposition, Fate, Item, dispositions, items};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion};
use crate::sop::{Head, Section, Sop, fences, render};

/// Mends `synthesis` in place.
pub(crate) fn apply(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    one_name_per_role(synthesis, q);
    for finding in q.findings.iter().filter(|finding| finding.code == "references_resolve") {
        unlink(synthesis, &finding.quote);
    }
    honest_fates(synthesis, q);
}

/// `the Support Lead` → `support.lead`, for everybody who has a part in this SOP.
fn one_name_per_role(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    let mut ids: Vec<String> = q.drafts.iter().map(|draft| draft.agent.clone()).collect();
    ids.extend(synthesis.steps.iter().map(|step| step.assignee.clone()));
    ids.push(q.owner.clone());
    ids.sort();
    ids.dedup();
    for id in ids.iter().filter(|id| id.contains('.')) {
        let name = id.replace('.', " ");
        for text in texts(synthesis) {
            *text = fences::reword(text, |prose| named_by_id(prose, &name, id));
        }
    }
}

fn named_by_id(text: &str, name: &str, id: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.to_lowercase().find(name).filter(|_| rest.to_lowercase().len() == rest.len()) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (_, after) = from.split_at_checked(name.len()).unwrap_or((from, ""));
        let whole = !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        if whole {
            let before =
                before.strip_suffix("the ").or_else(|| before.strip_suffix("The ")).unwrap_or(before);
            out.push_str(before);
            out.push_str(id);
        } else {
            out.push_str(before);
            out.push_str(name);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A reference that leads nowhere becomes plain words; its line in References goes.
fn unlink(synthesis: &mut Synthesis, reference: &str) {
    if !reference.starts_with("[[") {
        return;
    }
    let kept: Vec<&str> = synthesis.references.lines().filter(|line| !line.contains(reference)).collect();
    synthesis.references = kept.join("\n");
    let plain = reference.trim_start_matches('[').trim_end_matches(']');
    let plain = format!("{plain} (not published yet)");
    for text in texts(synthesis) {
        *text = fences::reword(text, |prose| prose.replace(reference, &plain));
    }
}

/// A fate is true for the text as it stands now: what comments or merging took out is rejected, and says so.
fn honest_fates(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    let Some(text) = text(synthesis, q) else { return };
    let all: Vec<Item> = q.drafts.iter().flat_map(|draft| items(&draft.agent, &draft.draft)).collect();
    // The first look finds what is not there as it was; the second, what is not there at all.
    for fate in [Fate::Merged, Fate::Rejected] {
        let wrong = dispositions::check(&all, &synthesis.dispositions, &text);
        let claims = ["item-content-lost", "item-not-found"];
        for finding in wrong.iter().filter(|finding| claims.contains(&finding.code.as_str())) {
            let named = finding.message.split('`').nth(1).unwrap_or_default();
            let claimed = synthesis.dispositions.iter_mut().find(|known| known.item == named);
            if let Some(claimed) = claimed {
                lower(claimed, fate);
            }
        }
        // A person may ask to have a command changed; then the one proposed does not stand.
        for finding in wrong.iter().filter(|finding| finding.code == "item-fence-changed") {
            let named = finding.message.split('`').nth(1).unwrap_or_default();
            for claimed in synthesis.dispositions.iter_mut().filter(|known| known.item == named) {
                claimed.fate = Fate::Rejected;
                "Its fenced block was changed on review.".clone_into(&mut claimed.reason);
            }
        }
    }
}

fn lower(claimed: &mut Disposition, fate: Fate) {
    let was_merged = claimed.fate == Fate::Merged;
    claimed.fate = if was_merged { Fate::Rejected } else { fate };
    if claimed.reason.is_empty() {
        "Only part of it stands, in the sentences of others.".clone_into(&mut claimed.reason);
    }
}

/// The synthesis as the file will hold it; the head does not matter here.
fn text(synthesis: &Synthesis, q: &SynthesisQuestion) -> Option<String> {
    let head = serde_json::json!({
        "id": "SOP-XX-draft", "version": "1.0", "title": q.title, "department": "XX", "owner": q.owner,
        "objective": q.objective, "description": q.description, "risk_level": "medium", "impact": "",
        "created_by": "tier0", "created_at": "2026-01-01",
    });
    let head: Head = serde_json::from_value(head).ok()?;
    let body = super::assemble::body(synthesis, "").ok()?;
    let sop = Sop { head, body };
    let sections = Section::ALL.into_iter().map(|(section, _)| render::section_text(&sop, section));
    Some(sections.collect::<Vec<_>>().join("\n\n"))
}
