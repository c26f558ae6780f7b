//! The second half of a round: send what was claimed, and settle it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::desk::Desk;
use super::failing::is_of_the_sink;
use crate::model::{
    AlertId, Attempt, Batch, Bookmark, Delivery, Form, MessageKey, Mono, Outcome, Reason, SinkName,
    Timestamp, visible,
};
use crate::observe::events::{DeliveryGivenUp, DeliveryRefused, Fault, MessageSplit};
use crate::pace::Pacing;
use crate::retry::Backoff;
use crate::sinks::Sink;
use crate::store::{LONGEST_WAIT, Settlement, StoreError, Verdict};

/// What a sink has answered and the store has not taken yet. It is settled before anything is
/// claimed, so that nothing is sent twice for want of disk space.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    settlements: Vec<Settlement>,
    bookmark: Option<Bookmark>,
    /// Deliveries among these that the sink has.
    pub delivered: usize,
}

impl Owed {
    pub async fn settle(&self, sink: &SinkName, desk: &Desk) -> Result<(), StoreError> {
        desk.store.settle(sink, self.settlements.clone(), self.bookmark.clone()).await
    }

    pub fn rows(&self) -> impl Iterator<Item = i64> {
        self.settlements.iter().map(|settlement| settlement.row)
    }
}

/// What a send came to.
pub(super) struct Sent {
    pub started: Mono,
    pub tally: Tally,
    pub owed: Option<Owed>,
    /// Whether the sink is not to be used again.
    pub broken: bool,
    pub store: Result<(), StoreError>,
}

/// What a sink answered, added up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Deliveries that the sink has.
    pub delivered: usize,
    /// Attempts that failed, the final ones included.
    pub failed: usize,
    /// The first of them that is not a refusal.
    pub failure: Option<Failure>,
    /// Why the first was refused that was, but for a message that some have.
    pub refusal: Option<(Reason, String)>,
    /// Rows that are tried again.
    pub retried: Vec<i64>,
    /// Alerts whose message is refused, and which go out in halves of it.
    pub parted: usize,
    pub refused: Vec<(AlertId, Reason, String)>,
    pub given_up: Vec<(AlertId, Reason, String, u32)>,
}

impl Tally {
    fn fails(&mut self, failure: Failure) {
        self.failed += 1;
        let after = failure.after;
        let first = self.failure.get_or_insert(failure);
        first.after = first.after.max(after);
    }

    /// Tells of what has become a dead letter, or goes out otherwise.
    pub fn log(&self, sink: &SinkName) {
        if let Some((reason, message)) = self.refusal.as_ref().filter(|_| self.parted > 0) {
            MessageSplit { sink, alerts: self.parted, reason: *reason, message }.log();
        }
        for (alert, reason, message) in &self.refused {
            DeliveryRefused { sink, alert, reason: *reason, message }.log();
        }
        for (alert, reason, message, attempts) in &self.given_up {
            let (reason, attempts) = (*reason, *attempts);
            DeliveryGivenUp { sink, alert, reason, message, attempts }.log();
        }
    }
}

/// How a sink failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub reason: Reason,
    pub message: String,
    pub attempts: u32,
    /// How long the sink asks to be left alone.
    pub after: Duration,
}

pub(super) async fn send(
    (sink, name): (Arc<dyn Sink>, SinkName),
    batch: Batch,
    (pacing, able_for): (Pacing, Duration),
    desk: &Desk,
) -> Sent {
    let (started, begun) = (desk.clock.now().mono, desk.steady.now());
    let able = begun.minus(able_for);
    let answer = AssertUnwindSafe(sink.deliver(&batch)).catch_unwind().await;
    let broken = answer.is_err();
    let answer = answer.unwrap_or_else(|_| {
        let message = "a fault of wirewatch itself".to_owned();
        Fault { activity: "delivery", feed: None, message: &message }.log();
        let outcome = Outcome::Retry { reason: Reason::Internal, message, after: None };
        Attempt::all(outcome, batch.len())
    });
    let backoff = sink.backoff().up_to(pacing.retry_max);
    let (settlements, tally) =
        judge(&batch, &answer, (&pacing, backoff), (able, begun, desk.steady.now()));
    let owed = Owed { settlements, bookmark: answer.bookmark, delivered: tally.delivered };
    let store = owed.settle(&name, desk).await;
    let owed = store.is_err().then_some(owed);
    Sent { started, tally, owed, broken, store }
}

/// What becomes of each row of a batch that was begun at `begun`. `able`: see
/// [`Pacing::gives_up`].
fn judge(
    batch: &Batch,
    answer: &Attempt,
    (pacing, backoff): (&Pacing, Backoff),
    (able, begun, now): (Timestamp, Timestamp, Timestamp),
) -> (Vec<Settlement>, Tally) {
    let unanswered = Outcome::Retry {
        reason: Reason::Internal,
        message: "the sink gave no answer for it".to_owned(),
        after: None,
    };
    let outcomes = answer.outcomes.iter().chain(std::iter::repeat(&unanswered));
    // The same for all, so that those that failed together come again together and in order.
    let chance = batch.deliveries.first().map_or(0, |first| first.row.unsigned_abs());
    let mut tally = Tally::default();
    // What one of its alerts holds may be why it is refused, or that they are so many.
    let of_several = batch.form != Form::Lines && batch.len() > 1 && !answer.in_part;
    let mut verdict = |place: usize, delivery: &Delivery, outcome: &Outcome| {
        let alert = || delivery.alert.id.clone();
        match outcome {
            Outcome::Delivered => {
                tally.delivered += 1;
                Verdict::Delivered
            }
            Outcome::Retry { reason, message, after } => {
                let (reason, message) = (*reason, visible(message).into_owned());
                let attempts = delivery.attempts.saturating_add(1);
                let after = after.unwrap_or_default().min(LONGEST_WAIT);
                tally.fails(Failure { reason, message: message.clone(), attempts, after });
                if pacing.gives_up((delivery.first_failed, attempts), able, begun) {
                    tally.given_up.push((alert(), reason, message.clone(), attempts));
                    Verdict::Dead { reason, message }
                } else {
                    tally.retried.push(delivery.row);
                    let wait = backoff.wait(attempts, chance).max(after).min(LONGEST_WAIT);
                    Verdict::Retry { due: now.plus(wait), failed_at: now, reason, message }
                }
            }
            Outcome::Refused { reason, message } => {
                let (reason, message) = (*reason, visible(message).into_owned());
                tally.failed += 1;
                if !answer.in_part {
                    tally.refusal.get_or_insert_with(|| (reason, message.clone()));
                }
                if of_several && !is_of_the_sink(reason) {
                    tally.parted += 1;
                    return Verdict::Part { key: half(batch, place), at: now, reason, message };
                }
                tally.refused.push((alert(), reason, message.clone()));
                Verdict::Dead { reason, message }
            }
        }
    };
    let judged = batch.deliveries.iter().zip(outcomes).enumerate();
    let settlements = judged
        .map(|(place, (delivery, outcome))| {
            let verdict = verdict(place, delivery, outcome);
            Settlement { row: delivery.row, verdict }
        })
        .collect();
    (settlements, tally)
}

/// The key of that half of a message which the alert at `place` is in.
fn half(batch: &Batch, place: usize) -> MessageKey {
    let (first, second) = batch.deliveries.split_at(batch.len().div_ceil(2));
    let half = if place < first.len() { first } else { second };
    MessageKey::of_message(batch.form, half.iter().map(|delivery| &delivery.alert.id))
}

#[cfg(test)]
#[path = "send_tests.rs"]
mod tests;
