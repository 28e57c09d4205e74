//! What a script may do beside reading and writing files: no capabilities, no way to gain any, no open files, and limits
//! of the kernel on memory, processes and file size. All of it is inherited by what is started afterwards.

use super::spec::Spec;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

/// Virtual memory is only an address; runtimes reserve much more of it than they use.
const VIRTUAL: u64 = 8;

/// Threads of the warden's own: they count, and each has a stack.
const THREADS: u64 = 8;
/// Bytes of memory the warden may need beside what it keeps of the output.
const WARDEN: u64 = THREADS * 2 * 1024 * 1024;

/// What the whole warden takes on before it starts the script. What could not be held, in words.
pub(super) fn limit(spec: &Spec) -> Vec<String> {
    let mut unheld = Vec::new();
    // Files of whoever started the daemon, which it does not know of.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    let bounds = &spec.bounds;
    // These bind the warden too, who keeps and writes the output (redaction may lengthen it); what all processes of the
    // script use together is counted beside.
    let output = u64::try_from(spec.output_bytes).unwrap_or(u64::MAX).saturating_mul(2);
    let memory = bounds.memory.saturating_add(output.saturating_mul(2)).saturating_add(WARDEN);
    let mut limits = vec![
        (Resource::Core, 0),
        (Resource::Fsize, bounds.file.max(output)),
        (Resource::Data, memory),
        (Resource::As, memory.saturating_mul(VIRTUAL)),
    ];
    // The kernel counts all of a user's processes together, and none of root's.
    limits.push((Resource::Nproc, bounds.processes.saturating_add(THREADS + threads_of_user())));
    for (resource, most) in limits {
        if let Err(error) = lower(resource, most) {
            unheld.push(format!("the limit {resource:?} cannot be set: {error}"));
        }
    }
    unheld
}

/// Lowers a limit for good; one that is lower already stays.
fn lower(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let now = getrlimit(resource);
    let least = |known: Option<u64>| Some(known.map_or(most, |known| known.min(most)));
    setrlimit(resource, Rlimit { current: least(now.current), maximum: least(now.maximum) })
}

fn threads_of_user() -> u64 {
    let user = geteuid().as_raw();
    if user == 0 {
        return 0;
    }
    let mut count = 0_u64;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry.file_name().to_str().is_some_and(|name| name.parse::<i32>().is_ok());
        if number && entry.metadata().is_ok_and(|data| data.uid() == user) {
            let text = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let threads = text.lines().find_map(|line| line.strip_prefix("Threads:"));
            count += threads.and_then(|threads| threads.trim().parse().ok()).unwrap_or(1);
        }
    }
    count
}

/// When memory is short the kernel ends the script and its warden, never the daemon.
pub(super) fn go_first() -> Option<String> {
    let file = OpenOptions::new().write(true).open("/proc/self/oom_score_adj");
    let written = file.and_then(|mut file| file.write_all(b"1000"));
    written.err().map(|error| format!("memory that runs short may end the daemon: {error}"))
}

/// Gives up every capability of this thread, for good. What could not be given up, in words.
pub(super) fn drop_all() -> Option<String> {
    // Without capabilities of its own a thread may not change the first three, and need not.
    let known = CapabilitySet::all().iter();
    for capability in known {
        remove_capability_from_bounding_set(capability).ok();
    }
    clear_ambient_capability_set().ok();
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    set_capabilities_secure_bits(bits).ok();
    let none = CapabilitySet::empty();
    let dropped =
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
            .and_then(|()| set_no_new_privs(true))
            .and_then(|()| capabilities(None));
    match dropped {
        Ok(left) if left.permitted.is_empty() => None,
        Ok(_) => Some("capabilities are left".to_owned()),
        Err(error) => Some(format!("capabilities cannot be dropped: {error}")),
    }
}
