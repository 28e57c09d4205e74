//! The spine: dropped files become published SOPs, with a person's approvals in between.

use sopd::base::Clock;
use sopd::daemon::{Until, Workspace, init, run};
use sopd::decision::{self, DecisionKind, Given, Verb};
use sopd::journal::Access;
use std::path::Path;

async fn settle(root: &Path) {
    run(root, Clock::System, Until::Idle).await.unwrap();
}

fn approve_all(root: &Path) -> usize {
    let workspace = Workspace::open(root, Access::Guest, Clock::System).unwrap();
    let open = workspace.journal.read(|db| decision::open_for(db, None)).unwrap();
    for decision in &open {
        println!("{} {} {:?} {}", decision.id, decision.ask.title, decision.ask.asked_of, decision.ask.why);
        println!("   {}", decision.ask.details);
        let by = decision.ask.asked_of[0].clone();
        let (id, kind) = (decision.id.clone(), decision.ask.kind);
        let given = Given { by, os_user: "test".into(), text: "as drafted".into(), ..Given::default() };
        let verb = if kind == DecisionKind::Question { Verb::Answer } else { Verb::Approve };
        workspace.journal.append(move |tx| decision::resolve(tx, &id, verb, &given)).unwrap().unwrap();
    }
    open.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_published() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    init(root, &Clock::System).unwrap();
    for entry in std::fs::read_dir(root.join("missions/examples")).unwrap().flatten() {
        std::fs::copy(entry.path(), root.join("missions").join(entry.file_name())).unwrap();
    }
    settle(root).await;
    println!("{}", std::fs::read_to_string(root.join("missions/STATUS.md")).unwrap());
    for _ in 0..8 {
        if approve_all(root) == 0 {
            break;
        }
        settle(root).await;
        println!("{}", std::fs::read_to_string(root.join("missions/STATUS.md")).unwrap());
    }
    println!("{}", std::fs::read_to_string(root.join("sops/INDEX.md")).unwrap_or_default());
    drop(std::fs::remove_dir_all("/tmp/spine"));
    std::process::Command::new("cp").args(["-r"]).arg(root).arg("/tmp/spine").status().unwrap();
}
