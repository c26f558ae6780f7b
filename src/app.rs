//! The daemon: plan, store, network and engines put together and kept going.

mod complaints;
mod pulse;
mod reload;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use self::complaints::Complaints;
use self::pulse::PulseKeeper;
use self::window::{Reading, Window};
use crate::config::PollSection;
use crate::engine::plan::{Plan, Surroundings};
use crate::engine::{DeliverEngine, Pass, PassReport, PollEngine, PruneEngine, Totals};
use crate::fetch::{Fetch, FetchLimits, HttpFetch};
use crate::guard::Guard;
use crate::lifecycle::{Signals, Systemd};
use crate::model::{Clock, Mono, Now, Place, Problem, SinkName};
use crate::net::{ClientOptions, Network};
use crate::observe::LogStream;
use crate::observe::events::{self, Ready, Started, Stopped, Stopping};
use crate::store::{OpenMode, SqliteStore, Store, StoreError};

/// How long what runs may take to finish when the end has been asked for.
const GRACE: Duration = Duration::from_secs(5);
/// The engines step at least this often: waiting goes by a clock that stands still while the
/// machine sleeps, so a wait must be short to end soon after.
const TICK: Duration = Duration::from_secs(1);
/// What the daemon is made of.
pub struct App {
    config: PathBuf,
    around: Surroundings,
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    clock: Clock,
    log: LogStream,
    totals: Arc<Totals>,
    raised: Arc<Notify>,
    poll: PollEngine,
    deliver: DeliverEngine,
    prune: PruneEngine,
    started: Now,
    window: Window,
    reading: Reading,
}

/// The fetcher that a plan asks for.
pub fn fetcher(plan: &Plan) -> Arc<dyn Fetch> {
    let guard = Guard::new(plan.net.allow.clone());
    let network = Network::new(guard, client_options(&plan.poll));
    Arc::new(HttpFetch::new(Arc::new(network), fetch_limits(&plan.poll)))
}

/// The least that a poll waits for its turns at hosts that redirects lead to.
const GATE_WAIT: Duration = Duration::from_secs(60);

/// Bounds on a fetch, as `[poll]` has them.
pub fn fetch_limits(poll: &PollSection) -> FetchLimits {
    FetchLimits {
        timeout: poll.timeout,
        gate_timeout: poll.timeout.max(GATE_WAIT),
        max_body: poll.max_body,
        max_redirects: poll.max_redirects,
        per_host: poll.per_host as usize,
        per_host_spacing: poll.per_host_spacing,
    }
}

/// How connections are made, as `[poll]` has it.
pub fn client_options(poll: &PollSection) -> ClientOptions {
    ClientOptions {
        user_agent: poll.user_agent(),
        connect_timeout: poll.connect_timeout,
        read_timeout: poll.read_timeout,
    }
}

impl App {
    /// Opens the store and makes the engines ready; polls nothing yet.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub async fn open(
        plan: Plan,
        around: Surroundings,
        clock: Clock,
        log: LogStream,
        pass: Pass,
    ) -> Result<Self, StoreError> {
        let path = plan.store_path.clone();
        let opened =
            tokio::task::spawn_blocking(move || SqliteStore::open(&path, OpenMode::Writer)).await;
        let store = opened.map_err(|_| StoreError::Closed)??;
        warn_of_loss(&store, &plan);
        let store: Arc<dyn Store> = Arc::new(store);
        let plan = Arc::new(plan);
        let (totals, raised) = (Arc::new(Totals::default()), Arc::new(Notify::new()));
        let poll = PollEngine::open(
            Arc::clone(&plan),
            Arc::clone(&store),
            fetcher(&plan),
            clock.clone(),
            pass,
            (Arc::clone(&totals), Arc::clone(&raised)),
        )
        .await?;
        let deliver = DeliverEngine::new(
            &plan,
            Arc::clone(&store),
            clock.clone(),
            log.clone(),
            Arc::clone(&totals),
        );
        Ok(Self {
            config: plan.path.clone(),
            around,
            prune: PruneEngine::new(Arc::clone(&store), clock.clone()),
            started: clock.now(),
            window: Window::new(),
            reading: Reading { at: clock.now().wall, well: true },
            plan,
            store,
            clock,
            log,
            totals,
            raised,
            poll,
            deliver,
        })
    }

    /// Polls and delivers until a signal ends it.
    pub async fn run(mut self, signals: &Signals, systemd: Systemd) {
        let (feeds, rules, sinks) = counts(&self.plan);
        let store = self.plan.store_path.display().to_string();
        Started { version: env!("CARGO_PKG_VERSION"), feeds, rules, sinks, store: &store }.log();
        self.plan.warnings.iter().for_each(warn);
        self.warn_of_failing_examples().await;
        self.warn_of_orphans().await;
        let mut pulse = PulseKeeper::new(systemd, self.clock.now());
        let mut complaints = Complaints::new(self.stderr());
        self.window.open(self.plan.metrics.listen).await;
        let mut ready = false;
        loop {
            let next = self.step();
            let now = self.clock.now();
            if !std::mem::replace(&mut ready, true) {
                systemd.ready(&self.status());
                Ready { duration_ms: now.mono.since(self.started.mono) }.log();
            }
            let changed = complaints.heed(&self.complaints());
            pulse.beat(now, changed, || self.status());
            let wait = next.since(now.mono).min(systemd.beat_every().unwrap_or(TICK)).min(TICK);
            tokio::select! {
                () = signals.soft.cancelled() => break,
                () = signals.reload.notified() => tokio::select! {
                    () = self.reload(systemd) => {}
                    () = signals.hard.cancelled() => return,
                },
                () = self.raised.notified() => self.deliver.wake(),
                Some(ask) = self.window.asked() => self.answer(ask),
                () = self.poll.join() => {}
                () = self.deliver.join() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.window.close().await;
        systemd.stopping();
        Stopping { signal: signals.name(), grace_ms: GRACE }.log();
        tokio::select! {
            () = self.stop() => {}
            () = signals.hard.cancelled() => {}
        }
    }

    /// One pass over all feeds, and the delivery of all that can be delivered; then the end.
    pub async fn run_once(mut self, signals: &Signals) -> (PassReport, Summary) {
        let mut last_look = false;
        while !signals.soft.is_cancelled() {
            let next = self.step();
            // Who runs a single pass comes again; waiting for room would hold that up.
            if self.poll.store_fails() && self.poll.running() == 0 {
                break;
            }
            if self.poll.is_done() && !std::mem::replace(&mut last_look, true) {
                // With the schedules goes what is to be told of feeds.
                self.poll.flush().await;
                self.deliver.close_windows();
                continue;
            }
            if last_look && self.deliver.is_idle() {
                break;
            }
            let wait = next.since(self.clock.now().mono).min(TICK);
            tokio::select! {
                () = signals.soft.cancelled() => {}
                () = self.raised.notified() => self.deliver.wake(),
                () = self.poll.join() => {}
                () = self.deliver.join() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        let report = self.poll.report();
        let of_ours = |sink: &SinkName| self.plan.sinks.iter().any(|spec| spec.name == *sink);
        let counts = self.store.outbox().await.unwrap_or_default();
        let waiting =
            counts.iter().filter(|count| of_ours(&count.sink)).map(|count| count.waiting).sum();
        self.prune.finish(&self.plan).await;
        let summary = Summary {
            items: Totals::get(&self.totals.items),
            alerts: Totals::get(&self.totals.alerts),
            delivered: Totals::get(&self.totals.delivered),
            dead: Totals::get(&self.totals.dead),
            waiting,
            took: self.clock.now().mono.since(self.started.mono),
        };
        self.stop().await;
        (report, summary)
    }

    /// Says which rules fail their own examples.
    ///
    /// At a start there are no older rules to stay with: to watch with a rule that is not what its
    /// author meant is better than not to watch.
    async fn warn_of_failing_examples(&self) {
        let plan = Arc::clone(&self.plan);
        let failed = tokio::task::spawn_blocking(move || plan.check_examples()).await;
        failed.unwrap_or_default().iter().for_each(warn);
    }

    /// Says what waits for sinks that the config does not have: kept, and delivered to none.
    async fn warn_of_orphans(&self) {
        for count in self.store.outbox().await.unwrap_or_default() {
            let known = self.plan.sinks.iter().any(|spec| spec.name == count.sink);
            if !known && count.waiting > 0 {
                let place = Place::File(self.plan.path.clone());
                let many = if count.waiting == 1 { "alert waits" } else { "alerts wait" };
                let message = format!("{} {many} for a sink \"{}\"", count.waiting, count.sink);
                warn(&Problem::new(place, message).hint("there is no such sink any more"));
            }
        }
    }

    /// Lets the engines do what is due. Answers when the next thing is, as far as they know.
    fn step(&mut self) -> Mono {
        let now = self.clock.now().mono;
        let poll = self.poll.step();
        let deliver = self.deliver.step();
        let prune = self.prune.step(&self.plan);
        poll.into_iter().chain(deliver).chain([prune]).min().unwrap_or(now)
    }

    /// Waits for the polls that run, but no longer than `grace`.
    async fn rest(&mut self, grace: Duration) {
        let polls = async {
            while self.poll.running() > 0 {
                self.poll.join().await;
            }
        };
        // What is over the grace is cut off by the caller.
        let _ = tokio::time::timeout(grace, polls).await;
    }

    /// Waits for what runs, and delivers what comes of it meanwhile; starts no poll.
    async fn finish(&mut self) {
        self.deliver.wake();
        loop {
            self.deliver.step();
            let (polls, deliveries) = (self.poll.running(), self.deliver.running());
            if polls + deliveries == 0 {
                return;
            }
            tokio::select! {
                () = self.poll.join(), if polls > 0 => self.deliver.wake(),
                () = self.deliver.join(), if deliveries > 0 => {}
            }
        }
    }

    /// Finishes what runs within the grace, delivers what came of it, and closes the store.
    async fn stop(&mut self) {
        // What is over the grace is cut off.
        let _ = tokio::time::timeout(GRACE, self.finish()).await;
        let unfinished = (self.poll.running() + self.deliver.running()) as u64;
        self.poll.abort().await;
        self.deliver.abort().await;
        let write = async {
            self.poll.flush().await;
            self.store.close().await
        };
        match tokio::time::timeout(GRACE, write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "store_close_failed");
            }
            Err(_) => tracing::warn!("store_close_late"),
        }
        Stopped {
            polls: Totals::get(&self.totals.polls),
            alerts: Totals::get(&self.totals.alerts),
            unfinished,
            duration_ms: self.clock.now().mono.since(self.started.mono),
        }
        .log();
        self.log.close(Duration::from_secs(2));
    }
}

/// What a single pass came to.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// New items.
    pub items: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Deliveries made, of alerts from before too.
    pub delivered: u64,
    /// Deliveries that were refused or given up: dead letters now.
    pub dead: u64,
    /// Deliveries that still wait.
    pub waiting: u64,
    /// How long it took.
    pub took: Duration,
}

fn counts(plan: &Plan) -> (usize, usize, usize) {
    let feeds = plan.feeds.iter().filter(|feed| feed.enabled).count();
    (feeds, plan.rules.rules().count(), plan.sinks.len())
}

fn tell(problem: &Problem) {
    let place = problem.place.to_string();
    let hint = problem.hint.as_deref();
    events::Problem { place: &place, message: &problem.message, hint }.log();
}

fn warn(problem: &Problem) {
    let place = problem.place.to_string();
    let hint = problem.hint.as_deref();
    events::Warning { place: &place, message: &problem.message, hint }.log();
}

fn warn_of_loss(store: &SqliteStore, plan: &Plan) {
    let lost = store.lost_pages();
    if lost > 0 {
        let message = format!(
            "its -wal file was cut or damaged since wirewatch last wrote to it: {lost} pages are gone"
        );
        let problem = Problem::new(Place::File(plan.store_path.clone()), message);
        warn(&problem.hint("what was found last may be told again, under the same ids"));
    }
}
