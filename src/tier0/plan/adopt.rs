//! Plans a mission whose text is a procedure already: whose it is and who does its steps, by the document's own words and the
//! titles of the roster; what it leaves open is asked once, together, each with what is assumed otherwise.

use super::desk::Desk;
use crate::base::text::{counted, listed};
use crate::roles::plan::{PlanAnswer, PlanQuestion, PlannedAssignment};
use crate::roster::{Agent, AgentRole, Roster};
use crate::tier0::knowledge::assignment::{Wanted, written};
use crate::tier0::knowledge::names;
use crate::tier0::request::adopted::{ASK_MEANT, ASK_OWNER, ASK_WHY, Adopted, read};
use crate::tier0::request::answers::ASK_TRIGGER;
use crate::tier0::request::material::Material;
use crate::tier0::request::who;

/// Most names that are asked about; more are asked for by one answer for all.
const MOST_NAMES: usize = 12;

/// Whom one word of the document means.
struct Named<'a> {
    words: String,
    steps: Vec<u32>,
    agent: Option<&'a Agent>,
    /// Nobody need be asked.
    sure: bool,
}

/// Makes the plan, without its assertions.
///
/// # Errors
/// When the roster has no worker at all, or the requester names an owner the roster does not have.
pub(super) fn plan(q: &PlanQuestion, roster: &Roster) -> Result<PlanAnswer, String> {
    let adopted = read(&q.mission);
    let named = named(&adopted, roster);
    let names = named.iter().filter_map(|one| Some((one.words.clone(), one.agent?.head.id.clone())));
    let current = q.mission.current.as_deref().and_then(|text| crate::sop::parse("", text).ok());
    let material = Material { who: adopted.who.clone(), ..Material::default() };
    let desk = Desk { q, roster, material, fits: Vec::new(), current, names: names.collect() };
    let (owner, owner_reason) = owner(&desk, &adopted)?;
    let title = q.mission.title.trim().trim_end_matches('.').to_owned();
    let (department, name) = desk.identity(owner, &title);
    let said = &adopted.procedure;
    let [what_for, impact, _] = adopted.why.clone();
    let described = Some(said.description.clone()).filter(|text| !text.is_empty());
    let objective = q.mission.objective.clone().or(said.objective.clone()).or(what_for).or(described.clone());
    Ok(PlanAnswer {
        department,
        name,
        owner: owner.head.id.clone(),
        owner_reason,
        objective: objective.unwrap_or_else(|| desk.objective(&title)),
        description: described.unwrap_or_else(|| desk.description(&title)),
        risk_level: desk.risk_level(),
        impact: said.impact.clone().or(impact).unwrap_or_else(|| desk.impact()),
        assignments: assignments(q, owner, &named),
        assertions: Vec::new(),
        questions: questions(&desk, &adopted, &named, owner),
        title,
    })
}

/// Whom the document names for its steps, each word once.
fn named<'a>(adopted: &Adopted, roster: &'a Roster) -> Vec<Named<'a>> {
    let mut found: Vec<Named<'a>> = Vec::new();
    for step in &adopted.procedure.body.steps {
        let said = adopted.procedure.who.get(&step.number).or(step.assignee.as_ref());
        let at_head = || {
            let mut heads = step.text.lines().take(1).flat_map(who::candidates);
            let (agent, words) =
                heads.find_map(|words| Some((names::named_in_line(&words, roster)?, words)))?;
            Some(Named { words, steps: Vec::new(), agent: Some(agent), sure: true })
        };
        let one = said.map_or_else(at_head, |words| meant(words, adopted, roster));
        let Some(one) = one else { continue };
        match found.iter_mut().find(|known| known.words == one.words) {
            Some(known) => known.steps.push(step.number),
            None => found.push(Named { steps: vec![step.number], ..one }),
        }
    }
    found
}

fn meant<'a>(words: &str, adopted: &Adopted, roster: &'a Roster) -> Option<Named<'a>> {
    let of = |agent: Option<&'a Agent>, sure: bool| {
        Some(Named { words: words.to_owned(), steps: Vec::new(), agent, sure })
    };
    let plain = words.to_lowercase();
    let told = adopted.meant.iter().find(|(name, _)| {
        let name = name.to_lowercase();
        name == plain || name.contains(&plain) || plain.contains(&name)
    });
    let answered = told.map(|(_, said)| said).or(adopted.who.as_ref());
    if let Some(agent) = names::exactly(words, roster) {
        return of(Some(agent), true);
    }
    if let Some(agent) = answered.and_then(|said| names::told(said, roster)) {
        return of(Some(agent), true);
    }
    let parts = words.split(['/', ',', ';', '&', '+', '(', ')']).map(str::trim);
    of(std::iter::once(words).chain(parts).find_map(|part| names::meant(part, roster)), false)
}

/// The owner: whom the requester or the document names, else whoever the document's steps name first.
fn owner<'a>(desk: &Desk<'a>, adopted: &Adopted) -> Result<(&'a Agent, String), String> {
    let fixed = desk.q.ask.owner.is_some() || adopted.who.is_some() || desk.current.is_some();
    let said = adopted.procedure.owner.as_deref().filter(|_| !fixed);
    let agent =
        said.and_then(|said| names::told(said, desk.roster)).filter(|agent| agent.can(AgentRole::Worker));
    match (agent, said) {
        (Some(agent), Some(said)) => {
            Ok((agent, format!("{} owns it because the document says so: “{said}”.", agent.head.id)))
        }
        _ => desk.owner(),
    }
}

/// The owner brings the document; other workers the requester wants are asked for what they know.
fn assignments(q: &PlanQuestion, owner: &Agent, named: &[Named<'_>]) -> Vec<PlannedAssignment> {
    let others = named.iter().filter_map(|one| Some((one, one.agent?)));
    let mut steps: Vec<(u32, String)> = others
        .filter(|(_, agent)| agent.head.id != owner.head.id)
        .flat_map(|(one, agent)| one.steps.iter().map(|step| (*step, agent.head.id.clone())))
        .collect();
    steps.sort();
    let names = steps.into_iter().map(|(step, id)| (format!("step {step}"), id)).collect();
    let brief = written(&Wanted { own_words: true, names, ..Wanted::default() });
    let mut all =
        vec![PlannedAssignment { agent: owner.head.id.clone(), brief, topics: Vec::new(), optional: false }];
    let asked = q.ask.workers.iter().filter(|worker| worker.agent != owner.head.id);
    all.extend(asked.map(|worker| PlannedAssignment {
        agent: worker.agent.clone(),
        brief: worker.brief.clone(),
        topics: Vec::new(),
        optional: worker.optional,
    }));
    all
}

/// Everything the document leaves open, in at most three questions.
fn questions(desk: &Desk<'_>, adopted: &Adopted, named: &[Named<'_>], owner: &Agent) -> Vec<String> {
    if !desk.q.mission.answers.is_empty() {
        return Vec::new();
    }
    let title = desk.q.mission.title.trim();
    let id = &owner.head.id;
    let mut asked: Vec<String> = people(desk, adopted, named, owner).into_iter().collect();
    if adopted.procedure.body.trigger.is_empty() {
        let more = if adopted.procedure.inputs_are_said {
            ""
        } else {
            " Behind a semicolon each, add what must be known by then, for example “order: its number”."
        };
        asked.push(format!(
            "{ASK_TRIGGER} (“{title}”)? Name the event, for example “a customer writes to support”.{more} Answer “as assumed”, and it starts with a request that reaches {id}."
        ));
    }
    let wanted = [
        (format!("What is “{title}” for"), "everybody does it the same way, on record"),
        (format!("What happens if “{title}” goes wrong"), "the work is late, done twice or left undone"),
        ("How is a mistake undone".to_owned(), "the last recorded step is undone and reported"),
    ];
    let open = wanted.into_iter().zip(adopted.open());
    let open = open.filter(|(_, open)| *open).map(|(wanted, _)| wanted);
    let open: Vec<_> =
        open.filter(|(ask, _)| !ask.contains(" for") || desk.q.mission.objective.is_none()).collect();
    if !open.is_empty() {
        let each = if open.len() > 1 { " each" } else { "" };
        let asks: Vec<&str> = open.iter().map(|(ask, _)| ask.as_str()).collect();
        let assumed: Vec<&str> = open.iter().map(|(_, assumed)| *assumed).collect();
        asked.push(format!(
            "{ASK_WHY}{each}: {}? Answer “as assumed”, and this stands: {}.",
            asks.join("? "),
            assumed.join("; ")
        ));
    }
    asked
}

/// Who is meant by words nobody on the roster has as a title, and who answers for the whole.
fn people(desk: &Desk<'_>, adopted: &Adopted, named: &[Named<'_>], owner: &Agent) -> Option<String> {
    let title = desk.q.mission.title.trim();
    let id = &owner.head.id;
    let said = adopted.procedure.owner.as_deref();
    let known = said.is_some_and(|said| names::exactly(said, desk.roster).is_some());
    let owned = known || desk.q.ask.owner.is_some() || desk.current.is_some();
    let open: Vec<&Named<'_>> = named.iter().filter(|one| !one.sure).collect();
    let whole = match said {
        Some(said) => format!("Who answers for the whole of it? The document says “{said}”. "),
        None => "Who answers for the whole of it? ".to_owned(),
    };
    if open.is_empty() {
        let text = said.map_or(String::new(), |said| format!(" The document says “{said}”."));
        return (!owned).then(|| {
            format!(
                "{ASK_OWNER} “{title}”, and does the steps that name nobody?{text} Write an id or a title of the roster. Answer “as assumed”, and it is {id}."
            )
        });
    }
    let one = |one: &&Named<'_>| {
        let steps: Vec<String> = one.steps.iter().map(u32::to_string).collect();
        let perhaps = one.agent.map_or(String::new(), |agent| format!(", perhaps {}", agent.head.id));
        let word = if steps.len() == 1 { "step" } else { "steps" };
        format!("“{}” ({word} {}){perhaps}", one.words, listed(&steps))
    };
    let mut asked: Vec<String> = open.iter().take(MOST_NAMES).map(one).collect();
    if open.len() > MOST_NAMES {
        asked.push(format!("and {} more", counted(open.len() - MOST_NAMES, "name")));
    }
    let whole = if owned { String::new() } else { whole };
    let example = open.first().map_or("", |one| one.words.as_str());
    Some(format!(
        "{ASK_MEANT} “{title}”: {}? {whole}Write a line for each, such as “{example}: {id}”, or one name for all. Answer “as assumed”, and it is as supposed here, and {id} for the rest.",
        asked.join("; "),
    ))
}
