//! How long to wait before something that failed is tried again: pure decisions.

use std::hash::Hasher;
use std::time::Duration;

use siphasher::sip::SipHasher13;

/// A wait that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// After many.
    pub most: Duration,
}

/// For an alert that its sink did not take.
pub const DELIVERY: Backoff =
    Backoff { first: Duration::from_secs(2), most: Duration::from_secs(3600) };

/// For a sink on this machine: trying again bothers nobody, and what is mended is to be used soon.
pub const LOCAL: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) };

/// For a store that cannot write.
pub const STORE: Backoff =
    Backoff { first: Duration::from_millis(500), most: Duration::from_secs(30) };

impl Backoff {
    /// The same with another longest wait, if one is given.
    pub fn up_to(self, most: Option<Duration>) -> Self {
        let most = most.unwrap_or(self.most);
        Self { first: self.first.min(most), most }
    }

    /// The wait after `failures` in a row (at least 1), between half and the whole of the doubled
    /// one; equal for equal `key`, so that two that failed together do not come back together.
    pub fn wait(&self, failures: u32, key: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let full = self.first.saturating_mul(1 << doublings).min(self.most);
        let half = full / 2;
        let mut hasher = SipHasher13::new();
        hasher.write_u64(key);
        hasher.write_u32(failures);
        let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
        half + Duration::from_millis(if millis == 0 { 0 } else { hasher.finish() % millis })
    }

    /// How long a sink rests after so many failures in a row, of whatever it was given: an eighth,
    /// a quarter and half of the first wait, and then as [`Backoff::wait`] has it. One that fails
    /// now and then, as a busy receiver does, is not held up for much longer than it takes to
    /// answer; one that is down is asked three times more.
    pub fn rest(&self, failures: u32, key: u64) -> Duration {
        match failures {
            0..=1 => self.wait(1, key) / 8,
            2 => self.wait(1, key) / 4,
            3 => self.wait(1, key) / 2,
            _ => self.wait(failures - 3, key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_ceiling_and_differ_by_key() {
        for (failures, full) in
            [(0, 2), (1, 2), (2, 4), (5, 32), (11, 2048), (12, 3600), (99, 3600)]
        {
            for key in 0..20 {
                let wait = DELIVERY.wait(failures, key);
                let full = Duration::from_secs(full);
                assert!(wait >= full / 2 && wait <= full, "{failures}: {wait:?}");
                assert_eq!(wait, DELIVERY.wait(failures, key));
            }
        }
        assert_ne!(DELIVERY.wait(5, 1), DELIVERY.wait(5, 2));
    }

    #[test]
    fn a_sink_rests_a_little_at_first_and_then_as_long_as_anything() {
        let rests: Vec<Duration> = (0..12).map(|failures| DELIVERY.rest(failures, 7)).collect();
        assert!(rests.is_sorted(), "{rests:?}");
        assert!(rests[1] <= Duration::from_millis(250) && rests[3] <= Duration::from_secs(1));
        assert_eq!(rests[4], DELIVERY.wait(1, 7));
        assert_eq!(DELIVERY.rest(20, 7), DELIVERY.wait(17, 7));
    }

    #[test]
    fn the_longest_wait_may_be_another() {
        assert_eq!(DELIVERY.up_to(None), DELIVERY);
        let seconds = Duration::from_secs;
        assert_eq!(DELIVERY.up_to(Some(seconds(60))).most, seconds(60));
        let short = Backoff { first: seconds(1), most: seconds(1) };
        assert_eq!(DELIVERY.up_to(Some(seconds(1))), short);
    }
}
