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

/// How many ids, and how many other keys, are kept.
fn sizes(hashes: &[u64]) -> (usize, usize) {
    let ids = hashes.iter().position(|hash| *hash == u64::MAX).unwrap_or(hashes.len());
    (ids, hashes.len().saturating_sub(ids + 1))
}

#[test]
fn memory_of_the_past_is_bounded_and_the_oldest_goes_first() {
    let cases: [(usize, usize, usize, usize); 8] = [
        // document, seen before, of these known by their ids, and by all
        (0, 300, 300, 256),
        (10, 100, 100, 100),
        (10, 300, 300, 256),
        (200, 1000, 1000, 400),
        (10, 4096, 4096, 256),
        (1500, 4000, 4000, CAP - 1500),
        (4096, 4096, 4096, 0),
        (5000, 4096, 4096, CAP),
    ];
    let items = |first: usize, count: usize| -> Vec<Sighting> {
        (first..first + count).map(|n| whole(n as u64)).collect()
    };
    for (size, past, by_id, by_all) in cases {
        let old = items(1_000_000, past);
        let first = judge(&Seen::default(), &old, FirstPoll::Baseline, noon());
        let before = after(&Seen::default(), &first);
        let novelty = judge(&before, &items(0, size), FirstPoll::Baseline, noon());
        assert_eq!(novelty.new.len(), size, "{size} {past}");
        let own = if size <= CAP { (KEYS - 1) * size } else { 0 };
        let expected = (by_id + size, (KEYS - 1) * by_all + own);
        assert_eq!(sizes(&novelty.seen), expected, "{size} {past}");
        // Most feeds begin with their newest item: the first ones are remembered.
        let again = |change: fn(Sighting) -> Sighting| -> usize {
            let document: Vec<Sighting> = old.iter().copied().map(change).collect();
            let known = after(&before, &novelty);
            let new = judge(&known, &document, FirstPoll::Baseline, noon()).new;
            assert!(new.iter().enumerate().all(|(n, fresh)| fresh.index == past - new.len() + n));
            past - new.len()
        };
        assert_eq!(again(|item| item), by_id, "{size} {past}");
        assert_eq!(again(|item| Sighting { id: item.id + 5, ..item }), by_all, "{size} {past}");
    }
}

#[test]
fn what_comes_back_after_thousands_of_others_is_not_new() {
    let document = |first: u64| -> Vec<Sighting> { (first..first + 40).rev().map(whole).collect() };
    let mut seen = Seen::default();
    let mut first = 0;
    while first < 6000 {
        let novelty = judge(&seen, &document(first), FirstPoll::Baseline, noon());
        seen = after(&seen, &novelty);
        assert!(seen.hashes.len() <= CAP + 40 + 1 + (KEYS - 1) * (REMEMBERED + 40));
        first += 20;
    }
    assert_eq!(sizes(&seen.hashes), (CAP + 40, (KEYS - 1) * (REMEMBERED + 40)));
    let last = first - 20;
    for (back, new) in [(320, 0), (1000, 0), (4096, 0), (4136, 40)] {
        let novelty = judge(&seen, &document(last - back), FirstPoll::Baseline, noon());
        assert_eq!(novelty.new.len(), new, "{back} items later");
    }
}

#[test]
fn memory_without_a_mark_goes_on() {
    // As it was stored once: the keys of an item together.
    let all = |n: u64| whole(n).keys().collect::<Vec<u64>>();
    let before = seen((0..300).flat_map(all));
    let document: Vec<Sighting> = (295..305).rev().map(whole).collect();
    let novelty = judge(&before, &document, FirstPoll::Baseline, noon());
    assert_eq!(novelty.new.len(), 5);
    assert_eq!(sizes(&novelty.seen), (KEYS * 295 + 10, (KEYS - 1) * 10));
    let old: Vec<Sighting> = (0..300).map(|n| Sighting { id: 7_000_000 + n, ..whole(n) }).collect();
    let novelty = judge(&after(&before, &novelty), &old, FirstPoll::Baseline, noon());
    assert!(novelty.new.is_empty(), "they are known by all their keys still");
    // The largest that there was.
    let largest = seen((0..CAP as u64).flat_map(all));
    let novelty = judge(&largest, &document[..5], FirstPoll::Baseline, noon());
    assert_eq!(sizes(&novelty.seen).0, CAP + 5);
}

#[test]
fn a_document_larger_than_the_cap_is_not_new_again_at_the_next_poll() {
    let document: Vec<u64> = (0..10_000).collect();
    let mut seen = Seen::default();
    assert_eq!(poll(&mut seen, &document).len(), 10_000);
    assert_eq!(poll(&mut seen, &document), Vec::<u64>::new());
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

/// Which of `document` is new after `before` was shown; the headlines that changed; and whether
/// there is a gap.
fn then(before: &[Sighting], document: &[Sighting]) -> (Vec<usize>, Vec<usize>, bool) {
    let first = judge(&Seen::default(), before, FirstPoll::Baseline, noon());
    let seen = after(&Seen::default(), &first);
    let novelty = judge(&seen, document, FirstPoll::Baseline, noon());
    let again = judge(&after(&seen, &novelty), document, FirstPoll::Baseline, noon());
    assert!(again.new.is_empty() && again.revised.is_empty(), "nothing is told twice: {again:?}");
    assert!(!again.gap);
    (novelty.new.iter().map(|fresh| fresh.index).collect(), novelty.revised, novelty.gap)
}

/// How one item differs from what was shown.
#[derive(Clone, Copy)]
enum Change {
    Id,
    Page,
    Date,
    Title,
    NoDate,
    NoName,
    NoPage,
}

/// Item `n` of a document after `changes`. What a key is made of changes the key.
fn changed(n: u64, changes: &[Change]) -> Sighting {
    let (mut page, mut date, mut title) = (n, n, n);
    let mut item = Sighting { title: Some(n), ..whole(n) };
    let (mut has_page, mut has_date) = (true, true);
    for change in changes {
        match change {
            Change::Id => item.id += 1_000_000,
            Change::Page => page += 1_000_000,
            Change::Date => date += 1_000_000,
            Change::Title => title += 1_000_000,
            Change::NoDate => has_date = false,
            Change::NoName => item.named = false,
            Change::NoPage => has_page = false,
        }
    }
    let mix = |kind: u64, parts: [u64; 2]| Some((parts[0] << 32 | parts[1]) * 10 + kind);
    item.dated = has_date;
    item.page = has_page.then_some(page * 10 + 2);
    item.moment = if has_page && has_date { mix(3, [page, date]) } else { None };
    item.words = mix(4, [title, if has_date { date } else { 0 }]);
    item.title = Some(title);
    item
}

#[test]
fn an_item_is_known_or_new_by_what_has_changed() {
    use Change::{Date, Id, NoDate, NoName, NoPage, Page, Title};
    // What is always so, what changes in one item among others that keep their ids, whether it is
    // new then, and whether all are if it changes in all.
    let cases: [(&[Change], &[Change], bool, bool); 24] = [
        (&[], &[], false, false),
        (&[], &[Title], false, false),
        (&[], &[Title, Date, Page], false, false),
        // The id does not hold.
        (&[], &[Id], false, false),
        (&[], &[Id, Title], false, false),
        (&[], &[Id, Page], false, false),
        // The same page again, later: a siren, a live blog.
        (&[], &[Id, Date], true, true),
        (&[], &[Id, Date, Title], true, true),
        (&[], &[Id, Date, Title, Page], true, true),
        // Without dates one may be another edition, all are churn.
        (&[NoDate], &[Id], true, false),
        (&[NoDate], &[Id, Title], true, true),
        (&[NoDate], &[Id, NoName, Title], false, false),
        (&[NoDate], &[Id, Page], true, false),
        (&[NoDate], &[Id, Page, Title], true, true),
        // Without pages.
        (&[NoPage], &[Id], false, false),
        (&[NoPage], &[Id, Title], true, true),
        (&[NoPage, NoDate], &[Id], true, false),
        // A guid that is lost, or never was: the id is made of the link, or of the words.
        (&[], &[Id, NoName], false, false),
        (&[], &[Id, NoName, Title, Date], false, false),
        (&[NoDate], &[Id, NoName, Page], true, false),
        // Told again under another link.
        (&[NoDate, NoName], &[Id, Page], true, false),
        (&[NoDate, NoName, NoPage], &[Id], false, false),
        (&[NoName], &[Id, Title], false, false),
        (&[NoName], &[Id, Title, Date, Page], true, true),
    ];
    for (number, (always, changes, one, all)) in cases.into_iter().enumerate() {
        let both = [always, changes].concat();
        let before: Vec<Sighting> = (1..=6).map(|n| changed(n, always)).collect();
        let mut document = before.clone();
        document[2] = changed(3, &both);
        let expected: &[usize] = if one { &[2] } else { &[] };
        assert_eq!(then(&before, &document).0, expected, "one in case {number}");
        let document: Vec<Sighting> = (1..=6).rev().map(|n| changed(n, &both)).collect();
        let expected: &[usize] = if all { &[0, 1, 2, 3, 4, 5] } else { &[] };
        assert_eq!(then(&before, &document).0, expected, "all in case {number}");
    }
}

#[test]
fn a_guid_that_comes_back_is_not_news() {
    use Change::{Id, NoName};
    let named: Vec<Sighting> = (1..=6).map(|n| changed(n, &[])).collect();
    let lost: Vec<Sighting> = (1..=6).map(|n| changed(n, &[Id, NoName])).collect();
    assert_eq!(then(&lost, &named).0, [0; 0]);
    let mut some = named.clone();
    some[1] = lost[1];
    some[4] = lost[4];
    assert_eq!(then(&some, &named).0, [0; 0]);
    assert_eq!(then(&named, &some).0, [0; 0]);
}

#[test]
fn a_feed_whose_ids_churn_tells_each_item_once() {
    use Change::{Id, NoDate, NoPage};
    for always in [&[][..], &[NoDate], &[NoPage], &[NoDate, NoPage]] {
        let mut seen = Seen::default();
        for poll in 0..40 {
            let document: Vec<Sighting> = (poll..poll + 12)
                .rev()
                .map(|n| {
                    let item = changed(n, &[always, &[Id]].concat());
                    Sighting { id: item.id + 100_000_000 * poll, ..item }
                })
                .collect();
            let novelty = judge(&seen, &document, FirstPoll::Baseline, noon());
            let new: Vec<usize> = novelty.new.iter().map(|fresh| fresh.index).collect();
            if poll > 0 {
                assert_eq!(new, [0], "poll {poll}");
                assert!(!novelty.gap && novelty.revised.is_empty());
            }
            seen = after(&seen, &novelty);
        }
    }
}

#[test]
fn one_item_is_too_few_to_tell_churn_by() {
    use Change::{Id, NoDate};
    let before = [changed(1, &[NoDate])];
    assert_eq!(then(&before, &[changed(1, &[NoDate, Id])]).0, [0]);
    let two = [changed(1, &[NoDate, Id]), changed(2, &[NoDate, Id])];
    assert_eq!(then(&before, &two).0, [0, 1], "half of them are not enough");
    let before = [changed(1, &[NoDate]), changed(3, &[NoDate])];
    let three = [two[0], two[1], changed(3, &[NoDate, Id])];
    assert_eq!(then(&before, &three).0, [1], "two of three are");
}

#[test]
fn a_headline_that_changes_is_told_and_not_new() {
    use Change::{Date, Id, NoName, Title};
    let before: Vec<Sighting> = (1..=4).map(|n| changed(n, &[])).collect();
    let with = |changes| {
        let mut document = before.clone();
        document[1] = changed(2, changes);
        then(&before, &document)
    };
    assert_eq!(with(&[]), (vec![], vec![], false));
    assert_eq!(with(&[Title]), (vec![], vec![1], false));
    assert_eq!(with(&[Title, Date]), (vec![], vec![1], false));
    assert_eq!(with(&[Date]), (vec![], vec![], false));
    // Known by its page.
    assert_eq!(with(&[Id, NoName, Title]), (vec![], vec![1], false));
    assert_eq!(with(&[Id, Title]), (vec![], vec![1], false));
    assert_eq!(with(&[Id, Title, Date]), (vec![1], vec![], false));
}

#[test]
fn a_headline_that_is_lost_for_a_while_has_not_changed() {
    let full: Vec<Sighting> = (1..=4).map(|n| changed(n, &[])).collect();
    let mut damaged = full.clone();
    damaged[1].title = None;
    let mut seen = Seen::default();
    for document in [&full, &damaged, &damaged, &full] {
        let novelty = judge(&seen, document, FirstPoll::Baseline, noon());
        assert_eq!(novelty.revised, [0; 0]);
        seen = after(&seen, &novelty);
    }
    let mut edited = full.clone();
    edited[1].title = Some(77);
    assert_eq!(judge(&seen, &edited, FirstPoll::Baseline, noon()).revised, [1]);
    // What memory of before this was kept has no headlines in it.
    let old = seen_ids(&full);
    assert_eq!(judge(&old, &edited, FirstPoll::Baseline, noon()).revised, [0; 0]);
}

/// As it was stored when ids were all that was remembered.
fn seen_ids(document: &[Sighting]) -> Seen {
    seen(document.iter().map(|item| item.id))
}

#[test]
fn a_memory_of_ids_alone_goes_on_and_is_filled_up() {
    use Change::{Id, Title};
    let document: Vec<Sighting> = (1..=6).map(|n| changed(n, &[])).collect();
    let mut more = document.clone();
    more.insert(0, changed(7, &[]));
    let novelty = judge(&seen_ids(&document), &more, FirstPoll::Baseline, noon());
    assert_eq!(novelty.new, [Fresh { index: 0, may_alert: true }]);
    assert!(!novelty.gap);
    let seen = after(&seen_ids(&document), &novelty);
    let churned: Vec<Sighting> = (1..=7).map(|n| changed(n, &[Id, Title])).collect();
    assert!(judge(&seen, &churned, FirstPoll::Baseline, noon()).new.is_empty());
    let others: Vec<Sighting> = (11..=16).map(|n| changed(n, &[])).collect();
    let novelty = judge(&seen_ids(&document), &others, FirstPoll::Baseline, noon());
    assert!(!novelty.gap, "how much was shown before is not known");
}

#[test]
fn a_gap_is_two_windows_without_overlap() {
    use Change::{Date, Id, NoDate, Page, Title};
    let items = |range: std::ops::RangeInclusive<u64>| -> Vec<Sighting> {
        range.map(|n| changed(n, &[])).collect()
    };
    let cases = [
        (items(1..=5), items(6..=10), true),
        (items(1..=5), items(5..=9), false),
        (items(1..=2), items(3..=4), true),
        // No windows.
        (items(1..=1), items(2..=5), false),
        (items(1..=5), items(6..=6), false),
        (Vec::new(), items(1..=5), false),
        (items(1..=5), Vec::new(), false),
        // The same items, whether they are told or not.
        (items(1..=5), (1..=5).map(|n| changed(n, &[Id])).collect(), false),
        (items(1..=5), (1..=5).map(|n| changed(n, &[Id, Date, Title])).collect(), false),
        (items(1..=5), (1..=5).map(|n| changed(n, &[Id, Date, Title, Page])).collect(), true),
        (items(1..=5), (1..=5).map(|n| changed(n, &[Id, NoDate])).collect(), false),
    ];
    for (number, (before, document, gap)) in cases.into_iter().enumerate() {
        assert_eq!(then(&before, &document).2, gap, "case {number}");
    }
    // A window that was empty for a while joins nothing.
    let mut seen = Seen::default();
    for (document, gap) in [(items(1..=5), false), (Vec::new(), false), (items(6..=9), false)] {
        let novelty = judge(&seen, &document, FirstPoll::Alert, noon());
        assert_eq!(novelty.gap, gap);
        seen = after(&seen, &novelty);
    }
    let novelty = judge(&seen, &items(1..=3), FirstPoll::Alert, noon());
    assert!(!novelty.gap && novelty.new.is_empty(), "what returns joins");
}

#[test]
fn a_gap_is_told_with_the_first_part_and_headlines_with_the_last() {
    let before: Vec<Sighting> = (1..=3).map(|n| changed(n, &[])).collect();
    let first = judge(&Seen::default(), &before, FirstPoll::Baseline, noon());
    let seen = after(&Seen::default(), &first);
    let document: Vec<Sighting> = (11..=20).map(|n| changed(n, &[])).collect();
    let parts = judge(&seen, &document, FirstPoll::Alert, noon()).parts(&seen, &document, 4);
    let told: Vec<bool> = parts.iter().map(|part| part.gap).collect();
    assert_eq!(told, [true, false, false]);
    assert_eq!((parts[0].items, &parts[0].titles), (3, &seen.titles));
    assert_eq!((parts[2].items, parts[2].titles.len()), (10, 20));
    // Cut short after a part, all that is left is new, by all its keys.
    for (done, part) in parts.iter().enumerate() {
        let stored = Seen {
            version: 2,
            hashes: part.seen.clone(),
            items: part.items,
            titles: part.titles.clone(),
        };
        let left = judge(&stored, &document, FirstPoll::Alert, noon());
        assert_eq!(left.new.len(), 10 - (4 * (done + 1)).min(10));
        assert!(!left.gap);
    }
}

#[test]
fn a_date_that_all_items_had_is_remembered_for_when_it_is_one_items_own() {
    use Change::Id;
    let shared = |n| Sighting { dated: false, words: Some(7_000 + n), ..changed(n, &[]) };
    let before: Vec<Sighting> = (1..=2).map(shared).collect();
    let document = [changed(3, &[Id]), changed(2, &[Id]), changed(1, &[Id])];
    assert_eq!(then(&before, &document).0, [0]);
}

#[test]
fn a_guid_that_was_shared_and_is_no_longer_is_not_news() {
    use Change::NoDate;
    // The ids were the link's and the text's then.
    let before = [only_id(71), only_id(72), changed(3, &[NoDate]), changed(4, &[NoDate])];
    let with = |former| Sighting { former, ..only_id(5) };
    let others = [changed(3, &[NoDate]), changed(4, &[NoDate])];
    for (former, new) in [
        ([Some(71), None], false),
        ([None, Some(72)], false),
        ([Some(71), Some(9)], false),
        ([None, None], true),
        ([Some(9), None], true),
    ] {
        let document = [others[0], with(former), others[1]];
        assert_eq!(then(&before, &document).0.len(), usize::from(new), "{former:?}");
    }
}

#[test]
fn a_page_proves_churn_only_with_its_headline_and_its_date() {
    // The items of a document without dates of their own: what stays the same but the page.
    for (title, date, churn) in
        [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
    {
        let of = |n: u64, poll: u64, dates: bool| {
            let mixed = |same: bool| n + if same { 0 } else { 1_000 * poll };
            Sighting {
                id: 1_000_000 * (poll + 1) + n,
                page: Some(200_000 + n),
                moment: dates.then(|| 300_000 + mixed(date)),
                words: Some(400_000 + n + 1_000 * poll),
                title: Some(500_000 + mixed(title)),
                ..only_id(0)
            }
        };
        let all = |poll, dates| -> Vec<Sighting> { (1..=4).map(|n| of(n, poll, dates)).collect() };
        let expected: Vec<usize> = if churn { vec![] } else { vec![0, 1, 2, 3] };
        assert_eq!(then(&all(0, true), &all(1, true)).0, expected, "{title} {date}");
        if date {
            assert_eq!(then(&all(0, false), &all(1, false)).0, expected, "no dates, {title}");
        }
    }
}

#[test]
fn a_page_does_not_overrule_a_name_and_a_date_of_its_own() {
    use Change::{Date, Id, NoDate, Title};
    let before: Vec<Sighting> = (1..=4).map(|n| changed(n, &[])).collect();
    for changes in [&[Id, Date][..], &[Id, Date, Title]] {
        for others in [&[][..], &[Date], &[Id, NoDate, Title], &[Id, Date]] {
            let document =
                [changed(1, changes), changed(2, others), changed(3, others), changed(9, &[])];
            assert!(then(&before, &document).0.contains(&0));
        }
    }
}
