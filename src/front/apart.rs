//! Work that waits for the journal or the disk, off the threads that serve others.

use crate::base::{Problem, problem::Result};
use crate::journal::IDLE_READERS;
use tokio::sync::Semaphore;

/// Places for work under way; who finds none waits. More at once are done no sooner: each reads over a connection of
/// its own, and one beyond those that are kept has to learn the tables and every statement anew.
static PLACES: Semaphore = Semaphore::const_new(IDLE_READERS);

/// Does `work` on a thread that may block.
///
/// # Errors
/// `Failed` where it broke off, which is a mistake of ours.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let broken = |why: &dyn std::fmt::Display| Problem::failed(format!("BUG: a request broke off: {why}"));
    let place = PLACES.acquire().await.map_err(|closed| broken(&closed))?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    done.await.map_err(|error| broken(&error))
}
