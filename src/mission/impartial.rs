//! What validators see of a draft: its words, without who wrote it, for which mission and under which contract.
//! They judge the text by the same measure whoever stands behind it.

/// What stands in place of the author: the form asks for one.
const WITHHELD: &str = "withheld";

/// `text` with the head's traces of its making taken out. Everything below the head stays as it is, so that a
/// quote from here is found in the real text.
pub(super) fn impartial(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" && (number == 0 || marks == 1) {
            marks += 1;
        } else if number == 0 {
            // A text without a head is all body.
            marks = 2;
        }
        let key = if marks == 1 { line.split(':').next().unwrap_or_default() } else { "" };
        match key {
            "created_by" => {
                out.push_str("created_by: ");
                out.push_str(WITHHELD);
                out.push('\n');
            }
            "mission" | "contract" => {}
            _ => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_loses_its_makers_and_the_body_nothing() {
        let body = "\n# T\n\n## Scope\n\nmission: to the moon\ncontract: none\n\n---\n\nmission: x\n";
        let head = "---\nid: SOP-REV-x\ncreated_by: sop.manager\ncreated_at: 2026-11-20\nmission: M-1\ncontract: abc\n---\n";
        let shown = impartial(&format!("{head}{body}"));
        assert_eq!(
            shown,
            format!("---\nid: SOP-REV-x\ncreated_by: withheld\ncreated_at: 2026-11-20\n---\n{body}")
        );
        assert_eq!(impartial(body), body);
        assert_eq!(impartial("mission: x\n---\nmission: y\n"), "mission: x\n---\nmission: y\n");
    }
}
