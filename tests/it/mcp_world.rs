//! A client of the real binary over standard input and output: one JSON-RPC message on each line.
#![expect(clippy::needless_pass_by_value, reason = "a test writes the arguments of a call where it makes it")]

use crate::world::World;
use serde_json::{Value, json};
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
