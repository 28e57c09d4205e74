//! Clients of the real binary: over standard input and output, one JSON-RPC message on each line, and over HTTP at a
//! desk.
#![expect(clippy::needless_pass_by_value, reason = "a test writes the arguments of a call where it makes it")]

use crate::web_world::{Desk, Got, Stream};
use crate::world::World;
use serde_json::{Value, json};
use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A session of a party.
pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: u64,
    /// What the server said of itself.
    pub(crate) server: Value,
}

impl Client {
    /// Starts the server for `party` and shakes hands.
    pub(crate) fn start(world: &World, party: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.args(["mcp", "--as", party]).current_dir(world.root());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self { child, input, output, next: 0, server: Value::Null };
        client.server = client.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
            }),
        );
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{message}").unwrap();
        input.flush().unwrap();
    }

    /// Asks, and gives the whole answer.
    fn exchange(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has gone");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Asks with a message as it is written.
    pub(crate) fn written(&mut self, message: &str) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has gone");
        serde_json::from_str(&line).unwrap()
    }

    /// Waits for a notification.
    pub(crate) fn hear(&mut self, method: &str) {
        let mut line = String::new();
        while !line.contains(&format!("\"method\":\"{method}\"")) {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has gone");
        }
    }

    /// Asks, and gives the result.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.exchange(method, &params);
        assert!(answer["error"].is_null(), "{method} {params}: {answer:#}");
        answer["result"].clone()
    }

    /// Asks what is refused, and gives the error.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Value {
        let answer = self.exchange(method, &params);
        assert!(!answer["error"].is_null(), "{method} {params}: {answer:#}");
        answer["error"].clone()
    }

    /// Calls a tool, which must work; gives its fields.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        let fields = result["structuredContent"].clone();
        assert_eq!(
            (&fields["success"], &result["isError"]),
            (&json!(true), &json!(false)),
            "{tool}: {result:#}"
        );
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, fields, "clients that read text only see the same");
        fields
    }

    /// Calls a tool, which must not work; gives kind and words of what is wrong.
    #[track_caller]
    pub(crate) fn fails(&mut self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        let fields = &result["structuredContent"];
        assert_eq!(
            (&fields["success"], &result["isError"]),
            (&json!(false), &json!(true)),
            "{tool}: {result:#}"
        );
        let word = |name: &str| fields[name].as_str().unwrap().to_owned();
        (word("kind"), word("error"))
    }
}

impl Drop for Client {
    /// The server ends when its client hangs up.
    fn drop(&mut self) {
        drop(self.input.take());
        let code = self.child.wait().unwrap();
        assert!(code.success() || std::thread::panicking(), "{code}");
    }
}

/// The extension of the protocol by which long calls are tasks.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// What a client says first.
pub(crate) fn hello(capabilities: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": capabilities,
        "clientInfo": { "name": "test", "version": "1" } } })
}

/// A client of the desk with a token.
pub(crate) struct Agent<'a> {
    desk: &'a Desk<'a>,
    pub(crate) token: String,
    pub(crate) session: String,
    next: Cell<u64>,
}

impl<'a> Agent<'a> {
    /// Makes a token and shakes hands with it.
    pub(crate) fn begin(desk: &'a Desk<'a>, party: &str, scope: &str) -> Self {
        let made = desk.world.json(&["token", "new", party, "--scope", scope]);
        Self::with(desk, made["token"].as_str().unwrap().to_owned(), json!({}))
    }

    /// Shakes hands with a token that is there.
    pub(crate) fn with(desk: &'a Desk<'a>, token: String, capabilities: Value) -> Self {
        let mut agent = Self { desk, token, session: String::new(), next: Cell::new(0) };
        let got = agent.post(&[], &hello(capabilities));
        assert_eq!(got.status, 200, "{}", got.text);
        got.header("mcp-session-id").clone_into(&mut agent.session);
        assert_eq!(message(&got)["result"]["serverInfo"]["name"], "sopd");
        let ready = agent.post(&[], &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        assert_eq!(ready.status, 202, "{}", ready.text);
        agent
    }

    /// The same, and long calls are tasks.
    pub(crate) fn with_tasks(desk: &'a Desk<'a>, token: String) -> Self {
        Self::with(desk, token, json!({ "extensions": { TASKS: {} } }))
    }

    /// Sends a message.
    pub(crate) fn post(&self, headers: &[(&str, &str)], body: &Value) -> Got {
        self.send("POST", headers, Some(body))
    }

    /// Sends a message as it is written.
    pub(crate) fn written(&self, body: String) -> Value {
        let request = self.request("POST", &[("Content-Type", "application/json")], None);
        message(&self.desk.send(request.body(body)))
    }

    /// Sends a request of any kind.
    pub(crate) fn send(&self, method: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Got {
        self.desk.send(self.request(method, headers, body))
    }

    /// Opens an answer that goes on and on.
    pub(crate) fn stream(&self, method: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Stream<'_> {
        self.desk.stream(self.request(method, headers, body))
    }

    fn request(
        &self,
        method: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> reqwest::RequestBuilder {
        let mut request = self.desk.request(method, "/mcp").bearer_auth(&self.token);
        request = request.header("Accept", "application/json, text/event-stream");
        if !self.session.is_empty() {
            request = request.header("mcp-session-id", &self.session);
            request = request.header("mcp-protocol-version", "2025-11-25");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// Asks, and gives the whole answer.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        self.next.set(self.next.get() + 1);
        let body = json!({ "jsonrpc": "2.0", "id": self.next.get(), "method": method, "params": params });
        message(&self.post(&[], &body))
    }

    /// Calls a tool; gives its fields, whether it has worked or not.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert!(!answer["result"]["structuredContent"].is_null(), "{tool}: {answer:#}");
        answer["result"]["structuredContent"].clone()
    }
}

/// The message in an answer, whichever of the two forms it has.
pub(crate) fn message(got: &Got) -> Value {
    let mut lines = got.text.lines().filter_map(|line| line.strip_prefix("data:"));
    let data = lines.rfind(|data| data.contains("jsonrpc"));
    serde_json::from_str(data.unwrap_or(&got.text)).unwrap_or(Value::String(got.text.clone()))
}
