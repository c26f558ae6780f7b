//! Words of the shipped list that are looked for without anything to tell their meanings apart.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::LazyLock;

use super::book::WayWords;
use super::words::{Member, Words};
use super::{Lint, Note, shape};
use crate::rules::file::Draft;
use crate::rules::languages::{Languages, Look};
use crate::rules::term::{Spelling, spellings};

/// A word with a second meaning.
#[derive(Debug)]
struct Homonym {
    word: &'static str,
    languages: &'static str,
    meaning: &'static str,
    /// Whether the second meaning is often written with a capital, too.
    capital: bool,
}

impl Homonym {
    /// Whether items in one of its languages are looked at.
    fn is_read(&self, looked_at: &Languages) -> bool {
        let own = |code| looked_at.admit_look(Look::Detected(code));
        self.languages.split(", ").any(own)
    }
}

/// By the folded words.
static HOMONYMS: LazyLock<BTreeMap<String, Vec<Homonym>>> =
    LazyLock::new(|| read(include_str!("homonyms.txt")));

fn read(text: &'static str) -> BTreeMap<String, Vec<Homonym>> {
    let mut homonyms: BTreeMap<String, Vec<Homonym>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('|').map(str::trim);
        let (Some(word), Some(languages), Some(meaning)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let capital = columns.next() == Some("^");
        for spelling in spellings(word).unwrap_or_default() {
            let homonym = Homonym { word, languages, meaning, capital };
            homonyms.entry(key(&spelling)).or_default().push(homonym);
        }
    }
    homonyms
}

fn key(spelling: &Spelling) -> String {
    let words = spelling.words.iter().map(|word| word.letters.as_str());
    words.collect::<Vec<_>>().join(" ")
}

/// Which terms of a list are homonyms, found once for all rules that name it.
#[derive(Default)]
pub(super) struct Known(HashMap<*const (), Rc<[usize]>>);

impl Known {
    fn of(&mut self, words: &Rc<Words<'_>>) -> Rc<[usize]> {
        let find = || {
            let is_homonym = |member: &Member<'_>| {
                member.spelt.iter().any(|spelling| alike(spelling).next().is_some())
            };
            let members = words.members.iter().enumerate();
            members.filter(|(_, member)| is_homonym(member)).map(|(number, _)| number).collect()
        };
        Rc::clone(self.0.entry(Rc::as_ptr(words).cast()).or_insert_with(find))
    }
}

/// The terms of `any` that are homonyms, in ways that ask for nothing else.
pub(super) fn in_rule<'a>(
    draft: &Draft<'a>,
    ways: &[WayWords<'a>],
    known: &mut Known,
    notes: &mut Vec<Note<'a>>,
) {
    for way in ways.iter().filter(|way| way.with.is_empty() && way.all.is_empty()) {
        for words in way.any.words() {
            let homonyms = known.of(words);
            let members = homonyms.iter().map(|number| &words.members[*number]);
            for member in members.filter(|member| !shape::is_short(member)) {
                notes.extend(note(member, way, draft.rule.id.as_str()));
            }
        }
    }
}

fn note<'a>(member: &Member<'a>, way: &WayWords<'a>, rule: &str) -> Option<Note<'a>> {
    let guarded = !way.none.is_empty() || !way.except.is_empty();
    let mut found = member.spelt.iter().filter_map(|spelling| {
        let case = Case::of(spelling);
        let fits = |homonym: &&Homonym| match case {
            Case::Any => true,
            Case::Capital => homonym.capital && !guarded,
            Case::Capitals => false,
        };
        let read = |homonym: &&Homonym| homonym.is_read(&way.draft.languages);
        let homonyms: Vec<&Homonym> = alike(spelling).filter(read).filter(fits).collect();
        (!homonyms.is_empty()).then_some((homonyms, case))
    });
    let (homonyms, case) = found.next()?;
    let text = &member.entry.text;
    let meanings: Vec<String> = homonyms
        .iter()
        .take(3)
        .map(|homonym| {
            let same = text.trim_start_matches('=').to_lowercase() == homonym.word;
            let word = if same { String::new() } else { format!("`{}`, ", homonym.word) };
            format!("{word}in {}: {}", homonym.languages, homonym.meaning)
        })
        .collect();
    let message = format!(
        "`{text}` is also another word ({}), and rule `{rule}` asks for nothing beside it",
        meanings.join("; ")
    );
    let by_capital = case == Case::Any && !homonyms.iter().any(|homonym| homonym.capital);
    let hint = match (by_capital, capitalised(text)) {
        (true, Some(exact)) => format!(
            "write `{exact}`, where capitals count, name in `with` what stands near the one that \
             you mean, or its `languages`"
        ),
        (true, None) => "put `=` and a capital before it, or name in `with` what stands near the \
                         one that you mean"
            .to_owned(),
        (false, _) => {
            "a capital does not tell them apart: name in `with` what stands near the one \
                       that you mean, or in `except` the phrases of the other"
                .to_owned()
        }
    };
    Some(Note::at(member.entry, Lint::Homonym, message, hint))
}

/// The homonyms that a spelling finds.
fn alike(spelling: &Spelling) -> Box<dyn Iterator<Item = &'static Homonym>> {
    let key = key(spelling);
    if !spelling.words.last().is_some_and(|word| word.open) {
        return Box::new(HOMONYMS.get(&key).into_iter().flatten());
    }
    let from = HOMONYMS.range(key.clone()..);
    Box::new(from.take_while(move |(word, _)| word.starts_with(&key)).flat_map(|(_, all)| all))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// Small letters pass.
    Any,
    /// Only with a capital.
    Capital,
    /// Only in capitals throughout.
    Capitals,
}

impl Case {
    fn of(spelling: &Spelling) -> Self {
        let exact = spelling.words.iter().filter_map(|word| word.exact.as_ref());
        let letters: Vec<char> = exact.flatten().copied().collect();
        match letters.iter().filter(|c| c.is_uppercase()).count() {
            0 => Self::Any,
            capitals if capitals > 1 && capitals == letters.len() => Self::Capitals,
            _ => Self::Capital,
        }
    }
}

/// `sumy` as `=Sumy`, if the term begins with a letter.
fn capitalised(text: &str) -> Option<String> {
    let mut letters = text.trim_start_matches('=').chars();
    let first = letters.next().filter(|c| c.is_alphabetic())?;
    Some(format!("={}{}", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_whole_and_in_known_languages() {
        let text = include_str!("homonyms.txt");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut known = Vec::new();
        for line in lines {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            assert!(matches!(columns.as_slice(), [_, _, _] | [_, _, _, "^"]), "{line}");
            for language in columns[1].split(", ") {
                let languages = "en uk ru de fr pl es it tr cs ro pt";
                assert!(languages.split(' ').any(|known| known == language), "{line}");
            }
            assert!(!columns[2].is_empty() && columns[0] == columns[0].to_lowercase(), "{line}");
            assert_eq!(spellings(columns[0]).unwrap().len(), 1, "{line}");
            let word = (columns[0], columns[1]);
            assert!(!known.contains(&word), "twice: {line}");
            known.push(word);
        }
        let read: usize = HOMONYMS.values().map(Vec::len).sum();
        assert_eq!(read, known.len());
        assert!(known.len() >= 150);
    }
}
