//! Trouble that lasts: said when it begins, when it changes and now and then while it goes on, and once when it is over.
//! Whoever tries again waits longer each time, so that neither the machine nor the log is filled by what fails.

use super::problem::Problem;
use std::time::{Duration, Instant};

/// The first pause before something is tried again.
const FIRST: Duration = Duration::from_millis(250);
/// How often trouble that goes on is said again.
const AGAIN: Duration = Duration::from_hours(1);

/// One thing that is tried until it works.
#[derive(Debug)]
pub struct Trouble {
    /// What waits meanwhile, in words: "runs that are due wait".
    what: &'static str,
    began: Option<Instant>,
    told: Option<(Instant, String)>,
    tries: u32,
}

impl Trouble {
    /// The longest pause: whatever is mended is noticed within so long.
    pub const LONGEST: Duration = Duration::from_secs(15);

    /// Nothing wrong yet.
    pub fn of(what: &'static str) -> Self {
        Self { what, began: None, told: None, tries: 0 }
    }

    /// Whether it goes on.
    pub fn lasts(&self) -> bool {
        self.began.is_some()
    }

    /// It failed, once more or for the first time: says so where that is news. How long to wait before the next try.
    pub fn failed(&mut self, problem: &Problem) -> Duration {
        let now = Instant::now();
        if self.is_news(problem, now) {
            tracing::error!(%problem, tries = self.tries + 1, "{}; it is tried again", self.what);
            self.told = Some((now, problem.message.clone()));
        }
        self.began.get_or_insert(now);
        self.tries = self.tries.saturating_add(1);
        Self::pause(self.tries)
    }

    /// The pause after so many tries in vain.
    pub fn pause(tries: u32) -> Duration {
        FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(Self::LONGEST)
    }

    /// It worked: says so where it had failed before.
    pub fn over(&mut self) {
        if let Some(began) = self.began.take() {
            let lasted = began.elapsed().as_secs();
            tracing::info!(lasted_s = lasted, tries = self.tries, "it works again: {} no longer", self.what);
        }
        (self.told, self.tries) = (None, 0);
    }

    /// What came of a try, told. The pause before the next one, where it failed.
    pub fn after<T>(&mut self, outcome: &Result<T, Problem>) -> Option<Duration> {
        match outcome {
            Ok(_) => {
                self.over();
                None
            }
            Err(problem) => Some(self.failed(problem)),
        }
    }

    fn is_news(&self, problem: &Problem, now: Instant) -> bool {
        self.told
            .as_ref()
            .is_none_or(|(at, said)| now.duration_since(*at) >= AGAIN || *said != problem.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasting_trouble_is_news_once_and_its_pauses_grow_to_a_limit() {
        let mut trouble = Trouble::of("files wait");
        let (full, other) = (Problem::failed("no room"), Problem::failed("no files"));
        let now = Instant::now();
        assert!(trouble.is_news(&full, now));
        let pauses: Vec<_> = (0..40).map(|_try| trouble.failed(&full)).collect();
        assert!(pauses.is_sorted() && pauses[0] == FIRST && pauses[39] == Trouble::LONGEST, "{pauses:?}");
        assert!(trouble.lasts() && !trouble.is_news(&full, now));
        assert!(trouble.is_news(&other, now) && trouble.is_news(&full, now + AGAIN * 2));
        assert_eq!(trouble.after(&Ok(())), None);
        assert!(!trouble.lasts() && trouble.is_news(&full, now));
        assert_eq!(trouble.after(&Err::<(), _>(full)), Some(FIRST));
    }
}
