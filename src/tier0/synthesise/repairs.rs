//! Mends what code can mend by itself: references that lead nowhere, and fates that claim more than the text holds.

use super::comments::texts;
use crate::draft::{Disposition, Fate, Item, dispositions, items};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, SynthesisStep};
use crate::sop::lint::leaves_to_a_person;
use crate::sop::{Head, Section, Sop, fences, render};

/// Mends `synthesis` in place.
pub(crate) fn apply(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    for finding in q.findings.iter().filter(|finding| finding.code == "references_resolve") {
        unlink(synthesis, &finding.quote);
    }
    ask_a_person(synthesis);
    honest_fates(synthesis, q);
}

/// Where the text leaves a decision to a person, its step asks one; where it is said of the whole, the last step does.
fn ask_a_person(synthesis: &mut Synthesis) {
    const ASKS: &str = "Approval Required: Yes";
    let asks = |step: &SynthesisStep| {
        step.keys.iter().any(|key| key.starts_with("Approval Required:") || key.starts_with("Approvers:"))
    };
    for step in &mut synthesis.steps {
        if !asks(step) && leaves_to_a_person(&fences::prose(&step.text)) {
            step.keys.push(ASKS.to_owned());
        }
    }
    let said =
        [&synthesis.purpose, &synthesis.scope, &synthesis.roles, &synthesis.confidence, &synthesis.risk];
    if said.into_iter().any(|text| leaves_to_a_person(text))
        && !synthesis.steps.iter().any(asks)
        && let Some(last) = synthesis.steps.last_mut()
    {
        last.keys.push(ASKS.to_owned());
    }
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
