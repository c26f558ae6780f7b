//! The bundled newsroom for `wirewatch demo`: a small HTTP server on loopback that publishes
//! invented items over half a minute, in several languages and every feed format. The daemon
//! polls it as it polls any other.

mod document;
mod script;
mod server;
#[cfg(test)]
mod tests;

pub use document::document;
pub use script::{DemoFeed, DemoItem, FEEDS, Form, LENGTH, MARK};
pub use server::Newsroom;
