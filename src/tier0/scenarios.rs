//! Scenarios without a model: values for the inputs the contract promises. The usual case, the edge, and a packet
//! that must be refused. What only imagination finds is left to the person who approves.

use super::promises::declared_input;
use super::values::sample;
use crate::brief::Scenario;
use crate::roles::user_test::{ScenarioAnswer, ScenarioQuestion};
use std::collections::BTreeMap;

/// As many scenarios as were asked for, each different in kind.
pub fn scenarios(q: &ScenarioQuestion) -> ScenarioAnswer {
    let inputs: Vec<(String, String)> =
        q.assertions.iter().filter_map(|view| declared_input(&view.statement)).collect();
    let wanted = usize::try_from(q.count).unwrap_or(usize::MAX);
    let kinds = std::iter::once(Kind::Usual).chain([Kind::Edge]).chain((0..inputs.len()).map(Kind::Lacking));
    let more = (0..).map(Kind::Again);
    let scenarios = kinds.chain(more).take(wanted.min(MOST)).map(|kind| scenario(q, &inputs, kind)).collect();
    ScenarioAnswer { scenarios }
}

/// More than this tells nothing new without a model.
const MOST: usize = 20;

#[derive(Clone, Copy)]
enum Kind {
    Usual,
    Edge,
    Lacking(usize),
    Again(u64),
}

fn scenario(q: &ScenarioQuestion, inputs: &[(String, String)], kind: Kind) -> Scenario {
    let edge = matches!(kind, Kind::Edge);
    let mut given: BTreeMap<String, serde_json::Value> =
        inputs.iter().map(|(name, kind)| (name.clone(), sample(kind, edge))).collect();
    let title = &q.title;
    let text = match kind {
        Kind::Usual => format!("The usual case of “{title}”: every required value is given."),
        Kind::Edge => format!(
            "A case of “{title}” at the edge: the smallest number, the last choice, no optional value."
        ),
        Kind::Lacking(index) => match inputs.get(index) {
            Some((name, _)) => {
                given.remove(name);
                format!("A case of “{title}” is started without `{name}`.")
            }
            None => format!("A case of “{title}” is started with an empty packet."),
        },
        Kind::Again(number) => {
            if let Some((name, kind)) = inputs.first()
                && kind == "text"
            {
                given.insert(name.clone(), serde_json::json!(format!("S-{}", 2000 + number)));
            }
            format!("Case {} of “{title}”, like the usual one.", number + 2)
        }
    };
    Scenario { text, given }
}
