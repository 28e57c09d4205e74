//! Words of a prompt's file that no model would ever be shown: only what stands in the two blocks is sent.

use crate::base::{Place, Problem};

/// The blocks that are sent.
pub(super) const BLOCKS: [&str; 2] = ["system", "user"];

/// The first line of a readable template that stands outside its blocks; comments may.
pub(super) fn outside(file: &str, template: &str) -> Option<Problem> {
    let mut depth = 0_usize;
    for part in parts(template) {
        let stray = match part.kind {
            Kind::Text => depth == 0 && !part.text.trim().is_empty(),
            Kind::Tag => {
                let mut words = part.text.split_whitespace();
                match (words.next(), words.next().unwrap_or_default()) {
                    (Some("block"), name) => {
                        depth += 1;
                        depth == 1 && !BLOCKS.contains(&name)
                    }
                    (Some("endblock"), _) => {
                        depth = depth.saturating_sub(1);
                        false
                    }
                    _ => depth == 0,
                }
            }
        };
        if stray {
            let before = part.text.len() - part.text.trim_start().len();
            let lines = template.get(..part.at + before).unwrap_or_default().matches('\n').count();
            let place = Place::of(file, template, u32::try_from(lines + 1).unwrap_or(u32::MAX), 0);
            let problem = Problem::invalid(
                "only the blocks `system` and `user` are sent, and this stands outside of them",
            );
            return Some(problem.at(place).hint("move it into one of them, or make it a comment: {# … #}"));
        }
    }
    None
}

enum Kind {
    Text,
    /// What stands in `{% … %}`, without the marks.
    Tag,
}

struct Part<'a> {
    kind: Kind,
    text: &'a str,
    /// Where it starts, in bytes.
    at: usize,
}

/// A template cut into tags and what is between them; comments are left out, an expression `{{ … }}` counts as text.
/// Marks in a raw block or in a quoted string are no marks.
fn parts(template: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while let Some(rest) = template.get(at..).filter(|rest| !rest.is_empty()) {
        let marks = |at: &usize| rest.get(*at + 1..).is_some_and(|rest| rest.starts_with(['%', '#', '{']));
        let start = rest.match_indices('{').map(|(at, _)| at).find(marks).unwrap_or(rest.len());
        let (text, marked) = rest.split_at_checked(start).unwrap_or((rest, ""));
        found.push(Part { kind: Kind::Text, text, at });
        let length = match marked.get(..2) {
            Some("{#") if !raw => marked.find("#}").map_or(marked.len(), |end| end + 2),
            Some("{{") if !raw => length_to("}}", marked),
            Some("{%") => length_to("%}", marked),
            _ => marked.len().min(2),
        };
        let whole = marked.get(..length).unwrap_or_default();
        let inside = whole.trim_start_matches("{%").trim_end_matches("%}").trim_matches(['-', '+']);
        let word = inside.split_whitespace().next().unwrap_or_default();
        if whole.starts_with("{%") && (!raw || word == "endraw") {
            raw = word == "raw";
            found.push(Part { kind: Kind::Tag, text: inside, at: at + start });
        } else if whole.starts_with("{{") {
            found.push(Part { kind: Kind::Text, text: whole, at: at + start });
        }
        at += start + length;
    }
    found
}

/// Bytes up to and with the mark that ends what `marked` begins with.
fn length_to(mark: &str, marked: &str) -> usize {
    let mut quote = None;
    for (at, c) in marked.char_indices().skip(2) {
        match quote {
            None if marked.get(at..).is_some_and(|rest| rest.starts_with(mark)) => return at + mark.len(),
            None if ['"', '\''].contains(&c) => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
    }
    marked.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_model_would_be_shown_is_found_at_its_line() {
        let both =
            "{% block system %}a{% endblock %}\n{% block user %}b{% if input.x %}c{% endif %}{% endblock %}";
        let fine = [
            both.to_owned(),
            format!("{{# for people #}}\n\n{both}\n"),
            "{%- block system -%}{% raw %}{% endblock %} {# {% endraw %}{%- endblock -%}".to_owned(),
            "{% block system %}{{ \"{% endblock %}\" }}{% set x = \"%} a\" %}{% endblock %}".to_owned(),
            "{% block system %}{% block inner %}a{% endblock %}b{% endblock %}".to_owned(),
        ];
        for template in fine {
            assert_eq!(outside("p.md", &template), None, "{template}");
        }
        for (template, line, excerpt) in [
            (format!("{both}\n\nBe brief.\n"), 4, "Be brief."),
            (format!("\nBe brief.\n{both}"), 2, "Be brief."),
            (format!("{both}\n{{{{ input.x }}}}"), 3, "{{ input.x }}"),
            (format!("{both}\n{{% block notes %}}x{{% endblock %}}"), 3, "{% block notes %}x{% endblock %}"),
            (format!("{{% set x = 1 %}}\n{both}"), 1, "{% set x = 1 %}"),
        ] {
            let place = outside("p.md", &template).and_then(|problem| problem.place);
            let place = place.unwrap_or_else(|| panic!("{template}"));
            assert_eq!((place.file.as_str(), place.line, place.excerpt.as_str()), ("p.md", line, excerpt));
        }
    }
}
