//! Content-addressed payloads beside the log. Retention may erase the bytes; the hash stays.

use super::tx::Tx;
use crate::base::{Digest, problem::Result};
use rusqlite::{Connection, OptionalExtension as _};

/// Text longer than this is kept as a blob and named by its hash (DESIGN: 32 KiB).
pub(super) const INLINE_BYTES: usize = 32 * 1024;
const MARK: &str = "blob:";

/// Stores `bytes` under their hash; storing the same bytes again is free.
pub(super) fn put(tx: &Tx<'_>, bytes: &[u8]) -> Result<Digest> {
    let digest = Digest::of(bytes);
    tx.db()
        .prepare_cached("INSERT INTO blob(hash, bytes, stored_at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute((&digest.0, bytes, tx.now().0))?;
    Ok(digest)
}

/// The bytes of a blob; `None` when unknown or erased.
pub(super) fn get(db: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>> {
    let row = db
        .prepare_cached("SELECT bytes FROM blob WHERE hash = ?1")?
        .query_row([&digest.0], |row| row.get::<_, Option<Vec<u8>>>(0))
        .optional()?;
    Ok(row.flatten())
}

/// `text` itself when short, else a mark that names its blob.
pub(super) fn shelve(tx: &Tx<'_>, text: &str) -> Result<String> {
    if text.len() <= INLINE_BYTES {
        return Ok(text.to_owned());
    }
    Ok(format!("{MARK}{}", put(tx, text.as_bytes())?))
}

/// The opposite of [`shelve`].
pub(super) fn fetch(db: &Connection, text: String) -> Result<String> {
    let Some(hash) = text.strip_prefix(MARK) else { return Ok(text) };
    let missing = || crate::base::Problem::failed(format!("the journal lacks the payload {hash}"));
    let bytes = get(db, &Digest(hash.to_owned()))?.ok_or_else(missing)?;
    String::from_utf8(bytes).map_err(|_not_text| missing())
}
