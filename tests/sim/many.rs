//! A hundred thousand feeds for a day: none is polled late, and after six hours in which nobody could
//! poll they come back no faster than is said here.
//!
//! In a debug build their interval is six hours, some 600,000 polls in all. With the default
//! interval, 15 minutes, it is more than ten million; that one is run by
//! `cargo test --release --test sim -- --ignored --nocapture`, and prints its figures.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, oneshot};
use url::Url;
use wirewatch::engine::plan::Plan;
use wirewatch::engine::{DeliverEngine, Pass, PollEngine, Totals};
use wirewatch::fetch::{Answer, Body, Fetch, FetchError, Fetched, Request};
use wirewatch::model::{Clock, Feed, FeedId, Mono, Timestamp, Validators};
use wirewatch::schedule::Why;
use wirewatch::store::{OpenMode, SqliteStore, Store};

use super::document::{Story, rss};
use super::ground::{self, Log};
use super::simulator::{HOUR, MINUTE};

const FEEDS: usize = 100_000;
/// How long a server takes to answer.
const LATENCY: Duration = Duration::from_millis(500);
/// How often the engines are stepped.
const TICK: Duration = Duration::from_millis(500);
/// No poll is later than its interval and the jitter of a tenth by more than this.
const SLACK: Duration = Duration::from_secs(5);
/// After six hours in which nobody could poll there are no more polls in any minute than so many
/// times the usual number.
const STAMPEDE: f64 = 3.0;

/// A hundred thousand servers, five feeds each. One feed in a hundred has news: one item at first,
/// another after half a day.
struct Crowd {
    clock: Clock,
    waiting: Mutex<VecDeque<(Mono, oneshot::Sender<()>)>>,
    came: Notify,
    asked: Mutex<Asked>,
}

struct Asked {
    polls: usize,
    last: Vec<Option<Mono>>,
    longest: Duration,
    /// Polls that were under way when the count began, whose feeds may not be due again in it.
    under_way: usize,
    /// Polls by minute since the count began.
    from: Mono,
    minutes: Vec<usize>,
}

struct Count {
    /// The longest time that a feed waited between two polls, or has waited since its last.
    longest: Duration,
    /// Feeds that were not polled at all, but for so many as were being polled at the beginning.
    left_out: usize,
    /// Polls of each whole minute.
    minutes: Vec<usize>,
}

impl Crowd {
    fn new(clock: Clock) -> Self {
        let from = clock.now().mono;
        let last = vec![None; FEEDS];
        let asked = Asked {
            polls: 0,
            last,
            longest: Duration::ZERO,
            under_way: 0,
            from,
            minutes: Vec::new(),
        };
        let (waiting, came) = (Mutex::default(), Notify::new());
        Self { clock, waiting, came, asked: Mutex::new(asked) }
    }

    fn ask(&self, feed: usize) {
        let now = self.clock.now().mono;
        let mut asked = self.asked.lock().unwrap();
        asked.polls += 1;
        if let Some(last) = asked.last[feed].replace(now) {
            asked.longest = asked.longest.max(now.since(last));
        }
        let minute = usize::try_from(now.since(asked.from).as_secs() / 60).unwrap();
        if asked.minutes.len() <= minute {
            asked.minutes.resize(minute + 1, 0);
        }
        asked.minutes[minute] += 1;
    }

    /// Begins to count anew; answers what was counted so far.
    fn count(&self) -> Count {
        let under_way = self.waiting();
        let mut asked = self.asked.lock().unwrap();
        let now = self.clock.now().mono;
        asked.from = now;
        let last = std::mem::replace(&mut asked.last, vec![None; FEEDS]);
        let waits = last.iter().flatten().map(|last| now.since(*last));
        let longest = waits.chain([std::mem::take(&mut asked.longest)]).max().unwrap();
        let mut minutes = std::mem::take(&mut asked.minutes);
        minutes.pop();
        let left_out = last.iter().filter(|last| last.is_none()).count();
        let excused = std::mem::replace(&mut asked.under_way, under_way);
        Count { longest, left_out: left_out.saturating_sub(excused), minutes }
    }

    /// Lets those go on whose answer is there.
    fn release(&self) {
        let now = self.clock.now().mono;
        let mut waiting = self.waiting.lock().unwrap();
        while waiting.front().is_some_and(|(at, _)| *at <= now) {
            let (_, go) = waiting.pop_front().unwrap();
            let _ = go.send(());
        }
    }

    fn waiting(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }
}

#[async_trait]
impl Fetch for Crowd {
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let feed: usize = request.feed.id.as_str()[1..].parse().unwrap();
        self.ask(feed);
        let (go, gone) = oneshot::channel();
        let now = self.clock.now().mono;
        self.waiting.lock().unwrap().push_back((now.plus(LATENCY), go));
        self.came.notify_one();
        let _ = gone.await;
        let late = self.clock.now().mono.since(Mono::from_millis(0)) > 12 * HOUR;
        let (status, answer) = if feed.is_multiple_of(100) {
            let published = Timestamp::parse("2026-11-23T21:00:00Z").unwrap();
            let story = |n| Story::new(format!("{feed} {n}"), format!("A flood {n}"), published);
            let stories: Vec<_> = (0..=usize::from(late)).map(story).collect();
            (200, Answer::Body(Body::new(rss(&stories).into_bytes(), Vec::new(), None)))
        } else {
            (304, Answer::NotModified)
        };
        Ok(Fetched {
            answer,
            status,
            url: request.url.clone(),
            validators: Validators::default(),
            moved_to: None,
            fresh_for: Duration::ZERO,
            fresh_by: Why::MaxAge,
            retry_after: None,
        })
    }
}

struct Day {
    plan: Arc<Plan>,
    clock: Clock,
    crowd: Arc<Crowd>,
    store: Arc<SqliteStore>,
    poll: PollEngine,
    deliver: DeliverEngine,
    raised: Arc<Notify>,
    log: Log,
}

fn plan(folder: &Path, interval: Duration) -> Arc<Plan> {
    let config = format!(
        "rules = [\"rules.toml\"]\n[poll]\nfirst_poll = \"alert\"\ninterval = \"{}s\"\n\
         concurrency = 512\n[[sink]]\nkind = \"file\"\n\
         [[feed]]\nurl = \"https://one.example/\"\n",
        interval.as_secs()
    );
    let mut plan = ground::plan(folder, &config);
    plan.feeds = (0..FEEDS)
        .map(|n| {
            let url = format!("https://h{}.example/{n}", n % (FEEDS / 5));
            Arc::new(Feed::new(FeedId::new(format!("f{n}")), Url::parse(&url).unwrap()))
        })
        .collect();
    Arc::new(plan)
}

impl Day {
    async fn start(plan: Arc<Plan>, clock: Clock, crowd: Arc<Crowd>, log: Log) -> Self {
        let store = Arc::new(SqliteStore::open(&plan.store_path, OpenMode::Writer).unwrap());
        let (totals, raised) = (Arc::new(Totals::default()), Arc::new(Notify::new()));
        let shared = (Arc::clone(&totals), Arc::clone(&raised));
        let (pass, fetch) = (Pass::Forever, crowd.clone());
        let poll =
            PollEngine::open(plan.clone(), store.clone(), fetch, clock.clone(), pass, shared);
        let poll = poll.await.unwrap();
        let deliver = DeliverEngine::new(&plan, store.clone(), clock.clone(), log.stream(), totals);
        Self { plan, clock, crowd, store, poll, deliver, raised, log }
    }

    /// Ends in peace, and starts again after `down`.
    async fn restart(mut self, down: Duration) -> Self {
        self.poll.abort().await;
        self.poll.flush().await;
        let Self { plan, clock, crowd, store, poll, deliver, log, .. } = self;
        drop((poll, deliver));
        store.close().await.unwrap();
        crowd.waiting.lock().unwrap().clear();
        clock.advance(down);
        Self::start(plan, clock, crowd, log).await
    }

    async fn play(&mut self, span: Duration) {
        let end = self.clock.now().mono.plus(span);
        while self.clock.now().mono < end {
            self.crowd.release();
            loop {
                while self.poll.running() + self.deliver.running() != self.crowd.waiting() {
                    tokio::select! {
                        biased;
                        () = self.poll.join() => {}
                        () = self.deliver.join() => {}
                        () = self.crowd.came.notified() => {}
                    }
                }
                self.poll.step();
                if futures_util::FutureExt::now_or_never(self.raised.notified()).is_some() {
                    self.deliver.wake();
                }
                self.deliver.step();
                if self.poll.running() + self.deliver.running() == self.crowd.waiting() {
                    break;
                }
            }
            self.clock.advance(TICK);
        }
    }
}

/// The most polls in a minute, as a multiple of what an even course would have.
fn peak(minutes: &[usize], interval: Duration) -> f64 {
    let usual = FEEDS as f64 / (interval.as_secs_f64() / 60.0);
    minutes.iter().copied().max().unwrap_or(0) as f64 / usual
}

async fn day(interval: Duration) {
    let folder = super::folder();
    let clock = Clock::manual(Timestamp::parse("2026-11-23T00:00:00Z").unwrap());
    let crowd = Arc::new(Crowd::new(clock.clone()));
    let log = Log::keep(&clock, "wirewatch=warn");
    let plan = plan(folder.path(), interval);
    let mut day = Day::start(plan, clock.clone(), crowd.clone(), log).await;
    let longest = interval + interval / 10 + SLACK;
    let told = |what: &str, Count { longest: waited, left_out, minutes }: Count| {
        let peak = peak(&minutes, interval);
        eprintln!("{what}: longest wait {waited:?}, most polls in a minute {peak:.2} × the usual");
        assert!(waited <= longest, "{what}: a feed waited {waited:?}, not {longest:?}");
        assert!(peak <= STAMPEDE, "{what}: {peak} times the usual number of polls in a minute");
        assert_eq!(left_out, 0, "{what}: feeds that were not polled at all");
    };

    day.play(24 * HOUR).await;
    told("a day", crowd.count());
    let mut day = day.restart(6 * HOUR).await;
    crowd.count();
    day.play(interval + 10 * MINUTE).await;
    told("after six hours down", crowd.count());
    clock.advance(6 * HOUR);
    day.play(interval + 10 * MINUTE).await;
    told("after six hours asleep", crowd.count());

    day.play(MINUTE).await;
    let text = fs::read_to_string(folder.path().join("alerts.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 2 * FEEDS / 100);
    assert!(day.store.outbox().await.unwrap().is_empty());
    eprintln!("{} polls; {:?}", crowd.asked.lock().unwrap().polls, day.store.stats());
}

#[tokio::test]
async fn a_hundred_thousand_feeds_for_a_day_are_late_by_seconds_and_never_stampede() {
    day(6 * HOUR).await;
}

#[tokio::test]
#[ignore = "ten million polls: minutes in a release build"]
async fn a_hundred_thousand_feeds_each_quarter_of_an_hour_for_a_day() {
    day(15 * MINUTE).await;
}
