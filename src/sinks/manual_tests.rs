//! `docs/sinks.md`, made from what the code says of itself: the doc comments of the config types,
//! the summaries and the examples of the kinds.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use super::tests::context;
use super::*;
use crate::document::Document;
use crate::model::Problems;

const INTRODUCTION: &str = include_str!("manual.md");

/// A type with its doc comment and those of its fields, as they stand in a source file.
struct Described {
    text: String,
    fields: Vec<(String, String)>,
}

fn source(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first type in `source` whose name passes `is_it`.
fn describe(source: &str, is_it: impl Fn(&str) -> bool) -> Described {
    let mut doc: Vec<&str> = Vec::new();
    let mut found: Option<Described> = None;
    for line in source.lines() {
        let line = line.trim();
        if let Some(words) = line.strip_prefix("///") {
            doc.push(words.strip_prefix(' ').unwrap_or(words));
            continue;
        }
        if line.starts_with("#[") {
            continue;
        }
        let bare =
            line.trim_start_matches("pub(super) ").trim_start_matches("pub(in crate::sinks) ");
        let bare = bare.trim_start_matches("pub ");
        match &mut found {
            None => {
                let name = bare.strip_prefix("struct ").map(|rest| {
                    rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
                });
                if name.is_some_and(&is_it) {
                    let described = Described { text: paragraphs(&doc), fields: Vec::new() };
                    if line.ends_with(';') {
                        return described;
                    }
                    found = Some(described);
                }
            }
            Some(_) if line == "}" => break,
            Some(described) => {
                if let Some((name, _)) = bare.split_once(": ") {
                    described.fields.push((name.to_owned(), paragraphs(&doc)));
                }
            }
        }
        doc.clear();
    }
    found.expect("there is such a type")
}

/// Lines of a doc comment as Markdown, a line for each paragraph and list item.
fn paragraphs(doc: &[&str]) -> String {
    let mut text = String::new();
    for line in doc {
        match line.trim() {
            "" => text.push_str("\n\n"),
            item if item.starts_with("- ") => {
                text.push_str(if text.ends_with("\n\n") { "" } else { "\n" });
                text.push_str(item);
            }
            words => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push(' ');
                }
                text.push_str(words);
            }
        }
    }
    // Links between types mean nothing here.
    text.replace("[`", "`").replace("`]", "`")
}

/// What stands between backticks in `text`, up to its first space; of `[sink.x]` the `x`.
fn quoted(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let words = quoted.filter_map(|code| code.split(' ').next());
    words.map(|word| word.trim_start_matches("[sink.").trim_end_matches(']').to_owned()).collect()
}

/// The fields of `described` that tell of keys, as a list.
fn list(described: &Described, keys: &BTreeSet<String>, manual: &mut String) {
    for (_, text) in &described.fields {
        if !quoted(text).is_disjoint(keys) {
            let _ = writeln!(manual, "- {}", text.replace("\n\n", "\n\n  "));
        }
    }
}

/// The keys that a sink of `kind` asks for, as it says when it is given another.
fn asked(kind: &Kind, keys: &str) -> BTreeSet<String> {
    let text = format!("[[sink]]\nkind = \"{}\"\n{keys}\nqqqqqqqqqqqqqqqqqqqq = 1\n", kind.name);
    let (_, problems) = read(&text, Path::new("/nowhere"));
    let known = problems.iter().find_map(|problem| problem.split_once("known keys: "));
    let (_, known) = known.unwrap_or_else(|| panic!("{}: {problems:?}", kind.name));
    known.trim().split(", ").map(str::to_owned).collect()
}

fn all_keys(kind: &Kind) -> BTreeSet<String> {
    let ways: &[&str] = match kind.name {
        "webhook" => &["", "preset = \"slack\"", "preset = \"alertmanager\""],
        _ => &[""],
    };
    ways.iter().flat_map(|way| asked(kind, way)).collect()
}

/// As in a service's config that is looked at from outside.
fn read(text: &str, base: &Path) -> (Vec<SinkSpec>, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let vault = Vault { folder: base.to_owned(), from_outside: true, ..Vault::default() };
    let specs = SinkSpec::read_all(&mut root, &Around { vault, ..Around::default() });
    root.finish();
    (specs, problems.into_vec().iter().map(ToString::to_string).collect())
}

struct Common {
    /// Of every sink.
    all: Vec<Described>,
    quiet: Described,
    http: Described,
}

fn common() -> Common {
    let sinks = source("sinks/mod.rs");
    Common {
        all: vec![
            describe(&sinks, |name| name == "SinkSpec"),
            describe(&sinks, |name| name == "Filter"),
            describe(&source("pace.rs"), |name| name == "Pacing"),
        ],
        quiet: describe(&source("pace/quiet.rs"), |name| name == "Quiet"),
        http: describe(&source("sinks/http/keys.rs"), |name| name == "HttpKeys"),
    }
}

/// The keys that every kind asks for.
fn shared() -> BTreeSet<String> {
    let mut shared = all_keys(&KINDS[0]);
    for kind in KINDS {
        shared = shared.intersection(&all_keys(kind)).cloned().collect();
    }
    // Asked for only where alerts become messages.
    shared.extend(["concurrency", "max_per_minute", "group_for", "quiet"].map(str::to_owned));
    shared
}

fn fields(manual: &mut String) {
    let file = source("sinks/message.rs");
    let type_of = |name: &str| describe(&file, |own| own == name);
    for (prefix, name) in [("", "Message"), ("alert.", "Entry")] {
        for (field, text) in &type_of(name).fields {
            let _ = writeln!(manual, "| `{prefix}{field}` | {text} |");
        }
    }
    let parts = [
        ("alert.feed", "Feed"),
        ("alert.item", "Item"),
        ("alert.health", "Health"),
        ("each of alert.rules", "Rule"),
        ("each of its matches", "Hit"),
    ];
    for (place, name) in parts {
        let names: Vec<String> =
            type_of(name).fields.iter().map(|(field, _)| format!("`{field}`")).collect();
        let _ = writeln!(manual, "| {place} | {} |", names.join(", "));
    }
}

fn chapter(kind: &Kind, shared: &BTreeSet<String>, manual: &mut String) {
    let described =
        describe(&source(&format!("sinks/{}.rs", kind.name)), |name| name.ends_with("Config"));
    let folder = tempfile::tempdir().unwrap();
    let (specs, problems) = read(kind.example, folder.path());
    assert_eq!(problems, Vec::<String>::new());
    let most = specs[0].build(&context(None)).unwrap().max_batch();
    let shape = match kind.shape {
        Shape::Lines => "It takes each alert by itself.".to_owned(),
        Shape::Messages { per_minute } => {
            let rate = per_minute.map(|most| format!("; unless told otherwise, {most} a minute"));
            format!("It sends messages, each of up to {most} alerts{}.", rate.unwrap_or_default())
        }
    };
    let _ = write!(manual, "\n## `{}`\n\n{}\n\n{shape}\n", kind.name, described.text);
    let own: BTreeSet<String> = all_keys(kind).difference(shared).cloned().collect();
    let mut keys = String::from("\n");
    list(&described, &own, &mut keys);
    if !own.is_empty() {
        manual.push_str(&keys);
    }
    let _ = write!(manual, "\n```toml\n{}```\n", kind.example);
}

fn manual() -> String {
    let Common { all, quiet, http } = common();
    let shared = shared();
    let mut text = INTRODUCTION.to_owned();
    let mut put = |mark: &str, part: String| {
        assert_eq!(text.matches(mark).count(), 1, "{mark}");
        text = text.replace(mark, part.trim_end());
    };
    let kinds =
        KINDS.iter().map(|kind| format!("| [`{0}`](#{0}) | {1} |\n", kind.name, kind.summary));
    put("{{kinds}}", kinds.collect());
    let mut keys = String::new();
    for described in &all {
        list(described, &shared, &mut keys);
    }
    put("{{keys}}", keys);
    let mut keys = String::new();
    list(&quiet, &quoted("`from` `to` `zone` `days` `through`"), &mut keys);
    put("{{quiet}}", format!("{}\n\n{keys}", quiet.text));
    let mut keys = String::new();
    list(&http, &quoted("`timeout` `headers` `proxy`"), &mut keys);
    put("{{http}}", keys);
    let mut table = String::new();
    fields(&mut table);
    put("{{fields}}", table);
    for kind in KINDS {
        chapter(kind, &shared, &mut text);
    }
    text
}

#[test]
fn the_manual_says_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sinks.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, manual()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap();
    assert_eq!(written, manual(), "run the tests once with UPDATE_DOCS=1");
}

#[test]
fn each_key_is_described_and_each_that_is_described_is_there() {
    let shared = shared();
    let Common { all, http, .. } = common();
    let told: BTreeSet<String> =
        all.iter().flat_map(|part| &part.fields).flat_map(|(_, text)| quoted(text)).collect();
    for key in &shared {
        assert!(told.contains(key), "`{key}` of every sink is not described");
    }
    let of_http: String = http.fields.iter().map(|(_, text)| text.as_str()).collect();
    for key in ["timeout", "headers", "proxy", "http1_only", "ca_file"] {
        assert!(quoted(&of_http).contains(key), "`{key}` of sinks over HTTP is not described");
    }
    for kind in KINDS {
        let file = source(&format!("sinks/{}.rs", kind.name));
        let described = describe(&file, |name| name.ends_with("Config"));
        let keys = all_keys(kind);
        let texts = described.fields.iter().map(|(_, text)| text.as_str());
        let told: BTreeSet<String> = texts.clone().flat_map(quoted).collect();
        for key in keys.difference(&shared) {
            assert!(told.contains(key), "`{key}` of {} is not described", kind.name);
        }
        // A description begins with the key that it is of.
        for text in texts.filter(|text| text.starts_with('`')) {
            let key = text.split(['`', ' ']).nth(1).unwrap();
            assert!(keys.contains(key), "{} has no `{key}`", kind.name);
        }
    }
}

/// The sinks that a document shows.
fn examples(text: &str) -> Vec<&str> {
    let blocks = text.split("```toml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("[[sink]]")).collect()
}

#[test]
fn every_example_in_the_documents_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let (readme, install) = (file("README.md"), file("docs/install.md"));
    let manual = manual();
    assert!(examples(&manual).len() > KINDS.len());
    for block in [&manual, &readme, &install].into_iter().flat_map(|text| examples(text)) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("secrets")).unwrap();
        fs::write(folder.path().join("secrets/smtp"), "example\n").unwrap();
        let (specs, problems) = read(block, folder.path());
        assert_eq!(problems, Vec::<String>::new(), "{block}");
        assert_eq!(specs.len(), block.matches("[[sink]]").count());
    }
    for kind in KINDS {
        assert!(readme.contains(&format!("`{}`", kind.name)), "README.md: {}", kind.name);
    }
}
