//! A situation that the daemon is put into, and how one sees whether it came through.

use std::time::Duration;

use serde_json::Value;
use wirewatch::model::Alert;

use super::reply::Reply;
use super::server::{Asked, Place, Script, Town, headline};

/// A situation: how its feed is served, what must have happened until it can be judged, and what
/// is right.
pub struct Situation {
    pub script: Script,
    /// The feeds: where, and more lines for the config.
    pub feeds: Vec<(At, String)>,
    /// Requests that must have come.
    pub asked: usize,
    /// Good polls that must have been logged.
    pub good: usize,
    /// An event that must have been logged.
    pub event: Option<&'static str>,
    pub judge: Box<dyn Fn(&Saw) + Send + Sync>,
}

/// Where a feed is.
pub enum At {
    /// A place, and what follows the situation's name in the path.
    Path(Place, &'static str),
    /// A port of its own.
    Alone,
    /// Any URL, made of the ports and the situation's path.
    Url(fn(&Town, &str) -> String),
}

impl Situation {
    /// A feed at the main place that is answered by `script`. It can be judged when it has been
    /// asked three times.
    pub fn new(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            script: Box::new(script),
            feeds: vec![(At::Path(Place::Main, ""), String::new())],
            asked: 3,
            good: 0,
            event: None,
            judge: Box::new(|_| panic!("nothing is judged")),
        }
    }

    /// The feed is elsewhere.
    pub fn at(mut self, at: At) -> Self {
        self.feeds[0].0 = at;
        self
    }

    /// More lines for the config of the feed named last.
    pub fn config(mut self, lines: &str) -> Self {
        if let Some((_, config)) = self.feeds.last_mut() {
            config.push_str(lines);
            config.push('\n');
        }
        self
    }

    /// One more feed.
    pub fn also(mut self, at: At) -> Self {
        self.feeds.push((at, String::new()));
        self
    }

    /// It can be judged after so many requests.
    pub fn asked(mut self, times: usize) -> Self {
        self.asked = times;
        self
    }

    /// It can be judged after so many good polls, whatever the requests.
    pub fn good(mut self, times: usize) -> Self {
        (self.asked, self.good) = (0, times);
        self
    }

    /// It cannot be judged before this event.
    pub fn event(mut self, name: &'static str) -> Self {
        self.event = Some(name);
        self
    }

    /// It can be judged when healthy feeds have been polled so often that silence means something.
    pub fn quiet(self) -> Self {
        self.asked(0)
    }

    pub fn judge(mut self, judge: impl Fn(&Saw) + Send + Sync + 'static) -> Self {
        self.judge = Box::new(judge);
        self
    }

    /// Right is: the items of these marks are told, each once, and the poll never fails.
    pub fn reads(self, marks: &'static str) -> Self {
        let this = if self.good == 0 { self.good(2) } else { self };
        this.judge(move |saw| {
            saw.told(marks);
            saw.never_failed();
        })
    }

    /// Right is: polls fail for this reason and no other, and nothing is told.
    pub fn fails(self, reason: &'static str) -> Self {
        self.judge(move |saw| {
            saw.told("");
            assert_eq!(saw.reasons(), [reason], "{:#?}", saw.log);
        })
    }
}

/// What was seen of a situation.
pub struct Saw {
    pub name: String,
    pub asked: Vec<Asked>,
    pub alerts: Vec<Alert>,
    /// The daemon's log lines of its feeds.
    pub log: Vec<Value>,
    /// Its line of `wirewatch feeds`.
    pub row: String,
    /// Bytes that the server got rid of.
    pub sent: u64,
}

impl Saw {
    /// The alerts are just these, in any order.
    #[track_caller]
    pub fn told(&self, marks: &str) {
        let mut expected: Vec<String> =
            marks.split_whitespace().map(|mark| headline(&self.name, mark)).collect();
        let mut told = self.titles();
        expected.sort();
        told.sort_unstable();
        assert_eq!(told, expected, "{:#?}", self.log);
    }

    pub fn titles(&self) -> Vec<&str> {
        self.alerts.iter().map(|alert| alert.item.title.as_str()).collect()
    }

    /// Log lines of an event.
    pub fn events(&self, name: &str) -> Vec<&Value> {
        self.log.iter().filter(|line| line["event"] == name).collect()
    }

    /// Why polls failed; what is repeated in a row is there once.
    pub fn reasons(&self) -> Vec<&str> {
        let failed = self.events("poll_failed");
        let mut reasons: Vec<&str> =
            failed.iter().map(|line| line["reason"].as_str().unwrap()).collect();
        reasons.dedup();
        reasons
    }

    /// What was said of failures.
    pub fn messages(&self) -> String {
        let failed = self.events("poll_failed");
        failed.iter().map(|line| line["message"].as_str().unwrap().to_owned() + "\n").collect()
    }

    #[track_caller]
    pub fn never_failed(&self) {
        assert_eq!(self.reasons(), [""; 0], "{:#?}", self.events("poll_failed"));
    }

    /// A header of all requests, in order, as text.
    pub fn all(&self, name: &str) -> Vec<Option<&str>> {
        self.asked.iter().map(|asked| asked.text(name)).collect()
    }

    /// Requests at a place.
    pub fn at(&self, place: Place) -> Vec<&Asked> {
        self.asked.iter().filter(|asked| asked.place == place).collect()
    }

    /// What follows the situation's name in all requests, in order.
    pub fn rests(&self) -> Vec<&str> {
        self.asked.iter().map(Asked::rest).collect()
    }

    /// The times between requests.
    pub fn gaps(&self) -> Vec<Duration> {
        self.asked.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect()
    }

    /// The feed was asked once and then left alone, though others were asked time and again.
    #[track_caller]
    pub fn left_alone_after(&self, requests: usize) {
        assert_eq!(self.asked.len(), requests, "{:#?}", self.rests());
    }
}
