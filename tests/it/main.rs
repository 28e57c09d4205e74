//! One integration binary, a module per story.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work ends the test, and says where"
)]

mod activation;
mod api;
mod api_care;
mod api_library;
mod api_world;
mod authority;
mod cli_answers;
mod cli_keep;
mod cli_read;
mod commands;
mod decisions_care;
mod fake_openai;
mod faults_crash;
mod faults_hands;
mod faults_kill;
mod faults_world;
mod git;
mod intake;
mod integrity;
mod integrity_copies;
mod journal;
mod journal_crash;
mod journal_gaps;
mod journal_random;
mod journal_script;
mod layers;
mod mcp;
mod mcp_http;
mod mcp_news;
mod mcp_tasks;
mod mcp_workers;
mod mcp_world;
mod models_activation;
mod models_canaries;
mod models_faults;
mod models_missions;
mod models_people;
mod models_rounds;
mod models_world;
mod modes;
mod notify_sent;
mod notify_slack;
mod notify_told;
mod notify_world;
mod provider;
mod requests;
mod runs_admission;
mod runs_control;
mod runs_crash;
mod runs_gates;
mod runs_http;
mod runs_models;
mod runs_modes;
mod runs_security;
mod runs_standstill;
mod runs_steps;
mod runs_tour;
mod runs_words;
mod runs_world;
mod scripted;
mod skill;
mod spine;
mod traces;
mod triggers;
mod web_decide;
mod web_door;
mod web_library;
mod web_pages;
mod web_siege;
mod web_world;
mod world;
