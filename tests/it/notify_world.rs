//! What the stories of notifications share: servers on loopback that keep what they are sent, and a workspace whose
//! settings name them.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::faults_world::World;
use serde_json::{Value, json};
use sopd::base::Digest;
use sopd::decision::{self, DecisionKind, NewDecision, OnDeadline};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

/// The key of the signed webhook.
pub(crate) const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// What Slack signs with.
pub(crate) const SIGNING: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// The password of the mail server.
pub(crate) const PASSWORD: &str = "CANARY-of-the-mail-server";

/// A server that takes every post.
pub(crate) fn sink() -> FakeOpenAi {
    FakeOpenAi::start(|_| Reply::raw("ok"))
}

/// The address of a sink, with something in it that nobody may see.
pub(crate) fn address(sink: &FakeOpenAi) -> String {
    format!("{}/hook/CANARY-of-the-address", sink.url())
}

/// The bodies a sink was sent.
pub(crate) fn bodies(sink: &FakeOpenAi) -> Vec<Value> {
    sink.requests().iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// A mail as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    /// Head and body, soft line ends undone.
    pub(crate) text: String,
}

/// A mail server of a few lines.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    /// One that takes every mail for somebody who knows the password, but says `no` to the recipient where that is given.
    pub(crate) fn start(no: Option<&'static str>) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), no)
    }
    pub(crate) fn at(address: SocketAddr, no: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away in the middle has sent nothing.
                drop(serve(stream, no, &kept));
            }
        });
        Self { port, mails }
    }
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, no: Option<&str>, mails: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let mut to = String::new();
    write!(out, "220 here\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let word = line.split([' ', ':']).next().unwrap().to_uppercase();
        match word.as_str() {
            "EHLO" => write!(out, "250-here\r\n250 AUTH PLAIN\r\n")?,
            "AUTH" => {
                use base64::Engine as _;
                let given = line.rsplit(' ').next().unwrap();
                let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
                let known = given == format!("\0sopd\0{PASSWORD}").as_bytes();
                write!(out, "{}\r\n", if known { "235 welcome" } else { "535 unknown" })?;
            }
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap().clone_into(&mut to);
                write!(out, "{}\r\n", no.unwrap_or("250 ok"))?;
            }
            "DATA" => {
                write!(out, "354 go\r\n")?;
                let mut text = String::new();
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                mails.lock().unwrap().push(Mail { to: to.clone(), text: text.replace("=\n", "") });
                write!(out, "250 taken\r\n")?;
            }
            "QUIT" => return write!(out, "221 bye\r\n"),
            _ => write!(out, "250 ok\r\n")?,
        }
    }
    Ok(())
}

/// Settings with these lines below `notifications:`, and these secrets.
pub(crate) fn configure(world: &World, notifications: &str, secrets: &[(&str, &str)]) {
    let settings = settings(notifications);
    world.write("sopd.yaml", settings);
    let lines: String = secrets.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    world.write("secrets.env", lines);
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) fn settings(notifications: &str) -> String {
    format!(
        "desk: {{ listen: \"127.0.0.1:0\", address: \"http://desk.example\" }}\nsops: {{ review_every: 1 second }}\n\
         budgets: {{ week_usd: 1.00, total_usd: 100 }}\nruns: {{ secrets_file: secrets.env }}\n\
         notifications:\n  first_pause: 1 second\n{notifications}"
    )
}

/// A workspace at a standing clock whose operations hear of everything at `sink`, a signed webhook.
pub(crate) fn told_at(sink: &FakeOpenAi) -> World {
    let world = World::standing();
    let channel = "  step_completed: true\n  webhook: { crm: { url: CRM_URL, key: CRM_KEY } }\n  operations: { crm: {} }\n";
    configure(&world, channel, &[("CRM_URL", &address(sink)), ("CRM_KEY", KEY)]);
    // The first look begins at the end of the journal.
    world.settle();
    world
}

/// Everything a webhook was told, in order.
pub(crate) fn notices(sink: &FakeOpenAi) -> Vec<Value> {
    let all = bodies(sink);
    all.iter().flat_map(|body| body["data"]["notices"].as_array().unwrap().clone()).collect()
}

/// The kinds of what was told.
pub(crate) fn whats(notices: &[Value]) -> BTreeSet<String> {
    notices.iter().map(|notice| notice["what"].as_str().unwrap().to_owned()).collect()
}

/// A question for `party` in a mission.
pub(crate) fn question(mission: &str, step: &str, kind: DecisionKind, party: &str) -> NewDecision {
    NewDecision {
        workflow: mission.to_owned(),
        step: step.to_owned(),
        mission: mission.to_owned(),
        kind,
        subject: "a test".to_owned(),
        title: format!("Say what {step} is"),
        why: "nobody else knows <it> & \u{1b}[31mmore".to_owned(),
        asked_of: vec![party.to_owned()],
        barred: BTreeMap::new(),
        hash: Digest::of(step),
        details: json!({ "retry": "try again", "risk_level": "low", "reversible": true }),
        due_at: None,
        on_deadline: OnDeadline::Remind,
        quorum: 1,
    }
}

/// Opens decisions in one append.
pub(crate) fn open(world: &World, wanted: Vec<NewDecision>) -> Vec<String> {
    let job = move |tx: &sopd::journal::Tx<'_>| {
        wanted.iter().map(|new| Ok(decision::open(tx, new)?.id)).collect::<Result<Vec<_>, _>>()
    };
    world.guest().journal.append(job).unwrap()
}
