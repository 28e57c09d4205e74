//! `sopd restore FILE DIR`: unpacks a backup beside the empty folder it is meant for, checks the chain and every
//! published file, and only then moves it into place. What it makes is held: nothing of it starts until somebody says so.

use super::backup::{
    FOLDERS, JOURNAL, NAMED, RUNS, SEAL, SETTINGS, SHAPE, Scratch, Seal, print_left_out, stays_inside,
};
use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::access::Suspended;
use crate::base::text::{counted, listed};
use crate::base::{Problem, files, problem::Result};
use crate::daemon::{self, Workspace};
use crate::journal::{Access, Anchor};
use crate::registry;
use serde_json::json;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType};

/// Largest seal; it has four short members.
const MAX_SEAL_BYTES: u64 = 64 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup
    file: PathBuf,
    /// Where to put the workspace: a folder that is empty or does not exist
    dir: PathBuf,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    refuse_full(&args.dir)?;
    let parent = args.dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = Scratch::beside(parent)?;
    let root = scratch.path.join("workspace");
    let seal = unpack(&args.file, &root)?;
    let Restored { facts, intact, would, suspended } = check(desk, &root, &seal)?;
    // Only an empty folder gives way; one that was filled meanwhile stays.
    if args.dir.exists() {
        std::fs::remove_dir(&args.dir).map_err(|error| files::explain(&args.dir, &error))?;
    }
    files::relocate(&root, &args.dir)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/restore/1", "workspace": args.dir, "taken_at": seal.taken_at, "facts": facts, "intact": intact,
            "held": true, "would_start": would, "suspended": suspended, "left_out": seal.left_out,
        }));
    }
    print::line(&format!(
        "{} is as it was at {}: {} and {} checked",
        args.dir.display(),
        seal.taken_at,
        counted(usize::try_from(facts).unwrap_or(0), "fact"),
        counted(intact, "published file"),
    ))?;
    print_left_out(&seal.left_out)?;
    print::line(&format!(
        "sessions ended: {}; tokens that wait for `sopd token confirm`: {}. Whatever was revoked or erased after the backup \
         was taken is not known here.",
        suspended.sessions, suspended.tokens
    ))?;
    let would = if would.is_empty() { "nothing that waits now".to_owned() } else { would.join("\n- ") };
    print::line(&format!(
        "it is held until `sopd up --go-on` (in {}); then it starts:\n- {would}",
        args.dir.display()
    ))
}

/// What was found in a backup that is sound.
struct Restored {
    facts: i64,
    intact: usize,
    would: Vec<String>,
    suspended: Suspended,
}

fn refuse_full(dir: &Path) -> Result<()> {
    let full = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(files::explain(dir, &error)),
    };
    if full {
        let problem = Problem::conflict(format!("{} is not empty", dir.display()));
        return Err(problem.hint("a backup is restored into an empty folder: name another one"));
    }
    Ok(())
}

/// Unpacks what a backup of ours may hold, and nothing else; every file is synced.
fn unpack(file: &Path, root: &Path) -> Result<Seal> {
    let broken = |error: std::io::Error| {
        Problem::invalid(format!("{} is not a whole backup: {error}", file.display()))
            .hint("try an older one")
    };
    let opened = File::open(file).map_err(|error| files::explain(file, &error))?;
    let mut archive = Archive::new(opened);
    let mut count = 0;
    let mut seal = None;
    let mut links = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if path == Path::new(SEAL) && entry.size() < MAX_SEAL_BYTES {
            let read: Seal = serde_json::from_reader(&mut entry).map_err(|error| {
                Problem::invalid(format!("the seal of {} cannot be read: {error}", file.display()))
            })?;
            seal = Some(read);
            continue;
        }
        let foreign = || {
            let (file, path) = (file.display(), path.display());
            Problem::invalid(format!("{file} holds `{path}`, which no backup of sopd has"))
        };
        let wanted = root.join(place(&path).ok_or_else(foreign)?);
        count += 1;
        match entry.header().entry_type() {
            EntryType::Regular => {}
            EntryType::Directory if path.starts_with(RUNS) => {
                std::fs::create_dir_all(&wanted).map_err(|error| files::explain(&wanted, &error))?;
                continue;
            }
            EntryType::Symlink if path.starts_with(RUNS) => {
                let target = entry.link_name().map_err(broken)?.filter(|target| stays_inside(&path, target));
                links.push((wanted, target.ok_or_else(foreign)?.into_owned()));
                continue;
            }
            _ => return Err(foreign()),
        }
        let mode =
            if path == Path::new(JOURNAL) { 0o600 } else { entry.header().mode().map_err(broken)? & 0o700 };
        put(&mut entry, (&wanted, mode))?;
    }
    finish(root, links)?;
    match seal {
        Some(seal) if seal.shape != SHAPE => {
            Err(Problem::invalid(format!("{} is of the form `{}`", file.display(), seal.shape))
                .hint("restore it with the sopd that made it"))
        }
        Some(seal) if seal.entries == count => Ok(seal),
        _ => Err(Problem::invalid(format!(
            "{} is cut off: {} were found, and no end",
            file.display(),
            counted(count, "file")
        ))
        .hint("try an older one")),
    }
}

/// Makes the links, last, so that nothing was written by way of them, and shuts the private folder.
fn finish(root: &Path, links: Vec<(PathBuf, PathBuf)>) -> Result<()> {
    for (path, target) in links {
        std::os::unix::fs::symlink(&target, &path).map_err(|error| files::explain(&path, &error))?;
    }
    let private = root.join(".sopd");
    std::fs::set_permissions(&private, Permissions::from_mode(0o700))
        .map_err(|error| files::explain(&private, &error))
}

/// Where an entry goes in the workspace; `None` for what has no business in a backup.
fn place(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    if !parts.clone().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let first = parts.next()?.as_os_str().to_str()?;
    match (first, parts.next()) {
        (JOURNAL, None) => Some(Path::new(".sopd").join(JOURNAL)),
        (SETTINGS, None) => Some(PathBuf::from(SETTINGS)),
        (folder, Some(_)) if FOLDERS.contains(&folder) => Some(path.to_path_buf()),
        (RUNS, Some(_)) => {
            let work = path.components().nth(2)?.as_os_str().to_str()?;
            (work == "work" || work.starts_with("work-")).then(|| Path::new(".sopd").join(path))
        }
        (NAMED, Some(Component::Normal(top))) => {
            let top = top.to_str()?;
            let free = !top.starts_with('.') && top != SETTINGS && !FOLDERS.contains(&top);
            free.then(|| path.strip_prefix(NAMED).ok().map(Path::to_path_buf))?
        }
        _ => None,
    }
}

fn put(entry: &mut impl std::io::Read, (path, mode): (&Path, u32)) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut step = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = files::private(File::options().write(true).create_new(true)).open(path)?;
        std::io::copy(entry, &mut file)?;
        file.set_permissions(Permissions::from_mode(mode | 0o600))?;
        file.sync_all()?;
        File::open(folder)?.sync_all()
    };
    step().map_err(|error| files::explain(path, &error))
}

/// The chain, its head, its anchors, every row and every published file; then records that this is a restored one. What
/// an older sopd backed up is brought to the present form first: nobody else has it yet.
fn check(desk: &Desk, root: &Path, seal: &Seal) -> Result<Restored> {
    let workspace = Workspace::open(root, Access::Holder, desk.clock.clone())?;
    let (seq, hash) = seal.head.clone();
    let mut anchors = daemon::anchors(&workspace);
    anchors.extend((seq > 0).then(|| Anchor { found_in: "the backup's seal".to_owned(), seq, hash }));
    let verified = daemon::verify(&workspace, &anchors)?;
    let more: i64 = workspace.journal.read(|db| {
        let sql = "SELECT count(*) FROM event WHERE seq > ?1 AND kind <> 'rows_found'";
        Ok(db.query_row(sql, [seq], |row| row.get(0))?)
    })?;
    if more > 0 {
        return Err(Problem::invalid("the journal in this backup is not the one it was made of")
            .hint("try an older one"));
    }
    let checked = workspace.journal.read(|db| registry::verify_files(db, root))?;
    if !checked.wrong.is_empty() {
        return Err(Problem::invalid(format!("the backup is not sound: {}", listed(&checked.wrong))));
    }
    let (taken_at, left_out) = (seal.taken_at.clone(), seal.left_out.clone());
    let suspended = workspace.journal.append(move |tx| daemon::held::restored(tx, &taken_at, &left_out))?;
    let would = daemon::held::would_start(&workspace)?;
    Ok(Restored { facts: verified.events, intact: checked.intact, would, suspended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_writes_nowhere_else() {
        assert_eq!(place(Path::new("journal.db")), Some(PathBuf::from(".sopd/journal.db")));
        assert_eq!(place(Path::new("sops/REV/a.md")), Some(PathBuf::from("sops/REV/a.md")));
        assert_eq!(
            place(Path::new("runs/sop_run_1/work/a/b")),
            Some(PathBuf::from(".sopd/runs/sop_run_1/work/a/b"))
        );
        assert_eq!(place(Path::new("workspace/incoming/a.csv")), Some(PathBuf::from("incoming/a.csv")));
        for bad in [
            "runs/x/files/y",
            "runs/x",
            "workspace/.git/x",
            "workspace/sopd.yaml",
            "workspace",
            "../x",
            "/etc/passwd",
            "sops/../../x",
            "bin/x",
            ".sopd/lock",
            "sops",
        ] {
            assert_eq!(place(Path::new(bad)), None, "{bad}");
        }
    }
}
