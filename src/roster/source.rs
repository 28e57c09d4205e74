//! A file being read, and what was found wrong with it. Agent files and people's drafts share it.

use crate::base::{Place, Problem};

/// The file being read, and what was found wrong with it.
pub(crate) struct Source<'a> {
    /// Its name as the person knows it.
    pub(super) file: &'a str,
    text: &'a str,
    /// Lines above the body.
    offset: u32,
    problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    /// A file whose body starts after `offset` lines.
    pub(crate) fn new(file: &'a str, text: &'a str, offset: u32) -> Self {
        Self { file, text, offset, problems: Vec::new() }
    }

    /// `read`, unless something was found wrong.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }

    /// Notes `message` at `line` of the body.
    pub(crate) fn wrong(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        let place = Place::of(self.file, self.text, line.saturating_add(self.offset), 0);
        self.problems.push(Problem::invalid(message).hint(hint).at(place));
    }

    /// Notes `message` at the line of the head that sets `key`.
    pub(super) fn wrong_head(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let index = self.text.lines().position(starts).unwrap_or(0);
        let line = u32::try_from(index).unwrap_or(0) + 1;
        let place = Place::of(self.file, self.text, line, 1);
        self.problems.push(Problem::invalid(message).hint(hint).at(place));
    }
}
