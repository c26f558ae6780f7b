//! The daemon's engines put together as `app` does it, with a life that may end at any call.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use wirewatch::engine::plan::Plan;
use wirewatch::engine::{DeliverEngine, Pass, PollEngine, PruneEngine, Totals};
use wirewatch::model::{Clock, Mono};
use wirewatch::observe::LogStream;
use wirewatch::store::{OpenMode, SqliteStore, Store, StoreError};

use super::desk::Desk;
use super::faulty::Faulty;
use super::world::Net;

pub struct Daemon {
    pub plan: Arc<Plan>,
    pub store: Arc<Faulty>,
    pub poll: PollEngine,
    pub deliver: DeliverEngine,
    pub prune: PruneEngine,
    net: Arc<Net>,
    raised: Arc<Notify>,
}

impl Daemon {
    pub async fn start(
        plan: Arc<Plan>,
        desk: &Arc<Desk>,
        clock: Clock,
        log: LogStream,
        full: bool,
    ) -> Result<Self, StoreError> {
        let real = SqliteStore::open(&plan.store_path, OpenMode::Writer)?;
        let store = Arc::new(Faulty::ushered(real, desk.clone()));
        store.full.store(full, std::sync::atomic::Ordering::SeqCst);
        let net = Arc::new(Net(Arc::clone(desk)));
        let (totals, raised) = (Arc::new(Totals::default()), Arc::new(Notify::new()));
        let shared = (Arc::clone(&totals), Arc::clone(&raised));
        let poll = PollEngine::open(
            Arc::clone(&plan),
            store.clone(),
            net.clone(),
            clock.clone(),
            Pass::Forever,
            shared,
        )
        .await;
        let poll = match poll {
            Ok(poll) => poll,
            Err(error) => {
                store.real.close().await?;
                return Err(error);
            }
        };
        let deliver =
            DeliverEngine::new(&plan, store.clone(), clock.clone(), log, Arc::clone(&totals));
        let prune = PruneEngine::new(store.clone(), clock.clone());
        Ok(Self { plan, store, poll, deliver, prune, net, raised })
    }

    /// Steps all engines. Answers when there will be more to do.
    pub fn step(&mut self) -> Option<Mono> {
        let poll = self.poll.step();
        let deliver = self.deliver.step();
        let prune = self.prune.step(&self.plan);
        poll.into_iter().chain(deliver).chain([prune]).min()
    }

    pub fn running(&self) -> usize {
        self.poll.running() + self.deliver.running() + self.prune.running()
    }

    /// Waits until something that runs ends.
    pub async fn join(&mut self) {
        tokio::select! {
            biased;
            () = self.poll.join() => {}
            () = self.deliver.join() => {}
            () = self.prune.join() => {}
        }
    }

    /// Hands on the word that there are new alerts; answers whether there was one.
    pub fn hear(&mut self) -> bool {
        let raised = self.raised.notified().now_or_never().is_some();
        if raised {
            self.deliver.wake();
        }
        raised
    }

    /// As a reload does it. An error leaves the old plan in force.
    pub async fn reload(&mut self, plan: Plan) -> Result<(), StoreError> {
        let plan = Arc::new(plan);
        self.poll.replan(Arc::clone(&plan), self.net.clone()).await?;
        self.deliver.replan(&plan);
        self.plan = plan;
        Ok(())
    }

    /// Cuts off all that runs and writes what is to be written, as at the end of the grace.
    pub async fn stop(&mut self) {
        self.poll.abort().await;
        self.deliver.abort().await;
        self.poll.flush().await;
    }

    /// Ends it where it stands. After a kill the database is what the writes so far have made of
    /// it, its log not folded in.
    pub async fn end(self, kill: bool) {
        let Self { plan, store, poll, deliver, prune, .. } = self;
        drop((poll, deliver, prune));
        for _ in 0..1000 {
            if Arc::strong_count(&store) == 1 {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(Arc::strong_count(&store), 1, "something outlives the engines");
        let files: Vec<_> = ["", "-wal"].map(|end| beside(&plan.store_path, end)).into();
        let left: Vec<_> = files.iter().map(fs::read).collect();
        store.real.close().await.unwrap();
        drop(store);
        if kill {
            for (path, bytes) in files.iter().zip(left) {
                if let Ok(bytes) = bytes {
                    fs::write(path, bytes).unwrap();
                }
            }
        }
    }

    /// How much waits for the sinks, and how much is dead.
    pub async fn outbox(&self) -> (u64, u64) {
        let counts = self.store.real.outbox().await.unwrap();
        let sum = |of: fn(&wirewatch::store::OutboxCount) -> u64| counts.iter().map(of).sum();
        (sum(|count| count.waiting), sum(|count| count.dead))
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// How long a start that failed waits for the next, as the service manager has it.
pub const RESTART: Duration = Duration::from_secs(30);
