//! The verbs of office work in all their forms, from `data/verbs.txt` (a base form and, where it is not the
//! base with `ed`, its participle). A word that is not in the list is not taken for work.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A form a verb stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `check`, as in an order or after `must` and `we`.
    Base,
    /// `checks`.
    Third,
    /// `checked`.
    Participle,
}

/// Base form and participle, by base form.
static VERBS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let lines = include_str!("data/verbs.txt").lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.split_once(' ') {
            Some((base, participle)) => (base, participle.to_owned()),
            None => (line, regular_participle(line)),
        })
        .collect()
});

static THIRD: LazyLock<BTreeMap<String, &str>> =
    LazyLock::new(|| VERBS.keys().map(|base| (third_person(base), *base)).collect());

static PARTICIPLES: LazyLock<BTreeMap<&str, &str>> =
    LazyLock::new(|| VERBS.iter().map(|(base, participle)| (participle.as_str(), *base)).collect());

/// The base form of `word` (lower case) where it is a verb in `form`.
pub(crate) fn base_of(word: &str, form: Form) -> Option<&'static str> {
    match form {
        Form::Base => VERBS.get_key_value(word).map(|(base, _)| *base),
        Form::Third => THIRD.get(word).copied(),
        Form::Participle => PARTICIPLES.get(word).copied(),
    }
}

/// `checked` of `check`; the word itself where it is unknown.
pub(crate) fn participle(base: &str) -> String {
    VERBS.get(base).cloned().unwrap_or_else(|| regular_participle(base))
}

fn regular_participle(base: &str) -> String {
    if base.ends_with('e') {
        return format!("{base}d");
    }
    if let Some(head) = base.strip_suffix('y')
        && !head.ends_with(['a', 'e', 'o', 'u'])
    {
        return format!("{head}ied");
    }
    let doubles =
        ["stop", "ship", "drop", "plan", "scan", "flag", "tag", "ban", "map", "log", "submit", "refer"];
    match base.chars().last() {
        Some(last) if doubles.contains(&base) => format!("{base}{last}ed"),
        _ => format!("{base}ed"),
    }
}

fn third_person(base: &str) -> String {
    if let Some(head) = base.strip_suffix('y')
        && !head.ends_with(['a', 'e', 'o', 'u'])
    {
        return format!("{head}ies");
    }
    if base.ends_with(['s', 'x', 'z', 'o']) || base.ends_with("ch") || base.ends_with("sh") {
        return format!("{base}es");
    }
    format!("{base}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_their_base() {
        for (word, form, base) in [
            ("checks", Form::Third, "check"),
            ("notifies", Form::Third, "notify"),
            ("watches", Form::Third, "watch"),
            ("sent", Form::Participle, "send"),
            ("photographed", Form::Participle, "photograph"),
            ("verified", Form::Participle, "verify"),
            ("pay", Form::Base, "pay"),
        ] {
            assert_eq!(base_of(word, form), Some(base), "{word}");
        }
        assert_eq!(base_of("argue", Form::Base), None);
        assert_eq!(participle("write"), "written");
    }
}
