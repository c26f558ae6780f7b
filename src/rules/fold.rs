//! Text as rules see it: words of folded letters, each with its place in the text, and what stands
//! between them.
//!
//! Folded is: compatibility forms plain (NFKD), full case folding, Latin and Greek diacritics off,
//! Cyrillic whole but for ё = е and stress marks, Turkish I, İ, ı and i one letter, characters that
//! nobody sees dropped, and a word that mixes Latin with Cyrillic look-alikes read in one script.
//! Composed and decomposed text come out the same. All of it is one pass over the text.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::letters::{Letters, exact, is_invisible};

/// A text in folded words.
#[derive(Debug)]
pub(super) struct Folded<'a> {
    source: &'a str,
    letters: String,
    words: Vec<Word>,
}

/// One word; both ranges are on character boundaries.
#[derive(Clone, Debug)]
struct Word {
    letters: Range<usize>,
    source: Range<usize>,
    gap: Gap,
}

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
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

impl<'a> Folded<'a> {
    /// Folds `source`.
    pub(super) fn new(source: &'a str) -> Self {
        let mut scan = Scan {
            words: Vec::with_capacity(source.len() / 6),
            letters: Letters::new(false, source.len()),
            open: None,
            run: Run::Begin,
        };
        for (at, c) in source.char_indices() {
            scan.read(at, c);
        }
        scan.close();
        Self { source, letters: scan.letters.into_text(), words: scan.words }
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The folded letters of a word.
    pub(super) fn letters(&self, word: usize) -> &str {
        self.words.get(word).map_or("", |word| &self.letters[word.letters.clone()])
    }

    /// What stands before a word.
    pub(super) fn gap(&self, word: usize) -> Gap {
        self.words.get(word).map_or(Gap::Stop, |word| word.gap)
    }

    /// The bytes of the text from one word to another, both included.
    pub(super) fn span(&self, first: usize, last: usize) -> Range<usize> {
        match (self.words.get(first), self.words.get(last)) {
            (Some(first), Some(last)) if first.source.start <= last.source.end => {
                first.source.start..last.source.end
            }
            _ => 0..0,
        }
    }

    /// The letters of a word with capitals and accents kept, for terms where these count.
    pub(super) fn exact(&self, word: usize) -> Vec<char> {
        exact(&self.source[self.span(word, word)])
    }
}

/// What `text`, which holds no letter, is when it stands between two words.
pub(super) fn gap_of(text: &str) -> Gap {
    let mut run = Run::Nothing;
    for c in text.chars() {
        if let Class::Between(sign) = class(c) {
            run = run.then(sign);
        }
    }
    run.gap()
}

struct Scan {
    words: Vec<Word>,
    letters: Letters,
    open: Option<Open>,
    run: Run,
}

/// The word that is being read.
struct Open {
    letters: usize,
    source: Range<usize>,
    gap: Gap,
    alone: bool,
}

impl Scan {
    fn read(&mut self, at: usize, c: char) {
        let alone = match class(c) {
            Class::Letter => false,
            Class::LetterAlone => true,
            Class::Invisible => return,
            Class::Mark => {
                if let Some(open) = &mut self.open {
                    open.source.end = at + c.len_utf8();
                    self.letters.push(c);
                }
                return;
            }
            Class::Between(sign) => {
                self.close();
                self.run = self.run.then(sign);
                return;
            }
        };
        if self.open.as_ref().is_some_and(|open| open.alone || alone) {
            self.close();
        }
        let letters = self.letters.len();
        let gap = self.run.gap();
        let open = self.open.get_or_insert(Open { letters, source: at..at, gap, alone });
        open.source.end = at + c.len_utf8();
        self.letters.push(c);
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.letters.end_word(open.letters);
        let letters = open.letters..self.letters.len();
        if !letters.is_empty() {
            self.words.push(Word { letters, source: open.source, gap: open.gap });
            self.run = Run::Nothing;
        }
    }
}

enum Class {
    Letter,
    /// A letter of a script without spaces.
    LetterAlone,
    /// A mark on the letter before it.
    Mark,
    Invisible,
    Between(Sign),
}

#[derive(Clone, Copy)]
enum Sign {
    Apostrophe,
    Space,
    Dash,
    Mark(u8),
    Stop,
}

fn class(c: char) -> Class {
    if c.is_ascii_alphanumeric() {
        return Class::Letter;
    }
    match c {
        '\'' | '`' => Class::Between(Sign::Apostrophe),
        ' ' | '-' | '"' | '(' | ')' | '[' | ']' | '{' | '}' | '_' | '#' | '@' | '*' | '<' | '>' => {
            Class::Between(Sign::Space)
        }
        '!'..='~' => Class::Between(Sign::Mark(u8::try_from(c).unwrap_or(b'.'))),
        '\0'..='\u{9f}' => Class::Between(Sign::Space),
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
        | '\u{ff07}' => Class::Between(Sign::Apostrophe),
        '\u{58a}' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
            Class::Between(Sign::Space)
        }
        '«' | '»' | '\u{201a}' | '\u{201c}'..='\u{201f}' | '\u{2039}' | '\u{203a}' => {
            Class::Between(Sign::Space)
        }
        '\u{2014}' | '\u{2015}' => Class::Between(Sign::Dash),
        '\u{3008}'..='\u{3011}' | '\u{ff08}' | '\u{ff09}' => Class::Between(Sign::Space),
        _ if is_invisible(c) => Class::Invisible,
        _ if c.is_whitespace() => Class::Between(Sign::Space),
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
        _ => Class::Between(Sign::Stop),
    }
}

/// What was read since the last word.
#[derive(Clone, Copy)]
enum Run {
    Begin,
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
            Self::Begin | Self::Stop => Gap::Stop,
            Self::Nothing => Gap::Joined,
            Self::Apostrophe => Gap::Apostrophe,
            Self::Space | Self::Dash => Gap::Space,
            Self::Mark(mark) => Gap::Mark(mark),
        }
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
