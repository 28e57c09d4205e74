//! Workspaces as they are shipped, broken and mended.

use super::*;
use crate::base::files::Existing;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

/// A workspace's own files, as they are shipped.
fn shipped() -> tempfile::TempDir {
    let (from, to) = (PathBuf::from(env!("CARGO_MANIFEST_DIR")), tempfile::tempdir().unwrap());
    std::fs::copy(from.join(SETTINGS), to.path().join(SETTINGS)).unwrap();
    for folder in ["agents", "prompts"] {
        std::fs::create_dir(to.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.path().join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    to
}

/// Writes `text` into the file that is there, which keeps its length and its time stamp.
fn write_over(path: &Path, text: &str) {
    let before = std::fs::metadata(path).unwrap();
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().len(), before.len());
}

#[test]
fn whoever_is_let_go_goes_although_another_file_is_broken() {
    let world = shipped();
    let path = |id: &str| world.path().join(format!("agents/{id}.md"));
    let edit = |id: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(path(id)).unwrap();
        assert!(text.contains(from), "{id}");
        files::write(&path(id), text.replacen(from, to, 1).as_bytes(), Existing::Replace).unwrap();
    };
    Snapshot::read(world.path()).unwrap().keep(world.path()).unwrap();
    edit("cro", "title:", "titel:");
    edit("sales.ops", "status: active", "status: planned");
    std::fs::remove_file(path("vp.sales")).unwrap();
    assert!(Snapshot::read(world.path()).is_err());
    let settings = std::fs::read_to_string(world.path().join(SETTINGS)).unwrap();
    let settings = format!("{settings}\nrequester: new.boss\n");
    files::write(&world.path().join(SETTINGS), settings.as_bytes(), Existing::Replace).unwrap();
    let counts = Snapshot::in_force(world.path()).unwrap();
    let active = |id: &str| counts.agent(id).unwrap().is_active();
    assert!(active("cro"), "a typing error in its own file sends nobody away");
    assert!(!active("sales.ops") && !active("vp.sales") && active("ceo"));
    assert_eq!(counts.settings.requester, "new.boss");
}

#[test]
fn an_edit_counts_at_once_although_files_left_alone_are_not_read() {
    let (world, last) = (shipped(), Mutex::new(Vec::new()));
    let path = world.path().join("agents/cro.md");
    let now = Clock::System.now();
    let later = now.plus_millis(SETTLED * 2);
    let read = |now| Snapshot::read_at(world.path(), now, &last).unwrap();
    let title = |snapshot: &Snapshot| snapshot.agent("cro").unwrap().head.title.clone();
    let text = std::fs::read_to_string(&path).unwrap();
    let old = title(&read(now));
    let new: String = old.chars().rev().collect();
    assert_ne!(old, new);
    let edited = text.replacen(&old, &new, 1);

    // Written a moment ago: the marks of two changes in one step of the clock may be the same.
    write_over(&path, &edited);
    assert_eq!(title(&read(now)), new);
    let known = read(later);
    assert!(Arc::ptr_eq(&known, &read(later)), "it is handed out as it is");
    assert!(last.lock().unwrap()[0].marks.settled);

    // Left alone, then changed: at least one step of the clock later.
    let changed = || Marks::of(world.path(), later).unwrap();
    let before = changed();
    while before == changed() {
        write_over(&path, &text);
    }
    assert_eq!(title(&read(later)), old);
    std::fs::remove_file(&path).unwrap();
    let gone = Snapshot::read_at(world.path(), later, &last);
    assert!(gone.is_err() || gone.unwrap().roster.get("cro").is_none());
}

#[test]
fn what_is_kept_already_is_not_written_again_and_what_differs_is() {
    let (world, last) = (shipped(), Mutex::new(Vec::new()));
    let read = || Snapshot::read_at(world.path(), Clock::System.now(), &last).unwrap();
    let kept = || std::fs::read_to_string(world.path().join(SOUND)).unwrap();
    let stamp = || std::fs::metadata(world.path().join(SOUND)).unwrap().ino();
    let put = |name: &str, text: &str| {
        files::write(&world.path().join(name), text.as_bytes(), Existing::Replace).unwrap();
    };
    let first = read();
    first.keep(world.path()).unwrap();
    assert_eq!(kept(), serde_json::to_string(&*first).unwrap());
    last.lock().unwrap().clear();
    let (again, before) = (read(), stamp());
    again.keep(world.path()).unwrap();
    assert!(again.known.text.get().is_none(), "it was not put in its stored form");
    assert_eq!(stamp(), before);

    // Damaged, kept by another program, or of other files: written anew.
    put(SOUND, "{}");
    again.keep(world.path()).unwrap();
    assert_eq!(kept(), first.text().unwrap());
    let note = std::fs::read_to_string(world.path().join(SOUND_OF)).unwrap();
    put(SOUND_OF, &note.replace(env!("CARGO_PKG_VERSION"), "0.0.0"));
    put(SOUND, "{}");
    again.keep(world.path()).unwrap();
    assert_eq!(
        (kept(), std::fs::read_to_string(world.path().join(SOUND_OF)).unwrap()),
        (first.text().unwrap().into(), note)
    );
    let settings = std::fs::read_to_string(world.path().join(SETTINGS)).unwrap();
    put(SETTINGS, &format!("{settings}\nrequester: new.boss\n"));
    read().keep(world.path()).unwrap();
    assert!(kept().contains("new.boss"));
}

#[test]
fn a_copy_that_is_changed_is_stored_as_it_is_then() {
    let world = shipped();
    let read = Snapshot::read_at(world.path(), Clock::System.now(), &Mutex::new(Vec::new())).unwrap();
    assert!(!read.text().unwrap().contains("new.boss"));
    let mut copy = Snapshot::clone(&read);
    copy.settings.requester = "new.boss".to_owned();
    assert!(copy.text().unwrap().contains("new.boss"));
}

#[test]
fn each_workspace_has_its_own_reading_and_only_the_last_of_many_are_kept() {
    let (last, now) = (Mutex::new(Vec::new()), Clock::System.now().plus_millis(SETTLED * 2));
    let worlds = [shipped(), shipped()];
    let read = |world: &tempfile::TempDir| Snapshot::read_at(world.path(), now, &last).unwrap();
    let both = worlds.each_ref().map(read);
    assert!(Arc::ptr_eq(&both[0], &both[1]), "the same bytes say the same");
    let settings = std::fs::read_to_string(worlds[1].path().join(SETTINGS)).unwrap();
    let edited = format!("{settings}\nrequester: new.boss\n");
    files::write(&worlds[1].path().join(SETTINGS), edited.as_bytes(), Existing::Replace).unwrap();
    let (one, two) = (read(&worlds[0]), read(&worlds[1]));
    assert!(Arc::ptr_eq(&one, &both[0]) && two.settings.requester == "new.boss");
    assert!(Arc::ptr_eq(&two, &read(&worlds[1])) && Arc::ptr_eq(&one, &read(&worlds[0])));
    assert_eq!(last.lock().unwrap().len(), 2);
}
