//! Another plan, in the middle of the work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::slot::policy;
use super::{Pass, PollEngine};
use crate::engine::plan::Plan;
use crate::fetch::Fetch;
use crate::schedule::{first_due, rebase};
use crate::store::StoreError;

impl PollEngine {
    /// Goes on by another plan. Polls that run are given up and due at once; what the store has not
    /// taken yet, which hosts ask to be left alone and whether there is a network stays known.
    ///
    /// # Errors
    /// Those of [`Self::open`]; the old plan stays in force then.
    pub async fn replan(
        &mut self,
        plan: Arc<Plan>,
        fetch: Arc<dyn Fetch>,
    ) -> Result<(), StoreError> {
        self.abort().await;
        self.flush().await;
        let (store, clock) = (Arc::clone(&self.shop.store), self.shop.clock.clone());
        let shared = (Arc::clone(&self.totals), Arc::clone(&self.raised));
        let mut next = Self::open(plan, store, fetch, clock, self.pass, shared).await?;
        next.inherit(self);
        next.hasten_changed(&self.shop.plan);
        *self = next;
        Ok(())
    }

    fn inherit(&mut self, old: &mut Self) {
        let now = self.shop.clock.now();
        self.agenda.pause_hosts_of(&old.agenda);
        self.net = std::mem::take(&mut old.net);
        self.offline_since = old.offline_since;
        let keys = self.slots.iter().map(|slot| slot.state.key);
        self.uncommitted = keys.filter(|key| old.uncommitted.contains(key)).collect();
        let unwritten = old.dirty.drain(..).map(|at| {
            let slot = &mut old.slots[at];
            let url = slot.feed.url.clone();
            ((slot.state.key, url), slot.unwritten(&old.shop.plan))
        });
        let mut unwritten: HashMap<_, _> = unwritten.collect();
        let feeds = self.slots.len();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let Some(row) = unwritten.remove(&(slot.state.key, slot.feed.url.clone())) else {
                continue;
            };
            slot.state.schedule = row.update.schedule.clone();
            rebase(&mut slot.state.schedule, now.wall);
            if let Some(to) = &row.moved {
                slot.state.moved_to.clone_from(to);
            }
            if self.pass == Pass::Forever {
                let policy = policy(&self.shop.plan, &slot.feed).poll;
                let due = first_due(&policy, &slot.feed.id, &slot.state.schedule, feeds, now);
                self.agenda.put_off(index, due);
                self.agenda.hasten(index, due);
            }
            if !slot.dirty {
                self.dirty.push(index);
            }
            slot.take_back(row);
        }
    }

    /// A feed whose interval has become shorter need not wait for the end of the longer one.
    fn hasten_changed(&mut self, old: &Plan) {
        let now = self.shop.clock.now().mono;
        let before: HashMap<_, Duration> =
            old.feeds.iter().map(|feed| (&feed.id, policy(old, feed).poll.interval)).collect();
        for (index, slot) in self.slots.iter().enumerate() {
            let interval = policy(&self.shop.plan, &slot.feed).poll.interval;
            let shorter = before.get(&slot.feed.id).is_some_and(|before| interval < *before);
            if shorter && slot.state.schedule.errors == 0 {
                self.agenda.hasten(index, now.plus(interval));
            }
        }
    }
}
