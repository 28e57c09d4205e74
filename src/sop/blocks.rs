//! What is done with the fenced blocks of a step, of its rollback and of the pre-flight checks, and where that may not be
//! what their author means. A word after a fence that nobody understands is never taken for nothing: it is told.

mod words;

use self::words::{ANYWHERE, CONDITIONS, EXAMPLES};
use super::fences;
use super::outline::without_blank_ends;
use super::words::closest;
use crate::base::markdown::{Block, Item, What, cut};
use crate::base::text::listed;

/// Tags of blocks that are done, as [`work`](super::work) reads them.
const DONE: [&str; 4] = ["bash", "sh", "http", "wait"];
/// Those of them that are scripts.
const SCRIPTS: [&str; 2] = ["bash", "sh"];
/// Tags of blocks that are only read: data, messages, documents, drawings.
const READ: [&str; 29] = [
    "",
    "csv",
    "diff",
    "dot",
    "email",
    "eml",
    "html",
    "ini",
    "json",
    "json5",
    "jsonc",
    "log",
    "mail",
    "markdown",
    "md",
    "mermaid",
    "none",
    "output",
    "patch",
    "plain",
    "plaintext",
    "plantuml",
    "svg",
    "text",
    "toml",
    "tsv",
    "txt",
    "xml",
    "yaml",
];
/// Tags people write for a shell's script, beside those that are one.
const LIKE_BASH: [&str; 8] =
    ["bash", "sh", "shell", "console", "terminal", "zsh", "shell-session", "shellscript"];

/// How many words above a block are right above it.
const LAST_WORDS: usize = 4;

/// What is in a text, in order: its blocks that are done, and how a person may have meant them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// How many scripts there are.
    pub scripts: usize,
    /// How many blocks are done, scripts among them.
    pub done: usize,
    /// Sentences that seem to make a block depend on something; it does not.
    pub conditions: Vec<String>,
    /// What is told of each block that is not done and might be meant to be.
    pub passed_over: Vec<String>,
}

impl Blocks {
    /// The first thing that may be meant otherwise than it is taken, in one sentence.
    pub fn doubt(&self) -> Option<String> {
        if self.scripts > 1 {
            return Some(format!(
                "it holds {} scripts, and all of them would run; make them one, or steps of their own",
                self.scripts
            ));
        }
        let condition = self
            .conditions
            .first()
            .map(|words| format!("“{words}” does not hold its block back, it is done in any case"));
        condition.or_else(|| self.passed_over.first().cloned())
    }
}

/// Looks at the blocks of a step's text.
pub fn look(text: &str) -> Blocks {
    look_for(text, &DONE)
}

/// Looks at the blocks of a rollback or of the pre-flight checks, of which only scripts are done.
pub fn look_for_scripts(text: &str) -> Blocks {
    look_for(text, &SCRIPTS)
}

fn look_for(text: &str, done: &[&str]) -> Blocks {
    let mut found = Blocks::default();
    let mut above: Option<String> = None;
    let mut after_done = false;
    for block in cut(text) {
        match block.what {
            What::Code(fence) => {
                let tag = tag(&fence);
                after_done = done.contains(&tag.as_str());
                if after_done
                    && inner_and_end(&fence).trim_matches(['`', '~', ' ', '\t', '\r', '\n']).is_empty()
                {
                    found.passed_over.push(format!("the block tagged `{tag}` is empty: nothing is done"));
                }
                if after_done {
                    found.done += 1;
                    found.scripts += usize::from(SCRIPTS.contains(&tag.as_str()));
                    found.conditions.extend(above.take().and_then(|text| condition(&text)));
                } else {
                    found.passed_over.extend(passed_over(&tag));
                }
                above = None;
            }
            What::Paragraph(words) | What::Heading(_, words) => {
                let below = after_done.then(|| below(&words)).flatten();
                found.conditions.extend(below);
                after_done = false;
                above = Some(words);
            }
            What::List { items, .. } => {
                above = items.last().map(Item::words);
                after_done = false;
                for item in &items {
                    inside(&item.blocks, &mut found);
                }
            }
            What::Other(_) => above = None,
        }
    }
    let quoted = text.lines().filter_map(|line| line.trim_start().strip_prefix('>'));
    let tags = quoted.map(|line| line.trim_start_matches(['>', ' '])).filter(|line| line.starts_with("```"));
    found.passed_over.extend(tags.map(tag).filter_map(|tag| nested(&tag, "a quotation")));
    // A sentence between two blocks may stand for both.
    found.conditions.dedup();
    found
}

/// Blocks within a list.
fn inside(blocks: &[Block], found: &mut Blocks) {
    for block in blocks {
        match &block.what {
            What::Code(fence) => found.passed_over.extend(nested(&tag(fence), "a list")),
            What::List { items, .. } => items.iter().for_each(|item| inside(&item.blocks, found)),
            _ => {}
        }
    }
}

/// The whole word or words after the opening fence.
pub(super) fn tag(fence: &str) -> String {
    fence.lines().next().unwrap_or_default().trim_start().trim_start_matches(['`', '~']).trim().to_owned()
}

/// Whether a block with this behind its fence is done, or looks as if it were.
pub fn is_command(tag: &str) -> bool {
    DONE.contains(&tag) || LIKE_BASH.contains(&tag.to_lowercase().as_str())
}

fn is_read(tag: &str) -> bool {
    READ.contains(&tag.split([' ', '{', ',', ':']).next().unwrap_or_default().to_lowercase().as_str())
        && !tag.starts_with('{')
}

fn nested(tag: &str, place: &str) -> Option<String> {
    let done = DONE.contains(&tag).then(|| {
        format!("the block tagged `{tag}` stands inside {place}, and is not run there; write it at the margin, or tag it `text`")
    });
    done.or_else(|| passed_over(tag))
}

fn passed_over(tag: &str) -> Option<String> {
    if is_read(tag) {
        return None;
    }
    if DONE.contains(&tag) {
        return Some(format!(
            "nothing is done with the block tagged `{tag}` here, only scripts (`bash`) run; tag it `text` if it is to be read"
        ));
    }
    let plain: String = tag.chars().filter(|c| c.is_ascii_alphanumeric() || "-. ".contains(*c)).collect();
    let word = plain.trim_start_matches('.').split(' ').next().unwrap_or_default().to_lowercase();
    let meant = if LIKE_BASH.contains(&word.as_str()) { Some("bash") } else { closest(&word, DONE) };
    let run = listed(&DONE.map(|tag| format!("`{tag}`")));
    let hint = meant.map_or_else(
        || format!("what sopd does itself is tagged {run}"),
        |meant| format!("tag it `{meant}`, exactly so, if sopd is to do it"),
    );
    Some(format!(
        "nothing runs the block tagged `{tag}`: it is read by whoever does the step by hand; {hint}, and `text` or the name of a data format if it is to be read"
    ))
}

/// The sentence above a block that makes it depend on something: whichever says so in plain words, or the one right
/// above it by how it begins.
fn condition(paragraph: &str) -> Option<String> {
    let all = sentences(paragraph);
    let begins = |sentence: &String| {
        let words = sentence.to_lowercase();
        CONDITIONS.iter().any(|condition| {
            words.strip_prefix(condition).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric()))
        })
    };
    let last = all.last().filter(|last| begins(last)).cloned();
    let last = last.or_else(|| example(paragraph));
    all.into_iter().find(|sentence| has_one_of(sentence, &ANYWHERE)).or(last)
}

/// The words right above a block that make it one of several ways. Abbreviations in them hold stops of their own.
fn example(paragraph: &str) -> Option<String> {
    let text = crate::base::markdown::one_line(paragraph);
    // A sentence that does not lead up to the block speaks of something else, and an address says nothing.
    if !text.trim_end_matches(['*', '_', ' ']).ends_with(':') {
        return None;
    }
    let is_word = |word: &&str| !word.contains('@') && !word.contains(".example");
    let words: Vec<&str> = text.split(' ').filter(is_word).collect();
    let last = words.get(words.len().saturating_sub(LAST_WORDS)..)?.join(" ");
    has_one_of(&last, &EXAMPLES).then_some(last)
}

/// A sentence right below a block that makes it depend on something.
fn below(paragraph: &str) -> Option<String> {
    sentences(paragraph).into_iter().next().filter(|sentence| has_one_of(sentence, &ANYWHERE))
}

fn has_one_of(sentence: &str, parts: &[&str]) -> bool {
    let lower = sentence.to_lowercase();
    // A stop or a comma ends a word as a blank does.
    let words: Vec<&str> =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty()).collect();
    let words = format!(" {} ", words.join(" "));
    parts.iter().any(|part| words.contains(&format!(" {part} ")))
}

fn sentences(paragraph: &str) -> Vec<String> {
    let text = crate::base::markdown::one_line(paragraph);
    let plain = text.trim_matches(['*', '_']);
    plain
        .split_inclusive(['.', '!', '?', ';'])
        .map(|one| one.trim().to_owned())
        .filter(|one| !one.is_empty())
        .collect()
}

/// `text` with scripts that follow each other without a word between them made one, as they were run before a step
/// could hold only one; `None` where there are no such scripts.
pub fn joined(text: &str) -> Option<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last_script: Option<usize> = None;
    let mut joined = false;
    for (fenced, piece) in fences::pieces(text) {
        let script = fenced && SCRIPTS.contains(&tag(&piece).as_str());
        match (script, last_script.and_then(|at| pieces.get_mut(at))) {
            (true, Some(before)) => {
                *before = format!("{}\n{}", opened(before), inner_and_end(&piece));
                joined = true;
            }
            (true, None) => {
                last_script = Some(pieces.len());
                pieces.push(piece);
            }
            // Blank lines between two scripts fall away with the second.
            (false, Some(_)) if without_blank_ends(&piece).is_empty() => pieces.push(piece),
            (false, _) => {
                last_script = None;
                pieces.push(piece);
            }
        }
    }
    joined.then(|| pieces.join("\n").trim_end().to_owned())
}

/// A fenced block without its closing fence.
fn opened(block: &str) -> String {
    let mut lines: Vec<&str> = block.lines().collect();
    lines.pop();
    lines.join("\n")
}

/// A fenced block without its opening fence.
fn inner_and_end(block: &str) -> String {
    block.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_are_not_done_are_told() {
        for (text, expected) in [
            ("```python\nx\n```", "nothing runs the block tagged `python`"),
            ("```Bash\nx\n```", "tag it `bash`"),
            ("```shell\nx\n```", "tag it `bash`"),
            ("```console\n$ x\n```", "tag it `bash`"),
            ("```bash title=\"x\"\nx\n```", "tag it `bash`"),
            ("```{.bash}\nx\n```", "tag it `bash`"),
            ("~~~HTTP\nGET x\n~~~", "tag it `http`"),
            ("- Run:\n  ```bash\n  x\n  ```", "inside a list"),
            ("1. Run:\n   - now:\n     ```sh\n     x\n     ```", "inside a list"),
            ("> ```bash\n> x\n> ```", "inside a quotation"),
        ] {
            let found = look(text);
            assert_eq!((found.done, found.passed_over.len()), (0, 1), "{text}: {found:?}");
            assert!(found.passed_over[0].contains(expected), "{text}: {found:?}");
        }
        for text in
            ["```json\n{}\n```", "```\nx\n```", "```yaml title=\"x\"\na: 1\n```", "~~~Markdown\nx\n~~~"]
        {
            assert_eq!(look(text), Blocks::default(), "{text}");
        }
    }

    #[test]
    fn words_that_seem_to_hold_a_block_back_are_found() {
        let block = "```bash\nx\n```";
        for words in [
            "Only if the check turns red, switch it back:",
            "Switch it. If it is red:",
            "**Unless it is green**:",
            "- In case of doubt, run this:",
            "Switch back, but only when it is red:",
            "Never run this on Fridays. Run:",
            "As soon as it is green:",
            "Nur wenn die Prüfung rot ist:",
            "Sauf le dimanche :",
            "Delete what the customer names. For example:",
            "Delete what the customer names, e.g.:",
            "Only after the customer has agreed:",
            "Nicht bevor der Kunde zugestimmt hat:",
        ] {
            assert_eq!(look(&format!("{words}\n\n{block}")).conditions.len(), 1, "{words}");
        }
        for words in [
            "Do not run this on Fridays.",
            "Skip this.",
            "Except on Sundays.",
            "Außer am Sonntag.",
            "Do this only after the customer has agreed in writing.",
            "But not before noon.",
        ] {
            assert_eq!(look(&format!("{block}\n\n{words}")).conditions.len(), 1, "{words}");
        }
        assert_eq!(look("```bash\n\n```").passed_over.len(), 1, "an empty block does nothing");
        for words in ["Switch the traffic over.", "If it fails, tell us. Then run:", "Only.x"] {
            let found = look(&format!("{words}\n\n{block}\n\nIf it is red, call the owner."));
            assert_eq!((found.conditions.len(), found.scripts), (0, 1), "{words}: {found:?}");
        }
        let http = look_for_scripts("```http\nGET x\n```");
        assert!(http.done == 0 && http.passed_over[0].contains("nothing is done with"), "{http:?}");
        assert_eq!(look(&format!("{block}\n\nthen\n\n{block}")).scripts, 2);
    }

    #[test]
    fn scripts_without_words_between_are_one() {
        let two = "Do it.\n\n```bash\na\n```\n\n```sh\nb\n```\n\nDone.";
        assert_eq!(joined(two).as_deref(), Some("Do it.\n\n```bash\na\nb\n```\n\n\nDone."));
        let three = "```bash\na\n```\n```bash\nb\n```\n\n```bash\nc\n```";
        assert_eq!(joined(three).as_deref(), Some("```bash\na\nb\nc\n```"));
        assert_eq!(joined("```bash\na\n```\n\nthen\n\n```bash\nb\n```"), None);
    }
}
