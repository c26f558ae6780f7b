//! The daemon: plan, store, network and engines put together and kept going.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::engine::plan::{Plan, Surroundings};
use crate::engine::{DeliverEngine, Pass, PassReport, PollEngine, PruneEngine, Totals};
use crate::fetch::{Fetch, FetchLimits, HttpFetch};
use crate::guard::Guard;
use crate::lifecycle::{Signals, Systemd};
use crate::model::{Clock, Mono, Now, Place, Problem};
use crate::net::{ClientOptions, Network};
use crate::observe::LogStream;
use crate::observe::events::{
    self, ClockJumped, PlanLoaded, Ready, ReloadFailed, Started, Stopped, Stopping,
};
use crate::store::{OpenMode, SqliteStore, Store, StoreError};

/// How long what runs may take to finish when the end has been asked for.
const GRACE: Duration = Duration::from_secs(5);
/// How long running polls may hold up a reload. One that is cut off is made again right away.
const RELOAD_GRACE: Duration = Duration::from_secs(2);
/// The engines step at least this often: waiting goes by a clock that stands still while the
/// machine sleeps, so a wait must be short to end soon after.
const TICK: Duration = Duration::from_secs(1);
/// A wall clock that differs by more than this from the other has been set.
const JUMP: Duration = Duration::from_secs(30);

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
}

/// The fetcher that a plan asks for.
pub fn fetcher(plan: &Plan) -> Arc<dyn Fetch> {
    let network = Network::new(Guard::new(plan.net.allow.clone()), client_options(plan));
    let limits = FetchLimits {
        timeout: plan.poll.timeout,
        max_body: plan.poll.max_body,
        max_redirects: plan.poll.max_redirects,
    };
    Arc::new(HttpFetch::new(Arc::new(network), limits))
}

fn client_options(plan: &Plan) -> ClientOptions {
    let product = concat!("wirewatch/", env!("CARGO_PKG_VERSION"));
    ClientOptions {
        user_agent: match &plan.poll.contact {
            Some(contact) => format!("{product} (+{contact})"),
            None => product.to_owned(),
        },
        connect_timeout: plan.poll.connect_timeout,
        read_timeout: plan.poll.read_timeout,
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
        let store: Arc<dyn Store> = Arc::new(opened.map_err(|_| StoreError::Closed)??);
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
        for problem in &self.plan.warnings {
            warn(problem);
        }
        let mut pulse = PulseKeeper::new(systemd, self.clock.now());
        let mut ready = false;
        loop {
            let next = self.step();
            let now = self.clock.now();
            if !std::mem::replace(&mut ready, true) {
                systemd.ready(&self.status());
                Ready { duration_ms: now.mono.since(self.started.mono) }.log();
            }
            pulse.beat(now, || self.status());
            let wait = next.since(now.mono).min(systemd.beat_every().unwrap_or(TICK)).min(TICK);
            tokio::select! {
                () = signals.soft.cancelled() => break,
                () = signals.reload.notified() => self.reload(systemd).await,
                () = self.raised.notified() => self.deliver.wake(),
                () = self.poll.join() => {}
                () = self.deliver.join() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
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
            if self.poll.is_done() && !std::mem::replace(&mut last_look, true) {
                self.deliver.wake();
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
        let waiting = match self.store.outbox().await {
            Ok(counts) => counts.iter().map(|count| count.waiting).sum(),
            Err(_) => 0,
        };
        let summary = Summary {
            items: Totals::get(&self.totals.items),
            alerts: Totals::get(&self.totals.alerts),
            delivered: Totals::get(&self.totals.delivered),
            waiting,
            took: self.clock.now().mono.since(self.started.mono),
        };
        self.stop().await;
        (report, summary)
    }

    /// Lets both engines do what is due. Answers when the next thing is, as far as they know.
    fn step(&mut self) -> Mono {
        let now = self.clock.now().mono;
        let poll = self.poll.step();
        let deliver = self.deliver.step();
        let prune = self.prune.step(self.plan.store.retention);
        poll.into_iter().chain(deliver).chain([prune]).min().unwrap_or(now)
    }

    /// Reads the config again. All that can fail comes first; if anything does, the old plan stays
    /// in force.
    async fn reload(&mut self, systemd: Systemd) {
        systemd.reloading();
        if let Err(count) = self.try_reload().await {
            ReloadFailed { problems: count }.log();
        }
        systemd.ready(&self.status());
    }

    async fn try_reload(&mut self) -> Result<(), usize> {
        let (config, around) = (self.config.clone(), self.around.clone());
        let built = tokio::task::spawn_blocking(move || Plan::build(&config, &around)).await;
        let plan = match built {
            Ok(Ok(plan)) => plan,
            Ok(Err(problems)) => {
                problems.iter().for_each(tell);
                return Err(problems.len());
            }
            Err(_) => return Err(1),
        };
        if plan.store_path != self.plan.store_path {
            let place = Place::File(self.config.clone());
            let problem = Problem::new(place, "`[store] path` cannot change by a reload");
            tell(&problem.hint("restart wirewatch"));
            return Err(1);
        }
        let plan = Arc::new(plan);
        self.rest(RELOAD_GRACE).await;
        self.poll.abort().await;
        self.poll.flush().await;
        let poll = PollEngine::open(
            Arc::clone(&plan),
            Arc::clone(&self.store),
            fetcher(&plan),
            self.clock.clone(),
            Pass::Forever,
            (Arc::clone(&self.totals), Arc::clone(&self.raised)),
        )
        .await
        .map_err(|error| {
            tell(&Problem::new(Place::File(plan.store_path.clone()), error.to_string()));
            1_usize
        })?;
        self.poll = poll;
        self.poll.hasten_changed(&self.plan);
        self.deliver.replan(&plan);
        self.plan = plan;
        let (feeds, rules, sinks) = counts(&self.plan);
        let config = self.config.display().to_string();
        PlanLoaded { config: &config, feeds, rules, sinks }.log();
        self.plan.warnings.iter().for_each(warn);
        Ok(())
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

    /// Finishes what runs within the grace, delivers what came of it, and closes the store.
    async fn stop(&mut self) {
        let finish = async {
            while self.poll.running() > 0 {
                self.poll.join().await;
            }
            self.deliver.wake();
            loop {
                self.deliver.step();
                if self.deliver.running() == 0 {
                    break;
                }
                self.deliver.join().await;
            }
        };
        let _ = tokio::time::timeout(GRACE, finish).await;
        let unfinished = (self.poll.running() + self.deliver.running()) as u64;
        self.poll.abort().await;
        self.deliver.abort().await;
        self.poll.flush().await;
        if let Err(error) = self.store.close().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "store_close_failed");
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

    fn status(&self) -> String {
        let (feeds, failing) = self.poll.health();
        let alerts = Totals::get(&self.totals.alerts);
        let mut status =
            format!("polling {feeds} feeds, {failing} failing, {alerts} alerts so far");
        if self.poll.store_fails() {
            status = format!("degraded: the store cannot be written; {status}");
        }
        match self.deliver.failing() {
            0 => status,
            sinks => format!("{status}; {sinks} sinks failing"),
        }
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

/// Tells systemd of life and of the state of things, and notices a wall clock that was set.
struct PulseKeeper {
    systemd: Systemd,
    last_beat: Mono,
    last_status: Mono,
    before: Now,
}

impl PulseKeeper {
    const STATUS_EVERY: Duration = Duration::from_secs(10);

    fn new(systemd: Systemd, now: Now) -> Self {
        Self { systemd, last_beat: now.mono, last_status: now.mono, before: now }
    }

    /// Called after every step of both engines; so the watchdog hears nothing if they hang.
    fn beat(&mut self, now: Now, status: impl FnOnce() -> String) {
        if let Some(every) = self.systemd.beat_every()
            && now.mono.since(self.last_beat) >= every / 2
        {
            self.last_beat = now.mono;
            self.systemd.beat();
        }
        if now.mono.since(self.last_status) >= Self::STATUS_EVERY {
            self.last_status = now.mono;
            self.systemd.status(&status());
        }
        let expected = self.before.wall_at(now.mono);
        let off = now.wall.since(expected).max(expected.since(now.wall));
        if off >= JUMP {
            let seconds = (now.wall.as_millis() - expected.as_millis()) / 1000;
            ClockJumped { seconds }.log();
        }
        self.before = now;
    }
}
