//! The one way to standard output: text, tables, JSON.

use super::trouble::Done;
use crate::base::Problem;
use crate::base::text::{visible, visible_json};
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Columns of a terminal that does not say how wide it is.
const USUAL_WIDTH: u16 = 100;

/// Writes `text` and a line end.
pub(super) fn line(text: &str) -> Done {
    write(&format!("{}\n", shown(text.trim_end_matches('\n'))))
}

/// The only sequences a screen is given: those of [`bold`], [`dim`] and of changed words.
const STYLES: [&str; 5] = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m", "\u{1b}[7m", "\u{1b}[27m"];

/// Values, outputs and drafts come from anywhere; none of them commands the screen.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let next = STYLES.iter().filter_map(|style| Some((rest.find(style)?, *style))).min();
        let Some((at, style)) = next else { return out + &visible(rest) };
        let (before, after) = rest.split_at(at);
        out.push_str(&visible(before));
        out.push_str(style);
        rest = after.strip_prefix(style).unwrap_or_default();
    }
}

/// Clears the screen before something is drawn again.
pub(super) fn clear() -> Done {
    if is_terminal() { write("\u{1b}[2J\u{1b}[H") } else { Ok(()) }
}

/// Writes a document: into a file or a pipe byte for byte, since a hash may rest on it; onto a screen so that nothing
/// of it commands that.
pub(super) fn document(text: &str) -> Done {
    if is_terminal() { write(&shown(text)) } else { write(text) }
}

/// Writes a document that is lines of JSON: into a file or a pipe byte for byte, as [`document`]; onto a screen as
/// lines that say the same and command nothing.
pub(super) fn json_document(text: &str) -> Done {
    if is_terminal() { json_lines(text) } else { write(text) }
}

/// Says why arguments are refused, which are quoted there and come from anywhere; or gives the help that was asked for.
/// Nothing can be said when the terminal is gone.
pub(super) fn refused(error: &clap::Error) {
    if error.use_stderr() {
        drop(std::io::stderr().lock().write_all(refusal(error).as_bytes()));
    } else {
        drop(error.print());
    }
}

fn refusal(error: &clap::Error) -> String {
    visible(&error.render().to_string())
}

/// Writes lines of JSON, which say the same with such characters written out.
pub(super) fn json_lines(text: &str) -> Done {
    write(&visible_json(text))
}

/// Where the log goes: standard error, with everything written out that would command the screen. What is told there
/// comes from anywhere.
pub(super) struct Log;

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = visible_json(&String::from_utf8_lossy(line));
        std::io::stderr().lock().write_all(text.as_bytes()).map(|()| line.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

fn write(text: &str) -> Done {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes one JSON value, readable, and a line end.
pub(super) fn json<T: Serialize>(value: &T) -> Done {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Problem::failed(format!("BUG: the answer is not JSON: {error}")))?;
    json_lines(&(text + "\n"))
}

/// Says something beside an answer that programs read, on standard error. A closed one hears nothing.
pub(super) fn aside(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{}", shown(text)));
}

/// Whether a person reads along.
pub(super) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Columns of the terminal.
pub(super) fn width() -> u16 {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col,
        _ => USUAL_WIDTH,
    }
}

/// `text` set off from its surroundings on a terminal.
pub(super) fn bold(text: &str) -> String {
    styled(text, "1")
}

/// `text` in the background on a terminal.
pub(super) fn dim(text: &str) -> String {
    styled(text, "2")
}

fn styled(text: &str, code: &str) -> String {
    if is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A table of `rows` under `head`; the last column is as wide as it needs to be.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| text.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell));
        cells.chain(head.get(column).map(|name| length(name))).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let lay = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![bold(&lay(&mut head.iter().copied()))];
    lines.extend(rows.iter().map(|row| lay(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_our_own_styles_reaches_the_screen() {
        assert_eq!(
            shown("\u{1b}[1mD-1\u{1b}[0m a\u{1b}[2Kb\tc\nd"),
            "\u{1b}[1mD-1\u{1b}[0m a\\u{1b}[2Kb\tc\nd"
        );
        assert_eq!(shown("\u{202e}drow ü"), "\\u{202e}drow ü");
        let text = "a\u{9b}2J\u{202e}\u{e0041}ü\n";
        let tamed = visible_json(&serde_json::to_string(text).unwrap());
        assert_eq!(serde_json::from_str::<String>(&tamed).unwrap(), text, "it says the same");
        assert!(tamed.contains("\\u009b2J\\u202e"), "{tamed}");
    }

    #[test]
    fn arguments_that_are_refused_do_not_command_the_screen() {
        for argument in ["x\u{1b}[2J", "x\u{9b}2J", "x\u{202e}y"] {
            let refused = clap::Command::new("sopd").try_get_matches_from(["sopd", argument]).unwrap_err();
            let text = refusal(&refused);
            assert!(text.contains("unexpected argument 'x"), "{text:?}");
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
        }
    }

    #[test]
    fn columns_line_up() {
        let rows =
            vec![vec!["a".to_owned(), "örtlich".to_owned()], vec!["long one".to_owned(), "b".to_owned()]];
        assert_eq!(table(&["id", "what"], &rows), "id        what\na         örtlich\nlong one  b");
    }
}
