//! Faults by chance: hours and days of them, then calm, and all must be there once.

use std::time::Duration;

use wirewatch::model::{Mono, Reason};

use super::chance::Chance;
use super::desk::{Call, Fate, Fault, Site};
use super::simulator::{Event, HOUR, MINUTE, Order, SECOND, Script, Simulator};
use super::world::Programme;

/// Faults until a certain time.
struct Storm {
    chance: Chance,
    until: Mono,
    next: Mono,
    /// Calls in a thousand that are put off; that fail; at which the process ends.
    rates: [usize; 3],
    net_down: bool,
    full: bool,
}

impl Storm {
    fn new(seed: u64, length: Duration) -> Self {
        let mut chance = Chance::new(seed);
        let rates = [
            *chance.pick(&[0, 20, 200]),
            *chance.pick(&[0, 5, 30, 150]),
            *chance.pick(&[0, 0, 1, 5]),
        ];
        let zero = Mono::from_millis(0);
        let next = zero.plus(chance.span(MINUTE, HOUR));
        Self { chance, until: zero.plus(length), next, rates, net_down: false, full: false }
    }

    fn fault(&mut self, call: &Call) -> Fault {
        let store = [Fault::DiskFull, Fault::ReadOnly, Fault::Closed, Fault::Busy];
        let after = self.chance.in_thousand(300).then(|| self.chance.span(SECOND, HOUR));
        let sink = [
            Fault::For(Reason::ServerError, after),
            Fault::For(Reason::RateLimited, after),
            Fault::For(Reason::Timeout, None),
            Fault::DiskFull,
        ];
        let net = [
            Fault::For(Reason::ServerError, after),
            Fault::For(Reason::RateLimited, after),
            Fault::For(Reason::Connect, None),
            Fault::For(Reason::Truncated, None),
            Fault::For(Reason::Malformed, None),
        ];
        match call.site {
            Site::Store if call.name == "commit" && self.chance.in_thousand(300) => Fault::Conflict,
            Site::Store if self.chance.in_thousand(100) => Fault::Unreadable,
            Site::Store => *self.chance.pick(&store),
            Site::Sink => *self.chance.pick(&sink),
            Site::Net => *self.chance.pick(&net),
        }
    }

    /// How long the process is down.
    fn down(&mut self) -> Duration {
        let most = if self.chance.in_thousand(100) { 6 * HOUR } else { MINUTE };
        self.chance.span(SECOND / 10, most)
    }
}

impl Script for Storm {
    fn order(&mut self, _: u64, call: &Call, stalled: bool, now: Mono) -> Order {
        if now >= self.until {
            return Order::Let(Fate::Done);
        }
        let [stall, fail, end] = self.rates;
        if !stalled && self.chance.in_thousand(stall) {
            // Servers and sinks bound their own time; a disk may take its own.
            let most = if call.site == Site::Store { 5 * MINUTE } else { 30 * SECOND };
            return Order::Stall(self.chance.span(SECOND / 100, most));
        }
        if self.chance.in_thousand(end) {
            let file = call.site == Site::Sink && call.about == "file";
            let fate = match self.chance.below(3) {
                0 => Fate::Hangs,
                1 if file => Fate::Tears,
                _ => Fate::HangsAfter,
            };
            let (kill, down) = (self.chance.in_thousand(700), self.down());
            let fate = if kill || fate != Fate::Tears { fate } else { Fate::Hangs };
            return Order::End { fate, kill, down };
        }
        if self.chance.in_thousand(fail) {
            let fault = self.fault(call);
            let after = self.chance.in_thousand(500);
            return Order::Let(if after { Fate::FailsAfter(fault) } else { Fate::Fails(fault) });
        }
        Order::Let(Fate::Done)
    }

    fn choose(&mut self, of: usize) -> usize {
        self.chance.below(of)
    }

    fn next_event(&self) -> Option<Mono> {
        let over = self.next >= self.until && !self.net_down && !self.full;
        (!over).then_some(self.next.min(self.until))
    }

    fn event(&mut self, now: Mono) -> Event {
        self.next = now.plus(self.chance.span(MINUTE, 4 * HOUR));
        // What is broken at the end is mended, and it does not stay so for long before either.
        if self.net_down {
            self.net_down = false;
            return Event::NetDown(false);
        }
        if self.full {
            self.full = false;
            return Event::DiskFull(false);
        }
        match self.chance.below(7) {
            0 => Event::WallJump(*self.chance.pick(&[-6, 6, -1, 1]) * 3_600_000),
            1 => Event::Suspend(self.chance.span(MINUTE, 8 * HOUR)),
            2 => Event::Kill { down: self.down() },
            3 => Event::Stop { down: self.down() },
            4 => Event::Reload,
            5 => {
                self.net_down = true;
                Event::NetDown(true)
            }
            _ => {
                self.full = true;
                Event::DiskFull(true)
            }
        }
    }

    fn is_over(&self, now: Mono) -> bool {
        now >= self.until && self.next_event().is_none()
    }
}

/// A config and the world for it.
fn setting(chance: &mut Chance) -> (String, Vec<(String, Programme)>) {
    let interval = chance.pick(&["5m", "15m"]);
    let concurrency = chance.pick(&[1, 2, 16]);
    let mut config = format!(
        "rules = [\"rules.toml\"]\n[store]\nretention = \"1d\"\n[poll]\nfirst_poll = \"alert\"\n\
         interval = \"{interval}\"\nconcurrency = {concurrency}\nmax_interval = \"1h\"\n\
         backoff_max = \"30m\"\n[[sink]]\nkind = \"file\"\n"
    );
    for name in ["receiver", "other"] {
        config += &format!(
            "[[sink]]\nkind = \"webhook\"\nname = \"{name}\"\nurl = \"https://{name}.example/\"\n\
             give_up_after = \"never\"\n"
        );
    }
    // Of the last one.
    config += chance.pick::<&str>(&["", "group_for = \"2m\"\n", "group_for = \"30m\"\n"]);
    config += chance.pick::<&str>(&["", "max_per_minute = 1\n", "concurrency = 4\n"]);
    let quiet = "[sink.quiet]\nfrom = \"23:00\"\nto = \"07:00\"\nzone = \"UTC\"\n";
    config += chance.pick::<&str>(&["", quiet]);
    let hosts = *chance.pick(&[1, 3, 100]);
    let mut feeds = Vec::new();
    for n in 0..=chance.below(7) {
        let host = n % hosts;
        config += &format!("[[feed]]\nid = \"f{n}\"\nurl = \"https://h{host}.example/{n}\"\n");
        let titles = (0..4 + chance.below(16)).map(|item| {
            let subject = if chance.in_thousand(700) { "flood" } else { "chess" };
            format!("{subject} f{n} {item}")
        });
        let titles = titles.collect();
        let window = *chance.pick(&[1, 1, 2, 5]);
        let pause = *chance.pick(&[Duration::ZERO, MINUTE, 20 * MINUTE]);
        feeds.push((format!("f{n}"), Programme { titles, window, pause, moved: None }));
    }
    (config, feeds)
}

async fn weather(seed: u64) {
    let mut chance = Chance::new(!seed);
    let (config, feeds) = setting(&mut chance);
    let length = chance.span(HOUR, 24 * HOUR);
    let label = format!("SIM_SEED={seed} cargo test --test sim seeds ({length:?})");
    eprintln!("{label}");
    let mut simulator = Simulator::new(label, &config, feeds, Storm::new(seed, length));
    simulator.run(length + 200 * HOUR).await;
    simulator.play(HOUR).await;
    simulator.restart().await;
    simulator.play(HOUR).await;
    simulator.run(HOUR).await;
    simulator.check(90 * MINUTE).await;
    let hours = simulator.clock.now().mono.since(Mono::from_millis(0)).as_secs() / 3600;
    eprintln!("seed {seed}: {hours} hours, {} calls", simulator.made.len());
}

/// The seeds that the environment asks for; else those of this part.
async fn seeds(part: std::ops::Range<u64>) {
    let asked = std::env::var("SIM_SEED").or_else(|_| std::env::var("SIM_SEEDS"));
    let span = match asked {
        // The first part does all that is asked for.
        Ok(_) if part.start > 0 => return,
        Ok(text) => {
            let (first, last) = text.split_once('-').unwrap_or((&text, &text));
            first.parse().unwrap()..last.parse::<u64>().unwrap() + 1
        }
        Err(_) => part,
    };
    for seed in span {
        weather(seed).await;
    }
}

#[tokio::test]
async fn faults_by_chance_lose_and_repeat_nothing() {
    seeds(0..10).await;
}

#[tokio::test]
async fn other_faults_by_chance_lose_and_repeat_nothing() {
    seeds(10..20).await;
}
