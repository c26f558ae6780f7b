//! Which hosts can be reached, which ask to be left alone, and which feeds need not or may not wait
//! as long as they would.

use std::time::Duration;

use url::Host;

use super::slot::policy;
use super::{Pass, PollEngine};
use crate::fetch::FetchError;
use crate::guard::is_public;
use crate::model::{Now, Reason, Schedule};
use crate::observe::events::{Offline, Online};
use crate::schedule::{Ending, due_late, first_due, next};

/// If nothing could start for so long, what fell due meanwhile does not start all at once.
const HELD: Duration = Duration::from_secs(60);

impl PollEngine {
    /// A host that asks to be left alone is, with all its feeds, unless it is one of our own
    /// network: there one address often stands for many servers.
    pub(super) fn heed(&mut self, error: &FetchError) {
        let (Some(429 | 503), Some(host), Some(wait)) =
            (error.status, &error.host, error.retry_after)
        else {
            return;
        };
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        let own = match Host::parse(name) {
            Ok(Host::Ipv4(address)) => !is_public(address.into()),
            Ok(Host::Ipv6(address)) => !is_public(address.into()),
            Ok(Host::Domain(name)) => self.shop.plan.net.allow.iter().any(|a| a.names(&name)),
            Err(_) => true,
        };
        if !own {
            let until = wait.min(self.shop.plan.poll.max_interval);
            self.agenda.pause_host(host, self.shop.clock.now().mono.plus(until));
        }
    }

    /// Takes in whether a server has answered, and says when the network goes or comes back.
    pub(super) fn online(&mut self, index: usize, reason: Option<Reason>) {
        let host = self.slots[index].feed.url.host_str().unwrap_or_default();
        // A feed that failed before says nothing of the network, unless that was before the start.
        let slot = &self.slots[index];
        let fresh = slot.state.schedule.errors == 0 || !slot.polled;
        match self.net.saw(reason, host.to_owned(), fresh, self.hosts) {
            Some(true) => {
                self.offline_since = Some(self.shop.clock.now().mono);
                Offline { feeds: self.slots.len() }.log();
                self.hasten();
            }
            Some(false) => {
                let now = self.shop.clock.now().mono;
                let duration_ms = now.since(self.offline_since.take().unwrap_or(now));
                Online { duration_ms }.log();
                self.hasten();
            }
            None => {}
        }
    }

    /// Polls may start again that could not for some time, since the machine slept or the store took
    /// nothing: what fell due meanwhile is spread out.
    pub(super) fn resume(&mut self, now: Now) {
        let held = now.mono.since(self.started);
        if held >= HELD && self.pass == Pass::Forever {
            let overdue = self.agenda.overdue(now.mono);
            for index in &overdue {
                let feed = &self.slots[*index].feed;
                let policy = policy(&self.shop.plan, feed).poll;
                self.agenda.put_off(*index, due_late(&policy, &feed.id, overdue.len(), held, now));
            }
        }
        self.started = now.mono;
    }

    /// The network is gone or back: what failed for want of it need not wait out its backoff.
    pub(super) fn hasten(&mut self) {
        let now = self.shop.clock.now();
        for (index, slot) in self.slots.iter().enumerate() {
            let network = slot.state.schedule.last_reason.is_some_and(Reason::is_network);
            if network && self.pass == Pass::Forever {
                let policy = policy(&self.shop.plan, &slot.feed).poll;
                let due = if self.net.is_offline() {
                    let offline = Ending::Offline { feeds: self.slots.len() };
                    now.mono.plus(next(&policy, &slot.feed.id, offline, now.wall).wait)
                } else {
                    let anew = Schedule::default();
                    first_due(&policy, &slot.feed.id, &anew, self.slots.len(), now)
                };
                self.agenda.hasten(index, due);
            }
        }
    }
}
