//! Keeping a daemon: who may read what it keeps, what it says of itself, and what it does when its surroundings fail.

use crate::faults_world::until;
use crate::world::World;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// An SOP of one command.
const SOP: &str = include_str!("../data/plain.md");

/// The bits of a mode, as `ls` orders them.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The folder of the only run.
fn run_folder(world: &World) -> std::path::PathBuf {
    let runs = std::fs::read_dir(world.path("w/.sopd/runs")).unwrap();
    runs.flatten().next().unwrap().path()
}

#[test]
fn what_sopd_keeps_is_its_owners_alone_whatever_the_umask_is() {
    let world = World::empty();
    let sopd = env!("CARGO_BIN_EXE_sopd");
    let script = format!(
        "umask 000; {sopd} init w && cd w && {sopd} sop activate ../plain.md --as cro && {sopd} up --until-idle"
    );
    world.put("plain.md", SOP);
    let made = Command::new("bash").args(["-ec", &script]).current_dir(world.root()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    for party in ["chief.staff", "ceo"] {
        let open = world.json(&["-w", "w", "inbox"]);
        let id = open[0]["id"].as_str().unwrap();
        world.done(&["-w", "w", "approve", id, "--as", party]);
        world.done(&["-w", "w", "up", "--until-idle"]);
    }
    world.done(&["-w", "w", "run", "SOP-REV-plain", "--as", "cro"]);
    world.done(&["-w", "w", "up", "--until-idle"]);
    world.done(&["-w", "w", "backup", "b.tar"]);
    world.done(&["restore", "b.tar", "back"]);
    let work = run_folder(&world).join("work");
    for folder in ["w", "w/.sopd", "back/.sopd"].map(|name| world.path(name)).iter().chain([&work]) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in [
        "w/sopd.yaml",
        "w/.sopd/journal.db",
        "w/.sopd/lock",
        "b.tar",
        "back/.sopd/journal.db",
        "back/sopd.yaml",
    ] {
        assert_eq!(mode(&world.path(file)), 0o600, "{file}");
    }

    // Opened to others afterwards, it is gone on with only once it is shut again; so are files that decide.
    for (name, loose, tight) in [("w/.sopd", 0o755, 0o700), ("w/.sopd/journal.db", 0o640, 0o600)] {
        set_mode(&world.path(name), loose);
        let refused = world.fails(3, &["-w", "w", "up", "--until-idle"]);
        assert!(refused.contains("may be read by others") && refused.contains("chmod"), "{refused}");
        assert!(world.sopd(&["-w", "w", "doctor"]).out.contains("BAD   modes"));
        set_mode(&world.path(name), tight);
    }
    set_mode(&world.path("w/agents"), 0o775);
    let doctor = world.sopd(&["-w", "w", "doctor"]);
    assert!(doctor.code != 0 && doctor.out.contains("w/agents may be written by others"), "{}", doctor.out);
}

#[test]
fn the_doctor_looks_at_every_promise() {
    let world = World::new();
    world.put("sopd.yaml", "desk: { listen: null }\n");
    let agent = world.read("agents/sales.ops.md").replace("id: sales.ops", "id: sales.help");
    world.put("agents/sales.help.md", &agent);
    world.activated(&SOP.replace("sales.ops", "sales.help"));
    world.put("agents/sales.help.md", &agent.replacen("status: active", "status: planned", 1));
    let away = world.sopd(&["doctor"]).out;
    assert!(away.contains("`sales.help` is not at work"), "{away}");
    world.put("agents/sales.help.md", &agent);
    let well = world.sopd(&["doctor"]);
    for good in [
        "ok    parties",
        "ok    registry",
        "ok    log",
        "ok    triggers",
        "ok    modes",
        "note  backup",
        "note  anchor",
    ] {
        assert!(well.out.contains(good), "{good}: {}", well.out);
    }
    world.done(&["backup", "b.tar"]);
    assert!(world.sopd(&["doctor"]).out.contains("ok    backup"));

    // Whoever is named and not there; what was changed after it was signed; a log that ends before its anchor.
    let text = "desk: { listen: null }\nrequester: big.boss\npublication: { signs: no.one, interim: { forwards: no.two, signs: no.three } }\nruns: { trigger_party: no.four }\n";
    world.put("sopd.yaml", text);
    std::fs::remove_file(world.path("agents/sales.help.md")).unwrap();
    let path = "sops/REV/SOP-REV-plain-v1.0.md";
    let sop = world.read(path);
    world.put(path, &format!("{sop}\nchanged\n"));
    world.put(".sopd/projected", &format!("1\nChain: 1 {}\n", "0".repeat(64)));
    let ill = world.sopd(&["doctor"]);
    assert_eq!(ill.code, 1, "{}{}", ill.out, ill.err);
    for bad in
        ["big.boss", "no.one", "no.two", "no.three", "no.four", "nobody signs", "BAD   registry", "BAD   log"]
    {
        assert!(ill.out.contains(bad), "{bad}: {}", ill.out);
    }
    world.put(path, &sop);
    let gone = world.sopd(&["doctor"]).out;
    assert!(gone.contains("the assignee of step 1 `sales.help` is nobody on the roster"), "{gone}");
    world.put("agents/sales.help.md", &agent);
    assert!(!world.sopd(&["doctor"]).out.contains("sales.help"));
}

#[test]
fn the_doctor_says_what_is_named_and_not_there() {
    let world = World::new();
    world.activated(&SOP.replace("**Assignee**", "**Secrets**: CRM_TOKEN  \n**Assignee**"));
    assert!(world.sopd(&["doctor"]).out.contains("no secret CRM_TOKEN, which `runs.secrets` does not name"));
    world.put(
        "sopd.yaml",
        "desk: { listen: null }
runs: { secrets: [CRM_TOKEN], secrets_file: secrets.env, readable: [handbook], webhooks: { /a: HOOK_SECRET } }
notifications: { exec: { pager: { command: [no-such-program] } } }
audit: { anchor_file: elsewhere/anchors }\n",
    );
    let said = world.sopd(&["doctor"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    for missing in
        ["secrets.env", "handbook", "HOOK_SECRET", "no-such-program", "elsewhere", "no secret CRM_TOKEN"]
    {
        assert!(said.out.contains(missing), "{missing}: {}", said.out);
    }
    world.put("secrets.env", "CRM_TOKEN=x1y2z3\nHOOK_SECRET=a1b2c3\n");
    set_mode(&world.path("secrets.env"), 0o600);
    let said = world.sopd(&["doctor"]).out;
    assert!(!said.contains("CRM_TOKEN") && !said.contains("HOOK_SECRET"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_tried_again_and_everybody_who_asks_is_told() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    world.put("sopd.yaml", &format!("desk: {{ listen: \"{address}\" }}\n"));
    let mut daemon = world.up();
    let door = || std::fs::read_to_string(world.path(".sopd/door.json")).unwrap_or_default();
    until("it is written down that the port is taken", || door().contains("cannot listen"));
    for asked in ["status", "triggers", "doctor"] {
        let said = world.sopd(&[asked]).out;
        assert!(said.contains("nobody reaches the desk") && said.contains(&address.to_string()), "{said}");
    }
    let refused = world.fails(6, &["sign-in", "ceo"]);
    assert!(refused.contains("nobody reaches the desk") && !refused.contains("http"), "{refused}");

    drop(taken);
    until("the port is taken over", || door().contains("http://"));
    assert!(world.done(&["sign-in", "ceo"]).contains(&address.to_string()));
    assert!(world.sopd(&["doctor"]).out.contains("open and ready"));
    // Another address counts without a restart, and links lead there.
    world.put("sopd.yaml", "desk: { listen: \"127.0.0.1:0\" }\n");
    until("it has moved", || door().contains("http://") && !door().contains(&address.to_string()));
    let link = world.done(&["sign-in", "ceo"]);
    assert!(!link.contains(&address.to_string()) && !link.contains(":0/"), "{link}");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(world.sopd(&["doctor"]).out.contains("`sopd up` opens it"));
}

#[test]
fn idle_connections_leave_open_files_to_the_work() {
    let world = World::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.put("sopd.yaml", &format!("desk: {{ listen: \"{free}\" }}\n"));
    world.activated(SOP);
    let script = format!("ulimit -n 256; exec {} up", env!("CARGO_BIN_EXE_sopd"));
    let quiet = Stdio::null;
    let mut daemon = Command::new("bash")
        .args(["-c", &script])
        .current_dir(world.root())
        .stdout(quiet())
        .stderr(quiet())
        .spawn()
        .unwrap();
    until("the desk listens", || std::net::TcpStream::connect(free).is_ok());
    let crowd: Vec<_> = (0..400).filter_map(|_| std::net::TcpStream::connect(free).ok()).collect();
    assert!(crowd.len() > 256, "the backlog takes the rest");
    let run = world.json(&["run", "SOP-REV-plain", "--as", "cro"])["run"].as_str().unwrap().to_owned();
    until("the run is done", || world.json(&["status", &run])["state"] == "completed");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

/// Writes to a file what the daemon says.
fn logging(world: &World, form: &str) -> std::process::Child {
    let log = std::fs::File::options().create(true).append(true).open(world.path("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
    command.arg("up").current_dir(world.root()).env("SOPD_LOG", "info").env("SOPD_LOG_FORMAT", form);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn state(world: &World, run: &str) -> String {
    world.json(&["status", run])["state"].as_str().unwrap().to_owned()
}

/// A step that ends once somebody says so.
fn waiting_sop() -> String {
    SOP.replace("echo ran", "touch begun; while [ ! -e go ]; do sleep 0.05; done; echo ran")
}

#[test]
fn a_stop_waits_for_the_step_that_is_done_and_cuts_it_off_only_when_told() {
    let world = World::new();
    world.put("sopd.yaml", "desk: { listen: null }\n");
    world.activated(&waiting_sop());
    let begin = || {
        let daemon = logging(&world, "");
        let run = world.json(&["run", "SOP-REV-plain", "--as", "cro"])["run"].as_str().unwrap().to_owned();
        let work = world.path(&format!(".sopd/runs/{run}/work"));
        until("its step has begun", || work.join("begun").exists());
        (daemon, run, work)
    };

    let (mut daemon, run, work) = begin();
    let mut stop =
        Command::new(env!("CARGO_BIN_EXE_sopd")).arg("stop").current_dir(world.root()).spawn().unwrap();
    until("it says what it waits for", || {
        world.read("log").contains("stopping") && world.read("log").contains("waits_for=1")
    });
    drop(std::fs::File::create(work.join("go")).unwrap());
    assert!(stop.wait().unwrap().success() && daemon.wait().unwrap().success());
    let step = world.json(&["status", &run, "--step", "1"]);
    assert!(step.to_string().contains("completed"), "{step:#}");
    assert!(world.done(&["runs"]).contains("nothing drives this workspace"));
    world.drive();
    assert_eq!(state(&world, &run), "completed");

    let (mut daemon, run, _) = begin();
    assert!(world.done(&["stop", "--now"]).contains("stopped"));
    assert!(daemon.wait().unwrap().success());
    world.drive();
    let said = world.done(&["status", &run]);
    assert!(said.contains("cut off when sopd was stopped") && !said.contains("crash"), "{said}");
    assert!(world.done(&["stop"]).contains("nothing drives"));
}

#[test]
fn one_broken_file_stops_nothing_and_everybody_who_asks_is_told() {
    let world = World::new();
    world.put("sopd.yaml", "desk: { listen: null }\n");
    world.activated(SOP);
    let mut daemon = logging(&world, "json");
    let sound = world.read("agents/mkt.demand.md");
    world.put("agents/mkt.demand.md", &sound.replacen("title:", "titel:", 1));
    let said = || world.done(&["status"]).contains("mkt.demand counts as it last was sound");
    until("it is said that a file cannot be read", said);
    let run = world.json(&["run", "SOP-REV-plain", "--as", "cro"])["run"].as_str().unwrap().to_owned();
    until("the run is done", || state(&world, &run) == "completed");
    let taken = world.json(&["submit", "missions/examples/1-lead-qualification.md"]);
    let mission = taken["mission"].as_str().unwrap();
    until("the mission goes on", || world.json(&["status", mission])[0]["state"] == "awaiting_decision");
    world.done(&["stop"]);
    assert!(daemon.wait().unwrap().success());
    // A start with the broken file goes on as well.
    let mut daemon = logging(&world, "json");
    until("it drives", || world.sopd(&["doctor"]).out.contains("driven by"));
    assert!(world.sopd(&["doctor"]).out.contains("agents/mkt.demand.md"));
    world.put("agents/mkt.demand.md", &sound);
    until("it is mended", || !said());
    world.put("sopd.yaml", "desk: { listen: null }\ncalls: { max_concurrent: 2 }\n");
    until("it is said what counts later", || {
        world.done(&["status"]).contains("from the next start of sopd: `calls`")
    });
    world.done(&["stop"]);
    assert!(daemon.wait().unwrap().success());

    // Each of it is a line of JSON, with ids.
    let log = world.read("log");
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |message: &str| {
        lines.iter().filter(|line| line["message"].as_str().unwrap().contains(message)).count()
    };
    for message in [
        "driving",
        "run started",
        "run ended",
        "mission accepted",
        "decision asked",
        "counts as it last was sound",
        "it works again",
        "stopping",
        "stopped",
    ] {
        assert!(told(message) > 0, "{message}: {log}");
    }
    assert!(
        lines.iter().any(|line| line["about"] == run.as_str() && line["message"] == "run ended"),
        "{log}"
    );
    assert!(
        told("as they last were sound; it is tried again") <= 4,
        "trouble is told once, not each time: {log}"
    );
}

#[test]
fn without_a_daemon_too_what_was_last_sound_counts_and_who_has_left_stays_out() {
    let world = World::new();
    let settings = "desk: { listen: null }\n";
    world.put("sopd.yaml", settings);
    world.activated(SOP);
    let acts = || world.done(&["run", "SOP-REV-plain", "--as", "cro"]);
    let told = |place: &str, words: &str| {
        let said = world.done(&["status"]);
        assert!(said.contains(place) && said.contains(words), "{said}");
    };
    world.put("sopd.yaml", "desk: [\n");
    acts();
    told("sopd.yaml", "count as they last were sound");
    world.put("sopd.yaml", settings);
    assert!(!world.done(&["status"]).contains("last were sound"));

    // The roster as a whole does not fit: others report to whoever is gone.
    let agent = world.read("agents/dev.lead.md");
    std::fs::remove_file(world.path("agents/dev.lead.md")).unwrap();
    acts();
    told("dev.lead", "count as they last were sound");
    world.fails(4, &["run", "SOP-REV-plain", "--as", "dev.lead"]);
    world.put("agents/dev.lead.md", &agent);

    world.put("agents/cro.md", &world.read("agents/cro.md").replacen("title:", "titel:", 1));
    acts();
    told("agents/cro.md", "cro counts as it last was sound");
}
