//! The names a journal may mention, and the code behind each.

use super::activity::{Activity, Failure, Recorded, Repeat, Story};
use super::workflow::{Stop, Workflow};
use crate::base::Problem;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub(super) type Told = Pin<Box<dyn Future<Output = Result<String, Stop>> + Send>>;
pub(super) type Performed = Pin<Box<dyn Future<Output = Result<Recorded<String>, Failure>> + Send>>;
type Tell = Box<dyn Fn(&str, Workflow) -> Result<Told, Failure> + Send + Sync>;
pub(super) type Perform = Arc<dyn Fn(Arc<str>) -> Performed + Send + Sync>;

pub(super) struct KnownStory {
    pub(super) version: u32,
    pub(super) tell: Tell,
}

pub(super) struct KnownActivity {
    pub(super) repeat: Repeat,
    pub(super) perform: Perform,
}

/// Whether the log bears out what a signal says, by its name and payload. A row alone lets nobody through.
pub type Witness = fn(&Connection, &str, &str) -> Result<bool, Problem>;

/// The workflows and activities this program knows.
#[derive(Default)]
pub struct Stories {
    witness: Option<Witness>,
    told: HashMap<&'static str, KnownStory>,
    activities: HashMap<&'static str, KnownActivity>,
}

impl std::fmt::Debug for Stories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stories({:?}, {:?})", self.told.keys(), self.activities.keys())
    }
}

impl Stories {
    /// Adds a workflow.
    #[must_use]
    pub fn story<S: Story>(mut self) -> Self {
        let tell: Tell = Box::new(|input, w| {
            let story: S = decode(S::NAME, input)?;
            Ok(Box::pin(async move {
                let output = story.tell(w).await?;
                encode(S::NAME, &output).map_err(Stop::Failed)
            }))
        });
        self.told.insert(S::NAME, KnownStory { version: S::VERSION, tell });
        self
    }

    /// Adds an activity with the world it works in.
    #[must_use]
    pub fn activity<A: Activity>(mut self, world: &Arc<A::World>) -> Self {
        let world = world.clone();
        let perform: Perform = Arc::new(move |input| {
            let world = world.clone();
            Box::pin(async move {
                let activity: A = decode(A::NAME, &input)?;
                let recorded = activity.perform(&world).await?;
                let text = encode(A::NAME, &recorded.output)?;
                Ok(recorded.map(|_output| text))
            })
        });
        self.activities.insert(A::NAME, KnownActivity { repeat: A::REPEAT, perform });
        self
    }

    /// Asks `witness` about every signal before a workflow is told of it.
    #[must_use]
    pub fn witness(self, witness: Witness) -> Self {
        Self { witness: Some(witness), ..self }
    }

    pub(super) fn witness_of_signals(&self) -> Option<Witness> {
        self.witness
    }
    pub(super) fn find_story(&self, name: &str) -> Option<&KnownStory> {
        self.told.get(name)
    }
    pub(super) fn find_activity(&self, name: &str) -> Option<&KnownActivity> {
        self.activities.get(name)
    }
}

fn decode<T: serde::de::DeserializeOwned>(name: &str, input: &str) -> Result<T, Failure> {
    serde_json::from_str(input)
        .map_err(|error| Failure::bug(format!("the input of {name} cannot be read: {error}")))
}

fn encode<T: serde::Serialize>(name: &str, output: &T) -> Result<String, Failure> {
    // Through a value, so that the members of maps have one order whatever their type.
    let value: Value = serde_json::to_value(output)
        .map_err(|error| Failure::bug(format!("the answer of {name} cannot be written: {error}")))?;
    Ok(value.to_string())
}
