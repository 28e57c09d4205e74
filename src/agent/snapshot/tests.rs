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
    let (world, last) = (shipped(), Mutex::new(None));
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
    assert!(last.lock().unwrap().as_ref().unwrap().marks.settled);

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
