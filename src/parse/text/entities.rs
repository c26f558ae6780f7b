//! The named characters of HTML (WHATWG HTML 13.5).

use std::collections::HashMap;
use std::sync::LazyLock;

use ::entities::ENTITIES;

/// The names that end in `;`, without it and `&`.
static NAMED: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let bare = |name: &'static str| name.strip_prefix('&')?.strip_suffix(';');
    ENTITIES.iter().filter_map(|known| Some((bare(known.entity)?, known.characters))).collect()
});

/// What stands for a name, without `&` and `;`: one character, or two.
pub(super) fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{A0}",
        _ => return NAMED.get(name).copied(),
    })
}

#[cfg(test)]
mod tests;
