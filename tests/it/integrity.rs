//! The log is the truth: whatever is changed past it is named by `audit verify`, and nothing runs by it.

use crate::runs_world::{Draft, asked, stands, start, started, status, with};
use crate::world::World;
use rusqlite::Connection;
use sopd::base::Digest;

const SOP: &str = "SOP-REV-answer";
const FILE: &str = "sops/REV/SOP-REV-answer-v1.0.md";

fn journal(world: &World) -> Connection {
    Connection::open(world.path(".sopd/journal.db")).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Digest::of(bytes).0
}

/// Chains every fact from `seq` on anew, as somebody would who wants to hide a change.
fn chain_anew(db: &Connection, seq: i64) {
    let mut last: String =
        db.query_row("SELECT hash FROM event WHERE seq = ?1", [seq - 1], |row| row.get(0)).unwrap();
    let mut rows = db.prepare("SELECT seq, text FROM event WHERE seq >= ?1 ORDER BY seq").unwrap();
    let rows: Vec<(i64, String)> =
        rows.query_map([seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for (seq, text) in rows {
        last = sha256(format!("{last}{text}").as_bytes());
        db.execute("UPDATE event SET hash = ?2 WHERE seq = ?1", (seq, &last)).unwrap();
    }
}

/// What is changed, and what is said of it.
const CHANGES: &[(&str, &str)] = &[
    ("DELETE FROM event WHERE seq > (SELECT max(seq) - 5 FROM event)", "its tail is cut off"),
    ("DELETE FROM blob", "row `blob "),
    ("UPDATE blob SET bytes = NULL", "left; changed: bytes"),
    ("UPDATE decision SET answer = replace(answer, '\"by\":\"ceo\"', '\"by\":\"cro\"')", "changed: answer"),
    ("UPDATE decision SET hash = 'x' WHERE number = 1", "row `decision 1` is not what fact"),
    ("UPDATE decision SET state = 'open', answer = NULL WHERE number = 2", "changed: state, answer"),
    ("DELETE FROM decision", "is gone"),
    ("UPDATE sop_version SET approved_by = 'nobody'", "changed: approved_by"),
    ("UPDATE sop_version SET sha256 = 'x'", "changed: sha256"),
    ("UPDATE registry_revision SET by = 'nobody'", "row `registry_revision 1`"),
    ("UPDATE run_step SET outputs = '{\"a\":1}'", "changed: outputs"),
    ("UPDATE run SET state = 'completed', packet = 'x'", ", packet"),
    ("UPDATE token SET scope = 'write'", "row `token 1` is not what fact"),
    ("UPDATE token SET revoked_at = NULL WHERE number = 2", "changed: revoked_at"),
    (
        "INSERT INTO token(hash, party, name, scope, created_at) VALUES('x', 'ceo', 'mine', 'write', 1)",
        "row `token 3` is in no fact: somebody else put it in",
    ),
    (
        "INSERT INTO autonomy(sop, step, version, widened, by, reason, at) VALUES('SOP-REV-answer', NULL, '1.0', 1, 'ceo', 'x', 1)",
        "row `autonomy 1` is in no fact",
    ),
    ("UPDATE mission SET requested_by = 'nobody'", "changed: requested_by"),
    ("UPDATE artifact SET hash = 'x'", "row `artifact "),
    ("UPDATE workflow SET outcome = '{}' WHERE outcome IS NOT NULL", "changed: outcome"),
    ("UPDATE workflow SET state = 'failed' WHERE state = 'done'", "cannot be in state `failed`"),
    ("UPDATE workflow SET state = 'parked', ended_at = NULL WHERE state = 'done'", "row `workflow_end "),
    ("UPDATE workflow SET created_at = created_at - 1", "changed: created_at"),
    ("UPDATE signal SET payload = 'null'", "row `signal 1` is not what fact"),
    ("UPDATE signal SET workflow = 'x'", "changed: workflow"),
    ("DELETE FROM signal", "row `signal 1`, which fact"),
    ("UPDATE timer SET due_at = 1", "is not due when its step asked for it"),
    ("DELETE FROM timer", ", which a step waits for, is gone"),
    ("UPDATE workflow SET state = 'stopped' WHERE state = 'parked'", "is stopped, and no fact says so"),
    ("UPDATE signal SET position = position + 900 WHERE position >= 0", "is not where its workflow heard it"),
    (
        "INSERT INTO sop_fact(kind, subject, source, sop, version, fact) VALUES('trigger', 'x', 'SOP-REV-ghost', 'SOP-REV-ghost', '1.0', '{}')",
        "rows `sop_fact` of SOP-REV-ghost, which is neither in force nor an open mission",
    ),
    ("UPDATE reporting_line SET above = 'sales.rep'", "row `reporting_line "),
    ("DELETE FROM sop_fact", "rows `sop_fact` of SOP-REV-answer v1.0 are not what fact"),
    ("UPDATE sop_fact SET subject = 'x'", "rows `sop_fact` of SOP-REV-answer v1.0 are not what fact"),
    ("UPDATE registry_revision SET hash = 'x'", "changed: hash"),
];

#[test]
fn whatever_is_changed_past_the_log_is_named() {
    let world = with(&Draft::new(SOP).command("echo '{\"a\": 0}'; echo said > note.txt", "").person(""));
    for _ in 0..2 {
        world.done(&["token", "new", "cro"]);
    }
    world.done(&["token", "revoke", "2"]);
    start(&world, SOP, &[]);
    world
        .put("sopd.yaml", &format!("{}\naudit: {{ anchor_file: elsewhere.txt }}\n", world.read("sopd.yaml")));
    world.drive();
    let whole = world.done(&["audit", "verify"]);
    assert!(whole.contains("the audit log is whole") && whole.contains("rows"), "{whole}");
    let anchor = world.json(&["audit", "anchor"]);
    let (place, hash) = (anchor["place"].as_i64().unwrap(), anchor["hash"].as_str().unwrap().to_owned());
    assert!(world.read("elsewhere.txt").contains(&format!("Chain: {place} {hash}")));

    journal(&world).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(())).unwrap();
    let kept = std::fs::read(world.path(".sopd/journal.db")).unwrap();
    let back = || {
        for side in ["-wal", "-shm"] {
            drop(std::fs::remove_file(world.path(&format!(".sopd/journal.db{side}"))));
        }
        #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
        std::fs::write(world.path(".sopd/journal.db"), &kept).unwrap();
    };
    for (change, told) in CHANGES {
        journal(&world).execute_batch(change).unwrap();
        let said = world.fails(1, &["audit", "verify"]);
        assert!(said.contains(told), "{change}: {said}");
        back();
    }

    // A fact that was changed and chained anew differs from an anchor, wherever that was kept.
    {
        let db = journal(&world);
        let sql = "UPDATE event SET text = replace(text, '\"cro\"', '\"cto\"') WHERE kind = 'run_created' RETURNING seq";
        let changed: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
        chain_anew(&db, changed);
    }
    let said = world.fails(1, &["audit", "verify"]);
    assert!(said.contains("differs from what") && said.contains("wrote down"), "{said}");
    for file in ["elsewhere.txt", ".sopd/anchors", ".sopd/projected"] {
        std::fs::remove_file(world.path(file)).unwrap();
    }
    let named = format!("{place}:{hash}");
    let said = world.fails(1, &["audit", "verify", "--against", &named]);
    assert!(said.contains("the anchor you named"), "{said}");
    back();
    world.put("auditor.txt", &format!("Chain: {place} {hash}\n"));
    world.done(&["audit", "verify", "--against", "auditor.txt", "--against", &named]);
    world.fails(2, &["audit", "verify", "--against", "sopd.yaml"]);

    // A damaged file is noticed where no row is looked at, too.
    let mut damaged = kept.clone();
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 64].fill(0xff);
    #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
    std::fs::write(world.path(".sopd/journal.db"), &damaged).unwrap();
    assert_ne!(world.sopd(&["audit", "verify"]).code, 0);
    back();
    world.done(&["audit", "verify"]);
}

#[test]
fn a_changed_row_makes_nothing_run_and_lets_nobody_in() {
    let world = with(&Draft::new(SOP).command("echo ran", "Approval Required: Yes"));
    let text = world.read(FILE).replace("echo ran", "echo something else");
    std::fs::remove_file(world.path(FILE)).unwrap();
    world.put(FILE, &text);
    let approved = {
        let db = journal(&world);
        let approved: String = db.query_row("SELECT sha256 FROM sop_version", [], |row| row.get(0)).unwrap();
        db.execute("UPDATE sop_version SET sha256 = ?1", [sha256(text.as_bytes())]).unwrap();
        approved
    };
    let index = world.read("sops/INDEX.md");
    assert!(world.fails(6, &["run", SOP, "--as", "cro"]).contains("is not what was approved"));
    assert!(world.fails(6, &["sop", "show", SOP]).contains("is not what was approved"));
    world.fails(1, &["sop", "verify"]);
    world.drive();
    assert_eq!(world.read("sops/INDEX.md"), index, "INDEX.md says what was approved");

    // A row nobody published, and one that was retired and set back, run as little.
    let db = journal(&world);
    db.execute("UPDATE sop_version SET sha256 = ?1", [&approved]).unwrap();
    std::fs::remove_file(world.path(FILE)).unwrap();
    world.put(FILE, &text.replace("echo something else", "echo ran"));
    db.execute("UPDATE sop_version SET version = '2.0'", []).unwrap();
    assert!(world.fails(6, &["run", SOP, "--as", "cro"]).contains("is not in force"));
    db.execute("UPDATE sop_version SET version = '1.0'", []).unwrap();

    // A word on autonomy that no fact knows changes no gate.
    db.execute_batch(
        "INSERT INTO autonomy(sop, step, version, widened, by, reason, at)
         VALUES('SOP-REV-answer', NULL, '1.0', 1, 'ceo', 'x', 1)",
    )
    .unwrap();
    assert!(world.done(&["autonomy", SOP]).contains("ask a person first"));
    drop(db);
    let run = start(&world, SOP, &[]);
    world.drive();
    assert_eq!(status(&world, &run)["tasks"][0]["said"], "", "the gate asks first");
}

#[test]
fn a_row_alone_answers_nothing_that_is_asked() {
    let sop = "SOP-REV-asks";
    let world = with(&Draft::new(sop).command("echo ran", "Reaches Customers: Yes"));
    let run = started(&world, sop, &[]);
    let gate = asked(&world);
    let open = world.json(&["inbox"])[0].clone();
    let answer = serde_json::json!({
        "verb": "approve", "by": open["asked_of"][0], "os_user": "root (uid 0)", "at": 1_795_943_142_199_i64,
        "text": "", "hash": open["hash"],
    });
    let db = journal(&world);
    let workflow: String = db
        .query_row("SELECT workflow FROM decision ORDER BY number DESC LIMIT 1", [], |row| row.get(0))
        .unwrap();
    for payload in [answer.to_string(), "null".to_owned()] {
        db.execute(
            "INSERT INTO signal(workflow, name, payload, at) VALUES(?1, ?2, ?3, 1)",
            (&workflow, format!("decision/{gate}"), payload),
        )
        .unwrap();
        db.execute("UPDATE workflow SET state = 'ready' WHERE id = ?1", [&workflow]).unwrap();
        assert!(world.fails(1, &["audit", "verify"]).contains("no fact bears out"));
        world.drive();
        assert!(stands(&world, &run).starts_with("awaiting_approval"), "nobody has answered");
        assert_eq!(asked(&world), gate, "it is asked still");
        world.done(&["audit", "verify"]);
    }
    drop(db);
    world.done(&["approve", &gate, "--as", open["asked_of"][0].as_str().unwrap()]);
    world.drive();
    assert!(stands(&world, &run).starts_with("completed"));
}

#[test]
fn what_is_erased_leaves_the_file() {
    let world = with(
        &Draft::new(SOP)
            .command("for n in $(seq 90); do echo \"canary-$INPUT_LEAD_ID\"; done | tee kept.txt", ""),
    );
    let run = start(&world, SOP, &["--input", "lead_id=L-77"]);
    world.drive();
    journal(&world).execute("UPDATE run SET ended_at = ended_at - 400 * 86400000", []).unwrap();
    assert!(world.fails(4, &["cleanup", "--as", "sales.rep"]).contains("ceo, who signs publications, may"));
    let holds = |file: &str| {
        let bytes = std::fs::read(world.path(&format!(".sopd/{file}"))).unwrap_or_default();
        bytes.windows(11).any(|part| part == b"canary-L-77")
    };
    // The daemon removes the folders by itself; the rest where the settings say so.
    world.drive();
    assert!(!world.path(&format!(".sopd/runs/{run}/work")).exists());
    assert!(world.path(&format!(".sopd/runs/{run}/files")).exists() && holds("journal.db"));
    world.put("sopd.yaml", &format!("{}\nretention: {{ erase: true }}\n", world.read("sopd.yaml")));
    world.drive();
    assert!(!holds("journal.db") && !holds("journal.db-wal"));
    assert!(!world.path(&format!(".sopd/runs/{run}/files")).exists());
}
