//! Rule files: TOML read into drafts, all problems noted.

use crate::document::{At, Document, FromNode, Node, Source, Table};
use crate::model::{Field, Item, Level, Problem, Problems, RuleId, Status, language_tag};

use super::Rule;
use super::languages::Languages;
use super::scope::Scope;
use super::term::Refused;

/// An entry of a list of terms, as written, with its place.
pub(super) struct Entry<'a> {
    pub(super) text: String,
    pub(super) source: Source,
    pub(super) document: &'a Document,
}

impl Entry<'_> {
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        self.document.problem(&self.source, message)
    }

    /// The problem that the entry's term is refused, at the very character where it goes wrong.
    pub(super) fn refused(&self, refused: &Refused) -> Problem {
        let source = self.document.within(&self.source, &self.text, refused.at..refused.at);
        let message = format!("term \"{}\": {}", self.text, refused.message);
        self.document.problem(&source, message).hint(&refused.hint)
    }
}

/// A `[list]` entry.
pub(super) struct List<'a> {
    pub(super) name: String,
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) source: Source,
    pub(super) document: &'a Document,
}

/// A `[[rule]]`, its terms not yet read.
pub(super) struct Draft<'a> {
    pub(super) rule: Rule,
    /// Where the id stands, or the table if it has none.
    pub(super) source: Source,
    pub(super) document: &'a Document,
    /// The rule's own way to fire first.
    pub(super) ways: Vec<WayDraft<'a>>,
    pub(super) examples: Vec<Example>,
}

/// A way to fire, its terms not yet read.
pub(super) struct WayDraft<'a> {
    pub(super) any: Vec<Entry<'a>>,
    pub(super) all: Vec<Vec<Entry<'a>>>,
    pub(super) with: Vec<Entry<'a>>,
    pub(super) within: Option<u32>,
    pub(super) none: Vec<Entry<'a>>,
    pub(super) except: Vec<Entry<'a>>,
    pub(super) fields: [bool; 3],
    pub(super) languages: Languages,
}

/// An example of a rule.
#[derive(Debug)]
pub(super) struct Example {
    /// The number of the rule, known once all files are read.
    pub(super) rule: u32,
    pub(super) fires: bool,
    pub(super) item: Item,
    /// The number of the document that it stands in.
    pub(super) document: usize,
    pub(super) source: Source,
}

/// Reads a file, the document of that number: its lists and its rules.
pub(super) fn read<'a>(
    document: &'a Document,
    number: usize,
    problems: &'a Problems,
    lists: &mut Vec<List<'a>>,
    drafts: &mut Vec<Draft<'a>>,
) {
    let mut root = document.root(problems);
    if root.is_broken() {
        return;
    }
    let has_rules = root.has("rule");
    let has_lists = root.has("list");
    let mut list = root.table("list");
    for name in list.names() {
        if let Some(entries) = list.named::<Vec<At<String>>>(&name) {
            let source = entries.source.clone();
            lists.push(List {
                entries: entry_list(document, problems, &name, entries),
                name,
                source,
                document,
            });
        }
    }
    for table in root.tables("rule") {
        drafts.push(rule(table, number, problems));
    }
    if !has_rules && !has_lists {
        let empty = document.problem(&Source::Span(0..0), "no [[rule]] in it");
        problems.push(
            empty.hint("the least rule: `[[rule]]`, `id = \"floods\"`, `any = [\"flood*\"]`"),
        );
    }
    root.finish();
}

fn rule<'a>(mut table: Table<'a>, number: usize, problems: &'a Problems) -> Draft<'a> {
    let document = table.document();
    let begins = table.source().clone();
    let id = table.required::<String>("id").filter(|id| is_id(id, document, problems));
    let title = not_empty(&mut table, "title");
    let rule = Rule {
        id: RuleId::new(id.as_ref().map_or("", |id| id.value.as_str())),
        title: title.or(id.as_ref().map(|id| id.value.clone())).unwrap_or_default(),
        level: table.get::<Level>("level").unwrap_or_default(),
        status: table.get::<Status>("status").unwrap_or_default(),
        tags: table.get("tags").unwrap_or_default(),
        description: table.get("description"),
        references: table.get("references").unwrap_or_default(),
        scope: Scope::read(&mut table),
    };
    let languages = Languages::read(&mut table).unwrap_or_default();
    let own = WayDraft { languages: languages.clone(), ..way(&mut table, problems) };
    let others = table.tables("or").into_iter().map(|mut table| {
        let own = Languages::read(&mut table);
        let languages = own.unwrap_or_else(|| languages.clone());
        let way = WayDraft { languages, ..way(&mut table, problems) };
        misnamed(&mut table, &LANGUAGES);
        table.finish();
        way
    });
    let ways: Vec<WayDraft<'a>> = std::iter::once(own).chain(others.collect::<Vec<_>>()).collect();
    let mut examples = Vec::new();
    let mut table_of_examples = table.table("examples");
    for (key, fires) in [("match", true), ("ignore", false)] {
        for node in table_of_examples.get::<Vec<Node>>(key).unwrap_or_default() {
            if let Some(item) = example(&node, document, problems) {
                let source = node.source().clone();
                examples.push(Example { rule: 0, fires, item, document: number, source });
            }
        }
    }
    table_of_examples.finish();
    misnamed(&mut table, &LANGUAGES);
    misnamed(&mut table, &[("name", "title"), ("severity", "level")]);
    table.finish();
    let source = id.map_or(begins, |id| id.source);
    Draft { rule, source, document, ways, examples }
}

/// Names that one might give to `languages`.
const LANGUAGES: [(&str, &str); 2] = [("lang", "languages"), ("language", "languages")];

/// Tells of keys that have another name here, by which one would not guess it.
fn misnamed(table: &mut Table<'_>, names: &[(&str, &str)]) {
    for (wrong, right) in names {
        table.misnamed(wrong, right);
    }
}

/// A text that is there and has a letter at least.
fn not_empty(table: &mut Table<'_>, key: &'static str) -> Option<String> {
    let text = table.get_at::<String>(key)?;
    if text.value.trim().is_empty() {
        let problem = table.document().problem(&text.source, format!("`{key}` is empty"));
        table.note(problem.hint("write something, or leave it out"));
    }
    Some(text.value)
}

fn is_id(id: &At<String>, document: &Document, problems: &Problems) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let good = !id.value.is_empty() && id.value.chars().all(fits);
    if !good {
        let problem = document.problem(&id.source, format!("`{}` is not a rule id", id.value));
        problems
            .push(problem.hint("an id has lower-case letters a to z, digits, `-`, `_` and `.`"));
    }
    good
}

fn way<'a>(table: &mut Table<'a>, problems: &'a Problems) -> WayDraft<'a> {
    let document = table.document();
    let terms = |table: &mut Table<'a>, key: &'static str| {
        let entries = table.get_at::<Vec<At<String>>>(key)?;
        Some(entry_list(document, problems, key, entries))
    };
    let wrong_before = table.has("any") || table.has("all");
    let any = terms(table, "any").unwrap_or_default();
    let all = all(table, problems);
    if !wrong_before {
        let problem = document.problem(table.source(), "nothing to look for: no `any`");
        table.note(problem.hint("add `any = [\"…\"]`, the terms of which one must be there"));
    }
    let has_with = table.has("with");
    let with = terms(table, "with").unwrap_or_default();
    let within = table.get_at::<u32>("within");
    if let Some(within) = &within {
        if !has_with {
            let problem = document.problem(&within.source, "`within` without `with`");
            table.note(problem.hint("add `with = [\"…\"]`, of which one must be that near"));
        } else if within.value == 0 {
            let problem = document.problem(&within.source, "`within` is 0 words");
            table.note(problem.hint("1 is the next word; leave `within` out for anywhere"));
        }
    }
    WayDraft {
        any,
        all,
        with,
        within: within.map(|within| within.value),
        none: terms(table, "none").unwrap_or_default(),
        except: terms(table, "except").unwrap_or_default(),
        fields: fields(table),
        languages: Languages::default(),
    }
}

fn entry_list<'a>(
    document: &'a Document,
    problems: &Problems,
    key: &str,
    entries: At<Vec<At<String>>>,
) -> Vec<Entry<'a>> {
    if entries.value.is_empty() {
        let problem = document.problem(&entries.source, format!("`{key}` is an empty list"));
        problems.push(problem.hint("list at least one term, or leave the key out"));
    }
    let entry = |At { value, source }| Entry { text: value, source, document };
    entries.value.into_iter().map(entry).collect()
}

/// `all`: each entry a term or a list of alternatives.
fn all<'a>(table: &mut Table<'a>, problems: &Problems) -> Vec<Vec<Entry<'a>>> {
    let document = table.document();
    let Some(nodes) = table.get_at::<Vec<Node>>("all") else { return Vec::new() };
    if nodes.value.is_empty() {
        entry_list(document, problems, "all", At { value: Vec::new(), source: nodes.source });
        return Vec::new();
    }
    let mut all = Vec::new();
    for node in nodes.value {
        let source = node.source().clone();
        let alternatives = match node.as_array() {
            Some(_) => <Vec<At<String>>>::from_node(&node).ok(),
            None => <At<String>>::from_node(&node).ok().map(|one| vec![one]),
        };
        match alternatives {
            Some(value) => all.push(entry_list(document, problems, "all", At { value, source })),
            None => problems.push(
                document.problem(&source, "`all`: expected a term or a list of alternative terms"),
            ),
        }
    }
    all
}

fn fields(table: &mut Table<'_>) -> [bool; 3] {
    let Some(names) = table.get_at::<Vec<At<String>>>("fields") else { return [true; 3] };
    let mut fields = [false; 3];
    for name in &names.value {
        match Field::ALL.into_iter().find(|field| field.as_str() == name.value) {
            Some(field) => fields[field as usize] = true,
            None => {
                let message = format!("no field \"{}\"", name.value);
                let problem = table.document().problem(&name.source, message);
                table.note(problem.hint("the fields are title, summary and content"));
            }
        }
    }
    if names.value.is_empty() {
        let problem = table.document().problem(&names.source, "`fields` is an empty list");
        table.note(problem.hint("leave it out to look in title, summary and content"));
    }
    fields
}

/// An example: plain text, read as a title, or a table of an item's texts.
fn example(node: &Node, document: &Document, problems: &Problems) -> Option<Item> {
    let mut item = Item::default();
    if let Some(title) = node.as_text() {
        title.clone_into(&mut item.title);
        return Some(item);
    }
    let Some(pairs) = node.as_table() else {
        let message = format!("an example is a text or a table, not {}", node.kind());
        let problem = document.problem(node.source(), message);
        problems.push(problem.hint("`\"a headline\"` or `{ title = \"…\", summary = \"…\" }`"));
        return None;
    };
    let mut good = true;
    for (key, value) in pairs {
        let text = value.as_text().map(str::to_owned);
        match (key, text) {
            ("title", Some(text)) => item.title = text,
            ("summary", Some(text)) => item.summary = text,
            ("content", Some(text)) => item.content = text,
            ("language", Some(text)) => {
                item.language = language_tag(&text);
                if item.language.is_none() {
                    let message = format!("no language tag: \"{text}\"");
                    let problem = document.problem(value.source(), message);
                    problems.push(problem.hint("write a BCP 47 tag, such as `uk` or `de-AT`"));
                    good = false;
                }
            }
            ("title" | "summary" | "content" | "language", None) => {
                let message = format!("`{key}`: expected a string, found {}", value.kind());
                problems.push(document.problem(value.source(), message));
                good = false;
            }
            _ => {
                let message = format!("unknown key `{key}` in an example");
                let problem = document.problem(value.source(), message);
                problems.push(problem.hint("known keys: title, summary, content, language"));
                good = false;
            }
        }
    }
    good.then_some(item)
}
