//! Work that waits for the journal or the disk, off the threads that serve others.

use crate::base::{Problem, problem::Result};

/// Does `work` on a thread that may block.
///
/// # Errors
/// `Failed` where it broke off, which is a mistake of ours.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|broken| Problem::failed(format!("BUG: a request broke off: {broken}")))
}
