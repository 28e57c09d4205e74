//! Several procedures in one call: each becomes a draft by itself, and a table says what became of each.

use super::{Texts, Work, texts};
use crate::base::Problem;
use crate::base::text::counted;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::Drafted;
use crate::sop::import::lines_kept;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Most things a row names as missing; the draft has them all.
const NAMED: usize = 3;

/// What became of the files of one procedure.
struct Row {
    file: String,
    /// The draft, with how many lines of how many are in it.
    became: Result<(Drafted, (usize, usize)), Vec<Problem>>,
}

pub(super) fn run(work: &Work<'_>, all: &[Vec<PathBuf>]) -> Done {
    if work.given.id.is_some() {
        let problem = Problem::usage("one id is not enough for several procedures");
        return Err(problem.hint("leave --id out and say --department").into());
    }
    let mut taken = BTreeSet::new();
    let rows: Vec<Row> = all.iter().map(|paths| row(work, paths, &mut taken)).collect();
    if work.desk.json {
        print::json(&rows.iter().map(Row::shape).collect::<Vec<_>>())?;
    } else {
        let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
        print::line(&print::table(&["file", "became", "steps", "lines kept", "missing"], &cells))?;
        let how = if work.dry_run { "Nothing was written." } else { "The drafts are in sops/drafts." };
        print::line(&format!(
            "\n{how} What is missing stands in each as MISSING; `{} sop lint` lists it.",
            work.desk.command()
        ))?;
    }
    let unread = rows.iter().filter(|row| row.became.is_err()).count();
    if unread == 0 {
        return Ok(());
    }
    let message = format!("{unread} of {} did not become a draft", counted(rows.len(), "procedure"));
    Err(Problem::invalid(message).hint("the table says why; it stopped none of the others").into())
}

fn row(work: &Work<'_>, paths: &[PathBuf], taken: &mut BTreeSet<String>) -> Row {
    let file = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    let became = texts(paths).map_err(|problem| vec![problem]).and_then(|texts| {
        let drafted = work.draft(&texts)?;
        // A trial writes nothing, so that two of the same name would not meet.
        if !taken.insert(drafted.path.clone()) {
            let problem =
                Problem::conflict(format!("{} is that of another file of this import", drafted.path));
            return Err(vec![problem.hint("import it by itself, with an --id of its own")]);
        }
        let lines = kept(&texts, &drafted);
        Ok((drafted, lines))
    });
    Row { file, became }
}

/// How many lines of the procedure's text are in its draft, and how many there are. A manifest is no text.
fn kept(texts: &Texts, drafted: &Drafted) -> (usize, usize) {
    texts.first().map_or((0, 0), |(_, text)| lines_kept(text, &drafted.imported.sop))
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let file = self.file.clone();
        match &self.became {
            Ok((drafted, (kept, all))) => {
                let sop = &drafted.imported.sop;
                let name = format!("{} v{}", sop.head.id, sop.head.version);
                let steps = sop.body.steps.len().to_string();
                vec![file, name, steps, format!("{kept} of {all}"), missing(&drafted.imported.missing)]
            }
            Err(problems) => {
                let first = problems.first();
                let why = first.map(|problem| problem.message.clone());
                let hint = first.and_then(|problem| problem.hint.clone());
                let why = why.into_iter().chain(hint).collect::<Vec<_>>().join("; ");
                vec![file, "no draft".to_owned(), String::new(), String::new(), why]
            }
        }
    }

    fn shape(&self) -> Value {
        match &self.became {
            Ok((drafted, (kept, all))) => {
                let mut shape = drafted.shape();
                if let Some(fields) = shape.as_object_mut() {
                    fields.insert("file".to_owned(), json!(self.file));
                    fields.insert("lines".to_owned(), json!({ "kept": kept, "all": all }));
                }
                shape
            }
            Err(problems) => json!({ "shape": "sopd/import/1", "file": self.file, "errors": problems }),
        }
    }
}

/// `12: the owner, the steps, …`
fn missing(all: &[String]) -> String {
    let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    match all.len() {
        0 => "nothing".to_owned(),
        count if count > NAMED => format!("{count}: {}, …", named.join(", ")),
        count => format!("{count}: {}", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_what_is_missing_and_names_the_first() {
        let all: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(missing(&[]), "nothing");
        assert_eq!(missing(&all[..2]), "2: a, b");
        assert_eq!(missing(&all), "4: a, b, c, …");
    }
}
