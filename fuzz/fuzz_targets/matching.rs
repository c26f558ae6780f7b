//! Arbitrary text against rules, up to a line that is `---` as the title and what follows as the
//! summary. Nothing panics, hits are slices of the text that stand where they say, a second run with
//! the same buffers gives the same, and the rules that fire are those that a slow search through the
//! folded words finds.

#![no_main]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wirewatch::document::Document;
use wirewatch::model::{FeedId, Field, Item, Problems};
use wirewatch::rules::{RuleSet, Scratch, Subject};

/// Each is the only term of a rule. None has an apostrophe or another mark: in these, the gaps of
/// the text are all spaces.
const TERMS: [&str; 12] = [
    "Sumy",
    "Харків",
    "stand with Ukraine",
    "Trump Tower",
    "Trump*",
    "у Харкові",
    "international atomic energy agency",
    "international* agency",
    "the the the",
    "Žbogar",
    "G7",
    "Σούμι",
];

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let rule = |(number, term): (usize, &&str)| {
        format!("[[rule]]\nid = \"r{number}\"\nany = [\"{term}\"]\n")
    };
    let mut text: String = TERMS.iter().enumerate().map(rule).collect();
    text.push_str(
        "[[rule]]\nid = \"more\"\nany = [\"=Sumy\", \"cease-fire*\", \"м'ята\", \"泽连斯基\", \"U.S.\"]\n\
         with = [\"trump\", \"Харк{ів,ові}\"]\nwithin = 5\nexcept = [\"Sumy Jo\"]\nnone = [\"opera\"]\n",
    );
    RuleSet::compile(&[Document::new("fuzz", text)], &Problems::default()).expect("sound rules")
});

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fn is_word(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z' | 0x80..)
}

/// The words of folded text, each with whether it is a space that stands before it.
fn words(folded: &[u8]) -> Vec<(&[u8], bool)> {
    let mut words = Vec::new();
    let mut rest = folded;
    while let Some(start) = rest.iter().position(|byte| is_word(*byte)) {
        let end = rest[start..].iter().position(|byte| !is_word(*byte));
        let end = end.map_or(rest.len(), |len| start + len);
        words.push((&rest[start..end], is_space(&rest[..start])));
        rest = &rest[end..];
    }
    words
}

fn is_space(gap: &[u8]) -> bool {
    let plain = |byte: &u8| *byte < b' ' || *byte == 0x7f || b" -\"()[]{}_#@*<>'`SJ".contains(byte);
    match gap {
        b"D" => true,
        b"'" | b"`" | b"J" | b"" => false,
        gap => gap.iter().all(plain),
    }
}

fn item(title: &str, summary: &str) -> Item {
    Item { title: title.into(), summary: summary.into(), ..Item::default() }
}

fn stands(term: &str, text: &[(&[u8], bool)]) -> bool {
    let (term, open) = term.strip_suffix('*').map_or((term, false), |stem| (stem, true));
    let parts: Vec<(Vec<u8>, bool)> = term
        .split(' ')
        .map(|word| {
            let (word, inner) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
            let folded = Scratch::default().read(&item(word, "")).to_vec();
            (words(&folded)[0].0.to_vec(), inner)
        })
        .collect();
    text.windows(parts.len()).any(|window| {
        window.iter().zip(&parts).enumerate().all(|(at, ((word, space), (part, inner)))| {
            let last = at + 1 == parts.len();
            let fits = if *inner || (open && last) { word.starts_with(part) } else { word == part };
            fits && (at == 0 || *space)
        })
    })
}

fuzz_target!(|text: &str| {
    let (title, summary) = text.split_once("\n---\n").unwrap_or((text, ""));
    let item = item(title, summary);
    let feed = FeedId::new("fuzz");
    let subject = Subject { item: &item, feed: &feed, feed_tags: &[] };
    let fresh = RULES.matches(&subject);
    let again = SCRATCH.with_borrow_mut(|scratch| RULES.matches_with(&subject, scratch));
    assert_eq!(fresh, again);
    for hit in fresh.iter().flat_map(|rule| &rule.matches) {
        let text = item.field(hit.field);
        assert_eq!(text.get(hit.start..hit.end), Some(hit.text.as_str()));
        assert!(!hit.text.is_empty() && hit.field != Field::Content);
    }
    let folded = SCRATCH.with_borrow_mut(|scratch| scratch.read(&item).to_vec());
    let words = words(&folded);
    let want: BTreeSet<String> = TERMS
        .iter()
        .enumerate()
        .filter(|(_, term)| stands(term, &words))
        .map(|(number, _)| format!("r{number}"))
        .collect();
    let is: BTreeSet<String> =
        fresh.iter().map(|rule| rule.id.to_string()).filter(|id| id != "more").collect();
    assert_eq!(is, want);
});
