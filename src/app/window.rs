//! What can be seen of the daemon from outside: the facts, and the server that tells them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::engine::{SinkReport, Totals};
use crate::metrics::{Ask, Asks, Facts, Process, SinkFacts, Trouble, asks, serve};
use crate::model::{Now, SinkName, Timestamp, visible};
use crate::store::OutboxCount;

/// The server of metrics and health, if the config wants one, and the questions that it passes on.
pub(super) struct Window {
    asks: Asks,
    questions: mpsc::Receiver<Ask>,
    server: Option<Server>,
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What became of the reading of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// When the one in force was read.
    pub at: Timestamp,
    /// Whether the last try took.
    pub well: bool,
}

impl Window {
    pub(super) fn new() -> Self {
        let (asks, questions) = asks();
        Self { asks, questions, server: None }
    }

    /// Serves at `address` from now on, and nowhere else.
    pub(super) async fn open(&mut self, address: Option<SocketAddr>) {
        if self.server.as_ref().map(|server| server.address) == address {
            return;
        }
        self.close().await;
        self.server = address.map(|address| {
            let stop = CancellationToken::new();
            let task = tokio::spawn(serve(address, self.asks.clone(), stop.clone()));
            Server { address, stop, task }
        });
    }

    /// Waits for somebody to ask how the daemon is.
    pub(super) async fn asked(&mut self) -> Option<Ask> {
        self.questions.recv().await
    }

    /// Takes no more connections. Those that are open wait for engines that will not answer, so
    /// they are cut off.
    pub(super) async fn close(&mut self) {
        if let Some(Server { stop, task, .. }) = self.server.take() {
            stop.cancel();
            task.abort();
            // Ended either way.
            let _ = task.await;
        }
    }
}

impl App {
    /// Answers a question. What the store knows is looked up aside, so that no engine waits for it.
    pub(super) fn answer(&self, ask: Ask) {
        let mut facts = self.facts();
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        let path = self.plan.store_path.clone();
        tokio::spawn(async move {
            match store.outbox().await {
                Ok(counts) => {
                    counts.into_iter().for_each(|count| add(&mut facts.sinks, count, now));
                }
                Err(error) => facts.outbox_unread = Some(visible(&error.to_string()).into_owned()),
            }
            let looked = tokio::task::spawn_blocking(move || (free(&path), Process::of_self()));
            if let Ok((free, process)) = looked.await {
                facts.store_free_bytes = free;
                facts.process = process;
            }
            // Whoever asked may have gone.
            let _ = ask.send(facts);
        });
    }

    /// All that the engines know.
    fn facts(&self) -> Facts {
        let totals = &self.totals;
        let states = self.poll.states();
        let store =
            self.store_trouble().map(|(reason, message, lasts)| Trouble { reason, message, lasts });
        Facts {
            version: env!("CARGO_PKG_VERSION"),
            started: self.started.wall,
            feeds: states.into_iter().map(|(state, feeds)| (state, feeds as u64)).collect(),
            rules: self.plan.rules.rules().count() as u64,
            polling: self.poll.running() as u64,
            polls: Totals::get(&totals.polls),
            poll_failures: totals.poll_failures.counts(),
            last_poll: totals.last_poll(),
            items: Totals::get(&totals.items),
            alerts: Totals::get(&totals.alerts),
            offline: self.poll.is_offline(),
            store,
            store_failures: totals.store.refused(),
            store_free_bytes: None,
            outbox_unread: None,
            sinks: self.deliver.report().into_iter().map(of_report).collect(),
            log_dropped: self.log.dropped(),
            log_stalled: self.log.is_losing(),
            reloaded_well: self.reading.well,
            plan_read: self.reading.at,
            process: None,
        }
    }
}

fn of_report(report: SinkReport) -> SinkFacts {
    SinkFacts {
        delivered: report.counts.delivered,
        failures: report.counts.failed,
        messages: report.counts.messages,
        muted: report.counts.muted,
        failing: report.failing.map(|failing| failing.reason),
        ..nothing_of(report.name, true)
    }
}

/// Notes what waits for a sink, be it that the config no longer has it.
fn add(sinks: &mut Vec<SinkFacts>, count: OutboxCount, now: Now) {
    let OutboxCount { sink, waiting, oldest, dead } = count;
    let known = sinks.iter().position(|facts| facts.name == sink);
    let at = known.unwrap_or_else(|| {
        sinks.push(nothing_of(sink, false));
        sinks.len() - 1
    });
    let facts = &mut sinks[at];
    facts.waiting = waiting;
    facts.dead = dead;
    facts.oldest = oldest.map(|oldest| now.wall.since(oldest));
}

fn nothing_of(name: SinkName, configured: bool) -> SinkFacts {
    SinkFacts {
        name,
        configured,
        delivered: 0,
        failures: 0,
        messages: 0,
        muted: 0,
        failing: None,
        waiting: 0,
        oldest: None,
        dead: 0,
    }
}

/// Room left where `path` lies, for those who may not use all of it.
fn free(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
