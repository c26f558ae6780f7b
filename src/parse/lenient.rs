//! The lenient reader: takes an XML feed that no parser should accept, and reads it.
//!
//! Names are compared in lower case and without namespaces where that does no harm; an end tag
//! closes up to its match or is dropped; a field that begins inside another ends that one; what
//! is open at the end of the document is closed, except an item, which is left out: it comes
//! whole at another poll.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::names::{self, Vocabulary};
use super::raw::{MAX_FIELD, MAX_ITEMS, RawFeed};
use super::text;
use super::tidy::{self, Tidied};
use attributes::Attributes;
use collect::Collector;

mod attributes;
mod collect;

/// Open elements that are kept track of; deeper ones are read through.
const MAX_DEPTH: usize = 512;
/// How far up an end tag looks for its start.
const MAX_CLOSE: usize = 64;

/// What was read and how well.
#[derive(Debug)]
pub(super) struct Reading {
    /// The feed.
    pub(super) feed: RawFeed,
    /// What had to be mended.
    pub(super) repairs: Vec<&'static str>,
    /// Whether the root element was closed.
    pub(super) complete: bool,
}

/// Reads a document. `None` if it has no root element of a feed.
pub(super) fn read(text: &str, base: Option<&Url>) -> Option<Reading> {
    let Tidied { text, root, junk_before, mended } = tidy::tidy(text)?;
    let mut walker = Walker::new(&root, base);
    walker.note("junk-before", junk_before);
    walker.note("broken-markup", mended);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => walker.start(&tag, false),
            Ok(Event::Empty(tag)) => walker.start(&tag, !attributes::slash_is_value(&tag)),
            Ok(Event::End(tag)) => walker.end(tag.name().as_ref()),
            Ok(Event::Text(text)) => walker.text(&text, true),
            Ok(Event::CData(text)) => walker.text(&text, false),
            Ok(Event::GeneralRef(name)) => walker.reference(&name),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                walker.note("truncated", true);
                break;
            }
        }
    }
    Some(walker.finish())
}

/// An open element.
struct Open {
    /// As written, in lower case.
    name: String,
    place: Place,
    /// The length of the stack of bases before this element.
    bases: usize,
}

/// What an element is, as far as the fields in it are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The feed itself: its children are the feed's fields.
    Feed,
    /// An item.
    Item,
    /// Atom's author: its name is a name.
    Person,
    /// A field whose text is being taken.
    Field,
    /// Markup inside a field.
    Markup,
    /// Fields in here belong to nobody.
    Foreign,
    /// Fields in here belong to whatever is around.
    Open,
}

struct Walker {
    stack: Vec<Open>,
    /// Start tags beyond the depth that is kept track of.
    beyond: usize,
    prefixes: HashMap<String, Vocabulary>,
    bases: Vec<Url>,
    collector: Collector,
    repairs: Vec<&'static str>,
    complete: bool,
    /// The root's name as written, lower case.
    root: Option<String>,
}

impl Walker {
    fn new(root: &str, base: Option<&Url>) -> Self {
        Self {
            stack: Vec::new(),
            beyond: 0,
            prefixes: HashMap::new(),
            bases: base.into_iter().cloned().collect(),
            collector: Collector::new(root),
            repairs: Vec::new(),
            complete: false,
            root: None,
        }
    }

    fn note(&mut self, repair: &'static str, happened: bool) {
        if happened && !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        let name = tag.name().as_ref().to_ascii_lowercase();
        if self.beyond > 0 || self.stack.len() >= MAX_DEPTH {
            self.beyond += usize::from(!empty);
            return;
        }
        let bases = self.bases.len();
        let attributes = Attributes::of(tag);
        self.declare(&attributes);
        let (prefix, local) = names::split(&name);
        let vocabulary = self.vocabulary(prefix);
        self.close_before(vocabulary, local);
        let place = self.place(vocabulary, local, &attributes);
        self.root.get_or_insert_with(|| name.clone());
        if place == Place::Markup {
            self.collector.push_tag(local, false);
            if is_void(local) {
                self.bases.truncate(bases);
                return;
            }
        }
        self.stack.push(Open { name, place, bases });
        if empty {
            self.close_to(self.stack.len() - 1);
        }
    }

    /// Takes in namespace declarations and `xml:base`.
    fn declare(&mut self, attributes: &Attributes) {
        for (name, value) in &attributes.0 {
            if let Some(prefix) = name.strip_prefix("xmlns:")
                && self.prefixes.len() < 64
                && let Some(vocabulary) = names::of_uri(value)
            {
                let atom = vocabulary == Vocabulary::Atom && self.collector.is_atom();
                let vocabulary = if atom { Vocabulary::Core } else { vocabulary };
                self.prefixes.entry(prefix.to_owned()).or_insert(vocabulary);
            }
            if name == "xml:base" && value.len() < 2048 {
                let next = match self.bases.last() {
                    Some(base) => base.join(value.trim()).ok(),
                    None => Url::parse(value.trim()).ok(),
                };
                self.bases.extend(next.filter(|url| url.as_str().len() < 4096));
            }
        }
    }

    fn vocabulary(&self, prefix: &str) -> Vocabulary {
        if prefix.is_empty() {
            return Vocabulary::Core;
        }
        self.prefixes.get(prefix).copied().unwrap_or_else(|| names::of_prefix(prefix))
    }

    /// Closes what cannot hold this element: an item in an item, a field in a field.
    fn close_before(&mut self, vocabulary: Vocabulary, local: &str) {
        let item = names::is_item(vocabulary, local);
        if item && let Some(at) = self.stack.iter().rposition(|open| open.place == Place::Item) {
            self.note("unclosed-element", true);
            self.close_to(at);
            return;
        }
        let Some(at) = self.stack.iter().rposition(|open| open.place == Place::Field) else {
            return;
        };
        let field = item || self.collector.is_ended_by(vocabulary, local);
        if field {
            self.note("unclosed-element", true);
            self.close_to(at);
        }
    }

    /// Decides what an element is, and begins items and fields.
    fn place(&mut self, vocabulary: Vocabulary, local: &str, attributes: &Attributes) -> Place {
        let around = self
            .stack
            .iter()
            .rev()
            .map(|open| open.place)
            .find(|place| *place != Place::Open)
            .unwrap_or(Place::Open);
        match around {
            Place::Field | Place::Markup => Place::Markup,
            Place::Foreign => Place::Foreign,
            Place::Person => {
                if local == "name" || local == "email" {
                    self.collector.begin_person_part(local);
                    return Place::Field;
                }
                Place::Foreign
            }
            Place::Feed | Place::Item | Place::Open => {
                self.place_in_feed(around == Place::Item, vocabulary, local, attributes)
            }
        }
    }

    fn place_in_feed(
        &mut self,
        in_item: bool,
        vocabulary: Vocabulary,
        local: &str,
        attributes: &Attributes,
    ) -> Place {
        if names::is_item(vocabulary, local) {
            let full = !self.collector.begin_item(attributes, self.bases.last());
            self.note("too-many-items", full);
            return Place::Item;
        }
        let core = matches!(vocabulary, Vocabulary::Core | Vocabulary::Atom);
        match local {
            "rss" | "rdf" | "feed" | "channel" if core && !in_item => {
                self.collector.feed_attributes(attributes);
                return Place::Feed;
            }
            "image" | "textinput" | "source" | "contributor" | "enclosure" if core => {
                return Place::Foreign;
            }
            "group" if vocabulary == Vocabulary::Media => return Place::Open,
            "content" if vocabulary == Vocabulary::Media => return Place::Open,
            "author" if core && self.collector.is_atom() => {
                self.collector.begin_person();
                return Place::Person;
            }
            _ => {}
        }
        match names::part(vocabulary, local) {
            Some(part) => {
                self.collector.begin_field(part, vocabulary, attributes, self.bases.last());
                Place::Field
            }
            None if vocabulary == Vocabulary::Core => Place::Open,
            None => Place::Foreign,
        }
    }

    fn end(&mut self, name: &str) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let name = name.to_ascii_lowercase();
        let near = self.stack.len().saturating_sub(MAX_CLOSE);
        let found = self.stack[near..].iter().rposition(|open| open.name == name);
        let found = found.map(|at| near + at).or_else(|| {
            let anchor =
                |open: &Open| matches!(open.place, Place::Field | Place::Item | Place::Feed);
            self.stack.iter().rposition(|open| anchor(open) && open.name == name)
        });
        let Some(at) = found else {
            return self.note("unmatched-end-tag", true);
        };
        let markup = self.stack[at].place == Place::Markup;
        self.note(
            "unclosed-element",
            at + 1 < self.stack.len() && !markup && {
                self.stack[at + 1..].iter().any(|open| open.place != Place::Markup)
            },
        );
        self.complete |= self.root.as_ref() == Some(&name);
        self.close_to(at);
    }

    /// Closes all elements from `at` upwards.
    fn close_to(&mut self, at: usize) {
        while self.stack.len() > at {
            let Some(open) = self.stack.pop() else { break };
            match open.place {
                Place::Field => self.collector.end_field(self.bases.last()),
                Place::Item => self.collector.end_item(self.complete),
                Place::Person => self.collector.end_person(),
                Place::Markup => self.collector.push_tag(names::split(&open.name).1, true),
                Place::Feed | Place::Foreign | Place::Open => {}
            }
            self.bases.truncate(open.bases);
        }
    }

    fn text(&mut self, text: &str, parsed: bool) {
        self.collector.push(text, parsed);
        if parsed && self.complete && !text.trim().is_empty() {
            self.note("junk-after", true);
        }
        if parsed && text.starts_with('&') {
            self.note("bare-ampersand", true);
        }
    }

    fn reference(&mut self, name: &str) {
        if let Some(known) = resolve_html5_entity(name) {
            self.collector.push(known, true);
        } else if let Some((character, _)) = text::entity(&format!("&{name};")) {
            self.collector.push(&character, true);
        } else {
            self.note("undefined-entity", true);
            self.collector.push(&format!("&{name};"), true);
        }
    }

    fn finish(mut self) -> Reading {
        let cut = !self.complete;
        self.note("truncated", cut);
        self.collector.cut_off();
        self.stack.retain(|open| !matches!(open.place, Place::Item | Place::Field));
        self.close_to(0);
        Reading { feed: self.collector.feed, repairs: self.repairs, complete: self.complete }
    }
}

/// HTML elements that have no end tag.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img" | "hr" | "input" | "meta" | "wbr" | "area" | "embed" | "source" | "col"
    )
}

#[cfg(test)]
mod tests;
