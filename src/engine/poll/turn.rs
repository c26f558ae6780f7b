//! One poll of one feed, from the request to the commit.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::engine::plan::Plan;
use crate::fetch::{Answer, Body, Fetch, FetchError, Fetched, Request, decode};
use crate::model::{
    Alert, AlertFeed, Clock, Feed, FeedState, ParsedFeed, Reason, Repair, SinkName, Timestamp,
    Validators,
};
use crate::novelty::{self, Sighting};
use crate::parse;
use crate::rules::Subject;
use crate::store::{Found, NewItem, Store, StoreError};

/// What every poll needs.
pub(super) struct Shop {
    pub plan: Arc<Plan>,
    pub store: Arc<dyn Store>,
    pub fetch: Arc<dyn Fetch>,
    pub clock: Clock,
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

impl From<FetchError> for Bad {
    fn from(error: FetchError) -> Self {
        Self::Feed(error)
    }
}

impl From<StoreError> for Bad {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A feed may ask by its `ttl` to be left alone for so long and no longer; many say "60" or "1440"
/// because a template did.
const TTL_MAX: Duration = Duration::from_secs(3600);

/// How often a commit is tried again that another overtook.
const CONFLICTS: usize = 5;

/// Polls `feed` once. Nothing of a poll that is dropped half-way counts as seen.
pub(super) async fn poll(shop: &Shop, feed: &Feed, state: &FeedState) -> Result<Good, Bad> {
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
    good.news = Some(commit(shop, feed, state, &document, &good.state).await?);
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

async fn commit(
    shop: &Shop,
    feed: &Feed,
    state: &FeedState,
    document: &Document,
    learned: &Learned,
) -> Result<News, StoreError> {
    let sightings: Vec<Sighting> = document
        .feed
        .items
        .iter()
        .map(|item| Sighting {
            hash: shop.store.hash(item.id.as_bytes()),
            published: item.published.or(item.updated),
        })
        .collect();
    let mut conflicts = 0;
    loop {
        let seen = shop.store.seen(state.key).await?;
        let now = shop.clock.now().wall;
        let novelty = novelty::judge(&seen, &sightings, shop.plan.poll.first_poll, now);
        let mut found = Found {
            feed: state.key,
            expected_version: seen.version,
            seen: novelty.seen,
            validators: learned.validators.clone(),
            body: learned.body,
            title: document.feed.title.clone(),
            ..Found::default()
        };
        for fresh in &novelty.new {
            let item = &document.feed.items[fresh.index];
            found.items.push(NewItem { item: item.clone(), first_seen: now });
            if fresh.may_alert
                && let Some(alert) = raise(&shop.plan, feed, learned, item, now)
            {
                let sinks = sinks_for(&shop.plan, &alert);
                found.alerts.push((alert, sinks));
            }
        }
        let news = News {
            first: seen.is_first(),
            items: document.feed.items.len(),
            new: found.items.len(),
            alerts: 0,
            repairs: document.feed.repairs.clone(),
        };
        match shop.store.commit(found).await {
            Ok(committed) => return Ok(News { alerts: committed.alerts, ..news }),
            Err(StoreError::Conflict) if conflicts < CONFLICTS => conflicts += 1,
            Err(error) => return Err(error),
        }
    }
}

fn raise(
    plan: &Plan,
    feed: &Feed,
    learned: &Learned,
    item: &crate::model::Item,
    now: Timestamp,
) -> Option<Alert> {
    let rules = plan.rules.matches(&Subject { item, feed: &feed.id, feed_tags: &feed.tags });
    if rules.is_empty() {
        return None;
    }
    let title = feed.title.as_ref().or(learned.title.as_ref());
    let source = AlertFeed {
        id: feed.id.clone(),
        title: title.map_or_else(|| feed.id.to_string(), Clone::clone),
        url: feed.url.to_string(),
    };
    Some(Alert::raise(source, item, rules, now))
}

fn sinks_for(plan: &Plan, alert: &Alert) -> Vec<SinkName> {
    plan.sinks.iter().filter(|spec| spec.takes(alert)).map(|spec| spec.name.clone()).collect()
}
