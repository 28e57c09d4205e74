//! Where Slack tells of buttons that were pressed below our messages. Nobody signs in for it: Slack's signature says
//! that it is Slack, the settings say for whom the person answers, and the answer is given by the very deed that every
//! other face calls.

use super::answers::apart;
use super::hooks::{LARGEST_PRESS, take, texts};
use super::refusal::Refusal;
use super::{Api, SOPD};
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::Verb;
use crate::front::{self, Answered, Answering};
use crate::notify::{self, Pressed};
use crate::run::Actor;
use crate::run::webhook::look_slack;
use crate::settings::Settings;
use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};

/// What came of a press that Slack signed.
struct Pressing {
    settings: Settings,
    response_url: Option<String>,
    came: Result<Value, Vec<Problem>>,
}

/// Takes a pressed button in.
pub(super) async fn answer(State(api): State<Api>, request: Request) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let headers = texts(&parts.headers);
    let (workspace, head) = (api.workspace.clone(), headers.clone());
    apart(move || expect(&workspace, &head)).await?;
    let unproven = take((&parts.headers, body), LARGEST_PRESS).await?;
    let workspace = api.workspace.clone();
    let pressing = apart(move || {
        let pressed = press(&workspace, &headers, &unproven.bytes);
        drop(unproven.places);
        pressed
    })
    .await?;
    let words = match &pressing.came {
        Ok(told) => told.get("said").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    let done = pressing.came.is_ok();
    if let Some(url) = pressing.response_url.filter(|_| !words.is_empty()) {
        // Slack wants its own answer within three seconds; the person's goes beside it.
        tokio::spawn(async move {
            if let Err(problem) = reply(&api.workspace, &pressing.settings, (&url, done, &words)).await {
                tracing::warn!(%problem, "Slack could not be told what came of an answer");
            }
        });
    }
    Ok(Json(pressing.came?))
}

async fn reply(
    workspace: &Workspace,
    settings: &Settings,
    (url, done, words): (&str, bool, &str),
) -> Result<()> {
    let wiring = daemon::notify_wiring(workspace, settings, daemon::notify_reach())?;
    if notify::is_slacks_own(&wiring, url) {
        notify::reply_to_slack(&wiring, url, done, words).await;
    }
    Ok(())
}

/// Refuses what cannot be Slack's by its headers alone, before its body is taken.
fn expect(workspace: &Workspace, headers: &[(String, String)]) -> Result<()> {
    let settings = workspace.snapshot().map_err(daemon::first_of)?.settings.clone();
    if settings.notifications.slack_answers.signing_secret.is_none() {
        return Err(nobody_answers());
    }
    look_slack(headers, workspace.journal.clock().now())
}

fn nobody_answers() -> Problem {
    Problem::not_allowed("answers from Slack do not count here")
        .hint("name `signing_secret` and `users` in `notifications: slack_answers:` of sopd.yaml")
}

fn press(workspace: &Workspace, headers: &[(String, String)], body: &[u8]) -> Result<Pressing> {
    let settings = workspace.snapshot().map_err(daemon::first_of)?.settings.clone();
    let secrets = daemon::notify_secrets(workspace, &settings)?;
    let answers = &settings.notifications.slack_answers;
    let secret =
        answers.signing_secret.as_ref().and_then(|name| secrets.get(name)).ok_or_else(nobody_answers)?;
    let Pressed { signature, user, yes, challenge, response_url } =
        notify::pressed(headers, body, secret, workspace.journal.clock().now())?;
    // What Slack sends to see whether somebody is here may come again: nothing is done by it.
    if challenge.is_none() {
        workspace.journal.append(move |tx| notify::claim_slack(tx, &signature))?;
    }
    let came = match yes {
        None if challenge.is_some() => {
            Ok(json!({ "shape": "sopd/slack/1", "said": "", "challenge": challenge }))
        }
        None => Ok(json!({ "shape": "sopd/slack/1", "said": "" })),
        Some(yes) => say_yes(workspace, answers.users.get(&user), (user.as_str(), yes)),
    };
    Ok(Pressing { settings, response_url, came })
}

fn say_yes(
    workspace: &Workspace,
    party: Option<&String>,
    (user, (id, hash)): (&str, (String, String)),
) -> Result<Value, Vec<Problem>> {
    let party = party.ok_or_else(|| {
        let problem = Problem::not_allowed(format!("the Slack user {user} answers for nobody here"));
        vec![problem.hint("name it in `notifications: slack_answers: users:` of sopd.yaml")]
    })?;
    let actor = Actor { by: party.clone(), os_user: format!("Slack user {user}") };
    let act = Answering { shown: Some(hash), ..Answering::new(id, Verb::Approve) };
    let Answered { decision, answer } = front::answer(SOPD, workspace, &actor, act)?;
    let title = crate::base::text::visible(&decision.ask.title);
    let said = format!("Approved by {party} on {}: {title}", answer.at.minute());
    Ok(json!({ "shape": "sopd/slack/1", "decision": decision.id, "by": answer.by, "said": said }))
}
