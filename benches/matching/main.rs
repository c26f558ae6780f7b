//! How fast items are matched: MB/s of the text as it is written, on made-up English and Ukrainian
//! news, for the shipped rules, for a thousand and for ten thousand rules; beside aho-corasick on
//! text folded beforehand, and beside regexes; and whether the targets are met.
//!
//! `cargo bench --bench matching` measures made-up text; `cargo bench --bench matching -- FILE…`
//! measures files of text instead, cut into items at empty lines or after some 3,000 bytes. Each
//! round runs all ways over all items in turn; the table gives medians over the rounds of thread CPU
//! time, and of the ratios within a round, so that other work on the machine cancels out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::hint::black_box;
use std::{env, fs};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use rustix::time::{ClockId, clock_gettime};
use wirewatch::document::Document;
use wirewatch::model::{FeedId, Item, Problems};
use wirewatch::rules::{RuleSet, Scratch, Subject};

mod text;

use text::{Dice, ENGLISH, UKRAINIAN};

type Failure = Box<dyn Error>;

/// Rounds over all items.
const ROUNDS: usize = 31;
const ITEMS: usize = 120;
/// Regexes are far slower: they get fewer items and rounds, and so many regexes at the most.
const REGEX_ITEMS: usize = 4;
const REGEX_ROUNDS: usize = 3;
const MAX_REGEXES: usize = 1_000;

/// CPU time of this thread in nanoseconds.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    (time.tv_sec * 1_000_000_000 + time.tv_nsec) as f64
}

fn time(run: impl FnOnce()) -> f64 {
    let start = now();
    run();
    now() - start
}

/// As [`time`], of the second run: each way finds the caches as it left them itself.
fn time_warm(mut run: impl FnMut()) -> f64 {
    run();
    time(run)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Items of one kind of text.
struct Corpus {
    name: &'static str,
    items: Vec<Item>,
    bytes: usize,
}

impl Corpus {
    fn new(name: &'static str, items: Vec<Item>) -> Self {
        let bytes =
            items.iter().map(|item| fields(item).iter().map(|text| text.len()).sum::<usize>());
        Self { name, bytes: bytes.sum(), items }
    }

    /// MB/s, given the nanoseconds of each round.
    fn speed(&self, rounds: &[f64]) -> f64 {
        self.bytes as f64 * 1e3 / median(rounds.to_vec())
    }
}

fn fields(item: &Item) -> [&str; 3] {
    [&item.title, &item.summary, &item.content]
}

/// The median over the rounds of how many times faster the first is than the second.
fn ratio(one: &[f64], two: &[f64]) -> f64 {
    median(one.iter().zip(two).map(|(one, two)| two / one).collect())
}

#[derive(Default)]
struct Targets(Vec<(String, f64, f64)>);

impl Targets {
    fn note(&mut self, what: String, is: f64, wanted: f64) {
        self.0.push((what, is, wanted));
    }

    fn print(&self) {
        println!("\ntargets");
        for (what, is, wanted) in &self.0 {
            let met = if is >= wanted { "met" } else { "MISSED" };
            println!("{what:68} {is:8.3}, wanted {wanted:6.3}: {met}");
        }
    }
}

/// Folding beside copying and making small letters.
fn folding(corpus: &Corpus, targets: &mut Targets) {
    let mut scratch = Scratch::default();
    let mut buffer: Vec<u8> = Vec::new();
    let mut rounds: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        rounds[0].push(time_warm(|| {
            for item in &corpus.items {
                black_box(scratch.read(black_box(item)));
            }
        }));
        rounds[1].push(time_warm(|| {
            for item in &corpus.items {
                buffer.clear();
                for text in fields(black_box(item)) {
                    buffer.extend_from_slice(text.as_bytes());
                }
                black_box(&buffer);
            }
        }));
        rounds[2].push(time_warm(|| {
            for item in &corpus.items {
                for text in fields(black_box(item)) {
                    black_box(text.to_lowercase());
                }
            }
        }));
    }
    let [fold, copy, lower] = &rounds;
    println!(
        "\n{}: {} items, mean {} bytes",
        corpus.name,
        corpus.items.len(),
        corpus.bytes / corpus.items.len()
    );
    for (way, rounds) in [("memcpy", copy), ("to_lowercase", lower), ("fold", fold)] {
        println!("{way:44} {:10.1} MB/s", corpus.speed(rounds));
    }
    let of = |other: &str| format!("{}: folding / {other}", corpus.name);
    if corpus.name == "english" {
        targets.note(of("memcpy"), ratio(fold, copy), 0.125);
    } else {
        targets.note(of("to_lowercase"), ratio(fold, lower), 2.3);
    }
}

/// A set of rules, and the same for others.
struct Rules {
    name: String,
    set: RuleSet,
    terms: AhoCorasick,
    all_terms: AhoCorasick,
    regexes: Vec<Regex>,
    regex_set: Option<RegexSet>,
}

fn compile(name: &str, source: &str) -> Result<RuleSet, Failure> {
    let problems = Problems::default();
    let set = RuleSet::compile(&[Document::new(name, source)], &problems);
    set.ok_or_else(|| {
        problems.into_vec().iter().map(ToString::to_string).collect::<String>().into()
    })
}

/// The automatic kind.
fn automaton(terms: &[Vec<u8>]) -> Result<AhoCorasick, Failure> {
    Ok(AhoCorasick::builder().match_kind(MatchKind::Standard).build(terms)?)
}

impl Rules {
    fn new(name: &str, source: &str, patterns: &[String]) -> Result<Self, Failure> {
        let set = compile(name, source)?;
        let mut terms = set.folded_terms();
        let first = automaton(&terms)?;
        terms.extend(set.folded_context());
        let regex = |pattern: &String| {
            RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 26).build()
        };
        let regexes: Result<Vec<Regex>, _> = patterns.iter().take(MAX_REGEXES).map(regex).collect();
        let regex_set = RegexSetBuilder::new(patterns.iter().take(MAX_REGEXES))
            .case_insensitive(true)
            .size_limit(1 << 28)
            .build();
        Ok(Self {
            name: name.to_owned(),
            set,
            terms: first,
            all_terms: automaton(&terms)?,
            regexes: regexes?,
            regex_set: regex_set.ok(),
        })
    }

    fn measure(&self, corpus: &Corpus, targets: &mut Targets) {
        let mut scratch = Scratch::default();
        let folded: Vec<Vec<u8>> =
            corpus.items.iter().map(|item| scratch.read(item).to_vec()).collect();
        let mut read: Vec<Scratch> = Vec::new();
        for item in &corpus.items {
            let mut scratch = Scratch::default();
            scratch.read(item);
            read.push(scratch);
        }
        let feed = FeedId::new("bench");
        let mut rounds: [Vec<f64>; 4] = Default::default();
        let (mut found, mut fired, mut seen) = (0, 0, 0);
        for _ in 0..ROUNDS {
            (found, fired, seen) = (0, 0, 0);
            rounds[0].push(time(|| {
                for scratch in &mut read {
                    found += self.set.count_terms(black_box(scratch));
                }
            }));
            rounds[1].push(time(|| {
                for item in &corpus.items {
                    let subject = Subject { item: black_box(item), feed: &feed, feed_tags: &[] };
                    let rules = self.set.matches_with(&subject, &mut scratch);
                    fired += usize::from(!rules.is_empty());
                }
            }));
            for (at, automaton) in [(2, &self.terms), (3, &self.all_terms)] {
                rounds[at].push(time(|| {
                    for text in &folded {
                        seen += automaton.find_overlapping_iter(black_box(text)).count();
                    }
                }));
            }
        }
        let [find, whole, terms, all_terms] = &rounds;
        println!(
            "\n{}, {}: {} and {} spellings, {found} found, {fired} items fire (automata: {seen} substrings)",
            self.name,
            corpus.name,
            self.terms.patterns_len(),
            self.all_terms.patterns_len() - self.terms.patterns_len(),
        );
        let ways = [
            ("find, on folded text", find),
            ("aho-corasick, the same terms, on folded text", terms),
            ("whole item: fold, find, decide", whole),
            ("aho-corasick, all terms, on folded text", all_terms),
        ];
        for (way, rounds) in ways {
            println!("{way:44} {:10.1} MB/s", corpus.speed(rounds));
        }
        self.measure_regexes(corpus);
        let wanted = match self.set.rules().len() {
            0..100 => 1.0,
            100..5000 => 5.0,
            _ => 3.0,
        };
        let of = |what: &str| format!("{}, {}: {what}", self.name, corpus.name);
        targets.note(of("finding / aho-corasick"), ratio(find, terms), wanted);
        targets.note(of("whole item / aho-corasick alone, same terms"), ratio(whole, terms), 1.0);
        targets.note(
            of("whole item / aho-corasick alone, all terms"),
            ratio(whole, all_terms),
            1.0,
        );
    }

    fn measure_regexes(&self, corpus: &Corpus) {
        let items = &corpus.items[..REGEX_ITEMS.min(corpus.items.len())];
        let bytes: usize = items
            .iter()
            .map(|item| fields(item).iter().map(|text| text.len()).sum::<usize>())
            .sum();
        let mut rounds: [Vec<f64>; 2] = Default::default();
        for _ in 0..REGEX_ROUNDS {
            rounds[0].push(time(|| {
                for text in items.iter().flat_map(fields) {
                    black_box(self.regexes.iter().filter(|regex| regex.is_match(text)).count());
                }
            }));
            if let Some(set) = &self.regex_set {
                rounds[1].push(time(|| {
                    for text in items.iter().flat_map(fields) {
                        black_box(set.matches(text).iter().count());
                    }
                }));
            }
        }
        for (way, rounds) in ["a loop of", "a RegexSet of"].iter().zip(rounds) {
            let way = format!("{way} {} regexes, on text as it is", self.regexes.len());
            println!("{way:44} {:10.3} MB/s", bytes as f64 * 1e3 / median(rounds));
        }
    }
}

/// Names in two languages, by turns.
fn names(count: usize) -> Vec<String> {
    let mut dice = Dice::new(42);
    let mut names: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    while names.len() < count {
        let language = if names.len().is_multiple_of(2) { &ENGLISH } else { &UKRAINIAN };
        let name = language.name(&mut dice);
        if known.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}

fn regexes(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!(r"\b{name}\b")).collect()
}

fn corpora(names: &[String]) -> Result<Vec<Corpus>, Failure> {
    let files: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if files.is_empty() {
        let of =
            |odd: usize| -> Vec<String> { names.iter().skip(odd).step_by(2).cloned().collect() };
        return Ok(vec![
            Corpus::new("english", ENGLISH.items(ITEMS, &of(0))),
            Corpus::new("cyrillic", UKRAINIAN.items(ITEMS, &of(1))),
        ]);
    }
    let read = |file: String| -> Result<Corpus, Failure> {
        let text = fs::read_to_string(file)?;
        let mut items: Vec<Item> = Vec::new();
        let mut content = String::new();
        for line in text.lines() {
            content.push_str(line);
            content.push('\n');
            if content.len() > 3000 || (line.is_empty() && content.len() > 1) {
                items.push(Item { content: std::mem::take(&mut content), ..Item::default() });
            }
        }
        items.truncate(20 * ITEMS);
        let name = if text.is_ascii() || text.len() < text.chars().count() * 5 / 4 {
            "english"
        } else {
            "cyrillic"
        };
        Ok(Corpus::new(name, items))
    };
    files.into_iter().map(read).collect()
}

fn main() -> Result<(), Failure> {
    let names = names(100_000);
    let corpora = corpora(&names)?;
    let mut targets = Targets::default();
    for corpus in &corpora {
        folding(corpus, &mut targets);
    }
    let pack =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/rules/ukraine.toml"))?;
    let some = |of: usize| -> Vec<String> {
        names.iter().step_by(names.len() / of).take(of).cloned().collect()
    };
    let many = |rules: usize| text::rules(rules, &names);
    let sets = [
        Rules::new("the pack", &pack, &regexes(&some(54)))?,
        Rules::new("1,000 rules", &many(1_000), &regexes(&names[..1_000]))?,
        Rules::new("10,000 rules", &many(10_000), &regexes(&names[..10_000]))?,
    ];
    for set in &sets {
        for corpus in &corpora {
            set.measure(corpus, &mut targets);
        }
    }
    let source = many(10_000);
    let builds = (0..7).map(|_| time(|| drop(black_box(compile("10,000 rules", &source)))));
    let build = median(builds.collect()) / 1e6;
    println!("\n10,000 rules of {} kB read and built in {build:.1} ms", source.len() / 1000);
    targets.note(
        "building 10,000 rules, TOML included: 100 ms / time".to_owned(),
        100.0 / build,
        1.0,
    );
    targets.print();
    Ok(())
}
