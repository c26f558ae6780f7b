use super::*;

fn place(pattern: u32, start: u32) -> Place {
    Place { pattern, start, end: start + 1 }
}

/// How many places of each of the patterns 0, 1 and 2 are kept of those pushed, 100 at the most, and
/// whether any was dropped.
fn kept(patterns: impl Iterator<Item = u32>) -> ([usize; 3], bool) {
    let mut places = Places { most: 100, ..Places::default() };
    for (at, pattern) in (0..).zip(patterns) {
        places.push(place(pattern, at));
        assert!(places.list.len() <= 100);
    }
    let count = |pattern: u32| places.iter().filter(|place| place.pattern == pattern).count();
    ([0, 1, 2].map(count), places.has_dropped())
}

#[test]
fn one_pattern_over_the_bound_leaves_room_for_others() {
    assert_eq!(kept([0; 100].into_iter()), ([100, 0, 0], false));
    assert_eq!(kept([0; 101].into_iter()), ([51, 0, 0], true));
    assert_eq!(kept([0; 1_000].into_iter().chain([1, 1, 2])).0[1..], [2, 1]);
    assert_eq!(kept([1, 2].into_iter().chain([0; 1_000])).0[1..], [1, 1]);
    let (two, _) = kept((0..10_000).map(|at| at % 2));
    assert!(two[0].abs_diff(two[1]) <= 2 && two[0] >= 24, "{two:?}");
}

#[test]
fn the_first_and_the_last_places_are_kept() {
    let mut places = Places { most: 10, ..Places::default() };
    (0..1_000).for_each(|at| places.push(place(0, at)));
    let starts: Vec<u32> = places.iter().map(|place| place.start).collect();
    assert_eq!((starts[0], starts.last()), (0, Some(&999)));
    assert!(starts.is_sorted());
    places.clear();
    places.push(place(0, 7));
    assert_eq!((places.iter().count(), places.has_dropped()), (1, false));
}

#[test]
fn more_patterns_than_there_is_room_for_end_somewhere() {
    let mut places = Places { most: 10, ..Places::default() };
    (0..1_000).for_each(|at| places.push(place(at, at)));
    assert_eq!((places.list.len(), places.has_dropped()), (10, true));
}
