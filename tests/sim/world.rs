//! The feeds of the world: what they show, and how they answer.
//!
//! A feed shows its last items only, as few as one, and goes on to the next as soon as all that it
//! shows is committed. So whoever takes a page as seen before its items are stored loses one.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use url::Url;
use wirewatch::fetch::{Answer, Body, Fetch, FetchError, Fetched, Request};
use wirewatch::model::{Clock, Mono, Reason, Timestamp, Validators};
use wirewatch::schedule::Why;
use wirewatch::store::Found;

use super::desk::{Desk, Fate, Site};
use super::document::{Story, rss};

/// What a feed will show.
#[derive(Clone, Debug)]
pub struct Programme {
    /// The headlines, first to last; no two feeds share one.
    pub titles: Vec<String>,
    /// So many of them at a time.
    pub window: usize,
    /// How long it takes to write the next ones.
    pub pause: Duration,
    /// Where its server sends whoever asks.
    pub moved: Option<Url>,
}

struct Channel {
    programme: Programme,
    shown: usize,
    committed: usize,
    next_at: Mono,
    asked: Vec<Mono>,
}

pub struct World {
    clock: Clock,
    /// Whether nobody can be reached.
    pub down: AtomicBool,
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl World {
    pub fn new(clock: Clock, feeds: impl IntoIterator<Item = (String, Programme)>) -> Self {
        let now = clock.now().mono;
        let open = |(id, programme): (String, Programme)| {
            let asked = Vec::new();
            (id, Channel { programme, shown: 0, committed: 0, next_at: now, asked })
        };
        let channels = Mutex::new(feeds.into_iter().map(open).collect());
        Self { clock, down: AtomicBool::new(false), channels }
    }

    pub fn committed(&self, found: &Found) {
        let now = self.clock.now().mono;
        let mut channels = self.channels.lock().unwrap();
        for new in &found.items {
            let title = &new.item.title;
            let of = |channel: &&mut Channel| channel.programme.titles.contains(title);
            let channel = channels.values_mut().find(of).unwrap();
            channel.committed += 1;
            if channel.committed == channel.shown {
                channel.next_at = now.plus(channel.programme.pause);
            }
        }
    }

    /// What is shown and was never committed, or is yet to be shown; none when all is done.
    pub fn left(&self) -> Vec<String> {
        let channels = self.channels.lock().unwrap();
        let left = channels.iter().filter(|(_, one)| one.committed < one.programme.titles.len());
        left.map(|(id, one)| {
            let all = one.programme.titles.len();
            format!("{id}: of {all} items {} shown, {} committed", one.shown, one.committed)
        })
        .collect()
    }

    /// The headlines that match.
    pub fn matching(&self) -> Vec<String> {
        let channels = self.channels.lock().unwrap();
        let titles = channels.values().flat_map(|channel| channel.programme.titles.clone());
        let mut matching: Vec<_> = titles.filter(|title| title.contains("flood")).collect();
        matching.sort();
        matching
    }

    /// When each feed was asked, oldest first.
    pub fn asked(&self) -> HashMap<String, Vec<Mono>> {
        let channels = self.channels.lock().unwrap();
        channels.iter().map(|(id, channel)| (id.clone(), channel.asked.clone())).collect()
    }

    fn ask(&self, feed: &str) {
        let now = self.clock.now().mono;
        self.channels.lock().unwrap().get_mut(feed).unwrap().asked.push(now);
    }

    fn answer(&self, request: &Request<'_>) -> Fetched {
        let now = self.clock.now().mono;
        let mut channels = self.channels.lock().unwrap();
        let channel = channels.get_mut(request.feed.id.as_str()).unwrap();
        let Programme { titles, window, moved, .. } = &channel.programme;
        if channel.committed == channel.shown && now >= channel.next_at {
            channel.shown = (channel.shown + window).min(titles.len());
        }
        let from = channel.shown.saturating_sub(*window);
        let etag = format!("\"{}\"", channel.shown).into_bytes();
        let validators =
            Validators { url: request.url.to_string(), etag: Some(etag), last_modified: None };
        let (status, answer) = if *request.validators == validators {
            (304, Answer::NotModified)
        } else {
            let published = Timestamp::parse("2026-11-23T21:00:00Z").unwrap();
            let stories: Vec<_> = titles[from..channel.shown]
                .iter()
                .rev()
                .map(|title| Story::new(title.replace(' ', "-"), title.as_str(), published))
                .collect();
            (200, Answer::Body(Body::new(rss(&stories).into_bytes(), Vec::new(), None)))
        };
        Fetched {
            answer,
            status,
            url: request.url.clone(),
            validators,
            moved_to: moved.clone().filter(|to| to != request.url),
            fresh_for: Duration::ZERO,
            fresh_by: Why::MaxAge,
            retry_after: None,
        }
    }
}

/// The way to the feeds, past the desk.
pub struct Net(pub Arc<Desk>);

#[async_trait]
impl Fetch for Net {
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let feed = request.feed.id.as_str();
        let world = &self.0.world;
        world.ask(feed);
        let fate = self.0.wait(Site::Net, "fetch", feed.to_owned()).await;
        match fate {
            Fate::Done if world.down.load(Ordering::SeqCst) => {
                Err(FetchError::new(Reason::Dns, "as told"))
            }
            Fate::Done => Ok(world.answer(&request)),
            Fate::Fails(fault) | Fate::FailsAfter(fault) => {
                let (reason, retry_after) = fault.told();
                let host = Some(request.feed.host());
                let status = (reason == Reason::RateLimited).then_some(429);
                let message = "as told".to_owned();
                Err(FetchError { reason, message, status, retry_after, host })
            }
            Fate::Hangs | Fate::Tears | Fate::Panics => std::future::pending().await,
            Fate::HangsAfter => {
                self.0.hang();
                std::future::pending().await
            }
        }
    }
}
