//! What a document holds, from its items to the commit.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::slot::source;
use super::turn::{Learned, Shop};
use crate::engine::plan::Plan;
use crate::model::{Alert, Feed, FeedState, Item, ParsedFeed, Repair, Timestamp, Wishes};
use crate::novelty::{self, Part, Sighting};
use crate::observe::events::{AlertTold, ItemRevised};
use crate::parse::{self, Keys};
use crate::rules::{Scratch, Subject};
use crate::store::{Committed, Found, NewItem, Raised, Retitled, Store, StoreError};

/// What a changed document held.
#[derive(Debug, Default)]
pub(super) struct News {
    pub first: bool,
    /// Items in the document: its window.
    pub items: usize,
    /// Of these, not seen before.
    pub new: usize,
    /// Of the known ones, those with another headline than before.
    pub revised: usize,
    /// Alerts raised.
    pub alerts: usize,
    /// Alerts that were not raised, since another feed's stands for them.
    pub told: usize,
    /// Whether items were missed between the document before and this one.
    pub gap: bool,
    pub repairs: Vec<Repair>,
    pub wishes: Wishes,
    /// Whether most items have neither headline nor text.
    pub hollow: bool,
}

impl News {
    fn of(feed: &ParsedFeed) -> Self {
        let items = feed.whole_items();
        let bare = |item: &&Item| item.title.is_empty() && item.text().is_empty();
        Self {
            items: items.len(),
            repairs: feed.repairs.clone(),
            wishes: feed.wishes(),
            hollow: items.iter().filter(bare).count() * 2 > items.len(),
            ..Self::default()
        }
    }
}

/// A document that was read.
pub(super) struct Document {
    pub feed: ParsedFeed,
    /// Of the bytes that it was read from.
    pub hash: u64,
    /// What holds back others while it is in memory, if it is a large one.
    pub alone: Option<OwnedSemaphorePermit>,
    sightings: Vec<Sighting>,
}

impl Document {
    pub(super) fn new(feed: ParsedFeed, hash: u64, store: &dyn Store) -> Self {
        let items = feed.whole_items();
        let keys = if items.len() <= novelty::CAP {
            parse::keys(items)
        } else {
            vec![Keys { named: true, ..Keys::default() }; items.len()]
        };
        let sighting = |(item, keys): (&Item, &Keys)| {
            let key = |key: &Option<String>| key.as_ref().map(|key| store.hash(key.as_bytes()));
            Sighting {
                id: store.hash(item.id.as_bytes()),
                named: keys.named,
                page: key(&keys.page),
                moment: key(&keys.moment),
                words: key(&keys.words),
                dated: keys.dated,
                former: keys.former.each_ref().map(key),
                title: (!item.title.is_empty()).then(|| store.hash(item.title.as_bytes())),
                published: item.published.or(item.updated),
            }
        };
        let sightings = items.iter().zip(&keys).map(sighting).collect();
        Self { feed, hash, alone: None, sightings }
    }
}

/// Items that one commit stores at the most; a document with more news is committed in parts, so
/// that none holds up the commits of others for long.
const PART: usize = 1000;

/// How often a commit is tried again that another overtook.
const CONFLICTS: usize = 5;

/// Commits what is new in a document, part after part. Validators and body hash go with the last:
/// if it is cut short before, the document is read again and what is left of it is still new.
pub(super) async fn commit(
    shop: &Arc<Shop>,
    feed: &Arc<Feed>,
    state: &FeedState,
    document: &Arc<Document>,
    learned: &Learned,
) -> Result<News, StoreError> {
    let sightings = &document.sightings;
    let mut news = News::of(&document.feed);
    let mut conflicts = 0;
    loop {
        let seen = shop.store.seen(state.key).await?;
        news.first |= seen.is_first();
        let now = shop.clock.now().wall;
        let novelty = novelty::judge(&seen, sightings, shop.plan.poll.first_poll, now);
        let parts = novelty.parts(&seen, sightings, PART);
        let mut version = seen.version;
        let mut overtaken = false;
        for part in parts {
            let (new, gap) = (part.new.len(), part.gap);
            let found = Found {
                feed: state.key,
                expected_version: version,
                ..matched(shop, feed, document, learned, state, part, now).await?
            };
            let told = Told::of(&found);
            match shop.store.commit(found).await {
                Ok(committed) => {
                    news.new += new;
                    news.gap |= gap;
                    told.tell(feed, &committed, &mut news);
                    version += 1;
                }
                Err(StoreError::Conflict) if conflicts < CONFLICTS => {
                    conflicts += 1;
                    overtaken = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if !overtaken {
            return Ok(news);
        }
    }
}

/// What is to be said of a commit once it is made.
struct Told {
    links: Vec<Option<String>>,
    titles: Vec<(String, String)>,
}

impl Told {
    fn of(found: &Found) -> Self {
        let links = found.alerts.iter().map(|raised| raised.alert.item.link.clone());
        let titles = found.retitled.iter().map(|new| (new.item.clone(), new.title.clone()));
        Self { links: links.collect(), titles: titles.collect() }
    }

    fn tell(&self, feed: &Feed, committed: &Committed, news: &mut News) {
        news.alerts += committed.alerts;
        news.told += committed.told.len();
        news.revised += committed.retitled.len();
        let feed = &feed.id;
        for (place, alert) in &committed.told {
            let link = self.links.get(*place).and_then(Option::as_deref);
            AlertTold { alert, feed, link }.log();
        }
        for (place, old) in &committed.retitled {
            if let Some((item, title)) = self.titles.get(*place) {
                ItemRevised { feed, item, old_title: old.as_deref(), title }.log();
            }
        }
    }
}

/// Matches the items of a part, off the async threads.
async fn matched(
    shop: &Arc<Shop>,
    feed: &Arc<Feed>,
    document: &Arc<Document>,
    learned: &Learned,
    state: &FeedState,
    part: Part,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let learned = if part.last {
        learned.clone()
    } else {
        Learned { title: learned.title.clone(), ..Learned::of(state) }
    };
    let retitled = part.revised.iter().map(|index| {
        let item = &document.feed.items[*index];
        let page = document.sightings[*index].page;
        Retitled { item: item.id.clone(), page, title: item.title.clone(), seen_at: now }
    });
    let mut found = Found {
        seen: part.seen,
        window: part.items,
        titles: part.titles,
        gap: part.gap,
        validators: learned.validators,
        body: learned.body,
        wire: learned.wire,
        title: document.feed.title.clone(),
        retitled: retitled.collect(),
        ..Found::default()
    };
    if part.new.is_empty() {
        return Ok(found);
    }
    let (shop, feed, document) = (Arc::clone(shop), Arc::clone(feed), Arc::clone(document));
    let title = learned.title;
    let work = move || {
        let mut scratch = Scratch::default();
        let mut raise = |item| raise(&shop.plan, &feed, title.as_deref(), item, now, &mut scratch);
        for fresh in &part.new {
            let item = &document.feed.items[fresh.index];
            if fresh.may_alert
                && let Some(alert) = raise(item)
            {
                let sinks = shop.plan.sinks_for(&alert);
                let whole = item.link.as_deref().is_some_and(parse::is_whole_page);
                let page = document.sightings[fresh.index].page.filter(|_| whole);
                found.alerts.push(Raised { alert, sinks, page });
            }
            found.items.push(NewItem { item: item.clone(), first_seen: now });
        }
        oldest_first(&mut found.alerts, |raised| raised.alert.item.published);
        found
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Unreadable {
        what: "item",
        detail: format!("matching it failed: {error}"),
    })
}

fn raise(
    plan: &Plan,
    feed: &Feed,
    own_title: Option<&str>,
    item: &Item,
    now: Timestamp,
    scratch: &mut Scratch,
) -> Option<Alert> {
    let subject = Subject { item, feed: &feed.id, feed_tags: &feed.tags };
    let rules = plan.rules.matches_with(&subject, scratch);
    if rules.is_empty() {
        return None;
    }
    Some(Alert::raise(source(feed, own_title), item, rules, now))
}

/// Brings what a document shows into the order in which it came out: by its dates; if one has none,
/// from the end, since documents begin with the latest.
fn oldest_first<T>(shown: &mut [T], date: impl Fn(&T) -> Option<Timestamp>) {
    shown.reverse();
    if shown.iter().all(|one| date(one).is_some()) {
        shown.sort_by_key(date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_out_first_is_told_first() {
        let cases = [
            ("", ""),
            ("c3 b2 a1", "abc"),
            ("a1 c3 b2", "abc"),
            ("c1 b1 a0", "abc"),
            ("c b a", "abc"),
            ("c1 b a3", "abc"),
        ];
        for (shown, expected) in cases {
            let mut shown: Vec<&str> = shown.split_whitespace().collect();
            oldest_first(&mut shown, |one| one[1..].parse().ok().map(Timestamp::from_millis));
            let names: String = shown.iter().map(|one| &one[..1]).collect();
            assert_eq!(names, expected);
        }
    }
}
