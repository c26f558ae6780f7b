//! The `[metrics]` table.

use std::net::SocketAddr;

use crate::document::{At, Table};

/// `[metrics]`: whether, and where, the daemon can be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsSection {
    /// The address and port that `/metrics` and `/health` are served at; `None`: nowhere.
    pub listen: Option<SocketAddr>,
}

impl MetricsSection {
    /// Reads the table; problems are noted.
    pub fn read(mut table: Table<'_>) -> Self {
        let listen = table.get_at::<String>("listen").and_then(|At { value, source }| {
            let address = value.parse::<SocketAddr>().ok();
            if address.is_none() && !value.is_empty() {
                let message = format!("`listen`: \"{value}\" is no address with a port");
                let problem = table.document().problem(&source, message);
                table.note(problem.hint("such as \"127.0.0.1:9464\" or \"[::1]:9464\""));
            }
            address
        });
        table.finish();
        Self { listen }
    }
}
