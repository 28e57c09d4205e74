//! The only door to writing files: synced, renamed into place, never half-written.

use super::fault;
use super::problem::{Problem, Result};
use rustix::fs::OFlags;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The bits of a mode that let others than its owner in: the last six.
const OTHERS: u32 = 6;

/// Whether a file that already exists may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The new bytes take its place.
    Replace,
    /// It stays: same bytes are success, other bytes are a conflict.
    Keep,
}

/// Writes `bytes` to `path`: a temporary file beside it, synced, renamed, the folder synced.
///
/// A reader sees the old file or the new one, never a part. Missing folders are made.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    if existing == Existing::Keep && path.exists() {
        return same_bytes(path, bytes);
    }
    let folder = folder_of(path);
    let temporary = temporary_beside(path);
    let place = fault_place(path);
    let outcome = write_and_rename(folder, &temporary, path, bytes, (existing, &place));
    if outcome.is_err() && temporary.exists() {
        // The temporary file is ours; a failure to remove it leaves only a hidden leftover.
        drop(fs::remove_file(&temporary));
    }
    outcome.map_err(|error| explain(path, &error))?;
    if existing == Existing::Keep { same_bytes(path, bytes) } else { Ok(()) }
}

fn write_and_rename(
    folder: &Path,
    temporary: &Path,
    path: &Path,
    bytes: &[u8],
    (existing, place): (Existing, &str),
) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = File::create(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fault::point(place, "before");
    match existing {
        #[expect(clippy::disallowed_methods, reason = "this is the one door to renaming")]
        Existing::Replace => fs::rename(temporary, path)?,
        Existing::Keep => {
            // A hard link fails when the name is taken, so two writers cannot overwrite each other.
            match fs::hard_link(temporary, path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => fs::remove_file(temporary)?,
            }
        }
    }
    File::open(folder)?.sync_all()?;
    fault::point(place, "after");
    Ok(())
}

/// Changes a small file of one user of the machine, which nobody else may read: two who change it at once wait for
/// each other. It is not synced, since nothing rests on it.
pub fn keep_private(path: &Path, change: impl FnOnce(&str) -> String) -> Result<()> {
    let changed = || -> std::io::Result<()> {
        let mut options = File::options();
        private(options.read(true).write(true).create(true).truncate(false));
        let mut file = options.open(path)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(change(&text).as_bytes())
    };
    changed().map_err(|error| explain(path, &error))
}

/// Writes a projection: renamed into place, so that a reader never sees a part, but not synced, since it can be
/// written again from the journal. A file that already has these bytes is left alone.
pub fn project(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let temporary = temporary_beside(path);
    let place = fault_place(path);
    let step = || -> std::io::Result<()> {
        fs::create_dir_all(folder_of(path))?;
        File::create(&temporary)?.write_all(bytes)?;
        fault::point(&place, "before");
        #[expect(clippy::disallowed_methods, reason = "this is the one door to renaming")]
        fs::rename(&temporary, path)?;
        fault::point(&place, "after");
        Ok(())
    };
    step().map_err(|error| explain(path, &error))
}

/// Makes a folder, and what is missing above it, that nobody but its owner may look into.
pub fn make_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| explain(folder, &error))
}

/// Refuses what others than its owner may read or write; what is not there is no danger.
pub fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(data) = fs::metadata(path) else { return Ok(()) };
    if data.permissions().mode().trailing_zeros() >= OTHERS {
        return Ok(());
    }
    let shown = path.display();
    let mode = if data.is_dir() { "-R go=" } else { "600" };
    Err(Problem::invalid(format!("{shown} may be read by others than its owner"))
        .hint(format!("chmod {mode} {shown}")))
}

/// Lets nobody but its owner read what these options make.
pub fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options.mode(0o600)
}

/// Moves a file into place, folders made, both folders synced.
pub fn relocate(from: &Path, to: &Path) -> Result<()> {
    let step = || -> std::io::Result<()> {
        let folder = folder_of(to);
        fs::create_dir_all(folder)?;
        let place = fault_place(to);
        fault::point(&place, "before");
        #[expect(clippy::disallowed_methods, reason = "this is the one door to renaming")]
        fs::rename(from, to)?;
        File::open(folder)?.sync_all()?;
        fault::point(&place, "after");
        Ok(())
    };
    step().map_err(|error| explain(to, &error))
}

/// Removes a file; a file that is not there is success.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(explain(path, &error)),
        _ => Ok(()),
    }
}

/// Removes the temporary files that a crash between writing and renaming left in `folder`; not in folders below it.
pub fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_temporary(&name)
            && let Err(problem) = remove(&entry.path())
        {
            tracing::warn!(%problem, "a leftover of a crash could not be removed");
        }
    }
}

/// Reads a text file, refusing one larger than `most` bytes or not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String> {
    let size = fs::metadata(path).map_err(|error| explain(path, &error))?.len();
    if size > most {
        return Err(Problem::invalid(format!(
            "{} is {size} bytes; at most {most} are taken",
            path.display()
        )));
    }
    let bytes = bytes(path).map_err(|error| explain(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::invalid(format!("{} is not UTF-8 text (byte {at})", path.display()))
            .hint("save the file as UTF-8")
    })
}

/// What a plain file holds. Anything else of that name is refused at once: nobody may ever write into a pipe.
///
/// # Errors
/// Of the file system.
pub fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let flag = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut file = File::options().read(true).custom_flags(flag).open(path)?;
    if !file.metadata()?.is_file() {
        let kind = ErrorKind::InvalidInput;
        return Err(std::io::Error::new(kind, "it is a folder, a pipe or a device, not a plain file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a text file that others are shown, unless it is a link to what only its owner may read: excerpts and pages
/// would tell it.
pub fn read_shown(path: &Path, most: u64) -> Result<String> {
    let link = fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    if link && path.exists() && check_private(path).is_ok() {
        return Err(Problem::not_allowed(format!(
            "{} is a link to a file that only its owner may read",
            path.display()
        ))
        .hint("put the file itself there"));
    }
    read_text(path, most)
}

/// An error of the disk, in words.
pub fn explain(path: &Path, error: &std::io::Error) -> Problem {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => Problem::not_found(format!("{shown} does not exist")),
        ErrorKind::PermissionDenied => Problem::failed(format!("{shown} cannot be written: {error}"))
            .hint("give the user that runs sopd the right to write there"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Problem::of_system(format!("no room left to write {shown}: {error}"), error)
        }
        _ => Problem::of_system(format!("{shown}: {error}"), error),
    }
}

fn same_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let there = fs::read(path).map_err(|error| explain(path, &error))?;
    if there == bytes {
        return Ok(());
    }
    Err(Problem::conflict(format!("{} exists with other content", path.display()))
        .hint("move that file away; sopd never overwrites a published file"))
}

/// The folder a file is in; that of a bare name is the one we are in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", uuid::Uuid::now_v7().simple()))
}

/// Whether a name has the form [`temporary_beside`] gives: nothing else is ever taken for a leftover.
fn is_temporary(name: &str) -> bool {
    let ours = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp")?.rsplit_once('.'));
    ours.is_some_and(|(_, id)| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn fault_place(path: &Path) -> String {
    format!("rename/{}", path.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.md");
        write(&path, b"one", Existing::Keep).unwrap();
        write(&path, b"one", Existing::Keep).unwrap();
        assert_eq!(write(&path, b"two", Existing::Keep).unwrap_err().kind, crate::base::Kind::Conflict);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn leftovers_of_a_crash_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [".notes.tmp", "a.md", ".a.md.0.tmp"].map(|name| folder.path().join(name));
        for path in &kept {
            write(path, b"x", Existing::Replace).unwrap();
        }
        File::create(temporary_beside(&kept[1])).unwrap();
        remove_leftovers(folder.path());
        assert!(kept.iter().all(|path| path.exists()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), kept.len());
    }

    #[test]
    fn a_bare_name_is_in_the_folder_we_are_in() {
        assert_eq!(folder_of(Path::new("a.md")), Path::new("."));
        assert_eq!(folder_of(Path::new("x/a.md")), Path::new("x"));
    }

    #[test]
    fn text_that_is_too_large_or_not_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.md");
        write(&path, b"\xff\xfe", Existing::Replace).unwrap();
        assert!(read_text(&path, 10).unwrap_err().message.contains("UTF-8"));
        assert!(read_text(&path, 1).unwrap_err().message.contains("at most 1"));
    }
}
