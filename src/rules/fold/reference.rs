//! The rules of folding once more: slowly, a word at a time, over lists of characters, with nothing
//! of the real fold but the classes of characters and the small lists of letters.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use super::alphabet::encode;
use super::class::{Class, class};
use super::letters::{self, Script};
use super::twins::{self, Mix};

/// A word of a text.
#[derive(Debug, Default)]
struct Word {
    /// Its characters, each with the bytes after it.
    chars: Vec<(char, usize)>,
    source: Range<usize>,
    alone: bool,
}

/// The folded letters of each word of `text`, in which hashtags are not opened, and where it stands.
pub(super) fn words(text: &str) -> Vec<(String, Range<usize>)> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let class = class(c);
        match class {
            Class::Invisible => {}
            Class::Mark => {
                if let Some(word) = words.last_mut().filter(|_| is_open) {
                    word.chars.push((c, end));
                    word.source.end = end;
                }
            }
            Class::Letter | Class::LetterAlone => {
                let alone = class == Class::LetterAlone;
                if !is_open || alone || words.last().is_some_and(|word| word.alone) {
                    words.push(Word { source: at..end, alone, ..Word::default() });
                }
                if let Some(word) = words.last_mut() {
                    let before = letters_of(text, &word.chars);
                    word.chars.push((c, end));
                    let after = letters_of(text, &word.chars);
                    // Some letters are nothing but marks in other clothes.
                    if after.len() > before.len() {
                        word.source.end = end;
                    }
                    is_open = !after.is_empty();
                }
                if !is_open {
                    words.pop();
                }
            }
            Class::Between(_) | Class::Tag => is_open = false,
        }
    }
    words.into_iter().map(|word| (mended(letters_of(text, &word.chars)), word.source)).collect()
}

/// The folded letters of a word, in its own scripts.
fn letters_of(text: &str, chars: &[(char, usize)]) -> Vec<char> {
    let mut out: Vec<char> = Vec::new();
    for (c, end) in chars {
        let next = letters::first_script(&text[*end..]);
        for part in std::iter::once(*c).nfkd() {
            match is_combining_mark(part) {
                true => add_mark(&mut out, part, next),
                false => add_base(&mut out, part, next),
            }
        }
    }
    out
}

fn add_base(out: &mut Vec<char>, base: char, next: Option<twins::Script>) {
    if !letters::is_base(base) {
        return;
    }
    let before = out.last().filter(|c| encode(**c).bytes().len() == 1);
    let mut beside = [before.and_then(|c| twins::script(*c)), next].into_iter().flatten();
    match beside.find_map(|script| letters::case_twin(base, script)) {
        Some(twin) => out.push(twin),
        None => {
            for small in base.to_lowercase() {
                match letters::spelt(small) {
                    Some(spelt) => out.extend(spelt.chars()),
                    None => out.push(small),
                }
            }
        }
    }
}

fn add_mark(out: &mut Vec<char>, mark: char, next: Option<twins::Script>) {
    let Some(&last) = out.last() else { return };
    let before = out.len().checked_sub(2).map(|at| out[at]);
    match letters::script(last) {
        Script::Latin if last == 'i' && mark == '\u{308}' => {
            let is_cyrillic = |c: char| matches!(c, 'а'..='я' | 'ѐ'..='џ');
            if before.is_some_and(is_cyrillic) || next == Some(twins::Script::Cyrillic) {
                out.pop();
                out.push('ї');
            }
        }
        Script::Latin | Script::Pointed => {}
        Script::Cyrillic => {
            if let Some(whole) = letters::composed(last, mark) {
                out.pop();
                out.push(whole);
            }
        }
        Script::Other => {
            let class = canonical_combining_class(mark);
            let mut at = out.len();
            while class > 0 && at > 0 && canonical_combining_class(out[at - 1]) > class {
                at -= 1;
            }
            out.insert(at, mark);
        }
    }
}

fn mended(letters: Vec<char>) -> String {
    let is_one_byte = |c: &char| encode(*c).bytes().len() == 1;
    match twins::mix(letters.iter().copied()) {
        Mix::Read(home) if letters.iter().all(is_one_byte) => letters
            .iter()
            .map(|c| match twins::script(*c) {
                Some(own) if own != home => twins::twin(*c, home).unwrap_or(*c),
                _ => *c,
            })
            .collect(),
        _ => letters.into_iter().collect(),
    }
}
