//! Applies a person's comments.
use crate::roles::synthesise::{Synthesis, SynthesisQuestion};
pub(crate) fn apply(_s: &mut Synthesis, _q: &SynthesisQuestion) {}
