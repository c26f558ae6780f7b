//! A sink that takes messages and answers as it is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use wirewatch::engine::Pass;
use wirewatch::engine::plan::Plan;
use wirewatch::model::{Attempt, Batch, Form, Mono, Now, Outcome, Reason, SinkName};
use wirewatch::observe::LogStream;
use wirewatch::pace::Pacing;
use wirewatch::sinks::{BuildContext, Config, Shape, Sink, SinkError};

use super::bench::{Bench, SECOND, config};

/// The config of a bench with this sink beside the file.
pub fn text() -> String {
    let sink = "[[sink]]\nkind = \"file\"\nname = \"hook\"\npath = \"hook.jsonl\"\n";
    config(1, "").replacen("[[feed]]", &format!("{sink}[[feed]]"), 1)
}

/// A bench with this sink beside the file, at that pace.
pub async fn bench(pacing: &Pacing) -> (Bench, Hook) {
    let hook = Hook::new();
    let mut bench = Bench::with(&text(), Pass::Forever, |plan| hook.put(plan, pacing)).await;
    bench.deliver.look_every(5 * SECOND);
    (bench, hook)
}

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Got {
    pub at: Now,
    pub key: String,
    pub form: Form,
    pub titles: Vec<String>,
}

type Answer = dyn Fn(&Got) -> Outcome + Send;

#[derive(Clone)]
pub struct Hook(Arc<Mutex<Script>>);

struct Script {
    got: Vec<Got>,
    answer: Box<Answer>,
    most: usize,
    builds: bool,
    builder: Option<ThreadId>,
    gate: Option<Arc<Semaphore>>,
    stuck: usize,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

pub fn fails(reason: Reason) -> Outcome {
    Outcome::Retry { reason, message: "as told".into(), after: None }
}

impl Hook {
    /// One that takes everything, up to 50 alerts in a message.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Script {
            got: Vec::new(),
            answer: Box::new(|_| Outcome::Delivered),
            most: 50,
            builds: true,
            builder: None,
            gate: None,
            stuck: 0,
        })))
    }

    /// Whole even if an answer has panicked.
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts it in the place of the sink "hook".
    pub fn put(&self, plan: &mut Plan, pacing: &Pacing) {
        let spec = plan.sinks.iter_mut().find(|spec| spec.name.as_str() == "hook").unwrap();
        spec.kind = Arc::new(self.clone());
        spec.shape = Shape::Messages { per_minute: None };
        spec.pacing = pacing.clone();
    }

    pub fn answers(&self, answer: impl Fn(&Got) -> Outcome + Send + 'static) {
        self.script().answer = Box::new(answer);
    }

    pub fn takes_at_once(&self, most: usize) {
        self.script().most = most;
    }

    /// Whether it can be built from now on.
    pub fn builds(&self, builds: bool) {
        self.script().builds = builds;
    }

    /// The thread that built it last.
    pub fn builder(&self) -> Option<ThreadId> {
        self.script().builder
    }

    /// From now on it answers nothing.
    pub fn stalls(&self) {
        self.script().gate = Some(Arc::new(Semaphore::new(0)));
    }

    /// Answers so many of those that wait.
    pub fn lets_go(&self, count: usize) {
        let mut script = self.script();
        script.stuck -= count;
        script.gate.as_ref().unwrap().add_permits(count);
    }

    /// Whether calls may wait for an answer.
    pub fn is_stalling(&self) -> bool {
        self.script().gate.is_some()
    }

    /// Calls that wait for an answer.
    pub fn stuck(&self) -> usize {
        self.script().stuck
    }

    pub fn got(&self) -> Vec<Got> {
        self.script().got.clone()
    }

    /// The headlines of each message.
    pub fn titles(&self) -> Vec<String> {
        self.got().iter().map(|got| got.titles.join("+")).collect()
    }

    /// What came, as form and headlines.
    pub fn forms(&self) -> Vec<String> {
        let told = |got: &Got| format!("{} {}", got.form.as_str(), got.titles.join("+"));
        self.got().iter().map(told).collect()
    }

    /// So many messages came in any span of a minute, at most.
    pub fn most_in_a_minute(&self) -> usize {
        let times: Vec<Mono> = self.got().iter().map(|got| got.at.mono).collect();
        let within = |from: &Mono| {
            let end = from.plus(std::time::Duration::from_secs(60));
            times.iter().filter(|at| (*from..end).contains(*at)).count()
        };
        times.iter().map(within).max().unwrap_or(0)
    }
}

impl Config for Hook {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        self.script().builder = Some(thread::current().id());
        if !self.script().builds {
            let (sink, message) = (name.clone(), "has no program".to_owned());
            return Err(SinkError { sink, reason: Reason::Write, message, source: None });
        }
        Ok(Box::new(HookSink { hook: self.clone(), log: context.log.clone() }))
    }
}

struct HookSink {
    hook: Hook,
    log: LogStream,
}

#[async_trait]
impl Sink for HookSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        let alerts = || batch.deliveries.iter().map(|delivery| &delivery.alert);
        let got = Got {
            at: self.log.clock().now(),
            key: batch.key.as_str().to_owned(),
            form: batch.form,
            titles: alerts().map(|alert| alert.item.title.clone()).collect(),
        };
        let gate = {
            let mut script = self.hook.script();
            script.got.push(got.clone());
            let gate = script.gate.clone();
            script.stuck += usize::from(gate.is_some());
            gate
        };
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        let outcome = (self.hook.script().answer)(&got);
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        self.hook.script().most
    }
}
