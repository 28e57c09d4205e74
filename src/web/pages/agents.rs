//! The roster: who can do what, with what, what each has at hand, what it has cost; and the form that changes one.

use super::files::{Tried, problem_rows};
use crate::base::{Digest, Problem, problem::Result, yaml};
use crate::daemon::Workspace;
use crate::daemon::edits::{self, Edit, Target};
use crate::front::agents::{self, CALLS_COUNTED, Calls};
use crate::roster::{Agent, AgentHead, AgentRole, AgentStatus, Runtime, parse};
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Begins the name of the field of a role.
const ROLE: &str = "role.";
/// What a new agent's form begins with.
const FIRST_BODY: &str = "Who this agent is and how it judges, in a few sentences.\n\n## What it knows\n\n- A rule as a full sentence, with numbers and units.\n";

/// `GET /agents`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let party = visitor.party().to_owned();
    let context = site.work(move |workspace| context(workspace, &party)).await?;
    site.page(&visitor, "agents.html", &context)
}

fn context(workspace: &Workspace, party: &str) -> Result<Value> {
    let snapshot = super::snapshot(workspace)?;
    let (loads, calls) = workspace.journal.read(|db| Ok((agents::loads(db)?, agents::calls(db)?)))?;
    let models = &snapshot.settings.models;
    let thinks = |agent: &Agent| match (agent.head.runtime, models.tier(agent.head.tier)) {
        (Runtime::Person, _) => "a person".to_owned(),
        (Runtime::External, _) => "a program elsewhere".to_owned(),
        (Runtime::Model, Some(model)) => model.model,
        (Runtime::Model, None) => "code (tier 0)".to_owned(),
    };
    let row = |agent: &Agent| {
        let head = &agent.head;
        let calls = calls.get(&head.id).cloned().unwrap_or_default();
        let load = loads.get(&head.id).copied().unwrap_or_default();
        json!({
            "id": head.id, "title": head.title, "department": head.department, "tier": head.tier,
            "active": head.status == AgentStatus::Active, "reports_to": head.reports_to, "skills": head.skills,
            "roles": head.roles.iter().map(|role| role.word()).collect::<Vec<_>>(), "thinks": thinks(agent),
            "topics": agent.topics.iter().map(|topic| &topic.title).collect::<Vec<_>>(),
            "persona": agent.persona, "load": load, "calls": calls.count(), "shares": shares(&calls),
            "cost": calls.cost_usd, "confidence": calls.confidence, "unusable": calls.unusable,
        })
    };
    let rows: Vec<Value> = snapshot.roster.agents.values().map(row).collect();
    let all = calls.values().fold(Calls::default(), |mut all, one| {
        for (tier, count) in &one.by_tier {
            *all.by_tier.entry(*tier).or_default() += count;
        }
        all
    });
    let may = edits::authorise(workspace, &Target::Settings, party).is_ok();
    Ok(json!({
        "title": "Agents", "rows": rows, "shares": shares(&all), "calls": all.count(), "counted": CALLS_COUNTED,
        "may_edit": may,
    }))
}

/// The share of each tier in percent, the lowest first.
fn shares(calls: &Calls) -> Vec<Value> {
    let all = calls.count().max(1);
    let share =
        |(tier, count): (&u8, &u32)| json!({ "tier": tier, "count": count, "percent": count * 100 / all });
    calls.by_tier.iter().map(share).collect()
}

/// What the form of an agent holds.
struct Filled {
    head: AgentHead,
    body: String,
    opened: String,
    note: String,
}

/// `GET /agents/new`
pub(super) async fn new(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let head = AgentHead {
        id: String::new(),
        title: String::new(),
        department: String::new(),
        status: AgentStatus::Active,
        roles: vec![AgentRole::Worker],
        runtime: Runtime::Model,
        tier: 2,
        reports_to: None,
        skills: Vec::new(),
    };
    let (opened, note) = (String::new(), String::new());
    let filled = Filled { head, body: FIRST_BODY.to_owned(), opened, note };
    site.page(&visitor, "agent_edit.html", &form(&filled, true, &Tried::default()))
}

/// `GET /agents/{id}/edit`
pub(super) async fn edit(State(site): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let target = Target::of(&format!("agents/{id}.md"))?;
    let path = target.path();
    let there = site.work(move |workspace| edits::current(&workspace.root, &target)).await?;
    let (text, digest) = there.ok_or_else(|| Problem::not_found(format!("there is no agent `{id}`")))?;
    let Ok(agent) = parse(&path, &text) else {
        // Broken by hand: the form could not show it, the file itself can.
        return Ok(Redirect::to(&format!("/files/{path}")).into_response());
    };
    let body = yaml::front_matter(&path, &text)?.body.to_owned();
    let filled = Filled { head: agent.head, body, opened: digest.0, note: String::new() };
    site.page(&visitor, "agent_edit.html", &form(&filled, false, &Tried::default()))
}

/// `POST /agents/new` and `POST /agents/{id}/edit`
pub(super) async fn save(State(site): State<Shared>, form: Signed<BTreeMap<String, String>>) -> Answer {
    let Signed { visitor, fields } = form;
    let filled = filled(&fields);
    let target = match Target::of(&format!("agents/{}.md", filled.head.id)) {
        Ok(target) => target,
        Err(_odd) => {
            let problem = Problem::invalid(format!("`{}` is not an agent id", filled.head.id))
                .hint("write lower-case words joined by dots or hyphens, like `vp.sales`");
            let tried = Tried { problems: vec![problem], ..Tried::default() };
            return answer(&site, &visitor, &filled, &tried);
        }
    };
    let actor = super::actor(&visitor);
    let (head, body) = (filled.head.clone(), filled.body.clone());
    let (opened, note) = (filled.opened.clone(), filled.note.clone());
    let checks = fields.contains_key("check");
    let tried = site
        .work(move |workspace| {
            let there = edits::current(&workspace.root, &target)?;
            let text =
                composed(&head, &body, (&target.path(), there.as_ref().map(|(text, _)| text.as_str())));
            let opened = Some(opened).filter(|opened| !opened.is_empty()).map(Digest);
            let edit = Edit { target, opened, text, note, skip_council: false };
            Ok(super::files::attempt(workspace, &actor, edit, checks))
        })
        .await?;
    if tried.saved {
        return Ok(Redirect::to(&format!("/files/agents/{}.md", filled.head.id)).into_response());
    }
    answer(&site, &visitor, &filled, &tried)
}

/// The file that the form describes. The head there now keeps its comments.
fn composed(head: &AgentHead, body: &str, (path, there): (&str, Option<&str>)) -> String {
    let before = there.and_then(|text| parse(path, text).ok()).map(|agent| agent.head);
    let with_body = |text: &str| {
        let cut = yaml::front_matter(path, text).ok()?;
        Some(format!("---\n{}---\n{body}", cut.head?))
    };
    match there.and_then(with_body) {
        Some(text) => head.in_file(&text, before.as_ref()),
        None => head.in_file(body, None),
    }
}

fn filled(fields: &BTreeMap<String, String>) -> Filled {
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let roles =
        AgentRole::ALL.into_iter().filter(|role| fields.contains_key(&format!("{ROLE}{}", role.word())));
    let head = AgentHead {
        id: text("id"),
        title: text("title"),
        department: text("department"),
        status: if text("status") == "planned" { AgentStatus::Planned } else { AgentStatus::Active },
        roles: roles.collect(),
        runtime: match text("runtime").as_str() {
            "person" => Runtime::Person,
            "external" => Runtime::External,
            _ => Runtime::Model,
        },
        tier: text("tier").parse().unwrap_or(u8::MAX),
        reports_to: Some(text("reports_to")).filter(|id| !id.is_empty()),
        skills: text("skills")
            .split(',')
            .map(str::trim)
            .filter(|skill| !skill.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let body = super::unix(fields.get("body").map_or("", String::as_str));
    Filled { head, body, opened: text("opened"), note: text("note") }
}

fn answer(site: &Shared, visitor: &Visitor, filled: &Filled, tried: &Tried) -> Answer {
    let context = form(filled, filled.opened.is_empty(), tried);
    let page = site.render(Some(visitor), "agent_edit.html", &context)?;
    Ok((tried.status(), page).into_response())
}

fn form(Filled { head, body, opened, note }: &Filled, new: bool, tried: &Tried) -> Value {
    let roles =
        AgentRole::ALL.map(|role| json!({ "word": role.word(), "checked": head.roles.contains(&role) }));
    // As the file will be: the head is ours, so its length says where the body begins.
    let first = yaml::front_matter("", &head.in_file(body, None)).map_or(1, |cut| cut.body_line);
    json!({
        "title": if new { "New agent".to_owned() } else { format!("Change {}", head.id) }, "new": new,
        "head": head, "roles": roles, "skills": head.skills.join(", "), "body": body,
        "opened": tried.there_hash.as_ref().unwrap_or(opened), "note": note, "checked": tried.checked,
        "problems": problem_rows(&tried.problems), "body_line": first, "differs": tried.differs,
        "file": format!("agents/{}.md", head.id),
    })
}
