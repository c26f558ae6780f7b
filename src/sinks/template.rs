//! Templates for titles and bodies: read and tried with the config, rendered within the limits and
//! by the escapes of a service.

mod fit;
pub(super) mod markup;
pub(super) mod tags;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

pub(super) use self::markup::Markup;
use super::Around;
use super::message::{BOUNDS, Message, samples};
use crate::document::{At, Source, Table};
use crate::files::read_file;
use crate::model::{Batch, Place, Problem, nearest};

/// Steps of minijinja that one rendering may take.
const FUEL: u64 = 500_000;
/// Bytes of a template.
const MAX_TEMPLATE: usize = 64 << 10;
/// Bytes that one rendering may write before it is given up.
const MAX_RENDERED: usize = 4 << 20;
/// What a template is called inside the engine.
const NAME: &str = "template";

/// The default of titles.
pub(super) const TITLE: &str = "\
[{{ level }}] {% if count == 1 %}{{ alert.title }}{% else %}{{ count }} alerts\
{% if form == 'digest' %}, more than may be sent one by one{% endif %}\
{% if form == 'catch_up' %} of the quiet hours{% endif %}{% endif %}";

/// A text of a service that a template makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The key that holds a template, such as `body`.
    pub key: &'static str,
    /// The key that names a file with one, such as `body_file`.
    pub file_key: &'static str,
    /// What serves without them. It gives each alert a line of its own, and fits the limit for the
    /// sink's `max_batch` alerts by the narrowest bounds.
    pub default: &'static str,
    /// What the service takes, as `markup` counts.
    pub limit: usize,
    /// How the service reads it.
    pub markup: Markup,
}

/// A template that is ready to render.
#[derive(Clone)]
pub(super) struct Template {
    part: Part,
    /// The config's own, if there is one.
    own: Option<Arc<Environment<'static>>>,
    default: Arc<Environment<'static>>,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = if self.own.is_some() { "own" } else { "default" };
        write!(f, "{} ({which}, at most {})", self.part.key, self.part.limit)
    }
}

/// Where a template is written.
enum Origin {
    Inline(At<String>),
    File(PathBuf),
}

impl Template {
    /// Takes the template of `part` out of a table, and tries it on messages of each form. `None`
    /// if it is wrong; that is noted with the template's own line.
    pub fn read(table: &mut Table<'_>, around: &Around, part: Part) -> Option<Self> {
        let inline = table.get_at::<String>(part.key);
        let file = table.get_at::<String>(part.file_key);
        let (text, origin) = match (inline, file) {
            (None, None) => return Self::default_of(part, table),
            (Some(_), Some(file)) => {
                let message = format!("both `{}` and `{}` are given", part.key, part.file_key);
                table.note(table.document().problem(&file.source, message).hint("keep one"));
                return None;
            }
            (Some(inline), None) => (inline.value.clone(), Origin::Inline(inline)),
            (None, Some(file)) => {
                let path = around.base().join(&file.value);
                match read_file(&path) {
                    Ok(text) => {
                        (text.trim_end_matches(['\r', '\n']).to_owned(), Origin::File(path))
                    }
                    Err(problem) => {
                        let message = format!("`{}`: {problem}", part.file_key);
                        table.note(table.document().problem(&file.source, message));
                        return None;
                    }
                }
            }
        };
        match Self::new(part, text.clone()) {
            Ok(template) => Some(template),
            Err(fault) => {
                table.note(fault.at(table, &origin, &text, part.key));
                None
            }
        }
    }

    fn default_of(part: Part, table: &Table<'_>) -> Option<Self> {
        let default = compile(part.default.to_owned(), part.markup);
        let note = |error: Error| {
            let message = format!("the default of `{}`: {error}", part.key);
            table.note(table.document().problem(table.source(), message));
        };
        let default = Arc::new(default.map_err(note).ok()?);
        Some(Self { part, own: None, default })
    }

    /// A template with `text` for its own, tried on messages of each form.
    ///
    /// # Errors
    /// What is wrong with it.
    fn new(part: Part, text: String) -> Result<Self, Fault> {
        if text.len() > MAX_TEMPLATE {
            let message = format!("the template is longer than {} KiB", MAX_TEMPLATE >> 10);
            return Err(Fault { message, line: None, hint: None });
        }
        let default = compile(part.default.to_owned(), part.markup).map_err(|e| Fault::of(&e))?;
        let own = compile(text, part.markup).map_err(|error| Fault::of(&error))?;
        for batch in samples() {
            let bounds = BOUNDS[0];
            let Some(message) = Message::of(&batch, bounds, batch.len()) else { continue };
            if let Err(error) = render(&own, &message) {
                return Err(Fault::of(&error).with_fields(&own, &message));
            }
        }
        Ok(Self { part, own: Some(Arc::new(own)), default: Arc::new(default) })
    }

    /// The text for `batch`, within the limit. Never fails: should the config's own template fail
    /// for these alerts, the default takes its place and says so.
    pub fn render(&self, batch: &Batch) -> String {
        let Part { limit, markup, .. } = self.part;
        let mut note = String::new();
        if let Some(own) = &self.own {
            match fit::fit(batch, limit, markup, |message| render(own, message)) {
                Ok(text) => return text,
                Err(error) => {
                    let fault = Fault::of(&error).message;
                    let told = format!(" (`{}` failed: {fault})", self.part.key);
                    (markup.escape)(&told, &mut note);
                }
            }
        }
        let room = limit.saturating_sub((markup.length)(&note));
        let text = fit::fit(batch, room, markup, |message| render(&self.default, message));
        text.unwrap_or_else(|_| fit::plain(batch, room, markup)) + &note
    }
}

fn compile(text: String, markup: Markup) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_auto_escape_callback(|_| AutoEscape::Custom("service".into()));
    env.set_formatter(move |out, _, value| {
        defined(value)?;
        out.write_str(&escaped(value, markup)).map_err(Error::from)
    });
    // What comes from outside is always escaped, and as the service reads it.
    env.remove_filter("safe");
    for name in ["e", "escape"] {
        env.add_filter(name, move |value: Value| {
            defined(&value)?;
            Ok::<_, Error>(Value::from_safe_string(escaped(&value, markup)))
        });
    }
    env.add_filter("url", move |text: String| {
        let mut escaped = String::with_capacity(text.len());
        (markup.url)(&text, &mut escaped);
        Value::from_safe_string(escaped)
    });
    env.add_filter("tojson", move |value: Value| {
        defined(&value)?;
        serde_json::to_string(&value)
            .map(|json| if markup.json { Value::from_safe_string(json) } else { json.into() })
            .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
    });
    env.add_template_owned(NAME, text)?;
    Ok(env)
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(()) }
}

/// What stands for `value` in a text that the service reads so.
fn escaped(value: &Value, markup: Markup) -> String {
    let text = match value.as_str() {
        _ if value.is_none() => return String::new(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    if value.is_safe() {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    (markup.escape)(&text, &mut escaped);
    escaped
}

fn render(env: &Environment<'_>, message: &Message) -> Result<String, Error> {
    let mut out = Bounded(Vec::new());
    let template = env.get_template(NAME)?;
    template.render_captured_to(Value::from(Serde(message)), &mut out)?;
    String::from_utf8(out.0).map_err(|error| Error::new(ErrorKind::WriteFailure, error.to_string()))
}

/// What a rendering writes to, up to its bound.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RENDERED {
            return Err(std::io::Error::other("it writes too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is wrong with a template.
#[derive(Debug)]
struct Fault {
    message: String,
    /// From 1.
    line: Option<usize>,
    hint: Option<String>,
}

impl Fault {
    fn of(error: &Error) -> Self {
        let kind = error.kind();
        let message = match (kind, error.detail()) {
            (ErrorKind::OutOfFuel, _) => "the template takes too many steps".to_owned(),
            (_, Some(detail)) => format!("{kind}: {detail}"),
            (_, None) => kind.to_string(),
        };
        Self { message, line: error.line(), hint: None }
    }

    /// The same with the name that there is not, if that is what is wrong and can be found.
    fn with_fields(mut self, env: &Environment<'_>, message: &Message) -> Self {
        let Ok(known) = serde_json::to_value(message) else { return self };
        let asked = env.get_template(NAME).map(|t| t.undeclared_variables(true));
        let mut asked: Vec<String> = asked.unwrap_or_default().into_iter().collect();
        asked.sort();
        let globals: Vec<&str> = env.globals().map(|(name, _)| name).collect();
        for path in asked.iter().filter(|path| !globals.contains(&path.as_str())) {
            if let Some((name, fields)) = missing(path, &known) {
                self.message = format!("{}: there is no `{path}`", self.message);
                let near = nearest(name, fields.iter().map(String::as_str));
                self.hint = Some(match near {
                    Some(near) => {
                        format!("did you mean `{near}`? there are: {}", fields.join(", "))
                    }
                    None => format!("there are: {}", fields.join(", ")),
                });
                return self;
            }
        }
        self
    }

    fn at(self, table: &Table<'_>, origin: &Origin, text: &str, key: &str) -> Problem {
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

/// The first name in `path` (`alert.feed.nam`) that is not in `known`, and those that are.
fn missing<'a>(path: &'a str, known: &serde_json::Value) -> Option<(&'a str, Vec<String>)> {
    let mut value = known;
    for name in path.split('.') {
        let fields = value.as_object()?;
        match fields.get(name) {
            Some(inner) => value = inner,
            None => return Some((name, fields.keys().cloned().collect())),
        }
    }
    None
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
