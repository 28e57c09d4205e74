//! Where an expression names values, in whichever notation: `steps.1.a`, `steps["1"].a` and `steps[1].a` are one
//! path. Only names are found here; whether the expression can be read is for its reader to say.

use std::ops::Range;

/// A value that an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Its parts: `steps`, `1`, `a`.
    pub(crate) parts: Vec<String>,
    /// Where it stands, in bytes.
    pub(crate) at: Range<usize>,
    /// Whether it goes on with something that is known only when it is evaluated: `steps[inputs.n]`.
    pub(crate) open: bool,
    /// `is defined` behind it (true) or `is not defined` (false), and where that ends.
    pub(crate) asked: Option<(bool, usize)>,
}

impl Path {
    /// As it is usually written.
    pub(crate) fn name(&self) -> String {
        self.parts.join(".")
    }
}

/// Words of the language, which name nothing.
const WORDS: [&str; 14] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "loop"];

/// The values that `text` names, in order.
pub(crate) fn paths(text: &str) -> Vec<Path> {
    let mut at = Cursor { text, at: 0 };
    let mut found = Vec::new();
    let mut before = Before::Other;
    while let Some(next) = at.peek() {
        if next.is_whitespace() {
            at.step();
        } else if next == '"' || next == '\'' {
            at.string();
            before = Before::Other;
        } else if next.is_ascii_digit() {
            at.number();
            before = Before::Other;
        } else if is_letter(next) {
            before = word(&mut at, before, &mut found);
        } else {
            at.step();
            before = if matches!(next, '.' | '|') { Before::Names } else { Before::Other };
        }
    }
    found
}

/// What stands before a word.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// It is the name of a filter, a test or a member.
    Names,
    /// `is`: a test follows, perhaps behind `not`.
    Is,
    Other,
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Takes a word, and the path it begins.
fn word(at: &mut Cursor<'_>, before: Before, found: &mut Vec<Path>) -> Before {
    let from = at.at;
    let name = at.word();
    match (before, name) {
        (Before::Is, "not") | (Before::Other, "is") => return Before::Is,
        (Before::Names | Before::Is, _) => return Before::Other,
        (Before::Other, name) if WORDS.contains(&name) => return Before::Other,
        (Before::Other, _) => {}
    }
    let (after, rest) = at.ahead();
    let argument = after == Some('=') && !rest.starts_with("==");
    if after == Some('(') || argument {
        return Before::Other;
    }
    let mut path = Path { parts: vec![name.to_owned()], at: from..at.at, open: false, asked: None };
    while at.part(&mut path) {
        path.at.end = at.at;
    }
    if !path.open {
        path.asked = at.asked();
    }
    found.push(path);
    Before::Other
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn step(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }
    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }
    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
    fn word(&mut self) -> &'a str {
        self.while_is(|c| c.is_alphanumeric() || c == '_')
    }
    fn number(&mut self) {
        self.while_is(|c| c.is_ascii_alphanumeric() || c == '_');
        let mut point = *self;
        point.step();
        if self.peek() == Some('.') && point.peek().is_some_and(|c| c.is_ascii_digit()) {
            *self = point;
            self.while_is(|c| c.is_ascii_alphanumeric() || c == '_');
        }
    }

    /// The next sign behind blanks, and what begins there.
    fn ahead(&self) -> (Option<char>, &'a str) {
        let rest = self.rest().trim_start();
        (rest.chars().next(), rest)
    }

    /// Takes a text in quotes; what it says, where nothing in it is escaped.
    fn string(&mut self) -> Option<&'a str> {
        let quote = self.peek()?;
        self.step();
        let from = self.at;
        let mut plain = true;
        while let Some(next) = self.peek() {
            if next == quote {
                let inside = self.text.get(from..self.at);
                self.step();
                return inside.filter(|_| plain);
            }
            if next == '\\' {
                plain = false;
                self.step();
            }
            self.step();
        }
        None
    }

    /// Takes the next part of `path`, if it goes on with one that is written out.
    fn part(&mut self, path: &mut Path) -> bool {
        let mut look = *self;
        look.blanks();
        let opening = look.peek();
        if !matches!(opening, Some('.' | '[')) {
            return false;
        }
        look.step();
        look.blanks();
        let named = if opening == Some('.') {
            let name = look.word();
            // What is called is a method of the value, not a part of it.
            (look.ahead().0 != Some('(')).then_some(name)
        } else {
            let name = match look.peek() {
                Some('"' | '\'') => look.string(),
                _ => Some(look.while_is(|c| c.is_ascii_digit())),
            };
            look.blanks();
            let closed = look.peek() == Some(']');
            look.step();
            name.filter(|_| closed)
        };
        let Some(name) = named.filter(|name| !name.is_empty()) else {
            path.open = true;
            return false;
        };
        path.parts.push(name.to_owned());
        *self = look;
        true
    }

    /// What is asked of the path before, if it is whether it is there.
    fn asked(&self) -> Option<(bool, usize)> {
        let mut look = *self;
        let mut next = || {
            look.blanks();
            (look.word(), look.at)
        };
        if next().0 != "is" {
            return None;
        }
        match next() {
            ("defined", end) => Some((true, end)),
            ("not", _) => Some(next()).filter(|(word, _)| *word == "defined").map(|(_, end)| (false, end)),
            ("undefined", end) => Some((false, end)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_path_in_every_notation() {
        for text in ["steps.1.a", "steps[\"1\"].a", "steps['1']['a']", "steps[1].a", "( steps . 1 . a )"] {
            let found = paths(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].name(), "steps.1.a", "{text}");
            assert!(!found[0].open && found[0].asked.is_none());
        }
    }

    #[test]
    fn what_is_no_value_is_passed_over() {
        let names = |text: &str| paths(text).iter().map(Path::name).collect::<Vec<_>>();
        assert_eq!(
            names("'inputs.x' == inputs.y | default(value=steps.2.z) and true"),
            ["inputs.y", "steps.2.z"]
        );
        assert_eq!(names("inputs.a.upper() == 'X' or range(3)"), ["inputs.a"]);
        assert_eq!(names("inputs.n == 1.5 and 1.e3 is not none"), ["inputs.n"]);
        let found = paths("steps[inputs.n].a is defined");
        assert!(found[0].open && found[1].name() == "inputs.n", "{found:?}");
        assert_eq!(paths("inputs.a is not defined")[0].asked, Some((false, 23)));
        assert_eq!(paths("inputs.a is defined and x")[0].asked, Some((true, 19)));
        assert_eq!(paths("not inputs[\"no such\"] < 5")[0].name(), "inputs.no such");
        assert_eq!(names("é == \"\\\"inputs.x\" and inputs["), ["é", "inputs"]);
    }
}
