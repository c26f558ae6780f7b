//! Holds the house up: a module uses only lower floors, neighbours do not know each other, and no
//! file grows past what can be read in one go. `ARCHITECTURE.md` says why.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The modules and their floors.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["model"]),
    (1, &["document", "observe", "guard"]),
    (
        2,
        &[
            "config", "parse", "rules", "novelty", "health", "schedule", "retry", "pace", "render",
            "silence",
        ],
    ),
    (3, &["files", "net"]),
    (4, &["fetch", "store", "sinks", "metrics"]),
    (5, &["engine"]),
    (6, &["app", "lifecycle"]),
    (7, &["cli", "demo", "main"]),
];

/// Modules of one floor that may know each other: who, whom, why.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("app", "lifecycle", "the app runs until its lifecycle says stop"),
    ("files", "net", "a file of certificates is read as connections use it"),
    ("silence", "rules", "what a silence looks for in a text is a term"),
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
    let mut files = Vec::new();
    for path in rust_files(&src).unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        files.push((path.strip_prefix(&src).unwrap().to_owned(), tokens(&text), text));
    }
    assert!(files.len() > 10, "the sources were found");
    let tests: Vec<_> =
        files.iter().flat_map(|(path, tokens, _)| test_files(path, tokens)).collect();
    let faults: Vec<_> =
        files.iter().flat_map(|(path, tokens, text)| check(path, text, tokens, &tests)).collect();
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

/// What is wrong with the file at `path` (from `src/`), one line for each fault. `tests` are the
/// modules that are compiled for tests only, as paths without ending.
fn check(path: &Path, text: &str, tokens: &[Token], tests: &[PathBuf]) -> Vec<String> {
    let shown = path.display();
    let bare = path.with_extension("");
    let mut parts: Vec<_> = bare.iter().map(|part| part.display().to_string()).collect();
    let is_tests = tests.iter().any(|test| bare.starts_with(test))
        || parts.iter().any(|part| part == "tests" || part.ends_with("_tests"));
    // Such a file hangs below the one that it tests or beside it: `super` tells nothing there.
    let depth =
        if bare.as_os_str().to_string_lossy().ends_with("_tests") { 99 } else { parts.len() };
    let is_mod = parts.last().is_some_and(|last| last == "mod");
    let module = parts.swap_remove(0).trim_end_matches("_tests").to_owned();
    if module == "lib" {
        return Vec::new();
    }
    let Some(own) = floor(&module) else {
        return vec![format!("src/{shown}: `{module}` is on no floor; add it to tests/floors.rs")];
    };
    let mut faults = Vec::new();
    let mut test_lines = 0;
    for reference in references(tokens, depth - usize::from(is_mod), &mut test_lines) {
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

fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that the file at `path` declares as `#[cfg(test)] mod name;`, without ending.
fn test_files(path: &Path, tokens: &[Token]) -> Vec<PathBuf> {
    let owns_folder =
        ["mod", "lib", "main"].iter().any(|stem| path.with_extension("").ends_with(stem));
    let folder = path.with_extension("");
    let folder = if owns_folder { folder.parent().unwrap_or(&folder) } else { &folder };
    let declared = (0..tokens.len()).filter(|at| is_cfg_test(&tokens[*at..])).filter_map(|at| {
        match &tokens[at..item_end(tokens, at)] {
            [.., keyword, name, end] if keyword.text == "mod" && end.text == ";" => {
                Some(&name.text)
            }
            _ => None,
        }
    });
    declared.map(|name| folder.join(name)).collect()
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
    let (mut rest, mut line) = (source, 1);
    while let Some(c) = rest.chars().next() {
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
        line += rest[..length].matches('\n').count();
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

/// The faults of a made-up file in a house whose `store/conformance` is for tests only.
fn faults(path: &str, text: &str) -> Vec<String> {
    check(Path::new(path), text, &tokens(text), &["store/conformance".into()])
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
        let found = faults(path, text);
        assert!(found.len() == 1 && found[0].contains(expected), "{path}: {text}: {found:?}");
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
        ("rules/finder_tests.rs", "use super::super::term::Term; use crate::store::Store;"),
        ("store/conformance/kill.rs", "use crate::sinks::Sink;"),
        ("main.rs", "fn main() { wirewatch::cli::run() }"),
        ("cli/demo.rs", "use crate::demo::Newsroom;"),
        ("lib.rs", "pub mod anything;"),
    ];
    for (path, text) in allowed {
        assert_eq!(faults(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn lines_are_counted_without_the_tests() {
    let code = "fn f() {}\n".repeat(MAX_LINES);
    let tests = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n";
    assert_eq!(faults("model/a.rs", &format!("{code}{tests}")), Vec::<String>::new());
    assert_eq!(faults("model/a.rs", &format!("{code}fn g() {{}}\n{tests}")).len(), 1);
    assert!(faults("model/tests.rs", &code.repeat(3)).is_empty());
}

#[test]
fn a_file_declared_for_tests_is_known_as_such() {
    let found = |path: &str, text: &str| test_files(Path::new(path), &tokens(text));
    let text = "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)] pub mod c { mod d; }";
    assert_eq!(found("store/mod.rs", text), [PathBuf::from("store/b")]);
    assert_eq!(found("store.rs", text), [PathBuf::from("store/b")]);
    assert_eq!(found("lib.rs", text), [PathBuf::from("b")]);
}
