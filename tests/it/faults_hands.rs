//! Trouble with the disk, and hands where no hand should be: full disks, folders that cannot be written, edited
//! files, a cut journal, a clock set back, agents and settings that change under way.

use super::activation::sound;
use super::faults_world::{World, example, given, until};
use sopd::base::{Instant, Kind};
use sopd::decision::{DecisionKind, Verb};
use sopd::journal::{events_of, verify};
use sopd::mission::{NewActivation, activate};
use sopd::registry;

const INVOICES: &str = "---\nsop: SOP-FIN-vendor-invoice-approval\nrequested_by: cro\n---\n# Vendor invoice approval\n\nWe paid one \
                        supplier twice. Write the procedure for supplier invoices, from their arrival to the payment.\n";
/// A word that no shipped file has.
const CANARY: &str = "zanzibar";
const PUBLISHED: &str = "sops/FIN/SOP-FIN-vendor-invoice-approval-v1.0.md";

/// A mission whose signature is given and whose publication is the next thing to happen.
fn signed(world: &World) -> String {
    let mission = world.submit(INVOICES);
    world.settle();
    world.say(&world.only(), Verb::Approve, "");
    world.settle();
    world.say(&world.only(), Verb::Approve, "");
    mission
}

fn published() -> (World, String) {
    let world = World::new();
    let mission = signed(&world);
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "published");
    (world, mission)
}

/// What `audit verify` does: the chain, with what INDEX.md wrote down of it.
fn audit(world: &World) -> Result<(), sopd::base::Problem> {
    let anchors = registry::anchors(&world.read("sops/INDEX.md"), "sops/INDEX.md");
    assert!(!anchors.is_empty());
    verify(&world.guest().journal, &anchors).map(drop)
}

/// Changes the journal behind everybody's back.
fn meddle(world: &World, sql: &str) {
    let db = rusqlite::Connection::open(world.path(".sopd/journal.db")).unwrap();
    db.execute_batch(sql).unwrap();
}

/// The daemon on a disk where no file may grow past so many KiB. The shell makes the system answer with an error, as
/// a full disk does, where it would otherwise end the process.
fn cramped(world: &World, kib: u32, more: &[&str]) -> std::process::Child {
    let daemon = world.process(more, &[]);
    let words = std::iter::once(daemon.get_program()).chain(daemon.get_args());
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let mut full = std::process::Command::new("bash");
    let limit = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"");
    full.args(["-c", &limit, "full"]).args(&words);
    let log = world.path("said.log");
    full.current_dir(world.root());
    full.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    full.stderr(std::fs::File::create(&log).unwrap());
    full.spawn().unwrap()
}

#[test]
fn a_disk_too_full_for_the_sop_itself_asks_a_person_and_leaves_no_part_of_it() {
    const LINES: usize = 3_700;
    let line =
        |number: usize| format!("- Form {number} of the list that the office keeps beside its desk.\n");
    let long: String = (0..LINES).map(line).collect();
    let text = sound().replace("## References\n\nNone.\n", &format!("## References\n\n{long}"));
    let world = World::new();
    let guest = world.guest();
    let new = NewActivation { file: "mine.md".into(), text, by: "cro".into(), classes: Vec::new() };
    let mission = activate(&guest.journal, &guest.snapshot().unwrap(), new).unwrap();
    drop(guest);
    for _ in 0..2 {
        world.settle();
        world.say(&world.only(), Verb::Approve, "");
    }
    // The journal's commits fit into what is left, the SOP does not.
    let mut full = cramped(&world, 220, &["--until-idle"]);
    assert!(full.wait().unwrap().success(), "{}", world.read("said.log"));
    let asked = world.only();
    assert_eq!(asked.ask.kind, DecisionKind::Stuck);
    assert!(asked.ask.title.contains("could not be published"), "{}", asked.ask.title);
    assert!(asked.ask.why.contains("SOP-REV-lead-qualification-v1.0.md"), "{}", asked.ask.why);
    assert_eq!(world.versions(), [], "nothing is registered without its file");
    assert_eq!(world.names("sops/REV"), Vec::<String>::new(), "no part of it is left");
    // Room again.
    world.say(&asked, Verb::Retry, "");
    world.finish();
    assert_eq!(world.status(&mission).state.word(), "published");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn a_disk_that_fills_up_while_publishing_loses_nothing() {
    let world = World::new();
    let mission = signed(&world);
    // The SOP fits into 16 KiB, the journal's next commit does not.
    let mut full = cramped(&world, 16, &[]);
    until("the daemon met the full disk", || {
        world.path(PUBLISHED).exists() || full.try_wait().unwrap().is_some()
    });
    assert_ne!(world.status(&mission).state.word(), "published");
    drop(full.kill());
    full.wait().unwrap();
    assert_eq!(world.versions(), [], "nothing is registered without its commit");
    // Room again.
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "published");
    let kinds = world.kinds(&mission);
    assert_eq!(kinds.iter().filter(|kind| *kind == "published").count(), 1);
    world.assert_sound();
    world.assert_released();
}

#[test]
fn a_folder_that_cannot_be_written_asks_a_person_and_goes_on_once_it_can() {
    let world = World::new();
    let mission = signed(&world);
    // A file where the department's folder should be: root may not write there either.
    world.write("sops/FIN", "in the way");
    world.settle();
    let asked = world.only();
    assert_eq!(asked.ask.kind, DecisionKind::Stuck);
    assert!(asked.ask.title.contains("could not be published"), "{}", asked.ask.title);
    assert!(asked.ask.why.contains("FIN"), "{}", asked.ask.why);
    let status = world.status(&mission);
    assert_eq!(status.state.word(), "waiting_for_person");
    assert!(status.waiting_for.contains("chief.staff"), "{status:?}");
    assert_eq!(world.versions(), []);
    std::fs::remove_file(world.path("sops/FIN")).unwrap();
    world.say(&asked, Verb::Retry, "");
    world.finish();
    assert_eq!(world.status(&mission).state.word(), "published");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn a_foreign_file_in_the_place_of_a_publication_is_never_overwritten() {
    let world = World::new();
    let mission = signed(&world);
    world.write(PUBLISHED, "somebody's own notes\n");
    world.settle();
    let asked = world.only();
    assert!(asked.ask.why.contains("exists with other content"), "{}", asked.ask.why);
    assert_eq!(world.read(PUBLISHED), "somebody's own notes\n");
    world.cancel(&mission);
    world.settle();
    assert_eq!(world.read(PUBLISHED), "somebody's own notes\n", "nor is it removed with the mission");
    world.assert_released();
}

#[test]
fn a_journal_of_a_newer_version_is_not_touched() {
    let (world, _) = published();
    let ours: u32 = rusqlite::Connection::open(world.path(".sopd/journal.db"))
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    meddle(&world, "PRAGMA user_version = 99");
    // All in one file, so that its bytes are the journal and closing has nothing left to move.
    meddle(&world, "PRAGMA wal_checkpoint(TRUNCATE)");
    let before = std::fs::read(world.path(".sopd/journal.db")).unwrap();
    let refused = world.try_settle().unwrap_err();
    assert_eq!(refused.kind, Kind::Store);
    assert!(refused.message.contains("newer sopd"), "{refused}");
    assert!(refused.hint.unwrap().contains("newer"));
    assert_eq!(std::fs::read(world.path(".sopd/journal.db")).unwrap(), before);
    meddle(&world, &format!("PRAGMA user_version = {ours}"));
    world.settle();
    world.assert_sound();
}

#[test]
fn an_index_edited_by_hand_is_kept_aside_reported_and_restored() {
    let (world, _) = published();
    let ours = world.read("sops/INDEX.md");
    for words in ["| my own row |\n", "and another thought\n"] {
        world.write("sops/INDEX.md", format!("{ours}{words}"));
        world.settle();
        assert_eq!(world.read("sops/INDEX.md"), ours);
    }
    let kept: Vec<_> =
        world.names("sops").into_iter().filter(|name| name.starts_with("INDEX.conflict-")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    let texts: Vec<_> = kept.iter().map(|name| world.read(&format!("sops/{name}"))).collect();
    assert!(
        texts.iter().any(|text| text.contains("my own row"))
            && texts.iter().any(|text| text.contains("another"))
    );
    let told = world.fact("sopd", "index_edited_by_hand");
    assert!(kept.iter().any(|name| told["kept_as"] == format!("sops/{name}")), "{told}");
    // Deleted, it is written again, and that is no edit.
    std::fs::remove_file(world.path("sops/INDEX.md")).unwrap();
    world.settle();
    assert_eq!(world.read("sops/INDEX.md"), ours);
    let edits = world.events(Some("sopd")).into_iter().filter(|event| event.kind == "index_edited_by_hand");
    assert_eq!(edits.count(), 2);
    audit(&world).unwrap();
}

#[test]
fn an_index_edited_while_the_daemon_runs_is_restored_too() {
    let (world, _) = published();
    let ours = world.read("sops/INDEX.md");
    world.while_up(|| {
        world.write("sops/INDEX.md", "all mine\n");
        until("it is restored", || {
            std::fs::read_to_string(world.path("sops/INDEX.md")).is_ok_and(|text| text == ours)
        });
        until("the edit is reported", || !world.events(Some("sopd")).is_empty());
    });
}

#[test]
fn a_published_file_edited_by_hand_is_noticed_by_every_reader() {
    let (world, _) = published();
    let approved = world.read(PUBLISHED);
    world.write(PUBLISHED, approved.replacen("supplier", "Supplier", 1) + "\nOne more rule.\n");
    let journal = world.guest().journal;
    let checked = journal.read(|db| registry::verify_files(db, world.root())).unwrap();
    assert_eq!(checked.wrong.len(), 1, "{checked:?}");
    assert!(checked.wrong[0].contains("not what was approved"), "{checked:?}");
    let row = journal.read(|db| registry::version(db, "SOP-FIN-vendor-invoice-approval")).unwrap();
    let refused = registry::read_checked(world.root(), &row).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);

    // A change would build on words nobody approved.
    let change = INVOICES.replace("requested_by", "change: minor\nrequested_by")
        + "And pay early where there is a discount.\n";
    let mission = world.submit(&change);
    world.settle();
    let status = world.status(&mission);
    let told =
        format!("{} {}", status.reason, world.open().iter().map(|d| d.ask.why.as_str()).collect::<String>());
    assert!(told.contains("not what was approved"), "{status:?}");
    assert_ne!(status.state.word(), "awaiting_decision");

    world.write(PUBLISHED, &approved);
    let checked = journal.read(|db| registry::verify_files(db, world.root())).unwrap();
    assert_eq!(checked.wrong, Vec::<String>::new());

    // A file nobody published, and one that is gone, are noticed as well.
    world.write("sops/FIN/SOP-FIN-made-up-v1.0.md", "# Made up\n");
    std::fs::remove_file(world.path(PUBLISHED)).unwrap();
    let wrong = journal.read(|db| registry::verify_files(db, world.root())).unwrap().wrong.join("\n");
    assert!(wrong.contains("never published") && wrong.contains("cannot be read"), "{wrong}");
}

#[test]
fn a_journal_whose_tail_is_cut_off_is_found_out_by_the_index() {
    let (world, _) = published();
    audit(&world).unwrap();
    let last = world.events(None).last().unwrap().seq;
    meddle(&world, &format!("DELETE FROM event WHERE seq > {}", last - 3));
    // The chain alone is unbroken, but rows are there that no fact is left for, and what INDEX.md wrote down is not.
    let found = verify(&world.guest().journal, &[]).unwrap_err();
    assert!(found.message.contains("is in no fact"), "{found}");
    let found = audit(&world).unwrap_err();
    assert!(found.message.contains("tail is cut off") && found.message.contains("INDEX.md"), "{found}");
}

#[test]
fn a_fact_changed_in_the_journal_is_found_out() {
    let change = |sql: &str| {
        let (world, _) = published();
        meddle(&world, sql);
        let found = audit(&world).unwrap_err();
        assert!(found.hint.is_some(), "{found}");
        found.message
    };
    let text =
        "UPDATE event SET text = replace(text, '\"by\":\"ceo\"', '\"by\":\"cto\"') WHERE kind = 'published'";
    assert!(change(text).contains("was changed after it was written"));
    assert!(change("DELETE FROM event WHERE seq = 4").contains("fact 4 is missing"));
    assert!(
        change("UPDATE event SET kind = 'rejected' WHERE kind = 'published'")
            .contains("filed under something else")
    );
    assert!(
        change("UPDATE blob SET bytes = X'00' WHERE hash = (SELECT hash FROM artifact LIMIT 1)")
            .contains("payload")
    );
}

#[test]
fn a_clock_set_back_in_mid_mission_changes_nothing_but_the_stamps() {
    let world = World::standing();
    let mission = world.submit(INVOICES);
    world.settle();
    let asked = world.only();
    world.clock.set(world.clock.now().plus_millis(-400 * 86_400_000));
    world.settle();
    world.say(&asked, Verb::Approve, "");
    world.settle();
    world.say(&world.only(), Verb::Approve, "");
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "published");
    // The next mission is of the year before; it gets an id and a deadline of its own.
    let other = world.submit("# Travel expenses\n\nSay how travel expenses are checked and paid.\n");
    assert_ne!(other, mission);
    world.finish();
    assert_eq!(world.status(&other).state.word(), "published");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn a_running_mission_keeps_the_roster_and_prompts_it_started_with() {
    let world = World::standing();
    let mission = world.submit(&example(&world, "1-"));
    world.settle();
    let forward = world.only();
    // New knowledge and another prompt.
    let agent = world.read("agents/vp.sales.md").replace("qualified", &format!("qualified {CANARY}"));
    assert!(agent.contains(CANARY));
    world.write("agents/vp.sales.md", agent);
    let begin = "{% block user %}";
    let prompt = world.read("prompts/draft.md").replacen(begin, &format!("{begin}{CANARY} "), 1);
    assert!(prompt.contains(CANARY));
    world.write("prompts/draft.md", prompt);
    world.say(&forward, Verb::Revise, "Say who keeps the score when the representative is away.");
    world.settle();
    assert_eq!(world.status(&mission).round, 2, "{:?}", world.status(&mission));
    let second = world.read(&format!("missions/{mission}/synthesis-2.md"));
    assert!(!second.contains(CANARY), "edits count for new missions");
    world.say(&world.only(), Verb::Reject, "start anew");
    world.settle();
    let again = world.try_submit(&example(&world, "1-"), true).unwrap();
    world.settle();
    assert!(world.read(&format!("missions/{again}/synthesis-1.md")).contains(CANARY), "and they do count");
}

#[test]
fn settings_broken_in_mid_mission_stop_nothing_and_lose_nothing() {
    let world = World::new();
    let mission = world.submit(INVOICES);
    world.settle();
    let forward = world.only();
    world.while_up(|| {
        world.drop_in("sign.md", "# Travel expenses\n\nSay how travel expenses are checked and paid.\n");
        until("the daemon is at work", || world.statuses().len() == 2);
        world.write("sopd.yaml", "missions:\n  rouds: 3\n");
        // The running daemon goes on with what it has.
        world.resolve(&forward.id, Verb::Approve, given("chief.staff", "")).unwrap();
        until("the mission went on", || {
            world.open().iter().any(|open| open.ask.kind == DecisionKind::Publish)
        });
    });
    // So does the next start, with what was last sound.
    world.settle();
    world.write("sopd.yaml", "missions:\n  rounds: 3\n");
    world.finish();
    assert_eq!(world.status(&mission).state.word(), "published");
    world.assert_sound();
}

#[test]
fn a_dossier_that_was_deleted_or_edited_is_written_again_from_the_journal() {
    let (world, mission) = published();
    let status = world.read(&format!("missions/{mission}/STATUS.md"));
    let log = world.read(&format!("missions/{mission}/audit.jsonl"));
    std::fs::remove_dir_all(world.path(&format!("missions/{mission}"))).unwrap();
    std::fs::remove_file(world.path(".sopd/projected")).unwrap();
    world.settle();
    assert_eq!(world.read(&format!("missions/{mission}/STATUS.md")), status);
    assert_eq!(world.read(&format!("missions/{mission}/audit.jsonl")), log);
    assert_eq!(world.read(&format!("missions/{mission}/mission.md")), INVOICES);
}

#[test]
fn the_missions_own_log_is_the_chain_word_for_word() {
    let (world, mission) = published();
    let facts = world.guest().journal.read(|db| events_of(db, Some(&mission), 0, 10_000)).unwrap();
    let log = world.read(&format!("missions/{mission}/audit.jsonl"));
    assert_eq!(log.lines().count(), facts.len());
    for (line, fact) in log.lines().zip(&facts) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["hash"], fact.hash.as_str());
        assert_eq!(line["seq"], fact.seq);
        assert_eq!(line["fact"], serde_json::from_str::<serde_json::Value>(&fact.text).unwrap());
    }
    assert!(Instant(0) < world.clock.now());
}
