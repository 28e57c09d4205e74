//! Which gates a run has, and why: the one table that README, `--help`, dry runs and the workflow itself are made
//! from. Reasons only ever add gates. Priority is urgency and chooses a mode; danger is the risk level and adds people.

use crate::base::text::{put, put_line};
use crate::base::{Problem, problem::Result};
use crate::settings::PriorityModes;
use crate::sop::document::{ExecutionMode, Priority, RiskLevel};
use crate::sop::{Sop, Step};
use std::collections::BTreeSet;

/// What mode and risk together ask of people, before any step is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// Nothing beyond what steps demand.
    Nothing,
    /// Once, before the first step.
    BeforeFirst,
    /// Before each step.
    BeforeEach,
}

impl Ask {
    /// As the table has it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::BeforeFirst => "before the first step",
            Self::BeforeEach => "before each step",
        }
    }
}

/// For what a person has widened autonomy, on record: an SOP as a whole, or single steps of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Widened {
    /// The whole SOP.
    pub sop: bool,
    /// Steps by number.
    pub steps: BTreeSet<u32>,
}

impl Widened {
    /// Whether `step` may go ahead where danger alone would ask.
    pub fn covers(&self, step: u32) -> bool {
        self.sop || self.steps.contains(&step)
    }
}

/// What decides on the gates of a run, besides its steps.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The mode the run was started in.
    pub mode: ExecutionMode,
    /// The SOP's urgency; counts for `priority_based` only.
    pub priority: Priority,
    /// What `priority_based` stands for.
    pub priority_modes: &'a PriorityModes,
    /// The SOP's danger.
    pub risk: RiskLevel,
    /// Autonomy widened at the start of the run.
    pub widened: &'a Widened,
}

/// The mode that `mode` comes to: itself, or what the settings name for `priority`. Settings that name
/// `priority_based` again are refused when read; a stored one counts as `supervised`.
pub fn mode_of(mode: ExecutionMode, priority: Priority, modes: &PriorityModes) -> ExecutionMode {
    let named = match (mode, priority) {
        (ExecutionMode::Auto | ExecutionMode::Supervised | ExecutionMode::StepByStep, _) => mode,
        (ExecutionMode::PriorityBased, Priority::Critical) => modes.critical,
        (ExecutionMode::PriorityBased, Priority::High) => modes.high,
        (ExecutionMode::PriorityBased, Priority::Normal) => modes.normal,
        (ExecutionMode::PriorityBased, Priority::Low) => modes.low,
    };
    if named == ExecutionMode::PriorityBased { ExecutionMode::Supervised } else { named }
}

/// Whether a run may be started in `wanted`, where its SOP was signed for `signed`: a start asks as much of people or
/// more, never less.
pub fn may_start_in(
    wanted: ExecutionMode,
    signed: ExecutionMode,
    (priority, modes): (Priority, &PriorityModes),
) -> bool {
    let asks = |mode| ask_of(mode_of(mode, priority, modes));
    asks(wanted) >= asks(signed)
}

/// Whoever starts a run may ask more of people than was signed, never less.
pub(super) fn check_mode(sop: &Sop, wanted: Option<ExecutionMode>, modes: PriorityModes) -> Result<()> {
    let (Some(wanted), signed) = (wanted, sop.head.execution_mode) else { return Ok(()) };
    if may_start_in(wanted, signed, (sop.head.priority, &modes)) {
        return Ok(());
    }
    Err(Problem::not_allowed(format!(
        "{} v{} was signed for `{}`; a start may ask more of people, but `{}` asks less",
        sop.head.id,
        sop.head.version,
        signed.word(),
        wanted.word()
    ))
    .hint("leave the mode out; one that asks less of people is signed with a new version of the SOP"))
}

/// What mode and risk ask in a run whose first step has the number `first`.
pub fn asks(rules: &Rules<'_>, first: u32) -> Ask {
    by_mode(rules).max(by_risk(rules, first))
}

fn by_mode(rules: &Rules<'_>) -> Ask {
    ask_of(mode_of(rules.mode, rules.priority, rules.priority_modes))
}

fn ask_of(mode: ExecutionMode) -> Ask {
    match mode {
        ExecutionMode::Auto => Ask::Nothing,
        ExecutionMode::Supervised | ExecutionMode::PriorityBased => Ask::BeforeFirst,
        ExecutionMode::StepByStep => Ask::BeforeEach,
    }
}

fn by_risk(rules: &Rules<'_>, first: u32) -> Ask {
    match rules.risk {
        RiskLevel::High | RiskLevel::Critical if !rules.widened.covers(first) => Ask::BeforeFirst,
        RiskLevel::Low | RiskLevel::Medium | RiskLevel::High | RiskLevel::Critical => Ask::Nothing,
    }
}

/// Why a person is asked before the run begins; nobody is where there is no reason. Under `step_by_step` each step
/// asks for itself. `first` is the number of the first step: widening autonomy for it lifts what its danger asks.
pub fn at_start(rules: &Rules<'_>, first: u32) -> Vec<String> {
    let mode = by_mode(rules);
    let risk = by_risk(rules, first);
    let mut reasons = Vec::new();
    if mode == Ask::BeforeFirst {
        reasons.push(mode_reason(rules, mode));
    }
    if risk != Ask::Nothing && mode != Ask::BeforeEach {
        let risk = rules.risk.word();
        reasons
            .push(format!("the risk is {risk}, which asks before the first step until autonomy is widened"));
    }
    reasons
}

/// Why a person is asked before `step`; nobody is where there is no reason. `when` is what its `Approval When` came to,
/// where it has one: that alone then decides whether the step itself demands a gate.
///
/// `Approval Required: No` takes nothing away: it only keeps `Approvers` from demanding a gate by themselves.
pub fn at_step(rules: &Rules<'_>, step: &Step, when: Option<bool>) -> Vec<String> {
    let mut reasons = Vec::new();
    let mode = by_mode(rules);
    if mode == Ask::BeforeEach {
        reasons.push(mode_reason(rules, mode));
    }
    if step.reaches_customers == Some(true) && !rules.widened.covers(step.number) {
        reasons.push("the step reaches customers, which asks until autonomy is widened".to_owned());
    }
    match when {
        Some(true) => reasons.push("the step's own condition for an approval holds".to_owned()),
        Some(false) => {}
        None => reasons.extend(demand(step).map(str::to_owned)),
    }
    reasons
}

/// Why the step demands a gate by itself, where no expression decides.
fn demand(step: &Step) -> Option<&'static str> {
    match (step.approval_required, &step.approvers) {
        (Some(true), _) => Some("the step requires an approval"),
        (None, Some(_)) => Some("the step names who approves it"),
        (Some(false), _) | (None, None) => None,
    }
}

fn mode_reason(rules: &Rules<'_>, ask: Ask) -> String {
    let mode = mode_of(rules.mode, rules.priority, rules.priority_modes);
    let asks = format!("{}, which asks {}", mode.word(), ask.words());
    if rules.mode == ExecutionMode::PriorityBased {
        format!("the priority is {} and stands for {asks}", rules.priority.word())
    } else {
        format!("the mode is {asks}")
    }
}

const MODES: [ExecutionMode; 4] =
    [ExecutionMode::Auto, ExecutionMode::Supervised, ExecutionMode::StepByStep, ExecutionMode::PriorityBased];
const PRIORITIES: [Priority; 4] = [Priority::Critical, Priority::High, Priority::Normal, Priority::Low];

/// The columns of the table: a heading, the risks it is about, and whether autonomy was widened.
const COLUMNS: [(&str, &[RiskLevel], bool); 3] = [
    ("risk low or medium", &[RiskLevel::Low, RiskLevel::Medium], false),
    ("risk high or critical", &[RiskLevel::High, RiskLevel::Critical], false),
    ("risk high or critical, autonomy widened", &[RiskLevel::High, RiskLevel::Critical], true),
];

/// What a step adds, whatever the mode.
const STEPS: [(&str, &str); 4] = [
    ("`Approval Required: Yes`, or `Approvers` named", "asks before the step, in every mode"),
    ("`Approval When: …`", "asks before the step when the expression holds"),
    ("`Reaches Customers: Yes`", "asks before the step until autonomy is widened for the step or the SOP"),
    ("`Approval Required: No`", "takes nothing away: what mode, risk or customers ask for is asked"),
];

/// What each column of the table asks in `mode` at `priority`, under the default settings.
fn cells(mode: ExecutionMode, priority: Priority) -> [&'static str; 3] {
    let priority_modes = &PriorityModes::default();
    COLUMNS.map(|(_, risks, sop)| {
        let widened = &Widened { sop, ..Widened::default() };
        let asked =
            risks.iter().map(|risk| asks(&Rules { mode, priority, priority_modes, risk: *risk, widened }, 1));
        // Of several risks under one heading the strictest is shown; a test holds them equal.
        asked.max().unwrap_or(Ask::BeforeEach).words()
    })
}

/// The lines of the table: a mode, the priority where it matters, and what each column asks.
fn rows() -> impl Iterator<Item = (&'static str, Option<&'static str>, [&'static str; 3])> {
    MODES.into_iter().flat_map(|mode| {
        let by_priority = mode == ExecutionMode::PriorityBased;
        PRIORITIES.into_iter().take(if by_priority { PRIORITIES.len() } else { 1 }).map(move |priority| {
            let named = by_priority.then(|| priority.word());
            (mode.word(), named, cells(mode, priority))
        })
    })
}

/// The truth table as Markdown, for README.
pub fn table() -> String {
    let headings = COLUMNS.map(|(heading, ..)| heading);
    let mut out = format!("| mode | {} |\n|---|---|---|---|\n", headings.join(" | "));
    for (mode, priority, cells) in rows() {
        let priority = priority.map(|priority| format!(", priority {priority}")).unwrap_or_default();
        put_line(&mut out, format_args!("| `{mode}`{priority} | {} |", cells.join(" | ")));
    }
    out.push_str("\n| a step that says | |\n|---|---|\n");
    for (says, adds) in STEPS {
        put_line(&mut out, format_args!("| {says} | {adds} |"));
    }
    out
}

/// The truth table as plain text, for `--help`.
pub fn summary() -> String {
    let mut out = "What a run asks of people, by mode:\n".to_owned();
    for (mode, priority, [plain, dangerous, widened]) in rows() {
        let name = priority.map_or_else(|| mode.to_owned(), |priority| format!("{mode}, {priority}"));
        put(&mut out, format_args!("  {name:<26}{plain}"));
        if dangerous != plain {
            put(&mut out, format_args!("; at risk high or critical {dangerous}"));
        }
        if widened != dangerous {
            out.push_str(", until autonomy is widened");
        }
        out.push('\n');
    }
    out.push_str("What a step adds, in every mode:\n");
    for (says, adds) in STEPS {
        put_line(&mut out, format_args!("  {}: {adds}", says.replace('`', "")));
    }
    out
}

#[cfg(test)]
mod tests;
