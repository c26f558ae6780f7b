//! The letters of words, folded one by one.

use unicode_normalization::char::{
    canonical_combining_class, compose, decompose_compatible, is_combining_mark,
};

/// The letters of one word with capitals and accents kept, and all else folded.
pub(super) fn exact(word: &str) -> Vec<char> {
    let mut letters = Letters::new(true, word.len());
    for c in word.chars().filter(|c| !is_invisible(*c)) {
        letters.push(c);
    }
    letters.end_word(0);
    letters.out.chars().collect()
}

/// Soft hyphens, zero-width characters, marks of direction, variation selectors, the tatweel.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
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
pub(super) struct Letters {
    out: String,
    /// Keep capitals and accents.
    exact: bool,
    last: Option<char>,
    latin: bool,
    cyrillic: bool,
}

impl Letters {
    /// None yet; `exact` keeps capitals and accents.
    pub(super) fn new(exact: bool, capacity: usize) -> Self {
        let out = String::with_capacity(capacity);
        Self { out, exact, last: None, latin: false, cyrillic: false }
    }

    /// How many bytes are written.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// All that was written.
    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// Writes one character of a word, which may give several letters or none.
    pub(super) fn push(&mut self, c: char) {
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

    /// Writes a mark where it belongs among the last ones (UAX 15, Canonical Ordering), of which no
    /// text that means anything has more than 30 in a row (Stream-Safe Text Format).
    fn put_mark(&mut self, mark: char) {
        let class = canonical_combining_class(mark);
        let later = |(_, c): &(usize, char)| class > 0 && canonical_combining_class(*c) > class;
        let at = self.out.char_indices().rev().take(30).take_while(later).last();
        let end = self.out.len();
        self.out.insert(at.map_or(end, |(at, _)| at), mark);
    }

    fn mark(&mut self, mark: char) {
        let Some(last) = self.last else { return };
        match script(last) {
            // The Turkish capital of i.
            Script::Latin if last == 'I' && mark == '\u{307}' => {}
            Script::Latin if self.exact => self.put_mark(mark),
            Script::Latin | Script::Pointed => {}
            Script::Other => self.put_mark(mark),
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
    pub(super) fn end_word(&mut self, start: usize) {
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
