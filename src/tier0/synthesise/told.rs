//! The one sentence a change log holds about a change.

use crate::base::text::{counted, full_stop, listed};
use crate::sop::Section;

/// What the change did, for its one sentence in the change log.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) rules: usize,
    pub(crate) steps: Vec<usize>,
    pub(crate) new_steps: Vec<String>,
    pub(crate) terms: Vec<String>,
    pub(crate) inputs: Vec<String>,
    pub(crate) sections: Vec<Section>,
}

impl Told {
    /// One sentence.
    pub(crate) fn sentence(&self, title: &str) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.new_steps.is_empty() {
            let quoted: Vec<String> = self.new_steps.iter().map(|step| format!("“{step}”")).collect();
            parts.push(format!("adds the step {}", listed(&quoted)));
        }
        if self.rules > 0 {
            let mut steps = self.steps.clone();
            steps.sort_unstable();
            steps.dedup();
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            let noun = if steps.len() == 1 { "step" } else { "steps" };
            parts.push(format!("sets {} in {noun} {}", counted(self.rules, "rule"), listed(&steps)));
        }
        if !self.terms.is_empty() {
            parts.push(format!("defines {}", listed(&self.terms)));
        }
        if !self.inputs.is_empty() {
            parts.push(format!("asks for {}", listed(&self.inputs)));
        }
        let mut sections: Vec<String> =
            self.sections.iter().map(|section| section.title().to_owned()).collect();
        sections.dedup();
        if !sections.is_empty() {
            parts.push(format!("extends {}", listed(&sections).to_lowercase()));
        }
        if parts.is_empty() {
            return format!("{title}: nothing in force had to change.");
        }
        full_stop(&format!("{}: {}", title.replace(": ", ", "), parts.join("; ")))
    }
}
