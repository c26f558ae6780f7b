//! Both engines on a bench: a clock turned by hand, the real store, a scripted network.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;
use wirewatch::engine::plan::Plan;
use wirewatch::engine::{DeliverEngine, Pass, PollEngine, Totals};
use wirewatch::model::{
    Alert, AlertFeed, AlertRule, Clock, FeedId, Item, Level, Mono, RuleId, SinkName, Status,
    Timestamp,
};
use wirewatch::store::{Found, OpenMode, Raised, SqliteStore, Store};

use super::document::Story;
use super::faulty::Faulty;
use super::ground::{self, Log};
use super::hook::Hook;
use super::wire::Wire;

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

pub struct Bench {
    pub folder: TempDir,
    pub clock: Clock,
    pub plan: Arc<Plan>,
    pub store: Arc<Faulty>,
    pub wire: Arc<Wire>,
    pub poll: PollEngine,
    pub deliver: DeliverEngine,
    pub totals: Arc<Totals>,
    pub raised: Arc<Notify>,
    log: Log,
}

/// A config for so many feeds, `f0`, `f1` …, and a file sink.
pub fn config(feeds: usize, poll: &str) -> String {
    let feeds: String = (0..feeds)
        .map(|n| format!("[[feed]]\nid = \"f{n}\"\nurl = \"https://h{n}.example/\"\n"))
        .collect();
    format!(
        "rules = [\"rules.toml\"]\n[poll]\nfirst_poll = \"alert\"\n{poll}\n\
         [[sink]]\nkind = \"file\"\n{feeds}"
    )
}

/// How often an event stands in a log.
pub fn count(log: &[Value], event: &str) -> usize {
    log.iter().filter(|line| line["event"] == event).count()
}

pub fn story(guid: &str, title: &str) -> Story {
    Story::new(guid, title, Timestamp::parse("2026-11-23T22:00:00Z").unwrap())
}

impl Bench {
    pub async fn new(config: &str, pass: Pass) -> Self {
        Self::with(config, pass, |_| ()).await
    }

    /// `tune` may change the plan before it is put in force.
    pub async fn with(config: &str, pass: Pass, tune: impl FnOnce(&mut Plan)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::parse("2026-11-23T22:00:00Z").unwrap());
        let mut plan = ground::plan(folder.path(), config);
        tune(&mut plan);
        let plan = Arc::new(plan);
        let real = SqliteStore::open(&plan.store_path, OpenMode::Writer).unwrap();
        let store = Arc::new(Faulty::new(real));
        let wire = Arc::new(Wire::new(clock.clone()));
        let (totals, raised) = (Arc::new(Totals::default()), Arc::new(Notify::new()));
        let log = Log::keep(&clock, "wirewatch=debug");
        let poll = open(&plan, &store, &wire, pass, (&totals, &raised)).await;
        let dyn_store: Arc<dyn Store> = store.clone();
        let mut deliver =
            DeliverEngine::new(&plan, dyn_store, clock.clone(), log.stream(), Arc::clone(&totals));
        // Weeks go by on this bench.
        deliver.look_every(30 * SECOND);
        Self { folder, clock, plan, store, wire, poll, deliver, totals, raised, log }
    }

    /// As a reload does it: the same feeds, or others, with what the store knows of them.
    pub async fn reload(&mut self, config: &str) {
        self.plan = Arc::new(ground::plan(self.folder.path(), config));
        self.poll.replan(Arc::clone(&self.plan), self.wire.clone()).await.unwrap();
        self.deliver.replan(&self.plan);
    }

    /// Lets both engines do all that is due. Answers when there is more.
    pub async fn turn(&mut self) -> Mono {
        loop {
            let poll = self.poll.step();
            if self.raised.notified().now_or_never().is_some() {
                self.deliver.wake();
            }
            let deliver = self.deliver.step();
            if self.poll.running() + self.deliver.running() == 0 {
                return poll.into_iter().chain(deliver).min().expect("nothing will ever be due");
            }
            tokio::select! {
                () = self.poll.join() => {}
                () = self.deliver.join() => {}
            }
        }
    }

    /// Lets `span` go by, every step at its time.
    pub async fn play(&mut self, span: Duration) {
        let end = self.clock.now().mono.plus(span);
        let mut stalled = 0;
        loop {
            let next = self.turn().await;
            let now = self.clock.now().mono;
            if next >= end {
                self.clock.advance(end.since(now));
                return;
            }
            stalled = if next > now { 0 } else { stalled + 1 };
            assert!(stalled < 100, "the engines ask to be stepped at once and do nothing");
            self.clock.advance(next.since(now).max(Duration::from_millis(1)));
        }
    }

    /// Lets `span` go by for deliveries; no feed is polled.
    pub async fn deliver_alone(&mut self, span: Duration) {
        let end = self.clock.now().mono.plus(span);
        while self.clock.now().mono < end {
            self.deliver.step();
            while self.deliver.running() > 0 {
                self.deliver.join().await;
                self.deliver.step();
            }
            self.clock.advance(Duration::from_millis(250));
        }
    }

    /// Puts an alert with this headline into the outbox for these sinks, as a poll would, and wakes
    /// the deliver engine.
    pub async fn raise(&mut self, title: &str, level: Level, sinks: &[&str]) {
        let url = "https://h0.example/".to_owned();
        let feed = AlertFeed { id: FeedId::new("f0"), title: "News".into(), url: url.clone() };
        let now = self.clock.now().wall;
        let state = self.store.open_feeds(&[(feed.id.clone(), url)], now).await.unwrap().remove(0);
        let seen = self.store.seen(state.key).await.unwrap();
        let item = Item { id: title.into(), title: title.into(), ..Item::default() };
        let rule = AlertRule {
            id: RuleId::new("floods"),
            title: "Floods".into(),
            level,
            status: Status::default(),
            tags: vec![],
            matches: vec![],
        };
        let alert = Alert::raise(feed, &item, vec![rule], now);
        let sinks = sinks.iter().copied().map(SinkName::new).collect();
        let found = Found {
            feed: state.key,
            expected_version: seen.version,
            alerts: vec![Raised { alert, sinks, page: None }],
            ..Found::default()
        };
        self.store.commit(found).await.unwrap();
        self.deliver.wake();
    }

    /// Raises medium alerts for both sinks.
    pub async fn raise_all(&mut self, titles: &[&str]) {
        for title in titles {
            self.raise(title, Level::Medium, &["file", "hook"]).await;
        }
    }

    /// Lets the deliver engine do all that is due, but for calls that `hook` leaves unanswered.
    /// Answers when there is more.
    pub async fn deliver_now(&mut self, hook: &Hook) -> Option<Mono> {
        loop {
            let next = self.deliver.step();
            let now = self.clock.now().mono;
            if self.deliver.running() <= hook.stuck() && next.is_none_or(|next| next > now) {
                return next;
            }
            // A call that has just begun may be one that is never answered.
            tokio::select! {
                biased;
                () = self.deliver.join() => {}
                () = tokio::task::yield_now(), if hook.is_stalling() => {}
            }
        }
    }

    /// Lets `span` go by for deliveries, every step at its time.
    pub async fn deliver(&mut self, hook: &Hook, span: Duration) {
        let end = self.clock.now().mono.plus(span);
        loop {
            let next = self.deliver_now(hook).await.unwrap_or(end).min(end);
            let now = self.clock.now().mono;
            self.clock.advance(next.since(now));
            if next >= end {
                self.deliver_now(hook).await;
                return;
            }
        }
    }

    /// The process is killed and started anew, with what is on the disk.
    pub async fn restart(self) -> Self {
        let Self { folder, clock, plan, store, wire, poll, deliver, totals, raised, log } = self;
        drop((poll, deliver));
        // Tasks that are aborted go at their next turn.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        drop(Arc::into_inner(store).expect("nobody else has the store"));
        let real = SqliteStore::open(&plan.store_path, OpenMode::Writer).unwrap();
        let store = Arc::new(Faulty::new(real));
        let poll = open(&plan, &store, &wire, Pass::Forever, (&totals, &raised)).await;
        let dyn_store: Arc<dyn Store> = store.clone();
        let shared = Arc::clone(&totals);
        let deliver = DeliverEngine::new(&plan, dyn_store, clock.clone(), log.stream(), shared);
        Self { folder, clock, plan, store, wire, poll, deliver, totals, raised, log }
    }

    /// Deliveries that wait for a sink, and dead letters.
    pub async fn outbox(&self, sink: &str) -> (u64, u64) {
        let counts = self.store.outbox().await.unwrap();
        let of_sink = counts.iter().find(|count| count.sink.as_str() == sink);
        of_sink.map_or((0, 0), |count| (count.waiting, count.dead))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The alerts in the file sink's file.
    pub fn file(&self) -> Vec<Alert> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The names of the events so far but for `poll_ok`; nothing is logged after this.
    pub fn events(&self) -> Vec<String> {
        self.log()
            .into_iter()
            .map(|line| line["event"].as_str().unwrap().to_owned())
            .filter(|name| name != "poll_ok")
            .collect()
    }

    /// The events so far with their fields; nothing is logged after this.
    pub fn log(&self) -> Vec<Value> {
        self.log.lines()
    }
}

async fn open(
    plan: &Arc<Plan>,
    store: &Arc<Faulty>,
    wire: &Arc<Wire>,
    pass: Pass,
    (totals, raised): (&Arc<Totals>, &Arc<Notify>),
) -> PollEngine {
    let shared = (Arc::clone(totals), Arc::clone(raised));
    let clock = wire.clock.clone();
    PollEngine::open(Arc::clone(plan), store.clone(), wire.clone(), clock, pass, shared)
        .await
        .unwrap()
}
