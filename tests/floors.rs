//! Holds the house up: a module uses only lower floors, neighbours do not know each other, and no
//! file grows past what can be read in one go. `ARCHITECTURE.md` says why.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules and their floors.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["model"]),
    (1, &["document", "observe", "guard"]),
    (2, &["config", "parse", "rules", "novelty", "schedule", "retry", "render"]),
    (3, &["net"]),
    (4, &["fetch", "store", "sinks"]),
    (5, &["engine"]),
    (6, &["app", "lifecycle"]),
    (7, &["cli", "demo", "main"]),
];

/// Modules of one floor that may know each other: who, whom, why.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("main", "cli", "main only hands the arguments over"),
    ("cli", "demo", "the verb `demo` opens the newsroom"),
];

/// Tests may look anywhere below this floor.
const TESTS_BELOW: u8 = 6;

/// Lines a file may have, its tests not counted.
const MAX_LINES: usize = 400;

#[test]
fn every_module_uses_lower_floors_only_and_no_file_is_too_long() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    let files = rust_files(&src);
    assert!(files.len() > 10, "the sources were found");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        faults.extend(check(path.strip_prefix(&src).unwrap(), &text));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_map_lists_the_modules_in_floor_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(path).unwrap();
    let listed: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(|name| (floor(name).unwrap_or_else(|| panic!("{name} is on no floor")), name))
        .collect();
    assert!(listed.len() > 2 && listed.is_sorted_by_key(|(floor, _)| *floor), "{listed:?}");
}

/// What is wrong with the file at `path` (from `src/`), one line for each fault.
fn check(path: &Path, text: &str) -> Vec<String> {
    let shown = path.display();
    let mut parts: Vec<_> =
        path.with_extension("").iter().map(|p| p.display().to_string()).collect();
    let is_tests = parts.iter().skip(1).any(|part| part == "tests" || part.ends_with("_tests"))
        || parts[0].ends_with("_tests");
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let module = parts[0].trim_end_matches("_tests").to_owned();
    if module == "lib" {
        return Vec::new();
    }
    let Some(own) = floor(&module) else {
        return vec![format!("src/{shown}: `{module}` is on no floor; add it to tests/floors.rs")];
    };
    let tokens = tokens(text);
    let mut faults = Vec::new();
    let mut test_lines = 0;
    for reference in references(&tokens, parts.len(), &mut test_lines) {
        let Reference { to, line, in_test } = reference;
        let Some(other) = floor(&to) else {
            faults.push(format!("src/{shown}:{line}: `{to}` is on no floor"));
            continue;
        };
        let listed = NEIGHBOURS.iter().any(|(who, whom, _)| *who == module && *whom == to);
        let test_may = (in_test || is_tests) && other < TESTS_BELOW;
        if to != module && other >= own && !listed && !test_may {
            faults.push(format!(
                "src/{shown}:{line}: `{module}` (floor {own}) must not use `{to}` (floor {other})"
            ));
        }
    }
    let lines = text.lines().count() - test_lines;
    if !is_tests && lines > MAX_LINES {
        faults.push(format!("src/{shown}: {lines} lines without tests, {MAX_LINES} are allowed"));
    }
    faults
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A mention of one of the crate's modules.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    to: String,
    line: usize,
    in_test: bool,
}

/// The modules of the crate that a file `depth` modules deep mentions by `crate::…`,
/// `wirewatch::…` or enough `super::…`. Adds the lines of its `#[cfg(test)]` items to
/// `test_lines`.
fn references(tokens: &[Token], depth: usize, test_lines: &mut usize) -> Vec<Reference> {
    let mut found = Vec::new();
    let (mut braces, mut inline, mut test_until) = (0, Vec::new(), 0);
    let mut at = 0;
    while at < tokens.len() {
        if at >= test_until && is_cfg_test(&tokens[at..]) {
            test_until = item_end(tokens, at);
            *test_lines += tokens[test_until - 1].line - tokens[at].line + 1;
        }
        match tokens[at].text.as_str() {
            "{" => {
                if at >= 2 && tokens[at - 2].text == "mod" {
                    inline.push(braces);
                }
                braces += 1;
            }
            "}" => {
                braces -= 1;
                inline.pop_if(|opened| *opened == braces);
            }
            _ => {}
        }
        if let Some(path) = crate_path(&tokens[at..], depth + inline.len()) {
            let line = tokens[at].line;
            for to in first_names(&tokens[at + path..]) {
                found.push(Reference { to, line, in_test: at < test_until });
            }
            at += path;
        } else {
            at += 1;
        }
    }
    found
}

/// The number of tokens of a path's beginning that leads to the crate's root, `::` included.
fn crate_path(tokens: &[Token], depth: usize) -> Option<usize> {
    let word = |at: usize| tokens.get(at).map(|token| token.text.as_str());
    let step = |at: usize, name: &str| word(at) == Some(name) && word(at + 1) == Some("::");
    if step(0, "crate") || step(0, "wirewatch") {
        return Some(2);
    }
    let mut supers = usize::from(step(0, "self"));
    let own = supers;
    while step(2 * supers, "super") {
        supers += 1;
    }
    (supers - own >= depth && supers > own).then_some(2 * supers)
}

/// The names that stand first in a path or in a group of paths.
fn first_names(tokens: &[Token]) -> Vec<String> {
    if tokens.first().is_none_or(|token| token.text != "{") {
        return tokens.first().map(|token| token.text.clone()).into_iter().collect();
    }
    let (mut names, mut braces) = (Vec::new(), 0);
    for pair in tokens.windows(2) {
        match pair[0].text.as_str() {
            "{" => braces += 1,
            "}" => braces -= 1,
            _ => {}
        }
        if braces == 0 {
            break;
        }
        let begins = matches!(pair[0].text.as_str(), "{" | ",") && braces == 1;
        if begins && pair[1].text != "}" {
            names.push(pair[1].text.clone());
        }
    }
    names
}

fn is_cfg_test(tokens: &[Token]) -> bool {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    tokens.len() > attribute.len() && tokens.iter().zip(attribute).all(|(t, word)| t.text == word)
}

/// Where the item that begins at `start`, with its attributes, is over.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut braces = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "{" => braces += 1,
            "}" => braces -= 1,
            _ => {}
        }
        if braces == 0 && matches!(token.text.as_str(), ";" | "}") {
            return at + 1;
        }
    }
    tokens.len()
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

/// Words, `::` and single signs; comments, strings and characters are left out.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let line = source[..source.len() - rest.len()].matches('\n').count() + 1;
        let length = literal_length(rest).unwrap_or_else(|| {
            let length = match c {
                ':' if rest.starts_with("::") => 2,
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            if !c.is_whitespace() {
                tokens.push(Token { text: rest[..length].to_owned(), line });
            }
            length
        });
        rest = &rest[length..];
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the comment, string or character is that `text` begins with, if it does.
fn literal_length(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment_length(text));
    }
    let prefix = ["br", "cr", "b", "c", "r"]
        .into_iter()
        .find(|p| text.strip_prefix(p).is_some_and(|rest| rest.starts_with(['"', '#', '\''])));
    let (prefix, body) = prefix.map_or(("", text), |p| (p, &text[p.len()..]));
    let hashes = body.len() - body.trim_start_matches('#').len();
    if prefix.ends_with('r') && body[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let inside = &body[hashes + 1..];
        let end = inside.find(&close).map_or(inside.len(), |at| at + close.len());
        return Some(prefix.len() + hashes + 1 + end);
    }
    let quote = body.chars().next().filter(|c| *c == '"' || *c == '\'' && prefix != "r")?;
    let lifetime = quote == '\'' && !body.starts_with("'\\") && body.chars().nth(2) != Some('\'');
    if lifetime {
        return prefix.is_empty().then_some(1);
    }
    let mut escaped = false;
    let end = body[1..].char_indices().find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    Some(prefix.len() + end.map_or(body.len(), |(at, _)| at + 2))
}

fn block_comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[test]
fn an_import_from_the_same_or_a_higher_floor_is_refused() {
    let refused = [
        ("model/item.rs", "use crate::parse::Reader;", "`model` (floor 0) must not use `parse`"),
        ("parse/mod.rs", "fn f() { crate::rules::compile() }", "must not use `rules`"),
        ("parse/text/tags.rs", "use crate::{model::Item, store::Store};", "must not use `store`"),
        ("parse.rs", "use super::config;", "must not use `config`"),
        ("parse/mod.rs", "use super::{model, config::{a, b}};", "must not use `config`"),
        ("parse/text/tags.rs", "use super::super::super::engine::Poll;", "must not use `engine`"),
        ("parse/mod.rs", "mod inner { use super::super::net::Client; }", "must not use `net`"),
        ("parse/mod.rs", "mod inner {} use self::super::net::Client;", "must not use `net`"),
        ("store/mod.rs", "use crate::sinks::Sink;", "`store` (floor 4) must not use `sinks`"),
        ("demo/mod.rs", "use crate::cli::Args;", "must not use `cli`"),
        ("store/mod.rs", "macro_rules! m { () => { $crate::engine::step() } }", "`engine`"),
        ("store/mod.rs", "use crate::helpers::x;", "`helpers` is on no floor"),
        ("store/mod.rs", "use crate::*;", "`*` is on no floor"),
        ("helpers.rs", "", "`helpers` is on no floor"),
        ("model/tests.rs", "use crate::app::App;", "must not use `app`"),
        ("net/mod.rs", "#[cfg(test)] mod tests { use crate::cli::x; }", "must not use `cli`"),
        ("net/mod.rs", "#[cfg(test)] mod tests;\nuse crate::store::x;", "src/net/mod.rs:2:"),
        ("net/mod.rs", "#[cfg(test)] fn f() {} use crate::store::x;", "must not use `store`"),
    ];
    for (path, text, expected) in refused {
        let faults = check(Path::new(path), text);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{path}: {text}: {faults:?}");
    }
}

#[test]
fn what_the_house_allows_is_not_refused() {
    let allowed = [
        ("store/mod.rs", "use crate::{model::{Item, Feed}, net, store::Lane};"),
        ("store/sqlite/read.rs", "use super::super::error::Error; use super::open;"),
        (
            "parse/mod.rs",
            "// use crate::store;\n/* crate::cli::x /* */ */ const A: &str = \"crate::cli\";",
        ),
        ("parse/mod.rs", "const A: &str = r#\"\"crate::cli::x\"#; const B: char = '\"'; // \""),
        ("parse/mod.rs", "fn f<'a>(a: &'a str) -> u8 { b'\\'' } // crate::cli::x"),
        ("parse/mod.rs", "pub(crate) fn f() {} pub(in crate::parse) fn g() {}"),
        ("parse/mod.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::store::Store; }"),
        ("parse/tests.rs", "use super::*; use crate::engine::Poll;"),
        ("novelty_tests.rs", "use crate::store::Store;"),
        ("main.rs", "fn main() { wirewatch::cli::run() }"),
        ("cli/demo.rs", "use crate::demo::Newsroom;"),
        ("lib.rs", "pub mod anything;"),
    ];
    for (path, text) in allowed {
        assert_eq!(check(Path::new(path), text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn lines_are_counted_without_the_tests() {
    let code = "fn f() {}\n".repeat(MAX_LINES);
    let tests = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n";
    assert_eq!(check(Path::new("model/a.rs"), &format!("{code}{tests}")), Vec::<String>::new());
    assert_eq!(check(Path::new("model/a.rs"), &format!("{code}fn g() {{}}\n{tests}")).len(), 1);
    assert!(check(Path::new("model/tests.rs"), &code.repeat(3)).is_empty());
}
