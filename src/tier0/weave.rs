//! Weaves a change into the version in force: what is not about the change stays word for word.
use crate::roles::synthesise::{Synthesis, SynthesisQuestion};
use crate::sop::Sop;
/// X
pub(crate) fn into_current(_q: &SynthesisQuestion, _sop: &Sop) -> Synthesis {
    unreachable!()
}
