//! One answer of one agent: an activity, so that an answer once recorded is never paid for again.

use super::figures;
use super::gateway::{Exchange, Gateway, failure, most};
use super::prompt;
use super::provider::{Completion, Fault, Request, Tokens, json};
use super::receipt::receipt;
use super::roles::{self, Inspected, RoleCode};
use super::snapshot::Snapshot;
use super::spend::{self, Reservation, Spent};
use crate::base::{Digest, MicroUsd, Problem, trace};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::roster::Agent;
use crate::settings::Budgets;
use crate::settings::models::Endpoint;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::Instrument as _;

/// Asks one agent, once, at one tier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Think {
    /// The mission that pays.
    pub mission: String,
    /// Key of this call, unique in its workflow: `draft/vp.sales#1/tier-2.1`.
    pub key: String,
    /// Name of the role.
    pub role: String,
    /// Who is asked.
    pub agent: String,
    /// Which of the configured models the seat gets.
    pub seat: Seat,
    /// 0 code, 1 small, 2 medium, 3 large.
    pub tier: u8,
    /// The mission's snapshot.
    pub snapshot: Digest,
    /// What is asked.
    pub question: Value,
    /// What was wrong with the answer before this one; empty at first.
    pub repair: Vec<String>,
    /// How often the mission's budget was granted again.
    pub grants: u32,
    /// The mission's own budget in place of the settings', where its file asks for one.
    #[serde(default)]
    pub budget_usd: Option<MicroUsd>,
}

/// Who sits where decides which model is used: validators get another one than drafters where two exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Plans, drafts, synthesises.
    Author,
    /// Judges.
    Validator,
    /// A council member, by place.
    Council(usize),
}

/// What one asking came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thought {
    /// The answer, or why there is none.
    pub outcome: Outcome,
    /// The model that answered; `tier 0` for code.
    pub model: String,
}

/// The answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Of the asked form.
    Answer {
        /// The answer.
        value: Value,
        /// How far it can be relied on, percent.
        confidence: u8,
    },
    /// An answer that cannot be used.
    Unfit(Vec<String>),
    /// No answer.
    Failed(Failure),
}

impl Activity for Think {
    const NAME: &'static str = "think";
    /// Its start is on record with the money set aside for it, in one commit right before the call: a record of the
    /// start besides would be one more sync to disk for each call, and for the free answers of code the only one.
    const REPEAT: Repeat = Repeat::Pure;
    type World = Gateway;
    type Output = Thought;
    fn key(&self) -> String {
        self.key.clone()
    }
    async fn perform(self, gateway: &Gateway) -> Result<Recorded<Thought>, Failure> {
        let snapshot = gateway.snapshot(&self.snapshot)?;
        let agent = snapshot.agent(&self.agent)?;
        let code = roles::code(&self.role).ok_or_else(|| Failure::bug(format!("no role `{}`", self.role)))?;
        match self.endpoint(&snapshot) {
            None => Ok(self.by_code(&snapshot, agent, &code)),
            Some(endpoint) => self.by_model(gateway, (&snapshot, agent, &code), &endpoint).await,
        }
    }
}

impl Think {
    fn endpoint(&self, snapshot: &Snapshot) -> Option<Endpoint> {
        let models = &snapshot.settings.models;
        match self.seat {
            Seat::Author => models.tier(self.tier),
            Seat::Validator => models.validator(self.tier),
            Seat::Council(seat) => models.council_member(seat, self.tier),
        }
    }

    fn by_code(self, snapshot: &Snapshot, agent: &Agent, code: &RoleCode) -> Recorded<Thought> {
        let receipt = receipt("", agent, &self.question);
        let outcome = match (code.tier0)(&self.question, agent, &snapshot.roster) {
            Err(reason) => Outcome::Failed(Failure::new(FailureClass::Content, reason)),
            Ok(value) => match (code.inspect)(&self.question, &value) {
                Inspected { problems, confidence } if problems.is_empty() => {
                    Outcome::Answer { value, confidence }
                }
                Inspected { problems, .. } => Outcome::Unfit(problems),
            },
        };
        let event = json!({
            "agent": self.agent, "role": self.role, "model": "tier 0", "tier": 0, "key": self.key,
            "cost_micros": 0, "tokens": { "input": 0, "output": 0, "cached": 0 },
            "confidence": confidence(&outcome), "outcome": word(&outcome), "receipt": receipt,
        });
        figures::counted(0, word(&outcome));
        let thought = Thought { outcome, model: "tier 0".to_owned() };
        Recorded::of(thought).event(&self.mission, "model_called", event)
    }

    async fn by_model(
        self,
        gateway: &Gateway,
        (snapshot, agent, code): (&Snapshot, &Agent, &RoleCode),
        endpoint: &Endpoint,
    ) -> Result<Recorded<Thought>, Failure> {
        let template = snapshot.prompts.get(&self.role).map_or("", String::as_str);
        let most_tokens = endpoint.max_answer_tokens.unwrap_or(gateway.limits.max_answer_tokens);
        let request = self.request(template, agent, (code.schema)(), most_tokens)?;
        let size = request.system.len() + request.user.len() + request.schema.to_string().len();
        let reservation = Reservation {
            call: format!("{}/{}", self.mission, self.key),
            mission: self.mission.clone(),
            most: most(size, most_tokens, &endpoint.price),
            grants: self.grants,
        };
        let settings = snapshot.settings.budgets;
        let budgets = Budgets { mission_usd: self.budget_usd.or(settings.mission_usd), ..settings };
        let wanted = reservation.clone();
        let attempt = gateway.journal.append_async(move |tx| spend::reserve(tx, &wanted, &budgets)).await??;
        let span = self.span(endpoint, &request);
        let exchange = gateway.exchange(endpoint, &request).instrument(span.clone()).await;
        let used = used(&exchange, &reservation, endpoint);
        let outcome = judge(&exchange, code, (&request.schema, most_tokens, &self.question));
        figures::told(&span, self.tier, (&exchange, &outcome), used);
        let event =
            self.event(&exchange, (&outcome, endpoint), used, &receipt(template, agent, &self.question));
        let thought = Thought { outcome, model: endpoint.model.clone() };
        Ok(Recorded::of(thought)
            .event(&self.mission, "model_called", event)
            .change(move |tx| spend::settle(tx, &reservation.call, attempt, used)))
    }

    fn span(&self, endpoint: &Endpoint, request: &Request) -> tracing::Span {
        trace::model_call(&trace::Call {
            endpoint: &endpoint.endpoint,
            model: &endpoint.model,
            max_tokens: request.max_tokens,
            agent: &self.agent,
            role: &self.role,
            tier: self.tier,
        })
    }

    fn request(
        &self,
        template: &str,
        agent: &Agent,
        schema: Value,
        max_tokens: u32,
    ) -> Result<Request, Problem> {
        let mut prompt = prompt::render(&self.role, template, agent, &self.question)?;
        if !self.repair.is_empty() {
            prompt.user.push_str("\n\nYour answer before this one could not be used:\n");
            for problem in &self.repair {
                prompt.user.push_str("- ");
                prompt.user.push_str(problem);
                prompt.user.push('\n');
            }
            prompt.user.push_str("Answer again, whole, with these mended.");
        }
        Ok(Request {
            system: prompt.system,
            user: prompt.user,
            schema,
            schema_name: self.role.clone(),
            max_tokens,
            temperature: None,
            seed: None,
        })
    }

    fn event(
        &self,
        exchange: &Exchange,
        (outcome, endpoint): (&Outcome, &Endpoint),
        used: Spent,
        receipt: &Value,
    ) -> Value {
        let (tokens, millis) = match &exchange.outcome {
            Ok(completion) => (completion.tokens, completion.millis),
            Err(failure) => (failure.tokens, failure.millis),
        };
        let Tokens { input, output, cached } = tokens.unwrap_or_default();
        let problems = match outcome {
            Outcome::Unfit(problems) => json!(problems),
            Outcome::Failed(failure) => json!([failure.reason]),
            Outcome::Answer { .. } => json!([]),
        };
        json!({
            "agent": self.agent, "role": self.role, "model": endpoint.model, "tier": self.tier, "key": self.key,
            "requests": exchange.requests, "tries": exchange.tries, "cost_micros": used.micros,
            "tokens": { "input": input, "output": output, "cached": cached, "reported": tokens.is_some() },
            "duration_ms": millis, "confidence": confidence(outcome), "outcome": word(outcome),
            "problems": problems, "receipt": receipt,
        })
    }
}

/// What the exchange used, tries that failed included. An answer nobody counted is charged what was set aside; a
/// request that was turned away or never arrived is charged nothing.
fn used(exchange: &Exchange, reservation: &Reservation, endpoint: &Endpoint) -> Spent {
    let last = match &exchange.outcome {
        Ok(Completion { tokens, .. }) => (*tokens, true),
        Err(failure) => (failure.tokens, failure.fault.may_cost()),
    };
    let tries = exchange.tries.iter().map(|failed| (failed.tokens, failed.may_cost));
    let spent = tries.chain([last]).map(|(tokens, may_cost)| match tokens {
        Some(Tokens { input, output, cached }) => Spent {
            micros: endpoint.price.cost(input, cached, output).map_or(0, |MicroUsd(micros)| micros),
            tokens: i64::try_from(input.saturating_add(output)).unwrap_or(i64::MAX),
        },
        None if may_cost => reservation.most,
        None => Spent::default(),
    });
    spent.fold(Spent::default(), |sum, one| Spent {
        micros: sum.micros.saturating_add(one.micros),
        tokens: sum.tokens.saturating_add(one.tokens),
    })
}

/// What was wrong with an unfinished answer, for the model that is asked again and for the person who is asked at last.
fn too_long(most_tokens: u32) -> String {
    format!(
        "the answer ran into its limit of {most_tokens} tokens (`max_answer_tokens` in sopd.yaml) before it was whole; it must be shorter"
    )
}

fn judge(
    exchange: &Exchange,
    code: &RoleCode,
    (schema, most_tokens, question): (&Value, u32, &Value),
) -> Outcome {
    let text = match &exchange.outcome {
        Ok(completion) => &completion.text,
        // A model that is told so may well be brief; one that cannot be leads to the next tier, as any unfit answer.
        Err(answered) if answered.fault == Fault::Truncated => {
            return Outcome::Unfit(vec![too_long(most_tokens)]);
        }
        Err(answered) => return Outcome::Failed(failure(&answered.fault)),
    };
    let value = match json::extract(text) {
        Ok(value) => value,
        Err(problem) => return Outcome::Unfit(vec![problem]),
    };
    let mut problems = json::check(&value, schema);
    if problems.is_empty() {
        let Inspected { problems: found, confidence } = (code.inspect)(question, &value);
        if found.is_empty() {
            return Outcome::Answer { value, confidence };
        }
        problems = found;
    }
    Outcome::Unfit(problems)
}

fn confidence(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Answer { confidence, .. } => *confidence,
        Outcome::Unfit(_) | Outcome::Failed(_) => 0,
    }
}

pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answer { .. } => "answer",
        Outcome::Unfit(_) => "unfit",
        Outcome::Failed(_) => "failed",
    }
}
