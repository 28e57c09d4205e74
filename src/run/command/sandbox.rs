//! Shuts the calling thread, and every process it starts from then on, into what one command may touch (Landlock): what
//! is not named here it cannot read, write or reach. Best effort: an older kernel enforces less, and the answer says so.

use super::rooms::{self, Rooms};
use super::spec::Spec;
use super::{Network, Sandbox};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::geteuid;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The newest rules asked for (Linux 6.12). Later ones cut off Unix sockets, by which many tools reach their service.
const NEWEST: ABI = ABI::V6;
/// The first rules that know of TCP (Linux 6.7).
const FIRST_WITH_TCP: i32 = 4;
/// Programs, their libraries and data, and what the kernel tells. What is not there is passed over.
const PROGRAMS: [&str; 14] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/snap",
    "/var/lib/ca-certificates",
    "/proc",
    "/sys",
];
/// The settings of the system.
const SYSTEM: &str = "/etc";
/// Where the addresses of name servers stand on many systems.
const NAMES: &str = "/run/systemd/resolve";
/// Beside the `bin` on the PATH, what its programs load.
const BESIDE_BIN: [&str; 3] = ["lib", "lib64", "libexec"];
/// Devices any program may use.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Restricts this thread. What could not be enforced is in the answer, never an error.
pub(super) fn enter(spec: &Spec, rooms: &Rooms) -> (Sandbox, Network) {
    let sandbox = match restrict(spec) {
        Ok((
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, .. },
        )) => Sandbox::Landlock(effective_abi as i32),
        Ok((_, LandlockStatus::NotEnabled)) => {
            Sandbox::None("landlock is switched off in this kernel".to_owned())
        }
        Ok(_) => Sandbox::None("this kernel has no landlock".to_owned()),
        Err(error) => Sandbox::None(format!("landlock refused its rules: {error}")),
    };
    let network = match &sandbox {
        _ if spec.network => Network::Open,
        _ if rooms.network => Network::Off,
        Sandbox::Landlock(FIRST_WITH_TCP..) => Network::TcpOff,
        Sandbox::Landlock(version) => Network::NotCut(format!(
            "this kernel's landlock (version {version}) does not know of it, and only root may make a network of its own"
        )),
        Sandbox::None(why) => Network::NotCut(why.clone()),
    };
    (sandbox, network)
}

/// What a script needs where it lies, so that nothing else may be laid over it.
pub(super) fn needed(spec: &Spec) -> Vec<PathBuf> {
    let own = [&spec.folder, &spec.record].into_iter().chain(&spec.writable).chain(&spec.readable).cloned();
    own.chain(on_path(spec)).collect()
}

/// The folders on the PATH, as they really are.
fn on_path(spec: &Spec) -> Vec<PathBuf> {
    let path = spec.variables.get("PATH").unwrap_or(&spec.path);
    let absolute = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    absolute
        .filter_map(|folder| folder.canonicalize().ok())
        .filter(|folder| folder.parent().is_some())
        .collect()
}

/// Everything the script may read beside its own folders.
fn readable(spec: &Spec) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = PROGRAMS.iter().map(PathBuf::from).collect();
    for folder in on_path(spec) {
        let beside = folder.file_name().is_some_and(|name| name == "bin");
        found.extend(BESIDE_BIN.iter().filter(|_| beside).map(|name| folder.with_file_name(name)));
        found.push(folder);
    }
    if spec.network {
        found.push(NAMES.into());
    }
    found.extend(spec.readable.iter().cloned());
    let mut found = without(found, &spec.hidden);
    // Another user is kept from the keys and passwords there by the system itself; root without capabilities is not.
    let all = without(vec![SYSTEM.into()], &spec.hidden);
    if geteuid().is_root() {
        for path in &all {
            everybodys(path, &mut found);
        }
    } else {
        found.extend(all);
    }
    found
}

fn restrict(spec: &Spec) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let own = [&spec.folder].into_iter().chain(&spec.writable).cloned().chain(rooms::all(&spec.own));
    let mut ruleset = Ruleset::default().handle_access(all)?.scope(Scope::Signal)?;
    if !spec.network {
        // No rule follows that would allow any of it.
        ruleset = ruleset.handle_access(AccessNet::from_all(NEWEST))?.scope(Scope::AbstractUnixSocket)?;
    }
    let ruleset = ruleset
        .create()?
        .add_rules(path_beneath_rules(readable(spec), read))?
        .add_rules(path_beneath_rules([&spec.record], read))?
        .add_rules(path_beneath_rules(own, all))?
        .add_rules(path_beneath_rules(DEVICES, all))?;
    let status = ruleset.restrict_self()?;
    Ok((status.ruleset, status.landlock))
}

/// `places` except what lies in `hidden`, as the fewest paths: the rules can only allow, so each folder on the way to a
/// hidden one is replaced by what else is in it.
fn without(places: Vec<PathBuf>, hidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = places;
    while let Some(folder) = next.pop() {
        if hidden.iter().any(|path| folder.starts_with(path)) {
            continue;
        }
        if hidden.iter().any(|path| path.starts_with(&folder)) {
            next.extend(real_entries(&folder));
        } else {
            found.push(folder);
        }
    }
    found
}

/// What is in `folder`, but for links: a rule on a link is one on what it leads to, which may be a hidden folder.
fn real_entries(folder: &Path) -> Vec<PathBuf> {
    let real = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| !kind.is_symlink());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(real).map(|entry| entry.path()).collect()
}

/// Adds to `found` what every user may read in `path`, as the fewest paths; whether that is all of it.
fn everybodys(path: &Path, found: &mut Vec<PathBuf>) -> bool {
    let Ok(data) = path.symlink_metadata() else { return false };
    let open = |bits: u32| data.permissions().mode() & bits == bits;
    if data.is_symlink() {
        return true;
    }
    if !data.is_dir() {
        let all = open(0o004);
        found.extend(all.then(|| path.to_owned()));
        return all;
    }
    let mut inside = Vec::new();
    let mut whole = true;
    for entry in real_entries(path) {
        whole &= everybodys(&entry, &mut inside);
    }
    match (open(0o005), whole) {
        (true, true) => found.push(path.to_owned()),
        (true, false) => found.append(&mut inside),
        (false, _) => return false,
    }
    whole
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
        let found = without(vec![root.clone(), root.join("ws/.sopd/runs")], &[root.join("ws/.sopd")]);
        let ours: Vec<_> = found.iter().filter_map(|path| path.strip_prefix(&root).ok()).collect();
        assert!(ours.contains(&Path::new("ws/sops")) && ours.contains(&Path::new("other")), "{ours:?}");
        assert!(ours.iter().all(|path| !path.starts_with("ws/.sopd") && !path.ends_with("link")), "{ours:?}");
        assert_eq!(ours.len(), 2);
    }

    #[test]
    fn what_only_its_owner_may_read_is_not_everybodys() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, mode) in [("open/a", 0o644), ("mixed/b", 0o644), ("mixed/key", 0o600), ("shut/c", 0o644)] {
            let path = root.join(name);
            crate::base::files::write(&path, b"x", crate::base::files::Existing::Replace).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        for (name, mode) in [("", 0o755), ("open", 0o755), ("mixed", 0o755), ("shut", 0o700)] {
            std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut found = Vec::new();
        assert!(!everybodys(&root, &mut found));
        found.sort();
        assert_eq!(found, [root.join("mixed/b"), root.join("open")]);
    }
}
