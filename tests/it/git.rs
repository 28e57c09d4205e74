//! What is committed, where, and what is left alone.

use crate::activation::sound;
use crate::world::World;
use std::path::Path;
use std::process::Command;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn repository(folder: &Path) {
    git(folder, &["init", "--quiet"]);
    git(folder, &["config", "user.name", "a"]);
    git(folder, &["config", "user.email", "a@x.example"]);
}

/// A publication is one commit of its two files, in a repository of the workspace's own or where settings say so; what
/// somebody keeps beside them is theirs.
#[test]
fn a_publication_is_one_commit_of_its_own_files_where_it_may_be() {
    let world = World::empty();
    world.done(&["init", "ws"]);
    let sopd = |arguments: &[&str]| world.done(&[arguments, &["-w", "ws"]].concat());
    let drive = || sopd(&["up", "--until-idle"]);
    repository(world.root());
    git(world.root(), &["commit", "--quiet", "--allow-empty", "-m", "theirs"]);
    let publish = |text: &str, decisions: [&str; 2]| {
        world.put("mine.md", text);
        sopd(&["sop", "activate", "mine.md", "--as", "cro"]);
        for (decision, party) in decisions.into_iter().zip(["chief.staff", "ceo"]) {
            drive();
            sopd(&["inbox"]);
            sopd(&["approve", decision, "--as", party]);
        }
        drive();
    };
    world.put("ws/sops/drafts/mine.md", "unfinished\n");
    world.put("ws/sops/TEMPLATE.md", "edited\n");
    publish(&sound(), ["D-1", "D-2"]);
    let log = |folder: &Path| git(folder, &["log", "--format=%s", "--name-only", "--relative"]);
    assert_eq!(log(world.root()), "theirs\n", "a project around the workspace is not ours");
    let settings = world.read("ws/sopd.yaml");
    let published = "Publish SOP-REV-lead-qualification v1.0\n\nsops/INDEX.md\nsops/REV/SOP-REV-lead-qualification-v1.0.md\n";
    world.put("ws/sopd.yaml", &format!("{settings}\ngit: {{ enclosing: true }}\n"));
    drive();
    let said = log(&world.path("ws"));
    assert!(said.starts_with(published) && said.matches("Publish").count() == 1, "{said}");
    assert!(
        git(&world.path("ws"), &["log", "-1", "--format=%b"]).contains("\nChain: "),
        "with its chain line"
    );
    // One that does not know who commits is told of, and caught up with.
    world.put("ws/sopd.yaml", &settings);
    let trigger = "A lead record enters the stage New in the CRM with its source field filled.";
    let other = sound().replace("SOP-REV-lead-qualification", "SOP-REV-other");
    publish(&other.replace(trigger, "A partner signs the register of partners."), ["D-3", "D-4"]);
    git(&world.path("ws"), &["init", "--quiet"]);
    git(&world.path("ws"), &["config", "user.name", ""]);
    drive();
    let waits = "not committed to git yet: SOP-REV-lead-qualification v1.0 and SOP-REV-other v1.0; git does not know who commits";
    let status = || sopd(&["status"]);
    assert!(status().contains(waits), "{}", status());
    assert!(world.sopd(&["doctor", "-w", "ws"]).out.contains(waits));
    // A repository of its own needs no word; a signed file that somebody changed is not ours to commit.
    repository(&world.path("ws"));
    drive();
    let published = "Publish SOP-REV-other v1.0\n\nsops/INDEX.md\nsops/REV/SOP-REV-other-v1.0.md\n\
                     Publish SOP-REV-lead-qualification v1.0\n\nsops/REV/SOP-REV-lead-qualification-v1.0.md\n";
    assert_eq!(log(&world.path("ws")), published, "one commit each, the last with the index");
    assert!(!status().contains("not committed"), "{}", status());
    world.put("ws/sops/REV/SOP-REV-lead-qualification-v1.0.md", "changed\n");
    drive();
    assert_eq!(log(&world.path("ws")), published);
}
