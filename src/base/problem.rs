//! What went wrong, in words for a person: what kind of trouble, where, and what to do about it.
//! Faces turn the kind into an exit code or an HTTP status; nobody below a face prints.

use rustix::io::Errno;
use std::fmt;

/// What the machine may be short of, or not give at the moment, and what helps.
const OF_MACHINE: [(Errno, &str); 8] = [
    (Errno::NOSPC, ROOM),
    (Errno::DQUOT, ROOM),
    (Errno::ROFS, "the disk takes no more writes: look at what the system says of it"),
    (Errno::IO, "the disk fails: look at what the system says of it"),
    (Errno::MFILE, "raise the limit of open files (`ulimit -n`, `LimitNOFILE=`)"),
    (Errno::NFILE, "the whole machine has no open files left: raise `fs.file-max`"),
    (Errno::NOMEM, "free some memory"),
    (Errno::AGAIN, "the machine starts no more processes now: end some, or raise `ulimit -u`"),
];
const ROOM: &str = "free some disk space";

/// The kinds of trouble a caller can tell apart. The number is the command line's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something that should have worked did not.
    Failed = 1,
    /// The command was asked in a way it does not understand.
    Usage = 2,
    /// A file or a value is not in its form.
    Invalid = 3,
    /// The acting party has no authority for this.
    NotAllowed = 4,
    /// There is no such thing.
    NotFound = 5,
    /// Already decided, decided on other bytes, or held by someone else.
    Conflict = 6,
    /// The journal cannot be read or written.
    Store = 7,
    /// The machine has no room, no open files or no memory left, or its disk fails: it passes, and is no outcome of
    /// whatever was tried.
    Machine = 8,
}

impl Kind {
    /// The HTTP status (RFC 9110) of an answer that tells of this trouble, on pages and in the API alike.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Failed => 500,
            Self::Usage => 400,
            Self::Invalid => 422,
            Self::NotAllowed => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Store | Self::Machine => 503,
        }
    }

    /// Whether it may go away by itself: nothing is wrong with what was asked, and it may be tried again.
    pub fn passes(self) -> bool {
        matches!(self, Self::Store | Self::Machine)
    }
}

/// A place in a file a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The file as the person knows it (relative to the workspace where possible).
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1; 0 where only the line is known.
    pub column: u32,
    /// The line itself, without its line end.
    pub excerpt: String,
}

impl Place {
    /// The place of `line` (from 1) and `column` in `text`, with its line as excerpt.
    pub fn of(file: &str, text: &str, line: u32, column: u32) -> Self {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let excerpt = text.lines().nth(index).unwrap_or_default().to_owned();
        Self { file: file.to_owned(), line, column, excerpt }
    }
}

/// Trouble, ready to be shown: `message` says what is wrong, `hint` what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// What kind of trouble this is.
    pub kind: Kind,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
    /// Where in a file, when a file is to blame.
    pub place: Option<Place>,
}

impl std::error::Error for Problem {}

/// One problem where there may be several.
impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}

/// Shorthand used all over the library.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// The same with all of its words changed.
    #[must_use]
    pub fn in_words(self, change: impl Fn(&str) -> String) -> Self {
        let place = self.place.map(|place| Place {
            file: change(&place.file),
            excerpt: change(&place.excerpt),
            ..place
        });
        Self {
            kind: self.kind,
            message: change(&self.message),
            hint: self.hint.as_deref().map(&change),
            place,
        }
    }
    /// Trouble of `kind`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, place: None }
    }
    /// Something that should have worked did not.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }
    /// The command was asked in a way it does not understand.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }
    /// A file or value is not in its form.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }
    /// The acting party may not do this.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(Kind::NotAllowed, message)
    }
    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
    /// Already decided, or held by someone else.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }
    /// The journal cannot be read or written.
    pub fn store(message: impl Into<String>) -> Self {
        Self::new(Kind::Store, message)
    }
    /// The system's trouble with something that was not begun: what the machine has too little of passes, anything else
    /// is a failure.
    pub fn of_system(message: impl Into<String>, error: &std::io::Error) -> Self {
        let short = OF_MACHINE.iter().find(|(errno, _)| Some(errno.raw_os_error()) == error.raw_os_error());
        match short {
            Some((_, hint)) => Self::new(Kind::Machine, message).hint(*hint),
            None => Self::failed(message),
        }
    }
    /// Adds what the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// Adds the place in a file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

impl fmt::Display for Problem {
    /// `file:line:column: message` on the first line, then the excerpt, then the hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}", place.file, place.line)?;
            if place.column > 0 {
                write!(f, ":{}", place.column)?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.message)?;
        if let Some(place) = &self.place
            && !place.excerpt.trim().is_empty()
        {
            write!(f, "\n  | {}", place.excerpt)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// Why a request could not be made: the innermost error, since the outer ones only say that it failed.
pub fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error.source();
    while let Some(deeper) = inner.and_then(std::error::Error::source) {
        inner = Some(deeper);
    }
    inner.map_or_else(|| "the request could not be made".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_place_excerpt_and_hint() {
        let text = "id: a\nroles: [wrker]\n";
        let problem = Problem::invalid("unknown role `wrker`")
            .at(Place::of("agents/a.md", text, 2, 9))
            .hint("write one of: worker");
        assert_eq!(
            problem.to_string(),
            "agents/a.md:2:9: unknown role `wrker`\n  | roles: [wrker]\n  hint: write one of: worker"
        );
    }
}
