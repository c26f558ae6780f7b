//! Where every call of the daemon to the world comes first and waits for its fate.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, oneshot};
use wirewatch::model::{Clock, Mono, Reason};
use wirewatch::store::{Found, StoreError};

use super::faulty::{Fate as StoreFate, Usher};
use super::world::World;

/// Whom a call asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Store,
    Sink,
    Net,
}

/// A call: what is called, and what about.
#[derive(Clone, Debug)]
pub struct Call {
    pub site: Site,
    pub name: &'static str,
    pub about: String,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// An error before any effect.
    Fails(Fault),
    /// The effect, and an error all the same.
    FailsAfter(Fault),
    /// Nobody will ever hear of it.
    Hangs,
    /// Nobody will ever hear that it had its effect.
    HangsAfter,
    /// The same, after the half of it.
    Tears,
    /// A fault of the sink's own code.
    Panics,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    DiskFull,
    ReadOnly,
    Closed,
    Unreadable,
    Conflict,
    Busy,
    /// Of a sink or a server: for that reason, with a Retry-After if there is one.
    For(Reason, Option<Duration>),
}

impl Fault {
    fn store(self) -> StoreError {
        let path = "wirewatch.db".into();
        match self {
            Self::DiskFull => StoreError::DiskFull { path },
            Self::ReadOnly => {
                let source = Arc::new(std::io::ErrorKind::ReadOnlyFilesystem.into());
                StoreError::NotWritable { path, source }
            }
            Self::Closed => StoreError::Closed,
            Self::Unreadable => {
                StoreError::Unreadable { what: "row", detail: "as told".to_owned() }
            }
            Self::Conflict => StoreError::Conflict,
            Self::Busy | Self::For(..) => {
                StoreError::Sqlite(Arc::new(rusqlite::Error::InvalidQuery))
            }
        }
    }

    /// The reason, and what Retry-After says.
    pub fn told(self) -> (Reason, Option<Duration>) {
        match self {
            Self::DiskFull => (Reason::DiskFull, None),
            Self::For(reason, after) => (reason, after),
            _ => (Reason::Write, None),
        }
    }
}

/// A call that waits.
pub struct Ticket {
    id: u64,
    pub call: Call,
    /// Not before that.
    pub until: Mono,
    /// Whether its fate was put off before.
    pub stalled: bool,
    answer: oneshot::Sender<Fate>,
}

pub struct Desk {
    clock: Clock,
    pub world: Arc<World>,
    waiting: Mutex<(u64, Vec<Ticket>)>,
    /// Calls that had their effect and hang.
    hung: AtomicUsize,
    changed: Notify,
}

/// Takes the call back if its caller goes away.
struct Place<'a>(&'a Desk, u64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().unwrap().1.retain(|ticket| ticket.id != self.1);
        self.0.changed.notify_one();
    }
}

impl Desk {
    pub fn new(clock: Clock, world: Arc<World>) -> Self {
        let (waiting, hung) = (Mutex::default(), AtomicUsize::new(0));
        Self { clock, world, waiting, hung, changed: Notify::new() }
    }

    /// Comes to the desk and waits for the fate.
    pub async fn wait(&self, site: Site, name: &'static str, about: String) -> Fate {
        let (answer, fate) = oneshot::channel();
        let id = {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.0 += 1;
            let (id, until) = (waiting.0, self.clock.now().mono);
            let call = Call { site, name, about };
            waiting.1.push(Ticket { id, call, until, stalled: false, answer });
            id
        };
        let _place = Place(self, id);
        self.changed.notify_one();
        fate.await.unwrap_or(Fate::Hangs)
    }

    /// Had its effect, and hangs.
    pub fn hang(&self) {
        self.hung.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    pub fn hung(&self) -> usize {
        self.hung.load(Ordering::SeqCst)
    }

    /// The daemon is dead: nobody hangs any more.
    pub fn clear(&self) {
        self.hung.store(0, Ordering::SeqCst);
        assert!(self.waiting.lock().unwrap().1.is_empty(), "a call outlived its daemon");
    }

    /// Calls that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap().1.len()
    }

    /// Waits until a call comes or goes.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The calls whose time has come, in an order that no thread decides over, and when the first of
    /// the others may go on.
    pub fn ready(&self, now: Mono) -> (Vec<u64>, Option<Mono>) {
        let mut waiting = self.waiting.lock().unwrap();
        waiting.1.sort_by(|a, b| {
            let key = |t: &Ticket| (t.until, t.call.name, t.call.about.clone());
            key(a).cmp(&key(b)).then(a.id.cmp(&b.id))
        });
        let ready = waiting.1.iter().filter(|ticket| ticket.until <= now).map(|t| t.id).collect();
        let next = waiting.1.iter().map(|ticket| ticket.until).filter(|until| *until > now).min();
        (ready, next)
    }

    /// The call, and whether it was put off before.
    pub fn look(&self, id: u64) -> (Call, bool) {
        let waiting = self.waiting.lock().unwrap();
        let ticket = waiting.1.iter().find(|ticket| ticket.id == id).unwrap();
        (ticket.call.clone(), ticket.stalled)
    }

    /// Puts a call off.
    pub fn stall(&self, id: u64, until: Mono) {
        let mut waiting = self.waiting.lock().unwrap();
        let ticket = waiting.1.iter_mut().find(|ticket| ticket.id == id).unwrap();
        (ticket.until, ticket.stalled) = (until, true);
    }

    /// Lets a call go to its fate.
    pub fn send(&self, id: u64, fate: Fate) {
        let mut waiting = self.waiting.lock().unwrap();
        let place = waiting.1.iter().position(|ticket| ticket.id == id).unwrap();
        let ticket = waiting.1.remove(place);
        drop(waiting);
        // One that hangs stays at the desk, as it were: it runs, and comes to nothing.
        if fate == Fate::Hangs {
            self.hang();
        }
        let _ = ticket.answer.send(fate);
    }
}

#[async_trait]
impl Usher for Desk {
    async fn ask(&self, name: &'static str, about: String) -> StoreFate {
        match self.wait(Site::Store, name, about).await {
            Fate::Done => StoreFate::Done,
            Fate::Fails(fault) => StoreFate::Fails(fault.store()),
            Fate::FailsAfter(fault) => StoreFate::FailsAfter(fault.store()),
            Fate::Hangs | Fate::Tears | Fate::Panics => StoreFate::Hangs,
            Fate::HangsAfter => StoreFate::HangsAfter,
        }
    }

    fn hangs(&self) {
        self.hang();
    }

    fn committed(&self, found: &Found) {
        self.world.committed(found);
    }
}
