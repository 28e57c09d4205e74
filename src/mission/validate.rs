//! Validators who had no part in the draft: scrutiny reads it, user testing exercises it black-box.

use super::Office;
use super::help::{grant, help};
use super::impartial::impartial;
use super::plan::MissionPlan;
use super::rounds::{EXAMINED, NOTHING_UNSEEN};
use super::setup::Setup;
use crate::agent::{Asking, Seat, ask};
use crate::base::Digest;
use crate::brief::Scenario;
use crate::contract::{Answer, Assertion, Finding};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Story, Workflow};
use crate::roles::AssertionView;
use crate::roles::scrutiny::{Scrutiny, ScrutinyAnswer, ScrutinyQuestion};
use crate::roles::user_test::{
    Execute, ExecuteQuestion, Grade, GradeAnswer, GradeQuestion, ScenarioQuestion, Trace, Walk,
    WriteScenarios,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Scrutiny of one round's draft.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Scrutinise {
    pub(super) setup: Setup,
    pub(super) validator: String,
    pub(super) sop: String,
    /// Assertions that need judgement and have no surviving verdict.
    pub(super) assertions: Vec<Assertion>,
    pub(super) findings: Vec<Finding>,
    /// See [`ScrutinyQuestion::asked`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) asked: Vec<String>,
    /// See [`ScrutinyQuestion::open`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Finding>,
    /// See [`ScrutinyQuestion::gone`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) gone: Vec<String>,
    pub(super) round: u32,
    /// 0 at first; one more each time a person said to try again.
    pub(super) attempt: u32,
}

impl Story for Scrutinise {
    const NAME: &'static str = "scrutinise";
    const VERSION: u32 = 1;
    type Output = ScrutinyAnswer;
    fn key(&self) -> String {
        format!("scrutiny#{}.{}", self.round, self.attempt)
    }
    async fn tell(self, w: Workflow) -> Result<ScrutinyAnswer, Stop> {
        let question = ScrutinyQuestion {
            assertions: shuffled(&self.assertions, &format!("scrutiny{}", self.sop)),
            sop: impartial(&self.sop),
            findings: self.findings,
            asked: self.asked,
            open: self.open,
            gone: self.gone,
        };
        let asking = asking(
            &self.setup,
            &self.validator,
            format!("scrutiny/{}#{}.{}", self.validator, self.round, self.attempt),
        );
        Ok(ask::<Scrutiny>(&w, &self.setup.asker, &asking, &question).await?.0)
    }
}

/// User testing of one round's draft: a fresh executor, then a separate grader.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserTest {
    pub(super) setup: Setup,
    pub(super) validator: String,
    pub(super) sop: String,
    pub(super) scenario: Scenario,
    /// Further scenarios, walked side by side with the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<Scenario>,
    pub(super) assertions: Vec<Assertion>,
    pub(super) round: u32,
    /// 0 at first; one more each time a person said to try again.
    pub(super) attempt: u32,
}

/// The walks of a round and their grades.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tested {
    pub(super) scenario: Scenario,
    pub(super) trace: Trace,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<Walk>,
    pub(super) grade: GradeAnswer,
}

impl Tested {
    /// Every situation with its walk, in the order in which they were shown to the grader.
    pub(super) fn walks(&self) -> impl Iterator<Item = (&Scenario, &Trace)> {
        let others = self.others.iter().map(|walk| (&walk.scenario, &walk.trace));
        std::iter::once((&self.scenario, &self.trace)).chain(others)
    }
    /// The situations in which somebody who knew nothing but the text came to no right end.
    pub(super) fn failed(&self) -> Vec<Scenario> {
        let stuck = self.walks().filter(|(_, trace)| !trace.ended());
        stuck.map(|(scenario, _)| scenario.clone()).collect()
    }
    /// Those, and the ones the grader named: all of them, where a promise was broken and nobody said in which.
    pub(super) fn wanting(&self) -> Vec<Scenario> {
        let named: Vec<usize> =
            self.grade.root_causes.iter().filter_map(|cause| usize::try_from(cause.case).ok()).collect();
        let broken = self.grade.verdicts.iter().any(|verdict| verdict.answer == Answer::Fail);
        let all = broken && named.is_empty();
        let walks = (1..).zip(self.walks());
        let wanting = walks.filter(|(case, (_, trace))| all || !trace.ended() || named.contains(case));
        wanting.map(|(_, (scenario, _))| scenario.clone()).collect()
    }
}

/// One situation walked by an executor of its own, who sees no other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WalkThrough {
    setup: Setup,
    validator: String,
    sop: String,
    scenario: Scenario,
    key: String,
}

impl Story for WalkThrough {
    const NAME: &'static str = "walk_through";
    const VERSION: u32 = 1;
    type Output = Walk;
    fn key(&self) -> String {
        self.key.clone()
    }
    async fn tell(self, w: Workflow) -> Result<Walk, Stop> {
        let Self { setup, validator, sop, scenario, key } = self;
        let trace = walk(&w, &setup, (&validator, key), sop, scenario.clone()).await?;
        Ok(Walk { scenario, trace })
    }
}

/// How a fresh executor carries `sop` out in one situation.
async fn walk(
    w: &Workflow,
    setup: &Setup,
    (validator, key): (&str, String),
    sop: String,
    scenario: Scenario,
) -> Result<Trace, Stop> {
    let question = ExecuteQuestion { sop, scenario };
    Ok(ask::<Execute>(w, &setup.asker, &asking(setup, validator, key), &question).await?.0)
}

impl Story for UserTest {
    const NAME: &'static str = "user_test";
    const VERSION: u32 = 1;
    type Output = Tested;
    fn key(&self) -> String {
        format!("user-test#{}.{}", self.round, self.attempt)
    }
    async fn tell(self, w: Workflow) -> Result<Tested, Stop> {
        let Self { setup, validator, sop, scenario, others, assertions, round, attempt } = self;
        let shown = impartial(&sop);
        let further = |(number, scenario): (usize, Scenario)| WalkThrough {
            setup: setup.clone(),
            validator: validator.clone(),
            sop: shown.clone(),
            scenario,
            key: format!("execute/{validator}#{round}.{attempt}/{number}"),
        };
        let further = (2..).zip(others).map(further).map(|walk| w.child(walk)).collect();
        let key = format!("execute/{validator}#{round}.{attempt}");
        let trace = walk(&w, &setup, (&validator, key), shown.clone(), scenario.clone()).await;
        let others = w.all(further).await?.into_iter().collect::<Result<Vec<Walk>, Failure>>()?;
        let trace = trace?;
        let question = GradeQuestion {
            assertions: shuffled(&assertions, &format!("grade{sop}")),
            sop: shown,
            scenario: scenario.clone(),
            trace: trace.clone(),
            others: others.clone(),
        };
        let grader = asking(&setup, &validator, format!("grade/{validator}#{round}.{attempt}"));
        let (grade, _) = ask::<Grade>(&w, &setup.asker, &grader, &question).await?;
        Ok(Tested { scenario, trace, others, grade })
    }
}

/// The mission's scenarios: the brief's own, and as many more as the rounds may need. Nobody but user testing
/// ever sees them.
pub(super) async fn scenarios(
    w: &Workflow,
    setup: &mut Setup,
    plan: &MissionPlan,
    given: &[Scenario],
) -> Result<Vec<Scenario>, Stop> {
    let rules = &setup.rules;
    // What the first round walks, and one that is kept for each further round.
    let wanted = if w.version() >= EXAMINED && !setup.asker.tiers.is_empty() {
        rules.scenarios + rules.rounds - 1
    } else {
        rules.scenarios.max(rules.rounds)
    };
    let missing = wanted.saturating_sub(u32::try_from(given.len()).unwrap_or(u32::MAX));
    let mut all = given.to_vec();
    if missing > 0 {
        let question = wanted_of(setup, plan, missing);
        all.extend(written(w, setup, (&plan.parties.user_testing, ""), &question).await?);
    }
    w.call(KeepScenarios { mission: setup.asker.mission.clone(), digests: digests(&all), round: 0 }).await?;
    Ok(all)
}

/// As many more as the rounds may need, where a person lets them go on: what a draft has failed at is told to its author,
/// so that no scenario examines twice.
pub(super) async fn more_scenarios(
    w: &Workflow,
    setup: &mut Setup,
    plan: &MissionPlan,
    (round, used): (u32, &[Scenario]),
) -> Result<Vec<Scenario>, Stop> {
    let used = used.iter().filter(|_| w.version() >= NOTHING_UNSEEN).map(|one| one.text.clone());
    let question =
        ScenarioQuestion { used: used.collect(), ..wanted_of(setup, plan, setup.rules.rounds.max(1)) };
    let again = format!("#{round}");
    let more = written(w, setup, (&plan.parties.user_testing, &again), &question).await?;
    w.call(KeepScenarios { mission: setup.asker.mission.clone(), digests: digests(&more), round }).await?;
    Ok(more)
}

/// What the scenario writer is shown, who is to write `count` of them.
fn wanted_of(setup: &Setup, plan: &MissionPlan, count: u32) -> ScenarioQuestion {
    ScenarioQuestion {
        title: plan.title.clone(),
        objective: plan.objective.clone(),
        text: setup.view.told().into_owned(),
        assertions: plan.contract.assertions.iter().map(AssertionView::of).collect(),
        count,
        used: Vec::new(),
    }
}

fn digests(scenarios: &[Scenario]) -> Vec<Digest> {
    scenarios.iter().map(|s| Digest::of(serde_json::to_string(s).unwrap_or_default())).collect()
}

/// Scenarios as the user-testing agent writes them; a person helps where it cannot.
async fn written(
    w: &Workflow,
    setup: &mut Setup,
    (validator, again): (&str, &str),
    question: &ScenarioQuestion,
) -> Result<Vec<Scenario>, Stop> {
    let mut attempt = 1;
    loop {
        let key = format!("scenarios/{validator}{again}.{attempt}");
        let asking = asking(setup, validator, key.clone());
        match ask::<WriteScenarios>(w, &setup.asker, &asking, question).await {
            Ok((answer, _)) => return Ok(answer.scenarios),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            Err(Stop::Failed(failure)) => {
                help(w, setup, &key, "nobody could write the scenarios", &failure.reason).await?;
                grant(&failure, setup);
            }
        }
        attempt += 1;
    }
}

/// Records that the scenarios stand, by their hashes only: the log is read by everybody.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepScenarios {
    mission: String,
    digests: Vec<Digest>,
    /// The round they were written for; 0 for those of the beginning.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    round: u32,
}

impl Activity for KeepScenarios {
    const NAME: &'static str = "keep_scenarios";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        if self.round == 0 { "keep/scenarios".to_owned() } else { format!("keep/scenarios#{}", self.round) }
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).event(&self.mission, "scenarios_fixed", json!({ "sha256": self.digests })))
    }
}

fn asking(setup: &Setup, agent: &str, key: String) -> Asking {
    let tier = setup.tiers.get(agent).copied().unwrap_or(0);
    Asking { agent: agent.to_owned(), tier, seat: Seat::Validator, key }
}

/// Assertions in an order that `seed` fixes: no place is favoured, and every replay sees the same.
fn shuffled(assertions: &[Assertion], seed: &str) -> Vec<AssertionView> {
    let mut views: Vec<AssertionView> = assertions.iter().map(AssertionView::of).collect();
    views.sort_by_key(|view| Digest::of(format!("{seed}\n{}", view.id)));
    views
}
