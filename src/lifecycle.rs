//! The process among others: signals, and what systemd is told.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What signals ask for.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// SIGTERM or SIGINT: begin nothing new, finish what runs, end.
    pub soft: CancellationToken,
    /// The second of them: end at once.
    pub hard: CancellationToken,
    /// SIGHUP: read the config again.
    pub reload: Arc<Notify>,
    first: Arc<OnceLock<&'static str>>,
}

impl Signals {
    /// Listens to the signals of the process from now on.
    ///
    /// # Errors
    /// If the system refuses the handlers.
    pub fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        // Has a bound on the size of files been set, writing beyond it is to fail, not to kill.
        let _too_large = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
        let signals = Self::default();
        let told = signals.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => told.end("SIGTERM"),
                    _ = interrupt.recv() => told.end("SIGINT"),
                    _ = hangup.recv() => told.reload.notify_one(),
                }
            }
        });
        Ok(signals)
    }

    /// What asked for the end first.
    pub fn name(&self) -> &'static str {
        self.first.get().copied().unwrap_or("nothing")
    }

    /// Asks for the end, in the name of `signal`; the second time, at once.
    pub fn end(&self, signal: &'static str) {
        let _ = self.first.set(signal);
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }
}

/// The service manager, if there is one (`sd_notify(3)`); without one nothing happens.
#[derive(Clone, Copy, Debug)]
pub struct Systemd {
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Looks into the environment for what systemd expects.
    pub fn from_env() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled() }
    }

    /// No service manager.
    pub fn none() -> Self {
        Self { watchdog: None }
    }

    /// How often a sign of life is due: a third of what systemd allows.
    pub fn beat_every(self) -> Option<Duration> {
        self.watchdog.map(|allowed| allowed / 3)
    }

    /// Work has begun.
    pub fn ready(self, status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The config is read again; [`Systemd::ready`] follows in any case.
    pub fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// The end has begun.
    pub fn stopping(self) {
        tell(&[NotifyState::Stopping]);
    }

    /// One line for `systemctl status`.
    pub fn status(self, status: &str) {
        tell(&[NotifyState::Status(status)]);
    }

    /// A sign of life.
    pub fn beat(self) {
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(error = &error as &dyn std::error::Error, "sd_notify_failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_soft_and_the_second_hard() {
        let signals = Signals::default();
        signals.end("SIGTERM");
        assert!(signals.soft.is_cancelled() && !signals.hard.is_cancelled());
        signals.end("SIGINT");
        assert!(signals.hard.is_cancelled());
        assert_eq!(signals.name(), "SIGTERM");
    }
}
