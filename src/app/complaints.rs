//! What stands in the way of the daemon's work, said on stderr when it begins and when it ends.
//!
//! The log tells it too, but the log may lie on the same full disk. Writing to stderr may hang like
//! any other writing, so a thread of its own does it, and what it cannot take is dropped.

use std::collections::BTreeMap;
use std::time::Duration;

use super::App;
use crate::engine::Totals;
use crate::model::{Reason, SinkName, visible};
use crate::observe::{Limits, LogStream, LogStyle, Output};

/// A write that takes so long is told of.
const HELD_UP: Duration = Duration::from_secs(15);

/// What does not work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The state cannot be written.
    Store,
    /// The log is not taken.
    Log,
    /// A sink has no room for what it should write. The log says more.
    Sink(SinkName),
}

/// One thing that does not work at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub about: About,
    /// The class of failure, where there are several.
    pub reason: Option<Reason>,
    pub message: String,
}

impl Complaint {
    /// How it is said when it begins.
    fn begins(&self) -> String {
        let message = visible(&self.message);
        let reason = self.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        match &self.about {
            About::Store => format!(
                "the store cannot be written{reason}: {message}; polling waits until it can, and \
                 what is stored is kept"
            ),
            About::Log => "the log is not taken: lines are dropped, and counted".to_owned(),
            About::Sink(name) => {
                format!("sink \"{name}\" has no room to write{reason}; its alerts wait")
            }
        }
    }
}

impl About {
    /// How it is said that it is over.
    fn ends(&self) -> String {
        match self {
            Self::Store => "the store can be written again".to_owned(),
            Self::Log => "the log is taken again; it says how many lines are missing".to_owned(),
            Self::Sink(name) => format!("sink \"{name}\" can write again"),
        }
    }
}

/// What was said and is not over.
pub(super) struct Complaints {
    stderr: Option<LogStream>,
    told: BTreeMap<About, Option<Reason>>,
}

impl Complaints {
    /// Complains to `stderr`; without one, only keeps account.
    pub(super) fn new(stderr: Option<LogStream>) -> Self {
        Self { stderr, told: BTreeMap::new() }
    }

    /// Says what has begun, or is so for another reason than before, and what has ended. Answers
    /// whether anything was said.
    pub(super) fn heed(&mut self, present: &[Complaint]) -> bool {
        let mut lines = Vec::new();
        self.told.retain(|about, _| {
            let goes_on = present.iter().any(|complaint| complaint.about == *about);
            if !goes_on {
                lines.push(about.ends());
            }
            goes_on
        });
        for complaint in present {
            let before = self.told.insert(complaint.about.clone(), complaint.reason);
            if before != Some(complaint.reason) {
                lines.push(complaint.begins());
            }
        }
        if let Some(stderr) = &self.stderr {
            lines.iter().for_each(|line| stderr.write(format!("wirewatch: {line}\n")));
        }
        !lines.is_empty()
    }
}

impl App {
    /// Where to complain. The log's own thread may hang with its reader.
    pub(super) fn stderr(&self) -> Option<LogStream> {
        let limits = Limits { lines: 64, ..Limits::default() };
        let style = Some(LogStyle::Text);
        LogStream::start(Output::Stderr, style, Some(false), self.clock.clone(), limits).ok()
    }

    /// What does not work at present, as far as it is said on stderr.
    pub(super) fn complaints(&self) -> Vec<Complaint> {
        let store = self.store_trouble().map(|(reason, message, _)| Complaint {
            about: About::Store,
            reason: Some(reason),
            message,
        });
        let log = Complaint { about: About::Log, reason: None, message: String::new() };
        let log = self.log.is_losing().then_some(log);
        let full = self.deliver.report().into_iter().filter_map(|report| {
            let reason = report.failing.map(|failing| failing.reason);
            let about = About::Sink(report.name);
            let complaint = Complaint { about, reason, message: String::new() };
            (reason == Some(Reason::DiskFull)).then_some(complaint)
        });
        store.into_iter().chain(log).chain(full).collect()
    }

    /// What the store refuses, or that the disk does not answer it: class of failure, words, and
    /// for how long.
    pub(super) fn store_trouble(&self) -> Option<(Reason, String, Duration)> {
        let held_up = self.store.held_up();
        let slow = || (Reason::Store, "the disk does not answer".to_owned(), held_up);
        let refused = self.totals.store.told(self.clock.now().mono);
        refused.or_else(|| (held_up >= HELD_UP).then(slow))
    }

    /// The state of things in one line.
    pub(super) fn status(&self) -> String {
        let (feeds, failing) = self.poll.health();
        let alerts = Totals::get(&self.totals.alerts);
        let mut status =
            format!("polling {feeds} feeds, {failing} failing, {alerts} alerts so far");
        if let Some((reason, ..)) = self.store_trouble() {
            status = format!("degraded: the store cannot be written ({reason}); {status}");
        }
        if self.log.is_losing() {
            status += "; the log is not taken";
        }
        match self.deliver.failing() {
            0 => status,
            sinks => format!("{status}; {sinks} sinks failing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::model::Clock;
    use crate::observe::{Limits, Output};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_trouble_is_said_once_and_its_end_too() {
        let out = Shared::default();
        let output = Output::Writer(Box::new(out.clone()));
        let stderr =
            LogStream::start(output, None, None, Clock::System, Limits::default()).unwrap();
        let mut complaints = Complaints::new(Some(stderr.clone()));
        let store = |reason: Reason| Complaint {
            about: About::Store,
            reason: Some(reason),
            message: "no space\u{1b} left".to_owned(),
        };
        let sink =
            Complaint { about: About::Sink(SinkName::new("file")), ..store(Reason::DiskFull) };
        let log = Complaint { about: About::Log, reason: None, message: String::new() };
        let steps = [
            (vec![], false),
            (vec![store(Reason::DiskFull)], true),
            (vec![store(Reason::DiskFull)], false),
            (vec![store(Reason::DiskFull), sink.clone(), log.clone()], true),
            (vec![store(Reason::Store), sink.clone(), log], true),
            (vec![sink], true),
            (vec![], true),
            (vec![], false),
        ];
        for (at, (present, said)) in steps.into_iter().enumerate() {
            assert_eq!(complaints.heed(&present), said, "step {at}");
        }
        assert!(stderr.close(Duration::from_secs(10)));
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let parts = [
            "the store cannot be written (disk_full): no space",
            "sink \"file\" has no room to write (disk_full)",
            "the log is not taken",
            "the store cannot be written (store)",
            "the store can be written again",
            "the log is taken again",
            "sink \"file\" can write again",
        ];
        assert_eq!(lines.len(), parts.len(), "{text}");
        for (line, part) in lines.iter().zip(parts) {
            assert!(line.starts_with("wirewatch: ") && line.contains(part), "{line}");
        }
        assert!(lines[0].ends_with("; polling waits until it can, and what is stored is kept"));
        assert!(!text.contains('\u{1b}'));
    }
}
