//! Makes text from elsewhere fit below a heading of an SOP: its headings are moved down, and lines that would
//! be read as keys of a step stay text. A draft's words must not become a gate, or take one away.

use super::outline::{BlockKind, blocks};
use super::step_keys;

/// `text` with its headings moved down so that none stands above `level`.
pub fn below(text: &str, level: u8) -> String {
    let blocks = blocks(text);
    let highest = blocks.iter().filter_map(|block| match block.kind {
        BlockKind::Heading(level, _) => Some(level),
        _ => None,
    });
    let down = level.saturating_sub(highest.min().unwrap_or(level));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for block in blocks {
        if let BlockKind::Heading(own, words) = block.kind {
            let (first, last) = (index(block.first), index(block.last));
            for (at, line) in lines.iter_mut().enumerate() {
                if at == first {
                    *line = format!("{} {words}", "#".repeat(usize::from((own + down).min(6))));
                } else if at > first && at <= last {
                    line.clear();
                }
            }
        }
    }
    lines.join("\n")
}

/// `- **Assignee**: x` is `- Assignee: x`, and `Approval Required: Yes` is `Approval Required – Yes`.
fn without_key(line: &str) -> String {
    let words = line.trim_start_matches(|c: char| c.is_whitespace() || "-*+>_`".contains(c));
    let name: String = words.chars().take_while(|c| !":*_`".contains(*c)).collect();
    let Some(key) = step_keys::meant(name.trim()) else { return line.to_owned() };
    let lead = line.get(..line.len() - words.len()).unwrap_or_default();
    let bold = lead.contains("**") || lead.contains("__");
    if !bold && !key.name.contains(' ') {
        return line.to_owned();
    }
    let lead = lead.trim_end_matches(['*', '_', '`']);
    let rest = words.get(name.len()..).unwrap_or_default();
    let rest = rest.trim_start_matches(['*', '_', '`', ':', ' ']);
    let colon = if key.name.contains(' ') { " –" } else { ":" };
    format!("{lead}{}{colon} {rest}", name.trim()).trim_end().to_owned()
}

/// `text` behind `label`, unless it begins with it.
pub fn labelled(label: &str, text: &str) -> String {
    let says = text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label));
    if says { text.to_owned() } else { format!("{label}: {text}") }
}

fn index(line: u32) -> usize {
    usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// `text` without lines that would be read as keys of a step, also in a list or a quote: `**Note:** x` becomes `*Note:* x`.
/// Fenced blocks stay as they are.
pub fn without_keys(text: &str) -> String {
    let mut fence = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let start = line.trim_start();
        let mark: String = start.chars().take_while(|c| start.starts_with(*c) && "`~".contains(*c)).collect();
        if mark.len() >= 3 && (fence.is_empty() || mark.starts_with(&fence)) {
            fence = if fence.is_empty() { mark } else { String::new() };
        }
        let bold = start.strip_prefix("**").and_then(|rest| rest.split_once("**"));
        match bold.filter(|(name, rest)| {
            fence.is_empty() && (name.ends_with(':') || rest.trim_start().starts_with(':'))
        }) {
            Some((name, rest)) => lines.push(without_key(&format!("*{name}*{rest}"))),
            None if fence.is_empty() => lines.push(without_key(line)),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let text = "# A\n\n**Approval Required**: No\n**Note:** x\n\n```\n# B\n**Tools**: y\n```\n\nC\n---\n";
        assert_eq!(
            without_keys(&below(text, 4)),
            "#### A\n\nApproval Required – No\n*Note:* x\n\n```\n# B\n**Tools**: y\n```\n\n##### C"
        );
    }
}
