//! The first half of a round: settle what is owed, claim, leave out what is silenced, and decide
//! what goes out now. What goes out together is noted durably before it goes.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::desk::Desk;
use super::mute::silenced;
use super::send::Owed;
use crate::model::{AlertId, Batch, Delivery, Form, Mono, Reason, SinkName};
use crate::observe::events::Fault;
use crate::pace::{self, Hold, Moment, Next, Row, Since, Traffic};
use crate::sinks::{BuildContext, Shape, Sink, SinkSpec};
use crate::store::{Claim, Claimed, StoreError};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Whatever is due.
    All,
    /// What has not been tried yet, by a lane that rests because the same has failed again and
    /// again.
    Fresh,
    /// What an operator wants to go out, by a lane that rests.
    Urgent,
}

/// What a look is begun with.
pub(super) struct Order {
    pub spec: SinkSpec,
    pub epoch: u64,
    pub sink: Option<Arc<dyn Sink>>,
    pub owed: Vec<Owed>,
    pub what: For,
    /// Whether what has not been tried yet comes before what failed.
    pub fresh_first: bool,
    pub traffic: Traffic,
    /// Since when the first of the rows that wait does so, if it is known.
    pub since: Option<Since>,
    /// Whether all windows end now.
    pub closing: bool,
    pub user_agent: Arc<str>,
}

/// What a look came to.
pub(super) struct Looked {
    pub epoch: u64,
    pub what: For,
    pub sink: Option<Arc<dyn Sink>>,
    /// Whether the sink was built in it.
    pub built: bool,
    /// What could not be settled still.
    pub owed: Vec<Owed>,
    /// Deliveries that were owed and are settled.
    pub delivered: usize,
    /// What was left out, with the silence.
    pub muted: Vec<(AlertId, i64)>,
    /// Alerts that could not be read, and why: dead letters.
    pub unreadable: Vec<(AlertId, String)>,
    pub found: Found,
    /// Since when the first of the rows that were found waits.
    pub since: Option<Since>,
    /// Rows that are claimed, as long as it is not decided what becomes of them.
    undecided: Vec<i64>,
    pub store: Result<(), StoreError>,
}

/// What there was.
pub(super) enum Found {
    /// Nothing before that time from now, as far as is known.
    Nothing { due: Option<Duration> },
    /// Something that is not to go out yet.
    Held { until: Option<Mono>, hold: Hold },
    /// Something that is to go out.
    Message(Message),
    /// Something, but the sink has failed since.
    Late,
    /// There is no sink to send it to.
    Unbuilt { reason: Reason, message: String },
    /// A fault of our own.
    Broken,
}

/// What is to go out, claimed.
pub(super) struct Message {
    pub batch: Batch,
    pub sink: Arc<dyn Sink>,
    /// What was decided now; what was gathered before counts as a group.
    pub form: Form,
    /// Whether none of it was tried before.
    pub fresh: bool,
    /// Whether there may be more at once.
    pub more: bool,
}

impl Message {
    pub fn rows(&self) -> Vec<i64> {
        rows(&self.batch.deliveries)
    }
}

fn rows(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.row).collect()
}

pub(super) async fn look(order: Order, desk: &Desk) -> Looked {
    let Order { spec, epoch, sink, owed, what, .. } = &order;
    let mut looked = Looked {
        epoch: *epoch,
        what: *what,
        sink: sink.clone(),
        built: false,
        owed: owed.clone(),
        delivered: 0,
        muted: Vec::new(),
        unreadable: Vec::new(),
        found: Found::Nothing { due: None },
        since: None,
        undecided: Vec::new(),
        store: Ok(()),
    };
    match AssertUnwindSafe(attempt(&mut looked, spec, &order, desk)).catch_unwind().await {
        Ok(store) => looked.store = store,
        Err(_) => {
            let message = "a fault of wirewatch itself";
            Fault { activity: "delivery", feed: None, message }.log();
            looked.found = Found::Broken;
        }
    }
    let undecided = std::mem::take(&mut looked.undecided);
    if !undecided.is_empty() {
        desk.store.release(&undecided).await;
    }
    looked
}

async fn attempt(
    looked: &mut Looked,
    spec: &SinkSpec,
    order: &Order,
    desk: &Desk,
) -> Result<(), StoreError> {
    while let Some(owed) = looked.owed.first() {
        owed.settle(&spec.name, desk).await?;
        looked.delivered += owed.delivered;
        looked.owed.remove(0);
    }
    let Some(sink) = built(looked, spec, order, desk).await? else { return Ok(()) };
    // Where it is the turn of what was not tried, the rest has it if there is no such thing, or it
    // is not to go out yet.
    let turns: &[bool] = match order.what {
        For::All if order.fresh_first => &[true, false],
        For::All | For::Urgent => &[false],
        For::Fresh => &[true],
    };
    for fresh_only in turns {
        let claimed = claim(looked, (spec, order), &*sink, *fresh_only, desk).await?;
        let Some(claimed) = claimed else { continue };
        looked.undecided = rows(&claimed.deliveries);
        decide(looked, spec, order, (Arc::clone(&sink), claimed), desk).await?;
        looked.undecided.clear();
        if !matches!(looked.found, Found::Held { hold: Hold::Group, .. }) {
            break;
        }
    }
    Ok(())
}

async fn built(
    looked: &mut Looked,
    spec: &SinkSpec,
    order: &Order,
    desk: &Desk,
) -> Result<Option<Arc<dyn Sink>>, StoreError> {
    if let Some(sink) = &looked.sink {
        return Ok(Some(Arc::clone(sink)));
    }
    let bookmark = desk.store.bookmark(&spec.name).await?;
    let user_agent = order.user_agent.to_string();
    let (log, clock) = (desk.log.clone(), desk.clock.clone());
    let (spec, context) = (spec.clone(), BuildContext { log, bookmark, user_agent, clock });
    // It opens files.
    let built = match tokio::task::spawn_blocking(move || spec.build(&context)).await {
        Ok(built) => built,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // All of it ends.
            Err(_) => return Ok(None),
        },
    };
    match built {
        Ok(sink) => {
            looked.built = true;
            looked.sink = Some(Arc::from(sink));
        }
        Err(error) => {
            let cause = error.source.as_ref().map(|cause| format!(": {cause}"));
            let message = format!("{error}{}", cause.unwrap_or_default());
            looked.found = Found::Unbuilt { reason: error.reason(), message };
        }
    }
    Ok(looked.sink.clone())
}

struct Taken {
    deliveries: Vec<Delivery>,
    /// The most that there could have been.
    limit: usize,
    urgent: bool,
}

/// Claims what may go out as far as quiet hours and the state of the lane are concerned; `None` if
/// there is nothing.
async fn claim(
    looked: &mut Looked,
    (spec, order): (&SinkSpec, &Order),
    sink: &dyn Sink,
    fresh_only: bool,
    desk: &Desk,
) -> Result<Option<Taken>, StoreError> {
    let (pacing, now, due) = (&spec.pacing, desk.clock.now(), desk.steady.now());
    let most = sink.max_batch().max(1);
    let of_lines = spec.shape == Shape::Lines;
    let (limit, levels) = match pace::look(pacing, &order.traffic, most, now) {
        pace::Look::At { rows, levels } => (if of_lines { most } else { rows }, Ok(levels)),
        pace::Look::Not { until } => (most, Err(until)),
    };
    if order.what == For::Urgent || pacing.gathers() {
        let claim = Claim { urgent_only: true, ..Claim::due(limit, due) };
        if desk.store.next_due(&spec.name, &claim).await?.is_some() {
            let deliveries = take(looked, &spec.name, claim, desk).await?;
            if !deliveries.is_empty() {
                return Ok(Some(Taken { deliveries, limit, urgent: true }));
            }
        }
        if order.what == For::Urgent {
            return Ok(None);
        }
    }
    let levels = match levels {
        Ok(levels) => levels,
        Err(until) => {
            looked.found = Found::Held { until: Some(until), hold: Hold::Quiet };
            return Ok(None);
        }
    };
    let claim = Claim { levels, fresh_only, ..Claim::due(limit, due) };
    // Far most looks find nothing; that costs one question.
    let first = desk.store.next_due(&spec.name, &claim).await?.map(|first| first.since(due));
    let deliveries = match first {
        Some(Duration::ZERO) => take(looked, &spec.name, claim, desk).await?,
        _ => Vec::new(),
    };
    if deliveries.is_empty() {
        let due = first.filter(|due| !due.is_zero());
        let over = pacing.quiet.as_ref().and_then(|quiet| quiet.until(now.wall));
        looked.found = match over {
            None => Found::Nothing { due },
            Some(over) => {
                let over = now.mono.plus(over.since(now.wall));
                let until = due.map_or(over, |due| over.min(now.mono.plus(due)));
                Found::Held { until: Some(until), hold: Hold::Quiet }
            }
        };
        return Ok(None);
    }
    Ok(Some(Taken { deliveries, limit, urgent: false }))
}

/// Claims, past what cannot be read: each time that has become fewer.
async fn take(
    looked: &mut Looked,
    name: &SinkName,
    claim: Claim,
    desk: &Desk,
) -> Result<Vec<Delivery>, StoreError> {
    loop {
        let Claimed { deliveries, unreadable } = desk.store.claim(name, claim.clone()).await?;
        let is_done = !deliveries.is_empty() || unreadable.is_empty();
        looked.unreadable.extend(unreadable);
        if is_done {
            return Ok(deliveries);
        }
    }
}

/// Leaves out what is silenced, and decides over the rest. On an error nothing of it went out.
async fn decide(
    looked: &mut Looked,
    spec: &SinkSpec,
    order: &Order,
    (sink, claimed): (Arc<dyn Sink>, Taken),
    desk: &Desk,
) -> Result<(), StoreError> {
    let Taken { mut deliveries, limit, urgent } = claimed;
    let full = deliveries.len() >= limit;
    let (muted, settlements) = silenced(&mut deliveries, desk).await?;
    if !settlements.is_empty() {
        desk.store.settle(&spec.name, settlements, None).await?;
        looked.muted = muted;
    }
    if deliveries.is_empty() {
        looked.found = Found::Nothing { due: Some(Duration::ZERO) };
        return Ok(());
    }
    let fresh = deliveries.iter().all(|delivery| delivery.attempts == 0);
    if spec.shape == Shape::Lines {
        let form = Form::Lines;
        let batch = Batch::new(deliveries, form);
        let message = Message { batch, sink, form, fresh, more: full || urgent };
        looked.found = Found::Message(message);
        return Ok(());
    }
    let seen: Vec<Row> = deliveries
        .iter()
        .map(|delivery| Row {
            raised_at: delivery.alert.raised_at,
            gathered: delivery.message.is_some(),
            tried: delivery.attempts > 0 && delivery.message.is_none(),
        })
        .collect();
    let now = desk.clock.now();
    let new = || seen.iter().filter(|row| !row.gathered && !row.tried).map(|row| row.raised_at);
    let since = order.since.unwrap_or_else(|| Since::seen(new(), desk.began, now));
    let is_new = new().next().is_some();
    looked.since = order.since.or(is_new.then_some(since));
    let moment = Moment { since, urgent, closing: order.closing, now };
    let (count, form) = match pace::next(&spec.pacing, &order.traffic, &seen, moment) {
        Next::Send { rows, form } => (rows, form),
        Next::Wait { until, hold } => {
            desk.store.release(&rows(&deliveries)).await;
            looked.found = Found::Held { until, hold };
            return Ok(());
        }
    };
    let rest = deliveries.split_off(count.min(deliveries.len()));
    // Of what was not tried yet a claim for one that was tells nothing.
    let more = full || urgent || !rest.is_empty() || !is_new;
    let batch = gathered(deliveries, form, spec, desk).await?;
    desk.store.release(&rows(&rest)).await;
    let fresh = fresh && batch.deliveries.iter().all(|delivery| delivery.attempts == 0);
    looked.found = Found::Message(Message { batch, sink, form, fresh, more });
    Ok(())
}

/// The message of these deliveries, noted in the store before it goes: after a crash, and with
/// whatever pacing the config has then, the same rows go again under the same key.
async fn gathered(
    mut deliveries: Vec<Delivery>,
    form: Form,
    spec: &SinkSpec,
    desk: &Desk,
) -> Result<Batch, StoreError> {
    // In the order in which they were raised, which is the same every time.
    deliveries.sort_by_key(|delivery| delivery.row);
    if let Some(key) = deliveries.first().and_then(|first| first.message.clone()) {
        let form = Form::of_message(&key, deliveries.iter().map(|delivery| &delivery.alert.id));
        return Ok(Batch { deliveries, form, key });
    }
    let batch = Batch::new(deliveries, form);
    desk.store.gather(&spec.name, rows(&batch.deliveries), batch.key.clone()).await?;
    Ok(batch)
}
