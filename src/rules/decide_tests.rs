use Role::{Any, Except, None as Veto, With as Near};

use super::*;

fn way() -> Way {
    Way {
        rule: 0,
        fields: [true; 3],
        languages: Languages::default(),
        has_any: true,
        all: 0,
        with: With::NotNeeded,
        terms: Vec::new(),
    }
}

/// Decides on terms that stand from a word to a word, numbered in the order given.
#[track_caller]
fn check(way: &Way, terms: &[(Role, u32, u32)], want: &Verdict) {
    let hits: Vec<Hit> = terms
        .iter()
        .map(|(_, first, last)| Hit { term: 0, field: Field::Title, first: *first, last: *last })
        .collect();
    let roles: Vec<(Role, u32)> = terms.iter().map(|(role, ..)| *role).zip(0..).collect();
    assert_eq!(decide(way, &hits, &roles), *want);
}

#[test]
fn any_needs_a_hit_in_the_fields_looked_at() {
    check(&way(), &[(Any, 0, 0)], &Verdict::Fires(vec![0]));
    check(&way(), &[(Near, 0, 0)], &Verdict::Lacks(None));
    let content = Way { fields: [false, false, true], ..way() };
    check(&content, &[(Any, 0, 0)], &Verdict::Lacks(None));
    check(&way(), &[(Any, 1, 1), (Veto, 5, 5)], &Verdict::Vetoed(1));
}

#[test]
fn a_hit_inside_a_phrase_does_not_count_and_another_does() {
    check(&way(), &[(Any, 1, 1), (Except, 0, 1)], &Verdict::Excepted(0));
    check(&way(), &[(Any, 1, 1), (Any, 9, 9), (Except, 0, 2)], &Verdict::Fires(vec![1]));
    check(&way(), &[(Any, 1, 2), (Except, 0, 1)], &Verdict::Fires(vec![0]));
    // A short phrase inside a long one does not hide it.
    check(&way(), &[(Any, 4, 4), (Except, 0, 5), (Except, 2, 2)], &Verdict::Excepted(0));
}

#[test]
fn company_is_counted_in_words_both_ways() {
    let near = Way { with: With::Within(3), ..way() };
    check(&near, &[(Any, 1, 1)], &Verdict::Alone(0));
    check(&near, &[(Any, 1, 2), (Near, 5, 5)], &Verdict::Fires(vec![0]));
    check(&near, &[(Any, 1, 2), (Near, 6, 6)], &Verdict::Alone(0));
    check(&near, &[(Any, 9, 9), (Near, 5, 6)], &Verdict::Fires(vec![0]));
    check(&near, &[(Any, 9, 9), (Near, 5, 5)], &Verdict::Alone(0));
    check(&near, &[(Any, 9, 9), (Near, 8, 8), (Except, 7, 8)], &Verdict::Alone(0));
    check(&near, &[(Any, 1, 1), (Any, 9, 9), (Near, 8, 8)], &Verdict::Fires(vec![1]));
    let anywhere = Way { with: With::Anywhere, ..way() };
    check(&anywhere, &[(Any, 1, 1), (Near, 900, 900)], &Verdict::Fires(vec![0]));
}

#[test]
fn all_needs_every_entry() {
    let all = Way { all: 2, has_any: false, ..way() };
    let both = Way { all: 1, ..way() };
    check(&all, &[(Role::All(0), 1, 1), (Role::All(1), 2, 2)], &Verdict::Fires(vec![0, 1]));
    check(&all, &[(Role::All(0), 1, 1)], &Verdict::Lacks(Some(1)));
    check(&both, &[(Any, 1, 1)], &Verdict::Lacks(Some(0)));
    check(&both, &[(Role::All(0), 1, 1)], &Verdict::Lacks(None));
    let excepted = [(Role::All(0), 1, 1), (Role::All(1), 2, 2), (Except, 2, 2)];
    check(&all, &excepted, &Verdict::Excepted(1));
}

#[test]
fn many_entries_with_many_hits_are_looked_at_once_each() {
    const ENTRIES: u32 = 20_000;
    let way = Way { all: ENTRIES, has_any: false, ..way() };
    let hits = [Hit { term: 0, field: Field::Title, first: 0, last: 0 }];
    let roles: Vec<(Role, u32)> =
        (0..ENTRIES).flat_map(|entry| [(Role::All(entry), 0); 10]).collect();
    let Verdict::Fires(on) = decide(&way, &hits, &roles) else { panic!("it does not fire") };
    assert_eq!(on.len(), roles.len());
}
