//! Reads a mission file: Markdown with an optional YAML head, or plain prose. Strict: what it does not
//! understand is an error with its place, and the file is left as it is.

use super::document::{adopts, in_folder, of_document};
use super::{Ask, Brief, sources};
use crate::base::{Place, Problem, yaml};
use crate::roster::is_agent_id;
use crate::sop::id::Change;
use crate::sop::words::is_snake_case;
use crate::text::title;
use serde_json::Value;

/// No mission needs more (`FORMATS.md`); a larger file is a mistake.
pub const MAX_BRIEF_BYTES: usize = 256 * 1024;
/// Longest title, in characters: it becomes part of a folder name and of a heading.
pub const MAX_TITLE_CHARS: usize = 160;

/// Reads the mission file `file` (its ending decides how) with the content `text`.
///
/// All problems are returned at once, except that a head that is not YAML hides the others.
pub fn parse(file: &str, text: &str) -> Result<Brief, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at_start =
        |problem: Problem| vec![problem.at(Place::of(file, text.get(..200).unwrap_or(text), 1, 0))];
    if text.len() > MAX_BRIEF_BYTES {
        let message = format!("a mission file may hold at most {} KiB", MAX_BRIEF_BYTES / 1024);
        return Err(at_start(Problem::invalid(message).hint("say it shorter, and link long material")));
    }
    if text.trim().is_empty() {
        let problem = Problem::invalid("the file is empty");
        return Err(at_start(
            problem.hint("write a title as `# …` and a paragraph that says what is wanted"),
        ));
    }
    match file.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).as_deref() {
        Some("md") => markdown(file, text),
        Some("txt") => prose(file, text),
        _ => {
            let problem = Problem::invalid("a mission is a `.md` or a `.txt` file");
            Err(at_start(problem.hint("save the text in one of the two forms and drop it again")))
        }
    }
}

fn markdown(file: &str, text: &str) -> Result<Brief, Vec<Problem>> {
    if let Some(brief) = of_document(file, text) {
        return Ok(brief);
    }
    let cut_file = yaml::front_matter(file, text).map_err(|problem| vec![problem])?;
    let mut ask = match cut_file.head {
        Some(head) if !only_comments(head) => {
            yaml::read::<Ask>(file, head, 2).map_err(|problem| vec![problem])?
        }
        _ => Ask::default(),
    };
    let mut source = Source { file, text, problems: Vec::new() };
    check_ask(&mut source, &ask, cut_file.head.unwrap_or_default());
    adopts(&mut ask, file, cut_file.body);
    let (title, line, text) = titled(&mut source, &cut_file, ask.title.take());
    check_title(&mut source, line, &title);
    if source.problems.is_empty() { Ok(Brief { title, text, ask }) } else { Err(source.problems) }
}

/// The title, its line, and the text below it: what the head names, else what the text begins with, else the file's name.
fn titled(
    source: &mut Source<'_>,
    cut_file: &yaml::FrontMatter<'_>,
    named: Option<String>,
) -> (String, u32, String) {
    let found = title::titled(cut_file.body);
    let at = |title: &str| {
        let line = cut_file.body.lines().position(|line| line.contains(title)).unwrap_or(0);
        cut_file.body_line + u32::try_from(line).unwrap_or(0)
    };
    match (named, found) {
        (Some(named), _) => (named.trim().to_owned(), 1, cut_file.body.trim().to_owned()),
        (None, Some((title, rest))) => {
            let line = at(&title);
            (title, line, rest.trim().to_owned())
        }
        (None, None) => {
            if !cut_file.body.chars().any(char::is_alphanumeric) {
                let hint = "write a title as `# …` and a paragraph that says what is wanted";
                source.wrong(cut_file.body_line, "the mission says nothing", hint);
            }
            (title::of_file(in_folder(source.file)), 1, cut_file.body.trim().to_owned())
        }
    }
}

fn only_comments(head: &str) -> bool {
    head.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

fn prose(file: &str, text: &str) -> Result<Brief, Vec<Problem>> {
    let mut source = Source { file, text, problems: Vec::new() };
    let blank = text.lines().take_while(|line| line.trim().is_empty()).count();
    let mut lines = text.lines().skip(blank);
    let first = lines.next().unwrap_or_default();
    let line = u32::try_from(blank).unwrap_or(0) + 1;
    if first.trim_end() == "---" {
        let hint = "rename it to `.md`, or begin with the title";
        source.wrong(line, "a `.txt` file has no head", hint);
        return Err(source.problems);
    }
    let title = first.trim_start_matches('#').trim().to_owned();
    check_title(&mut source, line, &title);
    let mut ask = Ask::default();
    adopts(&mut ask, file, text);
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    if source.problems.is_empty() { Ok(Brief { title, text, ask }) } else { Err(source.problems) }
}

/// The file being read, and what was found wrong with it.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Source<'_> {
    fn wrong(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        let place = Place::of(self.file, self.text, line, 0);
        self.problems.push(Problem::invalid(message).hint(hint).at(place));
    }

    /// Notes `message` at the line of the head that sets `key`, or at the first below it that holds `word`.
    fn wrong_key(&mut self, (key, word): (&str, &str), message: impl Into<String>, hint: impl Into<String>) {
        let place = place_of(self.file, self.text, key, word);
        self.problems.push(Problem::invalid(message).hint(hint).at(place));
    }
}

/// The place where the head sets `key`, or where below it `word` first stands.
pub fn place_of(file: &str, text: &str, key: &str, word: &str) -> Place {
    let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let at = text.lines().position(is_key).unwrap_or(0);
    let found = text.lines().enumerate().skip(at).find_map(|(index, line)| {
        let column = line.find(word)?;
        (!word.is_empty()).then_some((index, column))
    });
    let (index, column) = found.unwrap_or((at, 0));
    let number = |index: usize| u32::try_from(index).unwrap_or(0) + 1;
    Place::of(file, text, number(index), number(column))
}

fn check_title(source: &mut Source<'_>, line: u32, title: &str) {
    let length = title.chars().count();
    if title.is_empty() {
        source.wrong(line, "the title is empty", "name the work, like `# Lead qualification`");
    } else if length > MAX_TITLE_CHARS {
        let message = format!("the title has {length} characters, {MAX_TITLE_CHARS} are the most");
        source.wrong(line, message, "write a short title on its own line and the rest below it");
    } else if !title.chars().any(char::is_alphanumeric) {
        source.wrong(line, "the title holds no word", "name the work, like `# Lead qualification`");
    }
}

fn check_ask(source: &mut Source<'_>, ask: &Ask, head: &str) {
    let named = [
        ("requested_by", &ask.requested_by),
        ("owner", &ask.owner),
        ("scrutiny", &ask.scrutiny),
        ("user_testing", &ask.user_testing),
    ];
    let named = named.iter().filter_map(|(key, id)| Some((*key, id.as_deref()?)));
    let workers = ask.workers.iter().map(|worker| ("workers", worker.agent.as_str()));
    for (key, id) in named.chain(workers) {
        if !is_agent_id(id) {
            let message = format!("`{id}` is not an agent id");
            source.wrong_key((key, id), message, "write an id of the roster, like `vp.sales`");
        }
    }
    if ask.objective.as_ref().is_some_and(|objective| objective.trim().is_empty()) {
        source.wrong_key(
            ("objective", ""),
            "the objective is empty",
            "write one sentence, or leave the key out",
        );
    }
    let is_new = matches!(ask.change, None | Some(Change::New | Change::Adopt));
    if !is_new && ask.sop.is_none() {
        let message = "the mission changes an SOP and does not say which";
        source.wrong_key(
            ("change", ""),
            message,
            "add `sop: SOP-REV-lead-qualification` with the id of yours",
        );
    }
    if let Some(due) = ask.due.as_deref().filter(|due| !is_date(due)) {
        let message = format!("`{due}` is not a date");
        source.wrong_key(("due", due), message, "write year, month and day, like `2026-12-01`");
    }
    if ask.budget.is_some_and(|budget| !budget.usd.is_finite() || budget.usd < 0.0) {
        let hint = "write US dollars, like `budget: { usd: 2.00 }`; 0 allows no paid call";
        source.wrong_key(("budget", ""), "the budget is not an amount of money", hint);
    }
    check_classes(source, &ask.class);
    for (file, message, hint) in sources::faults(ask) {
        source.wrong_key(("sources", &file), message, hint);
    }
    check_scenarios(source, ask, head);
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn check_classes(source: &mut Source<'_>, classes: &[String]) {
    for (at, class) in classes.iter().enumerate() {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        if !class.split('-').all(word) {
            let message = format!("`{class}` is not a class of work");
            source.wrong_key(("class", class), message, "write a class of the council matrix in sopd.yaml");
        } else if classes.iter().take(at).any(|before| before == class) {
            source.wrong_key(("class", class), format!("the class `{class}` stands twice"), "keep one");
        }
    }
}

fn check_scenarios(source: &mut Source<'_>, ask: &Ask, head: &str) {
    for scenario in &ask.scenarios {
        if scenario.text.trim().is_empty() {
            let hint = "say in one or two sentences what happens";
            source.wrong_key(("scenarios", "text:"), "a scenario has no text", hint);
        }
        for (name, value) in &scenario.given {
            if !is_snake_case(name) {
                let message = format!("`{name}` is not the name of an input");
                source.wrong_key(("scenarios", name), message, "write lower-case words joined by `_`");
            }
            if !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
                let message = format!("the value of `{name}` is not a text, a number, true or false");
                source.wrong_key(("scenarios", name), message, "give one value for each input");
            } else if value.is_number() && loses_zeros(head, name) {
                let message = format!("the value of `{name}` would lose its leading zero");
                source.wrong_key(("scenarios", name), message, "put it in quotes");
            }
        }
    }
}

/// `0012` without quotes is read as 12: an id that silently becomes another id.
fn loses_zeros(head: &str, name: &str) -> bool {
    let after = head.split(name).skip(1).filter_map(|rest| rest.trim_start().strip_prefix(':'));
    after
        .map(str::trim_start)
        .any(|rest| rest.strip_prefix('0').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

impl Brief {
    /// The brief as everybody but the user-testing validator may see it.
    #[must_use]
    pub fn without_scenarios(&self) -> Self {
        let ask = Ask { scenarios: Vec::new(), ..self.ask.clone() };
        Self { ask, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::id::Change;

    const FULL: &str = "---
sop: SOP-REV-lead-qualification
change: minor
requested_by: cro
owner: vp.sales
objective: Sales calls every lead.
workers:
  - { agent: vp.sales, brief: criteria }
  - { agent: sales.ops, optional: true }
scrutiny: chief.staff
user_testing: qa.testing
scenarios:
  - text: A firm asks on Friday. CANARY-7
    given: { lead_id: L-1042, employees: 40 }
class: [positioning]
council: required
priority: normal
risk_level: medium
budget: { usd: 2.00 }
due: 2026-12-01
---
# Lead qualification

Write it.
";

    fn problems(file: &str, text: &str) -> String {
        let problems = parse(file, text).expect_err(text);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_least_and_the_most_are_read() {
        let least = parse("missions/a.md", "# Lead qualification\nWe argue. Write it.\n").unwrap();
        assert_eq!(
            (least.title.as_str(), least.text.as_str()),
            ("Lead qualification", "We argue. Write it.")
        );
        assert_eq!(least.ask, Ask::default());
        let prose = parse("a.txt", "\nVendor invoices\n\nPay them once.\n").unwrap();
        assert_eq!((prose.title.as_str(), prose.text.as_str()), ("Vendor invoices", "Pay them once."));
        let most = parse("a.md", FULL).unwrap();
        assert_eq!(most.ask.change, Some(Change::Minor));
        assert!(most.ask.workers[1].optional);
        assert_eq!(most.ask.scenarios[0].given["employees"], 40);
    }

    #[test]
    fn a_title_stands_in_the_head_in_the_text_or_in_the_name_of_the_file() {
        for (file, text, title, rest) in [
            ("a.md", "---\ntitle: Key handover\n---\nGive the key.\n", "Key handover", "Give the key."),
            ("a.md", "Key handover\n============\nGive the key.\n", "Key handover", "Give the key."),
            ("a.md", "fix our onboarding\n", "fix our onboarding", ""),
            (
                "missions/07-key_handover.md",
                "- Give the key.\n- Write it down.\n",
                "Key handover",
                "- Give the key.\n- Write it down.",
            ),
            ("a.txt", "Only a title\n", "Only a title", ""),
        ] {
            let brief = parse(file, text).unwrap();
            assert_eq!((brief.title.as_str(), brief.text.as_str()), (title, rest), "{text}");
            assert_eq!(brief.ask.title, None, "it stands once");
        }
    }

    #[test]
    fn scenarios_never_leave_with_the_brief() {
        let brief = parse("a.md", FULL).unwrap();
        let shown = serde_json::to_string(&brief.without_scenarios()).unwrap();
        assert!(!shown.contains("CANARY-7") && shown.contains("Write it."));
    }

    #[test]
    fn the_example_missions_are_in_their_form() {
        for (file, text) in [
            ("1.md", include_str!("../../missions/examples/1-lead-qualification.md")),
            ("2.md", include_str!("../../missions/examples/2-partner-referrals.md")),
            ("3.md", include_str!("../../missions/examples/3-marketing-to-sales-handoff.md")),
            ("4.md", include_str!("../../missions/examples/4-vendor-invoice-approval.md")),
        ] {
            assert_eq!(parse(file, text).map_err(|problems| problems[0].to_string()).map(|_| ()), Ok(()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (from, to, expected) in [
            ("change: minor", "change: minro", "a.md:3:9"),
            ("council: required", "councl: required", "a.md:16"),
            ("priority: normal", "priority: urgent", "a.md:17:11"),
            ("due: 2026-12-01", "due: 2026-02-30", "a.md:20:6: `2026-02-30` is not a date"),
            ("usd: 2.00", "usd: -2.00", "a.md:19:1: the budget is not an amount of money"),
            ("usd: 2.00", "usd: .nan", "the budget is not an amount of money"),
            ("sop: SOP-REV-lead-qualification\n", "", "does not say which"),
            ("owner: vp.sales", "owner: VP Sales", "a.md:5:8: `VP Sales` is not an agent id"),
            ("employees: 40", "employees: [40]", "a.md:14:"),
            ("employees: 40", "Employees: 40", "`Employees` is not the name of an input"),
            ("lead_id: L-1042", "lead_id: 0012", "would lose its leading zero"),
            ("[positioning]", "[positioning, positioning]", "stands twice"),
            ("text: A firm asks on Friday. CANARY-7", "text: ''", "a scenario has no text"),
            ("optional: true", "optional: yes", "a.md:9"),
        ] {
            assert!(FULL.contains(from), "{from}");
            let found = problems("a.md", &FULL.replacen(from, to, 1));
            assert!(found.contains(expected), "{from} → {to}\nexpected: {expected}\nfound: {found}");
        }
        for (file, text, expected) in [
            ("a.docx", "x", "`.md` or a `.txt`"),
            ("a", "x", "`.md` or a `.txt`"),
            ("a.md", " \n", "the file is empty"),
            ("a.txt", "---\nowner: cro\n---\n", "has no head"),
            ("a.md", "---\nowner: cro\n---\n# \n\n***\n", "a.md:4: the mission says nothing"),
            ("a.md", "---\nowner: cro\n# T\n", "is never closed"),
        ] {
            let found = problems(file, text);
            assert!(found.contains(expected), "{file} {text}: {found}");
        }
        assert!(problems("a.md", &"x".repeat(MAX_BRIEF_BYTES + 1)).contains("at most 256 KiB"));
        assert!(problems("a.txt", &"long ".repeat(100)).contains("160 are the most"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(---\n)?[a-zé:#*\\-`\n 1.\\[\\]{}]{0,300}") {
            for file in ["a.md", "a.txt"] {
                if let Err(problems) = parse(file, &text) {
                    proptest::prop_assert!(problems.iter().all(|problem| problem.place.is_some()));
                    proptest::prop_assert!(!problems.is_empty());
                }
            }
        }
    }
}
