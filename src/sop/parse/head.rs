//! The YAML head: what the strict YAML reader can not know, such as whether the id fits the department.

use super::Reader;
use crate::base::yaml;
use crate::sop::document::Head;
use crate::sop::trigger::{self, Wrong};
use crate::sop::words::is_agent_id;

impl Reader<'_> {
    /// Reads the head, which starts on the second line of the file.
    pub(super) fn head(&mut self, text: &str) -> Option<Head> {
        let head: Head = match yaml::read(self.file, text, 2) {
            Ok(head) => head,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        self.head_texts(&head);
        self.head_identity(&head);
        self.head_limits(&head);
        self.head_triggers(&head);
        Some(head)
    }

    fn head_texts(&mut self, head: &Head) {
        for (key, value) in [
            ("title", &head.title),
            ("objective", &head.objective),
            ("description", &head.description),
            ("impact", &head.impact),
        ] {
            if value.trim().is_empty() || value.contains(['\n', '\r']) || value.trim() != value {
                self.refuse_key(key, format!("`{key}` is not one line of words"), "write it as one sentence");
            }
        }
        for (key, value) in [("owner", &head.owner), ("created_by", &head.created_by)] {
            if !is_agent_id(value) {
                self.refuse_key(
                    key,
                    format!("`{value}` is not an agent id"),
                    "write the one id, for example `vp.sales`",
                );
            }
        }
    }

    fn head_identity(&mut self, head: &Head) {
        if head.id.department() != head.department {
            self.refuse_key(
                "department",
                format!("the department is `{}`, the id says `{}`", head.department, head.id.department()),
                "make the two agree",
            );
        }
        if head.created_at.len() != 10 || head.created_at.parse::<chrono::NaiveDate>().is_err() {
            self.refuse_key(
                "created_at",
                format!("`{}` is not a date", head.created_at),
                "write it like `2026-11-20`",
            );
        }
        if head.supersedes.is_some_and(|old| old >= head.version) {
            self.refuse_key(
                "supersedes",
                "the superseded version is not an earlier one",
                "name the version that this one replaces",
            );
        }
    }

    fn head_limits(&mut self, head: &Head) {
        if head.confidence.is_some_and(|percent| percent > 100) {
            self.refuse_key(
                "confidence",
                "`confidence` is more than 100",
                "write a percentage from 0 to 100",
            );
        }
        if head.max_concurrent == Some(0) {
            self.refuse_key("max_concurrent", "no run could ever start", "write 1 or more, or leave it out");
        }
    }

    fn head_triggers(&mut self, head: &Head) {
        for (index, trigger) in head.triggers.iter().enumerate() {
            if head.triggers.iter().take(index).any(|other| trigger::same(other, trigger)) {
                self.refuse_key("triggers", "a trigger is listed twice", "keep one of them");
            }
            if let Err(wrong) = trigger::check(trigger) {
                self.refuse_trigger(&wrong);
            }
        }
    }

    /// Refuses, pointing at the words below `triggers:` where they can be found.
    fn refuse_trigger(&mut self, wrong: &Wrong) {
        let lines = (1..).zip(self.text.lines());
        let below = lines.skip_while(|(_, line)| !line.starts_with("triggers:"));
        let found =
            below.take_while(|(_, line)| *line != "---").find(|(_, line)| line.contains(&wrong.words));
        match found {
            Some((line, _)) => self.refuse_words(line, &wrong.words, &wrong.message, &wrong.hint),
            None => self.refuse_key("triggers", &wrong.message, &wrong.hint),
        }
    }

    /// Refuses, pointing at the line of the head that holds `key`.
    fn refuse_key(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let start = format!("{key}:");
        let found = self.text.lines().position(|line| line.starts_with(&start)).unwrap_or(0);
        self.refuse(u32::try_from(found + 1).unwrap_or(1), 1, message, hint);
    }
}
