//! What a character is to a text: part of a word, a mark on one, or something between words.
//!
//! Words are those of UAX 29, but for three things. An apostrophe and a hyphen end a word, so that a
//! name is found in its possessive and in compounds. Full stop, comma and colon end one too, and
//! count as what they are: `U.S.` is two words and a mark, as it is in the term. And each letter of
//! the scripts that are written without spaces is a word; a term of several finds them side by side.

use unicode_normalization::char::is_combining_mark;

use super::alphabet::{DASH, STOP};
use super::letters::is_invisible;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Letter,
    /// A letter of a script without spaces.
    LetterAlone,
    /// A mark on the letter before it.
    Mark,
    Invisible,
    /// `#` or `@`: a hashtag or handle may follow.
    Tag,
    /// Between words: the byte that stands for it.
    Between(u8),
}

pub(super) fn class(c: char) -> Class {
    if c.is_ascii_alphanumeric() {
        return Class::Letter;
    }
    match c {
        '#' | '@' | '\u{ff03}' | '\u{ff20}' | '\u{fe5f}' | '\u{fe6b}' => Class::Tag,
        '\0'..='\x7f' => Class::Between(c as u8),
        '\u{80}'..='\u{9f}' => Class::Between(b' '),
        'а'..='я' | 'А'..='Я' => Class::Letter,
        '\u{b4}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{55a}'
        | '\u{2018}'
        | '\u{2019}'
        | '\u{201b}'
        | '\u{2032}'
        | '\u{a78b}'
        | '\u{a78c}'
        | '\u{ff07}' => Class::Between(b'\''),
        '\u{58a}' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
            Class::Between(b'-')
        }
        '«' | '»' | '\u{201a}' | '\u{201c}'..='\u{201f}' | '\u{2039}' | '\u{203a}' => {
            Class::Between(b'"')
        }
        '\u{2014}' | '\u{2015}' => Class::Between(DASH),
        '\u{3008}'..='\u{3011}' | '\u{ff08}' | '\u{ff09}' => Class::Between(b'"'),
        _ if is_invisible(c) => Class::Invisible,
        _ if c.is_whitespace() => Class::Between(b' '),
        _ if is_combining_mark(c) => Class::Mark,
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}'
            if c.is_alphanumeric() =>
        {
            Class::LetterAlone
        }
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Between(STOP),
    }
}
