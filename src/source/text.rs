//! The text of a document, in Markdown, whatever its form. The readers of foreign forms may be led astray by a hostile file:
//! whoever calls runs this in a process with limits.

use super::Form;
use crate::base::Problem;
use crate::base::text::{cell, counted, put_line};

/// Most bytes of text one document may hold.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// How many pages, at most, are named as holding no text.
const NAMED_PAGES: usize = 10;

/// The text of the document `name` with these bytes. Nothing of it is left out but what is only form: fonts, page heads,
/// pictures, scripts. What may hold words and cannot be read (a page of a scan, an attachment) is named in a line of its own.
///
/// # Errors
/// `Invalid` for what is no document of its form, holds no text, or too much; each says what to do.
pub fn text(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let form = Form::of(name)?;
    let read = match form {
        Form::Markdown | Form::Plain => plain(name, bytes)?,
        Form::Csv => csv(name, &plain(name, bytes)?)?,
        Form::Html => html(name, &plain(name, bytes)?)?,
        Form::Mail => mail(name, bytes)?,
        Form::Word | Form::Sheets => office(name, bytes)?,
        Form::Pdf => pdf(name, bytes)?,
    };
    // Of a text the numbers of its lines are those its writer sees.
    let text = if form.is_text() { clean(&read) } else { tidy(&clean(&read)) };
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Problem::invalid(format!("{name} holds no text")).hint("hand in the text itself"));
    }
    if text.len() > MAX_TEXT_BYTES {
        let message = format!(
            "{name} holds {} KiB of text; at most {} are read",
            text.len() / 1024,
            MAX_TEXT_BYTES / 1024
        );
        return Err(Problem::invalid(message).hint("hand in the part of it that matters"));
    }
    Ok(text)
}

fn plain(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::invalid(format!("{name} is not UTF-8 text (byte {})", error.valid_up_to()))
            .hint("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

/// Without what no text holds.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(kept).collect::<String>().trim_end().to_owned()
}

/// Without blank lines that follow each other: other forms have no lines of their own.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && blank) {
            out.push_str(line);
            out.push('\n');
        }
        blank = line.is_empty();
    }
    out.trim_end().to_owned()
}

fn unreadable(name: &str, why: &dyn std::fmt::Display) -> Problem {
    Problem::invalid(format!("{name} cannot be read: {why}"))
        .hint("open it in its own program and save it anew, or hand in its text")
}

fn csv(name: &str, text: &str) -> Result<String, Problem> {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: &&u8| first.bytes().filter(|byte| byte == *mark).count();
    let delimiter = b",;\t|".iter().max_by_key(|mark| (count(mark), u8::from(**mark == b','))).copied();
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows: Vec<::csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().map_err(|error| unreadable(name, &error))?;
    let width = rows.iter().map(::csv::StringRecord::len).max().unwrap_or(0);
    let mut out = String::new();
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> = (0..width).map(|at| cell(row.get(at).unwrap_or_default())).collect();
        put_line(&mut out, format_args!("| {} |", cells.join(" | ")));
        if at == 0 {
            put_line(&mut out, format_args!("|{}", " --- |".repeat(width)));
        }
    }
    Ok(out)
}

fn html(name: &str, text: &str) -> Result<String, Problem> {
    let reader = htmd::HtmlToMarkdown::builder()
        .skip_tags(vec!["script", "style", "noscript", "head", "template"])
        .build();
    reader.convert(text).map_err(|error| unreadable(name, &error))
}

fn mail(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    use mail_parser::MimeHeaders as _;
    let message = mail_parser::MessageParser::default().parse(bytes);
    let message = message.ok_or_else(|| unreadable(name, &"it is no e-mail"))?;
    let address = |list: Option<&mail_parser::Address<'_>>| {
        let all = list.into_iter().flat_map(|list| list.iter());
        let shown = all.map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (name, address) => name.or(address).unwrap_or_default().to_owned(),
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    let date = message.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default();
    let (from, to) = (address(message.from()), address(message.to()));
    let subject = message.subject().unwrap_or_default();
    let mut out = String::new();
    for (key, value) in [("Subject", subject), ("From", &from), ("To", &to), ("Date", &date)] {
        if !value.trim().is_empty() {
            put_line(&mut out, format_args!("{key}: {value}"));
        }
    }
    for part in 0..message.text_body_count() {
        let body = message.body_text(part).unwrap_or_default();
        put_line(&mut out, format_args!("\n{body}"));
    }
    for (part, nth) in message.attachments().zip(1..) {
        let called = part.attachment_name().map_or_else(|| format!("number {nth}"), str::to_owned);
        put_line(&mut out, format_args!("\n[attachment {called} is not read here]"));
    }
    Ok(out)
}

fn office(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let document = undoc::parse_bytes(bytes).map_err(|error| unreadable(name, &error))?;
    // The words as they are: a backslash before a sign would be another word for whoever compares.
    let options = undoc::render::RenderOptions {
        escape_special_chars: false,
        include_images: false,
        max_heading_level: 6,
        ..undoc::render::RenderOptions::default()
    };
    undoc::render::to_markdown(&document, &options).map_err(|error| unreadable(name, &error))
}

fn pdf(name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let pages = pdf_extract::extract_text_from_mem_by_pages(bytes).map_err(|error| {
        let error = error.to_string();
        if error.to_lowercase().contains("password") || error.to_lowercase().contains("encrypt") {
            let problem = Problem::invalid(format!("{name} is protected by a password"));
            return problem.hint("save it without a password, or hand in its text");
        }
        unreadable(name, &error)
    })?;
    let is_empty = |page: &String| !page.chars().any(char::is_alphanumeric);
    if pages.iter().all(is_empty) {
        let problem = Problem::invalid(format!(
            "{name} holds no text: it is a scan, {} of pictures",
            counted(pages.len(), "page")
        ));
        return Err(problem
            .hint("have its text recognised (OCR) and save it with the text, or hand in the text itself"));
    }
    let mut out = String::new();
    let mut named = 0;
    for (page, number) in pages.iter().zip(1..) {
        if is_empty(page) {
            named += 1;
            if named <= NAMED_PAGES {
                put_line(&mut out, format_args!("\n[page {number} holds no text that can be read]\n"));
            }
        } else {
            put_line(&mut out, format_args!("{page}\n"));
        }
    }
    if named > NAMED_PAGES {
        put_line(&mut out, format_args!("\n[{} more hold none]", counted(named - NAMED_PAGES, "page")));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: impl AsRef<[u8]>) -> String {
        text(name, bytes.as_ref()).unwrap_or_else(|problem| format!("{problem}"))
    }

    #[test]
    fn text_stays_and_tables_become_tables() {
        assert_eq!(of("a.md", "\u{feff}# A\r\n\r\n\r\nb\u{7}  \r\n"), "# A\n\n\nb");
        assert_eq!(
            of("a.csv", "Nr;What\n1;\"Look; then\nsign\"\n2;x|y\n"),
            "| Nr | What |\n| --- | --- |\n| 1 | Look; then sign |\n| 2 | x\\|y |"
        );
        let page = "<html><head><title>T</title><style>p{}</style></head><body><h1>Refunds</h1><script>x()</script>\
                    <ol><li>Ask &amp; look</li><li>Pay</li></ol></body></html>";
        let read = of("a.html", page);
        assert!(
            read.starts_with("# Refunds\n") && read.contains("Ask & look") && !read.contains("x()"),
            "{read}"
        );
    }

    #[test]
    fn a_mail_keeps_its_head_and_names_what_is_attached() {
        let mail = "From: Ann <ann@x.example>\r\nTo: b@x.example\r\nSubject: =?utf-8?q?R=C3=BCckgabe?=\r\n\
                    Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
                    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                    Pay within 14 days.\r\n--b\r\nContent-Type: application/pdf; name=terms.pdf\r\n\
                    Content-Disposition: attachment; filename=terms.pdf\r\n\r\nx\r\n--b--\r\n";
        let read = of("a.eml", mail);
        for words in [
            "Subject: Rückgabe\n",
            "From: Ann <ann@x.example>\n",
            "\nPay within 14 days.",
            "terms.pdf is not read",
        ] {
            assert!(read.contains(words), "{words}: {read}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        for (name, bytes, words) in [
            ("a.txt", b"Caf\xe9".as_slice(), "UTF-8"),
            ("a.md", b" \n", "holds no text"),
            ("a.docx", b"PK\x03\x04", "cannot be read"),
            ("a.xlsx", b"no zip", "cannot be read"),
            ("a.pdf", b"%PDF-1.4 nothing", "cannot be read"),
            ("a.doc", b"x", "save it as .docx"),
        ] {
            let told = of(name, bytes);
            assert!(told.contains(name) && told.contains(words), "{told}");
        }
        assert!(of("a.txt", "word ".repeat(300_000)).contains("at most 1024"));
    }
}
