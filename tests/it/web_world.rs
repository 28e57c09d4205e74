//! A browser of a very simple kind, at a desk that the real binary serves.

use super::world::World;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longest wait for something that comes at once.
const SOON: Duration = Duration::from_secs(30);

/// `sopd up` with its desk, ended when dropped.
pub(crate) struct Desk<'a> {
    pub(crate) world: &'a World,
    pub(crate) address: String,
    /// What it printed at its start.
    pub(crate) first_link: Option<String>,
    child: Child,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

/// An answer that goes on and on.
pub(crate) struct Stream<'a> {
    desk: &'a Desk<'a>,
    response: reqwest::Response,
    text: String,
}

impl Stream<'_> {
    /// The next line with `wanted` in it.
    #[track_caller]
    pub(crate) fn line(&mut self, wanted: &str) -> String {
        loop {
            while let Some((line, rest)) = self.text.split_once('\n') {
                let (line, rest) = (line.to_owned(), rest.to_owned());
                self.text = rest;
                if line.contains(wanted) {
                    return line;
                }
            }
            let chunk = self.desk.runtime.block_on(self.response.chunk()).unwrap();
            assert!(chunk.is_some(), "it ended before `{wanted}` came");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

/// An answer.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Got {
    /// The value of a hidden field of the first form that has it.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&mark).map(|(_, rest)| rest);
        assert!(rest.is_some(), "no field {name}: {}", self.text);
        rest.unwrap().split('"').next().unwrap().to_owned()
    }
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Looks until what a daemon does has come about; each look is a request, so nobody sleeps.
#[track_caller]
pub(crate) fn until(mut there: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !there() {
        assert!(begun.elapsed() < SOON, "it never came about");
    }
}

fn lines(child: &mut Child) -> Receiver<String> {
    let out = child.stdout.take().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // Nobody listens any more once the desk is found.
            drop(tell.send(line));
        }
    });
    told
}

impl<'a> Desk<'a> {
    /// Starts it, on a port of its own.
    pub(crate) fn open(world: &'a World) -> Self {
        if !world.read("sopd.yaml").starts_with("desk:") {
            world.put(
                "sopd.yaml",
                &format!("desk: {{ listen: \"127.0.0.1:0\" }}\n{}", world.read("sopd.yaml")),
            );
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.arg("up").current_dir(world.root()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let told = lines(&mut child);
        let head = told.recv_timeout(SOON).unwrap();
        let address = head.split(';').next().unwrap().rsplit(' ').next().unwrap().to_owned();
        let first_link = if head.contains(';') {
            None
        } else {
            told.recv_timeout(SOON).unwrap().rsplit(' ').next().map(str::to_owned)
        };
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Self { world, address, first_link, child, runtime, client }
    }

    pub(crate) fn send(&self, request: reqwest::RequestBuilder) -> Got {
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Got { status, headers, text: response.text().await.unwrap() }
        })
    }

    /// The first line of an answer that goes on and on, with what begins with `wanted` in it; nothing where the
    /// answer is a refusal.
    pub(crate) fn first(&self, request: reqwest::RequestBuilder, wanted: &str) -> (u16, String) {
        self.runtime.block_on(async {
            let mut response = request.send().await.unwrap();
            let (status, mut text) = (response.status().as_u16(), String::new());
            if status != 200 {
                return (status, text);
            }
            while let Some(chunk) = response.chunk().await.unwrap() {
                text.push_str(std::str::from_utf8(&chunk).unwrap());
                if let Some(line) = text.lines().find(|line| line.starts_with(wanted)) {
                    return (status, line.to_owned());
                }
            }
            (status, String::new())
        })
    }

    /// Opens an answer that goes on and on.
    pub(crate) fn stream(&self, request: reqwest::RequestBuilder) -> Stream<'_> {
        let response = self.runtime.block_on(request.send()).unwrap();
        assert_eq!(response.status(), 200);
        Stream { desk: self, response, text: String::new() }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// Uses a link; the session's cookie.
    pub(crate) fn use_link(&self, link: &str, cookie: &str) -> Got {
        let path = link.strip_prefix(&self.address).unwrap();
        let request = self.request("POST", path).header("Origin", &self.address).header("Cookie", cookie);
        self.send(request)
    }

    /// Signs `party` in.
    pub(crate) fn sign_in(&self, party: &str) -> Browser<'_> {
        let told = self.world.json(&["sign-in", party]);
        let link = told["link"].as_str().unwrap();
        let secret = link.rsplit('/').next().unwrap();
        let got = self.use_link(&format!("{}/sign-in/{secret}", self.address), "");
        assert_eq!(got.status, 303, "{}", got.text);
        let cookie = got.header("set-cookie").split(';').next().unwrap().to_owned();
        Browser { desk: self, cookie }
    }
}

impl Drop for Desk<'_> {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let told = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let ended = self.child.wait();
        // It may be gone already; a test that has failed is not to fail twice.
        debug_assert!(
            std::thread::panicking() || (told.is_ok() && ended.is_ok_and(|status| status.success()))
        );
    }
}

/// Somebody signed in.
pub(crate) struct Browser<'a> {
    pub(crate) desk: &'a Desk<'a>,
    pub(crate) cookie: String,
}

impl Browser<'_> {
    pub(crate) fn get(&self, path: &str) -> Got {
        self.desk.send(self.desk.request("GET", path).header("Cookie", &self.cookie))
    }
    /// A form as the page itself would send it.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        self.post_from(path, fields, Some(&self.desk.address))
    }
    pub(crate) fn post_from(&self, path: &str, fields: &[(&str, &str)], origin: Option<&str>) -> Got {
        let mut request = self.desk.request("POST", path).header("Cookie", &self.cookie);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let form: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.desk.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form))
    }
    /// The mark of our own forms.
    pub(crate) fn csrf(&self) -> String {
        self.get("/account").field("csrf")
    }
}
