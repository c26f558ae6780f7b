use super::*;

fn hit(first: u32, last: u32) -> Hit {
    Hit { term: 0, field: Field::Title, first, last }
}

fn way() -> Way {
    Way { rule: 0, fields: [true; 3], has_any: true, all: 0, with: With::NotNeeded }
}

#[test]
fn a_way_fires_or_says_why_not() {
    let near = Way { with: With::Within(3), ..way() };
    let anywhere = Way { with: With::Anywhere, ..way() };
    let all = Way { all: 2, has_any: false, ..way() };
    let both = Way { all: 1, ..way() };
    let in_content = Way { fields: [false, false, true], ..way() };
    let cases: &[(&str, &Way, &[(Role, Hit)], Verdict)] = &[
        ("a hit", &way(), &[(Role::Any, hit(0, 0))], Verdict::Fires(vec![0])),
        ("no hit", &way(), &[(Role::With, hit(0, 0))], Verdict::Lacks(None)),
        ("another field", &in_content, &[(Role::Any, hit(0, 0))], Verdict::Lacks(None)),
        (
            "inside a phrase",
            &way(),
            &[(Role::Any, hit(1, 1)), (Role::Except, hit(0, 1))],
            Verdict::Excepted(0),
        ),
        (
            "one hit inside a phrase, another not",
            &way(),
            &[(Role::Any, hit(1, 1)), (Role::Any, hit(9, 9)), (Role::Except, hit(0, 2))],
            Verdict::Fires(vec![1]),
        ),
        (
            "a phrase that holds but a part of the hit",
            &way(),
            &[(Role::Any, hit(1, 2)), (Role::Except, hit(0, 1))],
            Verdict::Fires(vec![0]),
        ),
        (
            "a short phrase after a long one does not hide it",
            &way(),
            &[(Role::Any, hit(4, 4)), (Role::Except, hit(0, 5)), (Role::Except, hit(2, 2))],
            Verdict::Excepted(0),
        ),
        ("vetoed", &way(), &[(Role::Any, hit(1, 1)), (Role::None, hit(5, 5))], Verdict::Vetoed(1)),
        ("alone", &near, &[(Role::Any, hit(1, 1))], Verdict::Alone(0)),
        (
            "three words on",
            &near,
            &[(Role::Any, hit(1, 2)), (Role::With, hit(5, 5))],
            Verdict::Fires(vec![0]),
        ),
        (
            "four words on",
            &near,
            &[(Role::Any, hit(1, 2)), (Role::With, hit(6, 6))],
            Verdict::Alone(0),
        ),
        (
            "three words before",
            &near,
            &[(Role::Any, hit(9, 9)), (Role::With, hit(5, 6))],
            Verdict::Fires(vec![0]),
        ),
        (
            "the company is inside a phrase",
            &near,
            &[(Role::Any, hit(9, 9)), (Role::With, hit(8, 8)), (Role::Except, hit(7, 8))],
            Verdict::Alone(0),
        ),
        (
            "far away",
            &anywhere,
            &[(Role::Any, hit(1, 1)), (Role::With, hit(900, 900))],
            Verdict::Fires(vec![0]),
        ),
        (
            "all",
            &all,
            &[(Role::All(0), hit(1, 1)), (Role::All(1), hit(2, 2))],
            Verdict::Fires(vec![0, 1]),
        ),
        ("all but one", &all, &[(Role::All(0), hit(1, 1))], Verdict::Lacks(Some(1))),
        ("any without all", &both, &[(Role::Any, hit(1, 1))], Verdict::Lacks(Some(0))),
        ("all without any", &both, &[(Role::All(0), hit(1, 1))], Verdict::Lacks(None)),
    ];
    for (name, way, roles, want) in cases {
        let hits: Vec<Hit> = roles.iter().map(|(_, hit)| *hit).collect();
        let numbered: Vec<(Role, u32)> = roles.iter().map(|(role, _)| *role).zip(0..).collect();
        assert_eq!(decide(way, &hits, &numbered), *want, "{name}");
    }
}
