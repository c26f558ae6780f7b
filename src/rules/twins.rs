//! Letters of different scripts that look the same.

/// The scripts whose letters are taken for one another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Greek,
    Cyrillic,
}

/// Latin, Cyrillic and Greek letters that look the same, at least as capitals; `-` for none.
const TWINS: [[char; 3]; 19] = [
    ['a', 'а', 'α'],
    ['b', 'в', 'β'],
    ['c', 'с', '-'],
    ['e', 'е', 'ε'],
    ['h', 'н', '-'],
    ['i', 'і', 'ι'],
    ['j', 'ј', '-'],
    ['k', 'к', 'κ'],
    ['m', 'м', 'μ'],
    ['n', '-', 'η'],
    ['o', 'о', 'ο'],
    ['p', 'р', 'ρ'],
    ['s', 'ѕ', '-'],
    ['t', 'т', 'τ'],
    ['u', '-', 'υ'],
    ['v', '-', 'ν'],
    ['x', 'х', 'χ'],
    ['y', 'у', 'γ'],
    ['z', '-', 'ζ'],
];

/// Those of Latin and Cyrillic that look the same as small letters, too; of the others only capitals
/// do.
const SMALL_TWINS: [[char; 2]; 10] = [
    ['a', 'а'],
    ['c', 'с'],
    ['e', 'е'],
    ['i', 'і'],
    ['j', 'ј'],
    ['o', 'о'],
    ['p', 'р'],
    ['s', 'ѕ'],
    ['x', 'х'],
    ['y', 'у'],
];

/// The script of a letter, if it is one of the three.
pub(super) fn script(c: char) -> Option<Script> {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}'
            if c.is_alphabetic() =>
        {
            Some(Script::Latin)
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::Greek),
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        _ => None,
    }
}

/// The letter of `to` that looks like `c`, which is of another script; a capital for a capital.
pub(super) fn twin(c: char, to: Script) -> Option<char> {
    let column = |script: Script| match script {
        Script::Latin => 0,
        Script::Cyrillic => 1,
        Script::Greek => 2,
    };
    let from = column(script(c)?);
    let small = c.to_lowercase().next()?;
    let row = TWINS.iter().find(|row| row[from] == small)?;
    let twin = Some(row[column(to)]).filter(|twin| *twin != '-')?;
    if c.is_uppercase() { twin.to_uppercase().next() } else { Some(twin) }
}

/// What to make of a word that mixes scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mix {
    /// It does not.
    Pure,
    /// Read it in this script, in which every letter of the others has a twin.
    Read(Script),
    /// There is no such script.
    Motley,
}

/// Looks at the letters of a word. If it can be read in several scripts, it is one in which the
/// strays look the same as small letters, but for the first, which may be a capital: `Xapкiв` is
/// Cyrillic, for no Latin letter looks like a small в. Capitals are not looked at, so that a word is
/// read the same in any. Of several, it is that with the most letters; Cyrillic of equals.
pub(super) fn mix(letters: impl Iterator<Item = char>) -> Mix {
    const HOMES: [Script; 3] = [Script::Greek, Script::Latin, Script::Cyrillic];
    let mut count = [0_usize; 3];
    let mut fits = [true; 3];
    let mut fits_small = [true; 3];
    let mut foreign = false;
    for (number, c) in letters.filter(|c| c.is_alphabetic()).enumerate() {
        let own = script(c);
        foreign |= own.is_none();
        for (at, home) in HOMES.into_iter().enumerate() {
            count[at] += usize::from(own == Some(home));
            fits[at] &= own == Some(home) || twin(c, home).is_some();
            fits_small[at] &= own == Some(home) || number == 0 || looks_same_small(c, home);
        }
    }
    if count.iter().filter(|count| **count > 0).count() < 2 {
        return Mix::Pure;
    }
    let homes = (0..3).filter(|at| fits[*at] && count[*at] > 0 && !foreign);
    homes
        .max_by_key(|at| (fits_small[*at], count[*at]))
        .map_or(Mix::Motley, |at| Mix::Read(HOMES[at]))
}

/// Whether the twin of `c` in `to` looks like it as a small letter, too.
fn looks_same_small(c: char, to: Script) -> bool {
    let Some(small) = c.to_lowercase().next() else { return false };
    match (script(c), to) {
        (Some(Script::Latin), Script::Cyrillic) => SMALL_TWINS.iter().any(|row| row[0] == small),
        (Some(Script::Cyrillic), Script::Latin) => SMALL_TWINS.iter().any(|row| row[1] == small),
        _ => true,
    }
}
