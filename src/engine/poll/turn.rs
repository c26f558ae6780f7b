//! One poll of one feed, from the request to the commit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::news::{Document, News, commit};
use super::readers::Readers;
use crate::engine::plan::Plan;
use crate::fetch::{Answer, Body, Fetch, FetchError, Fetched, Request};
use crate::model::{Clock, Feed, FeedState, Reason, Validators};
use crate::parse;
use crate::schedule::Asked;
use crate::store::{Found, Store, StoreError};

/// What every poll needs.
pub(super) struct Shop {
    pub plan: Arc<Plan>,
    pub store: Arc<dyn Store>,
    pub fetch: Arc<dyn Fetch>,
    pub clock: Clock,
    /// Reading takes a processor, and several times the document's size in memory.
    pub reading: Readers,
    /// The same for large documents.
    pub reading_large: Readers,
    /// One place, for a large document from reading to commit.
    pub alone: Arc<Semaphore>,
}

/// A poll that came to a good end.
#[derive(Debug)]
pub(super) struct Good {
    pub status: u16,
    /// How long the server asks to be left alone.
    pub asked: Option<Asked>,
    pub moved_to: Option<Url>,
    /// Whether it was asked for whole, past validators and caches.
    pub full: bool,
    /// Whether "unchanged" was said right after that, although there was news.
    pub lied: bool,
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
    pub wire: Option<u64>,
    pub title: Option<String>,
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
    pub(super) fn of(state: &FeedState) -> Self {
        Self {
            validators: state.validators.clone(),
            body: state.body,
            wire: state.wire,
            title: state.title.clone(),
        }
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

/// Polls `feed` once; with `full`, past validators and caches. Nothing of a poll that is dropped
/// half-way counts as seen.
pub(super) async fn poll(
    shop: &Arc<Shop>,
    feed: &Arc<Feed>,
    state: &FeedState,
    full: bool,
) -> Result<Good, Bad> {
    let start = state.moved_to.as_deref().and_then(|to| Url::parse(to).ok());
    let url = start.as_ref().unwrap_or(&feed.url);
    let now = shop.clock.now().wall;
    let none = Validators::default();
    let validators = if full { &none } else { &state.validators };
    let request = Request { feed, url, validators, reload: full, now };
    let fetched = shop.fetch.fetch(request).await?;
    let asked = fetched.asked();
    let Fetched { answer, status, url, validators, moved_to, .. } = fetched;
    let mut good = Good {
        status,
        asked,
        moved_to,
        full,
        lied: false,
        body_bytes: 0,
        state: Learned { validators, ..Learned::of(state) },
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
    let (wire, document) = read(shop, body, url, state).await?;
    good.state.wire = Some(wire);
    let Some(document) = document else {
        if good.state.validators != state.validators {
            good.stored = refresh(shop, state, &good.state).await?;
        }
        return Ok(good);
    };
    good.state.body = Some(document.hash);
    good.state.title = document.feed.title.clone().or(good.state.title);
    let news = commit(shop, feed, state, &Arc::new(document), &good.state).await?;
    good.lied = full && news.new > 0 && says_unchanged(shop, request, state).await;
    good.news = Some(news);
    good.stored = true;
    Ok(good)
}

/// Whether the server, or a cache on the way, still says or shows what was there before.
async fn says_unchanged(shop: &Shop, request: Request<'_>, state: &FeedState) -> bool {
    if state.schedule.condition.unchanged == 0 {
        return false;
    }
    let request = Request { validators: &state.validators, reload: false, ..request };
    match shop.fetch.fetch(request).await.map(|fetched| fetched.answer) {
        Ok(Answer::NotModified) => true,
        Ok(Answer::Body(body)) => state.wire == Some(wire_hash(&*shop.store, &body)),
        Err(_) => false,
    }
}

/// A document of more bytes than this is large: as items it takes some ten times as much memory, so
/// no two are in work at a time.
const LARGE: u64 = 1 << 20;

/// What became of a body, with its hash as it came.
enum Tried {
    /// It is the one that was read last.
    Same(u64),
    Read(u64, Document),
    /// It is large, and there is no leave to read that.
    Large(Body),
}

/// Unpacks and parses a body off the async threads. Answers with its hash as it came, and with
/// nothing more if it is the one that was read last.
///
/// A body that turns out to be large waits for its turn as it came, which is bounded, and is
/// unpacked anew then; small ones pass it meanwhile.
async fn read(
    shop: &Shop,
    body: Body,
    url: Url,
    state: &FeedState,
) -> Result<(u64, Option<Document>), FetchError> {
    let failed = || FetchError::new(Reason::Internal, "reading the document failed");
    let attempt = |body, alone| Attempt {
        body,
        alone,
        url: url.clone(),
        store: Arc::clone(&shop.store),
        limit: shop.plan.poll.max_decoded,
        known: (state.wire, state.body),
    };
    let first = attempt(body, None);
    let mut tried = shop.reading.run(move || first.read()).await.ok_or_else(failed)??;
    if let Tried::Large(body) = tried {
        let alone = Arc::clone(&shop.alone).acquire_owned().await.map_err(|_| failed())?;
        let second = attempt(body, Some(alone));
        tried = shop.reading_large.run(move || second.read()).await.ok_or_else(failed)??;
    }
    match tried {
        Tried::Same(wire) => Ok((wire, None)),
        Tried::Read(wire, document) => Ok((wire, Some(document))),
        Tried::Large(_) => Err(failed()),
    }
}

/// One try to read a body.
struct Attempt {
    body: Body,
    /// Leave to read a large one.
    alone: Option<OwnedSemaphorePermit>,
    url: Url,
    store: Arc<dyn Store>,
    limit: u64,
    /// Hashes of the body that was read last, as it came and unpacked.
    known: (Option<u64>, Option<u64>),
}

impl Attempt {
    fn read(self) -> Result<Tried, FetchError> {
        let wire = wire_hash(&*self.store, &self.body);
        if self.known.0 == Some(wire) {
            return Ok(Tried::Same(wire));
        }
        let limit = if self.alone.is_some() { self.limit } else { self.limit.min(LARGE) };
        let bytes = match self.body.decode(limit) {
            Err(error) if error.reason == Reason::TooLarge && limit < self.limit => {
                return Ok(Tried::Large(self.body));
            }
            bytes => bytes?,
        };
        let hash = self.store.hash(&bytes);
        if self.known.1 == Some(hash) {
            return Ok(Tried::Same(wire));
        }
        let content_type = self.body.content_type.as_deref();
        let input = parse::Input { bytes: &bytes, content_type, url: Some(&self.url) };
        let feed = parse::parse(&input)
            .map_err(|error| FetchError::new(error.reason(), error.to_string()))?;
        let mut document = Document::new(feed, hash, &*self.store);
        document.alone = self.alone;
        Ok(Tried::Read(wire, document))
    }
}

/// The hash of a body as it came. The same bytes in another packing are another body.
fn wire_hash(store: &dyn Store, body: &Body) -> u64 {
    let bytes = store.hash(&body.wire).to_le_bytes();
    let codings = body.codings.iter().flat_map(|coding| format!(" {coding:?}").into_bytes());
    store.hash(&bytes.into_iter().chain(codings).collect::<Vec<u8>>())
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
        window: seen.items,
        titles: seen.titles,
        validators: learned.validators.clone(),
        body: learned.body,
        wire: learned.wire,
        ..Found::default()
    };
    match shop.store.commit(found).await {
        Ok(_) => Ok(true),
        // Somebody knows better by now.
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}
