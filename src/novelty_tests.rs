use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn noon() -> Timestamp {
    Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
}

fn only_id(id: u64) -> Sighting {
    Sighting { id, named: true, ..Sighting::default() }
}

fn dated(id: u64, published: Option<Timestamp>) -> Sighting {
    Sighting { published, ..only_id(id) }
}

fn undated(hashes: impl IntoIterator<Item = u64>) -> Vec<Sighting> {
    hashes.into_iter().map(only_id).collect()
}

fn seen(hashes: impl IntoIterator<Item = u64>) -> Seen {
    Seen { version: 1, hashes: hashes.into_iter().collect(), ..Seen::default() }
}

/// What is remembered once `novelty` is committed.
fn after(before: &Seen, novelty: &Novelty) -> Seen {
    Seen {
        version: before.version + 1,
        hashes: novelty.seen.clone(),
        items: novelty.items,
        titles: novelty.titles.clone(),
    }
}

/// Polls a feed that shows `document`; the hashes of the new items.
fn poll(seen: &mut Seen, document: &[u64]) -> Vec<u64> {
    let novelty = judge(seen, &undated(document.iter().copied()), FirstPoll::Baseline, noon());
    *seen = after(seen, &novelty);
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
        let document = [dated(7, published)];
        let novelty = judge(&Seen::default(), &document, policy, noon());
        assert_eq!(novelty.new, [Fresh { index: 0, may_alert }], "{policy:?} {published:?}");
        assert_eq!(novelty.seen, [7], "{policy:?} {published:?}");
    }
}

#[test]
fn after_the_first_poll_every_new_item_may_alert_whatever_its_date() {
    for published in [None, Some(noon().minus(9000 * HOUR)), Some(noon().plus(9000 * HOUR))] {
        for policy in [FirstPoll::Baseline, FirstPoll::Alert, FirstPoll::Within(HOUR)] {
            let document = [dated(1, published), dated(2, published)];
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

/// An item with all keys.
fn whole(n: u64) -> Sighting {
    Sighting {
        id: 10 * n + 1,
        page: Some(10 * n + 2),
        moment: Some(10 * n + 3),
        words: Some(10 * n + 4),
        dated: true,
        ..only_id(0)
    }
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
        (5000, 4096, (CAP * KEYS - 5000) / KEYS),
    ];
    for (size, past, remembered) in cases {
        let before = seen((1_000_000..1_000_000 + past).flat_map(|n| {
            let keys: Vec<u64> = whole(n).keys().collect();
            keys
        }));
        let document: Vec<Sighting> = (0..size).map(whole).collect();
        let novelty = judge(&before, &document, FirstPoll::Baseline, noon());
        let size = usize::try_from(size).unwrap();
        let own = if size <= CAP { KEYS * size } else { size };
        assert_eq!(novelty.new.len(), size, "{size} {past}");
        assert_eq!(novelty.seen.len(), KEYS * remembered + own, "{size} {past}");
        assert!(novelty.seen.len() <= KEYS * CAP);
        let kept = &before.hashes[before.hashes.len() - KEYS * remembered..];
        assert_eq!(&novelty.seen[..KEYS * remembered], kept, "{size} {past}");
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
        let document: Vec<Sighting> = (start..start + 100).rev().map(whole).collect();
        let novelty = judge(&seen, &document, FirstPoll::Baseline, noon());
        assert_eq!(novelty.new.len(), if start == 0 { 100 } else { 1 });
        seen = after(&seen, &novelty);
    }
    assert_eq!(seen.hashes.len(), KEYS * (100 + REMEMBERED));
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
        let document: Vec<Sighting> =
            (0..items).map(|id| dated(id, (id % 2 == 0).then(noon))).collect();
        let whole = judge(&Seen::default(), &document, policy, noon());
        let parts = whole.clone().parts(&Seen::default(), &document, most);
        let mut alerts: HashSet<usize> =
            whole.new.iter().filter(|fresh| fresh.may_alert).map(|fresh| fresh.index).collect();
        for (number, part) in parts.iter().enumerate() {
            assert!(part.new.len() <= most && part.last == (number + 1 == parts.len()));
            part.new.iter().for_each(|fresh| {
                alerts.remove(&fresh.index);
            });
            let cut_short = seen(part.seen.iter().copied());
            let left = judge(&cut_short, &document, policy, noon());
            let left: HashSet<usize> = left.new.iter().map(|fresh| fresh.index).collect();
            assert_eq!(left, alerts, "{policy:?} after part {number}");
        }
        let stored: Vec<Fresh> = parts.iter().flat_map(|part| part.new.clone()).collect();
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
