//! Which items of a document are new, and which of these may raise alerts. Pure.

use std::collections::HashSet;
use std::time::Duration;

use crate::model::{FirstPoll, Seen, Timestamp};

/// An item of a document, as far as novelty goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The store's keyed hash of the item's identity.
    pub hash: u64,
    /// When the publisher says it came out.
    pub published: Option<Timestamp>,
}

/// What a document adds to what was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Novelty {
    /// The new items, in document order.
    pub new: Vec<Fresh>,
    /// What has been seen now, to be committed.
    pub seen: Vec<u64>,
}

/// An item that was not seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Its place in the document.
    pub index: usize,
    /// Whether it may raise an alert.
    pub may_alert: bool,
}

/// Items that have left the document are remembered up to this many, or twice the document's size
/// if that is more.
pub const REMEMBERED: usize = 256;

/// No more hashes than this are kept for a feed, unless its present document alone has more: that
/// is always kept whole, or its last items would be new again at every poll.
pub const CAP: usize = 4096;

/// An item dated further ahead than this is not known to be recent. Wrong time zones reach 14
/// hours.
pub const SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// Compares `document`, in its order, with what its feed has shown before.
///
/// `policy` rules the first poll only; under [`FirstPoll::Within`] an undated item does not alert,
/// since nothing says that it is recent, nor does one dated more than [`SKEW`] after `now`. Of two
/// items with the same hash the first counts.
pub fn judge(seen: &Seen, document: &[Sighting], policy: FirstPoll, now: Timestamp) -> Novelty {
    let known: HashSet<u64> = seen.hashes.iter().copied().collect();
    let mut present = HashSet::with_capacity(document.len());
    let mut current = Vec::with_capacity(document.len());
    let mut new = Vec::new();
    for (index, item) in document.iter().enumerate() {
        if !present.insert(item.hash) {
            continue;
        }
        current.push(item.hash);
        if !known.contains(&item.hash) {
            let may_alert = !seen.is_first() || permits(policy, item.published, now);
            new.push(Fresh { index, may_alert });
        }
    }
    let room = CAP.saturating_sub(current.len());
    let keep = room.min(REMEMBERED.max(2 * current.len()));
    let mut past: Vec<u64> = seen
        .hashes
        .iter()
        .rev()
        .copied()
        .filter(|hash| !present.contains(hash))
        .take(keep)
        .collect();
    past.reverse();
    // Most feeds begin with their newest item.
    past.extend(current.iter().rev());
    Novelty { new, seen: past }
}

/// What one of several commits is to store of a document's news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The new items of this part.
    pub items: Vec<Fresh>,
    /// What has been seen when it is stored.
    pub seen: Vec<u64>,
    /// Whether none comes after it.
    pub last: bool,
}

impl Novelty {
    /// Parts the news of `document` into commits of at most `most` items; one if there are none.
    /// `before` is what was seen before the first of them.
    ///
    /// Each may be the last that is made: what is left then must still be new, and may alert if it
    /// might have. So an item that may alert counts as seen from the part that stores it, and all
    /// others from the first on: after that the feed's first poll is over.
    pub fn parts(self, before: &Seen, document: &[Sighting], most: usize) -> Vec<Part> {
        let Self { new, seen: all } = self;
        if new.len() <= most {
            return vec![Part { items: new, seen: all, last: true }];
        }
        let hash = |fresh: &Fresh| document[fresh.index].hash;
        let mut waiting: HashSet<u64> =
            new.iter().filter(|fresh| fresh.may_alert).map(hash).collect();
        let known: HashSet<u64> = all.iter().copied().collect();
        // What is forgotten in the end is forgotten with the last part, not before.
        let leaving: Vec<u64> =
            before.hashes.iter().copied().filter(|hash| !known.contains(hash)).collect();
        let count = new.len().div_ceil(most);
        let mut parts = Vec::with_capacity(count);
        for (number, items) in new.chunks(most).enumerate() {
            for fresh in items {
                waiting.remove(&hash(fresh));
            }
            let last = number + 1 == count;
            let mut seen = if last { Vec::new() } else { leaving.clone() };
            seen.extend(all.iter().filter(|hash| !waiting.contains(hash)));
            parts.push(Part { items: items.to_vec(), seen, last });
        }
        parts
    }
}

fn permits(policy: FirstPoll, published: Option<Timestamp>, now: Timestamp) -> bool {
    match (policy, published) {
        (FirstPoll::Baseline, _) | (FirstPoll::Within(_), None) => false,
        (FirstPoll::Alert, _) => true,
        (FirstPoll::Within(span), Some(at)) => at >= now.minus(span) && at <= now.plus(SKEW),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn noon() -> Timestamp {
        Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
    }

    fn undated(hashes: impl IntoIterator<Item = u64>) -> Vec<Sighting> {
        hashes.into_iter().map(|hash| Sighting { hash, published: None }).collect()
    }

    fn seen(hashes: impl IntoIterator<Item = u64>) -> Seen {
        Seen { version: 1, hashes: hashes.into_iter().collect() }
    }

    /// Polls a feed that shows `document`; the hashes of the new items.
    fn poll(seen: &mut Seen, document: &[u64]) -> Vec<u64> {
        let novelty = judge(seen, &undated(document.iter().copied()), FirstPoll::Baseline, noon());
        *seen = Seen { version: seen.version + 1, hashes: novelty.seen };
        novelty.new.iter().map(|fresh| document[fresh.index]).collect()
    }

    #[test]
    fn the_first_poll_alerts_as_its_policy_says() {
        let day = 24 * HOUR;
        let cases = [
            (FirstPoll::Baseline, Some(noon()), false),
            (FirstPoll::Baseline, None, false),
            (FirstPoll::Alert, Some(noon().minus(365 * day)), true),
            (FirstPoll::Alert, None, true),
            (FirstPoll::Within(HOUR), Some(noon()), true),
            (FirstPoll::Within(HOUR), Some(noon().minus(HOUR)), true),
            (FirstPoll::Within(HOUR), Some(noon().minus(HOUR + Duration::from_millis(1))), false),
            (FirstPoll::Within(HOUR), None, false),
            (FirstPoll::Within(HOUR), Some(noon().plus(14 * HOUR)), true),
            (FirstPoll::Within(HOUR), Some(noon().plus(day)), true),
            (FirstPoll::Within(HOUR), Some(noon().plus(2 * day)), false),
            (FirstPoll::Within(Duration::MAX), Some(Timestamp::from_millis(i64::MIN)), true),
            (FirstPoll::Within(Duration::ZERO), Some(noon()), true),
        ];
        for (policy, published, may_alert) in cases {
            let document = [Sighting { hash: 7, published }];
            let novelty = judge(&Seen::default(), &document, policy, noon());
            assert_eq!(novelty.new, [Fresh { index: 0, may_alert }], "{policy:?} {published:?}");
            assert_eq!(novelty.seen, [7], "{policy:?} {published:?}");
        }
    }

    #[test]
    fn after_the_first_poll_every_new_item_may_alert_whatever_its_date() {
        for published in [None, Some(noon().minus(9000 * HOUR)), Some(noon().plus(9000 * HOUR))] {
            for policy in [FirstPoll::Baseline, FirstPoll::Alert, FirstPoll::Within(HOUR)] {
                let document = [Sighting { hash: 1, published }, Sighting { hash: 2, published }];
                let novelty = judge(&seen([1]), &document, policy, noon());
                assert_eq!(novelty.new, [Fresh { index: 1, may_alert: true }]);
            }
        }
    }

    #[test]
    fn an_empty_first_document_is_a_first_poll_all_the_same() {
        let mut seen = Seen::default();
        assert_eq!(poll(&mut seen, &[]), Vec::<u64>::new());
        let novelty = judge(&seen, &undated([5]), FirstPoll::Baseline, noon());
        assert_eq!(novelty.new, [Fresh { index: 0, may_alert: true }]);
    }

    #[test]
    fn an_item_that_vanishes_and_returns_is_not_new() {
        let mut seen = Seen::default();
        poll(&mut seen, &[1, 2, 3]);
        assert_eq!(poll(&mut seen, &[4, 3]), [4]);
        assert_eq!(poll(&mut seen, &[]), Vec::<u64>::new());
        assert_eq!(poll(&mut seen, &[1, 2, 3, 4, 5]), [5]);
    }

    #[test]
    fn of_duplicates_in_a_document_the_first_counts() {
        let document = undated([9, 8, 9, 8, 9]);
        let novelty = judge(&seen([8]), &document, FirstPoll::Baseline, noon());
        assert_eq!(novelty.new, [Fresh { index: 0, may_alert: true }]);
        assert_eq!(novelty.seen, [8, 9]);
    }

    #[test]
    fn what_was_shown_last_stands_last() {
        let novelty = judge(&seen([1, 2, 3]), &undated([4, 2]), FirstPoll::Baseline, noon());
        assert_eq!(novelty.seen, [1, 3, 2, 4]);
    }

    #[test]
    fn memory_of_the_past_is_bounded_and_the_oldest_goes_first() {
        let cases: [(u64, u64, usize); 7] = [
            // document, seen before, remembered of the latter
            (0, 300, 256),
            (10, 100, 100),
            (10, 300, 256),
            (200, 1000, 400),
            (1500, 4000, CAP - 1500),
            (4096, 4096, 0),
            (5000, 4096, 0),
        ];
        for (size, past, remembered) in cases {
            let before = seen(1_000_000..1_000_000 + past);
            let novelty = judge(&before, &undated(0..size), FirstPoll::Baseline, noon());
            let size = usize::try_from(size).unwrap();
            assert_eq!(novelty.new.len(), size, "{size} {past}");
            assert_eq!(novelty.seen.len(), remembered + size, "{size} {past}");
            assert!(novelty.seen.len() <= CAP.max(size));
            let kept = &before.hashes[before.hashes.len() - remembered..];
            assert_eq!(&novelty.seen[..remembered], kept, "{size} {past}");
        }
    }

    #[test]
    fn a_document_larger_than_the_cap_is_not_new_again_at_the_next_poll() {
        let document: Vec<u64> = (0..10_000).collect();
        let mut seen = Seen::default();
        assert_eq!(poll(&mut seen, &document).len(), 10_000);
        assert_eq!(poll(&mut seen, &document), Vec::<u64>::new());
    }

    #[test]
    fn a_feed_that_moves_on_steadily_grows_to_a_limit_and_stays_there() {
        let mut seen = Seen::default();
        for start in 0..600 {
            let document: Vec<u64> = (start..start + 100).rev().collect();
            let new = poll(&mut seen, &document);
            assert_eq!(new.len(), if start == 0 { 100 } else { 1 });
        }
        assert_eq!(seen.hashes.len(), 100 + REMEMBERED);
    }

    #[test]
    fn after_each_part_what_is_left_is_new_and_may_alert_if_it_might_have() {
        let cases = [
            (FirstPoll::Alert, 7, 3),
            (FirstPoll::Baseline, 7, 3),
            (FirstPoll::Within(HOUR), 9, 2),
            (FirstPoll::Alert, 3, 3),
            (FirstPoll::Alert, 0, 3),
        ];
        for (policy, items, most) in cases {
            let document: Vec<Sighting> = (0..items)
                .map(|hash| Sighting { hash, published: (hash % 2 == 0).then(noon) })
                .collect();
            let whole = judge(&Seen::default(), &document, policy, noon());
            let parts = whole.clone().parts(&Seen::default(), &document, most);
            let mut alerts: HashSet<usize> =
                whole.new.iter().filter(|fresh| fresh.may_alert).map(|fresh| fresh.index).collect();
            for (number, part) in parts.iter().enumerate() {
                assert!(part.items.len() <= most && part.last == (number + 1 == parts.len()));
                part.items.iter().for_each(|fresh| {
                    alerts.remove(&fresh.index);
                });
                let cut_short = Seen { version: 1, hashes: part.seen.clone() };
                let left = judge(&cut_short, &document, policy, noon());
                let left: HashSet<usize> = left.new.iter().map(|fresh| fresh.index).collect();
                assert_eq!(left, alerts, "{policy:?} after part {number}");
            }
            let stored: Vec<Fresh> = parts.iter().flat_map(|part| part.items.clone()).collect();
            assert_eq!(stored, whole.new);
            assert_eq!(parts.last().unwrap().seen, whole.seen);
        }
    }

    #[test]
    fn what_was_seen_before_is_not_forgotten_between_two_parts() {
        let before = seen(0..5000);
        let document = undated(10_000..10_010);
        let whole = judge(&before, &document, FirstPoll::Baseline, noon());
        assert!(whole.seen.len() < 5000);
        let parts = whole.parts(&before, &document, 4);
        let first: HashSet<u64> = parts[0].seen.iter().copied().collect();
        assert!((0..5000).all(|hash| first.contains(&hash)));
    }
}
