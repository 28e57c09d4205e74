//! The spine: dropped files become published SOPs, with a person's approvals in between.

use sopd::base::Clock;
use sopd::daemon::{Until, Workspace, init, run};
use sopd::decision::{self, Given, Verb};
use sopd::journal::{Access, verify};
use sopd::registry::{self, Status};
use std::path::Path;

async fn settle(root: &Path) {
    run(root, Clock::System, Until::Idle).await.unwrap();
}

fn open(root: &Path) -> Workspace {
    Workspace::open(root, Access::Guest, Clock::System).unwrap()
}

/// Says yes to everything that waits; returns how many there were.
fn approve_all(root: &Path) -> usize {
    let workspace = open(root);
    let waiting = workspace.journal.read(|db| decision::open_for(db, None)).unwrap();
    for decision in &waiting {
        let given = Given {
            by: decision.ask.asked_of[0].clone(),
            os_user: "test".into(),
            shown: Some(decision.ask.hash.0.clone()),
            ..Given::default()
        };
        let id = decision.id.clone();
        workspace
            .journal
            .append(move |tx| decision::resolve(tx, &id, Verb::Approve, &given))
            .unwrap()
            .unwrap();
    }
    waiting.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_published_and_the_revision_deprecates_its_predecessor() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    init(root, &Clock::System).unwrap();
    for entry in std::fs::read_dir(root.join("missions/examples")).unwrap().flatten() {
        std::fs::copy(entry.path(), root.join("missions").join(entry.file_name())).unwrap();
    }
    settle(root).await;
    while approve_all(root) > 0 {
        settle(root).await;
    }
    let workspace = open(root);
    let rows = workspace.journal.read(registry::all).unwrap();
    let shelf: Vec<String> =
        rows.iter().map(|row| format!("{} v{} {}", row.id, row.version, row.status.word())).collect();
    assert_eq!(
        shelf,
        [
            "SOP-FIN-vendor-invoice-approval v1.0 active",
            "SOP-MKT-marketing-to-sales-handoff v1.0 active",
            "SOP-REV-lead-qualification v1.1 active",
            "SOP-REV-lead-qualification v1.0 deprecated",
        ]
    );
    let index = std::fs::read_to_string(root.join("sops/INDEX.md")).unwrap();
    for row in &rows {
        assert!(index.contains(row.sha256.short()), "{index}");
        assert!(row.status == Status::Deprecated || row.approved_by.as_deref() == Some("ceo"), "{row:?}");
    }
    let files = workspace.journal.read(|db| registry::verify_files(db, root)).unwrap();
    assert_eq!((files.intact, files.wrong), (4, Vec::new()));
    assert!(verify(&workspace.journal, &registry::anchors(&index, "sops/INDEX.md")).unwrap().anchors > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_format_1_still_goes_on_to_its_publication() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals/format-1.db");
    std::fs::create_dir_all(root.join(".sopd")).unwrap();
    std::fs::copy(kept, root.join(".sopd/journal.db")).unwrap();
    crate::faults_world::shut(root);
    init(root, &Clock::System).unwrap();
    // Only who holds the workspace brings a journal to a newer format.
    settle(root).await;
    assert_eq!(approve_all(root), 1, "the kept mission waits to be forwarded");
    settle(root).await;
    assert_eq!(approve_all(root), 1, "and then to be signed");
    settle(root).await;
    let index = std::fs::read_to_string(root.join("sops/INDEX.md")).unwrap();
    assert!(index.contains("SOP-FIN-vendor-invoice-approval-v1.0.md"), "{index}");
}
