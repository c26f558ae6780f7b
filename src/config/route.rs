//! How a feed's server is reached: the keys `proxy`, `http1_only` and `ca_file`.

use std::path::PathBuf;

use crate::document::{At, Table};
use crate::model::{Place, Proxy};

/// A route as it is written: the certificates still lie in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteDraft {
    /// What to go through, if not what `[net]` says.
    pub proxy: Option<ProxyChoice>,
    /// Whether HTTP/2 is not to be offered.
    pub http1_only: bool,
    /// A file with certificates in PEM form, as written, and where that is.
    pub ca_file: Option<(PathBuf, Place)>,
}

/// What `proxy` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// `"none"`: go straight.
    Straight,
    /// Go through this one.
    Through(Proxy),
}

impl RouteDraft {
    /// Takes the keys out of a `[[feed]]` or `[[sink]]` table; problems are noted.
    pub fn read(table: &mut Table<'_>) -> Self {
        let proxy = read_proxy(table);
        let http1_only = table.get("http1_only").unwrap_or(false);
        let ca_file = table.get_at::<String>("ca_file").map(|At { value, source }| {
            (PathBuf::from(value), table.document().problem(&source, "").place)
        });
        Self { proxy, http1_only, ca_file }
    }
}

/// Takes `proxy` out of a table; `None` if it is not there, or empty, or wrong; that is noted.
pub(super) fn read_proxy(table: &mut Table<'_>) -> Option<ProxyChoice> {
    let At { value, source } = table.get_at::<String>("proxy")?;
    match value.trim() {
        "" => None,
        "none" => Some(ProxyChoice::Straight),
        text => {
            let proxy = Proxy::parse(text).map(ProxyChoice::Through);
            if proxy.is_none() {
                let problem = table.document().problem(&source, "`proxy` is no proxy's URL");
                table.note(problem.hint(format!("\"none\", or {}", Proxy::EXPECTED)));
            }
            proxy
        }
    }
}
