//! Rooms of a script's own where the daemon's user may make them (root, with Linux namespaces): a `/tmp`, a `/dev/shm`
//! and, where the network is off, a `/run` without anybody's sockets and a network without anybody in it.

use super::sandbox;
use super::spec::Spec;
use crate::base::files;
use crate::base::problem::Result;
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::thread::UnshareFlags;
use std::path::{Path, PathBuf};

/// Which rooms the calling thread has now to itself.
pub(super) struct Rooms {
    pub(super) tmp: bool,
    pub(super) network: bool,
}

/// The folders of a script's own, below `own`. A rule for each is needed: where one is laid over a shared folder, the
/// way up from a file in it does not lead through `own`.
pub(super) fn all(own: &Path) -> [PathBuf; 4] {
    ["tmp", "shm", "run", "home"].map(|name| own.join(name))
}

/// Makes the folders anew that stand for shared ones, below `own`.
pub(super) fn make(own: &Path) -> Result<()> {
    // Left by a daemon that was killed while it worked here.
    std::fs::remove_dir_all(own).ok();
    for folder in all(own) {
        std::fs::create_dir_all(&folder).map_err(|error| files::explain(&folder, &error))?;
    }
    Ok(())
}

/// Takes this thread, and what it starts from then on, into rooms of its own, as far as it may.
pub(super) fn enter(spec: &Spec) -> Rooms {
    let apart = unshare(UnshareFlags::NEWNS)
        && mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).is_ok();
    let needed = sandbox::needed(spec);
    let take = |name: &str, over: &str| {
        // What the script needs may lie there.
        let free = !needed.iter().any(|path| path.starts_with(over));
        apart && free && mount_bind(spec.own.join(name), over).is_ok()
    };
    let tmp = take("tmp", "/tmp") & take("shm", "/dev/shm");
    if !spec.network {
        take("run", "/run");
    }
    Rooms { tmp, network: !spec.network && unshare(UnshareFlags::NEWNET) }
}

#[expect(
    deprecated,
    reason = "the safe call: what is unsafe about the other one are shared descriptors, not asked for"
)]
fn unshare(what: UnshareFlags) -> bool {
    rustix::thread::unshare(what).is_ok()
}
