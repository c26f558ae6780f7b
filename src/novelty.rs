//! Which items of a document are new, which of these may raise alerts, which have another headline
//! than before, and whether items were missed. Pure.
//!
//! An item is known by its id. Feeds whose ids do not hold (made anew for each poll, lost to
//! damage, changed with each edition) are why it has up to three more keys:
//!
//! | key | made of | counts |
//! |---|---|---|
//! | moment | page and date | if the date is the item's own |
//! | words | title, text and date | if the date is the item's own |
//! | page | the link | if the id is not to be relied on |
//! | words | title and text, where there is no date | if the ids churn, or the id is made of them |
//!
//! An item whose date does not count is also known by the ids that it would have without its guid,
//! for it may have been without it, or may have shared it.
//!
//! An id is not to be relied on if it is made of link or text, or if the ids of the whole document
//! churn: none of them is known, though more than half of the items are by what else would prove
//! it. For an item with a date of its own only what has that date proves it; for others their
//! words do, or their page if it has the headline, and the date if any, that it had.
//!
//! So what is the same thing again is new under another link; and under the same link, a siren or a
//! post in a live blog, as long as it has an id and a date of its own.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use memory::Memory;

use crate::model::{FirstPoll, Seen, Timestamp};

mod memory;

/// An item of a document, as far as novelty goes. All keys are the store's keyed hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Of its id.
    pub id: u64,
    /// Whether the id is a name of its own, rather than link or text.
    pub named: bool,
    /// Of the page it links to.
    pub page: Option<u64>,
    /// Of page and date.
    pub moment: Option<u64>,
    /// Of title and text, and of the date if `dated`.
    pub words: Option<u64>,
    /// Whether it has a date that tells it from others.
    pub dated: bool,
    /// Of the ids that it may have had before.
    pub former: [Option<u64>; 2],
    /// Of its headline, if it has one.
    pub title: Option<u64>,
    /// When the publisher says it came out.
    pub published: Option<Timestamp>,
}

impl Sighting {
    fn keys(&self) -> impl Iterator<Item = u64> {
        [Some(self.id), self.page, self.moment, self.words].into_iter().flatten()
    }

    /// Where a headline is remembered.
    fn names(&self) -> impl Iterator<Item = u64> {
        [Some(self.id), self.page].into_iter().flatten()
    }
}

/// What a document adds to what was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Novelty {
    /// The new items, in document order.
    pub new: Vec<Fresh>,
    /// The places of known items that have another headline than in the document before.
    pub revised: Vec<usize>,
    /// Whether nothing joins this document to the one before, so that items in between were
    /// missed.
    pub gap: bool,
    /// What has been seen now, to be committed as [`Seen::hashes`].
    pub seen: Vec<u64>,
    /// As [`Seen::titles`].
    pub titles: Vec<(u64, u64)>,
    /// As [`Seen::items`].
    pub items: u32,
}

/// An item that was not seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Its place in the document.
    pub index: usize,
    /// Whether it may raise an alert.
    pub may_alert: bool,
}

/// Keys of an item.
const KEYS: usize = 4;

/// Items that have left the document are remembered by all their keys up to this many, or twice the
/// document's size if that is more, but no more than [`CAP`] together with the document's.
pub const REMEMBERED: usize = 256;

/// So many items that have left the document are remembered by their ids, the last ones, beside all
/// that are in it: or its last items would be new again at every poll. A document with more items
/// than this is known by their ids alone.
pub const CAP: usize = 4096;

/// An item dated further ahead than this is not known to be recent. Wrong time zones reach 14
/// hours.
pub const SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// Fewer items than this are no window: nothing is told from their going.
const WINDOW: usize = 2;

/// How an item is known.
#[derive(Clone, Copy)]
struct Known {
    id: bool,
    /// By what only the same item has.
    surely: bool,
    /// By its page, or by the words that its id is made of.
    alike: bool,
    /// By anything.
    somehow: bool,
    /// By what proves that its id was another before.
    proof: bool,
}

/// Compares `document`, in its order, with what its feed has shown before.
///
/// `policy` rules the first poll only; under [`FirstPoll::Within`] an undated item does not alert,
/// since nothing says that it is recent, nor does one dated more than [`SKEW`] after `now`. Of two
/// items with the same id the first counts.
pub fn judge(seen: &Seen, document: &[Sighting], policy: FirstPoll, now: Timestamp) -> Novelty {
    let hashes: HashSet<u64> = seen.hashes.iter().copied().collect();
    let mut ids = HashSet::with_capacity(document.len());
    let items: Vec<(usize, &Sighting)> =
        document.iter().enumerate().filter(|(_, item)| ids.insert(item.id)).collect();
    let titles: HashMap<u64, u64> = seen.titles.iter().copied().collect();
    let known: Vec<Known> = items.iter().map(|(_, item)| known(&hashes, &titles, item)).collect();
    let churn = churns(&known);
    let size = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let mut news = Novelty { items: size, ..Novelty::default() };
    for ((index, item), known) in items.iter().zip(&known) {
        let unnamed = known.alike && !item.named;
        if !(known.id || known.surely || unnamed || (known.somehow && churn)) {
            let may_alert = !seen.is_first() || permits(policy, item.published, now);
            news.new.push(Fresh { index: *index, may_alert });
        } else if let (Some(old), Some(title)) = (title_of(&titles, item, known.id), item.title)
            && old != title
        {
            news.revised.push(*index);
        }
    }
    let windows = seen.items.min(size) as usize >= WINDOW;
    news.gap = !seen.is_first() && windows && !known.iter().any(|known| known.somehow);
    remember(&mut news, seen, &items, &titles);
    news
}

fn known(hashes: &HashSet<u64>, titles: &HashMap<u64, u64>, item: &Sighting) -> Known {
    let has = |key: Option<u64>| key.is_some_and(|key| hashes.contains(&key));
    let (id, words, page) = (hashes.contains(&item.id), has(item.words), has(item.page));
    let moment = has(item.moment);
    let dated = item.dated && (words || moment);
    let surely = dated || item.former.into_iter().any(has);
    let alike = page || (words && item.page.is_none());
    let headline = item.page.and_then(|page| titles.get(&page));
    let same = headline.is_some() && headline.copied() == item.title;
    let edition = page && same && (moment || item.moment.is_none());
    let proof = if item.dated { dated } else { words || edition };
    Known { id, surely, alike, somehow: id || surely || words || page, proof }
}

/// Whether the ids of a document are made anew for each poll.
fn churns(known: &[Known]) -> bool {
    let proven = known.iter().filter(|known| known.proof).count();
    known.len() >= WINDOW && 2 * proven > known.len() && !known.iter().any(|known| known.id)
}

/// The headline that an item had: under its id, or at its page if that id was never seen.
fn title_of(titles: &HashMap<u64, u64>, item: &Sighting, by_id: bool) -> Option<u64> {
    let page = item.page.filter(|_| !by_id);
    titles.get(&item.id).or_else(|| titles.get(&page?)).copied()
}

/// Notes what is to be kept.
fn remember(
    news: &mut Novelty,
    seen: &Seen,
    items: &[(usize, &Sighting)],
    titles: &HashMap<u64, u64>,
) {
    news.seen = Memory::of(&seen.hashes).and(items);
    if items.len() <= CAP {
        let of = |item: &Sighting| item.title.or_else(|| title_of(titles, item, false));
        let pairs = items.iter().filter_map(|(_, item)| Some((item, of(item)?)));
        news.titles =
            pairs.flat_map(|(item, title)| item.names().map(move |n| (n, title))).collect();
    }
}

/// What one of several commits is to store of a document's news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The new items of this part.
    pub new: Vec<Fresh>,
    /// Known items with another headline.
    pub revised: Vec<usize>,
    /// Whether items were missed before this document.
    pub gap: bool,
    /// What has been seen when it is stored.
    pub seen: Vec<u64>,
    /// As [`Seen::titles`].
    pub titles: Vec<(u64, u64)>,
    /// As [`Seen::items`].
    pub items: u32,
    /// Whether none comes after it.
    pub last: bool,
}

impl Novelty {
    /// Parts the news of `document` into commits of at most `most` new items; one if there are
    /// none. `before` is what was seen before the first of them.
    ///
    /// Each may be the last that is made: what is left then must still be new, and may alert if it
    /// might have. So an item that may alert counts as seen from the part that stores it, and all
    /// others from the first on: after that the feed's first poll is over. Headlines go with the
    /// last part; that items were missed is known after the first no longer.
    pub fn parts(self, before: &Seen, document: &[Sighting], most: usize) -> Vec<Part> {
        let Self { new, revised, gap, seen: all, titles, items } = self;
        if new.len() <= most {
            return vec![Part { new, revised, gap, seen: all, titles, items, last: true }];
        }
        let known: HashSet<u64> = all.iter().copied().collect();
        let old: HashSet<u64> = before.hashes.iter().copied().collect();
        let mut waiting: HashSet<u64> = new
            .iter()
            .filter(|fresh| fresh.may_alert)
            .flat_map(|fresh| document[fresh.index].keys())
            .filter(|key| !old.contains(key))
            .collect();
        let mut parts: Vec<Part> = Vec::with_capacity(new.len().div_ceil(most));
        for items in new.chunks(most) {
            for key in items.iter().flat_map(|fresh| document[fresh.index].keys()) {
                waiting.remove(&key);
            }
            // What is forgotten in the end is forgotten with the last part, not before.
            let seen = Memory::of(&all).without(&waiting, Memory::of(&before.hashes), &known);
            parts.push(Part {
                new: items.to_vec(),
                revised: Vec::new(),
                gap: gap && parts.is_empty(),
                seen,
                titles: before.titles.clone(),
                items: before.items,
                last: false,
            });
        }
        if let Some(last) = parts.last_mut() {
            *last = Part { revised, seen: all, titles, items, last: true, ..last.clone() };
        }
        parts
    }
}

fn permits(policy: FirstPoll, published: Option<Timestamp>, now: Timestamp) -> bool {
    match (policy, published) {
        (FirstPoll::Baseline, _) | (FirstPoll::Within(_), None) => false,
        (FirstPoll::Alert, _) => true,
        (FirstPoll::Within(span), Some(at)) => at >= now.minus(span) && at <= now.plus(SKEW),
    }
}

#[cfg(test)]
#[path = "novelty_tests.rs"]
mod tests;
