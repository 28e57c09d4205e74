//! Steps: conditions, order, failure and the way back, values for later steps, other SOPs, waits and secrets.

use crate::runs_world::{
    Draft, approve, asked, facts, in_minutes, kinds, settle, stands, start, started, status, steer, with,
};
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

const SOP: &str = "SOP-REV-steps";

fn draft() -> Draft {
    Draft::new(SOP)
}

#[test]
fn a_condition_leaves_a_step_out_and_a_wrong_one_fails_with_words() {
    let given = r#"printf '{"total": 4, "kind": "new"}' > outputs.json"#;
    let sop = draft()
        .input("`amount` | number | yes")
        .command(given, "")
        .command("echo large", "When: inputs.amount > 100")
        .command("echo later", "When: steps.1.total == 4 and steps.1.kind in [\"new\", \"old\"]")
        .command("echo never", "When: steps.1.sum > 3");
    let world = with(&sop);
    let run = started(&world, SOP, &["--input", "amount=7"]);
    assert_eq!(stands(&world, &run), "failed: completed skipped completed failed");
    let status = status(&world, &run);
    assert_eq!(status["tasks"][1]["reason"], "`inputs.amount > 100` does not hold");
    let words = "`steps.1.sum > 3` has no answer: there is no steps.1.sum";
    assert_eq!(status["tasks"][3]["reason"], words);
    assert_eq!(status["reason"], format!("step 4 failed: {words}"));
}

#[test]
fn a_condition_that_explodes_is_stopped() {
    let long = "printf '{\"x\": \"%01000d\", \"n\": 99999999999}' 0 > outputs.json";
    for condition in [
        "steps.1.x * steps.1.n != \"\"",
        "steps.1.x ~ steps.1.x",
        "steps.1.n ** 9999999999 > 1",
        "steps.1.n // 0 == 1",
        "steps.1.x[steps.1.n]",
    ] {
        let world = with(&draft().command(long, "").command("echo x", &format!("When: {condition}")));
        let run = started(&world, SOP, &[]);
        assert_eq!(stands(&world, &run), "failed: completed failed", "{condition}");
        let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
        let strict = reason.contains("has no answer") || reason.contains("neither true nor false");
        assert!(strict && reason.len() < 500, "{condition}: {reason}");
    }
}

#[test]
fn independent_steps_go_on_side_by_side() {
    // Each waits until it sees the other; one after the other they would run into their limit.
    let meet = |mine: &str, other: &str| {
        format!(
            "touch \"$RUN_FOLDER/{mine}\"; until [ -e \"$RUN_FOLDER/{other}\" ]; do sleep 0.05; done\nprintf '{{\"me\": \"{mine}\"}}' > outputs.json"
        )
    };
    let sop = draft()
        .command("echo first > common.txt", "")
        .command(
            &format!("{}\ncat \"$RUN_FOLDER/common.txt\"", meet("a", "b")),
            "Depends On: 1\nTime Limit: 1 minute",
        )
        .command(&meet("b", "a"), "Depends On: 1\nTime Limit: 1 minute")
        .command("echo \"$STEP_2_ME and $STEP_3_ME\"", "Depends On: 2, 3");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed completed completed");
    let status = status(&world, &run);
    assert_eq!(status["tasks"][1]["outputs"], json!({ "me": "a" }));
    assert_eq!(status["tasks"][3]["said"], "a and b\n");
}

#[test]
fn a_step_is_tried_as_often_as_its_sop_says() {
    let count = "n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n; echo \"try $n\"; [ $n -ge 3 ]";
    let world = with(&draft().command(count, "On Failure: retry 2 every 10 minutes"));
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "running: running");
    let waits = status(&world, &run);
    assert!(waits["tasks"][0]["reason"].as_str().unwrap().contains("try 1 failed: "), "{waits}");
    settle(&world, &in_minutes(11));
    assert_eq!(stands(&world, &run), "running: running");
    settle(&world, &in_minutes(22));
    assert_eq!(stands(&world, &run), "completed: completed");
    assert_eq!(status(&world, &run)["tasks"][0]["attempts"], 3);

    let world = with(&draft().command("echo no; exit 7", "On Failure: retry 1 every 10 minutes"));
    let run = started(&world, SOP, &[]);
    settle(&world, &in_minutes(11));
    assert_eq!(stands(&world, &run), "failed: failed");
    let reason = status(&world, &run)["reason"].clone();
    assert_eq!(reason, "step 1 failed: the command ended with exit code 7; it said last: no");
}

#[test]
fn a_failure_leads_back_so_often_and_no_further() {
    let count = "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; echo counted";
    let sop = draft().command(count, "").command("echo looked; [ $(cat n) -ge 3 ]", "On Failure: goto 1");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed");
    let visits = kinds(&world, &run).into_iter().filter(|kind| kind == "steps_reopened").count();
    assert_eq!(visits, 2);

    let world = with(&draft().command(count, "").command("exit 1", "On Failure: goto 1"));
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: completed failed");
    let words = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(words.contains("it went back to step 1"), "{words}");
}

#[test]
fn what_was_done_is_undone_last_first() {
    let undo =
        |what: &str| format!("Rollback:\n```bash\necho {what} >> undone; test ! -e \"stuck-{what}\"\n```");
    let sop = draft()
        .command("echo 1", &undo("one"))
        .command("echo 2", "")
        .command("echo 3", &undo("three"))
        .command("cat undone 2>/dev/null && exit 0; exit 1", "On Failure: rollback");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: rolled_back completed rolled_back failed");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(reason.ends_with("undone in this order: steps 3, 1"), "{reason}");
    assert_eq!(world.read(&format!(".sopd/runs/{run}/work/undone")), "three\none\n");
    // Tried again, what was undone is done again.
    steer(&world, "retry", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed completed completed");
}

#[test]
fn what_cannot_be_undone_is_said() {
    let undo = |script: &str| format!("Rollback:\n```bash\n{script}\n```");
    let sop = draft()
        .command("echo 1", &undo("echo one >> undone"))
        .command("echo 2", &undo("echo locked; exit 3"))
        .command("exit 1", "On Failure: rollback");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: completed completed failed");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.contains("step 2 could not be undone: its rollback ended with exit code 3: locked"),
        "{reason}"
    );
}

#[test]
fn values_reach_later_steps_in_every_way() {
    let sop = draft()
        .command(r#"printf '{"a-b": "x y", "n": 3, "on": true, "list": [1, 2]}' > outputs.json; echo kept > note.txt"#, "")
        .command(r#"echo "$STEP_1_A_B|$STEP_1_N|$STEP_1_ON|$STEP_1_LIST|$INPUT_LEAD_ID|$PARAM_LEAD_ID|$(cat note.txt)"; echo more > other.txt"#, "When: steps.1.n == 3 and steps.1.on and steps.1.state == \"completed\"");
    let world = with(&sop);
    let run = started(&world, SOP, &["--input", "lead_id=L 7"]);
    let status = status(&world, &run);
    assert_eq!(status["tasks"][1]["said"], "x y|3|true|[1,2]|L 7|L 7|kept\n");
    let files = |task: usize| {
        status["tasks"][task]["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file[0].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (files(0), files(1)),
        (vec![json!("note.txt")], vec![json!("other.txt")]),
        "each step's own files"
    );
    assert_eq!(world.read(&format!(".sopd/runs/{run}/files/step-1/note.txt")), "kept\n");
}

#[test]
fn outputs_of_another_form_fail_the_step() {
    let schema = r#"Output: { "type": "object", "required": ["total"], "properties": { "total": { "type": "number" } } }"#;
    for (given, words) in [
        (r#"printf '{"total": "4"}' > outputs.json"#, "/total"),
        ("echo nothing", "total"),
        ("printf nonsense > outputs.json", "no JSON"),
        ("ln -s /etc/passwd outputs.json", "is a link"),
        ("head -c 2000000 /dev/zero | tr '\\\\0' ' ' > outputs.json", "larger than"),
    ] {
        let world = with(&draft().command(given, schema));
        let run = started(&world, SOP, &[]);
        assert_eq!(stands(&world, &run), "failed: failed", "{given}");
        let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(words), "{given}: {reason}");
    }
}

fn inner(steps: &str) -> Draft {
    Draft::new("SOP-REV-inner").input("`total` | number | yes").step(steps, "")
}

#[test]
fn another_sop_is_run_as_a_step_with_what_there_is() {
    let world = World::new();
    let script = "echo \"inner $INPUT_LEAD_ID $INPUT_TOTAL\"; printf '{\"answer\": 42}' > outputs.json";
    world.activated(&inner(&format!("Write the answer down.\n\n```bash\n{script}\n```")).text());
    let outer = draft()
        .input("`nobody_asks` | text | no")
        .command("printf '{\"total\": 4, \"other\": null}' > outputs.json", "")
        .step("[[SOP-REV-inner]]", "")
        .command("echo \"$STEP_2_ANSWER\"", "");
    world.activated(&outer.text());
    let run = started(&world, SOP, &["--input", "lead_id=L-1", "--input", "nobody_asks=x"]);
    assert_eq!(stands(&world, &run), "completed: completed completed completed");
    assert_eq!(status(&world, &run)["tasks"][2]["said"], "42\n");
    let all = world.json(&["runs", "--sop", "SOP-REV-inner"]);
    assert_eq!(all[0]["tasks"][0]["said"], "inner L-1 4\n");
    assert_eq!(all[0]["trigger"], format!("step {run}#2"));
}

#[test]
fn a_run_that_ends_takes_its_inner_run_with_it() {
    let world = World::new();
    world.activated(
        &inner("Call the contact.").text().replace("**Assignee**: sales.ops", "**Assignee**: sales.rep"),
    );
    world.activated(
        &draft().command("printf '{\"total\": 4}' > outputs.json", "").step("[[SOP-REV-inner]]", "").text(),
    );
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "running: completed running");
    let inside = world.json(&["runs", "--sop", "SOP-REV-inner"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.json(&["inbox"])[0]["mission"], inside.as_str());
    assert_eq!(status(&world, &run)["tasks"][1]["reason"], format!("it runs as {inside}"));
    steer(&world, "cancel", &run, &[]);
    assert_eq!(stands(&world, &run), "cancelled: completed interrupted");
    assert_eq!(stands(&world, &inside), "cancelled: interrupted");
    assert!(
        status(&world, &inside)["reason"].as_str().unwrap().contains(&run),
        "it says which run took it along"
    );
    assert_eq!(world.json(&["inbox"]), json!([]));
    // An inner run that is cancelled fails the step that waits for it.
    let run = started(&world, SOP, &[]);
    let inside =
        world.json(&["runs", "--sop", "SOP-REV-inner", "--limit", "1"])[0]["id"].as_str().unwrap().to_owned();
    steer(&world, "cancel", &inside, &["--reason", "wrong lead"]);
    assert_eq!(stands(&world, &run), "failed: completed failed");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&inside) && reason.contains("wrong lead"), "{reason}");
}

#[test]
fn sops_that_call_each_other_in_a_circle_are_refused_before_anything() {
    let world = World::new();
    let one = |id: &str, other: &str, version: &str| {
        let draft = Draft::new(id).version(version);
        let draft = if version == "1.0" { draft } else { draft.head("supersedes", "1.0") };
        if other.is_empty() { draft.command("echo x", "") } else { draft.step(&format!("[[{other}]]"), "") }
    };
    world.activated(&one("SOP-REV-inner", "", "1.0").text());
    world.activated(&one(SOP, "SOP-REV-inner", "1.0").text());
    world.activated(&one("SOP-REV-inner", SOP, "1.1").text());
    let words = world.fails(3, &["run", SOP, "--as", "cro"]);
    assert!(words.contains("SOP-REV-steps → SOP-REV-inner → SOP-REV-steps"), "{words}");
    assert_eq!(world.json(&["runs"]), json!([]));
}

#[test]
fn a_wait_waits_for_its_clock() {
    let world = with(&draft().step("```wait\n3 hours\n```", "").command("echo late", ""));
    let run = started(&world, SOP, &[]);
    settle(&world, &in_minutes(179));
    assert_eq!(stands(&world, &run), "running: running pending");
    settle(&world, &in_minutes(181));
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn a_command_is_ended_at_its_time_limit_with_all_it_started() {
    let world =
        with(&draft().command("sleep 1000 & echo $! > pids; setsid sleep 1000 & echo $! >> pids; echo $$ >> pids; trap '' TERM; sleep 1000", "Time Limit: 1 second"));
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: failed");
    assert!(status(&world, &run)["reason"].as_str().unwrap().contains("reached its time limit"));
    let pids = world.read(&format!(".sopd/runs/{run}/work/pids"));
    assert_eq!(pids.split_whitespace().count(), 3);
    for pid in pids.split_whitespace() {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid} is still there");
    }
}

/// Every byte the workspace keeps.
fn everything(world: &World) -> Vec<u8> {
    let names = crate::faults_world::all_files(world.root());
    names.iter().flat_map(|name| std::fs::read(world.path(name)).unwrap()).collect()
}

#[test]
fn a_secret_a_command_prints_is_nowhere_on_disk() {
    // With signs that an address and a JSON text spell in another way.
    let canary = "cr0ak\"47/11&cr0ak-4712";
    let (url, escaped) = ("cr0ak%2247%2F11%26cr0ak-4712", "cr0ak\\\"47/11&cr0ak-4712");
    let world = World::new();
    world.put("sopd.yaml", "runs:\n  secrets: [CRM_TOKEN]\n  secrets_file: secrets.env\n");
    world.put("../keep/secrets.env", "");
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("secrets.env");
    world.put("sopd.yaml", &format!("runs:\n  secrets: [CRM_TOKEN]\n  secrets_file: {}\n", file.display()));
    crate::faults_world::put(&file, format!("CRM_TOKEN={canary}\n"));
    let mode = |mode: u32| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let refused = world.sopd(&["up", "--until-idle"]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.err.contains("may be read by others") && refused.err.contains("chmod 600"),
        "{}",
        refused.err
    );
    mode(0o600);
    let script = r#"echo "$CRM_TOKEN"; printf '%s' "$CRM_TOKEN" | base64; echo "${CRM_TOKEN:0:9}"; echo "${CRM_TOKEN:9}"
printf 'https://x.example/?t=%s\n' "$(printf %s "$CRM_TOKEN" | sed 's/"/%22/; s#/#%2F#; s/&/%26/')"
printf '{"token": "%s"}\n' "$(printf %s "$CRM_TOKEN" | sed 's/"/\\"/')" | tee outputs.json"#;
    let sop = draft()
        .command(script, "Secrets: CRM_TOKEN\nApproval Required: Yes")
        .command("echo \"${CRM_TOKEN:-none}\" \"$STEP_1_TOKEN\"", "")
        .command("echo \"bad $CRM_TOKEN\" >&2; exit 3", "Secrets: CRM_TOKEN");
    world.activated(&sop.text());
    let run = started(&world, SOP, &[]);
    let shown = world.done(&["show", &run]);
    assert!(shown.contains("CRM_TOKEN = (a secret)"), "{shown}");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "failed: completed completed failed");
    let status = status(&world, &run);
    assert!(
        status["tasks"][1]["said"].as_str().unwrap().starts_with("none "),
        "only the step that names it has it"
    );
    assert!(status["reason"].as_str().unwrap().contains("exit code 3"), "{status}");
    let kept = everything(&world);
    let said = status["tasks"][0]["said"].as_str().unwrap();
    assert!(said.contains("https://x.example/?t=[redacted]") && !said.contains("4712"), "{said}");
    for secret in [canary, url, escaped, "cr0ak-4712", &STANDARD.encode(canary)] {
        // The command's own files are its own; what sopd keeps is clean.
        let found = kept.windows(secret.len()).filter(|window| *window == secret.as_bytes()).count();
        assert_eq!(found, 0, "{secret}");
    }
}

#[test]
fn a_step_without_its_secret_fails_with_words() {
    let world = World::new();
    world.put("sopd.yaml", "runs:\n  secrets: [CRM_TOKEN]\n");
    world.activated(&draft().command("echo x", "Secrets: CRM_TOKEN").text());
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: failed");
    assert!(status(&world, &run)["reason"].as_str().unwrap().contains("there is no secret CRM_TOKEN"));
}

#[test]
fn a_secret_that_settings_do_not_give_to_steps_is_named_where_it_is_missed() {
    let world = World::new();
    world.put("sopd.yaml", "runs: { secrets_file: secrets.env }\n");
    world.put("secrets.env", "CRM_TOKEN=cr0ak-4711\n");
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    world.activated(&draft().command("echo \"$CRM_TOKEN\"", "Secrets: CRM_TOKEN").text());
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: failed");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("no step is given the secret CRM_TOKEN"), "{reason}");
    assert!(reason.contains("runs: { secrets: [CRM_TOKEN] }"), "what to write: {reason}");
    world.put("sopd.yaml", "runs: { secrets_file: secrets.env, secrets: [CRM_TOKEN] }\n");
    steer(&world, "retry", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn names_that_differ_in_capitals_only_are_no_variable_and_stop_no_later_step() {
    let world = with(
        &draft()
            .command(r#"printf '{"a": 1, "A": 2, "b": 3}' > outputs.json"#, "")
            .command(
                "echo \"b is $STEP_1_B, a is ${STEP_1_A:-unset}\"",
                "When: steps.1.a == 1 and steps.1.A == 2",
            )
            .command("echo \"$STEP_1_A\"", "Approval Required: Yes\nApprovers: chief.staff"),
    );
    let run = started(&world, SOP, &[]);
    let now = status(&world, &run);
    let said = "STEP_1_A is not set, since `A` and `a` would both be it";
    assert_eq!(now["tasks"][0]["reason"], said);
    let second = world.done(&["status", &run, "--step", "2"]);
    assert!(second.contains("b is 3, a is unset"), "{second}");
    let gate = world.done(&["show", &asked(&world)]);
    assert!(gate.contains(said), "who decides on a script sees what it does not have: {gate}");
    approve(&world, "chief.staff");
    assert!(
        status(&world, &run)["reason"].as_str().unwrap().contains("not set"),
        "it is never one of the two"
    );
    assert!(facts(&world, &run).iter().any(|(kind, body)| kind == "step_completed" && body["note"] == said));
}

#[test]
fn a_step_is_skipped_while_its_command_runs_and_the_command_is_gone() {
    let world =
        with(&draft().command("echo $$ > \"$RUN_FOLDER/pid\"; sleep 1000", "").command("echo second", ""));
    let run = start(&world, SOP, &[]);
    let mut daemon = world.up();
    let pid = world.path(&format!(".sopd/runs/{run}/work/pid"));
    crate::faults_world::until("the command runs", || {
        std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n'))
    });
    let process = std::fs::read_to_string(&pid).unwrap();
    world.done(&["skip", &run, "--step", "1", "--as", "cro", "--reason", "too slow"]);
    crate::faults_world::until("the run asks whether it is done", || {
        !world.json(&["inbox"]).as_array().unwrap().is_empty()
    });
    crate::faults_world::until("the command is gone", || {
        !std::path::Path::new(&format!("/proc/{}", process.trim())).exists()
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(stands(&world, &run), "awaiting_approval: skipped completed");
    let id = asked(&world);
    // What the answer counts for is this run and what came of it, not the rule alone, which all its runs share.
    let shown = world.done(&["show", &id]);
    for part in [&format!("This is {run}, a run of {SOP} v"), "What its steps gave:", "> second"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    world.done(&["reject", &id, "--as", "vp.sales", "--reason", "nothing was written"]);
    world.drive();
    assert_eq!(stands(&world, &run), "failed: skipped completed");
    world.done(&["review", &run, "--as", "cro"]);
    world.drive();
    let review = world.done(&["review", &run]);
    assert!(review.contains("only a completed one has a quality") && !review.contains("of 100"), "{review}");
    assert_eq!(status(&world, &run)["current_step"], Value::Null);
    world.fails(6, &["cancel", &run, "--as", "cro"]);
    world.fails(6, &["retry", &run, "--as", "cro"]);
}
