//! Pauses between tries of one call: doubling from the first to the longest, with jitter, a bounded number.

use crate::settings::CallLimits;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::time::Duration;

/// The pauses after the first, second, … failed try; `attempts` tries in all.
pub(super) fn pauses(limits: &CallLimits) -> impl Iterator<Item = Duration> + Send + use<> {
    let millis = |span: crate::base::Span| Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0));
    let again = usize::try_from(limits.attempts.saturating_sub(1)).unwrap_or(0);
    ExponentialBuilder::default()
        .with_min_delay(millis(limits.first_pause))
        .with_max_delay(millis(limits.longest_pause))
        .with_max_times(again)
        .with_jitter()
        .build()
}
