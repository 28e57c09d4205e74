//! The rules of authority: who may draft, judge, advise and sign. Plain functions over the roster and the
//! settings; whoever applies them records the answer.

mod council;
mod delegate;
mod parties;
mod path;
mod sight;

pub use council::{CouncilCall, CouncilPlan, council};
pub use delegate::{Matter, stand_in};
pub use parties::{Parties, scrutiny_validator, user_tester};
pub use path::{Path, publication_path};
pub use sight::sees_missions;
