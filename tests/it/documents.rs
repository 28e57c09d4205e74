//! Documents as people have them, made by hand: the least that Word, a sheet and a PDF consist of.

use std::fmt::Write as _;
use std::io::Write as _;
use zip::write::SimpleFileOptions;

fn zipped(files: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
const OFFICE: &str = "application/vnd.openxmlformats-officedocument";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn types(parts: &[(&str, &str)]) -> String {
    let part = |(name, kind): &(&str, &str)| {
        format!("<Override PartName=\"/{name}\" ContentType=\"{OFFICE}.{kind}+xml\"/>")
    };
    let parts: String = parts.iter().map(part).collect();
    format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/>{parts}</Types>"
    )
}

fn relations(all: &[(&str, &str)]) -> String {
    let one = |(at, (kind, target)): (usize, &(&str, &str))| {
        format!("<Relationship Id=\"r{at}\" Type=\"{RELATION}/{kind}\" Target=\"{target}\"/>")
    };
    let all: String = all.iter().enumerate().map(one).collect();
    format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{all}</Relationships>"
    )
}

/// A Word document: `# ` and `## ` begin headings, `1. ` numbered items, anything else paragraphs.
pub(crate) fn docx(lines: &[&str]) -> Vec<u8> {
    const SPACE: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
    let paragraph = |line: &&str| {
        let numbered = "<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>";
        let (look, words) = match line.split_once(' ') {
            Some(("#", rest)) => ("<w:pStyle w:val=\"Heading1\"/>", rest),
            Some(("##", rest)) => ("<w:pStyle w:val=\"Heading2\"/>", rest),
            Some(("1.", rest)) => (numbered, rest),
            _ => ("", *line),
        };
        format!("<w:p><w:pPr>{look}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>")
    };
    let body: String = lines.iter().map(paragraph).collect();
    let style = |level: u8| {
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"Heading{level}\"><w:name w:val=\"heading {level}\"/></w:style>"
        )
    };
    let list = "<w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/>\
                <w:lvlText w:val=\"%1.\"/></w:lvl></w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>";
    zipped(&[
        ("[Content_Types].xml", types(&[("word/document.xml", "wordprocessingml.document.main")])),
        ("_rels/.rels", relations(&[("officeDocument", "word/document.xml")])),
        ("word/document.xml", format!("{XML}<w:document {SPACE}><w:body>{body}</w:body></w:document>")),
        ("word/styles.xml", format!("{XML}<w:styles {SPACE}>{}{}</w:styles>", style(1), style(2))),
        ("word/numbering.xml", format!("{XML}<w:numbering {SPACE}>{list}</w:numbering>")),
        (
            "word/_rels/document.xml.rels",
            relations(&[("styles", "styles.xml"), ("numbering", "numbering.xml")]),
        ),
    ])
}

/// A workbook with one sheet of these rows, called Steps.
pub(crate) fn xlsx(rows: &[&[&str]]) -> Vec<u8> {
    const SPACE: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let mut data = String::new();
    for (row, number) in rows.iter().zip(1..) {
        let cell = |(at, words): (u8, &&str)| {
            let column = char::from(b'A' + at);
            format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{words}</t></is></c>")
        };
        let cells: String = (0..).zip(row.iter()).map(cell).collect();
        write!(data, "<row r=\"{number}\">{cells}</row>").unwrap();
    }
    let sheets = "<sheets><sheet name=\"Steps\" sheetId=\"1\" r:id=\"r0\"/></sheets>";
    zipped(&[
        (
            "[Content_Types].xml",
            types(&[
                ("xl/workbook.xml", "spreadsheetml.sheet.main"),
                ("xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
            ]),
        ),
        ("_rels/.rels", relations(&[("officeDocument", "xl/workbook.xml")])),
        ("xl/workbook.xml", format!("{XML}<workbook {SPACE} xmlns:r=\"{RELATION}\">{sheets}</workbook>")),
        ("xl/_rels/workbook.xml.rels", relations(&[("worksheet", "worksheets/sheet1.xml")])),
        (
            "xl/worksheets/sheet1.xml",
            format!("{XML}<worksheet {SPACE}><sheetData>{data}</sheetData></worksheet>"),
        ),
    ])
}

/// A PDF of one page with these lines; without any, a page as a scan is.
pub(crate) fn pdf(lines: &[&str]) -> Vec<u8> {
    let shown: String = lines.iter().map(|line| format!("({line}) Tj T*\n")).collect();
    let content =
        if lines.is_empty() { String::new() } else { format!("BT /F1 12 Tf 72 770 Td 16 TL\n{shown}ET") };
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = String::new();
    for (object, number) in objects.iter().zip(1..) {
        writeln!(places, "{:010} 00000 n ", out.len()).unwrap();
        write!(out, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let table = out.len();
    write!(
        out,
        "xref\n0 6\n0000000000 65535 f \n{places}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    )
    .unwrap();
    out.into_bytes()
}
