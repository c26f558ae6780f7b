//! What becomes of single letters, and words with their capitals and accents kept.

use unicode_normalization::char::{
    canonical_combining_class, compose, decompose_compatible, is_combining_mark,
};

use super::twins::Script::{Cyrillic, Latin};
use super::twins::{self, Mix};

/// The letters of one word with capitals and accents kept, and all else folded.
pub(super) fn exact(word: &str) -> Vec<char> {
    let mut letters = Exact::default();
    letters.read(word).to_vec()
}

/// Soft hyphens, zero-width characters, marks of direction, variation selectors, the tatweel.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// What marks are to the letters of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin, Greek, and digits: marks are dropped, or kept where accents count.
    Latin,
    Cyrillic,
    /// Hebrew and Arabic: marks are vowels that are mostly left out, and dropped.
    Pointed,
    /// Marks are part of the letter.
    Other,
}

/// What marks are to a letter, or to what stands on it already.
pub(super) fn script(c: char) -> Script {
    match c {
        // One that was kept stands on such a letter.
        _ if is_combining_mark(c) => Script::Other,
        '\0'..='\u{3ff}' | '\u{1d00}'..='\u{1fff}' => Script::Latin,
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
            Script::Cyrillic
        }
        '\u{590}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' => Script::Pointed,
        _ => Script::Other,
    }
}

/// Whether a part of a decomposed character is a letter or digit, and no sign above the line.
pub(super) fn is_base(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{2b9}'..='\u{2bd}')
}

/// The spelling of a small letter that Unicode does not decompose, and readers do.
pub(super) fn spelt(small: char) -> Option<&'static str> {
    Some(match small {
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
        'ґ' => "г",
        _ => return None,
    })
}

/// What a letter is beside one of another script, where it is taken for that by a look that small
/// and capital do not share, or has no byte of its own.
pub(super) fn case_twin(c: char, beside: twins::Script) -> Option<char> {
    Some(match (c, beside) {
        ('Η', Latin) => 'h',
        ('Η', Cyrillic) => 'н',
        ('Ν', Latin) => 'n',
        ('Υ', Latin) => 'y',
        ('Υ', Cyrillic) => 'у',
        ('ԁ' | 'Ԁ', Latin) => 'd',
        ('һ' | 'Һ', Latin) => 'h',
        ('ӏ' | 'Ӏ', Latin) => 'l',
        ('ԛ' | 'Ԛ', Latin) => 'q',
        ('ѵ' | 'Ѵ', Latin) => 'v',
        ('ԝ' | 'Ԝ' | 'ѡ' | 'Ѡ', Latin) => 'w',
        ('ɑ', Latin) => 'a',
        ('ɡ', Latin) => 'g',
        _ => return None,
    })
}

/// Whether a letter has such a twin. To know its neighbours takes time.
pub(super) fn has_case_twin(c: char) -> bool {
    [Latin, Cyrillic].into_iter().any(|script| case_twin(c, script).is_some())
}

/// Whether what a character folds to depends on what stands around it.
pub(super) fn depends_on_neighbours(c: char) -> bool {
    // A Latin ï in a Cyrillic word is ї.
    let mut depends = matches!(c, 'ï' | 'Ï');
    decompose_compatible(c, |part| depends |= has_case_twin(part));
    depends
}

/// The script of the first letter of `text`, past some marks on what comes before.
pub(super) fn first_script(text: &str) -> Option<twins::Script> {
    let c = text.chars().take(30).find(|c| !is_invisible(*c) && !is_combining_mark(*c))?;
    twins::script(first_part(c))
}

/// What a character without its marks is.
pub(super) fn first_part(c: char) -> char {
    let mut first = None;
    decompose_compatible(c, |part| first = first.or(Some(part)));
    first.unwrap_or(c)
}

/// A Cyrillic letter with a mark as one letter; none if the mark does not count: stress, and that on
/// ё.
pub(super) fn composed(letter: char, mark: char) -> Option<char> {
    let stress = matches!(mark, '\u{300}' | '\u{301}') && !matches!(letter, 'г' | 'к' | 'Г' | 'К');
    let yo = mark == '\u{308}' && matches!(letter, 'е' | 'Е');
    compose(letter, mark).filter(|_| !stress && !yo)
}

/// Reads words with capitals and accents kept. Its buffers are used again.
#[derive(Debug, Default)]
pub(super) struct Exact {
    out: Vec<char>,
    /// Where the last letter that is no mark stands in it, and the one before.
    last: Option<usize>,
    before: Option<usize>,
}

impl Exact {
    /// The letters of `word`.
    pub(super) fn read(&mut self, word: &str) -> &[char] {
        self.out.clear();
        (self.last, self.before) = (None, None);
        for (at, c) in word.char_indices().filter(|(_, c)| !is_invisible(*c)) {
            let rest = &word[at + c.len_utf8()..];
            decompose_compatible(c, |part| {
                if is_combining_mark(part) { self.mark(part, rest) } else { self.base(part, rest) }
            });
        }
        self.end_word();
        &self.out
    }

    fn base(&mut self, c: char, rest: &str) {
        if !is_base(c) {
            return;
        }
        let before = self.last.map(|at| self.out[at]);
        let twin = has_case_twin(c).then(|| {
            let beside = [before.and_then(twins::script), first_script(rest)];
            beside.into_iter().flatten().find_map(|script| case_twin(c, script))
        });
        let c = match (c, twin.flatten()) {
            ('ı', _) => 'i',
            ('ґ', _) => 'г',
            ('Ґ', _) => 'Г',
            (_, Some(twin)) if c.is_uppercase() => twin.to_uppercase().next().unwrap_or(twin),
            (_, Some(twin)) => twin,
            _ => c,
        };
        (self.before, self.last) = (self.last, Some(self.out.len()));
        self.out.push(c);
    }

    /// Writes a mark where it belongs among the last ones (UAX 15, Canonical Ordering).
    fn put_mark(&mut self, mark: char) {
        let class = canonical_combining_class(mark);
        let later = |c: &&char| class > 0 && canonical_combining_class(**c) > class;
        let after = self.out.iter().rev().take(30).take_while(later).count();
        self.out.insert(self.out.len() - after, mark);
    }

    fn mark(&mut self, mark: char, rest: &str) {
        let Some(last) = self.last else { return };
        let before = self.before.map(|at| self.out[at]);
        let is_beside_cyrillic =
            || [before.and_then(twins::script), first_script(rest)].contains(&Some(Cyrillic));
        let letter = self.out[last];
        match script(letter) {
            // The Turkish capital of i.
            Script::Latin if letter == 'I' && mark == '\u{307}' => {}
            Script::Latin
                if matches!(letter, 'i' | 'I') && mark == '\u{308}' && is_beside_cyrillic() =>
            {
                self.out[last] = if letter == 'i' { 'ї' } else { 'Ї' };
            }
            Script::Latin | Script::Other => self.put_mark(mark),
            Script::Pointed => {}
            Script::Cyrillic => {
                if let Some(whole) = composed(letter, mark) {
                    self.out[last] = whole;
                }
            }
        }
    }

    /// Reads a word that mixes scripts in one of them, if it can be.
    fn end_word(&mut self) {
        let Mix::Read(home) = twins::mix(self.out.iter().copied()) else { return };
        for c in &mut self.out {
            if twins::script(*c).is_some_and(|own| own != home) {
                *c = twins::twin(*c, home).unwrap_or(*c);
            }
        }
    }
}
