//! What the engines meet outside, scripted: feeds that answer as told, sinks that fail as told.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use wirewatch::fetch::{Answer, Body, Coding, Fetch, FetchError, Fetched, Request};
use wirewatch::model::{Attempt, Batch, Clock, Mono, Outcome, Reason, SinkName, Validators};
use wirewatch::schedule::Why;
use wirewatch::sinks::{BuildContext, Config, Sink, SinkError};

use super::document::{Story, rss};

/// How a feed answers.
#[derive(Clone, Debug)]
pub enum Page {
    Stories(Vec<Story>),
    /// A document as it stands.
    Document(String),
    /// The same, packed by gzip.
    Packed(String),
    Unchanged,
    /// These, with a validator; "unchanged" to whoever asks with one, though they have changed.
    Lying(Vec<Story>),
    Broken(Reason),
    /// No answer, ever.
    Silent,
}

/// A network in which every feed answers as it was told to.
pub struct Wire {
    pub clock: Clock,
    /// By feed id; who is not there is unchanged.
    pub pages: Mutex<HashMap<String, Page>>,
    /// Who was asked, and when.
    pub asked: Mutex<Vec<(String, Mono)>>,
}

impl Wire {
    pub fn new(clock: Clock) -> Self {
        Self { clock, pages: Mutex::default(), asked: Mutex::default() }
    }

    pub fn put(&self, feed: &str, page: Page) {
        self.pages.lock().unwrap().insert(feed.to_owned(), page);
    }

    /// How often `feed` was asked in a span that begins at `from`.
    pub fn asked_in(&self, feed: &str, from: Mono, span: Duration) -> usize {
        let to = from.plus(span);
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(id, at)| id == feed && (from..to).contains(at)).count()
    }

    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Fetch for Wire {
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let feed = request.feed.id.as_str();
        self.asked.lock().unwrap().push((feed.to_owned(), self.clock.now().mono));
        assert!(!request.reload || request.validators.is_empty());
        let page = self.pages.lock().unwrap().get(feed).cloned();
        let mut validators = Validators::default();
        let conditional = !request.validators.is_empty();
        let (status, answer) = match page {
            Some(Page::Lying(_)) if conditional => {
                validators = request.validators.clone();
                (304, Answer::NotModified)
            }
            Some(Page::Lying(stories)) => {
                validators.etag = Some(b"\"same\"".to_vec());
                (200, plain(rss(&stories).into_bytes()))
            }
            Some(Page::Broken(reason)) => return Err(FetchError::new(reason, "as told")),
            Some(Page::Stories(stories)) => (200, plain(rss(&stories).into_bytes())),
            Some(Page::Document(text)) => (200, plain(text.into_bytes())),
            Some(Page::Packed(text)) => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text.as_bytes()).unwrap();
                let wire = packed.finish().unwrap();
                let codings = vec![Coding::Gzip];
                (200, Answer::Body(Body::new(wire, codings, None)))
            }
            Some(Page::Silent) => return std::future::pending().await,
            Some(Page::Unchanged) | None => (304, Answer::NotModified),
        };
        Ok(Fetched {
            answer,
            status,
            url: request.url.clone(),
            validators,
            moved_to: None,
            fresh_for: Duration::ZERO,
            fresh_by: Why::MaxAge,
            retry_after: None,
        })
    }
}

fn plain(wire: Vec<u8>) -> Answer {
    Answer::Body(Body::new(wire, Vec::new(), None))
}

/// A sink that fails so many times, and then hands on to a real one.
#[derive(Debug)]
pub struct Failing {
    pub times: Arc<AtomicUsize>,
    /// Deliveries tried.
    pub tried: Arc<AtomicUsize>,
    pub real: Arc<dyn Config>,
}

impl Config for Failing {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(FailingSink {
            times: Arc::clone(&self.times),
            tried: Arc::clone(&self.tried),
            real: self.real.build(name, context)?,
        }))
    }
}

struct FailingSink {
    times: Arc<AtomicUsize>,
    tried: Arc<AtomicUsize>,
    real: Box<dyn Sink>,
}

#[async_trait]
impl Sink for FailingSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let left = self.times.load(Ordering::SeqCst);
        if left > 0 {
            self.times.store(left - 1, Ordering::SeqCst);
            let message = "no room".to_owned();
            let outcome = Outcome::Retry { reason: Reason::DiskFull, message, after: None };
            return Attempt::all(outcome, batch.len());
        }
        self.real.deliver(batch).await
    }

    fn max_batch(&self) -> usize {
        self.real.max_batch()
    }
}
