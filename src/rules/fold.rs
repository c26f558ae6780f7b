//! Text as rules see it: words of folded letters, each with its place in the text, and what stands
//! between them.
//!
//! Folded is: compatibility forms plain (NFKD), full case folding, Latin and Greek diacritics off,
//! Cyrillic whole but for ё = е and stress marks, Turkish I, İ, ı and i one letter, characters that
//! nobody sees dropped, and a word that mixes Latin with Cyrillic look-alikes read in one script.
//! Composed and decomposed text come out the same. All of it is one pass over the text.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

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
        Self { source, letters: scan.letters.out, words: scan.words }
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

/// The letters of one word with capitals and accents kept, and all else folded.
pub(super) fn exact(word: &str) -> Vec<char> {
    let mut letters = Letters::new(true, word.len());
    for c in word.chars().filter(|c| !is_invisible(*c)) {
        letters.push(c);
    }
    letters.end_word(0);
    letters.out.chars().collect()
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
        let letters = self.letters.out.len();
        let gap = self.run.gap();
        let open = self.open.get_or_insert(Open { letters, source: at..at, gap, alone });
        open.source.end = at + c.len_utf8();
        self.letters.push(c);
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.letters.end_word(open.letters);
        let letters = open.letters..self.letters.out.len();
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

/// Soft hyphens, zero-width characters, marks of direction, variation selectors, the tatweel.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// Latin, and digits: marks are dropped, or kept where accents count.
    Latin,
    Cyrillic,
    /// Hebrew and Arabic: marks are vowels that are mostly left out, and dropped.
    Pointed,
    /// Marks are part of the letter.
    Other,
}

fn script(c: char) -> Script {
    match c {
        '\0'..='\u{3ff}' | '\u{1d00}'..='\u{1fff}' => Script::Latin,
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
            Script::Cyrillic
        }
        '\u{590}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' => Script::Pointed,
        _ => Script::Other,
    }
}

/// Folded letters as they are written.
struct Letters {
    out: String,
    /// Keep capitals and accents.
    exact: bool,
    last: Option<char>,
    latin: bool,
    cyrillic: bool,
}

impl Letters {
    fn new(exact: bool, capacity: usize) -> Self {
        let out = String::with_capacity(capacity);
        Self { out, exact, last: None, latin: false, cyrillic: false }
    }

    fn push(&mut self, c: char) {
        match c {
            'a'..='z' | '0'..='9' => self.letter(c, Script::Latin),
            'а'..='я' if c != 'й' => self.letter(c, Script::Cyrillic),
            _ => decompose_compatible(c, |part| {
                if is_combining_mark(part) { self.mark(part) } else { self.base(part) }
            }),
        }
    }

    fn letter(&mut self, c: char, script: Script) {
        self.latin |= script == Script::Latin && c.is_alphabetic();
        self.cyrillic |= script == Script::Cyrillic;
        self.last = Some(c);
        self.out.push(c);
    }

    fn base(&mut self, c: char) {
        if !c.is_alphanumeric() || matches!(c, '\u{2b9}'..='\u{2bd}') {
            return;
        }
        if self.exact {
            let c = if c == 'ı' { 'i' } else { c };
            return self.letter(c, script(c));
        }
        for lower in c.to_lowercase() {
            let spelt = match lower {
                'ß' => "ss",
                'æ' => "ae",
                'œ' => "oe",
                'þ' => "th",
                'ł' => "l",
                'ø' => "o",
                'đ' | 'ð' => "d",
                'ħ' => "h",
                'ŋ' => "n",
                'ı' => "i",
                'ə' => "e",
                'ς' => "σ",
                _ => {
                    self.letter(lower, script(lower));
                    continue;
                }
            };
            for c in spelt.chars() {
                self.letter(c, Script::Latin);
            }
        }
    }

    fn mark(&mut self, mark: char) {
        let Some(last) = self.last else { return };
        match script(last) {
            // The Turkish capital of i.
            Script::Latin if last == 'I' && mark == '\u{307}' => {}
            Script::Latin if self.exact => self.out.push(mark),
            Script::Latin | Script::Pointed => {}
            Script::Other => self.out.push(mark),
            Script::Cyrillic => {
                let stress =
                    matches!(mark, '\u{300}' | '\u{301}') && !matches!(last, 'г' | 'к' | 'Г' | 'К');
                let yo = mark == '\u{308}' && matches!(last, 'е' | 'Е');
                if let Some(whole) = compose(last, mark).filter(|_| !stress && !yo) {
                    self.out.pop();
                    self.out.push(whole);
                    self.last = Some(whole);
                }
            }
        }
    }

    /// Ends the word that began at `start` of `out`: if it mixes Latin and Cyrillic, its strays are
    /// read as their twins in the script that has one for each.
    fn end_word(&mut self, start: usize) {
        let mixed = self.latin && self.cyrillic;
        (self.last, self.latin, self.cyrillic) = (None, false, false);
        if !mixed {
            return;
        }
        let (mut latin, mut cyrillic) = (0, 0);
        let (mut all_latin, mut all_cyrillic) = (true, true);
        for c in self.out[start..].chars().filter(|c| c.is_alphabetic()) {
            match script(c) {
                Script::Latin => {
                    latin += 1;
                    all_cyrillic &= twin(c).is_some();
                }
                Script::Cyrillic => {
                    cyrillic += 1;
                    all_latin &= twin(c).is_some();
                }
                _ => return,
            }
        }
        let stray = match (all_latin, all_cyrillic) {
            (true, true) if latin > cyrillic => Script::Cyrillic,
            (_, true) => Script::Latin,
            (true, false) => Script::Cyrillic,
            (false, false) => return,
        };
        let word: String = self.out[start..]
            .chars()
            .map(|c| if script(c) == stray { twin(c).unwrap_or(c) } else { c })
            .collect();
        self.out.truncate(start);
        self.out.push_str(&word);
    }
}

/// The letter of the other script that looks the same, at least as a capital.
fn twin(c: char) -> Option<char> {
    const PAIRS: [(char, char); 30] = [
        ('a', 'а'),
        ('b', 'в'),
        ('c', 'с'),
        ('e', 'е'),
        ('h', 'н'),
        ('i', 'і'),
        ('j', 'ј'),
        ('k', 'к'),
        ('m', 'м'),
        ('o', 'о'),
        ('p', 'р'),
        ('s', 'ѕ'),
        ('t', 'т'),
        ('x', 'х'),
        ('y', 'у'),
        ('A', 'А'),
        ('B', 'В'),
        ('C', 'С'),
        ('E', 'Е'),
        ('H', 'Н'),
        ('I', 'І'),
        ('J', 'Ј'),
        ('K', 'К'),
        ('M', 'М'),
        ('O', 'О'),
        ('P', 'Р'),
        ('S', 'Ѕ'),
        ('T', 'Т'),
        ('X', 'Х'),
        ('Y', 'У'),
    ];
    PAIRS.iter().find_map(|&(latin, cyrillic)| match c {
        _ if c == latin => Some(cyrillic),
        _ if c == cyrillic => Some(latin),
        _ => None,
    })
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
