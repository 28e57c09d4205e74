//! The forms of documents that are read, told by the ends of their names.

use crate::base::Problem;

/// A form of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `.md`, `.markdown`.
    Markdown,
    /// `.txt`, `.text`.
    Plain,
    /// `.csv`: a table.
    Csv,
    /// `.html`, `.htm`.
    Html,
    /// `.eml`: one e-mail.
    Mail,
    /// `.docx`.
    Word,
    /// `.xlsx`: a table for each sheet.
    Sheets,
    /// `.pdf`, with text in it.
    Pdf,
}

/// What ends a name, and what it is.
const ENDS: [(&str, Form); 11] = [
    ("md", Form::Markdown),
    ("markdown", Form::Markdown),
    ("txt", Form::Plain),
    ("text", Form::Plain),
    ("csv", Form::Csv),
    ("html", Form::Html),
    ("htm", Form::Html),
    ("eml", Form::Mail),
    ("docx", Form::Word),
    ("xlsx", Form::Sheets),
    ("pdf", Form::Pdf),
];

/// The forms in words.
const READ: &str = ".md, .txt, .csv, .html, .eml, .docx, .xlsx and .pdf are read";

impl Form {
    /// The form of the file `name`.
    ///
    /// # Errors
    /// `Invalid` for one that is not read, with what to do.
    pub fn of(name: &str) -> Result<Self, Problem> {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default();
        ENDS.iter().find(|(known, _)| *known == end).map(|(_, form)| *form).ok_or_else(|| {
            let hint = match end.as_str() {
                "doc" | "rtf" | "odt" | "pages" => "save it as .docx or .pdf".to_owned(),
                "xls" | "ods" | "numbers" => "save it as .xlsx or .csv".to_owned(),
                "png" | "jpg" | "jpeg" | "tif" | "tiff" | "gif" => {
                    "a picture holds no text: hand in the text itself".to_owned()
                }
                "msg" => "save the mail as .eml".to_owned(),
                _ => format!("{READ}; save it in one of these forms"),
            };
            Problem::invalid(format!("{name} is in no form that is read")).hint(hint)
        })
    }

    /// Whether it is text that needs no reader of a foreign form.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Markdown | Self::Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_and_an_unknown_one_says_what_to_do() {
        assert_eq!(Form::of("A.DOCX").unwrap(), Form::Word);
        assert_eq!(Form::of("a.b.md").unwrap(), Form::Markdown);
        for (name, hint) in [
            ("a.doc", "save it as .docx"),
            ("scan.png", "a picture"),
            ("a", ".pdf are read"),
            ("x.zip", ".pdf are read"),
        ] {
            let problem = Form::of(name).unwrap_err();
            assert!(problem.message.starts_with(name), "{problem}");
            assert!(problem.hint.unwrap().contains(hint), "{name}");
        }
    }
}
