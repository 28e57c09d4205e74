//! Which model thinks at which tier, where it is reached, and what it costs. No key is ever written here: a key
//! is named by its environment variable.

use crate::base::money::dollars;
use crate::base::{MicroUsd, Problem};
use serde::{Deserialize, Serialize};

/// The models. As long as none is named, every role is tier 0: code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Models {
    /// Address of an OpenAI-compatible server. Default `https://api.openai.com/v1`.
    pub endpoint: String,
    /// Environment variable that holds its key; `null` for a server that wants none. Default `OPENAI_API_KEY`.
    pub api_key_env: Option<String>,
    /// The model of every tier that names none. Default none.
    pub model: Option<String>,
    /// Its price. Default unknown: token budgets count instead.
    pub price: Price,
    /// Models by tier.
    pub tiers: Tiers,
    /// The model of scrutiny, scenarios, execution and grading, so that nobody marks their own work. Default:
    /// that of the agent's tier.
    pub validators: Model,
    /// Models of the council's members, in turn. Default none: that of each member's tier.
    pub council: Vec<Model>,
}

/// The tiers that may have a model; tier 0 is code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tiers {
    /// Small: quick and cheap.
    #[serde(rename = "1")]
    pub small: Model,
    /// Medium.
    #[serde(rename = "2")]
    pub medium: Model,
    /// Large: the last before a person.
    #[serde(rename = "3")]
    pub large: Model,
}

/// One model. What is absent is taken from [`Models`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Its name at the server.
    pub model: Option<String>,
    /// Another server than [`Models::endpoint`].
    pub endpoint: Option<String>,
    /// The variable with that server's key. Without `endpoint` the default is [`Models::api_key_env`]; with it,
    /// none: a key is never sent to a server it was not named for.
    pub api_key_env: Option<String>,
    /// Its price.
    pub price: Price,
    /// Most tokens it may write in one answer. Default `calls.max_answer_tokens`.
    pub max_answer_tokens: Option<u32>,
}

/// US dollars per million tokens; unknown where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Price {
    /// Tokens read.
    #[serde(with = "dollars")]
    pub input_per_mtok_usd: Option<MicroUsd>,
    /// Tokens written.
    #[serde(with = "dollars")]
    pub output_per_mtok_usd: Option<MicroUsd>,
    /// Tokens read from the provider's cache; the input price where absent.
    #[serde(with = "dollars")]
    pub cached_per_mtok_usd: Option<MicroUsd>,
}

/// A model with everything needed to call it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name at the server.
    pub model: String,
    /// Address of the server.
    pub endpoint: String,
    /// Environment variable with the key; none for a server without.
    pub api_key_env: Option<String>,
    /// Its price.
    pub price: Price,
    /// Most tokens it may write in one answer; `calls.max_answer_tokens` where absent.
    #[serde(default)]
    pub max_answer_tokens: Option<u32>,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            endpoint: "https://api.openai.com/v1".to_owned(),
            api_key_env: Some("OPENAI_API_KEY".to_owned()),
            model: None,
            price: Price::default(),
            tiers: Tiers::default(),
            validators: Model::default(),
            council: Vec::new(),
        }
    }
}

impl Models {
    /// The model of `tier`; `None` for tier 0, for tiers above 3, and where none is named.
    pub fn tier(&self, tier: u8) -> Option<Endpoint> {
        let model = match tier {
            1 => &self.tiers.small,
            2 => &self.tiers.medium,
            3 => &self.tiers.large,
            _ => return None,
        };
        self.complete(model)
    }

    /// The model of a validator whose agent has `tier`.
    pub fn validator(&self, tier: u8) -> Option<Endpoint> {
        self.instead(&self.validators, tier)
    }

    /// The model of council member `seat` (from 0) whose agent has `tier`.
    pub fn council_member(&self, seat: usize, tier: u8) -> Option<Endpoint> {
        let turn = seat.checked_rem(self.council.len());
        match turn.and_then(|turn| self.council.get(turn)) {
            Some(model) => self.instead(model, tier),
            None => self.tier(tier),
        }
    }

    /// Names of the environment variables that hold keys, for keeping those out of every record.
    pub fn key_variables(&self) -> Vec<String> {
        let tiers = [&self.tiers.small, &self.tiers.medium, &self.tiers.large, &self.validators];
        let own = tiers.into_iter().chain(&self.council).filter_map(|model| model.api_key_env.clone());
        own.chain(self.api_key_env.clone()).collect()
    }

    /// Whether any model is named at all. Without one, all thinking is tier 0.
    pub fn any(&self) -> bool {
        (1..=3).any(|tier| self.tier(tier).is_some())
    }

    /// Parts that name something and change nothing, by their keys: they would be taken for what they are not.
    pub(super) fn idle(&self) -> Vec<(String, Problem)> {
        let tiers = [(1, &self.tiers.small), (2, &self.tiers.medium), (3, &self.tiers.large)];
        let unnamed = tiers.into_iter().filter(|(tier, model)| model.says() && self.tier(*tier).is_none());
        let mut found: Vec<_> = unnamed
            .map(|(tier, _)| {
                let problem =
                    Problem::invalid(format!("tier {tier} names no model, so nothing else it says counts"));
                let hint = "add `model: NAME` to it, or once for all tiers to `models`";
                (format!("models.tiers.{tier}"), problem.hint(hint))
            })
            .collect();
        let instead = std::iter::once(("validators", &self.validators));
        for (key, model) in instead.chain(self.council.iter().map(|model| ("council", model))) {
            let why = if !model.says() {
                continue;
            } else if !self.any() {
                let hint = "name the model of the tiers as well: `models: { endpoint: \"http://…/v1\", model: NAME, … }`";
                ("no tier has a model, so every role is played by code and asks none", hint)
            } else if model.model.is_none()
                && (model.endpoint.is_some() || model.api_key_env.is_some() || model.price.is_known())
            {
                (
                    "it names no model, so the one of the agent's tier is asked, where that one is served",
                    "add `model: NAME`",
                )
            } else {
                continue;
            };
            let problem = Problem::invalid(format!("`models.{key}` changes nothing: {}", why.0)).hint(why.1);
            found.push((format!("models.{key}"), problem));
        }
        found
    }

    /// `model` where it names one, else that of the tier, with the answers of `model` where it says how long they
    /// may be. Tier 0 stays code.
    fn instead(&self, model: &Model, tier: u8) -> Option<Endpoint> {
        let usual = self.tier(tier)?;
        if model.model.is_some() {
            return self.complete(model);
        }
        let max_answer_tokens = model.max_answer_tokens.or(usual.max_answer_tokens);
        Some(Endpoint { max_answer_tokens, ..usual })
    }

    fn complete(&self, model: &Model) -> Option<Endpoint> {
        let name = model.model.clone().or_else(|| self.model.clone())?;
        let shared_key = if model.endpoint.is_some() { None } else { self.api_key_env.clone() };
        let shared_price = if model.model.is_some() { Price::default() } else { self.price };
        Some(Endpoint {
            model: name,
            endpoint: model.endpoint.clone().unwrap_or_else(|| self.endpoint.clone()),
            api_key_env: model.api_key_env.clone().or(shared_key),
            price: if model.price.is_known() { model.price } else { shared_price },
            max_answer_tokens: model.max_answer_tokens,
        })
    }
}

impl Model {
    /// Whether anything stands in it.
    fn says(&self) -> bool {
        *self != Self::default()
    }
}

impl Price {
    /// Whether dollars can be counted: both directions have a price.
    pub fn is_known(&self) -> bool {
        self.input_per_mtok_usd.is_some() && self.output_per_mtok_usd.is_some()
    }

    /// Cost of `input` tokens, of which `cached` came from a cache, and `output` tokens, rounded up; `None`
    /// where the price is unknown.
    pub fn cost(&self, input: u64, cached: u64, output: u64) -> Option<MicroUsd> {
        let (per_input, per_output) = (self.input_per_mtok_usd?, self.output_per_mtok_usd?);
        let per_cached = self.cached_per_mtok_usd.unwrap_or(per_input);
        let cached = cached.min(input);
        let part = |tokens: u64, price: MicroUsd| i128::from(tokens) * i128::from(price.0);
        let sum = part(input - cached, per_input) + part(cached, per_cached) + part(output, per_output);
        let micros = (sum + 999_999) / 1_000_000;
        Some(MicroUsd(i64::try_from(micros).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(text: &str) -> Models {
        crate::base::yaml::read("sopd.yaml", text, 1).unwrap()
    }

    #[test]
    fn no_name_means_tier_0_and_one_name_serves_every_tier() {
        assert!(!Models::default().any());
        let one = models("endpoint: http://localhost:11434/v1\napi_key_env: null\nmodel: llama\n");
        assert_eq!(one.tier(2), one.tier(3));
        assert_eq!(one.tier(0), None);
        assert_eq!(one.tier(1).unwrap().api_key_env, None);
    }

    #[test]
    fn validators_may_have_their_own_model_and_a_key_stays_with_its_server() {
        let two = models(
            "model: big\nprice: { input_per_mtok_usd: 1, output_per_mtok_usd: 4 }\ntiers: { 1: { model: little } }\nvalidators: { model: judge, endpoint: 'http://127.0.0.1:1/v1' }\ncouncil: [{ model: a }, { model: b }]\n",
        );
        assert_eq!(two.tier(1).unwrap().model, "little");
        assert!(!two.tier(1).unwrap().price.is_known(), "the price of another model is not its price");
        assert_eq!(two.tier(2).unwrap().model, "big");
        assert!(two.tier(2).unwrap().price.is_known());
        let judge = two.validator(2).unwrap();
        assert_eq!((judge.model.as_str(), judge.api_key_env), ("judge", None));
        assert_eq!(two.validator(0), None);
        let seats: Vec<String> = (0..3).map(|seat| two.council_member(seat, 2).unwrap().model).collect();
        assert_eq!(seats, ["a", "b", "a"]);
    }

    #[test]
    fn each_tier_and_the_validators_may_be_held_to_shorter_answers() {
        let held = models(
            "model: big\ntiers: { 1: { max_answer_tokens: 300 }, 3: { model: huge, max_answer_tokens: 32000 } }\nvalidators: { max_answer_tokens: 200 }\ncouncil: [{ model: a, max_answer_tokens: 100 }]\n",
        );
        let most = |endpoint: Option<Endpoint>| endpoint.unwrap().max_answer_tokens;
        assert_eq!([1, 2, 3].map(|tier| most(held.tier(tier))), [Some(300), None, Some(32_000)]);
        assert_eq!(most(held.validator(1)), Some(200));
        assert_eq!(held.validator(3).unwrap().model, "huge", "a shorter answer is no other model");
        assert_eq!(most(held.council_member(0, 3)), Some(100));
    }

    #[test]
    fn what_would_change_nothing_is_refused_with_its_place_and_what_to_write() {
        let refused = |text: &str| {
            let text = format!("requester: cro\nmodels:\n  api_key_env: null\n{text}");
            let problems = crate::settings::Settings::parse("sopd.yaml", &text).err().unwrap_or_default();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        for (text, place, words, hint) in [
            (
                "  validators: { model: judge }\n",
                "sopd.yaml:4",
                "`models.validators` changes nothing",
                "model: NAME",
            ),
            ("  council: [{ model: a }]\n", "sopd.yaml:4", "`models.council` changes nothing", "model: NAME"),
            (
                "  model: m\n  validators: { endpoint: 'http://h/v1' }\n",
                "sopd.yaml:5",
                "names no model",
                "model: NAME",
            ),
            (
                "  tiers:\n    2: { endpoint: 'http://h/v1' }\n",
                "sopd.yaml:5",
                "tier 2 names no model",
                "model: NAME",
            ),
        ] {
            let found = refused(text);
            assert!(
                found.contains(place) && found.contains(words) && found.contains(hint),
                "{text}: {found}"
            );
        }
        for text in [
            "  model: m\n  validators: { model: judge }\n  council: [{ max_answer_tokens: 9 }]\n",
            "  tiers: { 3: { model: m } }\n  validators: { max_answer_tokens: 9 }\n",
        ] {
            assert_eq!(refused(text), "", "{text}");
        }
    }

    #[test]
    fn cost_is_rounded_up_and_cached_tokens_are_cheaper() {
        let price = Price {
            input_per_mtok_usd: Some(MicroUsd(1_000_000)),
            output_per_mtok_usd: Some(MicroUsd(4_000_000)),
            cached_per_mtok_usd: Some(MicroUsd(100_000)),
        };
        assert_eq!(price.cost(1_000, 0, 500), Some(MicroUsd(3_000)));
        assert_eq!(price.cost(1_000, 1_000, 0), Some(MicroUsd(100)));
        assert_eq!(price.cost(1, 1, 0), Some(MicroUsd(1)));
        assert_eq!(Price::default().cost(1, 0, 1), None);
    }
}
