//! How far a rule can be trusted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a rule can be trusted; the words are Sigma's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use, with few false alerts. The default.
    #[default]
    Stable,
    /// Nearly so; on trial.
    Test,
    /// May well be wrong.
    Experimental,
    /// Kept for reference: it is checked as any other, and never fires.
    Deprecated,
}

impl Status {
    /// All of them, the most trusted first.
    pub const ALL: [Self; 4] = [Self::Stable, Self::Test, Self::Experimental, Self::Deprecated];

    /// The name used in rules and alerts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Test => "test",
            Self::Experimental => "experimental",
            Self::Deprecated => "deprecated",
        }
    }

    /// Whether it goes without saying.
    pub fn is_stable(&self) -> bool {
        *self == Self::Stable
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
