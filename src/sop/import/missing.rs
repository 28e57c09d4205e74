//! What the source does not say: it stands in the draft as `MISSING: …`, and is listed.

use super::{Draft, Given, NOBODY, add};
use crate::sop::document::{Section, Step};

impl Draft {
    fn lacks(&mut self, what: &str) -> String {
        self.missing.push(what.to_owned());
        format!("MISSING: {what}.")
    }

    pub(super) fn line(&mut self, what: &str, text: Option<&str>) -> String {
        text.map_or_else(|| self.lacks(what), |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub(super) fn word(&mut self, what: &str, word: Option<&str>) -> String {
        word.map_or_else(
            || {
                self.missing.push(what.to_owned());
                NOBODY.to_owned()
            },
            str::to_owned,
        )
    }

    pub(super) fn fill_body(&mut self, source: &str, given: &Given) {
        let missing = [
            (Section::Purpose, "why this SOP exists"),
            (Section::Scope, "what is in and what is out"),
            (Section::Roles, "who answers for what"),
            (Section::Trigger, "the one event that starts it"),
            (Section::Preflight, "a check before the first step"),
            (Section::DefinitionOfDone, "one measurable rule that says when it is done"),
            (Section::Confidence, "from which confidence a result stands, and where exceptions go"),
        ];
        for (section, what) in missing {
            if self.section(section).is_empty() {
                let marker = self.lacks(what);
                let bullet = matches!(section, Section::Roles | Section::Preflight | Section::Confidence);
                *self.section(section) = if bullet { format!("- {marker}") } else { marker };
            }
        }
        if !self.inputs_are_said && self.body.inputs.is_empty() {
            let marker = self.lacks("the inputs, or that there are none");
            add(&mut self.body.preflight, &format!("- {marker}"));
        }
        if given.risk_level.is_none() {
            let marker = self.lacks("the risk level; `medium` stands in the head until somebody says");
            add(&mut self.body.risk, &format!("- {marker}"));
        }
        match &given.rollback {
            Some(rollback) => add(&mut self.body.risk, &format!("- Rollback: {rollback}")),
            None if !self.body.risk.to_lowercase().contains("rollback") => {
                let marker = self.lacks("the way back");
                add(&mut self.body.risk, &format!("- Rollback: {marker}"));
            }
            None => {}
        }
        self.fill_steps(source, given);
    }

    fn fill_steps(&mut self, source: &str, given: &Given) {
        let mut steps = std::mem::take(&mut self.body.steps);
        if steps.is_empty() {
            let text = self.lacks("the steps");
            steps.push(Step {
                number: 1,
                title: format!("Say what {source} does"),
                text,
                ..Default::default()
            });
        }
        for step in &mut steps {
            let number = step.number;
            if step.assignee.is_none() {
                let said = self.who.get(&number).map(|who| format!(" (the source says: {who})"));
                let what = format!("who does step {number}{}", said.unwrap_or_default());
                step.assignee = Some(self.word(&what, given.assignee.as_deref()));
            }
            if step.artifact.is_none() {
                step.artifact = Some(self.lacks(&format!("what exists after step {number}")));
            }
            if step.text.is_empty() {
                step.text = self.lacks(&format!("what to do in step {number}"));
            }
        }
        self.body.steps = steps;
    }
}
