//! Folded text word by word, with places: for terms, and for those who explain.

use std::ops::Range;

use super::super::letters::exact;
use super::alphabet::decode;
use super::gap::Gap;
use super::places::Map;
use super::text::Text;

/// A text in folded words.
#[derive(Debug)]
pub(crate) struct Folded<'a> {
    source: &'a str,
    text: Text,
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

impl<'a> Folded<'a> {
    /// Folds `source`.
    pub(crate) fn new(source: &'a str) -> Self {
        let (mut text, mut map) = (Text::default(), Map::default());
        text.fold([source]);
        text.fold_with([source], &mut map);
        text.split();
        text.number_words();
        let (mut letters, mut words) = (String::new(), Vec::new());
        let mut past = 0;
        while let Some(start) = text.next_word(past) {
            let end = text.word_end(start);
            let first = letters.len();
            let mut rest = &text.bytes()[start..end];
            while let Some((c, len)) = decode(rest) {
                letters.push(c);
                rest = &rest[len..];
            }
            words.push(Word {
                letters: first..letters.len(),
                source: map.span(start, end, source),
                gap: text.gap(past, start),
            });
            past = end;
        }
        Self { source, text, letters, words }
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The folded letters of a word.
    pub(crate) fn letters(&self, word: usize) -> &str {
        self.words.get(word).map_or("", |word| &self.letters[word.letters.clone()])
    }

    /// What stands before a word.
    pub(crate) fn gap(&self, word: usize) -> Gap {
        self.words.get(word).map_or(Gap::Stop, |word| word.gap)
    }

    /// The bytes of the text from one word to another, both included.
    pub(crate) fn span(&self, first: usize, last: usize) -> Range<usize> {
        match (self.words.get(first), self.words.get(last)) {
            (Some(first), Some(last)) if first.source.start <= last.source.end => {
                first.source.start..last.source.end
            }
            _ => 0..0,
        }
    }

    /// The letters of a word with capitals and accents kept, for terms where these count.
    pub(crate) fn exact(&self, word: usize) -> Vec<char> {
        exact(self.source(word))
    }

    /// A word as it is written.
    pub(crate) fn source(&self, word: usize) -> &'a str {
        &self.source[self.span(word, word)]
    }

    /// The folded bytes.
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }
}
