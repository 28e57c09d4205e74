//! sopd turns a mission file into a reviewed, human-approved, versioned SOP.
//!
//! The rooms of the house, from the bottom up; a room uses only rooms above it in this list:
//!
//! | room | what is in it |
//! |---|---|
//! | [`base`] | the only doors to time, disk and YAML, and the words every layer shares |
//! | [`text`] | reading text in any language: blocks, sentences, quantities, names. Pure |
//! | [`sop`] [`contract`] [`brief`] [`roster`] [`settings`] [`draft`] [`roles`] | document models: read, write, lint, compare. No I/O, no clock |
//! | [`source`] | the documents a mission rests on: forms, text, passages. Pure |
//! | [`ledger`] | what was asked, statement by statement, and what became of it. Pure |
//! | [`tier0`] | what sopd can think without any model. Pure |
//! | [`journal`] | durable workflows, signals, timers, and the hash-chained event log, in SQLite |
//! | [`registry`] [`agent`] [`decision`] [`access`] | the SOP library; models, budgets and receipts; people's answers; who is at the door |
//! | [`governance`] | who may draft, judge, advise and sign |
//! | [`mission`] | the story from a brief to a published SOP; `mission/workflow.rs` is the story itself |
//! | [`run`] | the story from a trigger to a reviewed run; `run/workflow.rs` is the story itself |
//! | [`notify`] | telling people what happened and what is wanted of them: outbox and channels |
//! | [`daemon`] | lock, intake, wiring, and the files people read |
//! | [`front`] | what all faces share: the deeds of a party, and the JSON that tells of them |
//! | [`api`] | REST under `/api/v1`, its OpenAPI document, events, webhooks |
//! | [`mcp`] | the protocol of agents: tools, prompts and resources |
//! | [`web`] | the desk: pages, sign-in and live updates in a browser; parse, call, render |
//! | [`cli`] | the command line: parse, call, print |
//!
//! What holds everywhere, each with a test: an acknowledged event is on disk and the chain verifies; no recorded
//! outcome is produced again; a published file is byte for byte what was approved; an approval counts only for the
//! bytes it showed, once, by somebody allowed; the contract is frozen before the first draft; no request holds what
//! its receiver must not see; bad input changes nothing and is explained.

pub mod access;
pub mod agent;
pub mod api;
pub mod base;
pub mod brief;
pub mod cli;
pub mod contract;
pub mod daemon;
pub mod decision;
pub mod draft;
pub mod front;
pub mod governance;
pub mod journal;
pub mod ledger;
pub mod mcp;
pub mod mission;
pub mod notify;
pub mod registry;
pub mod roles;
pub mod roster;
pub mod run;
pub mod settings;
pub mod sop;
pub mod source;
pub mod text;
pub mod tier0;
pub mod web;
