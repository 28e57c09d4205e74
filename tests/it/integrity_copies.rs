//! A workspace that was restored or copied knows that it is one: it starts held, does nothing twice unasked, lets
//! nobody in by what may have ended since, and has what its runs work with.

use crate::runs_world::{Draft, start};
use crate::world::World;
use serde_json::json;
use std::path::Path;

const SENDS: &str = "SOP-REV-sends";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The commands of a workspace below the world.
struct At<'w>(&'w World, &'static str);

impl At<'_> {
    fn all<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        ["-w", self.1].into_iter().chain(rest.iter().copied()).collect()
    }
    #[track_caller]
    fn done(&self, rest: &[&str]) -> String {
        self.0.done(&self.all(rest))
    }
    #[track_caller]
    fn json(&self, rest: &[&str]) -> serde_json::Value {
        self.0.json(&self.all(rest))
    }
    #[track_caller]
    fn fails(&self, code: i32, rest: &[&str]) -> String {
        self.0.fails(code, &self.all(rest))
    }
    /// What a step said.
    fn said(&self, run: &str, step: usize) -> String {
        self.json(&["status", run])["tasks"][step - 1]["said"].as_str().unwrap_or_default().to_owned()
    }
}

/// Two SOPs: one whose second part a person does, one that begins by itself when a file comes.
fn original(world: &World) -> At<'_> {
    world.done(&["init", "w"]);
    let once = "if [ -e sent.flag ]; then echo already sent; else echo SENT; touch sent.flag; fi";
    let left =
        "echo report > report.txt; mkdir -p out bin; ln -s ../report.txt bin/link; ln -s /etc/hostname away";
    let sends = Draft::new(SENDS).command(&format!("{left}; {once}"), "").person("");
    let sends = sends.command(&format!("{once}; cp bin/link out/copy; cat out/copy"), "");
    let watches = Draft::new("SOP-REV-watches").head("triggers", "[{ files: incoming/*.csv }]");
    let watches = watches.input("`file` | text | yes").command("cat \"$INPUT_FILE\"", "");
    for draft in [sends, watches] {
        world.put("brought.md", &draft.text());
        let at = At(world, "w");
        let brought = at.json(&["sop", "activate", "brought.md", "--as", "cro"]);
        for party in ["chief.staff", "ceo"] {
            at.done(&["up", "--until-idle"]);
            at.done(&["approve", brought["mission"].as_str().unwrap(), "--as", party]);
        }
        at.done(&["up", "--until-idle"]);
    }
    At(world, "w")
}

#[test]
fn a_restored_workspace_is_held_and_asks_once_about_each_run() {
    let world = World::empty();
    let at = original(&world);
    let run = at.json(&["run", SENDS, "--as", "cro"])["run"].as_str().unwrap().to_owned();
    at.done(&["up", "--until-idle"]);
    let fresh = at.json(&["run", SENDS, "--as", "cro"])["run"].as_str().unwrap().to_owned();
    at.done(&["token", "new", "cro"]);
    world.put("w/incoming/left.txt", "not for a run");
    world.put("w/tls/key.pem", "k");
    world.put("w/notes.txt", "mine");
    let taken = at.json(&["backup", "b.tar"]);
    assert_eq!(
        taken["left_out"],
        json!([
            "notes.txt: neither settings nor an SOP names it",
            format!("runs/{run}/work/away: a link to /etc/hostname, elsewhere"),
            "tls: neither settings nor an SOP names it"
        ])
    );
    at.done(&["token", "revoke", "1"]);
    at.done(&["up", "--until-idle"]);
    assert_eq!(at.said(&fresh, 1), "SENT\n");

    let told = world.done(&["restore", "b.tar", "copy"]);
    for part in ["tls: neither", "SOP-REV-watches (files incoming/*.csv)", &*run, "sopd up --go-on", "tokens"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let copied = At(&world, "copy");
    let doctor = world.sopd(&["-w", "copy", "doctor"]).out;
    assert!(doctor.contains("held, it was restored from a backup"), "{doctor}");
    assert_eq!(world.read("copy/incoming/left.txt"), "not for a run");
    assert_eq!(copied.json(&["token", "list"])[0]["number"], 1);
    assert!(copied.done(&["token", "list"]).contains("suspended"));
    world.put("copy/incoming/new.csv", "1");
    for _ in 0..2 {
        let held = copied.fails(6, &["up", "--until-idle"]);
        assert!(held.contains("it was restored from a backup") && held.contains(&fresh), "{held}");
    }
    copied.done(&["audit", "verify"]);
    assert_eq!(copied.json(&["runs"]).as_array().unwrap().len(), 2, "nothing was started");
    copied.done(&["complete", &run, "--step", "2", "--as", "sales.rep", "--note", "seen"]);
    copied.done(&["up", "--until-idle", "--go-on"]);
    assert_eq!(copied.said(&fresh, 1), "", "what the original does is not done here unasked");
    assert_eq!(copied.json(&["runs"]).as_array().unwrap().len(), 3, "the trigger is in force again");

    // Asked once: by a decision, or by hand.
    let asked = copied.json(&["inbox"]);
    let about: Vec<&str> =
        asked.as_array().unwrap().iter().map(|one| one["mission"].as_str().unwrap()).collect();
    assert!(about.contains(&run.as_str()) && about.contains(&fresh.as_str()), "{asked}");
    let why = asked.as_array().unwrap().iter().find(|one| one["mission"] == *run).unwrap();
    assert!(why["why"].as_str().unwrap().contains("its folder lacks work/away"), "{why}");
    copied.done(&["resume", &run, "--as", "cro"]);
    copied.done(&["cancel", &fresh, "--as", "cro"]);
    copied.done(&["up", "--until-idle"]);
    assert_eq!(copied.said(&run, 3), "already sent\nreport\n", "it finds what its steps left");
    copied.done(&["up", "--until-idle"]);
    let asked = copied.json(&["inbox"]).to_string();
    assert!(!asked.contains(&run) && !asked.contains(&fresh), "{asked}");
    assert!(copied.done(&["token", "confirm", "all"]).contains("these count again: 1"));
    copied.fails(5, &["token", "confirm", "1"]);
    copied.done(&["audit", "verify"]);
}

#[test]
fn a_copied_folder_is_held_and_a_moved_one_is_not() {
    let world = World::empty();
    let at = original(&world);
    at.done(&["run", SENDS, "--as", "cro"]);
    copy(&world.path("w"), &world.path("copy"));
    let copied = At(&world, "copy");
    let held = copied.fails(6, &["up", "--until-idle"]);
    assert!(held.contains("it is a copy of another workspace"), "{held}");
    assert_eq!(copied.json(&["runs"])[0]["state"], "pending");
    copied.done(&["up", "--until-idle", "--go-on"]);
    copied.done(&["up", "--until-idle"]);
    copied.done(&["audit", "verify"]);
    let (from, to) = (world.path("w"), world.path("moved"));
    #[expect(clippy::disallowed_methods, reason = "a test moves its own folder")]
    std::fs::rename(from, to).unwrap();
    At(&world, "moved").done(&["up", "--until-idle"]);
    // A journal that went back to an earlier state has lost what it had acknowledged.
    let journal = rusqlite::Connection::open(world.path("moved/.sopd/journal.db")).unwrap();
    journal.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(())).unwrap();
    drop(journal);
    let earlier = std::fs::read(world.path("moved/.sopd/journal.db")).unwrap();
    let moved = At(&world, "moved");
    let run = start(&world, SENDS, &["-w", "moved"]);
    moved.done(&["up", "--until-idle"]);
    for side in ["-wal", "-shm"] {
        drop(std::fs::remove_file(world.path(&format!("moved/.sopd/journal.db{side}"))));
    }
    #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
    std::fs::write(world.path("moved/.sopd/journal.db"), earlier).unwrap();
    let held = moved.fails(6, &["up", "--until-idle"]);
    assert!(held.contains("its tail is cut off"), "{held}");
    moved.done(&["up", "--until-idle", "--go-on"]);
    moved.done(&["audit", "verify"]);
    moved.fails(5, &["status", &run]);
}
