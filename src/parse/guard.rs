//! Looks a document over before feed-rs gets it. feed-rs 3 ends the process on deep nesting,
//! takes seconds over nested `xml:base`, stops at the first mistake, and passes over in silence
//! what it does not know; so it is given only documents without any of that.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::names::{self, Part, Vocabulary};
use super::raw::MAX_ITEMS;

/// The deepest nesting that feed-rs is trusted with.
const MAX_DEPTH: usize = 64;
/// Default namespaces whose elements feed-rs takes for feed elements.
const DEFAULTS: [&str; 2] = ["http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/"];

/// Marks of text that was encoded twice: feed-rs trims the second byte of such a character where it
/// looks like a blank.
const TRIMMED_AWAY: [char; 3] = ['\u{85}', 'Ã', 'Ð'];

/// Whether feed-rs would read all there is in the document: how many items, if so.
pub(super) fn admit(text: &str) -> Option<usize> {
    if text.contains("<?xml ") || text.contains(TRIMMED_AWAY) {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let mut watch = Watch::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                watch.start(&tag)?;
                watch.stack.push(tag.name().as_ref().to_owned());
            }
            Event::Empty(tag) => watch.start(&tag)?,
            Event::End(_) => drop(watch.stack.pop()),
            Event::Eof => {
                let whole = watch.stack.is_empty() && watch.rooted && watch.items == written(text);
                return whole.then_some(watch.items);
            }
            Event::DocType(_) | Event::Decl(_) => return None,
            _ => {}
        }
    }
}

/// How many start tags of items are written in the text, be it in a quote or section that was not
/// closed.
fn written(text: &str) -> usize {
    let tags = text.match_indices('<').filter(|(at, _)| {
        let inside = &text[at + 1..];
        let rest = inside.strip_prefix("item").or_else(|| inside.strip_prefix("entry"));
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || "/>".contains(c)))
    });
    tags.count()
}

#[derive(Default)]
struct Watch {
    stack: Vec<String>,
    items: usize,
    rooted: bool,
    atom: bool,
    /// Prefixes that the root declares. feed-rs takes others for none at all.
    declared: Vec<String>,
    /// Parts of the item at hand that were seen, one bit each.
    seen: u16,
    /// Depth at which the content is XHTML, and children are text.
    inline: Option<usize>,
}

impl Watch {
    /// `None` if this element is beyond feed-rs.
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        let depth = self.stack.len();
        let name = tag.name();
        let (prefix, local) = names::split(name.as_ref());
        if depth >= MAX_DEPTH {
            return None;
        }
        if depth == 0 {
            return self.root(tag, prefix, local);
        }
        if self.inline.is_some_and(|inline| depth > inline) {
            return Some(());
        }
        self.inline = None;
        if !prefix.is_empty() && !self.declared.iter().any(|declared| declared == prefix) {
            return None;
        }
        let attributes = tag.attributes_raw();
        if attributes.contains("xmlns") || attributes.contains("xml:base") {
            return None;
        }
        let vocabulary = names::of_prefix(prefix);
        if names::is_item(vocabulary, &names::lower(local)) {
            let fits = prefix.is_empty() && local == if self.atom { "entry" } else { "item" };
            if !fits || depth > 2 || attributes.contains("xml:lang") {
                return None;
            }
            self.items += 1;
            self.seen = 0;
            return (self.items <= MAX_ITEMS).then_some(());
        }
        let parent = self.stack.last().map(String::as_str).unwrap_or_default();
        match parent {
            "item" | "entry" => self.part(prefix, local, attributes, depth),
            "rss" => (!attributes.contains("xml:lang")).then_some(()),
            "channel" | "feed" => (local != "language" || prefix.is_empty()).then_some(()),
            "title" | "description" | "summary" | "content" | "content:encoded" | "link"
            | "guid" | "id" | "pubDate" | "author" => {
                (parent == "author" && self.atom).then_some(())
            }
            _ => Some(()),
        }
    }

    /// The root: RSS 2.0 or 0.9x and Atom 1.0, with the prefixes bound as by custom. RDF is left
    /// out, since feed-rs drops its items without link and does not read `rdf:about`.
    fn root(&mut self, tag: &BytesStart<'_>, prefix: &str, local: &str) -> Option<()> {
        self.rooted = true;
        self.atom = local == "feed";
        if !prefix.is_empty() || !matches!(local, "feed" | "rss") {
            return None;
        }
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let (key, value) = (attribute.key.as_ref(), attribute.value.as_ref());
            let fits = match key.strip_prefix("xmlns:") {
                Some(bound) => {
                    names::of_uri(value).unwrap_or(Vocabulary::Other) == names::of_prefix(bound)
                }
                None if key == "xmlns" => DEFAULTS.contains(&value) && self.atom,
                None => self.atom || !matches!(key, "xml:lang" | "xml:base"),
            };
            if !fits {
                return None;
            }
            self.declared.extend(key.strip_prefix("xmlns:").map(str::to_owned));
        }
        Some(())
    }

    /// A child of an item: known to feed-rs under this name, and there once.
    fn part(&mut self, prefix: &str, local: &str, attributes: &str, depth: usize) -> Option<()> {
        let lower = local.to_ascii_lowercase();
        let Some(part) = names::part(names::of_prefix(prefix), &lower) else { return Some(()) };
        if part == Part::Author || (part == Part::Link && self.atom) {
            return Some(());
        }
        let known = match (prefix, local) {
            ("", "title" | "link" | "description" | "guid" | "pubDate") => !self.atom,
            ("content", "encoded") | ("dc", "creator") => !self.atom,
            ("media", "title" | "description") => true,
            _ => false,
        };
        let atoms = ["title", "id", "updated", "published", "summary", "content"];
        let known = known || (self.atom && prefix.is_empty() && atoms.contains(&local));
        let bit = match part {
            Part::Title(3) => 1,
            Part::Link => 2,
            Part::Id => 4,
            Part::Published(_) => 8,
            Part::Updated(_) => 16,
            Part::Summary(3) => 32,
            Part::Content(_) => 64,
            _ => 0,
        };
        if !known || self.seen & bit != 0 || attributes.contains("mode=") {
            return None;
        }
        self.seen |= bit;
        if self.atom && attributes.contains("xhtml") {
            self.inline = Some(depth);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
