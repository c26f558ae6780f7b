//! One claim, send, settle of one sink.

use std::sync::Arc;

use crate::model::{
    AlertId, Attempt, Batch, Delivery, Form, Mono, Outcome, Reason, SteadyClock, Timestamp, visible,
};
use crate::observe::LogStream;
use crate::retry::Backoff;
use crate::sinks::{BuildContext, Sink, SinkSpec};
use crate::store::{Claim, LONGEST_WAIT, Settlement, Store, StoreError, Verdict};

/// What one claim, send, settle came to.
pub(super) struct Round {
    pub epoch: u64,
    pub started: Mono,
    /// Whether the sink was built in this round.
    pub built: bool,
    pub sink: Option<Arc<dyn Sink>>,
    pub delivered: usize,
    /// The first failure among the deliveries, with the number of attempts.
    pub failed: Option<(Reason, String, u32)>,
    pub refused: Vec<(AlertId, Reason, String)>,
    pub unsettled: Option<(Vec<Settlement>, Attempt)>,
    /// Whether there may be more to claim at once.
    pub more: bool,
    pub next_due: Option<Timestamp>,
    pub store: Result<(), StoreError>,
}

/// Settles what is left over; then claims a batch, sends it, and settles it.
pub(super) async fn round(
    spec: SinkSpec,
    (epoch, sink): (u64, Option<Arc<dyn Sink>>),
    unsettled: Option<(Vec<Settlement>, Attempt)>,
    (store, log): (Arc<dyn Store>, LogStream),
    clock: SteadyClock,
) -> Round {
    let mut round = Round {
        epoch,
        started: clock.mono(),
        built: false,
        sink,
        delivered: 0,
        failed: None,
        refused: Vec::new(),
        unsettled: None,
        more: false,
        next_due: None,
        store: Ok(()),
    };
    round.store = attempt(&mut round, &spec, unsettled, &store, log, &clock).await;
    round
}

async fn attempt(
    round: &mut Round,
    spec: &SinkSpec,
    unsettled: Option<(Vec<Settlement>, Attempt)>,
    store: &Arc<dyn Store>,
    log: LogStream,
    clock: &SteadyClock,
) -> Result<(), StoreError> {
    if let Some((settlements, answer)) = unsettled {
        settle(round, spec, settlements, answer, store).await?;
    }
    let sink = match &round.sink {
        Some(sink) => Arc::clone(sink),
        None => {
            let bookmark = store.bookmark(&spec.name).await?;
            let user_agent = format!("wirewatch/{}", env!("CARGO_PKG_VERSION"));
            let clock = clock.clock().clone();
            match spec.build(&BuildContext { log, bookmark, user_agent, clock }) {
                Ok(sink) => {
                    round.built = true;
                    Arc::from(sink)
                }
                Err(error) => {
                    let cause = error.source.as_ref().map(|cause| format!(": {cause}"));
                    let message = format!("{error}{}", cause.unwrap_or_default());
                    round.failed = Some((error.reason(), message, 1));
                    return Ok(());
                }
            }
        }
    };
    round.sink = Some(Arc::clone(&sink));
    let limit = sink.max_batch();
    let batch = store.claim(&spec.name, Claim::due(limit, clock.now())).await?;
    if batch.is_empty() {
        round.next_due = store.next_due(&spec.name, &Claim::due(limit, clock.now())).await?;
        return Ok(());
    }
    round.more = batch.len() >= limit;
    let answer = sink.deliver(&Batch::new(batch.clone(), Form::Lines)).await;
    let settlements = judge(round, &batch, &answer, sink.backoff(), clock.now());
    settle(round, spec, settlements, answer, store).await?;
    round.next_due = store.next_due(&spec.name, &Claim::due(limit, clock.now())).await?;
    Ok(())
}

async fn settle(
    round: &mut Round,
    spec: &SinkSpec,
    settlements: Vec<Settlement>,
    answer: Attempt,
    store: &Arc<dyn Store>,
) -> Result<(), StoreError> {
    let result = store.settle(&spec.name, settlements.clone(), answer.bookmark.clone()).await;
    match result {
        Ok(()) => {
            let took = settlements.iter().filter(|row| row.verdict == Verdict::Delivered).count();
            round.delivered += took;
            Ok(())
        }
        Err(error) => {
            round.unsettled = Some((settlements, answer));
            Err(error)
        }
    }
}

/// What becomes of each row of a batch.
fn judge(
    round: &mut Round,
    batch: &[Delivery],
    answer: &Attempt,
    backoff: Backoff,
    now: Timestamp,
) -> Vec<Settlement> {
    let unanswered = Outcome::Retry {
        reason: Reason::Internal,
        message: "the sink gave no answer for it".to_owned(),
        after: None,
    };
    let outcomes = answer.outcomes.iter().chain(std::iter::repeat(&unanswered));
    batch
        .iter()
        .zip(outcomes)
        .map(|(delivery, outcome)| {
            let verdict = match outcome {
                Outcome::Delivered => Verdict::Delivered,
                Outcome::Retry { reason, message, after } => {
                    let attempts = delivery.attempts.saturating_add(1);
                    let message = visible(message).into_owned();
                    let key = u64::from_ne_bytes(delivery.row.to_ne_bytes());
                    let wait = backoff.wait(attempts, key).max(after.unwrap_or_default());
                    let wait = wait.min(LONGEST_WAIT);
                    round.failed.get_or_insert((*reason, message.clone(), attempts));
                    let (due, reason) = (now.plus(wait), *reason);
                    Verdict::Retry { due, failed_at: now, reason, message }
                }
                Outcome::Refused { reason, message } => {
                    let message = visible(message).into_owned();
                    let alert = delivery.alert.id.clone();
                    round.refused.push((alert, *reason, message.clone()));
                    Verdict::Dead { reason: *reason, message }
                }
            };
            Settlement { row: delivery.row, verdict }
        })
        .collect()
}
