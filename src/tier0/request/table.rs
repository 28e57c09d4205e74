//! A table of a mission: one that says in its columns what is done, by whom, in which order, is a list of steps; any other
//! is kept as it is.

use super::material::Told;

/// Names of the column that says what is done, in the languages of the data of `text`.
const WHAT: [&str; 24] = [
    "what",
    "step",
    "steps",
    "action",
    "activity",
    "task",
    "do",
    "what to do",
    "schritt",
    "was",
    "tätigkeit",
    "aufgabe",
    "étape",
    "quoi",
    "action",
    "tâche",
    "paso",
    "qué",
    "acción",
    "tarea",
    "passo",
    "cosa",
    "azione",
    "stap",
];
/// Names of the column that says who does it.
const WHO: [&str; 20] = [
    "who",
    "by",
    "owner",
    "responsible",
    "role",
    "by whom",
    "wer",
    "verantwortlich",
    "zuständig",
    "rolle",
    "qui",
    "responsable",
    "rôle",
    "quién",
    "rol",
    "chi",
    "responsabile",
    "ruolo",
    "wie",
    "quem",
];
/// Names of the column that counts.
const NUMBER: [&str; 8] = ["#", "no", "no.", "nr", "nr.", "n°", "step", "schritt"];

/// The rows of one table.
pub(super) struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    source: Vec<String>,
}

impl Table {
    pub(super) fn new(headers: &[String]) -> Self {
        Self { headers: headers.to_vec(), rows: Vec::new(), source: Vec::new() }
    }

    /// Adds a row as it stands in the file; the row of headings has no cells of its own.
    pub(super) fn row(&mut self, source: &str, cells: Option<&[String]>) {
        self.source.push(source.to_owned());
        self.rows.extend(cells.map(<[String]>::to_vec));
    }

    /// As it stands in the file.
    pub(super) fn markdown(self) -> String {
        self.source.join("\n")
    }

    fn column(&self, names: &[&str], counts: bool) -> Option<usize> {
        let is_count = |at: usize| {
            self.rows.iter().all(|row| {
                row.get(at).is_some_and(|cell| {
                    !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || c == '.')
                })
            })
        };
        let named = |name: &String| names.contains(&name.trim().to_lowercase().as_str());
        self.headers.iter().enumerate().position(|(at, name)| named(name) && is_count(at) == counts)
    }

    /// Its rows as steps: where one column says what is done, and another by whom, or counts.
    pub(super) fn steps(&self) -> Option<Vec<Told>> {
        let what = self.column(&WHAT, false)?;
        let (who, number) = (self.column(&WHO, false), self.column(&NUMBER, true));
        if self.rows.is_empty() || who.is_none() && number.is_none() {
            return None;
        }
        let told = |row: &Vec<String>| {
            let cell = |at: usize| row.get(at).map(|cell| cell.trim()).unwrap_or_default();
            let others = self.headers.iter().enumerate().filter(|(at, _)| *at != what && Some(*at) != number);
            let others = others.filter(|(at, _)| !cell(*at).is_empty());
            Told {
                text: cell(what).to_owned(),
                below: others.map(|(at, name)| format!("{}: {}", name.trim(), cell(at))).collect(),
                who: who.map(|at| cell(at).to_owned()).filter(|who| !who.is_empty()),
                ..Told::default()
            }
        };
        Some(self.rows.iter().map(told).filter(|step| !step.text.is_empty()).collect())
    }
}
