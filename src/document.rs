//! Reads TOML files so that every mistake in them is told at once, with its place.
//!
//! serde stops at the first error; here a [`Table`] is asked for its keys
//! one by one, each answer is `None` if the key is absent or wrong, wrong ones are noted in
//! [`Problems`], and [`Table::finish`]
//! notes every key that nobody asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::model::{Place, Problem, Problems, nearest};

mod secrets;
mod strings;
mod values;

/// A TOML file in memory.
#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    text: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A byte range of the document.
    Span(Range<usize>),
    /// An environment variable that overrides the document.
    Env(String),
    /// A flag that overrides both.
    Flag(String),
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place, for [`Document::problem`].
    pub source: Source,
}

/// A TOML value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    value: Value,
    source: Source,
}

#[derive(Clone, Debug)]
enum Value {
    Bool(bool),
    Integer(i64),
    Text(String),
    Array(Vec<Node>),
    Table(BTreeMap<String, (Source, Node)>),
    /// A float or a date: no key of ours takes one.
    Other(&'static str),
}

/// A number of bytes, written `"10MiB"`, `"64 kB"` or a plain integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// A value that can be read from a TOML value.
pub trait FromNode: Sized {
    /// What to write, for the message `expected …`.
    const EXPECTED: &'static str;
    /// The value, or what is wrong and where.
    fn from_node(node: &Node) -> Result<Self, Wrong>;
}

/// Why a TOML value could not be taken.
#[derive(Clone, Debug)]
pub struct Wrong {
    source: Source,
    /// `None`: it is of another type.
    message: Option<String>,
    kind: &'static str,
}

impl Document {
    /// A document from its text; `path` is for messages only.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A problem at `source`.
    pub fn problem(&self, source: &Source, message: impl Into<String>) -> Problem {
        let place = match source {
            Source::Span(span) => Place::in_text(&self.path, &self.text, span.clone()),
            Source::Env(name) => Place::Env(name.clone()),
            Source::Flag(name) => Place::Flag(name.clone()),
        };
        Problem::new(place, message)
    }

    /// Where in the file the part `inner` (bytes of `text`) of the string `text` at `source` is
    /// written, escapes counted as they are written; behind the last character, its closing quote.
    /// All of `source` if the string has a form in which that is not told.
    pub fn within(&self, source: &Source, text: &str, inner: Range<usize>) -> Source {
        let Source::Span(span) = source else { return source.clone() };
        let written = self.text.get(span.clone()).unwrap_or_default();
        let last = inner.end.saturating_sub(1).max(inner.start);
        let place = |at| strings::place(written, text, at);
        match (place(inner.start), place(last)) {
            (Some(first), Some(last)) => {
                Source::Span(span.start + first.start..span.start + last.end)
            }
            _ => source.clone(),
        }
    }

    /// The document's root table. The first syntax error is noted; those behind it are mostly of
    /// its making. What can be read all the same is in the table, which then [`Table::is_broken`].
    pub fn root<'a>(&'a self, problems: &'a Problems) -> Table<'a> {
        let (root, errors) = DeTable::parse_recoverable(&self.text);
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let first = errors.iter().min_by_key(|error| start(error));
        if let Some(error) = first {
            let source = Source::Span(error.span().unwrap_or(0..0));
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            problems.push(self.problem(&source, message));
        }
        Table {
            document: self,
            problems,
            name: String::new(),
            source: Source::Span(0..0),
            entries: entries(root.into_inner()),
            asked: Vec::new(),
            broken: first.is_some(),
        }
    }
}

fn entries(table: DeTable<'_>) -> BTreeMap<String, (Source, Node)> {
    table
        .into_iter()
        .map(|(key, value)| {
            let at = Source::Span(key.span());
            let source = Source::Span(value.span());
            let node = Node { value: convert(value.into_inner()), source };
            (key.into_inner().into_owned(), (at, node))
        })
        .collect()
}

fn convert(value: DeValue<'_>) -> Value {
    match value {
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("integer out of range"),
        },
        DeValue::Array(array) => Value::Array(
            array
                .into_iter()
                .map(|item| Node {
                    source: Source::Span(item.span()),
                    value: convert(item.into_inner()),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table)),
        DeValue::Float(_) => Value::Other("float"),
        DeValue::Datetime(_) => Value::Other("date"),
    }
}

/// A TOML table that is being read.
#[derive(Debug)]
pub struct Table<'a> {
    document: &'a Document,
    problems: &'a Problems,
    name: String,
    source: Source,
    entries: BTreeMap<String, (Source, Node)>,
    asked: Vec<&'static str>,
    broken: bool,
}

impl<'a> Table<'a> {
    /// The document that the table stands in.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Whether the document has a syntax error, so that what is missing here may be written there.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Where the table begins.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Notes a problem at `source`; a hint may be added to the answer by [`Table::note`] instead.
    pub fn note(&self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value of `key`; `None` if it is absent, or wrong and noted.
    pub fn get<T: FromNode>(&mut self, key: &'static str) -> Option<T> {
        self.get_at(key).map(|at| at.value)
    }

    /// As [`Table::get`], with the value's place.
    pub fn get_at<T: FromNode>(&mut self, key: &'static str) -> Option<At<T>> {
        let node = self.take(key)?;
        match T::from_node(&node) {
            Ok(value) => Some(At { value, source: node.source }),
            Err(wrong) => {
                self.refuse(key, T::EXPECTED, wrong);
                None
            }
        }
    }

    /// As [`Table::get_at`], and its absence is noted too.
    pub fn required<T: FromNode>(&mut self, key: &'static str) -> Option<At<T>> {
        if !self.entries.contains_key(key) {
            self.lacks(key, format!("add `{key} = …`: {}", T::EXPECTED));
            return None;
        }
        self.get_at(key)
    }

    /// Notes that `key` is not there.
    pub fn lacks(&mut self, key: &'static str, hint: String) {
        self.asked.push(key);
        let inside = match self.name.as_str() {
            "" => "the file".to_owned(),
            name => format!("[{name}]"),
        };
        let problem = self.document.problem(&self.source, format!("{inside} has no `{key}`"));
        self.problems.push(problem.hint(hint));
    }

    /// Whether `key` is there, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The keys not yet asked for, in order, for tables whose keys are names (`[list]`).
    pub fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    /// The value of a key that is a name chosen by the user.
    pub fn named<T: FromNode>(&mut self, name: &str) -> Option<At<T>> {
        let (_, node) = self.entries.remove(name)?;
        match T::from_node(&node) {
            Ok(value) => Some(At { value, source: node.source }),
            Err(wrong) => {
                self.refuse(name, T::EXPECTED, wrong);
                None
            }
        }
    }

    /// The table called `key`; an empty one if it is absent or wrong.
    pub fn table(&mut self, key: &'static str) -> Table<'a> {
        let node = self.take(key);
        self.subtable(key, node)
    }

    /// The tables of the array `key` (`[[key]]`).
    pub fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let Some(node) = self.take(key) else { return Vec::new() };
        match node.value {
            Value::Array(nodes) => {
                nodes.into_iter().map(|node| self.subtable(key, Some(node))).collect()
            }
            _ => {
                let path = self.path_of(key);
                let found = node.kind();
                let message = format!("`{key}`: expected `[[{path}]]` tables, found {found}");
                let problem = self.document.problem(&node.source, message);
                self.problems.push(problem.hint(format!("write `[[{path}]]` above its keys")));
                Vec::new()
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn subtable(&self, key: &str, node: Option<Node>) -> Table<'a> {
        let mut table = Table {
            document: self.document,
            problems: self.problems,
            name: self.path_of(key),
            source: self.source.clone(),
            entries: BTreeMap::new(),
            asked: Vec::new(),
            broken: self.broken,
        };
        match node {
            Some(Node { value: Value::Table(entries), source }) => {
                table.entries = entries;
                table.source = source;
            }
            Some(node) => {
                let message = format!("`{key}`: expected a table, found {}", node.kind());
                self.problems.push(self.document.problem(&node.source, message));
            }
            None => {}
        }
        table
    }

    /// Sets `key` from outside the document, over what the document says.
    pub fn put(&mut self, key: &str, text: &str, source: Source) {
        let node = Node { value: Value::Text(text.to_owned()), source: source.clone() };
        self.entries.insert(key.to_owned(), (source, node));
    }

    /// Notes that the key `wrong`, if it is there, is called `right`.
    pub fn misnamed(&mut self, wrong: &str, right: &str) {
        if let Some((at, _)) = self.entries.remove(wrong) {
            let problem = self.unknown(wrong, &at).hint(format!("did you mean `{right}`?"));
            self.problems.push(problem);
        }
    }

    fn unknown(&self, key: &str, at: &Source) -> Problem {
        let inside =
            if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        self.document.problem(at, format!("unknown key `{key}`{inside}"))
    }

    /// Notes every key that was not asked for, with the nearest one that could have been meant.
    pub fn finish(self) {
        for (key, (at, _)) in &self.entries {
            let problem = self.unknown(key, at);
            let near = nearest(key, self.asked.iter().copied());
            let hint = match near {
                Some(known) => format!("did you mean `{known}`?"),
                None => {
                    let mut known = self.asked.clone();
                    known.sort_unstable();
                    format!("known keys: {}", known.join(", "))
                }
            };
            self.problems.push(problem.hint(hint));
        }
    }

    fn refuse(&self, key: &str, expected: &str, wrong: Wrong) {
        self.problems.push(self.refusal(key, expected, wrong));
    }

    fn refusal(&self, key: &str, expected: &str, wrong: Wrong) -> Problem {
        if let Some(message) = wrong.message {
            return self.document.problem(&wrong.source, format!("`{key}`: {message}"));
        }
        let message = format!("`{key}`: expected {expected}, found {}", wrong.kind);
        let problem = self.document.problem(&wrong.source, message);
        match way_out(expected, wrong.kind) {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        self.entries.remove(key).map(|(_, node)| node)
    }
}

/// How to mend a value of the wrong type, where that is plain.
fn way_out(expected: &str, found: &str) -> Option<&'static str> {
    Some(match (expected, found) {
        ("a list", "a string") => "put it in brackets: `[\"…\"]`",
        ("a whole number", "a string") => "write the number without quotes",
        ("a string", "an integer" | "true or false") => "put it in quotes",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Level;

    fn problems(text: &str, read: impl FnOnce(&mut Table<'_>)) -> Vec<String> {
        let document = Document::new("w.toml", text);
        let problems = Problems::default();
        let mut root = document.root(&problems);
        read(&mut root);
        root.finish();
        problems.into_vec().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let told = problems("interval = 5\nper_hots = 2\nsize = \"big\"\nflag = 1\n", |root| {
            assert_eq!(root.get::<Duration>("interval"), None);
            assert_eq!(root.get::<u32>("per_host"), None);
            assert_eq!(root.get::<Bytes>("size"), None);
            assert_eq!(root.get::<bool>("flag"), None);
            assert!(root.required::<String>("path").is_none());
        });
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(told[0].starts_with("w.toml:1:12: `interval`: expected a duration"), "{}", told[0]);
        assert!(told[4].contains("w.toml:2:1: unknown key `per_hots`"), "{}", told[4]);
        assert!(told[4].ends_with("hint: did you mean `per_host`?"), "{}", told[4]);
    }

    #[test]
    fn syntax_errors_have_a_place() {
        let told = problems("a = \nb = 2\n", |root| {
            root.get::<Node>("a");
            assert_eq!(root.get::<u32>("b"), Some(2));
        });
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].starts_with("w.toml:1:"), "{}", told[0]);
    }

    #[test]
    fn values_of_all_kinds_are_read() {
        let told = problems(
            "d = \"1h 30m\"\ns = \"10MiB\"\nl = [\"a\", \"b\"]\nlevel = \"high\"\n[t]\nx = 0x10\n[[r]]\n[[r]]\n",
            |root| {
                assert_eq!(root.get("d"), Some(Duration::from_secs(5400)));
                assert_eq!(root.get("s"), Some(Bytes(10 << 20)));
                assert_eq!(root.get("l"), Some(vec!["a".to_owned(), "b".to_owned()]));
                assert_eq!(root.get("level"), Some(Level::High));
                let mut table = root.table("t");
                assert_eq!(table.get("x"), Some(16_u32));
                table.finish();
                assert_eq!(root.tables("r").len(), 2);
            },
        );
        assert_eq!(told, Vec::<String>::new());
    }

    #[test]
    fn values_from_outside_are_text_and_win() {
        let told = problems("n = 1\n", |root| {
            root.put("n", "7", Source::Env("WIREWATCH_N".into()));
            root.put("l", "a, b", Source::Env("WIREWATCH_L".into()));
            root.put("d", "soon", Source::Flag("--set d".into()));
            assert_eq!(root.get("n"), Some(7_u32));
            assert_eq!(root.get("l"), Some(vec!["a".to_owned(), "b".to_owned()]));
            assert_eq!(root.get::<Duration>("d"), None);
        });
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("flag --set d: `d`: \"soon\""), "{}", told[0]);
    }
}
