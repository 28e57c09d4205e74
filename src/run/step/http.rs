//! A step done by one HTTP request. Repeating it is safe: each visit carries its own `Idempotency-Key`.

use crate::base::Problem;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::run::Site;
use crate::run::audit::transient;
use crate::run::effect::Sight;
use crate::run::http::{self, HttpFault, HttpLimits, Response};
use crate::run::result::{self, check_outputs, finish};
use crate::sop::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::time::Duration;

/// Sends the step's request.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct SendRequest {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) visit: u32,
    pub(super) attempt: u32,
    /// Once more after the service was down.
    pub(super) nth: u32,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::run) enum HttpEnd {
    Done,
    Failed(String),
    /// The service is away: worth waiting for.
    Down,
}

impl Activity for SendRequest {
    const NAME: &'static str = "send_request";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Site;
    type Output = HttpEnd;
    fn key(&self) -> String {
        format!("request-{}#{}.{}~{}", self.step, self.visit, self.attempt, self.nth)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<HttpEnd>, Failure> {
        let Self { run, step, visit, nth, .. } = self;
        let sight = Sight::of(&site.journal, &run)?;
        let Work::Http(block) = sight.plan.work(step)? else {
            return Err(Failure::bug(format!("step {step} of {run} is no request")));
        };
        let document = sight.plan.step(step)?;
        let request = http::parse(&block).map_err(|(line, error)| {
            Problem::invalid(format!("step {step}, line {line} of its request: {error}"))
        })?;
        let secrets = site.secrets(&document.secrets)?;
        let ready = http::render(&request, &sight.scope(step), &secrets)
            .map_err(|error| Failure::new(FailureClass::Content, error))?;
        let mut limits = HttpLimits::default();
        if let Some(limit) = document.time_limit {
            limits.time = Duration::from_millis(u64::try_from(limit.millis()).unwrap_or(u64::MAX));
        }
        let key = format!("{run}-{step}-{visit}");
        match http::send(&site.http, &ready, &key, limits).await {
            Ok(response) => Ok(answered((run, step), response, document.output.as_deref())),
            Err(fault @ HttpFault::Outage { .. }) => {
                let reason = format!("{} is down ({fault}); try {nth}", request.origin());
                let body = json!({ "stepNumber": step, "error": reason });
                Ok(Recorded::of(HttpEnd::Down).event(&run.clone(), "service_down", body).change(move |tx| {
                    tx.db()
                        .prepare_cached("UPDATE run_step SET reason = ?3 WHERE run = ?1 AND number = ?2")?
                        .execute((&run, step, tx.clean(&reason)))?;
                    Ok(())
                }))
            }
            Err(fault) => {
                let body = json!({ "stepNumber": step, "error": fault.to_string() });
                Ok(Recorded::of(HttpEnd::Failed(fault.to_string())).event(&run, "request_answered", body))
            }
        }
    }
}

/// Records an answer with an expected status; its values may still not be what the step asks for.
fn answered((run, step): (String, u32), response: Response, schema: Option<&str>) -> Recorded<HttpEnd> {
    let wrong = check_outputs(schema, &response.values).err();
    let end = wrong.clone().map_or(HttpEnd::Done, HttpEnd::Failed);
    Recorded::of(end).change(move |tx| {
        let body = json!({
            "stepNumber": step, "status": response.status, "millis": response.millis,
            "output": transient(tx, &response.tail)?,
        });
        tx.event(&run, "request_answered", &body)?;
        if wrong.is_some() {
            return Ok(());
        }
        let more = Map::from_iter([("status".to_owned(), json!(response.status))]);
        let (outputs, said) = (response.values.clone(), response.tail.clone());
        finish(tx, (&run, step), &result::Result { outputs, said, more, ..result::Result::default() })
    })
}
