//! Mission files as people really drop them: half-written, twice, broken, by editors, by the thousand, while nobody
//! is looking.

use super::faults_world::{World, put, rename, until};
use sopd::base::{Digest, Kind};
use std::fmt::Write as _;

const BRIEF: &str = "# Vendor invoice approval\n\nWe paid one supplier twice. Write the procedure for supplier invoices, from \
                     their arrival to the payment.\n";

fn explained(world: &World, name: &str) -> String {
    world.read(&format!("missions/{name}.error.md"))
}

fn has(world: &World, name: &str) -> bool {
    world.path(&format!("missions/{name}")).exists()
}

#[test]
fn a_dropped_file_moves_into_its_dossier_as_it_was() {
    let world = World::new();
    world.drop_in("invoices.md", BRIEF);
    world.settle();
    let mission = world.statuses()[0].id.clone();
    assert!(mission.ends_with("-vendor-invoice-approval"), "{mission}");
    assert!(!has(&world, "invoices.md"));
    assert_eq!(world.read(&format!("missions/{mission}/mission.md")), BRIEF);
    let status = world.read(&format!("missions/{mission}/STATUS.md"));
    for told in [
        "awaiting_decision",
        "## What is wanted\n\n- chief.staff to read it and forward it (D-1), until ",
        "  - `sopd approve D-1 --as chief.staff --hash ",
        "`: pass it on to who signs",
        "- [decision.md](decision.md) what people were asked",
    ] {
        assert!(status.contains(told), "{status}");
    }
    assert!(world.read("missions/STATUS.md").contains(&mission));
}

#[test]
fn a_file_is_taken_once_it_has_been_still() {
    let world = World::new();
    world.while_up(|| {
        let mut text = String::from("# Vendor invoice approval\n\n");
        for part in 0..40 {
            writeln!(text, "Part {part} of a text that somebody is still writing down.").unwrap();
            world.drop_in("slow.md", &text);
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
        until("it is taken", || world.statuses().len() == 1 && !has(&world, "slow.md"));
        let mission = world.statuses()[0].id.clone();
        assert_eq!(world.read(&format!("missions/{mission}/mission.md")), text, "all of it, not a part");
    });
    assert_eq!(world.statuses().len(), 1);
}

#[test]
fn a_bad_file_stays_and_is_explained_with_its_place() {
    let world = World::new();
    let large = format!("# Large\n\n{}", "a word and another one\n".repeat(20_000));
    for (name, bytes, words) in [
        ("key.md", b"---\nowner: vp.sales\nprioritty: high\n---\n# X\n\nText.\n".as_slice(), "key.md:3:1"),
        ("value.md", b"---\npriority: hgih\n---\n# X\n\nText.\n", "value.md:2:11"),
        ("yaml.md", b"---\nworkers: [ {agent: vp.sales\n---\n# X\n\nText.\n", "yaml.md:"),
        ("agent.md", b"---\nowner: vp.slaes\n---\n# X\n\nText.\n", "agent.md:2:8"),
        ("empty.md", b"", "empty.md"),
        ("latin.md", b"# Caf\xe9\n\nText.\n", "UTF-8"),
        ("large.md", large.as_bytes(), "at most 262144"),
        ("sheet.ods", b"PK\x03\x04", "save it as .xlsx"),
        ("notes.rtf", b"# Not Markdown\n\nText.\n", "save it as .docx"),
    ] {
        world.drop_in(name, bytes);
        world.settle();
        let told = explained(&world, name);
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains(world.root().to_str().unwrap()), "no path of this machine: {told}");
        assert_eq!(
            std::fs::read(world.path(&format!("missions/{name}"))).unwrap(),
            bytes,
            "{name} is untouched"
        );
    }
    assert_eq!(world.statuses().len(), 0);
    let kept = ["rows_kept"];
    let told = world.events(None).into_iter().filter(|event| !kept.contains(&event.kind.as_str()));
    assert_eq!(told.count(), 0, "bad input changes nothing");
}

#[test]
fn an_explanation_goes_away_with_its_cause() {
    let world = World::new();
    world.drop_in("a.md", "---\nowner: vp.slaes\n---\n# Invoices\n\nText about invoices.\n");
    world.drop_in("b.md", "");
    world.while_up(|| {
        until("both are explained", || has(&world, "a.md.error.md") && has(&world, "b.md.error.md"));
        world.drop_in("a.md", BRIEF);
        std::fs::remove_file(world.path("missions/b.md")).unwrap();
        until("both are gone", || !has(&world, "a.md.error.md") && !has(&world, "b.md.error.md"));
        until("the mended one is taken", || world.statuses().len() == 1);
    });
}

#[test]
fn what_was_refused_because_of_the_workspace_is_taken_once_that_is_mended() {
    let world = World::new();
    world.drop_in("new.md", format!("---\nowner: ops.planner\n---\n{BRIEF}"));
    world.while_up(|| {
        until("the unknown owner is explained", || has(&world, "new.md.error.md"));
        let agent =
            world.read("agents/finance.controller.md").replace("id: finance.controller", "id: ops.planner");
        world.write("agents/ops.planner.md", agent);
        until("it is taken", || world.statuses().len() == 1 && !has(&world, "new.md.error.md"));
        // Settings that cannot be read hold nothing up: what was last sound counts.
        world.write("sopd.yaml", "priorities: broken\n");
        world.drop_in("other.md", "# Travel expenses\n\nSay how travel expenses are checked and paid.\n");
        until("it is taken", || world.statuses().len() == 2 && !has(&world, "other.md.error.md"));
    });
}

#[test]
fn the_same_bytes_twice_are_explained_and_taken_again_only_when_asked() {
    let world = World::new();
    world.drop_in("one.md", BRIEF);
    world.settle();
    let first = world.statuses()[0].id.clone();
    world.drop_in("two.md", BRIEF);
    world.settle();
    let told = explained(&world, "two.md");
    assert!(told.contains("already being worked on") && told.contains(&first), "{told}");
    assert_eq!(world.try_submit(BRIEF, true).unwrap_err()[0].kind, Kind::Conflict, "also with --again");

    world.cancel(&first);
    world.settle();
    let told = explained(&world, "two.md");
    assert!(told.contains("was a mission before") && told.contains("--again"), "{told}");
    assert_eq!(world.statuses().len(), 1);
    assert_eq!(world.try_submit(BRIEF, false).unwrap_err()[0].kind, Kind::Conflict);
    let again = world.try_submit(BRIEF, true).unwrap();
    assert_ne!(again, first);
    assert!(again.starts_with(&first), "{again} is named after {first}");
}

#[test]
fn hidden_and_temporary_names_and_our_own_files_are_left_alone() {
    let world = World::new();
    let names = [
        ".hidden.md",
        "~lock.md",
        "#auto.md#",
        "x.tmp",
        "x.md.swp",
        "x.md.part",
        "x.md~",
        "y.crdownload",
        "4913.tmp",
    ];
    for name in names {
        world.drop_in(name, BRIEF);
    }
    world.write("missions/.folder/inside.md", BRIEF);
    world.settle();
    assert_eq!(world.statuses().len(), 0);
    for name in names {
        assert!(has(&world, name) && !has(&world, &format!("{name}.error.md")), "{name}");
    }
    assert!(has(&world, ".folder/inside.md"));
}

#[test]
fn a_link_that_leaves_the_missions_is_explained_and_one_that_stays_is_taken() {
    let world = World::new();
    let outside = tempfile::tempdir().unwrap();
    put(&outside.path().join("secret.md"), BRIEF);
    let link = |to: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(to, world.path(&format!("missions/{name}"))).unwrap();
    };
    link(&outside.path().join("secret.md"), "out.md");
    link(&outside.path().join("missing.md"), "dangling.md");
    link(outside.path(), "folder");
    // What lies elsewhere in the workspace is nobody's mission either: its excerpts would be read by everybody.
    world.write("secrets.env", "CRM_TOKEN=cr0ak-123\n");
    std::fs::set_permissions(world.path("secrets.env"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    world.write("sopd.yaml", format!("runs: {{ secrets_file: secrets.env }}\n{}", world.read("sopd.yaml")));
    link(&world.path("secrets.env"), "secrets.md");
    link(&world.path("sopd.yaml"), "settings.md");
    world.settle();
    assert_eq!(world.statuses().len(), 0);
    for name in ["out.md", "dangling.md", "secrets.md", "settings.md", "folder"] {
        let told = world.read(&format!("missions/{name}.error.md"));
        assert!(told.contains("put the file itself here") && !told.contains("cr0ak-123"), "{told}");
    }
    // A copy of it is explained without the secret, wherever its excerpt goes.
    world.drop_in("copy.md", "---\nCRM_TOKEN=cr0ak-123\n---\n");
    world.settle();
    let told = world.read("missions/copy.md.error.md");
    assert!(told.contains("CRM_TOKEN=") && !told.contains("cr0ak-123"), "{told}");
    // What is taken in is kept for years, under names made of it: nothing with a secret's value is.
    for (name, text, told) in [
        ("title.md", "# Rotate cr0ak-123\n\nWrite down how.\n", "title.md:1"),
        ("text.md", "# Rotate keys\n\nToday it is cr0ak-123.\n", "text.md:3"),
        ("cr0ak-123.md", "# Rotate keys\n\nWrite down how.\n", "the name of the file"),
    ] {
        world.drop_in(name, text);
        world.settle();
        let said = world.read(&format!("missions/{name}.error.md"));
        assert!(said.contains(told) && said.contains("holds the value of a secret"), "{said}");
        assert!(!said.contains("cr0ak-123"), "{said}");
        std::fs::remove_file(world.path(&format!("missions/{name}"))).unwrap();
    }
    assert_eq!(world.statuses().len(), 0);
    let agent = world.path("agents/odd.one.md");
    std::os::unix::fs::symlink(world.path("secrets.env"), &agent).unwrap();
    let told = || sopd::daemon::unsound_files(&world.guest()).join("\n");
    assert!(told().contains("a link to a file that only its owner may read"), "{}", told());
    std::fs::remove_file(&agent).unwrap();
    world.write("agents/odd.one.md", "---\nCRM_TOKEN=cr0ak-123\n---\n");
    assert!(told().contains("agents/odd.one.md:2") && !told().contains("cr0ak-123"), "{}", told());
    std::fs::remove_file(&agent).unwrap();
    link(&world.path("missions/examples/4-vendor-invoice-approval.md"), "in.md");
    world.settle();
    assert_eq!(world.statuses().len(), 1);
    assert!(world.path("missions/examples/4-vendor-invoice-approval.md").exists());
}

#[test]
fn an_editor_that_writes_by_rename_is_understood() {
    let world = World::new();
    world.while_up(|| {
        world.drop_in(".mission.md.swp", "half");
        world.drop_in("4913", "");
        std::fs::remove_file(world.path("missions/4913")).unwrap();
        world.drop_in("mission.md.tmp", BRIEF);
        rename(&world.path("missions/mission.md.tmp"), &world.path("missions/mission.md"));
        until("it is taken", || world.statuses().len() == 1 && !has(&world, "mission.md"));
    });
    assert!(has(&world, ".mission.md.swp") && !has(&world, "4913.error.md"));
}

#[test]
fn a_file_that_goes_away_half_way_is_nothing() {
    let world = World::new();
    world.while_up(|| {
        for round in 0..30 {
            let name = format!("missions/fleeting-{round}.md");
            world.write(&name, BRIEF);
            // Around the moment at which it has settled.
            std::thread::sleep(std::time::Duration::from_millis(230 + round));
            drop(std::fs::remove_file(world.path(&name)));
            if !world.statuses().is_empty() {
                break;
            }
        }
        world.drop_in("stays.md", format!("{BRIEF}\nAnd then the archive.\n"));
        until("the one that stays is taken", || {
            !has(&world, "stays.md") && world.count("SELECT count(*) FROM mission WHERE moved = 0") == 0
        });
    });
    assert!(world.names("missions").iter().all(|name| !name.contains("error") && !name.contains("fleeting")));
    let texts: Vec<_> =
        world.statuses().into_iter().map(|s| world.read(&format!("missions/{}/mission.md", s.id))).collect();
    assert!(texts.len() <= 2 && texts.iter().all(|text| text.starts_with(BRIEF)), "{texts:?}");
}

#[test]
fn files_dropped_while_nobody_looked_are_taken_at_the_start() {
    let world = World::new();
    world.settle();
    world.drop_in("a.md", BRIEF);
    world.drop_in("b.txt", "Travel expenses\n\nSay how travel expenses are checked and paid.\n");
    world.settle();
    assert_eq!(world.statuses().len(), 2);
    assert!(!has(&world, "a.md") && !has(&world, "b.txt"));
}

#[test]
fn files_that_come_at_once_become_as_many_missions() {
    const MANY: usize = 300;
    let world = World::new();
    // One SOP, so that all but one are recorded, moved, and wait in line.
    let text = |number: usize| {
        format!(
            "---\nsop: SOP-FIN-many\nowner: finance.controller\n---\n# Many {number}\n\nSay how invoices are paid.\n"
        )
    };
    for number in 0..MANY {
        world.drop_in(&format!("many-{number}.md"), text(number));
    }
    world.while_up(|| {
        until("all are recorded and moved", || {
            world.count("SELECT count(*) FROM mission WHERE moved = 1") == i64::try_from(MANY).unwrap()
        });
    });
    assert!(world.names("missions").iter().all(|name| !name.starts_with("many-")));
    let hashes = world.count("SELECT count(DISTINCT sha256) FROM mission");
    assert_eq!(hashes, i64::try_from(MANY).unwrap());
    for number in [0, 1, 149, MANY - 1] {
        let hash = Digest::of(text(number));
        let sql = format!("SELECT count(*) FROM mission WHERE sha256 = '{hash}'");
        assert_eq!(world.count(&sql), 1);
    }
    let dossiers = world.names("missions").into_iter().filter(|name| name.starts_with("M-"));
    assert_eq!(dossiers.count(), MANY);
}
