//! The values a command hands on: `outputs.json` in its working folder, one JSON object.
//! The file is foreign: a link, a pipe or an endless file in its place is refused, never followed or waited for.

use crate::base::{Exact, Exacts, json};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The name of the file.
pub(super) const FILE: &str = "outputs.json";
/// Most bytes taken: values are for later steps' variables and expressions; what is larger is an artifact.
const MOST_BYTES: u64 = 1024 * 1024;

/// Reads the values; none when there is no file. An error says in words what is wrong with it.
pub(super) fn read(folder: &Path) -> Result<Exacts, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match open(folder.join(FILE), flags, Mode::empty()) {
        Ok(file) => file,
        Err(rustix::io::Errno::NOENT) => return Ok(Exacts::new()),
        Err(rustix::io::Errno::LOOP) => return Err(format!("{FILE} is a link; write the file itself")),
        Err(error) => return Err(format!("{FILE} cannot be read: {error}")),
    };
    let kind = fstat(&file).map_err(|error| format!("{FILE} cannot be read: {error}"))?.st_mode;
    if FileType::from_raw_mode(kind) != FileType::RegularFile {
        return Err(format!("{FILE} is no file"));
    }
    let mut bytes = Vec::new();
    let read = File::from(file).take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{FILE} cannot be read: {error}"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(format!(
            "{FILE} is larger than {MOST_BYTES} bytes; hand large results over as an artifact"
        ));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Exact::Object(values)) => Ok(values),
        Ok(_) => Err(format!("{FILE} must hold a JSON object, like {{\"score\": 70}}")),
        Err(error) if error.is_eof() && is_full(folder) => {
            Err(format!("{FILE} is not whole: the machine's disk is full"))
        }
        Err(error) => Err(format!("{FILE} is no JSON: {}", json::at_line(&error))),
    }
}

/// Whether what was written there may be cut off because nothing more went onto the disk.
fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < MOST_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::files::{self, Existing};

    #[test]
    fn only_a_plain_file_with_an_object_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(read(folder.path()), Ok(Exacts::new()));
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(1024 * 1024));
        for (text, words) in [
            ("[1]", "must hold a JSON object"),
            ("", "no JSON"),
            ("{\"a\": 1} x", "no JSON"),
            (long.as_str(), "larger than"),
        ] {
            files::write(&path, text.as_bytes(), Existing::Replace).unwrap();
            assert!(read(folder.path()).unwrap_err().contains(words), "{words}");
        }
        files::write(&path, b"{\"score\": 70}", Existing::Replace).unwrap();
        assert_eq!(read(folder.path()).unwrap().get("score"), Some(&Exact::Number("70".to_owned())));
        files::remove(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(read(folder.path()).unwrap_err().contains("is a link"));
        files::remove(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(read(folder.path()).unwrap_err().contains("is no file"));
    }
}
