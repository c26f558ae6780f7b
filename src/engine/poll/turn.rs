//! One poll of one feed, from the request to the commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

use crate::engine::plan::Plan;
use crate::fetch::{Answer, Body, Fetch, FetchError, Fetched, Request, decode};
use crate::model::{
    Alert, AlertFeed, Clock, Feed, FeedState, Item, ParsedFeed, Reason, Repair, SinkName,
    Timestamp, Validators,
};
use crate::novelty::{self, Part, Sighting};
use crate::parse;
use crate::rules::Subject;
use crate::store::{Found, NewItem, Store, StoreError};

/// What every poll needs.
pub(super) struct Shop {
    pub plan: Arc<Plan>,
    pub store: Arc<dyn Store>,
    pub fetch: Arc<dyn Fetch>,
    pub clock: Clock,
    /// Places for documents that are being read: reading takes a processor, and several times the
    /// document's size in memory.
    pub reading: Semaphore,
}

/// A poll that came to a good end.
#[derive(Debug)]
pub(super) struct Good {
    pub status: u16,
    /// How long the server, or the feed itself, asks to be left alone.
    pub asked: Duration,
    pub moved_to: Option<Url>,
    /// As they came over the wire.
    pub body_bytes: usize,
    /// What is known of the feed now.
    pub state: Learned,
    /// Whether the store has taken a commit of it.
    pub stored: bool,
    /// `None`: nothing had changed.
    pub news: Option<News>,
}

/// What a poll learned of a feed, to be asked with next time.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    pub validators: Validators,
    pub body: Option<u64>,
    pub title: Option<String>,
}

/// What a changed document held.
#[derive(Debug, Default)]
pub(super) struct News {
    pub first: bool,
    pub items: usize,
    pub new: usize,
    pub alerts: usize,
    pub repairs: Vec<Repair>,
}

/// A poll that did not.
#[derive(Debug)]
pub(super) enum Bad {
    /// The feed's fault, or the network's.
    Feed(FetchError),
    /// Ours: nothing was lost, the items are still in the feed.
    Store(StoreError),
}

impl Learned {
    fn of(state: &FeedState) -> Self {
        Self { validators: state.validators.clone(), body: state.body, title: state.title.clone() }
    }
}

impl From<FetchError> for Bad {
    fn from(error: FetchError) -> Self {
        Self::Feed(error)
    }
}

impl From<StoreError> for Bad {
    fn from(error: StoreError) -> Self {
        match error {
            // One feed's row is at fault, not the store.
            StoreError::Unreadable { .. } | StoreError::Conflict => {
                Self::Feed(FetchError::new(Reason::Store, error.to_string()))
            }
            error => Self::Store(error),
        }
    }
}

/// A feed may ask by its `ttl` to be left alone for so long and no longer; many say "60" or "1440"
/// because a template did.
const TTL_MAX: Duration = Duration::from_secs(3600);

/// How often a commit is tried again that another overtook.
const CONFLICTS: usize = 5;

/// Polls `feed` once. Nothing of a poll that is dropped half-way counts as seen.
pub(super) async fn poll(
    shop: &Arc<Shop>,
    feed: &Arc<Feed>,
    state: &FeedState,
) -> Result<Good, Bad> {
    let start = state.moved_to.as_deref().and_then(|to| Url::parse(to).ok());
    let url = start.as_ref().unwrap_or(&feed.url);
    let now = shop.clock.now().wall;
    let request = Request { feed, url, validators: &state.validators, now };
    let Fetched { answer, status, url, validators, moved_to, fresh_for } =
        shop.fetch.fetch(request).await?;
    let mut good = Good {
        status,
        asked: fresh_for,
        moved_to,
        body_bytes: 0,
        state: Learned { validators, body: state.body, title: state.title.clone() },
        stored: false,
        news: None,
    };
    let Answer::Body(body) = answer else {
        if good.state.validators != state.validators {
            good.stored = refresh(shop, state, &good.state).await?;
        }
        return Ok(good);
    };
    good.body_bytes = body.wire.len();
    let Some(document) = read(shop, body, url, state.body).await? else {
        if good.state.validators != state.validators {
            good.stored = refresh(shop, state, &good.state).await?;
        }
        return Ok(good);
    };
    good.asked = good.asked.max(document.feed.ttl.unwrap_or_default().min(TTL_MAX));
    good.state.body = Some(document.hash);
    good.state.title = document.feed.title.clone().or(good.state.title);
    good.news = Some(commit(shop, feed, state, &Arc::new(document), &good.state).await?);
    good.stored = true;
    Ok(good)
}

struct Document {
    feed: ParsedFeed,
    hash: u64,
}

/// Decodes and parses a body off the async threads. `None` if it is the one that was read last.
async fn read(
    shop: &Shop,
    body: Body,
    url: Url,
    known: Option<u64>,
) -> Result<Option<Document>, FetchError> {
    let Ok(_place) = shop.reading.acquire().await else {
        return Err(FetchError::new(Reason::Internal, "there is no more reading"));
    };
    let limit = shop.plan.poll.max_decoded;
    let store = Arc::clone(&shop.store);
    let work = move || {
        let bytes = decode(body.wire, &body.codings, limit)?;
        let hash = store.hash(&bytes);
        if known == Some(hash) {
            return Ok(None);
        }
        let content_type = body.content_type.as_deref();
        let input = parse::Input { bytes: &bytes, content_type, url: Some(&url) };
        let feed = parse::parse(&input)
            .map_err(|error| FetchError::new(error.reason(), error.to_string()))?;
        Ok(Some(Document { feed, hash }))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(FetchError::new(Reason::Internal, "reading the document failed")),
    }
}

/// Commits new validators for a body that brought nothing new. Answers whether it did.
async fn refresh(shop: &Shop, state: &FeedState, learned: &Learned) -> Result<bool, StoreError> {
    let seen = shop.store.seen(state.key).await?;
    if seen.is_first() {
        return Ok(false);
    }
    let found = Found {
        feed: state.key,
        expected_version: seen.version,
        seen: seen.hashes,
        validators: learned.validators.clone(),
        body: learned.body,
        ..Found::default()
    };
    match shop.store.commit(found).await {
        Ok(_) => Ok(true),
        // Somebody knows better by now.
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Items that one commit stores at the most; a document with more news is committed in parts, so
/// that none holds up the commits of others for long.
const PART: usize = 1000;

/// Commits what is new in a document, part after part. Validators and body hash go with the last:
/// if it is cut short before, the document is read again and what is left of it is still new.
async fn commit(
    shop: &Arc<Shop>,
    feed: &Arc<Feed>,
    state: &FeedState,
    document: &Arc<Document>,
    learned: &Learned,
) -> Result<News, StoreError> {
    let sightings: Vec<Sighting> = document
        .feed
        .whole_items()
        .iter()
        .map(|item| Sighting {
            hash: shop.store.hash(item.id.as_bytes()),
            published: item.published.or(item.updated),
        })
        .collect();
    let mut news = News {
        items: document.feed.whole_items().len(),
        repairs: document.feed.repairs.clone(),
        ..News::default()
    };
    let mut conflicts = 0;
    loop {
        let seen = shop.store.seen(state.key).await?;
        news.first |= seen.is_first();
        let now = shop.clock.now().wall;
        let novelty = novelty::judge(&seen, &sightings, shop.plan.poll.first_poll, now);
        let parts = novelty.parts(&seen, &sightings, PART);
        let mut version = seen.version;
        let mut overtaken = false;
        for part in parts {
            let new = part.items.len();
            let found = Found {
                feed: state.key,
                expected_version: version,
                ..matched(shop, feed, document, learned, state, part, now).await?
            };
            match shop.store.commit(found).await {
                Ok(committed) => {
                    news.new += new;
                    news.alerts += committed.alerts;
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
    let mut found = Found {
        seen: part.seen,
        validators: learned.validators,
        body: learned.body,
        title: document.feed.title.clone(),
        ..Found::default()
    };
    if part.items.is_empty() {
        return Ok(found);
    }
    let (shop, feed, document) = (Arc::clone(shop), Arc::clone(feed), Arc::clone(document));
    let title = learned.title;
    let work = move || {
        for fresh in &part.items {
            let item = &document.feed.items[fresh.index];
            if fresh.may_alert
                && let Some(alert) = raise(&shop.plan, &feed, title.as_deref(), item, now)
            {
                let sinks = sinks_for(&shop.plan, &alert);
                found.alerts.push((alert, sinks));
            }
            found.items.push(NewItem { item: item.clone(), first_seen: now });
        }
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
) -> Option<Alert> {
    let rules = plan.rules.matches(&Subject { item, feed: &feed.id, feed_tags: &feed.tags });
    if rules.is_empty() {
        return None;
    }
    let title = feed.title.as_deref().or(own_title);
    let source = AlertFeed {
        id: feed.id.clone(),
        title: title.unwrap_or(feed.id.as_str()).to_owned(),
        url: feed.url.to_string(),
    };
    Some(Alert::raise(source, item, rules, now))
}

fn sinks_for(plan: &Plan, alert: &Alert) -> Vec<SinkName> {
    plan.sinks.iter().filter(|spec| spec.takes(alert)).map(|spec| spec.name.clone()).collect()
}
