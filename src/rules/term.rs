//! Terms: what a rule file writes, taken apart into the spellings that it stands for.
//!
//! | sign | meaning |
//! |---|---|
//! | `Waffenruhe*` | any ending of the word, none included |
//! | `Zelensk{y,yy}`, `{,North }Korea` | either; an empty alternative makes it optional |
//! | `Харків~` | the case forms of a name, by its ending (`declension`) |
//! | `cease-fire` | a hyphen, a space, or nothing |
//! | `/Su-?\d+/` | a regular expression, the whole entry (`patterns`) |
//! | `=Sumy` | from here on capitals and accents count; `SUMY` passes too |
//!
//! A space stands for any run of spaces, hyphens, quotes and brackets; an apostrophe for any
//! apostrophe; `.` for a full stop or a space; another punctuation mark for itself.

use std::collections::HashSet;

use unicode_normalization::char::is_combining_mark;

use super::fold::{Folded, Gap, gap_of};
use super::letters::exact;
use super::patterns;
use super::variants::{Variants, in_all_cases};

/// One way to spell a term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Spelling {
    /// At least one.
    pub(super) words: Vec<TermWord>,
}

/// A word of a spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TermWord {
    /// What must stand before it; [`Gap::Stop`] for the first.
    pub(super) gap: Gap,
    /// Its folded letters.
    pub(super) letters: String,
    /// Whether it may go on.
    pub(super) open: bool,
    /// Its letters where capitals and accents count.
    pub(super) exact: Option<Vec<char>>,
}

/// Why a term is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The byte of the term where it goes wrong.
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: String,
}

/// A term stands for no more spellings than this.
pub(super) const MAX_SPELLINGS: usize = 1_000;
/// No more forms than this are listed.
const MAX_FORMS: usize = 20_000;
/// A term is no longer than this, in bytes.
const MAX_BYTES: usize = 1_000;
/// A spelling has no more words than this.
const MAX_WORDS: usize = 16;
/// `*` needs this many letters before it.
const MIN_STEM: usize = 2;

const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{2011}'];

/// What text may have between two words of a phrase, and no term needs.
const NOT_IN_A_TERM: [char; 17] =
    ['@', '#', '"', '(', ')', '[', ']', '<', '>', '_', '*', '«', '»', '“', '”', '„', '—'];

/// The spellings of `term`, each once.
pub(super) fn spellings(term: &str) -> Result<Vec<Spelling>, Refused> {
    let indent = term.len() - term.trim_start().len();
    let term = term.trim();
    if term.is_empty() {
        return refuse(0, "the term is empty", "write a word or a phrase, or leave the entry out");
    }
    if term.len() > MAX_BYTES {
        return refuse(
            0,
            format!("the term is longer than {MAX_BYTES} bytes"),
            "a term is a word or a short phrase; put each in an entry of its own",
        );
    }
    let mut found: Vec<Spelling> = Vec::new();
    let variants = Variants::new(term)?;
    for (number, text) in variants.texts().iter().enumerate() {
        let placed = |refused: Refused| Refused {
            at: indent + variants.place(number, refused.at),
            ..refused
        };
        for form in in_all_cases(text).map_err(placed)? {
            // The first form is the text itself without its `~`.
            let spelt = read(&form).map_err(|refused| {
                placed(Refused { at: behind_tildes(text, refused.at), ..refused })
            })?;
            found.extend(spelt);
            if found.len() > MAX_SPELLINGS {
                return too_many(indent);
            }
        }
    }
    if found.len() > 1 {
        let mut seen: HashSet<Spelling> = HashSet::with_capacity(found.len());
        found.retain(|spelling| seen.insert(spelling.clone()));
    }
    Ok(found)
}

/// All that `term` stands for, each a term without `{…}`, `~` and `-`, in the order of its
/// alternatives and cases; a hyphen first as it is, then as a space, then left out.
pub(super) fn forms(term: &str) -> Result<Vec<String>, Refused> {
    if term.trim_start().starts_with('@') {
        let hint = "ask for one of its terms";
        return refuse(0, format!("`{}` is a list of a rule file", term.trim()), hint);
    }
    if patterns::is_pattern(term) {
        return patterns::read(term).map(|_| vec![term.trim().to_owned()]);
    }
    spellings(term)?;
    let mut forms: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for text in Variants::new(term.trim())?.texts() {
        for form in in_all_cases(&text)? {
            let form = form.split_whitespace().collect::<Vec<_>>().join(" ");
            for form in hyphens(&form) {
                if seen.insert(form.clone()) {
                    forms.push(form);
                }
                if forms.len() > MAX_FORMS {
                    return refuse(
                        0,
                        format!("the term stands for more than {MAX_FORMS} forms"),
                        "ask for a part of it",
                    );
                }
            }
        }
    }
    Ok(forms)
}

/// `form` with each hyphen between two words as it is, as a space, and left out.
fn hyphens(form: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut forms = vec![String::new()];
    let mut past = 0;
    for (at, hyphen) in form.match_indices(HYPHENS) {
        let behind = at + hyphen.len();
        let before = form[..at].chars().next_back();
        let next = form[behind..].trim_start_matches('=');
        // A run of hyphens is a space.
        if !before.is_some_and(|c| is_word(c) || c == '*') || !next.starts_with(is_word) {
            continue;
        }
        // Behind `*` the next word cannot be joined.
        let links: &[&str] = if before == Some('*') { &["-", " "] } else { &["-", " ", ""] };
        let part = &form[past..at];
        forms = links.iter().flat_map(|link| longer(&forms, part, link)).collect();
        past = behind;
    }
    longer(&forms, &form[past..], "").collect()
}

/// Each form with more behind it. A word that is joined to one of any capitals is of any capitals
/// itself.
fn longer<'f>(
    forms: &'f [String],
    part: &'f str,
    link: &'f str,
) -> impl Iterator<Item = String> + use<'f> {
    forms.iter().map(move |form| {
        let joined = form.chars().next_back().is_some_and(|c| c != '-' && c != ' ');
        let part = if joined { part.trim_start_matches('=') } else { part };
        format!("{form}{part}{link}")
    })
}

/// Where the byte `at` of `text` without its `~` is in `text`.
fn behind_tildes(text: &str, at: usize) -> usize {
    let kept = text.bytes().enumerate().filter(|(_, byte)| *byte != b'~');
    kept.map(|(place, _)| place).nth(at).unwrap_or(text.len())
}

impl Refused {
    /// The same, where it is read as part of a text in which so many bytes stand before it.
    fn behind(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }
}

pub(super) fn refuse<T>(
    at: usize,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Result<T, Refused> {
    Err(Refused { at, message: message.into(), hint: hint.into() })
}

pub(super) fn too_many<T>(at: usize) -> Result<T, Refused> {
    refuse(
        at,
        format!("the term stands for more than {MAX_SPELLINGS} spellings"),
        "write it as two terms or more, each with fewer `{…}` and `-`",
    )
}

const EQUALS: &str = "`=` stands before a word, as in `=Sumy`";

/// What a term has between two words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Gap(Gap),
    /// A hyphen: a space or nothing.
    Hyphen,
}

/// The spellings of a text without alternatives: one, and its variants with hyphens left out.
fn read(text: &str) -> Result<Vec<Spelling>, Refused> {
    let indent = text.len() - text.trim_start().len();
    let words = words(text.trim()).map_err(|refused| refused.behind(indent))?;
    Ok(words.into_iter().map(|words| Spelling { words }).collect())
}

fn words(text: &str) -> Result<Vec<Vec<TermWord>>, Refused> {
    let folded = Folded::new(text);
    if folded.len() == 0 {
        return refuse(
            0,
            format!("the spelling `{text}` has no letter and no digit"),
            "a term needs at least one word in each of its spellings",
        );
    }
    if folded.len() > MAX_WORDS {
        return refuse(
            folded.span(MAX_WORDS, MAX_WORDS).start,
            format!("the spelling `{text}` has more than {MAX_WORDS} words"),
            "a shorter phrase finds the same text",
        );
    }
    let mut spellings = vec![Vec::new()];
    let mut is_exact = false;
    let mut past = 0;
    for word in 0..folded.len() {
        let span = folded.span(word, word);
        let between = &text[past..span.start];
        let before = if word == 0 { between } else { between.trim_start_matches('*') };
        if word > 0 && before.is_empty() && !between.is_empty() {
            let hint = "`*` stands at the end of a word, as in `stem*`";
            return refuse(past, "`*` inside a word", hint);
        }
        let link = if word == 0 { first_link(before) } else { link(before) };
        let link = link.map_err(|refused| refused.behind(span.start - before.len()))?;
        is_exact |= before.ends_with('=');
        let read = TermWord {
            gap: Gap::Stop,
            letters: folded.letters(word).to_owned(),
            open: text[span.end..].starts_with('*'),
            exact: is_exact.then(|| exact(&text[span.clone()])),
        };
        if read.open && read.letters.chars().count() < MIN_STEM {
            return refuse(
                span.end,
                format!("`{}*` matches too much", &text[span]),
                format!("`*` needs at least {MIN_STEM} letters before it"),
            );
        }
        spellings = append(spellings, link, &read);
        if spellings.len() > MAX_SPELLINGS {
            return too_many(span.start);
        }
        past = span.end;
    }
    if !matches!(&text[past..], "" | "*" | "." | "*.") {
        return refuse_sign(past, &text[past..]);
    }
    Ok(spellings)
}

fn append(spellings: Vec<Vec<TermWord>>, link: Link, word: &TermWord) -> Vec<Vec<TermWord>> {
    let mut longer = Vec::with_capacity(spellings.len() * 2);
    for mut words in spellings {
        let gap = match link {
            Link::Gap(gap) => gap,
            Link::Hyphen => {
                let mut joined = words.clone();
                if let Some(last) = joined.last_mut().filter(|last| !last.open) {
                    last.letters.push_str(&word.letters);
                    last.open = word.open;
                    last.exact = match (last.exact.take(), &word.exact) {
                        (Some(mut one), Some(two)) => {
                            one.extend(two);
                            Some(one)
                        }
                        _ => None,
                    };
                    longer.push(joined);
                }
                Gap::Space
            }
        };
        words.push(TermWord { gap, ..word.clone() });
        longer.push(words);
    }
    longer
}

fn first_link(before: &str) -> Result<Link, Refused> {
    match before {
        "" | "=" => Ok(Link::Gap(Gap::Stop)),
        _ => refuse_sign(0, before),
    }
}

fn link(before: &str) -> Result<Link, Refused> {
    let signs = before.strip_suffix('=').unwrap_or(before);
    if before.len() > signs.len() && !signs.ends_with([' ', '-']) {
        return refuse(signs.len(), "`=` inside a word", EQUALS);
    }
    if signs.strip_prefix(HYPHENS) == Some("") {
        return Ok(Link::Hyphen);
    }
    if let Some(at) = signs.find(NOT_IN_A_TERM) {
        return refuse_sign(at, &signs[at..]);
    }
    match gap_of(signs) {
        Gap::Stop => refuse_sign(0, signs),
        Gap::Mark(b'=') => refuse(0, "`=` inside a word", EQUALS),
        gap => Ok(Link::Gap(gap)),
    }
}

fn refuse_sign<T>(at: usize, signs: &str) -> Result<T, Refused> {
    let at = at + signs.len() - signs.trim_start().len();
    let signs = signs.trim();
    let hint = match signs.chars().next() {
        Some('@') => "only a whole entry can name a list: `\"@strike\"`",
        Some('*') => "`*` stands at the end of a word, as in `stem*`",
        Some('=') => EQUALS,
        Some('/' | '\\' | '^' | '$' | '|' | '+' | '?') => {
            "use `{a,b}` and `stem*`; a regular expression is a whole entry: `/…/`"
        }
        _ => "leave it out: hits are whole words, whatever stands around them",
    };
    refuse(at, format!("`{signs}` cannot stand here"), hint)
}

#[cfg(test)]
#[path = "term_tests.rs"]
mod tests;
