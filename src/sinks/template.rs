//! Templates for titles and bodies: read and tried with the config, rendered within the limits and
//! by the escapes of a service.

mod both;
mod fault;
mod fit;
pub(super) mod markup;
pub(super) mod tags;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

pub(super) use self::both::{read_both, render_both};
use self::fault::{Fault, Origin};
pub(super) use self::markup::Markup;
use super::message::{BOUNDS, Message, Sample, samples};
use super::{HealthAlerts, Reading};
use crate::document::Table;
use crate::files::read_file;
use crate::model::{Batch, MessageKey, Problem, SinkName};
use crate::observe::events::TemplateFailed;

/// Steps of minijinja that one rendering may take.
const FUEL: u64 = 500_000;
/// Bytes of a template.
const MAX_TEMPLATE: usize = 64 << 10;
/// Bytes that one rendering may write before it is given up.
const MAX_RENDERED: usize = 4 << 20;
/// Messages of which it is known that they were told of.
const MAX_TOLD: usize = 64;
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
    own: Option<Arc<Own>>,
    default: Arc<Environment<'static>>,
}

/// A config's own template.
struct Own {
    env: Environment<'static>,
    /// Whether what it makes depends on the alerts.
    asks: bool,
    /// Messages that it failed for of late, which is told once of each.
    told: Mutex<VecDeque<MessageKey>>,
}

impl Own {
    /// What it makes of `batch`, within the limit.
    fn render(&self, batch: &Batch, part: Part) -> Result<String, Fault> {
        let render = |message: &Message| render(&self.env, message);
        let text = fit::fit(batch, part.limit, part.markup, render);
        let text = text.map_err(|error| Fault::of(&error))?;
        (part.markup.check)(&text).map_err(Fault::of_text)?;
        Ok(text)
    }

    fn tell(&self, key: &MessageKey, event: &TemplateFailed<'_>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(key) {
            return;
        }
        if told.len() == MAX_TOLD {
            told.pop_front();
        }
        told.push_back(key.clone());
        event.log();
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = if self.own.is_some() { "own" } else { "default" };
        write!(f, "{} ({which}, at most {})", self.part.key, self.part.limit)
    }
}

impl Template {
    /// Takes the template of `part` out of a table, and tries it on messages of each form. `None`
    /// if it is wrong; that is noted with the template's own line.
    pub fn read(table: &mut Table<'_>, around: &Reading<'_>, part: Part) -> Option<Self> {
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
                        let Problem { place, message, hint } = problem;
                        let message = format!("`{}`: {place}: {message}", part.file_key);
                        let told = table.document().problem(&file.source, message);
                        table.note(hint.into_iter().fold(told, Problem::hint));
                        return None;
                    }
                }
            }
        };
        match Self::new(part, &text, around.health) {
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
    fn new(part: Part, text: &str, health: HealthAlerts) -> Result<Self, Fault> {
        if text.len() > MAX_TEMPLATE {
            let message = format!("the template is longer than {} KiB", MAX_TEMPLATE >> 10);
            return Err(Fault::new(message));
        }
        let default = compile(part.default.to_owned(), part.markup).map_err(|e| Fault::of(&e))?;
        let env = compile(text.to_owned(), part.markup).map_err(|error| Fault::of(&error))?;
        let asks = text.contains("{{") || text.contains("{%");
        let own = Own { env, asks, told: Mutex::default() };
        for Sample { batch, about } in samples(health) {
            let bounds = BOUNDS[0];
            let Some(message) = Message::of(&batch, bounds, batch.len()) else { continue };
            if let Err(error) = render(&own.env, &message) {
                return Err(Fault::of_names(&error, &own.env, text, &message).with(about));
            }
            own.render(&batch, part).map_err(|fault| fault.with(about))?;
        }
        Ok(Self { part, own: Some(Arc::new(own)), default: Arc::new(default) })
    }

    /// The text for `batch`, which `sink` sends, within the limit. Never fails: should the config's
    /// own template fail for these alerts, that is logged, and the default takes its place and says
    /// so.
    pub fn render(&self, batch: &Batch, sink: &SinkName) -> String {
        let mut note = String::new();
        match self.try_own(batch, sink) {
            None => {}
            Some(Ok(text)) => return text,
            Some(Err(fault)) => {
                let told = format!(" (`{}` failed: {})", self.part.key, fault.message);
                (self.part.markup.escape)(&told, &mut note);
            }
        }
        self.render_default(batch, &note)
    }

    /// The text of the built-in template, with `note` behind it.
    fn render_default(&self, batch: &Batch, note: &str) -> String {
        let Part { limit, markup, .. } = self.part;
        let room = limit.saturating_sub((markup.length)(note));
        let text = fit::fit(batch, room, markup, |message| render(&self.default, message));
        text.unwrap_or_else(|_| fit::plain(batch, room, markup)) + note
    }

    /// The text that the config's own template makes, if there is one and it does not fail, which is
    /// logged.
    pub fn render_own(&self, batch: &Batch, sink: &SinkName) -> Option<String> {
        self.try_own(batch, sink)?.ok()
    }

    /// The text for a sample.
    fn sample(&self, batch: &Batch) -> String {
        let own = self.own.as_ref().and_then(|own| own.render(batch, self.part).ok());
        own.unwrap_or_else(|| self.render_default(batch, ""))
    }

    fn is_blank(&self, text: &str) -> bool {
        (self.part.markup.blank)(text)
    }

    fn try_own(&self, batch: &Batch, sink: &SinkName) -> Option<Result<String, Fault>> {
        let own = self.own.as_ref()?;
        let result = own.render(batch, self.part);
        if let Err(Fault { message, .. }) = &result {
            let (key, template) = (batch.key.as_str(), self.part.key);
            own.tell(&batch.key, &TemplateFailed { sink, key, template, message });
        }
        Some(result)
    }
}

fn compile(text: String, markup: Markup) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    // Errors then name what is undefined.
    env.set_debug(true);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_auto_escape_callback(|_| AutoEscape::Custom("service".into()));
    env.set_formatter(move |out, _, value| {
        // Only that of an `if` without an `else`; all other is refused before.
        if value.is_undefined() {
            return Ok(());
        }
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
    // The error that this makes knows where the value comes from.
    if value.is_undefined() { value.get_item(value).map(drop) } else { Ok(()) }
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

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
