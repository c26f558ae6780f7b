//! How a feed is doing: pure decisions.

use crate::model::{Condition, Health, Reason, Schedule};

mod habit;

pub use habit::{LEAST_TIMES, LEAST_WATCH, quiet_for, saw_news, usual, wants_full};

/// What a state is told from, beside the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether the feed's server has confirmed that it is gone.
    pub gone: bool,
    /// Whether it is fetched from elsewhere than the config says.
    pub moved: bool,
    /// Whether its server's word is distrusted at present.
    pub distrusted: bool,
    /// Whether it brings nothing for much longer than it used to.
    pub silent: bool,
}

/// The state of a feed after a poll, and the reason if something fails. The gravest that applies.
///
/// Neither one failure of the network nor one good poll after failures is a state: the second tells
/// it from a moment, and a feed that fails every other time is told of once. So the old state stays.
pub fn judge(schedule: &Schedule, facts: Facts) -> (Health, Option<Reason>) {
    let reason = schedule.last_reason.filter(|_| schedule.errors > 0);
    let state = match reason {
        _ if facts.gone => Health::Gone,
        Some(reason) if reason.is_network() && schedule.errors < 2 => {
            return (schedule.condition.health, None);
        }
        Some(Reason::Blocked) => Health::Blocked,
        Some(_) => Health::Failing,
        None if facts.distrusted => Health::Stuck,
        None if schedule.condition.hollow => Health::Hollow,
        None if facts.silent => Health::Silent,
        None if facts.moved => Health::Moved,
        None => Health::Ok,
    };
    let Condition { health: before, good, .. } = schedule.condition;
    let recovering = matches!(before, Health::Failing | Health::Blocked | Health::Hollow);
    if matches!(state, Health::Ok | Health::Moved) && recovering && good < 2 {
        return (before, None);
    }
    (state, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Facts = Facts { gone: false, moved: false, distrusted: false, silent: false };

    #[test]
    fn the_gravest_state_that_applies_is_told() {
        let failing = |reason, errors| Schedule {
            errors,
            last_reason: Some(reason),
            condition: Condition { health: Health::Ok, hollow: true, ..Condition::default() },
            ..Schedule::default()
        };
        let well = |hollow| Schedule {
            condition: Condition { hollow, ..Condition::default() },
            ..Schedule::default()
        };
        let all = Facts { gone: false, moved: true, distrusted: true, silent: true };
        let cases = [
            ("well", well(false), NONE, Health::Ok),
            ("a server error", failing(Reason::ServerError, 1), all, Health::Failing),
            ("a challenge", failing(Reason::Blocked, 1), all, Health::Blocked),
            ("one time-out", failing(Reason::Timeout, 1), all, Health::Ok),
            ("two", failing(Reason::Timeout, 2), all, Health::Failing),
            ("no such host", failing(Reason::Dns, 2), all, Health::Failing),
            ("one 410", failing(Reason::Gone, 1), NONE, Health::Failing),
            (
                "a confirmed one",
                failing(Reason::Gone, 3),
                Facts { gone: true, ..all },
                Health::Gone,
            ),
            ("distrusted", well(true), all, Health::Stuck),
            ("hollow", well(true), Facts { distrusted: false, ..all }, Health::Hollow),
            ("silent", well(false), Facts { distrusted: false, ..all }, Health::Silent),
            ("moved", well(false), Facts { moved: true, ..NONE }, Health::Moved),
        ];
        for (what, schedule, facts, state) in cases {
            assert_eq!(judge(&schedule, facts).0, state, "{what}");
        }
        let recovering = |health, good| Schedule {
            condition: Condition { health, good, ..Condition::default() },
            ..Schedule::default()
        };
        for before in [Health::Failing, Health::Blocked, Health::Hollow] {
            assert_eq!(judge(&recovering(before, 1), NONE).0, before);
            assert_eq!(judge(&recovering(before, 2), NONE).0, Health::Ok);
        }
        assert_eq!(judge(&recovering(Health::Silent, 1), NONE).0, Health::Ok);
        assert_eq!(judge(&failing(Reason::Blocked, 1), NONE).1, Some(Reason::Blocked));
        assert_eq!(judge(&well(true), NONE).1, None);
    }
}
