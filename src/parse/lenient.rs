//! The lenient reader: takes an XML feed that no parser should accept, and reads it.
//!
//! Names are compared in lower case and without namespaces where that does no harm; an end tag
//! closes up to its match or is dropped; a field that begins inside another ends that one; of an
//! item that is open at the end of the document, the fields that are whole are kept.

use quick_xml::Reader;
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

/// Most end tags without a start; what comes after is left out.
const MAX_UNMATCHED: usize = 100_000;

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
    // What comes after the last item that is kept is of no use.
    while !walker.collector.is_full() {
        if walker.unmatched >= MAX_UNMATCHED {
            walker.note("truncated", true);
            break;
        }
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
    /// Where its name begins in [`Walker::names`].
    name: usize,
    place: Place,
    /// Its place, or that of what is around if that is what counts for its children.
    inside: Place,
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
    /// The names of open elements one after the other, as written, in lower case.
    names: String,
    /// Start tags beyond the depth that is kept track of.
    beyond: usize,
    /// Where the open item and the open field stand in the stack; there is one of each at most.
    item: Option<usize>,
    field: Option<usize>,
    /// What the first declaration of a prefix says.
    prefixes: Vec<(String, Vocabulary)>,
    bases: Vec<Url>,
    collector: Collector,
    repairs: Vec<&'static str>,
    complete: bool,
    /// End tags without a start so far.
    unmatched: usize,
    /// The root's name as written, lower case.
    root: Option<String>,
}

impl Walker {
    fn new(root: &str, base: Option<&Url>) -> Self {
        Self {
            stack: Vec::new(),
            names: String::new(),
            beyond: 0,
            item: None,
            field: None,
            prefixes: Vec::new(),
            bases: base.into_iter().cloned().collect(),
            collector: Collector::new(root),
            repairs: Vec::new(),
            complete: false,
            unmatched: 0,
            root: None,
        }
    }

    fn note(&mut self, repair: &'static str, happened: bool) {
        if happened && !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, empty: bool) {
        if self.beyond > 0 || self.stack.len() >= MAX_DEPTH {
            self.beyond += usize::from(!empty);
            return;
        }
        let name = tag.name();
        let name = names::lower(name.as_ref());
        let bases = self.bases.len();
        let attributes = Attributes::of(tag);
        if attributes.may_declare() {
            self.declare(&attributes);
        }
        let (prefix, local) = names::split(&name);
        let vocabulary = self.vocabulary(prefix);
        self.close_before(vocabulary, local);
        let place = self.place(vocabulary, local, &attributes);
        if self.root.is_none() {
            self.root = Some(name.clone().into_owned());
        }
        if place == Place::Markup {
            self.collector.push_tag(local, false);
            if names::is_void(local) {
                self.bases.truncate(bases);
                return;
            }
        }
        self.open(&name, place, bases);
        if empty {
            self.close_to(self.stack.len() - 1);
        }
    }

    fn open(&mut self, name: &str, place: Place, bases: usize) {
        let at = self.stack.len();
        match place {
            Place::Item => self.item = Some(at),
            Place::Field => self.field = Some(at),
            _ => {}
        }
        let inside = if place == Place::Open { self.around() } else { place };
        self.stack.push(Open { name: self.names.len(), place, inside, bases });
        self.names.push_str(name);
    }

    /// What counts for an element that opens now.
    fn around(&self) -> Place {
        self.stack.last().map_or(Place::Open, |open| open.inside)
    }

    /// The name of an open element.
    fn name(&self, at: usize) -> &str {
        let end = self.stack.get(at + 1).map_or(self.names.len(), |next| next.name);
        &self.names[self.stack[at].name..end]
    }

    /// Takes in namespace declarations and `xml:base`.
    fn declare(&mut self, attributes: &Attributes<'_>) {
        for (name, value) in attributes.all() {
            if let Some(prefix) = name.strip_prefix("xmlns:")
                && self.prefixes.len() < 64
                && let Some(vocabulary) = names::of_uri(value)
            {
                let atom = vocabulary == Vocabulary::Atom && self.collector.is_atom();
                let vocabulary = if atom { Vocabulary::Core } else { vocabulary };
                if self.declared(prefix).is_none() {
                    self.prefixes.push((prefix.to_owned(), vocabulary));
                }
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
        self.declared(prefix).unwrap_or_else(|| names::of_prefix(prefix))
    }

    fn declared(&self, prefix: &str) -> Option<Vocabulary> {
        self.prefixes.iter().find(|(known, _)| known == prefix).map(|(_, vocabulary)| *vocabulary)
    }

    /// Closes what cannot hold this element: an item in an item, a field in a field.
    fn close_before(&mut self, vocabulary: Vocabulary, local: &str) {
        let item = names::is_item(vocabulary, local);
        if item && let Some(at) = self.item {
            self.note("unclosed-element", true);
            self.close_to(at);
            return;
        }
        let Some(at) = self.field else { return };
        let field = item || self.collector.is_ended_by(vocabulary, local);
        if field {
            self.note("unclosed-element", true);
            self.close_to(at);
        }
    }

    /// Decides what an element is, and begins items and fields.
    fn place(&mut self, vocabulary: Vocabulary, local: &str, attributes: &Attributes<'_>) -> Place {
        let around = self.around();
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
        attributes: &Attributes<'_>,
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
        let name = names::lower(name);
        let near = self.stack.len().saturating_sub(MAX_CLOSE);
        // Beyond that it looks for its field, its item, and the feed at the bottom only.
        let far = [self.field, self.item].into_iter().flatten();
        let feeds = (0..near.min(MAX_CLOSE)).rev();
        let feeds = feeds.filter(|at| self.stack[*at].place == Place::Feed);
        let mut places = (near..self.stack.len()).rev().chain(far).chain(feeds);
        let found = places.find(|at| self.name(*at) == name);
        let Some(at) = found else {
            self.unmatched += 1;
            return self.note("unmatched-end-tag", true);
        };
        let markup = self.stack[at].place == Place::Markup;
        self.note(
            "unclosed-element",
            at + 1 < self.stack.len() && !markup && {
                self.stack[at + 1..].iter().any(|open| open.place != Place::Markup)
            },
        );
        self.complete |= self.root.as_deref() == Some(&*name);
        self.close_to(at);
    }

    /// Closes all elements from `at` upwards.
    fn close_to(&mut self, at: usize) {
        while self.stack.len() > at {
            let Some(open) = self.stack.pop() else { break };
            match open.place {
                Place::Field => {
                    self.field = None;
                    self.collector.end_field(self.bases.last());
                }
                Place::Item => {
                    self.item = None;
                    self.collector.end_item(self.complete);
                }
                Place::Person => self.collector.end_person(),
                Place::Markup => {
                    self.collector.push_tag(names::split(&self.names[open.name..]).1, true);
                }
                Place::Feed | Place::Foreign | Place::Open => {}
            }
            self.bases.truncate(open.bases);
            self.names.truncate(open.name);
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
        match text::entity_of(name) {
            Some(known) => self.collector.push(&known, true),
            None => {
                self.note("undefined-entity", true);
                self.collector.push(&format!("&{name};"), true);
            }
        }
    }

    fn finish(mut self) -> Reading {
        let cut = !self.complete && !self.collector.is_full();
        self.note("truncated", cut);
        self.collector.cut_off();
        self.stack.retain(|open| !matches!(open.place, Place::Item | Place::Field));
        self.close_to(0);
        Reading { feed: self.collector.feed, repairs: self.repairs, complete: self.complete }
    }
}

#[cfg(test)]
mod tests;
