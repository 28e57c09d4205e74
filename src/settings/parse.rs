//! Reads the settings file and refuses values that would make a limit meaningless.

use super::Settings;
use super::models::{Model, Price};
use crate::base::{Place, Problem, Span, yaml};
use crate::roster::is_agent_id;
use crate::sop::document::{ExecutionMode, Trigger};
use crate::sop::trigger;

pub(super) fn parse(file: &str, text: &str) -> Result<Settings, Vec<Problem>> {
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(blank) {
        return Ok(Settings::default());
    }
    let settings: Settings = yaml::read(file, text, 1).map_err(|problem| vec![problem])?;
    let problems = check(&settings);
    if problems.is_empty() {
        return Ok(settings);
    }
    let placed = problems.into_iter().map(|(key, problem)| {
        let mut place = place(file, text, &key);
        if ["runs.webhooks", "notifications."].iter().any(|group| key.starts_with(group))
            || key.ends_with("api_key_env")
        {
            // Somebody may have written the key itself there; it must not travel into logs with the excerpt.
            place.excerpt.clear();
        }
        problem.at(place)
    });
    Err(placed.collect())
}

/// The line of `models.tiers.1.endpoint`, as far as the words of the path can be found one below the other.
fn place(file: &str, text: &str, path: &str) -> Place {
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    for key in path.split('.') {
        let holds = |line: &str| {
            let word = |part: &str| {
                part.trim_start_matches(|c: char| "{ ,-".contains(c)).starts_with(&format!("{key}:"))
            };
            !line.trim_start().starts_with('#') && (word(line) || line.split(['{', ',']).any(word))
        };
        match lines.iter().skip(at).position(|line| holds(line)) {
            Some(found) => at += found,
            None => break,
        }
    }
    Place::of(file, text, u32::try_from(at).unwrap_or(0) + 1, 0)
}

/// Problems with the path of the key each is about.
type Found = Vec<(String, Problem)>;

fn check(settings: &Settings) -> Found {
    let mut found = Found::new();
    check_parties(settings, &mut found);
    check_counts(settings, &mut found);
    check_spans(settings, &mut found);
    check_models(settings, &mut found);
    check_modes(settings, &mut found);
    check_webhooks(settings, &mut found);
    found.extend(settings.desk.check());
    found.extend(settings.traces.check());
    found.extend(settings.notifications.check(&settings.runs.secrets));
    found
}

fn wrong(found: &mut Found, key: impl Into<String>, message: impl Into<String>, hint: &str) {
    found.push((key.into(), Problem::invalid(message).hint(hint)));
}

fn check_parties(settings: &Settings, found: &mut Found) {
    let path = &settings.publication;
    let deputy = path.deputy.iter().map(|deputy| ("publication.deputy", deputy));
    let parties = [
        ("requester", &settings.requester),
        ("publication.signs", &path.signs),
        ("publication.interim.forwards", &path.interim.forwards),
        ("publication.interim.signs", &path.interim.signs),
        ("runs.trigger_party", &settings.runs.trigger_party),
    ];
    for (key, id) in parties.into_iter().chain(deputy) {
        if !is_agent_id(id) {
            wrong(
                found,
                key,
                format!("`{id}` is not an agent id"),
                "write an id of the roster, like `chief.staff`",
            );
        }
    }
    if path.interim.forwards == path.interim.signs {
        let hint = "name two different agents";
        wrong(found, "publication.interim", "the same agent forwards and signs", hint);
    }
    if settings.council.member_roles.is_empty() {
        wrong(found, "council.member_roles", "nobody could sit on the council", "write `[council]`");
    }
    for class in settings.council.classes.keys() {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !class.split('-').all(word) {
            let hint = "write lower-case words joined by hyphens";
            wrong(
                found,
                format!("council.classes.{class}"),
                format!("`{class}` is not the name of a class"),
                hint,
            );
        }
    }
}

fn check_counts(settings: &Settings, found: &mut Found) {
    let (calls, missions) = (&settings.calls, &settings.missions);
    let counts = [
        ("council.members", u64::from(settings.council.members)),
        ("calls.max_concurrent", u64::from(calls.max_concurrent)),
        ("calls.per_minute", u64::from(calls.per_minute)),
        ("calls.attempts", u64::from(calls.attempts)),
        ("calls.max_answer_bytes", calls.max_answer_bytes),
        ("calls.max_answer_tokens", u64::from(calls.max_answer_tokens)),
        ("missions.rounds", u64::from(missions.rounds)),
        ("missions.parallel_workers", u64::from(missions.parallel_workers)),
        ("missions.worker_attempts", u64::from(missions.worker_attempts)),
        ("missions.scenarios", u64::from(missions.scenarios)),
        ("runs.max_concurrent", u64::from(settings.runs.max_concurrent)),
        ("runs.max_visits", u64::from(settings.runs.max_visits)),
        ("runs.limits.memory_mib", u64::from(settings.runs.limits.memory_mib)),
        ("runs.limits.processes", u64::from(settings.runs.limits.processes)),
        ("runs.limits.file_mib", u64::from(settings.runs.limits.file_mib)),
        ("runs.limits.disk_mib", u64::from(settings.runs.limits.disk_mib)),
        ("retention.days", u64::from(settings.retention.days)),
    ];
    for (key, _) in counts.into_iter().filter(|(_, count)| *count == 0) {
        wrong(found, key, format!("`{key}` is 0, so nothing could ever happen"), "write 1 or more");
    }
    if missions.confidence_threshold > 100 {
        wrong(
            found,
            "missions.confidence_threshold",
            "a percentage ends at 100",
            "write a number from 0 to 100",
        );
    }
}

fn check_spans(settings: &Settings, found: &mut Found) {
    let (calls, decisions) = (&settings.calls, &settings.decisions);
    let spans: [(&str, Span); 15] = [
        ("decisions.forwarding.after", decisions.forwarding.after),
        ("decisions.signature.after", decisions.signature.after),
        ("decisions.help.after", decisions.help.after),
        ("decisions.draft.after", decisions.draft.after),
        ("calls.connect_timeout", calls.connect_timeout),
        ("calls.read_timeout", calls.read_timeout),
        ("calls.total_timeout", calls.total_timeout),
        ("calls.first_pause", calls.first_pause),
        ("calls.longest_pause", calls.longest_pause),
        ("calls.retry_after_cap", calls.retry_after_cap),
        ("missions.question_deadline", settings.missions.question_deadline),
        ("sops.review_every", settings.sops.review_every),
        ("runs.approval_timeout", settings.runs.approval_timeout),
        ("desk.session_idle", settings.desk.session_idle),
        ("desk.session_longest", settings.desk.session_longest),
    ];
    for (key, _) in spans.into_iter().filter(|(_, span)| span.count == 0) {
        wrong(
            found,
            key,
            format!("`{key}` leaves no time at all"),
            "write a length of time, like `30 seconds`",
        );
    }
}

fn check_modes(settings: &Settings, found: &mut Found) {
    for (priority, mode) in settings.runs.priority_modes.all() {
        if mode == ExecutionMode::PriorityBased {
            let message = format!("`{priority}` would stand for itself");
            let hint = "write `auto`, `supervised` or `step_by_step`";
            wrong(found, format!("runs.priority_modes.{priority}"), message, hint);
        }
    }
}

fn check_webhooks(settings: &Settings, found: &mut Found) {
    for (path, secret) in &settings.runs.webhooks {
        let key = format!("runs.webhooks.{path}");
        if let Err(problem) = trigger::check(&Trigger::Webhook(trigger::Hook::plain(path.clone()))) {
            wrong(found, key.as_str(), problem.message, &problem.hint);
        }
        if !is_variable(secret) {
            let hint = "write the name of a secret in capitals, never the secret itself";
            wrong(found, key.as_str(), "this is not the name of a secret", hint);
        }
        if settings.runs.secrets.contains(secret) {
            // A step that knew it could start runs in its sender's name.
            let hint = "give webhooks secrets of their own, and leave them out of `runs.secrets`";
            wrong(found, key, "the secret of a webhook may be given to steps", hint);
        }
    }
}

/// Whether `name` may be that of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(fits)
}

fn check_models(settings: &Settings, found: &mut Found) {
    let models = &settings.models;
    let shared = Model {
        model: models.model.clone(),
        endpoint: Some(models.endpoint.clone()),
        api_key_env: models.api_key_env.clone(),
        price: models.price,
        max_answer_tokens: None,
    };
    let named = [
        ("models", &shared),
        ("models.tiers.1", &models.tiers.small),
        ("models.tiers.2", &models.tiers.medium),
        ("models.tiers.3", &models.tiers.large),
        ("models.validators", &models.validators),
    ];
    let council = models.council.iter().map(|model| ("models.council", model));
    for (key, model) in named.into_iter().chain(council) {
        check_model(key, model, found);
    }
    found.extend(models.idle());
}

fn check_model(key: &str, model: &Model, found: &mut Found) {
    let web = |address: &str| address.starts_with("http://") || address.starts_with("https://");
    if let Some(address) = model.endpoint.as_ref().filter(|address| !web(address)) {
        let message = format!("`{address}` is not the address of a server");
        wrong(found, format!("{key}.endpoint"), message, "write it like `http://localhost:11434/v1`");
    }
    if model.model.as_ref().is_some_and(|name| name.trim().is_empty()) {
        wrong(
            found,
            format!("{key}.model"),
            "the name of the model is empty",
            "name it, or leave the key out",
        );
    }
    if model.api_key_env.as_ref().is_some_and(|name| !is_variable(name)) {
        let hint = "write the variable's name in capitals, never the key itself";
        wrong(found, format!("{key}.api_key_env"), "this is not the name of an environment variable", hint);
    }
    if model.max_answer_tokens == Some(0) {
        let hint = "write 1 or more, or leave it out for `calls.max_answer_tokens`";
        wrong(
            found,
            format!("{key}.max_answer_tokens"),
            "a model that may write nothing answers nothing",
            hint,
        );
    }
    if model.price != Price::default() && !model.price.is_known() {
        let hint = "give `input_per_mtok_usd` and `output_per_mtok_usd`, or neither";
        wrong(found, format!("{key}.price"), "half a price counts nothing", hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::MicroUsd;
    use crate::settings::{CouncilLevel, OnDeadline};
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// The file at the root of the repository, which `sopd init` writes.
    const SHIPPED: &str = include_str!("../../sopd.yaml");

    /// Prose lines begin with `# ` and a word; a setting is switched on by taking away its `#`.
    fn is_setting(line: &str) -> bool {
        let rest = line.strip_prefix('#');
        rest.is_some_and(|rest| rest.starts_with("  ") || rest.starts_with(|c: char| c.is_ascii_lowercase()))
    }

    fn uncommented() -> String {
        let line = |line: &str| if is_setting(line) { line.replacen('#', "", 1) } else { line.to_owned() };
        SHIPPED.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn paths(value: &Value, above: &str, into: &mut BTreeSet<String>) {
        let Value::Object(entries) = value else { return };
        for (key, value) in entries {
            let path = format!("{above}.{key}");
            paths(value, &path, into);
            into.insert(path);
        }
    }

    #[test]
    fn the_shipped_file_changes_nothing_and_uncommented_is_exactly_the_defaults() {
        assert_eq!(Settings::parse("sopd.yaml", SHIPPED).unwrap(), Settings::default());
        assert_eq!(Settings::parse("sopd.yaml", &uncommented()).unwrap(), Settings::default());
    }

    #[test]
    fn the_shipped_file_documents_every_key() {
        let written: Value = yaml::read("sopd.yaml", &uncommented(), 1).unwrap();
        let (mut documented, mut known) = (BTreeSet::new(), BTreeSet::new());
        paths(&written, "", &mut documented);
        paths(&serde_json::to_value(Settings::default()).unwrap(), "", &mut known);
        assert_eq!(documented, known);
        let lines: Vec<&str> = SHIPPED.lines().collect();
        for pair in lines.windows(2).filter(|pair| is_setting(pair[1])) {
            let explained = pair[1].contains(" # ") || pair[0].starts_with("# ");
            assert!(explained, "this line has no comment: {}", pair[1]);
        }
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let text = "missions: { rounds: 5 }\nbudgets:\n  mission_usd: 0.5\n  week_usd: null\ncouncil:\n  classes: { investor: mandatory, pricing: recommended }\ndecisions:\n  signature: { after: 1 week, on_deadline: reject }\n";
        let settings = Settings::parse("sopd.yaml", text).unwrap();
        assert_eq!(settings.missions.rounds, 5);
        assert_eq!(settings.missions.plan_returns, 2);
        assert_eq!(
            (settings.budgets.mission_usd, settings.budgets.week_usd),
            (Some(MicroUsd(500_000)), None)
        );
        assert_eq!(settings.decisions.signature.on_deadline, OnDeadline::Reject);
        let council = &settings.council;
        let level = |class: &str| council.level(&[class.to_owned()]);
        assert_eq!(level("positioning"), Ok(CouncilLevel::Mandatory), "leaving a class out drops nothing");
        assert_eq!(level("investor"), Ok(CouncilLevel::Mandatory));
        assert_eq!(level("pricing"), Ok(CouncilLevel::Recommended));
        assert!(level("positionning").is_err());
        assert_eq!(council.level(&[]), Ok(CouncilLevel::Optional));
        assert_ne!(settings.digest().unwrap(), Settings::default().digest().unwrap());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        for (text, expected) in [
            ("requester: CEO\n", "sopd.yaml:1: `CEO` is not an agent id"),
            ("missions:\n  rounds: 0\n", "sopd.yaml:2: `missions.rounds` is 0"),
            ("missions: { rounds: 0 }\n", "sopd.yaml:1: `missions.rounds` is 0"),
            ("missions:\n  round: 3\n", "sopd.yaml:2:3"),
            ("budgets:\n  mission_usd: -1\n", "sopd.yaml:2"),
            ("git:\n  commit: yes\n", "sopd.yaml:2:11"),
            ("council:\n  classes:\n    positioning: mandatary\n", "sopd.yaml:3:18"),
            (
                "models:\n  tiers:\n    2: { model: x, endpoint: host }\n",
                "sopd.yaml:3: `host` is not the address",
            ),
            ("models:\n  tiers:\n    4: { model: x }\n", "sopd.yaml:3:5"),
            (
                "models:\n  tiers:\n    1:\n      max_answer_tokens: 0\n",
                "sopd.yaml:4: a model that may write nothing",
            ),
            ("models:\n  validators: { max_answer_tokens: many }\n", "sopd.yaml:2:36"),
            ("models:\n  max_answer_tokens: 5\n", "sopd.yaml:2:3"),
            ("models:\n  price: { input_per_mtok_usd: 1 }\n", "sopd.yaml:2: half a price"),
            ("calls:\n  retry_after_cap: 0 seconds\n", "sopd.yaml:2: `calls.retry_after_cap` leaves no time"),
            ("decisions:\n  signature: { after: 2 days, on_deadline: approve }\n", "sopd.yaml:2"),
            ("publication: { interim: { signs: chief.staff } }\n", "the same agent forwards and signs"),
            (
                "runs:\n  priority_modes:\n    low: auto\n    high: priority_based\n",
                "sopd.yaml:4: `high` would stand for itself",
            ),
            ("runs: { trigger_party: Nobody }\n", "sopd.yaml:1: `Nobody` is not an agent id"),
            ("runs:\n  webhooks: { deploy: SECRET }\n", "sopd.yaml:2: `deploy` is not a path"),
            ("runs:\n  webhooks:\n    /deploy: whsec_x\n", "sopd.yaml:3: this is not the name of a secret"),
            (
                "runs:\n  secrets: [KEY]\n  webhooks:\n    /deploy: KEY\n",
                "sopd.yaml:4: the secret of a webhook may be given to steps",
            ),
            ("runs:\n  priority_modes: { urgent: auto }\n", "sopd.yaml:2:21"),
            ("runs:\n  priority_modes: { high: automatic }\n", "sopd.yaml:2:27"),
            ("missions: { confidence_threshold: 101 }\n", "a percentage ends at 100"),
        ] {
            let problems = Settings::parse("sopd.yaml", text).expect_err(text);
            let found = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(found.contains(expected), "{text}\nexpected: {expected}\nfound: {found}");
        }
    }

    #[test]
    fn the_other_table_of_modes_that_the_shipped_file_offers_can_be_taken_over() {
        let line = SHIPPED.lines().find(|line| line.contains("critical: step_by_step")).unwrap();
        let (_, offered) = line.split_once("priority_modes:").unwrap();
        let settings = Settings::parse("sopd.yaml", &format!("runs:\n  priority_modes:{offered}\n")).unwrap();
        let modes = settings.runs.priority_modes.all().map(|(_, mode)| mode);
        assert_eq!(modes.map(ExecutionMode::word), ["step_by_step", "step_by_step", "supervised", "auto"]);
    }

    #[test]
    fn a_key_written_in_the_wrong_place_is_not_repeated() {
        let problems = Settings::parse("sopd.yaml", "models:\n  api_key_env: sk-CANARY\n").unwrap_err();
        assert!(!problems[0].to_string().contains("CANARY"), "{}", problems[0]);
    }
}
