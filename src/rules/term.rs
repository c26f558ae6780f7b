//! Terms: what a rule file writes, taken apart into the spellings that it stands for.
//!
//! | sign | meaning |
//! |---|---|
//! | `Waffenruhe*` | any ending of the word, none included |
//! | `Zelensk{y,yy}`, `{,North }Korea` | either; an empty alternative makes it optional |
//! | `cease-fire` | a hyphen, a space, or nothing |
//! | `=Sumy` | from here on capitals and accents count; `SUMY` passes too |
//!
//! A space stands for any run of spaces, hyphens, quotes and brackets; an apostrophe for any
//! apostrophe; `.` for a full stop or a space; another punctuation mark for itself.

use super::fold::{Folded, Gap, gap_of};
use super::letters::exact;

/// One way to spell a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// At least one.
    pub(super) words: Vec<TermWord>,
}

/// A word of a spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub(super) message: String,
    pub(super) hint: String,
}

/// A term stands for no more spellings than this.
pub(super) const MAX_SPELLINGS: usize = 1_000;
/// A term is no longer than this, in bytes.
const MAX_BYTES: usize = 1_000;
/// A spelling has no more words than this.
const MAX_WORDS: usize = 16;
/// `*` needs this many letters before it.
const MIN_STEM: usize = 2;

/// What text may have between two words of a phrase, and no term needs.
const NOT_IN_A_TERM: [char; 17] =
    ['@', '#', '"', '(', ')', '[', ']', '<', '>', '_', '*', '«', '»', '“', '”', '„', '—'];

/// The spellings of `term`, each once.
pub(super) fn spellings(term: &str) -> Result<Vec<Spelling>, Refused> {
    let term = term.trim();
    if term.is_empty() {
        return refuse("the term is empty", "write a word or a phrase, or leave the entry out");
    }
    if term.len() > MAX_BYTES {
        return refuse(
            format!("the term is longer than {MAX_BYTES} bytes"),
            "a term is a word or a short phrase; put each in an entry of its own",
        );
    }
    // The place for case forms: `Харків~` would add its forms to the parts here.
    if let Some(at) = term.find('~') {
        let stem = term[..at].rsplit([' ', ',', '{', '=']).next().unwrap_or_default();
        return refuse(
            "`~` (case forms) is not known yet",
            format!("list the endings: `{stem}{{,a,…}}`, such as `Трамп{{,а,у,ом,ові,і}}`"),
        );
    }
    let mut found: Vec<Spelling> = Vec::new();
    for text in alternatives(term)? {
        for spelling in read(&text)? {
            if !found.contains(&spelling) {
                found.push(spelling);
            }
            if found.len() > MAX_SPELLINGS {
                return too_many();
            }
        }
    }
    Ok(found)
}

fn refuse<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { message: message.into(), hint: hint.into() })
}

fn too_many<T>() -> Result<T, Refused> {
    refuse(
        format!("the term stands for more than {MAX_SPELLINGS} spellings"),
        "write it as two terms or more, each with fewer `{…}` and `-`",
    )
}

/// `term` with each `{a,b}` replaced by each of its alternatives.
fn alternatives(term: &str) -> Result<Vec<String>, Refused> {
    let mut texts = vec![String::new()];
    let mut rest = term;
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, from) = rest.split_at(at);
        let Some(inner) = from.strip_prefix('{') else {
            return refuse("`}` without `{`", "alternatives are written `{a,b}`");
        };
        let Some(end) = inner.find(['{', '}']) else {
            return refuse("`{` without `}`", "alternatives are written `{a,b}`");
        };
        if inner[end..].starts_with('{') {
            return refuse("`{` inside `{…}`", "write every alternative out: `{ab,ac,d}`");
        }
        let options: Vec<&str> = inner[..end].split(',').collect();
        if options.len() < 2 {
            let only = &inner[..end];
            return refuse(
                format!("`{{{only}}}` has one alternative"),
                format!("write `{{,{only}}}` if it may be missing, else `{only}` without braces"),
            );
        }
        if texts.len().saturating_mul(options.len()) > MAX_SPELLINGS {
            return too_many();
        }
        texts = texts
            .iter()
            .flat_map(|text| options.iter().map(move |option| format!("{text}{plain}{option}")))
            .collect();
        rest = &inner[end + 1..];
    }
    for text in &mut texts {
        text.push_str(rest);
    }
    Ok(texts)
}

/// What a term has between two words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Gap(Gap),
    /// A hyphen: a space or nothing.
    Hyphen,
}

/// The spellings of a text without alternatives: one, and its variants with hyphens left out.
fn read(text: &str) -> Result<Vec<Spelling>, Refused> {
    let text = text.trim();
    let folded = Folded::new(text);
    if folded.len() == 0 {
        return refuse(
            format!("the spelling `{text}` has no letter and no digit"),
            "a term needs at least one word in each of its spellings",
        );
    }
    if folded.len() > MAX_WORDS {
        return refuse(
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
            return refuse("`*` inside a word", "`*` stands at the end of a word, as in `stem*`");
        }
        let link = if word == 0 { first_link(before)? } else { link(before)? };
        is_exact |= before.ends_with('=');
        let read = TermWord {
            gap: Gap::Stop,
            letters: folded.letters(word).to_owned(),
            open: text[span.end..].starts_with('*'),
            exact: is_exact.then(|| exact(&text[span.clone()])),
        };
        if read.open && read.letters.chars().count() < MIN_STEM {
            return refuse(
                format!("`{}*` matches too much", &text[span]),
                format!("`*` needs at least {MIN_STEM} letters before it"),
            );
        }
        spellings = append(spellings, link, &read);
        if spellings.len() > MAX_SPELLINGS {
            return too_many();
        }
        past = span.end;
    }
    if !matches!(&text[past..], "" | "*" | "." | "*.") {
        return refuse_sign(&text[past..]);
    }
    Ok(spellings.into_iter().map(|words| Spelling { words }).collect())
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
        _ => refuse_sign(before),
    }
}

fn link(before: &str) -> Result<Link, Refused> {
    let signs = before.strip_suffix('=').unwrap_or(before);
    if before.len() > signs.len() && !signs.ends_with([' ', '-']) {
        return refuse("`=` inside a word", "`=` stands before a word, as in `=Sumy`");
    }
    if signs == "-" || signs == "\u{2010}" || signs == "\u{2011}" {
        return Ok(Link::Hyphen);
    }
    if let Some(at) = signs.find(NOT_IN_A_TERM) {
        return refuse_sign(&signs[at..]);
    }
    match gap_of(signs) {
        Gap::Stop => refuse_sign(signs),
        Gap::Mark(b'=') => refuse("`=` inside a word", "`=` stands before a word, as in `=Sumy`"),
        gap => Ok(Link::Gap(gap)),
    }
}

fn refuse_sign<T>(signs: &str) -> Result<T, Refused> {
    let signs = signs.trim();
    let hint = match signs.chars().next() {
        Some('@') => "only a whole entry can name a list: `\"@strike\"`",
        Some('*') => "`*` stands at the end of a word, as in `stem*`",
        Some('=') => "`=` stands before a word, as in `=Sumy`",
        Some('/' | '\\' | '^' | '$' | '|' | '+' | '?') => {
            "a term is not a regular expression: use `{a,b}` and `stem*`"
        }
        _ => "leave it out: hits are whole words, whatever stands around them",
    };
    refuse(format!("`{signs}` cannot stand here"), hint)
}

#[cfg(test)]
#[path = "term_tests.rs"]
mod tests;
