//! The input packet of a document: bullets `- host: the name of the host`, or a table of name, type and description.

use super::tables::{Table, tables};
use crate::sop::document::{Input, InputKind};
use crate::sop::input_type;
use crate::sop::outline::{bullets, lines_between};
use crate::sop::words::{is_snake_case, yes_or_no};

/// Most words of an item without a colon that are its name.
const NAME_WORDS: usize = 4;

/// The inputs of `text`, named unlike those `there`, and what of it belongs to none of them.
pub(super) fn read(text: &str, there: &[Input]) -> (Vec<Input>, String) {
    let mut inputs = Vec::new();
    let mut taken: Vec<(u32, u32)> = Vec::new();
    for table in tables(text) {
        if let (Some(name), false) =
            (table.column("Name").or_else(|| table.column("What")), table.rows.is_empty())
        {
            inputs.extend(table.rows.iter().filter_map(|row| of_row(&table, name, row)));
            taken.push((table.first, table.last));
        }
    }
    let all: Vec<&str> = text.lines().collect();
    let items: Vec<_> = bullets(text, 1);
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item.depth == 0) {
        let below = items.iter().skip(at + 1).take_while(|below| below.depth > 0);
        let last = below.clone().last().map_or(item.line, |below| below.line);
        // The lines that go on in the words of an item: up to a blank one.
        let more =
            lines_between(&all, last + 1, u32::MAX).iter().take_while(|line| line.starts_with([' ', '\t']));
        let last = last + u32::try_from(more.count()).unwrap_or(0);
        let mut words: Vec<String> = vec![item.text.clone()];
        words.extend(below.map(|below| below.text.clone()));
        let own = lines_between(&all, item.line, last).join(" ");
        if own.contains("```") || own.contains("~~~") {
            continue;
        }
        inputs.extend(of_words(&words.join("; ")));
        taken.push((item.line, last));
    }
    let mut seen: Vec<String> = there.iter().map(|input| input.name.clone()).collect();
    for input in &mut inputs {
        input.name = unlike(&input.name, &seen);
        seen.push(input.name.clone());
    }
    let free = |line: u32| !taken.iter().any(|(first, last)| (*first..=*last).contains(&line));
    let rest: Vec<&str> = (1..).zip(&all).filter(|(line, _)| free(*line)).map(|(_, text)| *text).collect();
    (inputs, rest.join("\n").trim().to_owned())
}

fn of_row(table: &Table, name: usize, row: &[String]) -> Option<Input> {
    let cell = |at: usize| row.get(at).map(|cell| cell.trim()).unwrap_or_default();
    if cell(name).is_empty() {
        return None;
    }
    let other = |kind: &str| table.column(kind).filter(|at| *at != name && !cell(*at).is_empty());
    let (kind, required, said) = (other("Type"), other("Required"), other("Description"));
    let read = kind.and_then(|at| kind_of(cell(at)));
    let needed = required.and_then(|at| yes_or_no(cell(at)));
    // A cell that was understood has its place; every other stands in the description with its head.
    let told = |at: usize| {
        (Some(at) == kind && read.is_some()) || (Some(at) == required && needed.is_some()) || at == name
    };
    let mut words: Vec<String> = said.map(|at| cell(at).to_owned()).into_iter().collect();
    let heads = table.headers.iter().enumerate();
    words.extend(
        heads
            .filter(|(at, _)| !told(*at) && Some(*at) != said && !cell(*at).is_empty())
            .map(|(at, head)| format!("{head}: {}", cell(at))),
    );
    Some(input(cell(name), &words.join("; "), read.unwrap_or(InputKind::Text), needed.unwrap_or(true)))
}

/// `host (text): the name of the host`, `**host** – the name`, or words alone.
fn of_words(item: &str) -> Option<Input> {
    let plain = item.replace("**", "").replace('`', "");
    let plain = plain.strip_prefix("[ ] ").unwrap_or(&plain).trim();
    if !plain.contains(char::is_alphanumeric) {
        return None;
    }
    let cut = [": ", " – ", " — ", " - "]
        .iter()
        .filter_map(|mark| plain.split_once(mark))
        .min_by_key(|(name, _)| name.len());
    let short = cut.filter(|(name, _)| name.split_whitespace().count() <= NAME_WORDS + 2);
    let Some((name, text)) = short else {
        let name: Vec<&str> = plain.split_whitespace().take(NAME_WORDS).collect();
        return Some(input(&name.join(" "), plain, InputKind::Text, true));
    };
    let bare =
        name.split_once('(').and_then(|(bare, kind)| Some((bare.trim(), kind.trim().strip_suffix(')')?)));
    let (name, said) = bare.map_or((name.trim(), None), |(bare, said)| (bare, Some(said)));
    let kind = said.and_then(kind_of);
    let optional = said.is_some_and(|said| said.eq_ignore_ascii_case("optional"));
    let required = said.is_some_and(|said| said.eq_ignore_ascii_case("required"));
    let text = match said.filter(|_| kind.is_none() && !optional && !required) {
        Some(said) => format!("{} ({said})", text.trim()),
        None => text.trim().to_owned(),
    };
    Some(input(name, &text, kind.unwrap_or(InputKind::Text), !optional))
}

/// A type as it is written here, or as most write it.
fn kind_of(word: &str) -> Option<InputKind> {
    let word = word.trim().to_lowercase();
    let ours = match word.as_str() {
        "string" | "str" => "text",
        "integer" | "int" | "float" | "decimal" => "number",
        "boolean" | "bool" | "yes/no" => "yes_no",
        "e-mail" => "email",
        other => other,
    };
    input_type::read(ours)
        .ok()
        .filter(|cell| cell.default.is_none() && cell.pattern.is_none())
        .map(|cell| cell.kind)
}

fn input(label: &str, text: &str, kind: InputKind, required: bool) -> Input {
    let name = name_of(label);
    // A name that holds not every letter of the label is told in full.
    let whole = label.chars().all(|c| c.is_ascii() || !c.is_alphanumeric()) && name != "input";
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let description = match (text.is_empty(), whole || text.starts_with(label)) {
        (true, true) => format!("MISSING: what `{name}` is."),
        (true, false) => label.to_owned(),
        (false, true) => text,
        (false, false) => format!("{label}: {text}"),
    };
    Input { name, kind, required, description, default: None, pattern: None }
}

/// `Host name` is `host_name`; a label without Latin letters is `input`.
fn name_of(label: &str) -> String {
    let small = label.to_lowercase();
    let parts = small.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("_");
    if is_snake_case(&name) {
        return name;
    }
    let counted = format!("input_{name}");
    if is_snake_case(&counted) { counted } else { "input".to_owned() }
}

fn unlike(name: &str, seen: &[String]) -> String {
    let free = |name: &String| !seen.contains(name);
    let all = std::iter::once(name.to_owned()).chain((2..).map(|nth: u32| format!("{name}_{nth}")));
    all.into_iter().find(free).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<(String, String)> {
        read(text, &[]).0.into_iter().map(|input| (input.name, input.description)).collect()
    }

    #[test]
    fn bullets_and_tables_name_what_is_needed() {
        let pairs = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        for (text, expected) in [
            (
                "- **Order no.** – as on the slip\n- `order_no`: again",
                pairs(&[("order_no", "as on the slip"), ("order_no_2", "again")]),
            ),
            ("* site (the plant): where\n  it stands\n", pairs(&[("site", "where it stands (the plant)")])),
            ("- The signed form", pairs(&[("the_signed_form", "The signed form")])),
            ("- Größe: in cm", pairs(&[("gr_e", "Größe: in cm")])),
            ("- 2nd key: the spare", pairs(&[("input_2nd_key", "the spare")])),
            (
                "| Field | Type | Required | Meaning | From |\n|-|-|-|-|-|\n| Amount | integer | no | what is paid | ERP |\n",
                pairs(&[("amount", "what is paid; From: ERP")]),
            ),
        ] {
            assert_eq!(seen(text), expected, "{text}");
        }
        let (inputs, rest) =
            read("Ask for:\n\n- due (date): the day\n- note (optional): words\n\nNothing else.", &[]);
        assert_eq!((&inputs[0].kind, inputs[1].required), (&InputKind::Date, false));
        assert_eq!(rest, "Ask for:\n\n\nNothing else.");
    }
}
