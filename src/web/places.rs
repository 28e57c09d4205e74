//! Places for connections. Where all are taken, the oldest of those that nobody known has used makes room for the next:
//! whoever only holds connections keeps nobody out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// A connection that has a place.
#[derive(Debug, Default)]
pub(super) struct Guest {
    known: AtomicBool,
    leaves: Notify,
}

impl Guest {
    /// Somebody with a session or a token has used it: it stays as long as it is wanted.
    pub(super) fn is_known(&self) {
        self.known.store(true, Ordering::Relaxed);
    }
    /// Until it has to make room.
    pub(super) async fn leaves(&self) {
        self.leaves.notified().await;
    }
}

/// All places.
pub(super) struct Places {
    free: Arc<Semaphore>,
    most: usize,
    /// In the order of their coming; those that are gone or known are passed over.
    strangers: VecDeque<Weak<Guest>>,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), most, strangers: VecDeque::new() }
    }

    /// A place for one more, as soon as there is one; `None` where there never will be.
    pub(super) async fn next(&mut self) -> Option<(OwnedSemaphorePermit, Arc<Guest>)> {
        if self.free.available_permits() == 0 {
            self.make_room();
        }
        let place = self.free.clone().acquire_owned().await.ok()?;
        if self.strangers.len() > 2 * self.most {
            self.strangers.retain(|guest| guest.strong_count() > 0);
        }
        let guest = Arc::new(Guest::default());
        self.strangers.push_back(Arc::downgrade(&guest));
        Some((place, guest))
    }

    fn make_room(&mut self) {
        while let Some(guest) = self.strangers.pop_front() {
            if let Some(guest) = guest.upgrade().filter(|guest| !guest.known.load(Ordering::Relaxed)) {
                return guest.leaves.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_makes_room_for_the_next_and_somebody_known_does_not() {
        let mut places = Places::new(3);
        let (first, known) = places.next().await.unwrap();
        known.is_known();
        let (second, oldest) = places.next().await.unwrap();
        let gone = places.next().await.unwrap();
        drop(gone);
        let (third, newer) = places.next().await.unwrap();
        let left = tokio::spawn(async move {
            oldest.leaves().await;
            drop(second);
        });
        let (_fourth, newest) = places.next().await.unwrap();
        left.await.unwrap();
        newest.is_known();
        let left = tokio::spawn(async move {
            newer.leaves().await;
            drop(third);
        });
        assert!(places.next().await.is_some());
        left.await.unwrap();
        drop((first, known));
    }
}
