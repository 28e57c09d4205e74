//! The API of a workspace on a port of its own, and what a program says to it.

use crate::world::World;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use sopd::api::caller::{Caller, Scope, Tokens};
use sopd::base::Clock;
use sopd::daemon::Workspace;
use sopd::journal::{Access, Feed};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Whose tokens are known: `<party>-token`, and `looker`, which only lets cro look.
const PARTIES: [&str; 6] = ["cro", "vp.sales", "sales.ops", "chief.staff", "sales.rep", "finance.controller"];

/// A served workspace.
pub(crate) struct Api {
    pub(crate) address: String,
    pub(crate) client: Client,
    server: JoinHandle<()>,
}

/// What came back.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) async fn serve(world: &World) -> Self {
        let workspace = Workspace::open(world.root(), Access::Guest, Clock::System).unwrap();
        let caller =
            |party: &str, scope| Caller { party: party.into(), scope, means: "token 1 (test)".into() };
        let mut tokens: Vec<_> =
            PARTIES.iter().map(|party| (format!("{party}-token"), caller(party, Scope::Write))).collect();
        tokens.push(("looker".to_owned(), caller("cro", Scope::Read)));
        // A sender that is dropped says that the daemon is gone: this one lives as long as the server.
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let feed = Feed::start(&workspace.journal, stopping);
        let (router, _document) = sopd::api::router(&workspace, &feed, Arc::new(Tokens::new(tokens)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
            drop(stop);
        });
        Self { address, client: Client::new(), server }
    }

    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address)).bearer_auth(token)
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Got {
        Got::of(self.request(Method::GET, path, token)).await
    }

    pub(crate) async fn post(&self, path: &str, party: &str, body: &Value) -> Got {
        Got::of(self.request(Method::POST, path, &format!("{party}-token")).json(body)).await
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Got {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What is wrong: status and words.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{:#}", self.body);
        assert_eq!(self.body["status"], self.status);
        (self.status, self.body["detail"].as_str().unwrap())
    }
}
