//! Which feed starts now, within what its host and the machine may bear.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use crate::model::Mono;

/// How many polls may run, and how close together they may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Polls at a time.
    pub concurrency: usize,
    /// Polls at a time of one host.
    pub per_host: usize,
    /// Time between the starts of two polls of one host.
    pub spacing: Duration,
}

/// The feeds in the order in which they fall due, and the hosts with what runs there. A feed that
/// waits for its host holds up no feed of another.
#[derive(Debug)]
pub struct Agenda {
    limits: Limits,
    feeds: Vec<Entry>,
    hosts: Vec<Host>,
    /// Places in `hosts`.
    names: HashMap<String, usize>,
    due: BinaryHeap<Reverse<(Mono, usize)>>,
    /// Hosts with feeds that wait and with a free place, by the time of their next start.
    ready: BinaryHeap<Reverse<(Mono, usize)>>,
    running: usize,
}

#[derive(Debug)]
struct Entry {
    host: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not before that time.
    Due(Mono),
    /// It is time, but the host is taken.
    Waiting,
    Running,
}

#[derive(Debug)]
struct Host {
    running: usize,
    next_start: Mono,
    waiting: VecDeque<(Mono, usize)>,
    listed: bool,
}

impl Agenda {
    /// An agenda of feeds, each given as its host and the time at which it is first due. A feed is
    /// known by its position.
    pub fn new(limits: Limits, feeds: impl IntoIterator<Item = (String, Mono)>) -> Self {
        let mut agenda = Self {
            limits,
            feeds: Vec::new(),
            hosts: Vec::new(),
            names: HashMap::new(),
            due: BinaryHeap::new(),
            ready: BinaryHeap::new(),
            running: 0,
        };
        for (name, due) in feeds {
            let host = *agenda.names.entry(name).or_insert_with(|| {
                agenda.hosts.push(Host {
                    running: 0,
                    next_start: Mono::from_millis(0),
                    waiting: VecDeque::new(),
                    listed: false,
                });
                agenda.hosts.len() - 1
            });
            agenda.due.push(Reverse((due, agenda.feeds.len())));
            agenda.feeds.push(Entry { host, state: State::Due(due) });
        }
        agenda
    }

    /// The next feed to start at `now`, which then counts as running; `None` if there is none, or
    /// no place for it.
    pub fn start(&mut self, now: Mono) -> Option<usize> {
        while let Some(Reverse((due, feed))) = self.due.peek().copied() {
            if due > now {
                break;
            }
            self.due.pop();
            // What was hastened or put off stands in the heap twice; only the last is valid.
            if self.feeds[feed].state != State::Due(due) {
                continue;
            }
            self.feeds[feed].state = State::Waiting;
            let host = self.feeds[feed].host;
            self.hosts[host].waiting.push_back((due, feed));
            self.list(host);
        }
        if self.running >= self.limits.concurrency {
            return None;
        }
        let (host, feed) = loop {
            let Reverse((start, host)) = self.ready.peek().copied()?;
            if start > now {
                return None;
            }
            self.ready.pop();
            self.hosts[host].listed = false;
            if self.hosts[host].next_start > now {
                self.list(host);
            } else if let Some((_, feed)) = self.hosts[host].waiting.pop_front() {
                break (host, feed);
            }
        };
        self.hosts[host].running += 1;
        self.hosts[host].next_start = now.plus(self.limits.spacing);
        self.list(host);
        self.feeds[feed].state = State::Running;
        self.running += 1;
        Some(feed)
    }

    /// The poll of `feed` ended; it is due again at `due`.
    pub fn done(&mut self, feed: usize, due: Mono) {
        if self.feeds[feed].state != State::Running {
            return;
        }
        self.feeds[feed].state = State::Due(due);
        self.due.push(Reverse((due, feed)));
        self.running -= 1;
        let host = self.feeds[feed].host;
        self.hosts[host].running -= 1;
        self.list(host);
    }

    /// Makes `feed` due at `due` if that is sooner than it would be.
    pub fn hasten(&mut self, feed: usize, due: Mono) {
        if let State::Due(before) = self.feeds[feed].state
            && due < before
        {
            self.feeds[feed].state = State::Due(due);
            self.due.push(Reverse((due, feed)));
        }
    }

    /// Feeds that are due by `now` and wait for nothing else.
    pub fn overdue(&self, now: Mono) -> Vec<usize> {
        let due = |entry: &Entry| matches!(entry.state, State::Due(due) if due <= now);
        self.feeds.iter().enumerate().filter(|(_, entry)| due(entry)).map(|(at, _)| at).collect()
    }

    /// Makes `feed` due at `due` if it would be due before.
    pub fn put_off(&mut self, feed: usize, due: Mono) {
        if let State::Due(before) = self.feeds[feed].state
            && due > before
        {
            self.feeds[feed].state = State::Due(due);
            self.due.push(Reverse((due, feed)));
        }
    }

    /// Nothing of `host` starts before `until`.
    pub fn pause_host(&mut self, host: &str, until: Mono) {
        if let Some(host) = self.names.get(host) {
            let host = &mut self.hosts[*host];
            host.next_start = host.next_start.max(until);
        }
    }

    /// A host that must wait by `other` waits as long here.
    pub fn pause_hosts_of(&mut self, other: &Self) {
        for (name, host) in &other.names {
            self.pause_host(name, other.hosts[*host].next_start);
        }
    }

    /// When something may start if nothing ends before; `None` if only an end can help.
    pub fn next_start(&self) -> Option<Mono> {
        if self.running >= self.limits.concurrency {
            return None;
        }
        let due = self.due.peek().map(|Reverse((due, _))| *due);
        let ready = self.ready.peek().map(|Reverse((start, _))| *start);
        due.into_iter().chain(ready).min()
    }

    /// When `feed` is due, if it is neither running nor waiting for its host.
    #[cfg(test)]
    pub fn due(&self, feed: usize) -> Option<Mono> {
        match self.feeds[feed].state {
            State::Due(due) => Some(due),
            State::Waiting | State::Running => None,
        }
    }

    /// Polls that run.
    #[cfg(test)]
    pub fn running(&self) -> usize {
        self.running
    }

    fn list(&mut self, host: usize) {
        let entry = &mut self.hosts[host];
        if entry.listed || entry.running >= self.limits.per_host {
            return;
        }
        if let Some((due, _)) = entry.waiting.front() {
            entry.listed = true;
            self.ready.push(Reverse((entry.next_start.max(*due), host)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono::from_millis(seconds * 1000)
    }

    fn limits(concurrency: usize, per_host: usize, spacing: u64) -> Limits {
        Limits { concurrency, per_host, spacing: Duration::from_secs(spacing) }
    }

    fn started(agenda: &mut Agenda, now: Mono) -> Vec<usize> {
        std::iter::from_fn(|| agenda.start(now)).collect()
    }

    #[test]
    fn feeds_start_when_they_are_due_and_not_before() {
        let feeds = [("a", 5), ("b", 3), ("c", 9)].map(|(host, due)| (host.to_owned(), at(due)));
        let mut agenda = Agenda::new(limits(9, 9, 0), feeds);
        assert_eq!(agenda.next_start(), Some(at(3)));
        assert_eq!(started(&mut agenda, at(2)), Vec::<usize>::new());
        assert_eq!(started(&mut agenda, at(5)), [1, 0]);
        agenda.done(1, at(100));
        assert_eq!(agenda.due(1), Some(at(100)));
        assert_eq!(agenda.next_start(), Some(at(9)));
    }

    #[test]
    fn a_host_takes_no_more_than_it_may_and_holds_up_no_other() {
        let hosts = ["a", "a", "a", "b"].map(|host| (host.to_owned(), at(0)));
        let mut agenda = Agenda::new(limits(9, 2, 0), hosts);
        assert_eq!(started(&mut agenda, at(0)), [0, 1, 3]);
        assert_eq!(agenda.next_start(), None);
        agenda.done(0, at(50));
        assert_eq!(started(&mut agenda, at(1)), [2]);
    }

    #[test]
    fn starts_at_one_host_are_spaced() {
        let hosts = ["a", "a", "a"].map(|host| (host.to_owned(), at(0)));
        let mut agenda = Agenda::new(limits(9, 9, 2), hosts);
        assert_eq!(started(&mut agenda, at(0)), [0]);
        assert_eq!(agenda.next_start(), Some(at(2)));
        assert_eq!(started(&mut agenda, at(1)), Vec::<usize>::new());
        assert_eq!(started(&mut agenda, at(2)), [1]);
        assert_eq!(started(&mut agenda, at(9)), [2]);
    }

    #[test]
    fn the_whole_machine_has_a_bound_at_zero_full_and_one_over() {
        let feeds = |n: usize| (0..n).map(|i| (format!("h{i}"), at(0)));
        let mut none = Agenda::new(limits(2, 1, 0), feeds(0));
        assert_eq!((none.start(at(9)), none.next_start()), (None, None));
        let mut agenda = Agenda::new(limits(2, 1, 0), feeds(3));
        assert_eq!(started(&mut agenda, at(0)).len(), 2);
        assert_eq!((agenda.running(), agenda.next_start()), (2, None));
        agenda.done(0, at(9));
        assert_eq!(started(&mut agenda, at(0)), [2]);
    }

    #[test]
    fn a_feed_that_is_hastened_starts_sooner_and_once() {
        let mut agenda = Agenda::new(limits(9, 9, 0), [("a".to_owned(), at(100))]);
        agenda.hasten(0, at(200));
        assert_eq!(agenda.due(0), Some(at(100)));
        agenda.hasten(0, at(5));
        assert_eq!(agenda.next_start(), Some(at(5)));
        assert_eq!(started(&mut agenda, at(5)), [0]);
        agenda.done(0, at(300));
        assert_eq!(started(&mut agenda, at(299)), Vec::<usize>::new());
        assert_eq!(started(&mut agenda, at(300)), [0]);
    }

    #[test]
    fn a_feed_that_is_put_off_starts_later_and_once() {
        let hosts = ["a", "b", "c"].map(|host| (host.to_owned(), at(10)));
        let mut agenda = Agenda::new(limits(9, 9, 0), hosts);
        assert_eq!(agenda.overdue(at(9)), Vec::<usize>::new());
        assert_eq!(agenda.overdue(at(10)), [0, 1, 2]);
        agenda.put_off(0, at(5));
        agenda.put_off(1, at(50));
        assert_eq!(started(&mut agenda, at(10)), [0, 2]);
        assert_eq!(agenda.next_start(), Some(at(50)));
        assert_eq!(started(&mut agenda, at(99)), [1]);
    }

    #[test]
    fn a_host_that_is_paused_is_so_in_the_next_agenda() {
        let feeds = || ["a", "b"].map(|host| (host.to_owned(), at(0)));
        let mut old = Agenda::new(limits(9, 9, 0), feeds());
        old.pause_host("a", at(60));
        let [_, b] = feeds();
        let mut next = Agenda::new(limits(9, 9, 0), [b, ("a".to_owned(), at(0))]);
        next.pause_hosts_of(&old);
        assert_eq!(started(&mut next, at(59)), [0]);
        assert_eq!(started(&mut next, at(60)), [1]);
    }

    #[test]
    fn a_host_that_is_paused_starts_nothing_until_then() {
        let hosts = ["a", "a"].map(|host| (host.to_owned(), at(0)));
        let mut agenda = Agenda::new(limits(9, 2, 5), hosts);
        assert_eq!(started(&mut agenda, at(0)), [0]);
        agenda.pause_host("a", at(60));
        agenda.done(0, at(99));
        assert_eq!(started(&mut agenda, at(59)), Vec::<usize>::new());
        assert_eq!(started(&mut agenda, at(60)), [1]);
    }

    #[test]
    fn none_is_missed_and_none_runs_twice_whatever_the_order() {
        let feeds = (0..2000).map(|i| (format!("h{}", i % 7), at(i % 13)));
        let mut agenda = Agenda::new(limits(64, 3, 0), feeds);
        let mut polled = vec![0; 2000];
        let mut running = VecDeque::new();
        for now in 0..2000 {
            for feed in started(&mut agenda, at(now)) {
                polled[feed] += 1;
                running.push_back(feed);
            }
            assert!(running.len() <= 21, "three at each of seven hosts");
            for feed in running.drain(..) {
                agenda.done(feed, at(1_000_000));
            }
        }
        assert!(polled.iter().all(|times| *times == 1));
    }
}
