//! Shuts the calling thread, and every process it starts from then on, into what one command may touch (Landlock).
//! Best effort: an older kernel enforces less, and the answer says so.

use super::Sandbox;
use super::spec::Spec;
use landlock::{
    ABI, AccessFs, BitFlags, LandlockStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use std::path::{Path, PathBuf};

/// The newest rules asked for (Linux 6.12). Later ones cut off Unix sockets, by which many tools reach their service.
const NEWEST: ABI = ABI::V6;
/// Where any program may write.
const SHARED: [&str; 2] = ["/tmp", "/dev/shm"];
/// Devices any program may write to.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Restricts this thread. What could not be enforced is in the answer, never an error.
pub(super) fn enter(spec: &Spec) -> Sandbox {
    match restrict(spec) {
        Ok((
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, .. },
        )) => Sandbox::Landlock(effective_abi as i32),
        Ok((_, LandlockStatus::NotEnabled)) => {
            Sandbox::None("landlock is switched off in this kernel".to_owned())
        }
        Ok(_) => Sandbox::None("this kernel has no landlock".to_owned()),
        Err(error) => Sandbox::None(format!("landlock refused its rules: {error}")),
    }
}

/// Whether the command may write into the shared `/tmp`: not when what it must not read lies there.
pub(super) fn shares_tmp(hidden: &[PathBuf]) -> bool {
    !hidden.iter().any(|path| path.starts_with("/tmp"))
}

fn restrict(spec: &Spec) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let write = AccessFs::from_write(NEWEST);
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let handled = if spec.hidden.is_empty() { write } else { write | read };
    let tmp_too = shares_tmp(&spec.hidden);
    let shared = SHARED.iter().filter(|folder| tmp_too || **folder != "/tmp").map(Path::new);
    let own = std::iter::once(spec.folder.as_path()).chain(spec.writable.iter().map(PathBuf::as_path));
    let mut ruleset = Ruleset::default()
        .handle_access(handled)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(own.chain(shared), write | read))?
        .add_rules(path_beneath_rules(DEVICES, write | read))?;
    if !spec.hidden.is_empty() {
        ruleset = ruleset
            .add_rules(path_beneath_rules(beside(&spec.hidden), read))?
            .add_rules(path_beneath_rules([&spec.record], read))?;
    }
    let status = ruleset.restrict_self()?;
    Ok((status.ruleset, status.landlock))
}

/// Everything there is except what lies in `hidden`, as the fewest paths: the rules can only allow, so each folder on
/// the way to a hidden one is replaced by what else is in it.
fn beside(hidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![PathBuf::from("/")];
    while let Some(folder) = next.pop() {
        if hidden.contains(&folder) {
            continue;
        }
        if hidden.iter().any(|path| path.starts_with(&folder)) {
            // A rule on a link is one on what it leads to, which may be the hidden folder.
            let real = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| !kind.is_symlink());
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            next.extend(entries.filter(real).map(|entry| entry.path()));
        } else {
            found.push(folder);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_beside_the_hidden_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["ws/.sopd/runs", "ws/sops", "other"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("ws"), root.join("link")).unwrap();
        let found = beside(&[root.join("ws/.sopd")]);
        let ours: Vec<_> = found.iter().filter_map(|path| path.strip_prefix(&root).ok()).collect();
        assert!(ours.contains(&Path::new("ws/sops")) && ours.contains(&Path::new("other")), "{ours:?}");
        assert!(ours.iter().all(|path| !path.starts_with("ws/.sopd") && !path.ends_with("link")), "{ours:?}");
        assert!(found.contains(&PathBuf::from("/usr")) && !found.contains(&PathBuf::from("/")), "{found:?}");
    }
}
