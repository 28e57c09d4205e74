//! A model server that does as it is told: real HTTP on loopback, answers computed from each question, every request
//! kept. Runs on its own thread, so that it serves async tests, child processes and benches alike, and keeps up with
//! thousands of requests a second on one core.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A chat question as the server reads it.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// How many requests came before, of any kind.
    pub(crate) index: usize,
    pub(crate) model: String,
    pub(crate) system: String,
    pub(crate) user: String,
    /// `json_schema`, `json_object` or empty.
    pub(crate) format: String,
    /// Empty where the request names no schema.
    pub(crate) schema_name: String,
    /// The whole request.
    pub(crate) body: Value,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The header lines, names in the sender's case.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Recorded {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.lines().filter_map(|line| line.split_once(':'));
        pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    delay: Duration,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// The whole answer.
    Whole,
    /// Nothing, with the connection kept open.
    Silence,
    /// So many bytes of the body, then silence.
    Stall(usize),
    /// So many bytes of the body, then the connection is closed; nothing at all, not even a head, for zero.
    Cut(usize),
    /// The body over and over, without a length, until the client goes away.
    Endless,
}

impl Reply {
    /// A status with a body of any kind.
    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self { delay: Duration::ZERO, status, headers: Vec::new(), body: body.into(), ending: Ending::Whole }
    }
    /// Status 200 with this body, JSON or not.
    pub(crate) fn raw(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }
    /// A whole chat completion that says `text`.
    pub(crate) fn text(text: &str) -> Self {
        Self::choice(
            &json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}),
        )
    }
    /// A whole chat completion that says `value`.
    pub(crate) fn json(value: &Value) -> Self {
        Self::text(&crate::scripted::as_asked(value).to_string())
    }
    /// A chat completion with this one choice; always 100 tokens in, of which 40 cached, and 20 out.
    pub(crate) fn choice(choice: &Value) -> Self {
        let usage = json!({
            "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 40},
        });
        let answer = json!({
            "id": "chatcmpl-fake", "object": "chat.completion", "created": 0, "model": "fake-1",
            "choices": [choice], "usage": usage,
        });
        Self::raw(answer.to_string())
    }
    /// A chat completion that ends for `reason` after saying `text`.
    pub(crate) fn finish(reason: &str, text: &str) -> Self {
        Self::choice(&json!({"index": 0, "finish_reason": reason, "message": {"content": text}}))
    }
    /// The model will not.
    pub(crate) fn refusal(words: &str) -> Self {
        Self::choice(&json!({"finish_reason": "stop", "message": {"content": null, "refusal": words}}))
    }
    /// An error in the protocol's own form.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::status(status, json!({"error": {"message": message, "type": "fake", "code": null}}).to_string())
    }
    /// 429 with this `Retry-After`, in plain text as proxies write it.
    pub(crate) fn slow_down(retry_after: &str) -> Self {
        Self::status(429, "slow down").header("Retry-After", retry_after)
    }
    /// Takes the request and never says a word.
    pub(crate) fn hang() -> Self {
        Self { ending: Ending::Silence, ..Self::raw("") }
    }
    /// A body whose end never comes, of megabytes a second.
    pub(crate) fn endless() -> Self {
        Self { ending: Ending::Endless, ..Self::raw(" ".repeat(64 * 1024)) }
    }
    /// Closes the connection after so many bytes of the body; before the head for zero.
    pub(crate) fn cut(self, bytes: usize) -> Self {
        Self { ending: Ending::Cut(bytes), ..self }
    }
    /// Stops sending after so many bytes of the body and keeps the connection.
    pub(crate) fn stall(self, bytes: usize) -> Self {
        Self { ending: Ending::Stall(bytes), ..self }
    }
    /// Answers only after `delay`.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
    /// The same with another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The running server; stops when dropped.
pub(crate) struct FakeOpenAi {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Dropping it ends the server's thread.
    _stop: oneshot::Sender<()>,
}

struct Shared {
    responder: Box<dyn Fn(&Question) -> Reply + Send + Sync>,
    requests: Mutex<Vec<Recorded>>,
    /// When each request had come in whole, and when it was answered, by index.
    times: Mutex<Vec<(Instant, Option<Instant>)>>,
}

impl FakeOpenAi {
    /// A server on a free port whose chat answers come from `responder`; `GET /v1/models` lists `fake-1`.
    pub(crate) fn start(responder: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            responder: Box::new(responder),
            requests: Mutex::default(),
            times: Mutex::default(),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                tokio::select! { () = accept(listener, serving) => {}, _ = stopped => {} }
            });
        });
        Self { address, shared, _stop: stop }
    }

    /// The base URL to give to a client, with its version.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request so far, in the order they came.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// When each request had come in whole, and when its answer was sent, if it was.
    pub(crate) fn times(&self) -> Vec<(Instant, Option<Instant>)> {
        self.shared.times.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.requests.lock().unwrap().len()
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A client that goes away in the middle is what several tests are about.
            serve(stream, &shared).await.ok();
        });
    }
}

/// Requests on one connection, one after the other.
async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await? {
        let index = {
            let mut requests = shared.requests.lock().unwrap();
            requests.push(request.clone());
            shared.times.lock().unwrap().push((Instant::now(), None));
            requests.len() - 1
        };
        let goes_on = send(&mut stream, answer(shared, index, &request)).await?;
        shared.times.lock().unwrap()[index].1 = Some(Instant::now());
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

/// The next request, once its whole body is there; `None` when the client is done.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Recorded>> {
    let mut needed = None;
    loop {
        if needed.is_none()
            && let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let recorded = parse_head(&head);
            let length = recorded.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            needed = Some((recorded, end + 4, end + 4 + length));
        }
        if let Some((mut recorded, start, end)) = needed.take_if(|(_, _, end)| buffer.len() >= *end) {
            recorded.body = String::from_utf8_lossy(&buffer[start..end]).into_owned();
            buffer.drain(..end);
            return Ok(Some(recorded));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse_head(head: &str) -> Recorded {
    let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Recorded { method, path, headers: headers.to_owned(), body: String::new() }
}

fn answer(shared: &Shared, index: usize, request: &Recorded) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", path) if path == "/v1/chat/completions" || path.starts_with("/v1/hook") => {
            match serde_json::from_str(&request.body) {
                Ok(body) => (shared.responder)(&question(index, body)),
                Err(error) => Reply::error(400, &error.to_string()),
            }
        }
        ("GET", "/v1/models") => {
            Reply::raw(json!({"object": "list", "data": [{"id": "fake-1"}]}).to_string())
        }
        (method, path) => Reply::error(404, &format!("no such route {method} {path}")),
    }
}

fn question(index: usize, body: Value) -> Question {
    let word = |place: &str| body.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let said = |role: &str| {
        let messages = body["messages"].as_array().into_iter().flatten();
        let texts = messages.filter(|message| message["role"] == role).filter_map(|m| m["content"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    };
    Question {
        index,
        model: word("/model"),
        system: said("system"),
        user: said("user"),
        format: word("/response_format/type"),
        schema_name: word("/response_format/json_schema/name"),
        body,
    }
}

/// Does what the reply says; `false` when the connection is at its end.
async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<bool> {
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let body = reply.body.as_bytes();
    let length = match reply.ending {
        Ending::Endless => "Transfer-Encoding: chunked".to_owned(),
        _ => format!("Content-Length: {}", body.len()),
    };
    let mut head =
        format!("HTTP/1.1 {} Fake\r\nContent-Type: application/json\r\n{length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    match reply.ending {
        Ending::Whole => {
            stream.write_all(&[head.as_bytes(), body].concat()).await?;
            return Ok(true);
        }
        Ending::Silence => until_gone(stream).await?,
        Ending::Stall(bytes) => {
            stream.write_all(&[head.as_bytes(), &body[..bytes]].concat()).await?;
            until_gone(stream).await?;
        }
        Ending::Cut(0) => {}
        Ending::Cut(bytes) => stream.write_all(&[head.as_bytes(), &body[..bytes]].concat()).await?,
        Ending::Endless => {
            stream.write_all(head.as_bytes()).await?;
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
            }
        }
    }
    Ok(false)
}

/// Returns when the client closes the connection.
async fn until_gone(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
