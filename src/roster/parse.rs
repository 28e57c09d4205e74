//! Reads one agent file. Strict: whatever the grammar does not know is an error with its place, because a
//! misspelt part would otherwise be knowledge that silently never reaches an SOP.

use super::source::Source;
use super::{Agent, AgentHead, AgentRole, Part, Runtime, Topic, bullets, steps};
use crate::base::markdown::{Block, Item, What, cut, one_line};
use crate::base::{Place, Problem, text, yaml};
use crate::sop::Section;

/// No agent file needs more; a larger one is a mistake.
pub const MAX_AGENT_BYTES: usize = 256 * 1024;

/// Names of the `###` parts, in the order people read them.
const PARTS: [(&str, Part); 11] = [
    ("Scope", Part::Section(Section::Scope)),
    ("Terms", Part::Terms),
    ("Roles", Part::Section(Section::Roles)),
    ("Trigger", Part::Section(Section::Trigger)),
    ("Inputs", Part::Section(Section::Inputs)),
    ("Pre-flight", Part::Section(Section::Preflight)),
    ("Steps", Part::Section(Section::Steps)),
    ("Definition of done", Part::Section(Section::DefinitionOfDone)),
    ("Confidence and escalation", Part::Section(Section::Confidence)),
    ("Risk and rollback", Part::Section(Section::Risk)),
    ("References", Part::Section(Section::References)),
];

/// Reads the agent file `file` (its stem must be the agent's id).
///
/// All problems of the body are returned at once; a broken head hides the body's.
pub fn parse(file: &str, text: &str) -> Result<Agent, Vec<Problem>> {
    if text.len() > MAX_AGENT_BYTES {
        let message = format!("an agent file may hold at most {} KiB", MAX_AGENT_BYTES / 1024);
        return Err(vec![Problem::invalid(message).at(Place::of(file, "", 1, 0))]);
    }
    let cut_file = yaml::front_matter(file, text).map_err(|problem| vec![problem])?;
    let Some(head_text) = cut_file.head else {
        let problem =
            Problem::invalid("an agent file starts with a YAML head").at(Place::of(file, text, 1, 1));
        return Err(vec![
            problem.hint("begin with `---`, then id, title, department, status, roles, then `---`"),
        ]);
    };
    let head: AgentHead = yaml::read(file, head_text, 2).map_err(|problem| vec![problem])?;
    let mut source = Source::new(file, text, cut_file.body_line - 1);
    check_head(&mut source, &head);
    let blocks = cut(cut_file.body);
    let (persona, knowledge) = opening(&mut source, &blocks, cut_file.body);
    let topics = topics(&mut source, &blocks);
    source.finish(Agent { head, persona, topics, knowledge })
}

fn check_head(source: &mut Source<'_>, head: &AgentHead) {
    let name = source.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.strip_suffix(".md").unwrap_or(name).to_owned();
    if !super::is_agent_id(&head.id) {
        let message = format!("`{}` is not an agent id", head.id);
        source.wrong_head("id", message, "write lower-case words joined by dots or hyphens, like `vp.sales`");
    } else if head.id != stem {
        let message = format!("the id `{}` does not match the file name `{name}`", head.id);
        source.wrong_head("id", message, format!("name the file `{}.md` or change the id", head.id));
    }
    if head.title.trim().is_empty() {
        source.wrong_head("title", "the title is empty", "write the title people use, like `VP Sales`");
    }
    let code = &head.department;
    if !(2..=8).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let message = format!("`{code}` is not a department code");
        source.wrong_head("department", message, "write two to eight capital letters, like `REV`");
    }
    // Who is a person may do nothing but the steps of runs.
    if head.roles.is_empty() && head.runtime != Runtime::Person {
        source.wrong_head("roles", "the agent has no role", "write at least one, like `[worker]`");
    }
    if head.runtime == Runtime::External && head.roles.iter().any(|role| *role != AgentRole::Worker) {
        let hint = "write `roles: [worker]`, or let a model or a person play the other roles";
        source.wrong_head("roles", "an agent that works elsewhere can only be a worker", hint);
    }
    let repeated =
        head.roles.iter().enumerate().any(|(at, role)| head.roles.iter().skip(at + 1).any(|r| r == role));
    if repeated {
        source.wrong_head("roles", "a role is named twice", "name each role once");
    }
    if head.tier > 3 {
        let message = format!("there is no tier {}", head.tier);
        source.wrong_head("tier", message, "write 0 (no model), 1 (small), 2 (medium) or 3 (large)");
    }
    if head.reports_to.as_ref() == Some(&head.id) {
        source.wrong_head(
            "reports_to",
            "an agent cannot report to itself",
            "name another agent, or leave it out",
        );
    }
}

/// The opening paragraph, and the Markdown below it.
fn opening(source: &mut Source<'_>, blocks: &[Block], body: &str) -> (String, String) {
    let before = blocks.iter().take_while(|block| !matches!(block.what, What::Heading(..)));
    let mut persona = Vec::new();
    for block in before {
        match &block.what {
            What::Paragraph(text) => persona.push(one_line(text)),
            _ => source.wrong(
                block.line,
                "only a paragraph may stand before the first topic",
                "say in a few sentences who this agent is, then open a topic with `## …`",
            ),
        }
    }
    if persona.is_empty() {
        let hint = "say in a few sentences who this agent is and how it judges";
        source.wrong(1, "the opening paragraph is missing", hint);
    }
    let first_heading = blocks.iter().find(|block| matches!(block.what, What::Heading(..)));
    let skip = first_heading.map_or(usize::MAX, |block| usize::try_from(block.line).unwrap_or(1) - 1);
    let knowledge = body.lines().skip(skip).collect::<Vec<_>>().join("\n");
    (persona.join("\n\n"), knowledge)
}

fn topics(source: &mut Source<'_>, blocks: &[Block]) -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    let mut rest = blocks.iter().skip_while(|block| !matches!(block.what, What::Heading(..))).peekable();
    while let Some(block) = rest.next() {
        let What::Heading(level, title) = &block.what else { continue };
        let mut below = Vec::new();
        while let Some(next) = rest.next_if(|next| !matches!(next.what, What::Heading(..))) {
            below.push(next);
        }
        match (*level, topics.last_mut()) {
            (2, _) => {
                if topics.iter().any(|topic| topic.title.eq_ignore_ascii_case(title)) {
                    source.wrong(block.line, format!("the topic `{title}` stands twice"), "join the two");
                }
                let topic = topic(source, title, &below);
                if is_empty(&topic)
                    && !matches!(rest.peek().map(|next| &next.what), Some(What::Heading(3, _)))
                {
                    source.wrong(
                        block.line,
                        "the topic is empty",
                        "write rules or parts below it, or remove it",
                    );
                }
                topics.push(topic);
            }
            (3, Some(topic)) => part(source, topic, block, &below),
            _ => source.wrong(
                block.line,
                "this heading is neither a topic nor a part of one",
                "write topics as `## …` and their parts as `### …`",
            ),
        }
    }
    topics
}

fn is_empty(topic: &Topic) -> bool {
    topic.summary.is_empty() && topic.rules.is_empty() && topic.parts.is_empty() && topic.steps.is_empty()
}

/// What stands directly below a `##`: at most one paragraph, then bullets that are rules.
fn topic(source: &mut Source<'_>, title: &str, below: &[&Block]) -> Topic {
    let mut topic = Topic {
        title: title.to_owned(),
        summary: String::new(),
        rules: vec![],
        parts: vec![],
        steps: vec![],
    };
    for block in below {
        match &block.what {
            What::Paragraph(text) if topic.summary.is_empty() && topic.rules.is_empty() => {
                topic.summary = one_line(text);
            }
            What::List { ordered: false, items } => topic.rules.extend(flat(source, items)),
            other => {
                misplaced(
                    source,
                    block.line,
                    other,
                    "one paragraph and bullets stand directly below a topic",
                );
            }
        }
    }
    topic
}

/// One `###` part.
fn part(source: &mut Source<'_>, topic: &mut Topic, heading: &Block, below: &[&Block]) {
    let What::Heading(_, name) = &heading.what else { return };
    let Some((_, part)) = PARTS.iter().find(|(known, _)| known == name) else {
        let names: Vec<&str> = PARTS.iter().map(|(known, _)| *known).collect();
        let hint = format!("write one of: {}", text::listed(&names));
        return source.wrong(heading.line, format!("`{name}` is not a part of an SOP"), hint);
    };
    let is_steps = *part == Part::Section(Section::Steps);
    let again = topic.parts.iter().any(|(known, _)| known == part) || (is_steps && !topic.steps.is_empty());
    if again {
        source.wrong(heading.line, format!("the part `{name}` stands twice in this topic"), "join the two");
    }
    if below.is_empty() {
        return source.wrong(heading.line, format!("the part `{name}` is empty"), "fill it, or remove it");
    }
    let mut lines = Vec::new();
    for block in below {
        match &block.what {
            What::List { ordered: true, items } if is_steps => {
                let known = items.iter().filter_map(|item| steps::step(source, item));
                topic.steps.extend(known.collect::<Vec<_>>());
            }
            What::List { ordered: false, items } if !is_steps => lines.extend(flat_lines(source, items)),
            other if is_steps => misplaced(source, block.line, other, "steps are one numbered list"),
            other => misplaced(source, block.line, other, "a part is a list of bullets"),
        }
    }
    if is_steps {
        for (number, known) in (1u32..).zip(topic.steps.iter_mut()) {
            known.step.number = number;
        }
        return;
    }
    bullets::check(source, *part, heading.line, &lines);
    topic.parts.push((*part, lines.into_iter().map(|(_, words)| words).collect()));
}

fn misplaced(source: &mut Source<'_>, line: u32, what: &What, rule: &str) {
    let name = match what {
        What::Heading(..) => "a heading",
        What::Paragraph(_) => "a paragraph",
        What::Code(_) => "a fenced block",
        What::List { ordered: true, .. } => "a numbered list",
        What::List { ordered: false, .. } => "a list of bullets",
        What::Other(name) => name,
    };
    let hint = format!("{rule}; what belongs to a step is indented below its number");
    source.wrong(line, format!("{name} does not belong here"), hint);
}

fn flat(source: &mut Source<'_>, items: &[Item]) -> Vec<String> {
    flat_lines(source, items).into_iter().map(|(_, words)| words).collect()
}

/// Bullets of one paragraph each, with their lines.
pub(crate) fn flat_lines(source: &mut Source<'_>, items: &[Item]) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    for item in items {
        let words = item.words();
        if words.is_empty() {
            source.wrong(item.line, "this bullet is empty", "write one full sentence, or remove it");
        } else if item.blocks.len() > 1 {
            source.wrong(item.line, "this bullet holds more than one paragraph", "make each its own bullet");
        }
        lines.push((item.line, words));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{AgentRole, Phase};

    const GOOD: &str = "---
id: vp.sales
title: VP Sales
department: REV
status: active
roles: [worker]
runtime: model
tier: 2
reports_to: cro
---
Judges by numbers.

## Lead qualification

Calls what can buy.

- A lead is qualified at a score of 70 or more.

### Terms
- **Qualified lead**: a lead with a score of 70 or more.

### Inputs
- lead_id (text, required): the number of the lead.

### Steps
1. **Score the lead from the form**
   Score size, need and budget. Write the score into the CRM.

   ```text
   ## not a heading
   ```
   - Phase: assess
   - Assignee: vp.sales
   - Artifact: score in the CRM
   - Time Limit: 2 hours
   - Count a missing answer as 0 points.
";

    fn problems(text: &str) -> String {
        let problems = parse("agents/vp.sales.md", text).expect_err("must be refused");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_good_file_is_read_whole() {
        let agent = parse("agents/vp.sales.md", GOOD).unwrap();
        assert!(agent.is_active() && agent.can(AgentRole::Worker) && !agent.can(AgentRole::Approver));
        assert_eq!(agent.persona, "Judges by numbers.");
        assert!(agent.knowledge.starts_with("## Lead qualification"));
        let topic = &agent.topics[0];
        assert_eq!(topic.summary, "Calls what can buy.");
        assert_eq!(topic.rules, ["A lead is qualified at a score of 70 or more."]);
        assert_eq!(topic.terms(), [("Qualified lead", "a lead with a score of 70 or more.")]);
        assert_eq!(topic.inputs()[0].name, "lead_id");
        let known = &topic.steps[0];
        assert_eq!((known.step.number, known.phase), (1, Phase::Assess));
        assert_eq!(known.step.title, "Score the lead from the form");
        assert!(known.step.text.ends_with("```text\n## not a heading\n```"), "{}", known.step.text);
        assert_eq!(known.step.artifact.as_deref(), Some("score in the CRM"));
        assert_eq!(known.keys, ["Time Limit: 2 hours"]);
        assert_eq!(known.rules, ["Count a missing answer as 0 points."]);
    }

    #[test]
    fn whatever_the_grammar_does_not_know_is_an_error_with_its_line() {
        for (from, to, expected) in [
            ("### Terms", "### Term", "vp.sales.md:19: `Term` is not a part of an SOP"),
            ("Phase: assess", "Phase: asess", "`asess` is not a phase"),
            ("- Time Limit:", "- Time Limt:", "hint: did you mean `Time Limit`?"),
            ("Limit: 2 hours", "Limit: two hours", "is not a length of time"),
            ("   - Artifact: score in the CRM\n", "", "has no `Artifact`"),
            (
                "   - Count a missing answer as 0 points.",
                "   - Owner: vp.sales",
                "`Owner` is not a key of a step",
            ),
            ("   - Count a missing", "   - Time Limit: 1 hour\n   - Count a missing", "is given twice"),
            ("   - Count a missing", "   - Depends On: 1\n   - Count a missing", "the phases put"),
            (
                "   - Count a missing",
                "   - Approval Required: true\n   - Count a missing",
                "neither `Yes` nor `No`",
            ),
            ("(text, required)", "(string, required)", "`string` is not a type of input"),
            ("id: vp.sales", "id: vp.sale", "vp.sales.md:2:1: the id `vp.sale` does not match"),
            ("tier: 2", "tier: 4", "there is no tier 4"),
            ("tier: 2", "teir: 2", "teir"),
            ("roles: [worker]", "roles: [wrker]", "wrker"),
            ("roles: [worker]", "roles: []", "has no role"),
            ("department: REV", "department: Rev", "not a department code"),
            ("Judges by numbers.", "", "the opening paragraph is missing"),
            ("## Lead qualification", "# Lead qualification", "neither a topic nor a part"),
            ("### Inputs", "## Lead qualification\n### Inputs", "stands twice"),
            ("\n- A lead is", "\nMore prose.\n\n- A lead is", "a paragraph does not belong here"),
            (
                "1. **Score the lead from the form**",
                "- **Score the lead from the form**",
                "does not belong here",
            ),
            (
                "   - Phase: assess\n   - Ass",
                "- Phase: assess\n   - Ass",
                "a list of bullets does not belong here",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let found = problems(&GOOD.replacen(from, to, 1));
            assert!(found.contains(expected), "{from} → {to}\nexpected: {expected}\nfound: {found}");
        }
    }

    #[test]
    fn a_file_without_a_head_or_over_the_limit_is_refused() {
        assert!(problems("# Hello\n").contains("starts with a YAML head"));
        assert!(problems(&" ".repeat(MAX_AGENT_BYTES + 1)).contains("at most 256 KiB"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(---\n)?[a-z:#*\\-`\n 1.\\[\\]]{0,200}") {
            if let Err(problems) = parse("agents/a.md", &text) {
                proptest::prop_assert!(problems.iter().all(|problem| problem.place.is_some()));
                proptest::prop_assert!(!problems.is_empty());
            }
        }
    }
}
