//! What stands between two words.

use super::alphabet::{COPY, DASH, JOINT, SPLIT, STOP};
use super::class::{Class, class};

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gap {
    /// Something no phrase crosses, or the beginning of the text.
    Stop,
    /// Nothing: scripts written without spaces, where each letter is a word.
    Joined,
    /// One apostrophe.
    Apostrophe,
    /// White space, hyphens, quotes, brackets.
    Space,
    /// One ASCII punctuation mark, with or without space around it.
    Mark(u8),
}

/// What `text`, which holds no letter, is when it stands between two words.
pub(crate) fn gap_of(text: &str) -> Gap {
    let mut run = Run::Nothing;
    for c in text.chars() {
        run = match class(c) {
            Class::Between(byte) => run.then(sign(byte)),
            Class::Tag => run.then(Sign::Space),
            _ => run,
        };
    }
    run.gap()
}

/// What the bytes between two words of folded text are.
pub(crate) fn gap_between(bytes: &[u8]) -> Gap {
    bytes.iter().fold(Run::Nothing, |run, byte| run.then(sign(*byte))).gap()
}

#[derive(Clone, Copy)]
enum Sign {
    Joint,
    Apostrophe,
    Space,
    Dash,
    Mark(u8),
    Stop,
}

fn sign(byte: u8) -> Sign {
    match byte {
        JOINT => Sign::Joint,
        DASH => Sign::Dash,
        STOP | COPY => Sign::Stop,
        SPLIT => Sign::Space,
        b'\'' | b'`' => Sign::Apostrophe,
        b' ' | b'-' | b'"' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'_' | b'#' | b'@'
        | b'*' | b'<' | b'>' => Sign::Space,
        b'!'..=b'~' => Sign::Mark(byte),
        _ => Sign::Space,
    }
}

/// What was read since the last word.
#[derive(Clone, Copy)]
enum Run {
    Nothing,
    Apostrophe,
    Space,
    /// A long dash: between two letters it is a hyphen, with space around it it parts clauses.
    Dash,
    Mark(u8),
    Stop,
}

impl Run {
    fn then(self, sign: Sign) -> Self {
        match (self, sign) {
            (run, Sign::Joint) => run,
            (Self::Nothing, Sign::Apostrophe) => Self::Apostrophe,
            (Self::Nothing, Sign::Dash) => Self::Dash,
            (Self::Nothing | Self::Apostrophe | Self::Space, Sign::Space | Sign::Apostrophe) => {
                Self::Space
            }
            (Self::Nothing | Self::Apostrophe | Self::Space, Sign::Mark(mark)) => Self::Mark(mark),
            (Self::Mark(mark), Sign::Space | Sign::Apostrophe) => Self::Mark(mark),
            _ => Self::Stop,
        }
    }

    fn gap(self) -> Gap {
        match self {
            Self::Stop => Gap::Stop,
            Self::Nothing => Gap::Joined,
            Self::Apostrophe => Gap::Apostrophe,
            Self::Space | Self::Dash => Gap::Space,
            Self::Mark(mark) => Gap::Mark(mark),
        }
    }
}
