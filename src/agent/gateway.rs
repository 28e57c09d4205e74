//! The one door to models: picks the tier's endpoint, holds the limits, asks, retries, and counts.

use super::provider::{Completion, Endpoint, Failure as Answered, Fault, OpenAi, Request, Tokens};
use super::snapshot::Snapshot;
use crate::base::{Clock, Digest, MicroUsd, problem::Result};
use crate::journal::{Failure, FailureClass, Journal};
use crate::settings::{CallLimits, models};
use dashmap::DashMap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Snapshots kept in memory; missions started between two edits share one.
const CACHED_SNAPSHOTS: usize = 32;

/// Shared by all workflows of the daemon.
pub struct Gateway {
    pub(super) journal: Journal,
    pub(super) limits: CallLimits,
    places: Semaphore,
    rate: DefaultDirectRateLimiter,
    clients: DashMap<String, Arc<OpenAi>>,
    snapshots: DashMap<Digest, Arc<Snapshot>>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gateway({:?})", self.limits)
    }
}

/// One try that failed and was followed by another, as written down.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Try {
    pub(super) fault: String,
    pub(super) waited_ms: u64,
    /// What the server says it used nevertheless.
    pub(super) tokens: Option<Tokens>,
    /// Whether it may be charged although the server says nothing.
    pub(super) may_cost: bool,
}

/// What asking came to.
pub(super) struct Exchange {
    pub(super) outcome: Result<Completion, Answered>,
    pub(super) tries: Vec<Try>,
    pub(super) requests: u32,
}

impl Gateway {
    /// A gateway with the limits of the daemon's start.
    pub fn new(journal: &Journal, limits: CallLimits) -> Self {
        let per_minute = NonZeroU32::new(limits.per_minute).unwrap_or(NonZeroU32::MAX);
        Self {
            journal: journal.clone(),
            limits,
            places: Semaphore::new(usize::try_from(limits.max_concurrent).unwrap_or(1).max(1)),
            rate: RateLimiter::direct(Quota::per_minute(per_minute)),
            clients: DashMap::new(),
            snapshots: DashMap::new(),
        }
    }

    /// The clock everything is stamped with.
    pub fn clock(&self) -> &Clock {
        self.journal.clock()
    }

    /// A stored snapshot, from memory where it was used before.
    pub fn snapshot(&self, digest: &Digest) -> Result<Arc<Snapshot>> {
        if let Some(found) = self.snapshots.get(digest) {
            return Ok(found.clone());
        }
        let loaded = Arc::new(Snapshot::load(&self.journal, digest)?);
        self.remember(digest, &loaded);
        Ok(loaded)
    }

    /// Keeps a snapshot in memory. Returns the hash it is to be stored under, the bytes to store, and itself. The
    /// bytes are without secrets, as stored bytes must be, so that both have the same hash.
    pub fn keep_snapshot(&self, snapshot: &Arc<Snapshot>) -> Result<(Digest, Vec<u8>, Arc<Snapshot>)> {
        let text = snapshot.text()?;
        let clean = self.journal.clean(text);
        let digest = Digest::of(&clean);
        // What is asked for later is what was stored, also where a secret was taken out of it.
        let same = clean == text;
        let kept = if same { snapshot.clone() } else { Arc::new(Snapshot::of(clean.as_bytes(), &digest)?) };
        let bytes = clean.into_bytes();
        self.remember(&digest, &kept);
        Ok((digest, bytes, kept))
    }

    fn remember(&self, digest: &Digest, snapshot: &Arc<Snapshot>) {
        if self.snapshots.len() >= CACHED_SNAPSHOTS {
            self.snapshots.clear();
        }
        self.snapshots.insert(digest.clone(), snapshot.clone());
    }

    /// Asks `model`, again after transient faults as often as the limits allow. A server's wish to wait is
    /// followed up to the cap of the settings.
    pub(super) async fn exchange(&self, model: &models::Endpoint, request: &Request) -> Exchange {
        let client = match self.client(model) {
            Ok(client) => client,
            Err(fault) => return Exchange { outcome: Err(unasked(fault)), tries: Vec::new(), requests: 0 },
        };
        let mut pauses = super::retry::pauses(&self.limits);
        let mut tries = Vec::new();
        let mut requests = 0;
        loop {
            let outcome = self.once(&client, request).await;
            let fault = match outcome {
                Ok(completion) => {
                    requests += completion.requests;
                    return Exchange { outcome: Ok(completion), tries, requests };
                }
                Err(fault) => fault,
            };
            requests += fault.requests;
            let Some(pause) = pauses.next().filter(|_| fault.fault.is_transient()) else {
                return Exchange { outcome: Err(fault), tries, requests };
            };
            let cap = millis(self.limits.retry_after_cap.millis());
            let pause = fault.fault.wait(self.clock().now(), cap).unwrap_or(pause);
            let waited_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            let (tokens, may_cost) = (fault.tokens, fault.fault.may_cost());
            tries.push(Try { fault: fault.fault.to_string(), waited_ms, tokens, may_cost });
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self, client: &OpenAi, request: &Request) -> Result<Completion, Answered> {
        // The semaphore is never closed, so a place is always given.
        let _place = self.places.acquire().await;
        self.rate.until_ready().await;
        client.complete(request).await
    }

    fn client(&self, model: &models::Endpoint) -> Result<Arc<OpenAi>, Fault> {
        let variable = model.api_key_env.as_deref().unwrap_or_default();
        let key = format!("{}\n{}\n{variable}", model.endpoint, model.model);
        if let Some(found) = self.clients.get(&key) {
            return Ok(found.clone());
        }
        let client = Arc::new(OpenAi::new(self.endpoint(model)?)?);
        self.clients.insert(key, client.clone());
        Ok(client)
    }

    fn endpoint(&self, model: &models::Endpoint) -> Result<Endpoint, Fault> {
        let api_key = match &model.api_key_env {
            None => None,
            Some(name) => Some(std::env::var(name).map_err(|_unset| {
                Fault::Unusable(format!("the settings take the key from ${name}, which is not set"))
            })?),
        };
        Ok(Endpoint {
            api_key,
            connect_timeout: millis(self.limits.connect_timeout.millis()),
            read_timeout: millis(self.limits.read_timeout.millis()),
            total_timeout: millis(self.limits.total_timeout.millis()),
            max_answer_bytes: usize::try_from(self.limits.max_answer_bytes).unwrap_or(usize::MAX),
            ..Endpoint::new(model.endpoint.clone(), model.model.clone())
        })
    }
}

fn unasked(fault: Fault) -> Answered {
    Answered { fault, requests: 0, millis: 0, tokens: None }
}

fn millis(count: i64) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or(0))
}

/// A provider's fault as a workflow sees it. What waiting cannot mend (a rejected request, a prompt too long for the
/// server, a key that is not set, a model that stays silent) is the model's: the next tier is asked, then a person.
pub(super) fn failure(fault: &Fault) -> Failure {
    let class = match fault {
        Fault::RateLimited { .. } => FailureClass::RateLimit,
        Fault::Empty => FailureClass::Model,
        fault if fault.is_transient() => FailureClass::Infrastructure,
        _ => FailureClass::Model,
    };
    let hint = fault.hint().map_or(String::new(), |hint| format!("; {hint}"));
    Failure::new(class, format!("the model server gave no usable answer: {fault}{hint}"))
}

/// The most a call of that size can cost. A token is about four bytes of English; three keeps it an upper bound.
pub(super) fn most(prompt_bytes: usize, max_tokens: u32, price: &models::Price) -> super::Spent {
    const BYTES_PER_TOKEN: u64 = 3;
    let input = u64::try_from(prompt_bytes).unwrap_or(u64::MAX) / BYTES_PER_TOKEN;
    let tokens = input.saturating_add(u64::from(max_tokens));
    super::Spent {
        micros: price.cost(input, 0, u64::from(max_tokens)).map_or(0, |MicroUsd(micros)| micros),
        tokens: i64::try_from(tokens).unwrap_or(i64::MAX),
    }
}
