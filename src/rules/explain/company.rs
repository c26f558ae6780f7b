//! Which hit of `with` is nearest to a hit.

use crate::rules::decide::{Hit, Role, Spans, Way};

/// The hits of one way's `with` that count, in order of their first words.
pub(super) struct Companions {
    with: Vec<Companion>,
    except: Spans,
}

#[derive(Clone, Copy)]
struct Companion {
    hit: u32,
    first: u32,
    /// The last word of the one that reaches furthest so far, and which that is.
    furthest: (u32, u32),
}

impl Companions {
    pub(super) fn new(way: &Way, hits: &[Hit], roles: &[(Role, u32)]) -> Self {
        let of = |role| looked_at(way, hits, roles, role);
        let except = Spans::new(of(Role::Except).map(|hit| &hits[hit as usize]));
        let mut with: Vec<Companion> = of(Role::With)
            .map(|hit| (hit, &hits[hit as usize]))
            .filter(|(_, at)| !except.hold(at))
            .map(|(hit, at)| Companion { hit, first: at.first, furthest: (at.last, hit) })
            .collect();
        with.sort_by_key(|with| with.first);
        let mut furthest = (0, 0);
        for with in &mut with {
            if with.furthest.0 >= furthest.0 {
                furthest = with.furthest;
            }
            with.furthest = furthest;
        }
        Self { with, except }
    }

    /// Whether no phrase of `except` holds the whole of `hit`.
    pub(super) fn counts(&self, hit: &Hit) -> bool {
        !self.except.hold(hit)
    }

    /// The one that is nearest to `hit`, and how many words it is away, as `within` counts them.
    pub(super) fn nearest(&self, hit: &Hit) -> Option<(u32, u32)> {
        let after = self.with.partition_point(|with| with.first < hit.first);
        let before = after.checked_sub(1).map(|at| {
            let (last, hit_before) = self.with[at].furthest;
            (hit_before, hit.first.saturating_sub(last))
        });
        let behind =
            self.with.get(after).map(|with| (with.hit, with.first.saturating_sub(hit.last)));
        before.into_iter().chain(behind).min_by_key(|(_, words)| *words)
    }
}

/// The hits in that role in the fields that `way` looks at.
pub(super) fn looked_at(
    way: &Way,
    hits: &[Hit],
    roles: &[(Role, u32)],
    wanted: Role,
) -> impl Iterator<Item = u32> {
    let in_field = |hit: &u32| way.fields[hits[*hit as usize].field as usize];
    roles.iter().filter(move |(role, _)| *role == wanted).map(|(_, hit)| *hit).filter(in_field)
}

/// The phrase of `except` that holds the whole of a hit.
pub(super) fn phrase_around(hits: &[Hit], roles: &[(Role, u32)], hit: u32) -> Option<u32> {
    let inside = hits[hit as usize];
    roles.iter().find_map(|(role, phrase)| {
        let around = &hits[*phrase as usize];
        let holds = around.first <= inside.first && around.last >= inside.last;
        (*role == Role::Except && holds).then_some(*phrase)
    })
}
