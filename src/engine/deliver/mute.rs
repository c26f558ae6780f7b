//! What silences keep from a sink.

use super::desk::Desk;
use crate::model::{AlertId, Delivery};
use crate::silence;
use crate::store::{Settlement, StoreError, Verdict};

/// Takes out what a silence covers. A message that was gathered before goes out as it was, unless
/// all of it is covered: the receiver may have had it.
pub(super) async fn silenced(
    deliveries: &mut Vec<Delivery>,
    desk: &Desk,
) -> Result<(Vec<(AlertId, i64)>, Vec<Settlement>), StoreError> {
    let silences = desk.silences().await?;
    if silences.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let at = desk.clock.now().wall;
    let by = |delivery: &Delivery| {
        silence::covering(&silences, &delivery.alert, at).map(|silence| silence.id)
    };
    let covered: Vec<Option<i64>> = deliveries.iter().map(by).collect();
    let one_message = deliveries.first().is_some_and(|first| first.message.is_some());
    if one_message && covered.iter().any(Option::is_none) {
        return Ok((Vec::new(), Vec::new()));
    }
    let (mut muted, mut settlements) = (Vec::new(), Vec::new());
    let mut kept = Vec::with_capacity(deliveries.len());
    for (delivery, silence) in deliveries.drain(..).zip(covered) {
        match silence {
            None => kept.push(delivery),
            Some(silence) => {
                let verdict = Verdict::Muted { silence, at };
                settlements.push(Settlement { row: delivery.row, verdict });
                muted.push((delivery.alert.id.clone(), silence));
            }
        }
    }
    *deliveries = kept;
    Ok((muted, settlements))
}
