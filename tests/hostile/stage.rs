//! One daemon in all situations at once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use wirewatch::model::Alert;

use super::daemon::{Daemon, Home, now};
use super::reply::ok;
use super::server::{Asked, Ground, Place, Server, Town};
use super::situation::{At, Saw, Situation};

/// How long situations may take until each is judged by what there is.
const LIMIT: Duration = Duration::from_secs(45);
/// A healthy feed whose polls tell the time; the run lasts until it has had so many.
const BEAT: &str = "beat";
const BEATS: usize = 9;

pub const RULES: &str = "[[rule]]\nid = \"floods\"\nany = [\"flood*\", \"повін{ь,і}\"]\n";

/// The outside check's settings.
pub const SETTINGS: &str = "rules = [\"rules.toml\"]\n\
    [[sink]]\nkind = \"file\"\n\
    [poll]\ninterval = \"2s\"\nconnect_timeout = \"2s\"\nread_timeout = \"3s\"\ntimeout = \"7s\"\n\
    max_body = \"8MiB\"\nmax_decoded = \"16MiB\"\nbackoff_max = \"8s\"\n\
    permanent_redirect_after = 3\ngone_after = 3\nper_host = 64\nper_host_spacing = \"0s\"\n\
    first_poll = \"alert\"\ncontact = \"https://contact.example/\"\n";

/// What the run left.
pub struct Run {
    saws: HashMap<String, (Situation, Saw)>,
    /// All of the log, as it came.
    pub log: Vec<String>,
    /// All of the alerts file.
    pub alerts: String,
    /// What `wirewatch feeds` shows.
    pub rows: String,
    pub trespasses: usize,
    /// The daemon's peak memory in MiB.
    pub peak: u64,
    /// Requests that belong to no situation.
    pub strays: Vec<Asked>,
}

impl Run {
    /// What was seen of a situation.
    pub fn saw(&self, name: &str) -> &Saw {
        &self.saws[name].1
    }

    /// Judges a situation.
    #[track_caller]
    pub fn judge(&self, name: &str) {
        let (situation, saw) = &self.saws[name];
        let good = saw.events("poll_ok").len();
        assert!(
            saw.asked.len() >= situation.asked && good >= situation.good,
            "{} requests, {good} good polls; {:#?}",
            saw.asked.len(),
            saw.log
        );
        (situation.judge)(saw);
    }

    /// Judges all of them, and names those that are not as they should be.
    pub fn judge_all(&self) {
        let failed = |name: &&String| catch_unwind(AssertUnwindSafe(|| self.judge(name))).is_err();
        let failed: Vec<&String> = self.saws.keys().filter(failed).collect();
        assert!(failed.is_empty(), "see above: {failed:?}");
    }
}

/// The one run of all situations, made when it is first asked for.
#[track_caller]
pub fn run() -> &'static Run {
    static RUN: OnceLock<Result<Run, String>> = OnceLock::new();
    let made = RUN.get_or_init(|| {
        catch_unwind(AssertUnwindSafe(run_all)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        })
    });
    match made {
        Ok(run) => run,
        Err(why) => panic!("there was no run: {why}"),
    }
}

fn run_all() -> Run {
    let beat = Situation::new(|asked| ok(asked.news("1"))).good(BEATS).reads("1");
    let mut situations = vec![(BEAT.to_owned(), beat)];
    situations.extend(super::all().map(|(name, situation)| (name.to_owned(), situation())));
    let (server, home) = set(SETTINGS, &mut situations);
    play(&server, &home, situations)
}

/// The times between two polls of a healthy feed.
pub fn beat() -> Vec<Duration> {
    run().saw(BEAT).gaps()
}

/// The config for situations, beside `settings`.
pub fn config<'a>(
    settings: &str,
    town: &Town,
    situations: impl Iterator<Item = (&'a str, &'a Situation)>,
) -> String {
    let mut text = format!("{settings}[net]\nallow = {:?}\n", town.allowed());
    let mut own = 0;
    for (name, situation) in situations {
        for (at, (place, lines)) in situation.feeds.iter().enumerate() {
            let id = if at == 0 { name.to_owned() } else { format!("{name}.{at}") };
            let path = format!("/{name}");
            let url = match place {
                At::Path(place, rest) => town.url(*place, &format!("{path}{rest}")),
                At::Alone => {
                    own += 1;
                    town.url(Place::Own(own - 1), &path)
                }
                At::Url(make) => make(town, &path),
            };
            let lines = lines
                .replace("{proxy}", &town.authority(Place::Proxy))
                .replace("{nobody}", &town.authority(Place::Refusing))
                .replace("{socks}", &town.authority(Place::Socks));
            write!(text, "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n{lines}").unwrap();
        }
    }
    text
}

/// A server and a home for situations.
pub fn set(settings: &str, situations: &mut [(String, Situation)]) -> (Server, Home) {
    let feeds = situations.iter().flat_map(|(_, situation)| &situation.feeds);
    let ground = Ground::take(feeds.filter(|(at, _)| matches!(at, At::Alone)).count());
    let named = situations.iter().map(|(name, situation)| (name.as_str(), situation));
    let home = Home::new(&config(settings, &ground.town, named), RULES);
    home.write("ca.pem", &ground.tls.pem);
    let scripts = situations.iter_mut().map(|(name, situation)| {
        let none = Box::new(|_: &Asked| panic!("the script is gone"));
        (name.clone(), std::mem::replace(&mut situation.script, none))
    });
    (ground.serve(scripts.collect()), home)
}

/// Runs the daemon until all situations can be judged, and ends it.
pub fn play(server: &Server, home: &Home, situations: Vec<(String, Situation)>) -> Run {
    let mut command = home.command("run");
    let trap = server.town().url(Place::Forbidden, "/");
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, &trap);
    }
    home.verb("check");
    let mut daemon = Daemon::start(command);
    let start = now();
    let mut left = unmet(&mut daemon, server, &situations);
    while !left.is_empty() && now().since(start) < LIMIT {
        server.wait(Duration::from_millis(100));
        left = unmet(&mut daemon, server, &situations);
    }
    let peak = daemon.peak();
    let daemon = daemon.stop();
    let rows = home.verb("feeds");
    gather(situations, &daemon, server, &rows, home.read("alerts.jsonl"), peak)
}

/// The situations that cannot be judged yet.
fn unmet<'a>(
    daemon: &mut Daemon,
    server: &Server,
    situations: &'a [(String, Situation)],
) -> Vec<&'a str> {
    daemon.listen();
    let mut asked: HashMap<String, usize> = HashMap::new();
    for one in &server.record().asked {
        *asked.entry(one.name.clone()).or_default() += 1;
    }
    let mut told: HashMap<(&str, &str), usize> = HashMap::new();
    for line in &daemon.log {
        if let (Some(event), Some(feed)) = (line["event"].as_str(), line["feed"].as_str()) {
            let name = feed.split('.').next().unwrap_or(feed);
            *told.entry((name, event)).or_default() += 1;
        }
    }
    let times = |name: &str, event: &str| told.get(&(name, event)).copied().unwrap_or(0);
    let is_met = |name: &str, situation: &Situation| {
        asked.get(name).copied().unwrap_or(0) >= situation.asked
            && times(name, "poll_ok") >= situation.good
            && situation.event.is_none_or(|event| times(name, event) > 0)
    };
    let unmet = situations.iter().filter(|(name, situation)| !is_met(name, situation));
    unmet.map(|(name, _)| name.as_str()).collect()
}

fn gather(
    situations: Vec<(String, Situation)>,
    daemon: &Daemon,
    server: &Server,
    rows: &str,
    text: String,
    peak: u64,
) -> Run {
    let alerts: Vec<Alert> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let mut record = server.record();
    let mut saws: HashMap<String, (Situation, Saw)> = situations
        .into_iter()
        .map(|(name, situation)| {
            let is_own = |feed: &str| feed.split('.').next() == Some(name.as_str());
            let of_line = |line: &&Value| line["feed"].as_str().is_some_and(is_own);
            let saw = Saw {
                asked: Vec::new(),
                alerts: alerts.iter().filter(|a| is_own(a.feed.id.as_str())).cloned().collect(),
                log: daemon.log.iter().filter(of_line).cloned().collect(),
                row: rows
                    .lines()
                    .find(|row| row.split(' ').next() == Some(name.as_str()))
                    .unwrap_or_default()
                    .to_owned(),
                sent: record.sent.get(&name).copied().unwrap_or(0),
                name: name.clone(),
            };
            (name, (situation, saw))
        })
        .collect();
    let mut strays = Vec::new();
    for asked in std::mem::take(&mut record.asked) {
        match saws.get_mut(&asked.name) {
            Some((_, saw)) => saw.asked.push(asked),
            None => strays.push(asked),
        }
    }
    let trespasses = record.trespasses;
    drop(record);
    let (log, rows) = (daemon.raw.clone(), rows.to_owned());
    Run { saws, log, alerts: text, rows, trespasses, peak, strays }
}
