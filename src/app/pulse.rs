//! Signs of life, and the wall clock under watch.

use std::time::Duration;

use crate::lifecycle::Systemd;
use crate::model::{Mono, Now};
use crate::observe::events::ClockJumped;

/// A wall clock that differs by more than this from the other has been set.
const JUMP: Duration = Duration::from_secs(30);

/// Tells systemd of life and of the state of things, and notices a wall clock that was set.
pub(super) struct PulseKeeper {
    systemd: Systemd,
    last_beat: Mono,
    last_status: Mono,
    before: Now,
}

impl PulseKeeper {
    const STATUS_EVERY: Duration = Duration::from_secs(10);

    pub(super) fn new(systemd: Systemd, now: Now) -> Self {
        Self { systemd, last_beat: now.mono, last_status: now.mono, before: now }
    }

    /// Called after every step of both engines; so the watchdog hears nothing if they hang.
    /// What has just `changed` is told at once.
    pub(super) fn beat(&mut self, now: Now, changed: bool, status: impl FnOnce() -> String) {
        if let Some(every) = self.systemd.beat_every()
            && now.mono.since(self.last_beat) >= every / 2
        {
            self.last_beat = now.mono;
            self.systemd.beat();
        }
        if changed || now.mono.since(self.last_status) >= Self::STATUS_EVERY {
            self.last_status = now.mono;
            self.systemd.status(&status());
        }
        let expected = self.before.wall_at(now.mono);
        let off = now.wall.since(expected).max(expected.since(now.wall));
        if off >= JUMP {
            let seconds = (now.wall.as_millis() - expected.as_millis()) / 1000;
            ClockJumped { seconds }.log();
        }
        self.before = now;
    }
}
