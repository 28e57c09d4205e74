//! Which files of the command line are one procedure: `SOP.md` and the manifest beside it are, and every other Markdown or
//! text file by itself. A folder is looked through to its last one; links in it are not followed.

use crate::base::files::explain;
use crate::base::text::listed;
use crate::base::{Problem, problem::Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most files of one import.
const MOST: usize = 500;
/// How deep a folder is looked through.
const DEEPEST: usize = 16;
/// Ends of the names of files in a folder that are read.
const ENDS: [&str; 4] = ["md", "markdown", "txt", "text"];
/// What else is read where a document becomes a mission.
const DOCUMENTS: [&str; 6] = ["docx", "xlsx", "pdf", "html", "htm", "csv"];

/// What is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sources {
    /// The files of one procedure.
    One(Vec<PathBuf>),
    /// The files of each of several.
    Many(Vec<Vec<PathBuf>>),
}

/// Sorts what the command line names.
///
/// # Errors
/// Of a folder that cannot be read, or holds too much or nothing.
pub(super) fn of(named: &[PathBuf]) -> Result<Sources> {
    let pair = |path: &Path| vec![path.join("SOP.md"), path.join("manifest.json")];
    match named {
        [folder] if pair(folder).iter().all(|file| file.is_file()) => return Ok(Sources::One(pair(folder))),
        [file] if !file.is_dir() => return Ok(Sources::One(vec![file.clone()])),
        // Whether two such files go together says whoever reads them.
        [one, other] if [one, other].iter().filter(|path| ends(path, &["json"])).count() == 1 => {
            return Ok(Sources::One(vec![one.clone(), other.clone()]));
        }
        _ => {}
    }
    Ok(Sources::Many(together(&all(named, &ENDS)?)))
}

/// Every file that is named or lies in a folder that is.
///
/// # Errors
/// Of a folder that cannot be read, or holds too much or nothing.
pub(in crate::cli) fn documents(named: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let ends: Vec<&str> = ENDS.into_iter().chain(DOCUMENTS).collect();
    let mut files = all(named, &ends)?;
    files.retain(|file| !is_manifest(file));
    Ok(files)
}

fn all(named: &[PathBuf], read: &[&str]) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for path in named {
        if path.is_dir() {
            walk(path, DEEPEST, (read, &mut files))?;
        } else {
            files.insert(path.clone());
        }
    }
    if files.is_empty() {
        let problem = Problem::not_found("no file that is read is there");
        let read: Vec<String> = read.iter().map(|end| format!(".{end}")).collect();
        return Err(problem.hint(format!("files that end in {} are read", listed(&read))));
    }
    Ok(files)
}

fn ends(path: &Path, all: &[&str]) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    all.iter().any(|one| end.eq_ignore_ascii_case(one))
}

fn walk(folder: &Path, deeper: usize, (read, files): (&[&str], &mut BTreeSet<PathBuf>)) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|error| explain(folder, &error))? {
        let entry = entry.map_err(|error| explain(folder, &error))?;
        let kind = entry.file_type().map_err(|error| explain(&entry.path(), &error))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() && deeper > 0 {
            walk(&path, deeper - 1, (read, files))?;
        } else if kind.is_file() && (ends(&path, read) || is_manifest(&path)) {
            files.insert(path);
        }
        if files.len() > MOST {
            let problem = Problem::usage(format!("{} holds more than {MOST} files", folder.display()));
            return Err(problem.hint("import its folders one after the other"));
        }
    }
    Ok(())
}

/// The manifest of a `SOP.md` beside it.
fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "manifest.json") && path.with_file_name("SOP.md").is_file()
}

fn together(files: &BTreeSet<PathBuf>) -> Vec<Vec<PathBuf>> {
    let manifest =
        |file: &Path| Some(file.with_file_name("manifest.json")).filter(|beside| files.contains(beside));
    let is_skill = |file: &Path| file.file_name().is_some_and(|name| name == "SOP.md");
    let alone = |file: &&PathBuf| !(is_manifest(file) && files.contains(&file.with_file_name("SOP.md")));
    files
        .iter()
        .filter(alone)
        .map(|file| std::iter::once(file.clone()).chain(manifest(file).filter(|_| is_skill(file))).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_looked_through_and_a_skill_stays_together() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for dir in ["deploy", "more/deep", ".git"] {
            std::fs::create_dir_all(at(dir)).unwrap();
        }
        for name in [
            "a.md",
            "b.txt",
            "c.png",
            "d.json",
            ".git/e.md",
            "more/deep/f.MD",
            "deploy/SOP.md",
            "deploy/manifest.json",
        ] {
            std::fs::File::create(at(name)).unwrap();
        }
        let whole = of(&[folder.path().to_path_buf()]).unwrap();
        let skill = vec![at("deploy/SOP.md"), at("deploy/manifest.json")];
        let expected = vec![vec![at("a.md")], vec![at("b.txt")], skill.clone(), vec![at("more/deep/f.MD")]];
        assert_eq!(whole, Sources::Many(expected));
        assert_eq!(of(&[at("deploy")]).unwrap(), Sources::One(skill.clone()));
        assert_eq!(of(&[at("a.md")]).unwrap(), Sources::One(vec![at("a.md")]));
        assert_eq!(
            of(&[at("missing.md")]).unwrap(),
            Sources::One(vec![at("missing.md")]),
            "its reader says why"
        );
        assert_eq!(of(&skill).unwrap(), Sources::One(skill));
        let two = of(&[at("b.txt"), at("a.md"), at("a.md")]).unwrap();
        assert_eq!(two, Sources::Many(vec![vec![at("a.md")], vec![at("b.txt")]]));
        assert!(of(&[at(".git/nothing"), at("c.png")]).is_ok());
        std::fs::create_dir(at("empty")).unwrap();
        assert!(of(&[at("empty")]).is_err());
    }
}
