//! The rules of authority: who may draft, judge, advise and sign. Plain functions over the roster and the
//! settings; whoever applies them records the answer.

mod council;
mod delegate;
mod editors;
mod parties;
mod path;
mod sight;

pub use council::{CouncilCall, CouncilPlan, council};
pub use delegate::{Matter, stand_in};
pub use editors::{MAJOR_BELOW, Rewrite, may_change_standing, may_edit, rewrite, rewrite_class};
pub use parties::{Parties, Voice, scrutiny_validator, user_tester};
pub use path::{Path, path_after_edit, publication_path};
pub use sight::{at_work, may_still_answer, sees_missions, works_elsewhere};
