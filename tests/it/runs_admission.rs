//! Admission: what starts, what waits, what is refused, and that a refusal changes nothing but the record.

use crate::faults_world::until;
use crate::runs_world::{
    Draft, approve, asked, begin, facts, in_minutes, kinds, settle, stands, start, started, status, steer,
    with,
};
use crate::world::World;
use serde_json::{Value, json};
use sopd::base::Kind;
use sopd::journal::Access;

const SOP: &str = "SOP-REV-admission";

fn draft() -> Draft {
    Draft::new(SOP).command("echo done", "")
}

/// One that waits for a person until it is handed in.
fn slow() -> Draft {
    Draft::new(SOP).person("")
}

fn hand_in(world: &World, run: &str) {
    world.done(&["complete", run, "--step", "1", "--as", "sales.rep", "--note", "done"]);
    world.drive();
}

fn refusals(world: &World) -> Vec<Value> {
    let facts = facts(world, SOP);
    facts.into_iter().filter(|(kind, _)| kind == "run_refused").map(|(_, fact)| fact).collect()
}

#[test]
fn a_packet_that_does_not_fit_is_refused_with_all_that_is_wrong() {
    let sop = draft()
        .input("`amount` | number | yes")
        .input("`source` | choice: form, call | yes")
        .input("`mail` | email | no");
    let world = with(&sop);
    let said = world.fails(
        3,
        &["run", SOP, "--as", "cro", "--input", "source=fax", "--input", "mail=x", "--input", "colour=red"],
    );
    for part in ["amount", "source", "mail", "colour"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(world.json(&["runs"]), json!([]));
    let refused = refusals(&world);
    assert_eq!((refused.len(), &refused[0]["by"]), (1, &json!("cro")));
    assert!(refused[0]["reason"].as_str().unwrap().contains("amount"), "{}", refused[0]);
    world.fails(2, &["run", SOP, "--as", "cro", "--input", "amount"]);
    world.put("packet.yaml", "amount: 7\nsource: form\n");
    let run = started(&world, SOP, &["--input-file", "packet.yaml", "--param", "source=call"]);
    assert_eq!(stands(&world, &run), "completed: completed");
    world.done(&["audit", "verify"]);
}

#[test]
fn a_cooldown_counts_from_the_last_run_that_began_and_a_refusal_uses_none() {
    let world = with(&draft().head("cooldown", "1 hour"));
    let at = |minutes: i64| begin(&world, (&in_minutes(minutes), SOP), |_| ());
    at(0).unwrap();
    settle(&world, &in_minutes(0));
    for minutes in [1, 30, 59] {
        let refused = at(minutes).unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.message.contains("cools down: 1 hour"), "{refused}");
    }
    assert_eq!(refusals(&world).len(), 3);
    let second = at(61).unwrap().run;
    // Two may be asked for before either begins; only one of them does.
    let third = at(61).unwrap().run;
    settle(&world, &in_minutes(61));
    let states = [&second, &third].map(|run| stands(&world, run));
    assert!(states.contains(&"completed: completed".to_owned()), "{states:?}");
    assert!(states.contains(&"cancelled: pending".to_owned()), "{states:?}");
}

#[test]
fn beyond_the_most_at_once_a_start_waits_its_turn() {
    let world = with(&slow().head("max_concurrent", "1").head("admission", "hold"));
    let runs: Vec<String> = (0..4).map(|_| start(&world, SOP, &[])).collect();
    world.drive();
    let state = |run: &String| status(&world, run)["state"].as_str().unwrap().to_owned();
    assert_eq!(runs.iter().map(state).collect::<Vec<_>>(), ["running", "pending", "pending", "pending"]);
    assert!(status(&world, &runs[1])["waiting_for"].as_str().unwrap().contains("waits for its turn"));
    steer(&world, "cancel", &runs[1], &[]);
    hand_in(&world, &runs[0]);
    assert_eq!(runs.iter().map(state).collect::<Vec<_>>(), ["completed", "cancelled", "running", "pending"]);
    // A run that is paused keeps its place, one that ended gives it up.
    steer(&world, "pause", &runs[2], &["--reason", "lunch"]);
    assert_eq!(state(&runs[3]), "pending");
    steer(&world, "cancel", &runs[2], &[]);
    assert_eq!(stands(&world, &runs[3]), "running: running");
}

#[test]
fn a_start_beyond_the_most_joins_is_refused_or_goes_all_the_same() {
    let world = with(&slow().head("max_concurrent", "1").head("admission", "coalesce"));
    let first = start(&world, SOP, &[]);
    let second = world.json(&["run", SOP, "--as", "cro"]);
    let third = world.json(&["run", SOP, "--as", "cro"]);
    assert_eq!((&third["run"], &third["existing"]), (&second["run"], &json!(true)));
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 2);
    world.drive();
    hand_in(&world, &first);
    assert_eq!(stands(&world, second["run"].as_str().unwrap()), "running: running");

    let world = with(&slow().head("max_concurrent", "1").head("admission", "drop"));
    start(&world, SOP, &[]);
    let full = world.fails(6, &["run", SOP, "--as", "cro"]);
    assert!(full.contains("takes no more at once"), "{full}");
    assert_eq!(refusals(&world).len(), 1);

    let world = with(&slow().head("max_concurrent", "1").head("admission", "parallel"));
    let runs = [start(&world, SOP, &[]), start(&world, SOP, &[])];
    world.drive();
    assert!(runs.iter().all(|run| stands(&world, run) == "running: running"));
}

#[test]
fn a_repeated_start_with_the_same_key_gives_the_first_run() {
    let world = with(&draft().head("cooldown", "1 hour"));
    let first = start(&world, SOP, &["--idempotency-key", "order-7"]);
    world.drive();
    let again = world.json(&["run", SOP, "--as", "cro", "--idempotency-key", "order-7"]);
    assert_eq!((&again["run"], &again["existing"]), (&json!(first), &json!(true)));
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 1);
}

#[test]
fn only_an_active_version_with_its_own_bytes_runs() {
    let world = with(&draft());
    let run = start(&world, SOP, &[]);
    let path = format!("sops/REV/{SOP}-v1.0.md");
    let approved = world.read(&path);
    world.put(&path, &approved.replace("echo done", "echo evil"));
    let changed = world.fails(6, &["run", SOP, "--as", "cro"]);
    assert!(changed.contains("its bytes were changed"), "{changed}");
    // What was started before runs what was approved.
    world.drive();
    assert_eq!(status(&world, &run)["tasks"][0]["said"], "done\n");
    world.put(&path, &approved);
    world.done(&["sop", "retire", SOP, "--as", "ceo", "--reason", "no longer"]);
    let retired = world.fails(6, &["run", SOP, "--as", "cro"]);
    assert!(retired.contains("archived"), "{retired}");
    assert_eq!(refusals(&world).len(), 2);

    let world = with(&draft().head("triggers", "[]"));
    let manual = world.fails(4, &["run", SOP, "--as", "cro"]);
    assert!(manual.contains("not started by hand"), "{manual}");
}

#[test]
fn preflight_checks_let_go_skip_or_refuse_and_use_no_cooldown() {
    let checks =
        "```bash\nexit \"${INPUT_LEAD_ID:-0}\"\n```\n\n- `inputs.amount > 5`: the amount is worth it";
    let world = with(&draft().head("cooldown", "1 hour").input("`amount` | number | yes").preflight(checks));
    for (lead, amount, state, words) in [
        ("10", "7", "cancelled: pending", "nothing to do"),
        ("3", "7", "cancelled: pending", "a pre-flight check ended with exit code 3"),
        ("0", "7", "completed: completed", ""),
    ] {
        let inputs = [format!("lead_id={lead}"), format!("amount={amount}")];
        let run = started(&world, SOP, &["--input", &inputs[0], "--input", &inputs[1]]);
        assert_eq!(stands(&world, &run), state, "{lead} {amount}");
        let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(words), "{lead} {amount}: {reason}");
        let began = kinds(&world, &run).contains(&"run_started".to_owned());
        assert_eq!(began, state.starts_with("completed"));
    }
    // What the inputs alone decide is decided at once: there is no run.
    let before = world.json(&["runs"]);
    let refused = world.fails(3, &["run", SOP, "--as", "cro", "--input", "lead_id=0", "--input", "amount=4"]);
    assert!(refused.contains("`inputs.amount > 5` does not hold"), "{refused}");
    assert_eq!(world.json(&["runs"]), before);
}

/// A start that only the machine can refuse fails as one that the inputs alone decide, and so does its dry run.
#[test]
fn a_start_that_its_own_checks_refuse_fails_like_any_other() {
    let check = "```bash\nexit \"${INPUT_LEAD_ID:-0}\"\n```\n\n- `inputs.amount > 5`: the amount is worth it";
    let world = with(&draft().input("`amount` | number | yes").preflight(check));
    let start = |lead: &str, amount: &str, more: &[&str]| {
        let inputs = [format!("lead_id={lead}"), format!("amount={amount}")];
        let named = ["run", SOP, "--as", "cro", "--input", &inputs[0], "--input", &inputs[1]];
        world.sopd(&[&named[..], more].concat())
    };
    let dry = start("0", "4", &["--dry-run"]);
    assert_eq!(dry.code, 3, "{}{}", dry.out, dry.err);
    assert!(dry.err.contains("`inputs.amount > 5` does not hold"), "{}", dry.err);
    assert_eq!(start("0", "7", &["--dry-run"]).code, 0);

    world.put("sopd.yaml", "desk: { listen: null }\n");
    let mut daemon = world.up();
    until("it drives", || world.sopd(&["doctor"]).out.contains("driven by"));
    let plain: &[&str] = &[];
    for more in [plain, &["--json"], &["--watch"]] {
        let refused = start("3", "7", more);
        assert_eq!(refused.code, 3, "{more:?}: {}{}", refused.out, refused.err);
        assert!(
            refused.err.contains("exit code 3") && !refused.out.contains("has started"),
            "{}",
            refused.err
        );
        assert!(refused.err.contains("`bash -euo pipefail`"), "{}", refused.err);
        assert_eq!(start("10", "7", more).code, 0, "nothing to do is no refusal");
        assert_eq!(start("0", "7", more).code, 0);
    }
    world.done(&["stop"]);
    assert!(daemon.wait().unwrap().success());
}

/// Whoever starts a run, looks at it or would start it is told who stands in for an assignee that is not at work.
#[test]
fn who_stands_in_for_an_assignee_that_is_not_at_work_is_said() {
    let world = with(&draft().person(""));
    let agent = world.read("agents/sales.rep.md");
    world.put("agents/sales.rep.md", &agent.replacen("status: active", "status: planned", 1));
    let words = "step 2: sales.rep is not at work, so vp.sales, who owns the SOP, stands in, an agent";
    let dry = world.done(&["run", SOP, "--as", "cro", "--dry-run"]);
    let said = world.done(&["run", SOP, "--as", "cro"]);
    let run = world.json(&["runs"])[0]["id"].as_str().unwrap().to_owned();
    let status = world.done(&["status", &run]);
    for said in [dry, said, status] {
        assert!(said.contains(words), "{said}");
    }
}

/// What lint asks of an SOP holds for what is made of it at its start.
#[test]
fn a_step_is_given_to_nobody_without_its_skills() {
    let world = with(&Draft::new(SOP).command("echo first", "Needs Skills: crm"));
    let run = started(&world, SOP, &["--hold"]);
    let refused = world.fails(4, &["adjust", &run, "--as", "cro", "assign", "1", "legal.counsel"]);
    assert!(refused.contains("crm"), "{refused}");
    steer(&world, "resume", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn a_held_run_can_be_adjusted_and_says_how_it_differs() {
    let world = with(&draft().command("echo second", "").command("echo third", ""));
    let run = started(&world, SOP, &["--hold"]);
    assert_eq!(stands(&world, &run), "pending: pending pending pending");
    world.put("new.md", "Write it down.\n\n```bash\necho other\n```\n");
    world.put("bad.md", "```http\nGET x\n```\n\n```bash\necho two kinds\n```\n");
    world.fails(3, &["adjust", &run, "--as", "cro", "text", "1", "bad.md"]);
    world.fails(5, &["adjust", &run, "--as", "cro", "assign", "1", "nobody.here"]);
    world.fails(5, &["adjust", &run, "--as", "cro", "drop", "9"]);
    world.fails(4, &["adjust", &run, "--as", "sales.rep", "drop", "1"]);
    world.done(&["adjust", &run, "--as", "vp.sales", "text", "1", "new.md"]);
    world.done(&["adjust", &run, "--as", "cro", "drop", "2"]);
    world.done(&["adjust", &run, "--as", "cro", "add", "Tell the team", "new.md", "--to", "sales.ops"]);
    steer(&world, "resume", &run, &[]);
    // The SOP alone would ask nobody; what differs from it is asked about, and not of those who changed it.
    assert_eq!(stands(&world, &run), "waiting_approval: pending pending pending");
    let gate = world.json(&["inbox"])[0].clone();
    assert!(gate["why"].as_str().unwrap().contains("step 2 was left out"), "{gate}");
    assert_eq!(gate["asked_of"], json!(["ceo"]), "neither who started nor who adjusted it");
    world.fails(4, &["approve", &asked(&world), "--as", "vp.sales"]);
    approve(&world, "ceo");
    assert_eq!(stands(&world, &run), "completed: completed completed completed");
    let done = status(&world, &run);
    assert_eq!(
        (&done["tasks"][0]["said"], &done["tasks"][2]["title"]),
        (&json!("other\n"), &json!("Tell the team"))
    );
    world.fails(6, &["adjust", &run, "--as", "cro", "drop", "1"]);
}

#[test]
fn a_dry_run_shows_everything_and_leaves_no_trace() {
    let sop = draft()
        .command(
            "touch /tmp/never-$INPUT_LEAD_ID",
            "When: inputs.lead_id is defined and inputs.lead_id == \"L-1\"\nApproval Required: Yes",
        )
        .person("When: inputs.lead_id is defined and inputs.lead_id == \"L-2\"")
        .command("echo late", "When: steps.1.total > 3\nApproval Required: Yes")
        .command("echo last", "Approval When: inputs.lead_id == \"L-3\"");
    let world = with(&sop);
    let before = world.json(&["audit", "verify"]);
    let dry = world.done(&["run", SOP, "--as", "cro", "--dry-run", "--input", "lead_id=L-1"]);
    for part in
        ["touch /tmp/never", "asks vp.sales first", "does not hold: it would be left out", "30 minutes"]
    {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    let late = dry.split("Step 3").nth(1).unwrap();
    assert!(
        late.contains("unless an earlier step gives it") && late.contains("asks vp.sales first"),
        "{late}"
    );
    assert!(dry.contains("asks when: `inputs.lead_id == \"L-3\"` does not hold: it would not ask"), "{dry}");
    assert_eq!(world.json(&["runs"]), json!([]));
    assert_eq!(world.json(&["audit", "verify"]), before, "not even a fact");
}

/// So many starts; `SOPD_TEST_STARTS=10000` asks for all of them.
fn many() -> usize {
    std::env::var("SOPD_TEST_STARTS").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

#[test]
fn of_many_starts_at_once_four_go_on_and_all_get_their_turn_in_order() {
    let world = with(&draft());
    let sop = draft().version("1.1").head("supersedes", "1.0").head("max_concurrent", "4");
    world.activated(
        &sop.text().replace("**Assignee**", "**When**: inputs.lead_id is defined  \n**Assignee**"),
    );
    let clock = in_minutes(0);
    let runs: Vec<String> = (0..many()).map(|_| begin(&world, (&clock, SOP), |_| ()).unwrap().run).collect();
    settle(&world, &clock);
    let workspace = sopd::daemon::Workspace::open(world.root(), Access::Guest, clock).unwrap();
    let events = workspace.journal.read(|db| sopd::journal::events_of(db, None, 0, 10_000_000)).unwrap();
    let place: std::collections::BTreeMap<&str, usize> =
        runs.iter().enumerate().map(|(at, run)| (run.as_str(), at)).collect();
    let (mut under_way, mut most, mut began) = (0, 0, 0);
    for event in &events {
        match event.kind.as_str() {
            "run_started" => {
                under_way += 1;
                most = most.max(under_way);
                assert!(place[event.subject.as_str()].abs_diff(began) < 4, "first come, first served");
                began += 1;
            }
            "run_completed" => under_way -= 1,
            _ => {}
        }
    }
    assert_eq!((most, began, under_way), (4, runs.len(), 0));
}

#[test]
fn an_added_step_comes_where_it_was_put_and_takes_nobodys_number() {
    let world = with(&draft().command("echo second >> order", "").command("echo third >> order", ""));
    let run = started(&world, SOP, &["--hold"]);
    for (name, said) in [("early.md", "early"), ("late.md", "late")] {
        world.put(name, &format!("Write it down.\n\n```bash\necho {said} >> order\n```\n"));
    }
    world.done(&["adjust", &run, "--as", "cro", "drop", "3"]);
    world.done(&["adjust", &run, "--as", "cro", "add", "Go early", "early.md", "--after", "1"]);
    let said = world.done(&["adjust", &run, "--as", "cro", "add", "Go late", "late.md"]);
    assert!(
        said.contains("step 4 was added: Go early") && said.contains("step 5 was added: Go late"),
        "{said}"
    );
    let no = world.fails(4, &["adjust", &run, "--as", "sales.rep", "drop", "1"]);
    assert!(no.contains("; cro, vp.sales and ceo may"), "nobody twice: {no}");
    steer(&world, "resume", &run, &[]);
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed completed completed completed");
    assert_eq!(world.read(&format!(".sopd/runs/{run}/work/order")), "early\nsecond\nlate\n");
    let page = world.done(&["status", &run]);
    assert!(page.contains("differs") && page.contains("cro: step 3 was left out"), "{page}");
}
