//! What is in a backup besides the journal and the folders every workspace has: the working folders of runs under way,
//! and what settings and SOPs name. What is left out is said, with the reason.

use super::{FOLDERS, NAMED, RUNS, SETTINGS, files_below};
use crate::base::{Problem, files, problem::Result};
use crate::run;
use crate::settings::Settings;
use crate::sop::document::Trigger;
use crate::sop::trigger::files as watched;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Largest settings file.
const MOST_SETTINGS: u64 = 1024 * 1024;

/// Files with their names in the backup, and what is not in it.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    pub(super) left_out: Vec<String>,
    /// Top-level names that are accounted for.
    known: BTreeSet<String>,
    /// Top-level names of which a part is.
    parts: BTreeSet<String>,
}

/// What belongs to the workspace in `root`, whose journal was copied to `db`.
pub(super) fn of(root: &Path, db: &Connection) -> Result<Contents> {
    let mut contents = Contents::default();
    contents.known.extend(FOLDERS.iter().chain(&[SETTINGS, ".sopd"]).map(|name| (*name).to_owned()));
    for run in run::open_runs(db)? {
        contents.work(root, &run)?;
    }
    for wired in run::wiring(db, root)?.triggers {
        if let Trigger::Files(path) = &wired.trigger
            && let Ok((folder, _)) = watched(path)
        {
            contents.named(root, Path::new(folder), &format!("{} watches it", wired.sop))?;
        }
    }
    contents.of_settings(root)?;
    contents.rest(root)?;
    contents.left_out.sort();
    contents.left_out.dedup();
    Ok(contents)
}

/// Whether the link `name` of a run's folder (`runs/RUN/work/…`) leads to a place in that folder. Only steps up at the
/// beginning are taken: one behind a name might go up from where another link leads.
pub(in crate::cli) fn stays_inside(name: &Path, target: &Path) -> bool {
    const ABOVE_WORK: usize = 3;
    let mut parts = target.components().peekable();
    let mut up = 0;
    while parts.next_if(|part| matches!(part, Component::ParentDir | Component::CurDir)).is_some() {
        up += 1;
    }
    let depth = name.components().count().saturating_sub(ABOVE_WORK + 1);
    up <= depth && parts.all(|part| matches!(part, Component::Normal(_)))
}

impl Contents {
    fn leave_out(&mut self, name: &Path, why: &str) {
        self.left_out.push(format!("{}: {why}", name.display()));
    }

    /// The folders that the commands of a run under way work in.
    fn work(&mut self, root: &Path, run: &str) -> Result<()> {
        let folder = run::run_folder(root, run);
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "work" || name.starts_with("work-") {
                self.everything(&entry.path(), &Path::new(RUNS).join(run).join(name))?;
            }
        }
        Ok(())
    }

    /// Everything below `folder`, hidden files too: they are a command's. Links are kept that lead nowhere else.
    fn everything(&mut self, folder: &Path, name: &Path) -> Result<()> {
        let trouble = |error: std::io::Error| files::explain(folder, &error);
        for entry in std::fs::read_dir(folder).map_err(trouble)? {
            let entry = entry.map_err(trouble)?;
            let (path, name) = (entry.path(), name.join(entry.file_name()));
            let kind = entry.file_type().map_err(trouble)?;
            if kind.is_dir() {
                self.files.push((path.clone(), name.clone()));
                self.everything(&path, &name)?;
            } else if kind.is_file() {
                self.files.push((path, name));
            } else if kind.is_symlink() {
                match std::fs::read_link(&path).map_err(trouble)? {
                    target if stays_inside(&name, &target) => self.files.push((path, name)),
                    target => self.leave_out(&name, &format!("a link to {}, elsewhere", target.display())),
                }
            } else {
                self.leave_out(&name, "it is no file, folder or link");
            }
        }
        Ok(())
    }

    /// What settings or an SOP name: taken, if it lies in the workspace.
    fn named(&mut self, root: &Path, name: &Path, why: &str) -> Result<()> {
        let inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        let top = name.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let Some(top) = top.filter(|top| inside && !top.starts_with('.')) else {
            self.leave_out(name, &format!("{why}, and it lies elsewhere"));
            return Ok(());
        };
        if FOLDERS.contains(&top.as_str()) {
            return Ok(());
        }
        let path = root.join(name);
        if path.is_file() {
            self.files.push((path.clone(), Path::new(NAMED).join(name)));
        } else {
            let below = files_below(root, name).map_err(|error| files::explain(&path, &error))?;
            self.files.extend(below.into_iter().map(|name| (root.join(&name), Path::new(NAMED).join(name))));
        }
        self.files.sort();
        self.files.dedup();
        if name.components().count() == 1 || path.is_dir() {
            self.known.insert(top);
        }
        Ok(())
    }

    fn of_settings(&mut self, root: &Path) -> Result<()> {
        let text = files::read_text(&root.join(SETTINGS), MOST_SETTINGS)?;
        let settings = Settings::parse(SETTINGS, &text).map_err(|problems| {
            problems.into_iter().next().unwrap_or_else(|| Problem::invalid("BUG: no reason"))
        })?;
        let (desk, runs) = (&settings.desk, &settings.runs);
        for (name, why) in [
            (&runs.secrets_file, "the file of secrets: keep it where secrets are kept"),
            (&desk.tls_key, "the key of the desk: keep it where secrets are kept"),
            (&settings.audit.anchor_file, "anchors witness from outside"),
        ] {
            if let Some(name) = name {
                let top = Path::new(name).components().next();
                let top = top.map(|top| top.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
                if top == *name {
                    self.known.insert(top)
                } else {
                    self.parts.insert(top)
                };
                self.leave_out(Path::new(name), why);
            }
        }
        for name in runs.readable.iter().filter(|name| !Path::new(name).is_absolute()) {
            self.named(root, Path::new(name), "`runs.readable` names it")?;
        }
        if let Some(name) = &desk.tls_certificate {
            self.named(root, Path::new(name), "the certificate of the desk")?;
        }
        for exec in settings.notifications.exec.values() {
            for word in exec.command.iter().filter(|word| root.join(word).is_file()) {
                self.named(root, Path::new(word), "a channel starts it")?;
            }
        }
        Ok(())
    }

    /// Whatever else lies in the workspace.
    fn rest(&mut self, root: &Path) -> Result<()> {
        let trouble = |error: std::io::Error| files::explain(root, &error);
        for entry in std::fs::read_dir(root).map_err(trouble)? {
            let name = entry.map_err(trouble)?.file_name().to_string_lossy().into_owned();
            if !self.known.contains(&name) {
                let inside = Path::new(NAMED).join(&name);
                let in_part = self.parts.contains(&name)
                    || self.files.iter().any(|(_, known)| known.starts_with(&inside));
                let why = if in_part {
                    "whatever of it neither settings nor an SOP names"
                } else {
                    "neither settings nor an SOP names it"
                };
                self.leave_out(Path::new(&name), why);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_kept_that_leads_nowhere_else() {
        let inside = |name: &str, target: &str| stays_inside(Path::new(name), Path::new(target));
        for (name, target, kept) in [
            ("runs/r/work/link", "report.txt", true),
            ("runs/r/work/bin/tool", "../lib/tool.sh", true),
            ("runs/r/work/bin/tool", "./tool.sh", true),
            ("runs/r/work/link", "../outputs.json", false),
            ("runs/r/work/bin/tool", "../../x", false),
            ("runs/r/work/bin/tool", "x/../../../y", false),
            ("runs/r/work/link", "/etc/passwd", false),
        ] {
            assert_eq!(inside(name, target), kept, "{name} -> {target}");
        }
    }
}
