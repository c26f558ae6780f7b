//! MB/s from bytes to items: each reader alone and both in turn, beside quick-xml's bare event
//! loop and feed-rs by itself.
//!
//! `cargo bench --bench reading` measures made-up documents; `cargo bench --bench reading -- DIR`
//! measures the files of a directory. Each pass reads all documents once by each way in turn; the
//! table gives the median over the passes of thread CPU time, and of the ratios within a pass, so
//! that other work on the machine cancels out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::hint::black_box;
use std::{env, fs};

use quick_xml::events::Event;
use rustix::time::{ClockId, clock_gettime};
use wirewatch::parse::{Input, Reader, decode, parse_in_order};

mod documents;

/// Passes over all documents when measuring.
const PASSES: usize = 41;

/// A document as it comes, and as text where it is UTF-8: the bare loop is given text.
struct Source {
    bytes: Vec<u8>,
    text: Option<String>,
}

impl Source {
    fn new(bytes: Vec<u8>) -> Self {
        Self { text: String::from_utf8(bytes.clone()).ok(), bytes }
    }
}

type Way = (&'static str, fn(&Source) -> bool);

/// The ways to read a document; each says whether it could.
const WAYS: [Way; 7] = [
    ("quick-xml, events only", events),
    ("charset", |source| !decode(&source.bytes, None).text.is_empty()),
    ("feed-rs by itself", |source| feed_rs::parser::parse(&*source.bytes).is_ok()),
    ("feed-rs, guarded", |source| read(&[Reader::FeedRs], source)),
    ("lenient", |source| read(&[Reader::Lenient], source)),
    ("both, feed-rs first", |source| read(&[Reader::FeedRs, Reader::Lenient], source)),
    ("both, lenient first", |source| read(&[Reader::Lenient, Reader::FeedRs], source)),
];
/// Places in [`WAYS`] that others are compared with.
const BARE: usize = 0;
const FEED_RS: usize = 2;

fn read(order: &[Reader], source: &Source) -> bool {
    let input = Input { bytes: &source.bytes, content_type: None, url: None };
    black_box(parse_in_order(order, &input)).is_ok()
}

fn events(source: &Source) -> bool {
    let Some(text) = &source.text else { return false };
    let mut reader = quick_xml::Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return true,
            Ok(event) => drop(black_box(event)),
            Err(_) => return false,
        }
    }
}

/// CPU time of this thread in nanoseconds.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    (time.tv_sec * 1_000_000_000 + time.tv_nsec) as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures all ways over the documents and prints a table.
fn measure(name: &str, documents: &[Source], passes: usize) {
    let bytes: usize = documents.iter().map(|source| source.bytes.len()).sum();
    println!(
        "\n{name}: {} documents, mean {:.1} kB, {passes} passes",
        documents.len(),
        bytes as f64 / documents.len() as f64 / 1e3
    );
    println!(
        "{:24} {:>8} {:>6} {:>12} {:>14}",
        "", "MB/s", "read", "of bare loop", "time, feed-rs"
    );
    let mut times: Vec<[f64; WAYS.len()]> = Vec::new();
    let mut reads = [0; WAYS.len()];
    for _ in 0..passes {
        let mut pass = [0.0; WAYS.len()];
        for document in documents {
            for (way, (_, run)) in WAYS.iter().enumerate() {
                let start = now();
                reads[way] += usize::from(run(black_box(document)));
                pass[way] += now() - start;
            }
        }
        times.push(pass);
    }
    for (way, (label, _)) in WAYS.iter().enumerate() {
        let over = |of: &dyn Fn(&[f64; WAYS.len()]) -> f64| median(times.iter().map(of).collect());
        println!(
            "{label:24} {:8.1} {:6} {:12.3} {:14.3}",
            bytes as f64 * 1e3 / over(&|pass| pass[way]),
            reads[way] / passes,
            over(&|pass| pass[BARE] / pass[way]),
            over(&|pass| pass[way] / pass[FEED_RS]),
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let passes = if arguments.iter().any(|argument| argument == "--bench") { PASSES } else { 1 };
    if let Some(directory) = arguments.iter().find(|argument| !argument.starts_with('-')) {
        let mut documents = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_file() {
                documents.push(Source::new(fs::read(path)?));
            }
        }
        measure(directory, &documents, passes);
        return Ok(());
    }
    for (name, documents) in [("sound", documents::sound()), ("broken", documents::broken())] {
        if env::var_os("BENCH_EACH").is_some() {
            for document in &documents {
                measure(&document.name, &[Source::new(document.text.clone().into_bytes())], passes);
            }
        }
        let documents: Vec<Source> =
            documents.into_iter().map(|document| Source::new(document.text.into_bytes())).collect();
        measure(name, &documents, passes);
    }
    Ok(())
}
