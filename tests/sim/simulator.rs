//! The one loop: step, wait until all calls are at the desk, let one of them go, turn the clock.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tempfile::TempDir;
use wirewatch::engine::plan::Plan;
use wirewatch::model::{Alert, Clock, Mono, Timestamp};
use wirewatch::sinks::Shape;

use super::daemon::{Daemon, RESTART};
use super::desk::{Call, Desk, Fate};
use super::ground::{self, Log};
use super::sinks::{File, Inbox, Receiver};
use super::world::{Programme, World};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

/// Nothing that threads do takes so long, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run that makes more calls than this does not come to an end.
const MOST_CALLS: usize = 300_000;

/// Calls that the poll engine makes for itself, not for a poll.
const OF_ENGINE: [&str; 3] = ["open_feeds", "flush_schedules", "set_moved"];

/// What is to be done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Let(Fate),
    /// To be asked again later.
    Stall(Duration),
    /// The daemon ends here, and is started again after a while. The call's fate is one that hangs.
    End {
        fate: Fate,
        kill: bool,
        down: Duration,
    },
    /// The config is read again first.
    Reload,
}

/// Something that happens at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The wall clock is set, by so many milliseconds.
    WallJump(i64),
    /// The machine sleeps.
    Suspend(Duration),
    Kill {
        down: Duration,
    },
    Stop {
        down: Duration,
    },
    Reload,
    NetDown(bool),
    DiskFull(bool),
}

/// Who decides over faults.
pub trait Script {
    /// What becomes of call number `n`; `stalled` if it was put off before.
    fn order(&mut self, n: u64, call: &Call, stalled: bool, now: Mono) -> Order;

    /// Which of so many calls goes next.
    fn choose(&mut self, _of: usize) -> usize {
        0
    }

    /// When something happens next.
    fn next_event(&self) -> Option<Mono> {
        None
    }

    fn event(&mut self, _now: Mono) -> Event {
        unreachable!("nothing happens")
    }

    /// Whether there will be no more faults.
    fn is_over(&self, _now: Mono) -> bool {
        true
    }
}

pub struct Simulator<S> {
    /// What to say first if this fails.
    label: String,
    folder: TempDir,
    config: String,
    pub clock: Clock,
    pub desk: Arc<Desk>,
    pub inboxes: BTreeMap<String, Arc<Inbox>>,
    pub script: S,
    daemon: Option<Daemon>,
    full: bool,
    calls: u64,
    /// The calls so far.
    pub made: Vec<Call>,
    told: Vec<String>,
    /// Spans in which nobody could poll.
    lost: Vec<(Mono, Mono)>,
    /// How often the daemon was killed or stopped.
    ends: usize,
    log: Log,
}

impl<S> Drop for Simulator<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("==== {}", self.label);
            // Whoever replays one wants all of it.
            let most = if std::env::var_os("SIM_SEED").is_some() { usize::MAX } else { 400 };
            for line in self.told.iter().skip(self.told.len().saturating_sub(most)) {
                eprintln!("{line}");
            }
            let lines = self.log.lines();
            eprintln!("---- the daemon's log");
            for line in lines.iter().skip(lines.len().saturating_sub(100)) {
                eprintln!("{line}");
            }
            eprintln!("==== {}", self.label);
        }
    }
}

impl<S: Script> Simulator<S> {
    /// A world of these feeds and a daemon that is about to start. Each sink of `config` but the
    /// one called "file" becomes a receiver of messages.
    pub fn new(
        label: impl Into<String>,
        config: &str,
        feeds: impl IntoIterator<Item = (String, Programme)>,
        script: S,
    ) -> Self {
        let clock = Clock::manual(Timestamp::parse("2026-11-23T22:00:00Z").unwrap());
        let world = Arc::new(World::new(clock.clone(), feeds));
        let desk = Arc::new(Desk::new(clock.clone(), world));
        Self {
            label: label.into(),
            folder: super::folder(),
            config: config.to_owned(),
            log: Log::keep(&clock, "wirewatch=debug"),
            clock,
            desk,
            inboxes: BTreeMap::new(),
            script,
            daemon: None,
            full: false,
            calls: 0,
            made: Vec::new(),
            told: Vec::new(),
            lost: Vec::new(),
            ends: 0,
        }
    }

    fn now(&self) -> Mono {
        self.clock.now().mono
    }

    fn tell(&mut self, what: impl AsRef<str>) {
        let now = self.clock.now();
        let elapsed = now.mono.since(Mono::from_millis(0)).as_secs_f64();
        self.told.push(format!("{elapsed:>12.3} {} {}", now.wall, what.as_ref()));
    }

    /// The plan, with our sinks in it.
    fn plan(&mut self) -> Plan {
        let mut plan = ground::plan(self.folder.path(), &self.config);
        for spec in &mut plan.sinks {
            let name = spec.name.to_string();
            let desk = Arc::clone(&self.desk);
            if name == "file" {
                let path = self.folder.path().join("alerts.jsonl");
                spec.kind = Arc::new(File { desk, real: Arc::clone(&spec.kind), path });
            } else {
                let inbox = Arc::clone(self.inboxes.entry(name).or_default());
                assert!(matches!(spec.shape, Shape::Messages { .. }));
                spec.kind = Arc::new(Receiver { desk, inbox, max_batch: 20 });
            }
        }
        plan
    }

    /// Runs until all is told and settled, and no more faults come; no longer than `limit`.
    pub async fn run(&mut self, limit: Duration) {
        let end = self.now().plus(limit);
        let mut idle = 0;
        loop {
            let next = self.settle().await;
            let now = self.now();
            if self.script.next_event().is_some_and(|at| at <= now) {
                let event = self.script.event(now);
                self.happen(event).await;
                continue;
            }
            if self.daemon.is_none() {
                self.start().await;
                continue;
            }
            let (ready, later) = self.desk.ready(now);
            if !ready.is_empty() {
                let id = ready[self.script.choose(ready.len())];
                self.decide(id).await;
                continue;
            }
            if self.script.is_over(now) && self.is_quiet().await {
                return;
            }
            if now >= end {
                let outbox = self.daemon.as_ref().unwrap().outbox().await;
                panic!("not quiet; outbox {outbox:?}; {:?}", self.desk.world.left());
            }
            assert!(self.made.len() < MOST_CALLS, "{:?}", self.desk.world.left());
            idle = if next.is_some_and(|next| next <= now) { idle + 1 } else { 0 };
            assert!(idle < 100, "the engines ask to be stepped at once and do nothing");
            let next = [next, later, self.script.next_event()].into_iter().flatten().min();
            let next = next.expect("nothing will ever be due");
            self.clock.advance(next.min(end).since(now).max(Duration::from_millis(1)));
        }
    }

    /// Lets `span` go by.
    pub async fn play(&mut self, span: Duration) {
        let end = self.now().plus(span);
        while self.now() < end {
            if self.daemon.is_none() {
                self.start().await;
                continue;
            }
            let next = self.settle().await;
            let now = self.now();
            let (ready, later) = self.desk.ready(now);
            if let Some(id) = ready.first() {
                self.decide(*id).await;
                continue;
            }
            let next = next.into_iter().chain(later).chain([end]).min().unwrap();
            self.clock.advance(next.since(now).max(Duration::from_millis(1)));
        }
    }

    /// Stops the daemon in peace, and starts it anew.
    pub async fn restart(&mut self) {
        self.end(false, Duration::ZERO).await;
        self.start().await;
    }

    /// Whether all is told and settled, and nothing is on its way.
    async fn is_quiet(&self) -> bool {
        let Some(daemon) = &self.daemon else { return false };
        daemon.running() == 0
            && self.desk.world.left().is_empty()
            && daemon.outbox().await == (0, 0)
    }

    /// Steps until all that runs is at the desk. Answers when there will be more to do.
    async fn settle(&mut self) -> Option<Mono> {
        let Some(daemon) = &mut self.daemon else { return None };
        loop {
            let next = daemon.step();
            let mut ended = false;
            let arrive = async {
                while daemon.running() != self.desk.waiting() + self.desk.hung() {
                    tokio::select! {
                        biased;
                        () = daemon.join() => ended = true,
                        () = self.desk.changed() => {}
                    }
                }
            };
            let arrived = tokio::time::timeout(PATIENCE, arrive).await;
            assert!(arrived.is_ok(), "something runs and does not come to the desk");
            if !daemon.hear() && !ended {
                return next;
            }
        }
    }

    /// Lets a call go, or not.
    async fn decide(&mut self, id: u64) {
        let call = self.desk.look(id).0;
        match self.order(id) {
            Order::Let(fate) => self.desk.send(id, fate),
            Order::Stall(span) => self.desk.stall(id, self.now().plus(span)),
            Order::End { fate, kill, down } => {
                self.desk.send(id, fate);
                self.settle_dying().await;
                // Whoever stops while the engine hangs at a write does not wait for ever.
                self.end(kill || OF_ENGINE.contains(&call.name), down).await;
            }
            Order::Reload => self.happen(Event::Reload).await,
        }
    }

    fn order(&mut self, id: u64) -> Order {
        let (call, stalled) = self.desk.look(id);
        let order = self.script.order(self.calls, &call, stalled, self.now());
        let put_off = matches!(order, Order::Stall(_) | Order::Reload);
        if order != Order::Let(Fate::Done) {
            self.tell(format!("{:>5} {} {}: {order:?}", self.calls, call.name, call.about));
        } else {
            self.tell(format!("{:>5} {} {}", self.calls, call.name, call.about));
        }
        if !put_off {
            self.calls += 1;
            self.made.push(call);
        }
        order
    }

    /// Waits until the call that is to hang does so.
    async fn settle_dying(&mut self) {
        let hang = async {
            while self.desk.hung() == 0 {
                self.desk.changed().await;
            }
        };
        let hung = tokio::time::timeout(PATIENCE, hang).await;
        assert!(hung.is_ok(), "a call that was to hang does not");
    }

    /// Lets `work` go on, and its own calls of the store with it. `None`: it hangs at one, and how
    /// the daemon is to end.
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> Result<T, (bool, Duration)> {
        let mut work = pin!(work);
        let desk = Arc::clone(&self.desk);
        let mut dying = None;
        loop {
            // Whoever was put off meanwhile is not ours.
            let (ready, _) = desk.ready(Mono::from_millis(u64::MAX));
            for id in ready {
                if dying.is_some() || !OF_ENGINE.contains(&desk.look(id).0.name) {
                    continue;
                }
                match self.order(id) {
                    Order::Let(fate) => desk.send(id, fate),
                    Order::Stall(_) | Order::Reload => desk.send(id, Fate::Done),
                    Order::End { fate, kill, down } => {
                        dying = Some((kill, down));
                        desk.send(id, fate);
                    }
                }
            }
            if let Some(end) = dying
                && desk.hung() > 0
            {
                return Err(end);
            }
            let go_on = async {
                tokio::select! {
                    biased;
                    done = &mut work => Some(done),
                    () = desk.changed() => None,
                }
            };
            let gone_on = tokio::time::timeout(PATIENCE, go_on).await;
            if let Some(done) = gone_on.expect("something waits for what does not come") {
                return Ok(done);
            }
        }
    }

    async fn start(&mut self) {
        self.tell("start");
        let plan = Arc::new(self.plan());
        let (desk, clock, full) = (Arc::clone(&self.desk), self.clock.clone(), self.full);
        let start = Box::pin(Daemon::start(plan, &desk, clock, self.log.stream(), full));
        match self.drive(start).await {
            Ok(Ok(daemon)) => self.daemon = Some(daemon),
            Ok(Err(error)) => {
                self.tell(format!("the start failed: {error}"));
                self.lose(RESTART);
            }
            Err((_, down)) => {
                // What was started is gone with its future.
                self.desk.clear();
                self.tell("the start was cut off");
                self.lose(down);
            }
        }
    }

    /// Time goes by in which nobody polls.
    fn lose(&mut self, span: Duration) {
        let from = self.now();
        self.clock.advance(span);
        self.lost.push((from, self.now()));
    }

    async fn end(&mut self, kill: bool, down: Duration) {
        let Some(mut daemon) = self.daemon.take() else { return };
        self.tell(if kill { "killed" } else { "stopped" });
        self.ends += 1;
        if !kill {
            let _ = self.drive(Box::pin(daemon.stop())).await;
        }
        daemon.end(kill).await;
        self.desk.clear();
        self.lose(down);
    }

    async fn happen(&mut self, event: Event) {
        self.tell(format!("{event:?}"));
        match event {
            Event::WallJump(by) => self.clock.jump_wall(by),
            Event::Suspend(span) => self.lose(span),
            Event::Kill { down } => self.end(true, down).await,
            Event::Stop { down } => self.end(false, down).await,
            Event::NetDown(down) => self.desk.world.down.store(down, Ordering::SeqCst),
            Event::DiskFull(full) => {
                self.full = full;
                if let Some(daemon) = &self.daemon {
                    daemon.store.full.store(full, Ordering::SeqCst);
                }
            }
            Event::Reload => {
                let plan = self.plan();
                let Some(mut daemon) = self.daemon.take() else { return };
                match self.drive(Box::pin(daemon.reload(plan))).await {
                    Ok(Ok(())) => self.daemon = Some(daemon),
                    Ok(Err(error)) => {
                        self.daemon = Some(daemon);
                        self.tell(format!("the reload failed: {error}"));
                    }
                    Err((kill, down)) => {
                        self.daemon = Some(daemon);
                        self.end(kill, down).await;
                    }
                }
            }
        }
    }

    /// What must hold when all is quiet. `longest`: the most that a feed may wait for its next
    /// poll, of the time in which it could have been polled.
    pub async fn check(&mut self, longest: Duration) {
        let expected = self.desk.world.matching();
        let alerts = lines(&self.folder.path().join("alerts.jsonl"));
        let mut ids: Vec<_> = alerts.iter().map(|alert| alert.id.to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), alerts.len(), "a line stands in the file twice");
        let news = alerts.iter().filter(|alert| alert.health.is_none());
        let mut titles: Vec<_> = news.map(|alert| alert.item.title.clone()).collect();
        titles.sort();
        assert_eq!(titles, expected, "the file has all that matches, once");
        for (name, inbox) in &self.inboxes {
            let had = inbox.had.lock().unwrap();
            let mut titles: Vec<_> = had.iter().flat_map(|one| one.titles.clone()).collect();
            titles.sort();
            titles.dedup();
            assert_eq!(titles, expected, "{name} had all that matches");
            drop(had);
            assert_eq!(inbox.repeated(self.ends), [], "{name}: repeats that nothing excuses");
            assert_eq!(inbox.rekeyed(), Vec::<String>::new(), "{name}: repeats under other keys");
        }
        let outbox = self.daemon.as_ref().unwrap().outbox().await;
        assert_eq!(outbox, (0, 0), "the outbox is empty");
        self.check_waits(longest);
    }

    fn check_waits(&self, longest: Duration) {
        let now = self.now();
        for (feed, asked) in self.desk.world.asked() {
            let times = [Mono::from_millis(0)].into_iter().chain(asked).chain([now]);
            let times: Vec<_> = times.collect();
            for pair in times.windows(2) {
                let lost: Duration = self
                    .lost
                    .iter()
                    .map(|(from, to)| (*to).min(pair[1]).since((*from).max(pair[0])))
                    .sum();
                let waited = pair[1].since(pair[0]).saturating_sub(lost);
                assert!(waited <= longest, "{feed} waited {waited:?} from {:?} on", pair[0]);
            }
        }
    }
}

/// The lines of the file, each whole.
fn lines(path: &Path) -> Vec<Alert> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}
