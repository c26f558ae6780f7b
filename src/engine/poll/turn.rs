//! One poll of one feed, from the request to the commit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::news::{Document, News, commit};
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
    /// Places for documents that are being read: reading takes a processor, and several times the
    /// document's size in memory.
    pub reading: Semaphore,
    /// One place, for a large document from reading to commit.
    pub large: Arc<Semaphore>,
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
    good.news = Some(commit(shop, feed, state, &Arc::new(document), &good.state).await?);
    good.stored = true;
    Ok(good)
}

/// A document of more bytes than this is read alone, and no other such before it is committed: as
/// items it takes some ten times as much memory.
const LARGE: usize = 1 << 20;

/// What became of a body, with its hash as it came.
enum Tried {
    /// It is the one that was read last.
    Same(u64),
    Read(u64, Document),
    /// It is large, and another such is in work.
    Large(Body),
}

/// Unpacks and parses a body off the async threads. Answers with its hash as it came, and with
/// nothing more if it is the one that was read last.
///
/// A large body that has to wait does so as it came, which is bounded, and is unpacked once more
/// then; small ones pass it meanwhile.
async fn read(
    shop: &Shop,
    body: Body,
    url: Url,
    state: &FeedState,
) -> Result<(u64, Option<Document>), FetchError> {
    let none_left = |_| FetchError::new(Reason::Internal, "there is no more reading");
    let (mut body, mut alone) = (body, None);
    loop {
        let place = shop.reading.acquire().await.map_err(none_left)?;
        let attempt = Attempt {
            body,
            alone,
            large: Arc::clone(&shop.large),
            url: url.clone(),
            store: Arc::clone(&shop.store),
            limit: shop.plan.poll.max_decoded,
            known: (state.wire, state.body),
        };
        let tried = tokio::task::spawn_blocking(move || attempt.read()).await;
        drop(place);
        let broke = |_| FetchError::new(Reason::Internal, "reading the document failed");
        match tried.map_err(broke)?? {
            Tried::Same(wire) => return Ok((wire, None)),
            Tried::Read(wire, document) => return Ok((wire, Some(document))),
            Tried::Large(back) => {
                body = back;
                alone = Some(Arc::clone(&shop.large).acquire_owned().await.map_err(none_left)?);
            }
        }
    }
}

/// One try to read a body.
struct Attempt {
    body: Body,
    /// Leave to read a large one.
    alone: Option<OwnedSemaphorePermit>,
    large: Arc<Semaphore>,
    url: Url,
    store: Arc<dyn Store>,
    limit: u64,
    /// Hashes of the body that was read last, as it came and unpacked.
    known: (Option<u64>, Option<u64>),
}

impl Attempt {
    fn read(mut self) -> Result<Tried, FetchError> {
        let wire = wire_hash(&*self.store, &self.body);
        if self.known.0 == Some(wire) {
            return Ok(Tried::Same(wire));
        }
        let bytes = self.body.decode(self.limit)?;
        let hash = self.store.hash(&bytes);
        if self.known.1 == Some(hash) {
            return Ok(Tried::Same(wire));
        }
        let is_large = bytes.len() > LARGE;
        if is_large && self.alone.is_none() {
            match self.large.try_acquire_owned() {
                Ok(alone) => self.alone = Some(alone),
                Err(_) => {
                    drop(bytes);
                    return Ok(Tried::Large(self.body));
                }
            }
        }
        let content_type = self.body.content_type.as_deref();
        let input = parse::Input { bytes: &bytes, content_type, url: Some(&self.url) };
        let feed = parse::parse(&input)
            .map_err(|error| FetchError::new(error.reason(), error.to_string()))?;
        let mut document = Document::new(feed, hash, &*self.store);
        document.alone = self.alone.filter(|_| is_large);
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
