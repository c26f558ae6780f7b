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
use wirewatch::model::{Alert, Clock, Mono, Timestamp};
use wirewatch::store::{OpenMode, SqliteStore, Store};

use super::document::Story;
use super::faulty::Faulty;
use super::ground::{self, Log};
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
        let deliver =
            DeliverEngine::new(&plan, dyn_store, clock.clone(), log.stream(), Arc::clone(&totals));
        Self { folder, clock, plan, store, wire, poll, deliver, totals, raised, log }
    }

    /// As a reload does it: the same feeds, or others, with what the store knows of them.
    pub async fn reload(&mut self, config: &str) {
        self.plan = Arc::new(ground::plan(self.folder.path(), config));
        self.poll.flush().await;
        let shared = (&self.totals, &self.raised);
        self.poll = open(&self.plan, &self.store, &self.wire, Pass::Forever, shared).await;
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
