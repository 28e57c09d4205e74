//! Fenced blocks of a step's text and the prose around them. A fence may be a command somebody runs, so whoever
//! rewords a text rewords the prose only, and a fence reaches the published file byte for byte.

use super::outline::{BlockKind, blocks, lines_between, without_blank_ends};

/// The top-level fenced blocks of `text` as written, fence marks included.
pub fn fences(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    ranges(text).into_iter().map(|(first, last)| lines_between(&lines, first, last).join("\n")).collect()
}

/// `text` without its fenced blocks.
pub fn prose(text: &str) -> String {
    let parts = pieces(text).into_iter().filter(|(fenced, _)| !fenced);
    let parts: Vec<String> = parts.map(|(_, part)| without_blank_ends(&part).to_owned()).collect();
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Prose with `fences` below it.
pub fn joined(prose: &str, fences: &[String]) -> String {
    let parts = [prose].into_iter().chain(fences.iter().map(String::as_str));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// `text` with its prose passed through `reword`, piece by piece, and every fence as it was.
pub fn reword(text: &str, mut reword: impl FnMut(&str) -> String) -> String {
    let parts = pieces(text).into_iter().map(|(fenced, part)| if fenced { part } else { reword(&part) });
    parts.collect::<Vec<_>>().join("\n")
}

/// Adds a bullet to the prose of `text`: below its last bullet, or after an empty line below a paragraph, and above
/// the fenced blocks at its end.
pub fn add_bullet(text: &mut String, bullet: &str) {
    let pieces = pieces(text.trim_end());
    let prose = |(fenced, part): &(bool, String)| !fenced && !part.trim().is_empty();
    let end = pieces.iter().rposition(prose).map_or(0, |at| at + 1);
    let lines = |(_, part): &(bool, String)| part.clone();
    let above = pieces.iter().take(end).map(lines).collect::<Vec<_>>().join("\n");
    let below = pieces.iter().skip(end).map(lines).collect::<Vec<_>>().join("\n");
    let above = above.trim_end();
    let in_list = above.lines().last().is_some_and(|line| line.trim_start().starts_with("- "));
    let between = match (above.is_empty(), in_list) {
        (true, _) => "",
        (false, true) => "\n",
        (false, false) => "\n\n",
    };
    *text = joined(&format!("{above}{between}{bullet}"), &[without_blank_ends(&below).to_owned()]);
}

fn ranges(text: &str) -> Vec<(u32, u32)> {
    let fence = |kind: &BlockKind| matches!(kind, BlockKind::Fence(..));
    let found = blocks(text).into_iter().filter(|block| fence(&block.kind));
    found.map(|block| (block.first, block.last)).collect()
}

/// The text in pieces of whole lines: whether each is a fenced block, and its lines.
pub(super) fn pieces(text: &str) -> Vec<(bool, String)> {
    let ranges = ranges(text);
    let mut ahead = ranges.iter().peekable();
    let mut found: Vec<(Option<u32>, String)> = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        while ahead.next_if(|(_, last)| *last < number).is_some() {}
        let fence = ahead.peek().map(|(first, _)| *first).filter(|first| *first <= number);
        match found.last_mut() {
            Some((known, lines)) if *known == fence => {
                lines.push('\n');
                lines.push_str(line);
            }
            _ => found.push((fence, line.to_owned())),
        }
    }
    found.into_iter().map(|(fence, lines)| (fence.is_some(), lines)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Do the work.\n\n```bash\n# Do the work.\n\necho \"$INPUT_A\"\n```\n\nThen stop.";

    #[test]
    fn prose_and_fences_come_apart_and_together() {
        let fence = "```bash\n# Do the work.\n\necho \"$INPUT_A\"\n```";
        assert_eq!(fences(TEXT), [fence]);
        assert_eq!(prose(TEXT), "Do the work.\n\nThen stop.");
        assert_eq!(joined("Do it.", &fences(TEXT)), format!("Do it.\n\n{fence}"));
        assert_eq!(joined("", &[]), "");
    }

    #[test]
    fn a_bullet_stands_above_the_fences_at_the_end() {
        for (text, expected) in [
            ("", "- b"),
            ("Do it.\n", "Do it.\n\n- b"),
            ("Do it.\n\n- a", "Do it.\n\n- a\n- b"),
            ("Do it.\n\n- a\n\n```bash\n- x\n```", "Do it.\n\n- a\n- b\n\n```bash\n- x\n```"),
            ("```bash\nx\n```\n\nThen stop.", "```bash\nx\n```\n\nThen stop.\n\n- b"),
            ("```bash\nx\n```\n\n```json\n{}\n```", "- b\n\n```bash\nx\n```\n\n```json\n{}\n```"),
        ] {
            let mut text = text.to_owned();
            add_bullet(&mut text, "- b");
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn only_prose_is_reworded() {
        let changed = reword(TEXT, |prose| prose.replace("work", "job"));
        assert_eq!(changed, TEXT.replacen("work", "job", 1));
        assert_eq!(reword(TEXT, str::to_owned), TEXT);
        let two = "```a\nx\n```\n```b\ny\n```";
        assert_eq!(fences(two), ["```a\nx\n```", "```b\ny\n```"]);
        assert_eq!(reword(two, |_| panic!("there is no prose")), two);
    }
}
