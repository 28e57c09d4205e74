//! What is given to a run stays a value: nothing of it becomes script, request, screen or file name.

use crate::runs_world::{Draft, approve, asked, stands, started, status, with};
use crate::world::World;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

const SOP: &str = "SOP-REV-security";

#[test]
fn hostile_values_reach_a_command_as_they_are_and_do_nothing() {
    let script = "printf '%s' \"$INPUT_LEAD_ID\" > got.txt\nprintf '{\"echo\": \"said\"}' > outputs.json";
    let world = with(&Draft::new(SOP).command(script, "Approval Required: Yes"));
    for (number, hostile) in [
        "$(touch /tmp/sopd-pwned)`touch /tmp/sopd-pwned`",
        "'; touch /tmp/sopd-pwned; echo '",
        "\"\n\ttouch /tmp/sopd-pwned\n\"",
        "a\u{1b}[2Kb\u{1b}]0;title\u{7}",
        "--version",
        "{{ secrets.X }} {% for x in y %}",
        "../../../etc/passwd",
        "\u{202e}drowssap",
    ]
    .into_iter()
    .enumerate()
    {
        let run = started(&world, SOP, &["--input", &format!("lead_id={hostile}")]);
        for page in [world.done(&["show", &run]), world.done(&["inbox"]), world.done(&["status", &run])] {
            assert!(!page.contains("\u{1b}[2K") && !page.contains('\u{7}'), "{number}: {page:?}");
            assert!(!page.contains('\u{202e}'), "{number}: turned round on the screen");
        }
        approve(&world, "vp.sales");
        assert_eq!(stands(&world, &run), "completed: completed", "{number}");
        assert_eq!(world.read(&format!(".sopd/runs/{run}/files/step-1/got.txt")), hostile, "{number}");
    }
    assert!(!std::path::Path::new("/tmp/sopd-pwned").exists());
}

#[test]
fn a_nul_is_refused_and_a_large_value_goes_by_a_file() {
    let script = "if [ -n \"${INPUT_LEAD_ID_FILE:-}\" ]; then wc -c < \"$INPUT_LEAD_ID_FILE\"; else echo \"${#INPUT_LEAD_ID}\"; fi";
    let world = with(&Draft::new(SOP).command(script, "Approval Required: Yes"));
    world.put("nul.json", "{\"lead_id\": \"a\\u0000b\"}");
    let refused = world.fails(3, &["run", SOP, "--as", "cro", "--input-file", "nul.json"]);
    assert!(refused.contains("lead_id"), "{refused}");
    assert_eq!(world.json(&["runs"]), json!([]));
    world.put("large.json", &json!({ "lead_id": "x".repeat(1_000_000) }).to_string());
    let run = started(&world, SOP, &["--input-file", "large.json"]);
    let shown = world.done(&["show", &run]);
    assert!(shown.len() < 10_000 && shown.contains("1000000 bytes, SHA-256"), "{}", shown.len());
    approve(&world, "vp.sales");
    assert_eq!(status(&world, &run)["tasks"][0]["said"], "1000000\n");
    world.put("huge.json", &json!({ "lead_id": "x".repeat(1_100_000) }).to_string());
    world.fails(3, &["run", SOP, "--as", "cro", "--input-file", "huge.json"]);
}

#[test]
fn a_heading_in_a_fence_is_part_of_its_script() {
    let script = "cat > note.md <<'END'\n## Steps\n\n### Step 9: Not a step\n\n**Assignee**: nobody\n**Approval Required**: No\nEND\ngrep -c '##' note.md";
    let world = with(&Draft::new(SOP).command(script, "Approval Required: Yes").command("echo second", ""));
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed completed");
    let note = world.read(&format!(".sopd/runs/{run}/files/step-1/note.md"));
    assert!(note.starts_with("## Steps\n\n### Step 9"), "{note}");
}

#[test]
fn a_gate_nobody_meant_to_leave_out_is_never_left_out() {
    let world = World::new();
    let sound = Draft::new(SOP)
        .command("echo x", "Approval Required: Yes\nApproval Timeout: 30 minutes, then escalate");
    for (from, to) in [
        ("**Approval Required**: Yes", "**Approval Required**: yep"),
        ("**Approval Required**: Yes", "**Approval required**: Yes"),
        ("**Approval Required**: Yes", "**Requires Confirmation**: yes"),
        ("then escalate", "then approv"),
        ("30 minutes, then", "a while, then"),
        ("```bash\necho x\n```", "```bash\necho x\n```\n\n```http\nGET https://x.example/\n```"),
        ("```bash\necho x\n```", "```bash\necho x"),
        ("```bash\necho x\n```", "```wait\nsoon\n```"),
        ("### Step 1", "### Step 2"),
        ("```\n\n**Assignee**", "```\n\n**When**: steps.1.total > 3  \n**Assignee**"),
    ] {
        let text = sound.text();
        assert!(text.contains(from), "{from}");
        world.put("mine.md", &text.replace(from, to));
        let said = world.fails(3, &["sop", "activate", "mine.md", "--as", "cro"]);
        assert!(said.contains("mine.md:"), "{to}: {said}");
    }
    assert_eq!(world.json(&["sop", "list"]), json!([]));
}

#[test]
fn a_command_cannot_reach_what_is_not_its_own() {
    let world = with(
        &Draft::new(SOP)
            .command("cat \"$RUN_FOLDER/../../../journal.db\" | head -c 16", "")
            .command("echo never", ""),
    );
    let run = started(&world, SOP, &[]);
    let status = status(&world, &run);
    let sandbox = crate::runs_world::facts(&world, &run);
    let ended = sandbox.into_iter().find(|(kind, _)| kind == "command_ended").unwrap().1;
    // Where the kernel has no landlock the run says so; here it must hold.
    if ended["sandbox"]["landlock"].is_null() {
        assert!(ended["sandbox"].to_string().contains("none"), "{ended}");
        return;
    }
    assert_eq!(status["state"], "failed", "{status:#}");
    assert!(!status["tasks"][0]["said"].as_str().unwrap().contains("SQLite"));
}

#[test]
fn an_artifact_is_a_file_of_its_own_name_and_of_a_bearable_size() {
    let world = with(&Draft::new(SOP).person(""));
    let run = started(&world, SOP, &[]);
    let big = std::fs::File::create(world.path("big.bin")).unwrap();
    big.set_len(17 * 1024 * 1024).unwrap();
    let large =
        world.fails(3, &["complete", &run, "--step", "1", "--as", "sales.rep", "--artifact", "big.bin"]);
    assert!(large.contains("larger than 16 MiB"), "{large}");
    world.fails(5, &["complete", &run, "--step", "1", "--as", "sales.rep", "--artifact", "missing.bin"]);
    world.put("deep/er/audit.jsonl", "not the log");
    world.done(&["complete", &run, "--step", "1", "--as", "sales.rep", "--artifact", "deep/er/audit.jsonl"]);
    world.drive();
    assert_eq!(world.read(&format!(".sopd/runs/{run}/files/step-1/audit.jsonl")), "not the log");
    assert!(world.read(&format!(".sopd/runs/{run}/audit.jsonl")).contains("run_completed"));
    assert!(world.json(&["inbox"]).as_array().unwrap().is_empty() || !asked(&world).is_empty());
}

#[test]
fn no_command_reads_the_file_the_secrets_are_in() {
    let world = World::new();
    world.put("secrets.env", "CRM_TOKEN=cr0ak-4711\nOTHER=never-for-a-step\n");
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    world.put("sopd.yaml", "runs: { secrets: [CRM_TOKEN], secrets_file: secrets.env }\n");
    let file = world.path("secrets.env").display().to_string();
    let script = format!("if grep -c OTHER '{file}' > count 2> wrong; then echo open; else echo shut; fi");
    world.activated(&Draft::new(SOP).command(&script, "").text());
    let run = started(&world, SOP, &[]);
    let task = &status(&world, &run)["tasks"][0];
    let note = task["reason"].as_str().unwrap();
    // Where the kernel has no landlock the step says so; here it must hold.
    if note.is_empty() {
        assert_eq!(task["said"], "shut\n");
    } else {
        assert!(note.contains("not sandboxed: "), "{note}");
    }
}

#[test]
fn what_is_too_large_to_keep_is_named() {
    let script = "head -c 17000000 /dev/zero > big.bin; echo small > small.txt";
    let world = with(&Draft::new(SOP).command(script, "").command("echo second", ""));
    let run = started(&world, SOP, &[]);
    let status = status(&world, &run);
    assert_eq!((&status["state"], &status["tasks"][1]["reason"]), (&json!("completed"), &json!("")));
    let task = &status["tasks"][0];
    assert!(task["reason"].as_str().unwrap().contains("too large or too many to keep: big.bin"), "{task}");
    assert_eq!(task["files"][0][0], "small.txt");
    assert_eq!(task["files"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_packet_file_repeats_is_refused_in_plain_words() {
    let world = with(&Draft::new(SOP).command("echo x", ""));
    world.put("twice.yaml", "lead_id: L-1\nlead_id: L-2\n");
    let said = world.fails(3, &["run", SOP, "--as", "cro", "--input-file", "twice.yaml"]);
    assert!(said.contains("twice.yaml:2:1: the key `lead_id` is there twice\n"), "{said}");
}
