//! The contract of a tier-0 mission: only assertions that code can check.

use super::prose::Material;
use crate::contract::Assertion;
use crate::roles::plan::PlanAnswer;
use crate::roster::Roster;
use crate::sop::Sop;

/// What the SOP must fulfil.
pub(crate) fn assertions(_plan: &PlanAnswer, _material: &Material, _roster: &Roster, _current: Option<&Sop>) -> Vec<Assertion> {
    Vec::new()
}
