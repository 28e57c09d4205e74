//! What lies in the file of the latest writes, looked at past SQLite: it reads that file up to the first damaged page,
//! and what comes after is to it as if it had never been written.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Sizes of the file's head and of each page's (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).
const HEAD: usize = 32;
const PAGE_HEAD: usize = 24;
/// Pages looked at; the writes that make the tables are among the first.
const MOST_PAGES: usize = 4_096;

/// Whether something was committed into the file beside the journal at `journal`, readable or not. `false` when there
/// is no such file.
pub(super) fn holds_commits(journal: &Path) -> bool {
    let mut name = journal.as_os_str().to_owned();
    name.push("-wal");
    File::open(Path::new(&name)).is_ok_and(|mut file| commits(&mut file).unwrap_or(false))
}

fn commits(file: &mut File) -> std::io::Result<bool> {
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    let page = i64::from(number(&head, 8));
    let salts = head.get(16..24).unwrap_or_default();
    for _ in 0..MOST_PAGES {
        let mut of_page = [0; PAGE_HEAD];
        if file.read_exact(&mut of_page).is_err() {
            return Ok(false);
        }
        // The last page of a commit says how large the database is after it; older commits bear other salts.
        if number(&of_page, 4) != 0 && of_page.get(8..16) == Some(salts) {
            return Ok(true);
        }
        file.seek(SeekFrom::Current(page))?;
    }
    Ok(false)
}

/// The big-endian number at `place`.
fn number(bytes: &[u8], place: usize) -> u32 {
    let four = bytes.get(place..place + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_be_bytes)
}
