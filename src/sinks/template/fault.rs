//! What is wrong with a template, told where it is written.

use std::ops::Range;
use std::path::PathBuf;

use minijinja::{Environment, Error, ErrorKind};
use serde_json::Value;

use super::NAME;
use super::markup::Flaw;
use crate::document::{At, Source, Table};
use crate::model::{Place, Problem, nearest};
use crate::sinks::message::Message;

/// Where a template is written.
pub(super) enum Origin {
    Inline(At<String>),
    File(PathBuf),
}

/// What is wrong with a template.
#[derive(Debug)]
pub(super) struct Fault {
    /// As a clause.
    pub message: String,
    /// From 1.
    line: Option<usize>,
    hint: Option<String>,
}

impl Fault {
    /// Something that no line of it can be blamed for.
    pub fn new(message: String) -> Self {
        Self { message, line: None, hint: None }
    }

    /// What the engine says.
    pub fn of(error: &Error) -> Self {
        let kind = error.kind();
        let message = match (kind, error.detail(), undefined(error)) {
            (ErrorKind::OutOfFuel, ..) => "the template takes too many steps".to_owned(),
            (ErrorKind::UndefinedError, _, Some(path)) => format!("{kind}: there is no `{path}`"),
            (_, Some(detail), _) => format!("{kind}: {detail}"),
            (_, None, _) => kind.to_string(),
        };
        Self { message, line: error.line(), hint: None }
    }

    /// The same for what `error` says of a template `text` and `message`, with a hint if it is about
    /// a name that there is not.
    pub fn of_names(error: &Error, env: &Environment<'_>, text: &str, message: &Message) -> Self {
        let mut fault = Self::of(error);
        let Ok(known) = serde_json::to_value(message) else { return fault };
        let path = match undefined(error) {
            Some(path) => path.to_owned(),
            None => {
                let Some(path) = undeclared(env, text, &known) else { return fault };
                fault.message = format!("{}: there is no `{path}`", fault.message);
                path
            }
        };
        if let Some((name, fields)) = missing(&path, text, &known) {
            let near = nearest(name, fields.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            fault.hint = Some(format!("{near}there are: {}", fields.join(", ")));
        }
        fault
    }

    /// What is wrong with what it makes.
    pub fn of_text(flaw: Flaw) -> Self {
        Self { message: flaw.message, line: None, hint: Some(flaw.hint.to_owned()) }
    }

    /// The same, with what it was that the template failed for.
    #[must_use]
    pub fn with(mut self, about: Option<&str>) -> Self {
        if let Some(about) = about {
            self.message.push_str(&format!(", for {about}"));
        }
        self
    }

    /// The problem in a config that it is.
    pub fn at(self, table: &Table<'_>, origin: &Origin, text: &str, key: &str) -> Problem {
        let line = self.line.map_or(0..text.len().min(1), |line| line_of(text, line));
        let message = match self.line {
            Some(line) => format!("`{key}`, line {line} of the template: {}", self.message),
            None => format!("`{key}`: {}", self.message),
        };
        let problem = match origin {
            Origin::Inline(at) => {
                let document = table.document();
                let source = match document.within(&at.source, text, line) {
                    Source::Span(span) => {
                        Source::Span(written_line(document.text(), span, self.line.unwrap_or(1)))
                    }
                    other => other,
                };
                document.problem(&source, message)
            }
            Origin::File(path) => Problem::new(Place::in_text(path, text, line), message),
        };
        match self.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// Of a string over several lines, which begins at `span` in `text`, where the line `number` (from
/// 1) of its value is written; else `span`.
fn written_line(text: &str, span: Range<usize>, number: usize) -> Range<usize> {
    let written = text.get(span.clone()).unwrap_or_default();
    if !(written.starts_with("\"\"\"") || written.starts_with("'''")) {
        return span;
    }
    // A line end right behind the opening quotes is no part of the value.
    let first = written[3..].starts_with(['\r', '\n']);
    let line = line_of(written, number + usize::from(first));
    let skip = if line.start == 0 { 3 } else { 0 };
    span.start + line.start + skip..span.start + line.end.max(line.start + skip + 1)
}

/// The bytes of the line `number` (from 1), without its end.
fn line_of(text: &str, number: usize) -> Range<usize> {
    let mut start = 0;
    for (n, line) in (1..).zip(text.split('\n')) {
        if n == number {
            return start..start + line.trim_end_matches('\r').len().max(1);
        }
        start += line.len() + 1;
    }
    0..text.len().min(1)
}

/// What `error` says to be undefined, if it can be written as a path: `alert.feed.nam`,
/// `alerts[0].titel`.
fn undefined(error: &Error) -> Option<&str> {
    let (before, _) = error.detail()?.split_once("` is undefined")?;
    let (_, path) = before.rsplit_once('`')?;
    (!path.contains("...")).then_some(path)
}

/// The first path in the template that leads nowhere.
fn undeclared(env: &Environment<'_>, text: &str, known: &Value) -> Option<String> {
    let asked = env.get_template(NAME).map(|template| template.undeclared_variables(true));
    let mut asked: Vec<String> = asked.unwrap_or_default().into_iter().collect();
    asked.sort();
    let globals: Vec<&str> = env.globals().map(|(name, _)| name).collect();
    let mut asked = asked.into_iter().filter(|path| !globals.contains(&path.as_str()));
    asked.find(|path| missing(path, text, known).is_some())
}

/// The first name in `path` that is not in `known`, and those that are there instead.
fn missing<'a, 'k>(path: &'a str, text: &str, known: &'k Value) -> Option<(&'a str, Vec<&'k str>)> {
    let ends = path.match_indices(['.', '[']).map(|(at, _)| at).chain([path.len()]);
    let mut whole = 0;
    for end in ends {
        if lookup(&path[..end], text, known, MAX_DEPTH).is_none() {
            let name = path[whole..end].strip_prefix('.').unwrap_or(&path[whole..end]);
            let parent =
                if whole == 0 { known } else { lookup(&path[..whole], text, known, MAX_DEPTH)? };
            return Some((name, parent.as_object()?.keys().map(String::as_str).collect()));
        }
        whole = end;
    }
    None
}

/// Names for names that are looked into.
const MAX_DEPTH: usize = 8;

/// What `path` leads to in `known`. A first name that is not there may be one that the template
/// `text` gives.
fn lookup<'k>(path: &str, text: &str, known: &'k Value, depth: usize) -> Option<&'k Value> {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, mut rest) = path.split_at(end);
    let mut value = match known.get(name) {
        Some(value) => value,
        None if depth == 0 => return None,
        None => match stands_for(name, text)? {
            (path, true) => lookup(path, text, known, depth - 1)?.get(0)?,
            (path, false) => lookup(path, text, known, depth - 1)?,
        },
    };
    while !rest.is_empty() {
        if let Some(more) = rest.strip_prefix('.') {
            let end = more.find(['.', '[']).unwrap_or(more.len());
            value = value.get(&more[..end])?;
            rest = &more[end..];
        } else {
            let (index, more) = rest.strip_prefix('[')?.split_once(']')?;
            value = match index.parse::<usize>() {
                Ok(index) => value.get(index)?,
                Err(_) => value.get(index.trim_matches(['"', '\'']))?,
            };
            rest = more;
        }
    }
    Some(value)
}

/// `alert.rules` of `{% for name in alert.rules %}`, or of `{% set name = alert.rules %}`, and
/// whether the name is that of its items.
fn stands_for<'t>(name: &str, text: &'t str) -> Option<(&'t str, bool)> {
    text.split("{%").skip(1).find_map(|tag| {
        let tag = tag.trim_start_matches(['-', '+']).trim_start();
        let (given, path, is_item) = match (tag.strip_prefix("for "), tag.strip_prefix("set ")) {
            (Some(tag), _) => tag.split_once(" in ").map(|(given, path)| (given, path, true))?,
            (_, Some(tag)) => tag.split_once('=').map(|(given, path)| (given, path, false))?,
            _ => return None,
        };
        let path = path.trim_start();
        let end = path.find(|c: char| c.is_whitespace() || "|%-+".contains(c));
        (given.trim() == name).then(|| (&path[..end.unwrap_or(path.len())], is_item))
    })
}
