//! The sinks of the world: the real file, and a receiver of messages that remembers all.

use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use wirewatch::model::{Attempt, Batch, Outcome, SinkName, json_line};
use wirewatch::sinks::{BuildContext, Config, Sink, SinkError};

use super::desk::{Desk, Fate, Fault, Site};

/// A message that a receiver has had.
#[derive(Clone, Debug)]
pub struct Message {
    pub key: String,
    pub alerts: Vec<String>,
    pub titles: Vec<String>,
}

/// What came to a receiver.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Tried, whether it came or not.
    pub tried: Mutex<Vec<Message>>,
    pub had: Mutex<Vec<Message>>,
    /// By alert: how often the daemon was not told that it came.
    unsaid: Mutex<HashMap<String, usize>>,
}

impl Inbox {
    /// The alerts that went out under more than one key.
    pub fn rekeyed(&self) -> Vec<String> {
        let mut keys: HashMap<String, String> = HashMap::new();
        let mut rekeyed = Vec::new();
        for message in self.tried.lock().unwrap().iter() {
            for alert in &message.alerts {
                let first = keys.entry(alert.clone()).or_insert_with(|| message.key.clone());
                if *first != message.key {
                    rekeyed.push(format!("{alert}: first {first}, then {}", message.key));
                }
            }
        }
        rekeyed
    }
}

impl Inbox {
    /// The alerts that came more often than can be helped, with how often: a repeat is excused by
    /// an answer that never reached the daemon, and by each `end` of the daemon.
    pub fn repeated(&self, ends: usize) -> Vec<(String, usize)> {
        let mut times: HashMap<String, usize> = HashMap::new();
        for alert in self.had.lock().unwrap().iter().flat_map(|message| &message.alerts) {
            *times.entry(alert.clone()).or_default() += 1;
        }
        let unsaid = self.unsaid.lock().unwrap();
        times.retain(|alert, times| *times > 1 + ends + unsaid.get(alert).unwrap_or(&0));
        times.into_iter().collect()
    }
}

fn retry(fault: Fault, batch: &Batch) -> Attempt {
    let (reason, after) = fault.told();
    let outcome = Outcome::Retry { reason, message: "as told".to_owned(), after };
    Attempt::all(outcome, batch.len())
}

/// A receiver of messages.
pub struct Receiver {
    pub desk: Arc<Desk>,
    pub inbox: Arc<Inbox>,
    pub max_batch: usize,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

struct ReceiverSink {
    name: String,
    desk: Arc<Desk>,
    inbox: Arc<Inbox>,
    max_batch: usize,
}

impl Config for Receiver {
    fn build(&self, name: &SinkName, _: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(ReceiverSink {
            name: name.to_string(),
            desk: Arc::clone(&self.desk),
            inbox: Arc::clone(&self.inbox),
            max_batch: self.max_batch,
        }))
    }
}

#[async_trait]
impl Sink for ReceiverSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        let alerts = batch.deliveries.iter().map(|delivery| &delivery.alert);
        let message = Message {
            key: batch.key.as_str().to_owned(),
            alerts: alerts.clone().map(|alert| alert.id.to_string()).collect(),
            titles: alerts.map(|alert| alert.item.title.clone()).collect(),
        };
        self.inbox.tried.lock().unwrap().push(message.clone());
        let unsaid = message.alerts.clone();
        let unsaid = || {
            let mut times = self.inbox.unsaid.lock().unwrap();
            unsaid.into_iter().for_each(|alert| *times.entry(alert).or_default() += 1);
        };
        let receive = || self.inbox.had.lock().unwrap().push(message);
        match self.desk.wait(Site::Sink, "deliver", self.name.clone()).await {
            Fate::Done => {
                receive();
                Attempt::all(Outcome::Delivered, batch.len())
            }
            Fate::Fails(fault) => retry(fault, batch),
            Fate::FailsAfter(fault) => {
                receive();
                unsaid();
                retry(fault, batch)
            }
            Fate::Hangs | Fate::Tears => std::future::pending().await,
            Fate::Panics => panic!("as told"),
            Fate::HangsAfter => {
                receive();
                unsaid();
                self.desk.hang();
                std::future::pending().await
            }
        }
    }

    fn max_batch(&self) -> usize {
        self.max_batch
    }
}

/// A real file, past the desk.
pub struct File {
    pub desk: Arc<Desk>,
    pub real: Arc<dyn Config>,
    pub path: PathBuf,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File")
    }
}

struct FileSink {
    name: String,
    desk: Arc<Desk>,
    real: Box<dyn Sink>,
    path: PathBuf,
}

impl Config for File {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(FileSink {
            name: name.to_string(),
            desk: Arc::clone(&self.desk),
            real: self.real.build(name, context)?,
            path: self.path.clone(),
        }))
    }
}

#[async_trait]
impl Sink for FileSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        match self.desk.wait(Site::Sink, "deliver", self.name.clone()).await {
            Fate::Done => self.real.deliver(batch).await,
            Fate::Fails(fault) => retry(fault, batch),
            Fate::FailsAfter(fault) => {
                self.real.deliver(batch).await;
                retry(fault, batch)
            }
            Fate::Hangs => std::future::pending().await,
            Fate::Panics => panic!("as told"),
            Fate::HangsAfter => {
                self.real.deliver(batch).await;
                self.desk.hang();
                std::future::pending().await
            }
            Fate::Tears => {
                let line = json_line(batch.deliveries[0].alert.as_ref()).unwrap();
                let mut file =
                    OpenOptions::new().append(true).create(true).open(&self.path).unwrap();
                file.write_all(&line.as_bytes()[..line.len() / 2]).unwrap();
                self.desk.hang();
                std::future::pending().await
            }
        }
    }

    fn max_batch(&self) -> usize {
        self.real.max_batch()
    }

    fn backoff(&self) -> wirewatch::retry::Backoff {
        self.real.backoff()
    }
}
