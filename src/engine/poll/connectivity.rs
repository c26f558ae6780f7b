//! Whether the machine has a network at all. Pure.

use std::collections::HashSet;

use crate::model::Reason;

/// Whether the machine has a network at all, told from how all polls end.
#[derive(Clone, Debug, Default)]
pub(super) struct Connectivity {
    /// Hosts that could not be reached since one last could.
    unreached: HashSet<String>,
    offline: bool,
}

impl Connectivity {
    /// So many hosts, one after the other, must be out of reach, if there are so many.
    const ENOUGH: usize = 8;
    /// With fewer hosts than this nothing can be told: it may as well be their fault.
    const LEAST: usize = 3;

    /// Takes in the end of a poll at `host`, one of `hosts`. A failure counts only if the feed had
    /// not failed before (`fresh`): many dead feeds are no lack of network. `Some` if that turns
    /// the answer.
    pub(super) fn saw(
        &mut self,
        reason: Option<Reason>,
        host: String,
        fresh: bool,
        hosts: usize,
    ) -> Option<bool> {
        if reason.is_some_and(is_our_own) {
            return None;
        }
        if !reason.is_some_and(Reason::is_network) {
            // Any other end means that a server has answered.
            self.unreached.clear();
            return std::mem::take(&mut self.offline).then_some(false);
        }
        if self.offline || !fresh {
            return None;
        }
        self.unreached.insert(host);
        self.offline = self.unreached.len() >= hosts.clamp(Self::LEAST, Self::ENOUGH);
        self.offline.then_some(true)
    }

    /// Whether no feed can be reached.
    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }
}

/// Whether a poll can end so without a word from any server.
fn is_our_own(reason: Reason) -> bool {
    use Reason::{BadUrl, BusyHost, ForbiddenAddress, Internal, Store};
    matches!(reason, BadUrl | BusyHost | ForbiddenAddress | Internal | Store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_is_told_when_all_hosts_fail_and_ends_with_the_first_answer() {
        let mut net = Connectivity::default();
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Connect), "b".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Timeout), "c".into(), true, 3), Some(true));
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert!(net.is_offline());
        assert_eq!(net.saw(Some(Reason::NotFound), "b".into(), true, 3), Some(false));
        assert_eq!(net.saw(None, "a".into(), true, 3), None);
        for host in ["a", "b", "c", "d", "e", "f", "g"] {
            assert_eq!(net.saw(Some(Reason::Dns), host.into(), true, 2000), None);
        }
        assert_eq!(net.saw(Some(Reason::Dns), "h".into(), false, 2000), None);
        assert_eq!(net.saw(Some(Reason::Dns), "h".into(), true, 2000), Some(true));
    }

    #[test]
    fn one_or_two_dead_servers_are_no_lack_of_network() {
        let mut net = Connectivity::default();
        for _ in 0..50 {
            assert_eq!(net.saw(Some(Reason::Connect), "a".into(), true, 2), None);
            assert_eq!(net.saw(Some(Reason::Connect), "b".into(), true, 2), None);
        }
    }

    #[test]
    fn what_we_refuse_ourselves_is_no_sign_of_a_network() {
        let mut net = Connectivity::default();
        for host in ["a", "b"] {
            net.saw(Some(Reason::Dns), host.into(), true, 3);
        }
        for reason in [Reason::ForbiddenAddress, Reason::BadUrl, Reason::BusyHost] {
            assert_eq!(net.saw(Some(reason), "x".into(), true, 3), None, "{reason}");
        }
        assert_eq!(net.saw(Some(Reason::Dns), "c".into(), true, 3), Some(true));
        assert_eq!(net.saw(Some(Reason::ForbiddenAddress), "x".into(), true, 3), None);
        assert!(net.is_offline());
    }
}
