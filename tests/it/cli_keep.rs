//! Keeping a workspace: one daemon at a time, the demo, checks of what is on disk, backup and restore.

use crate::world::World;
use std::process::{Command, Stdio};

#[test]
fn the_demo_publishes_and_can_be_run_again() {
    let world = World::empty();
    let first = world.done(&["demo"]);
    for words in ["vp.sales has drafted", "D-1", "approve D-1 --as chief.staff", "-w sopd-demo"] {
        assert!(first.contains(words), "{words}: {first}");
    }
    let all = world.done(&["demo", "--yes"]);
    assert!(all.contains("goes on where it was"), "{all}");
    assert!(all.contains("# SOP registry"), "{all}");
    assert!(all.contains("| 1.0 | active | vp.sales |"), "{all}");
    assert!(world.done(&["demo", "--yes"]).contains("# SOP registry"), "a third time shows it again");
    world.put("full/file.txt", "x");
    world.fails(6, &["demo", "full"]);
}

#[test]
fn a_second_daemon_says_who_holds_the_workspace() {
    let world = World::new();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_sopd"))
        .arg("up")
        .current_dir(world.root())
        .env("SOPD_LOG", "info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // That it drives it says when it holds the lock.
    let reader = std::io::BufReader::new(daemon.stderr.take().unwrap());
    let mut said = std::io::BufRead::lines(reader).map_while(Result::ok);
    assert!(said.any(|line| line.contains("driving")));
    // Nobody reads the rest; it must not wait for that.
    std::thread::spawn(move || said.for_each(drop));
    let holder = format!("held by process {}", daemon.id());
    assert!(world.fails(6, &["up", "--until-idle"]).contains(&holder));
    assert!(world.done(&["status"]).contains("no mission yet"), "reading works beside it");
    let doctor = world.done(&["doctor"]);
    assert!(doctor.contains(&format!("driven by process {}", daemon.id())), "{doctor}");

    let taken = world.json(&["submit", "missions/examples/1-lead-qualification.md"]);
    let mission = taken["mission"].as_str().unwrap();
    let reached = (0..600).any(|_| world.json(&["status", mission])[0]["state"] == "awaiting_decision");
    assert!(reached);
    let said = world.done(&["approve", "D-1", "--as", "chief.staff"]);
    assert!(said.contains("ceo is asked next (D-2)"), "{said}");
    let said = world.done(&["approve", "D-2", "--as", "ceo"]);
    assert!(said.contains("is published"), "{said}");
    let process = i32::try_from(daemon.id()).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(process).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert!(daemon.wait().unwrap().success(), "it stops in order");
}

#[test]
fn a_backup_comes_back_whole_or_not_at_all() {
    let world = World::empty();
    world.done(&["demo", "--yes"]);
    let at = ["-w", "sopd-demo"];
    let with =
        |rest: &[&str]| -> Vec<String> { at.iter().chain(rest).map(|word| (*word).to_owned()).collect() };
    let run = |rest: &[&str]| {
        let all = with(rest);
        world.done(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run(&["backup", "one.tar"]);
    world.fails(6, &["-w", "sopd-demo", "backup", "one.tar"]);
    world.done(&["restore", "one.tar", "back"]);
    assert_eq!(world.json(&["-w", "back", "sop", "list"]), world.json(&["-w", "sopd-demo", "sop", "list"]));
    world.done(&["-w", "back", "sop", "verify"]);
    world.done(&["-w", "back", "audit", "verify"]);
    let held = world.fails(6, &["-w", "back", "up", "--until-idle"]);
    assert!(held.contains("is held, and nothing of it was started: it was restored"), "{held}");
    world.done(&["-w", "back", "up", "--until-idle", "--go-on"]);
    world.done(&["-w", "back", "up", "--until-idle"]);
    world.fails(6, &["restore", "one.tar", "back"]);

    let whole = std::fs::read(world.path("one.tar")).unwrap();
    let cut = &whole[..whole.len() * 2 / 3];
    #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
    std::fs::write(world.path("cut.tar"), cut).unwrap();
    world.fails(3, &["restore", "cut.tar", "half"]);
    assert!(!world.path("half").exists(), "nothing half-restored is left");
    assert!(
        std::fs::read_dir(world.root())
            .unwrap()
            .flatten()
            .all(|e| !e.file_name().to_string_lossy().starts_with('.'))
    );
}

#[test]
fn an_edited_file_and_an_edited_log_are_noticed() {
    let world = World::empty();
    world.done(&["demo", "--yes"]);
    let at = ["-w", "sopd-demo"];
    world.done(&[at[0], at[1], "sop", "verify"]);
    let log = world.done(&[at[0], at[1], "audit", "export"]);
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&first["seq"], &first["fact"]["kind"]), (&1.into(), &"mission_received".into()));
    world.fails(5, &[at[0], at[1], "audit", "export", "M-2020-0101-x"]);

    let file = "sopd-demo/sops/REV/SOP-REV-lead-qualification-v1.0.md";
    let text = world.read(file);
    std::fs::remove_file(world.path(file)).unwrap();
    world.put(file, &text.replacen("70", "60", 1));
    world.fails(1, &[at[0], at[1], "sop", "verify"]);
    let sop = "SOP-REV-lead-qualification";
    let lead = ["--input", "lead_id=L-1", "--input", "source=demo_form", "--input", "employees=40"];
    let run = ["run", sop, "--as", "cro"];
    for reader in [
        vec!["sop", "show", sop],
        vec!["sop", "diff", sop, sop],
        vec!["sop", "export", sop, "--as", "skill"],
        run.iter().chain(&lead).copied().collect(),
        run.iter().chain(&["--dry-run"]).chain(&lead).copied().collect(),
    ] {
        let told = world.fails(6, &[&at[..], &reader[..]].concat());
        assert!(told.contains("not what was approved"), "{reader:?}: {told}");
    }

    let db = rusqlite::Connection::open(world.path("sopd-demo/.sopd/journal.db")).unwrap();
    let last: i64 = db.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).unwrap();
    let published: i64 =
        db.query_row("SELECT seq FROM event WHERE kind = 'published'", [], |row| row.get(0)).unwrap();
    db.execute("DELETE FROM event WHERE seq >= ?1", [published]).unwrap();
    assert!(last >= published);
    let cut = world.fails(1, &[at[0], at[1], "audit", "verify"]);
    assert!(cut.contains("its tail is cut off"), "{cut}");
}

#[test]
fn sops_are_linted_imported_exported_and_compared() {
    let world = World::empty();
    world.done(&["demo", "--yes"]);
    let sop = "SOP-REV-lead-qualification";
    let file = "sopd-demo/sops/REV/SOP-REV-lead-qualification-v1.0.md";
    let w = |rest: &[&str]| -> Vec<String> {
        ["-w", "sopd-demo"].iter().chain(rest).map(|s| (*s).to_owned()).collect()
    };
    let done = |rest: &[&str]| world.done(&w(rest).iter().map(String::as_str).collect::<Vec<_>>());
    done(&["sop", "lint", file]);
    world.put("bad.md", &world.read(file).replace("owner: vp.sales", "owner: nobody.here"));
    let bad = world.fails(3, &["-w", "sopd-demo", "sop", "lint", "bad.md"]);
    assert!(bad.contains("blocking"), "{bad}");
    world.put("worse.md", &world.read(file).replace("risk_level:", "risk_levle:"));
    assert!(world.fails(3, &["-w", "sopd-demo", "sop", "lint", "worse.md"]).contains("worse.md:"));
    assert!(done(&["sop", "diff", sop, sop]).contains("no difference"));
    assert!(done(&["sop", "diff", sop, "bad.md"]).contains("+owner: nobody.here"));
    assert!(done(&["sop", "history", sop]).contains("active"));
    assert!(done(&["sop", "export", sop, "--as", "agent-sop"]).starts_with("# Lead qualification"));
    assert!(done(&["sop", "export", sop, "--as", "skill"]).starts_with("---\nname: lead-qualification"));
    world.put("plain.md", "# Watering plants\n\n1. Fill the can.\n2. Water each plant.\n");
    let imported =
        done(&["sop", "import", "plain.md", "--id", "SOP-OPS-watering-plants", "--owner", "ops.manager"]);
    assert_eq!(imported.lines().next(), Some("SOP-OPS-watering-plants"), "{imported}");
    assert!(world.read("sopd-demo/sops/drafts/SOP-OPS-watering-plants-v1.0.md").contains("Fill the can."));
    done(&["sop", "verify"]);
}

#[test]
fn a_folder_is_imported_file_by_file_and_a_trial_writes_nothing() {
    let world = World::empty();
    world.done(&["demo", "--yes"]);
    world.put("old/lamp.md", "Lamp\n\n- Switch it on\n- Switch it off\n");
    world.put("old/deep/door.txt", "# Door\n\n| Who | What |\n|-|-|\n| Guard | Lock it |\n");
    world.put("old/half.md", "---\nid: SOP-OPS-half\n---\n\n# Half\n");
    let import = ["-w", "sopd-demo", "sop", "import", "old", "--department", "OPS"];
    let trial = world.fails(3, &[&import[..], &["--dry-run"]].concat());
    assert!(trial.contains("1 of 3 procedures did not become a draft"), "{trial}");
    assert!(!world.path("sopd-demo/sops/drafts/SOP-OPS-lamp-v1.0.md").exists());
    std::fs::remove_file(world.path("old/half.md")).unwrap();
    let table = world.done(&import);
    let row = |file: &str| table.lines().find(|line| line.contains(file)).unwrap_or_default().to_owned();
    assert!(row("lamp.md").contains("SOP-OPS-lamp v1.0  2      3 of 3"), "{table}");
    assert!(row("door.txt").contains("SOP-OPS-door v1.0"), "{table}");
    assert!(world.read("sopd-demo/sops/drafts/SOP-OPS-door-v1.0.md").contains("- Who: Guard"));
    let again = world.fails(2, &[&import[..], &["--id", "SOP-OPS-x"]].concat());
    assert!(again.contains("one id is not enough"), "{again}");
}
