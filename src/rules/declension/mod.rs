//! `~`: the case forms of a name, from its dictionary form (nominative), by its ending alone.
//!
//! No dictionary is asked, so the forms can be foreseen: a table for each language has a row for
//! each class of endings (`cyrillic`, `latin`), and the first row that fits gives all the forms.
//! Script and letters say which tables are asked. Where they leave it open (`Марк` is Ukrainian and
//! Russian, `Trump` is declined in Polish and Czech) all that may be are, and the forms are put
//! together. A form that no language has (`Марков` has no `Маркові`) finds nothing, so it does no
//! harm; a form left out would.

mod cyrillic;
mod latin;

use unicode_normalization::UnicodeNormalization;

/// A name of fewer letters has no case forms.
const MIN_LETTERS: usize = 3;

/// A class of names: those that end in `ending`, before which one of the letters of `after` stands
/// (any, if it is empty). Behind `^` that letter must be the first of the name.
struct Class {
    after: &'static str,
    ending: &'static str,
    /// What takes the place of the ending in the other forms, parted by spaces; `∅` is nothing.
    forms: &'static str,
}

/// A row of a table. Forms that are empty say that the language does not decline such a name.
const fn class(after: &'static str, ending: &'static str, forms: &'static str) -> Class {
    Class { after, ending, forms }
}

/// Why a word has no case forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoForms {
    /// No letter before the `~`.
    NoWord,
    /// Something else than letters and apostrophes in it.
    NotLetters,
    /// Letters of two scripts.
    Mixed,
    /// A script of which no declension is known.
    Script,
    /// One or two letters: an abbreviation, more likely than a name.
    Short,
    /// No class has such an ending.
    Ending,
}

/// The case forms of `word`, each once, itself first, then by case. Capitals as in `word`.
pub(super) fn case_forms(word: &str) -> Result<Vec<String>, NoForms> {
    let word: String = word.nfc().filter(|c| !matches!(c, '\u{300}' | '\u{301}')).collect();
    let letters: Vec<char> = word.chars().map(plain).collect();
    if letters.is_empty() {
        return Err(NoForms::NoWord);
    }
    if letters.iter().any(|c| *c != '\'' && !c.is_alphabetic()) {
        return Err(NoForms::NotLetters);
    }
    let of_letters =
        |is: fn(char) -> bool| letters.iter().filter(|c| **c != '\'').all(|c| is(*c)).then_some(());
    let tables = match (of_letters(is_latin), of_letters(is_cyrillic)) {
        (Some(()), _) => latin::tables(&letters),
        (_, Some(())) => cyrillic::tables(&letters),
        _ if letters.iter().any(|c| is_latin(*c)) && letters.iter().any(|c| is_cyrillic(*c)) => {
            return Err(NoForms::Mixed);
        }
        _ => return Err(NoForms::Script),
    };
    if letters.iter().filter(|c| **c != '\'').count() < MIN_LETTERS {
        return Err(NoForms::Short);
    }
    let capitals = !word.chars().any(char::is_lowercase);
    let mut forms = vec![word.clone()];
    for class in tables.into_iter().filter_map(|table| first_that_fits(table, &letters)) {
        let stem: String =
            word.chars().take(letters.len() - class.ending.chars().count()).collect();
        for ending in class.forms.split_whitespace() {
            let ending = if ending == "∅" { "" } else { ending };
            let form = match capitals {
                true => format!("{stem}{}", ending.to_uppercase()),
                false => format!("{stem}{ending}"),
            };
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    if forms.len() == 1 { Err(NoForms::Ending) } else { Ok(forms) }
}

fn first_that_fits<'t>(table: &'t [Class], letters: &[char]) -> Option<&'t Class> {
    table.iter().find(|class| {
        let mut back = letters.iter().rev();
        class.ending.chars().rev().all(|c| back.next() == Some(&c))
            && back.next().is_some_and(|c| class.after.is_empty() || class.after.contains(*c))
            && (!class.after.starts_with('^') || back.next().is_none())
    })
}

/// A letter in lower case, one for one; every apostrophe as `'`.
fn plain(c: char) -> char {
    match c {
        '’' | 'ʼ' | '‘' | '`' | '´' | '′' => '\'',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

fn is_latin(c: char) -> bool {
    matches!(c, 'a'..='z' | '\u{df}'..='\u{24f}')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{430}'..='\u{45f}' | '\u{491}')
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
