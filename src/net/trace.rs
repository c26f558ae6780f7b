//! What happens while a connection is made, for those who want to see it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use crate::model::{Clock, Mono};

/// Notes the connection that is being made, one at a time.
#[derive(Debug)]
pub struct Trace {
    clock: Clock,
    dial: Mutex<Dial>,
}

/// How a connection was made; all empty if one was there from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    began: Option<Mono>,
    asked: Option<Mono>,
    resolved: Option<Mono>,
    handshake: Option<Mono>,
    /// When it was there to be used.
    pub ready: Option<Mono>,
    /// What the name led to.
    pub addresses: Vec<IpAddr>,
}

impl Dial {
    /// The look-up of the name.
    pub fn dns(&self) -> Option<Duration> {
        Some(self.resolved?.since(self.asked?))
    }

    /// TCP, and what a proxy takes.
    pub fn connect(&self) -> Option<Duration> {
        let from = self.resolved.or(self.began)?;
        Some(self.handshake.or(self.ready)?.since(from))
    }

    /// The TLS handshake.
    pub fn tls(&self) -> Option<Duration> {
        Some(self.ready?.since(self.handshake?))
    }
}

impl Trace {
    /// A trace that measures by `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock, dial: Mutex::default() }
    }

    /// The time by which it measures.
    pub fn now(&self) -> Mono {
        self.clock.now().mono
    }

    /// What was noted since this was last asked.
    pub fn take(&self) -> Dial {
        std::mem::take(&mut *self.dial())
    }

    pub(super) fn began(&self) {
        self.dial().began = Some(self.now());
    }

    pub(super) fn ready(&self) {
        self.dial().ready = Some(self.now());
    }

    pub(super) fn asked(&self) {
        self.dial().asked = Some(self.now());
    }

    pub(super) fn resolved(&self, addresses: impl Iterator<Item = IpAddr>) {
        let mut dial = self.dial();
        dial.resolved = Some(self.now());
        dial.addresses = addresses.collect();
    }

    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.dial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store of TLS sessions that holds none, but is asked when a handshake begins.
#[derive(Debug)]
pub(super) struct Handshakes(pub Arc<Trace>);

impl ClientSessionStore for Handshakes {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.dial().handshake = Some(self.0.now());
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
