//! What a command that did not work says, and the exit code that goes with it.

use super::print;
use crate::base::text::{put, visible, visible_json};
use crate::base::{Kind, Problem};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, SourceCode, SourceSpan,
};
use serde_json::json;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

/// What every verb returns.
pub(super) type Done<T = ()> = Result<T, Trouble>;

/// Why a command did not work. Without problems: whoever read the output has gone away, which is no trouble.
#[derive(Debug)]
pub(super) struct Trouble {
    problems: Vec<Problem>,
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for Trouble {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self { problems: Vec::new() },
            _ => Problem::failed(format!("the output cannot be written: {error}")).into(),
        }
    }
}

impl Trouble {
    /// Says it on standard error and gives the exit code: that of the first problem.
    pub(super) fn tell(&self, json: bool) -> ExitCode {
        let text = if json && !self.problems.is_empty() {
            visible_json(&format!("{}\n", json!({ "shape": "sopd/errors/1", "errors": self.problems })))
        } else {
            let fancy = std::io::stderr().is_terminal();
            // Words and excerpts come from anywhere; none of them commands the screen.
            let problems = self.problems.iter().map(|problem| problem.clone().in_words(visible));
            problems.map(|problem| if fancy { drawn(&problem) } else { plain(&problem) }).collect()
        };
        // Nothing can be said when the terminal is gone.
        drop(std::io::stderr().lock().write_all(text.as_bytes()));
        let code = self.problems.first().map_or(0, |problem| exit_code(problem.kind));
        ExitCode::from(code)
    }
}

/// The documented numbers; see the README.
fn exit_code(kind: Kind) -> u8 {
    kind as u8
}

/// For files and pipes: one thing per line, nothing drawn.
fn plain(problem: &Problem) -> String {
    format!("error: {problem}\n")
}

/// For people: the line with a mark under the place.
fn drawn(problem: &Problem) -> String {
    let colour = std::env::var_os("NO_COLOR").is_none();
    let mut theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    "error:".clone_into(&mut theme.characters.error);
    let width = usize::from(console_width());
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    let mut text = String::new();
    if handler.render_report(&mut text, &Shown(problem)).is_err() {
        return plain(problem);
    }
    let mut text = text.trim_start().trim_end().to_owned();
    if let Some(hint) = &problem.hint {
        put(&mut text, format_args!("\n  hint: {hint}"));
    }
    text + "\n"
}

fn console_width() -> u16 {
    print::width().clamp(40, 120)
}

/// A problem as a diagnostic: its one line is the whole source, numbered as in its file.
#[derive(Debug)]
struct Shown<'a>(&'a Problem);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.place.as_ref().map(|_| self as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.0.place.as_ref()?;
        let column = usize::try_from(place.column.max(1)).unwrap_or(1);
        let start: usize = place.excerpt.chars().take(column - 1).map(char::len_utf8).sum();
        let rest = place.excerpt.get(start..).unwrap_or_default();
        let word = rest.split_whitespace().next().map_or(0, str::len);
        Some(Box::new(std::iter::once(LabeledSpan::new(Some("here".to_owned()), start, word))))
    }
}

impl SourceCode for Shown<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, MietteError> {
        let place = self.0.place.as_ref().ok_or(MietteError::OutOfBounds)?;
        let line = usize::try_from(place.line.max(1)).unwrap_or(1) - 1;
        let whole = SourceSpan::from((0, place.excerpt.len()));
        // Asked for the place itself, without the lines around it, it wants the column to print.
        let place_only = before == 0 && after == 0;
        let column = if place_only {
            place.excerpt.get(..span.offset()).map_or(0, |text| text.chars().count())
        } else {
            0
        };
        Ok(Box::new(miette::MietteSpanContents::new_named(
            place.file.clone(),
            place.excerpt.as_bytes(),
            whole,
            line,
            column,
            1,
        )))
    }
}

/// A mistake of sopd's own is told in one sentence, without a trace of the stack.
pub(super) fn plain_panics() {
    std::panic::set_hook(Box::new(|info| {
        let words = info.payload_as_str().unwrap_or("no reason given");
        let place = info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        let text = format!(
            "error: sopd made a mistake of its own ({}{place}); what it had acknowledged is safe; please report this \
             line to the maintainers of sopd, together with what you typed and `sopd --version`\n",
            visible(&words.replace('\n', " "))
        );
        // Nothing can be said when the terminal is gone.
        drop(std::io::stderr().lock().write_all(text.as_bytes()));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;

    #[test]
    fn a_problem_is_drawn_with_its_line_and_hint() {
        let text = "id: a\nroles: [wrker]\n";
        let problem = Problem::invalid("unknown role `wrker`")
            .at(Place::of("agents/a.md", text, 2, 9))
            .hint("write one of: worker");
        let colours = regex_free(&drawn(&problem));
        assert!(colours.starts_with("error: unknown role `wrker`"), "{colours}");
        assert!(colours.contains("agents/a.md:2:9"), "{colours}");
        assert!(colours.contains("2 │ roles: [wrker]"), "{colours}");
        assert!(colours.ends_with("hint: write one of: worker\n"), "{colours}");
        assert_eq!(plain(&problem).lines().count(), 3);
    }

    /// Without the colours.
    fn regex_free(text: &str) -> String {
        let mut out = String::new();
        let mut inside = false;
        for letter in text.chars() {
            match letter {
                '\u{1b}' => inside = true,
                'm' if inside => inside = false,
                _ if inside => {}
                letter => out.push(letter),
            }
        }
        out
    }

    #[test]
    fn every_kind_has_the_documented_number() {
        let kinds = [
            (Kind::Failed, 1),
            (Kind::Usage, 2),
            (Kind::Invalid, 3),
            (Kind::NotAllowed, 4),
            (Kind::NotFound, 5),
            (Kind::Conflict, 6),
            (Kind::Store, 7),
            (Kind::Machine, 8),
        ];
        for (kind, number) in kinds {
            assert_eq!(exit_code(kind), number);
        }
    }
}
