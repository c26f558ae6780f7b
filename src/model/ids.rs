//! Names of things, each its own type so that none can be taken for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// What the config calls a feed; unique in it, and the key of the feed's state.
    FeedId
}
name! {
    /// What a rule file calls a rule; unique over all rule files.
    RuleId
}
name! {
    /// What the config calls a sink; unique in it, and the key of its outbox rows.
    SinkName
}
name! {
    /// Names an alert for ever: 32 lowercase hexadecimal digits, the first half of the SHA-256 of
    /// the feed's id and the item's identity. The same item of the same feed always has the same.
    AlertId
}

impl AlertId {
    /// The id of the alert that `item` (its identity) of `feed` raises.
    pub fn of(feed: &FeedId, item: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(feed.as_str().as_bytes())
            .chain_update([0])
            .chain_update(item.as_bytes())
            .finalize();
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self::new(hex)
    }
}

/// `text` as an id: letters and digits in lower case, one hyphen for each run of all else, at most
/// 64 characters. Empty if nothing is left.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.chars().count() >= 64 {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_id_depends_on_feed_and_item_and_nothing_else() {
        let of = |feed: &str, item: &str| AlertId::of(&FeedId::new(feed), item);
        assert_eq!(of("a", "x"), of("a", "x"));
        assert_ne!(of("a", "x"), of("b", "x"));
        assert_ne!(of("a", "bc"), of("ab", "c"));
        assert_eq!(of("a", "x").as_str().len(), 32);
    }

    #[test]
    fn slugs_keep_letters_of_every_script() {
        assert_eq!(slug("BBC News – World"), "bbc-news-world");
        assert_eq!(slug("Українська правда"), "українська-правда");
        assert_eq!(slug("--- "), "");
        assert_eq!(slug(&"x".repeat(99)).len(), 64);
    }
}
