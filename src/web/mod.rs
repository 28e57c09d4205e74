//! The desk: pages for people, served by `sopd up`. Parses requests, calls what every other face calls, renders.
//! No rule lives here; whatever may or may not be done is decided below, in the transaction that does it.
//!
//! A request passes [`guard`] (its host, its origin, who is at the door), then a page of `pages/`. Reading never
//! decides anything: everything that acts is a POST that proves it came from one of our own forms.

mod assets;
mod caller;
mod events;
mod form;
mod guard;
mod markdown;
mod onward;
mod page;
mod pages;
mod places;
mod programs;
mod seal;
mod serve;
mod server;
mod site;
mod sourced;
mod tls;

pub use server::{Serving, addresses, first_link, link_to, open};
