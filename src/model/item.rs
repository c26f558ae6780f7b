//! Items as they were read from a feed document.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Timestamp, Wishes};

/// A part of an item that rules look at. All three are plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The headline.
    Title,
    /// RSS `description`, Atom `summary`.
    Summary,
    /// RSS `content:encoded`, Atom `content`.
    Content,
}

impl Field {
    /// All fields, in reading order.
    pub const ALL: [Self; 3] = [Self::Title, Self::Summary, Self::Content];

    /// The name used in rules and alerts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Summary => "summary",
            Self::Content => "content",
        }
    }
}

/// One entry of a feed. All text is plain (markup and entities resolved), one line, and free of
/// control characters; `title`, `summary` and `content` may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its identity within its feed: the same for the same item at every poll, whatever happened
    /// to its headline meanwhile.
    pub id: String,
    /// The headline.
    pub title: String,
    /// Absolute, http or https.
    pub link: Option<String>,
    /// When the publisher says it came out.
    pub published: Option<Timestamp>,
    /// When the publisher says it last changed.
    pub updated: Option<Timestamp>,
    /// Names, in the order given.
    pub authors: Vec<String>,
    /// BCP 47 tag, from the item or its feed.
    pub language: Option<String>,
    /// See [`Field::Summary`].
    pub summary: String,
    /// See [`Field::Content`].
    pub content: String,
}

impl Item {
    /// The plain text of a field.
    pub fn field(&self, field: Field) -> &str {
        match field {
            Field::Title => &self.title,
            Field::Summary => &self.summary,
            Field::Content => &self.content,
        }
    }

    /// What one reads under the headline: the content if it begins with or holds the summary, else
    /// the summary and then the content.
    pub fn text(&self) -> Cow<'_, str> {
        match (self.summary.as_str(), self.content.as_str()) {
            (summary, "") => Cow::Borrowed(summary),
            (summary, content) if content.contains(summary) => Cow::Borrowed(content),
            (summary, content) => Cow::Owned(format!("{summary} {content}")),
        }
    }
}

/// The format that a document turned out to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// RSS 0.91 to 2.0.
    Rss,
    /// RSS 0.90, 1.0 and 1.1, on RDF.
    Rdf,
    /// Atom 0.3 and 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.0 and 1.1.
    Json,
}

/// The name of something that was tolerated or mended while reading, such as `charset:http`.
pub type Repair = Cow<'static, str>;

/// A feed document, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFeed {
    /// The feed's own title, plain text.
    pub title: Option<String>,
    /// Its format.
    pub kind: FeedKind,
    /// BCP 47 tag that the feed declares.
    pub language: Option<String>,
    /// RSS `ttl`: how long the publisher asks to wait between polls.
    pub ttl: Option<Duration>,
    /// RSS `skipHours`: hours of the day in GMT, 0 to 23, in which the publisher asks not to be
    /// polled; rising.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`: days in GMT in which the publisher asks not to be polled, 0 for Monday to 6
    /// for Sunday; rising.
    pub skip_days: Vec<u8>,
    /// `updatePeriod` over `updateFrequency` of the RDF syndication module: how often the
    /// publisher says that the feed changes.
    pub update_every: Option<Duration>,
    /// In document order. What the document lists twice is here twice, with the same id.
    pub items: Vec<Item>,
    /// Whether the document ends within the last of the items, of which only what was whole is
    /// here. It is to be shown, but not to count as seen: it comes whole at another poll.
    pub cut: bool,
    /// What was mended to read it; empty for a sound document.
    pub repairs: Vec<Repair>,
}

impl ParsedFeed {
    /// The items without one that was cut off.
    pub fn whole_items(&self) -> &[Item] {
        &self.items[..self.items.len().saturating_sub(usize::from(self.cut))]
    }

    /// What the document asks of those who poll it.
    pub fn wishes(&self) -> Wishes {
        Wishes {
            ttl: self.ttl,
            update_every: self.update_every,
            skip_hours: self.skip_hours.iter().fold(0, |bits, hour| bits | 1 << hour.min(&31)),
            skip_days: self.skip_days.iter().fold(0, |bits, day| bits | 1 << day.min(&7)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_item_of_a_feed_that_is_cut_off_is_not_whole() {
        let mut feed = ParsedFeed {
            title: None,
            kind: FeedKind::Rss,
            language: None,
            ttl: None,
            skip_hours: Vec::new(),
            skip_days: Vec::new(),
            update_every: None,
            items: vec![Item::default(), Item { title: "cut".into(), ..Item::default() }],
            cut: false,
            repairs: Vec::new(),
        };
        assert_eq!(feed.whole_items().len(), 2);
        feed.cut = true;
        assert_eq!(feed.whole_items(), [Item::default()]);
        feed.items.clear();
        assert_eq!(feed.whole_items(), []);
    }

    #[test]
    fn text_does_not_say_the_same_twice() {
        let text = |summary: &str, content: &str| {
            let item = Item { summary: summary.into(), content: content.into(), ..Item::default() };
            item.text().into_owned()
        };
        assert_eq!(text("lead", ""), "lead");
        assert_eq!(text("", "body"), "body");
        assert_eq!(text("lead", "lead and body"), "lead and body");
        assert_eq!(text("lead", "body"), "lead body");
    }
}
