//! The most frequent words of the languages that rules are written in, so that no phrase is looked
//! for at each of them. A word more or less here changes the speed and nothing else.

use std::collections::HashSet;

use crate::rules::fold::Folded;

const WORDS: &str = include_str!("common.txt");

/// The words, folded.
pub(super) fn words() -> HashSet<String> {
    let folded = Folded::new(WORDS);
    (0..folded.len()).map(|word| folded.letters(word).to_owned()).collect()
}
