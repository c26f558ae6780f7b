//! Time as a value: wall time to write down, monotonic time to wait by.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC, in whole milliseconds since 1970. Written as RFC 3339 with a `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The span that RFC 3339 can write: years 0000 to 9999.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_300_799_999;

impl Timestamp {
    /// A moment from milliseconds since 1970, clamped to the years 0000 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Milliseconds since 1970.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, any offset.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self::from_millis(t.timestamp_millis()))
    }

    /// This moment moved later; saturates.
    pub fn plus(self, by: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(millis(by)))
    }

    /// This moment moved earlier; saturates.
    pub fn minus(self, by: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(millis(by)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        let precision =
            if self.0 % 1000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        f.write_str(&time.to_rfc3339_opts(precision, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

/// A point on a clock that never jumps and that goes on while the machine sleeps
/// (`CLOCK_BOOTTIME`). Means nothing in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// A point from milliseconds since the clock's own start.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// This point moved later; saturates.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What the wall clock says; may jump either way between two readings.
    pub wall: Timestamp,
    /// What to measure waiting by.
    pub mono: Mono,
}

impl Now {
    /// The wall time at which `due` will be reached if the wall clock does not jump.
    pub fn wall_at(self, due: Mono) -> Timestamp {
        self.wall.plus(due.since(self.mono))
    }
}

/// Where a [`Now`] comes from: the machine, or a hand that turns it in a test.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// A clock that stands until [`Clock::advance`] moves it.
    Manual(Arc<ManualClock>),
}

/// The state of a [`Clock::Manual`].
#[derive(Debug)]
pub struct ManualClock {
    elapsed: AtomicI64,
    start: AtomicI64,
}

impl Clock {
    /// A clock that stands at `start`.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(ManualClock {
            elapsed: AtomicI64::new(0),
            start: AtomicI64::new(start.as_millis()),
        }))
    }

    /// Reads both clocks.
    pub fn now(&self) -> Now {
        match self {
            Self::System => system_now(),
            Self::Manual(clock) => {
                let elapsed = clock.elapsed.load(Ordering::SeqCst);
                let wall = clock.start.load(Ordering::SeqCst).saturating_add(elapsed);
                Now {
                    wall: Timestamp::from_millis(wall),
                    mono: Mono::from_millis(elapsed.max(0).unsigned_abs()),
                }
            }
        }
    }

    /// Moves a manual clock on; the machine's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(clock) = self {
            clock.elapsed.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Lets the wall half of a manual clock jump by `by` milliseconds while no time passes.
    pub fn jump_wall(&self, by: i64) {
        if let Self::Manual(clock) = self {
            clock.start.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Wall time that goes on from where it stood when this was made and never jumps after that. For
/// times that are written down and waited for.
#[derive(Clone, Debug)]
pub struct SteadyClock {
    clock: Clock,
    start: Now,
}

impl SteadyClock {
    /// Starts from what `clock` says now.
    pub fn new(clock: Clock) -> Self {
        let start = clock.now();
        Self { clock, start }
    }

    /// The steady time.
    pub fn now(&self) -> Timestamp {
        self.start.wall.plus(self.mono().since(self.start.mono))
    }

    /// The clock that it goes by, whose wall time may jump: for times that others compare with
    /// theirs.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The monotonic half.
    pub fn mono(&self) -> Mono {
        self.clock.now().mono
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
fn system_now() -> Now {
    let wall = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => Timestamp::from_millis(millis(after)),
        Err(before) => Timestamp::from_millis(-millis(before.duration())),
    };
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let millis = boot.tv_sec.saturating_mul(1000).saturating_add(boot.tv_nsec / 1_000_000);
    Now { wall, mono: Mono::from_millis(millis.max(0).unsigned_abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_as_rfc_3339_and_read_back() {
        for text in ["2026-11-23T22:14:05Z", "1969-12-31T23:59:59.250Z", "0000-01-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
        assert_eq!(
            Timestamp::parse("2026-11-23T22:14:05+02:00"),
            Timestamp::parse("2026-11-23T20:14:05Z")
        );
        assert_eq!(Timestamp::parse("yesterday"), None);
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_wall_jump_moves_no_monotonic_time() {
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        clock.advance(Duration::from_secs(5));
        let before = clock.now();
        clock.jump_wall(-3_600_000);
        let after = clock.now();
        assert_eq!(after.mono, before.mono);
        assert_eq!(before.wall.since(after.wall), Duration::from_secs(3600));
        assert_eq!(after.wall.since(before.wall), Duration::ZERO);
    }

    #[test]
    fn a_steady_clock_does_not_jump_with_the_wall() {
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        let steady = SteadyClock::new(clock.clone());
        clock.jump_wall(-3_600_000);
        clock.advance(Duration::from_millis(5));
        assert_eq!(steady.now(), Timestamp::from_millis(1_005));
    }
}
