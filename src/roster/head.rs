//! Writing the head of an agent file: only the keys that change are touched, so that comments stay.

use super::{AgentHead, AgentStatus, Runtime};
use crate::base::yaml;

impl AgentHead {
    /// An agent file, whose text is `file` and whose head reads as `before`, with this head. A file without a head
    /// gets one.
    #[must_use]
    pub fn in_file(&self, file: &str, before: Option<&Self>) -> String {
        let old = before.map(Self::keys);
        let same = |at: usize, value: &Option<String>| {
            old.as_ref().and_then(|old| old.get(at)).is_some_and(|(_, old)| old == value)
        };
        let edit = |head: &str| {
            let keys = self.keys().into_iter().enumerate().filter(|(at, (_, value))| !same(*at, value));
            keys.fold(head.to_owned(), |head, (_, (key, value))| yaml::set_key(&head, key, value.as_deref()))
        };
        yaml::edit_head(file, edit).unwrap_or_else(|| format!("---\n{}---\n{file}", edit("")))
    }

    /// Its keys in the order people write them, each with its YAML; `None` where the default says the same.
    fn keys(&self) -> [(&'static str, Option<String>); 9] {
        let list = |words: Vec<String>| format!("[{}]", words.join(", "));
        let roles = self.roles.iter().map(|role| role.word().to_owned()).collect();
        let skills = self.skills.iter().map(|skill| flow(skill)).collect();
        let status = match self.status {
            AgentStatus::Active => "active",
            AgentStatus::Planned => "planned",
        };
        let runtime = match self.runtime {
            Runtime::Model => None,
            Runtime::Person => Some("person".to_owned()),
            Runtime::External => Some("external".to_owned()),
        };
        [
            ("id", Some(self.id.clone())),
            ("title", Some(yaml::scalar(&self.title))),
            ("department", Some(yaml::scalar(&self.department))),
            ("status", Some(status.to_owned())),
            ("roles", Some(list(roles))),
            ("runtime", runtime),
            ("tier", (self.tier > 0).then(|| self.tier.to_string())),
            ("reports_to", self.reports_to.as_deref().map(yaml::scalar)),
            ("skills", (!self.skills.is_empty()).then(|| list(skills))),
        ]
    }
}

/// Text inside a flow list, where a comma would end it.
fn flow(text: &str) -> String {
    if text.contains(',') { yaml::quoted(text) } else { yaml::scalar(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{AgentRole, parse};

    const FILE: &str = "---\nid: vp.sales\n# who leads it\ntitle: VP Sales\ndepartment: REV\nstatus: active # since May\nroles: [worker]\nruntime: model\ntier: 2\nreports_to: cro\n---\nWho it is.\n";

    #[test]
    fn a_head_that_is_the_same_changes_no_byte() {
        let head = parse("agents/vp.sales.md", FILE).unwrap().head;
        assert_eq!(head.in_file(FILE, Some(&head)), FILE);
    }

    #[test]
    fn what_changes_reads_back_and_comments_stay() {
        let before = parse("agents/vp.sales.md", FILE).unwrap().head;
        let after = AgentHead {
            title: "Sales: \"all\" of it".to_owned(),
            roles: vec![AgentRole::Worker, AgentRole::Council],
            tier: 0,
            reports_to: None,
            skills: vec!["crm".to_owned(), "a, b".to_owned()],
            ..before.clone()
        };
        let text = after.in_file(FILE, Some(&before));
        assert_eq!(parse("agents/vp.sales.md", &text).unwrap().head, after, "{text}");
        assert!(text.contains("# who leads it\n") && text.contains("# since May"), "{text}");
        let fresh = after.in_file("Who it is.\n", None);
        assert_eq!(parse("agents/vp.sales.md", &fresh).unwrap().head, after, "{fresh}");
    }
}
