//! `fetch`: one feed asked for once, with all that is said on the way.

mod report;
mod text;

use std::sync::Arc;

use clap::Args;
use url::Url;

use self::report::Report;
use super::out::{Out, complain};
use super::{ConfigArgs, Exit};
use crate::app::{client_options, fetch_limits};
use crate::config::PollSection;
use crate::engine::plan::Plan;
use crate::engine::poll_policy;
use crate::fetch::{Answer, Fetch, FetchError, Fetched, HttpFetch, Record, Request};
use crate::guard::{AllowEntry, Guard};
use crate::model::{
    Clock, Credentials, Feed, FeedId, Secret, Validators, json_line, nearest, userinfo,
};
use crate::net::Network;
use crate::parse;
use crate::schedule::{Ending, PollPolicy, next};

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Ask a second time with the validators of the first answer, if it gave any: does the server
    /// say 304?
    #[arg(long)]
    again: bool,
    /// An http(s) URL, or the id of a feed in the config. For a feed of the config its headers,
    /// credentials and proxy are used
    #[arg(value_name = "FEED")]
    feed: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object for each time that was asked, in one line.
    Json,
}

/// What is fetched, and by which rules.
struct Errand {
    feed: Feed,
    poll: PollSection,
    guard: Guard,
}

pub(super) async fn run(args: FetchArgs) -> anyhow::Result<Exit> {
    let is_url = match scheme(&args.feed).as_deref() {
        None => false,
        Some("http" | "https") => true,
        Some(other) => {
            complain(&format!("cannot fetch {other}: URLs; http and https can be"));
            return Ok(Exit::Trouble);
        }
    };
    let wants_config = !is_url || args.config.is_given() || args.config.path().exists();
    let plan = match wants_config {
        true => match args.config.plan_to_look_at() {
            Some(plan) => Some(plan),
            None => return Ok(Exit::BadConfig),
        },
        false => None,
    };
    let errand = match errand(&args.feed, is_url, plan.as_ref()) {
        Ok(errand) => errand,
        Err(why) => {
            complain(&why);
            return Ok(Exit::Trouble);
        }
    };
    let mut out = Out::new();
    let mut validators = Validators::default();
    let first = ask(&errand, &mut validators).await;
    print(&mut out, &first, args.format)?;
    if first.error.is_some() {
        if args.again {
            complain("not asked again: the first time failed");
        }
        return Ok(Exit::No);
    }
    if !args.again {
        return Ok(Exit::Ok);
    }
    if validators.is_empty() {
        complain("not asked again: the answer gave no validators to ask with");
        return Ok(Exit::Ok);
    }
    let second = ask(&errand, &mut validators).await;
    print(&mut out, &second, args.format)?;
    Ok(if second.error.is_some() { Exit::No } else { Exit::Ok })
}

fn print(out: &mut Out, report: &Report, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Text => out.line(&text::render(report))?,
        Format::Json => out.line(&json_line(report)?)?,
    }
    out.flush()?;
    Ok(())
}

/// The scheme of a URL in lower case; `None` for the id of a feed.
fn scheme(text: &str) -> Option<String> {
    text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase())
}

fn errand(name: &str, is_url: bool, plan: Option<&Plan>) -> Result<Errand, String> {
    let (poll, allow) = match plan {
        Some(plan) => (plan.poll.clone(), plan.net.allow.clone()),
        None => (PollSection::default(), Vec::new()),
    };
    let feeds = plan.map(|plan| &plan.feeds[..]).unwrap_or_default();
    let mut feed = match is_url {
        true => by_url(name).map_err(|error| format!("{name}: {error}"))?,
        false => {
            let Some(feed) = feeds.iter().find(|feed| feed.id.as_str() == name) else {
                let ids = feeds.iter().map(|feed| feed.id.as_str());
                let hint = nearest(name, ids).map(|id| format!("; did you mean \"{id}\"?"));
                let hint = hint.unwrap_or_default();
                return Err(format!("\"{name}\" is no URL, and no feed of the config{hint}"));
            };
            return Ok(Errand { feed: (**feed).clone(), poll, guard: Guard::new(allow) });
        }
    };
    if let Some(known) = feeds.iter().find(|known| known.url == feed.url) {
        return Ok(Errand { feed: (**known).clone(), poll, guard: Guard::new(allow) });
    }
    feed.route.proxy = plan.and_then(|plan| plan.net.proxy.clone());
    // Whoever names an address by hand may ask it; where it redirects to is guarded.
    let named = AllowEntry::parse(&feed.host());
    Ok(Errand { feed, poll, guard: Guard::new(allow.into_iter().chain(named).collect()) })
}

/// A feed that no config knows.
fn by_url(text: &str) -> Result<Feed, url::ParseError> {
    let mut url = Url::parse(text)?;
    let credentials = userinfo(&url)
        .map(|(username, password)| Credentials { username, password: Secret::new(password) });
    // These fail only for URLs without a host, which http and https URLs have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok(Feed { credentials, ..Feed::new(FeedId::new("fetch"), url) })
}

/// Asks once. `validators` are what is asked with, and then what the answer gave.
async fn ask(errand: &Errand, validators: &mut Validators) -> Report {
    let Errand { feed, poll, guard } = errand;
    let options = client_options(poll);
    let record = Arc::new(Record::new(Clock::System, &options.user_agent));
    let network = Network::new(guard.clone(), options).traced(record.trace());
    let http = HttpFetch::new(Arc::new(network), fetch_limits(poll)).recorded(Arc::clone(&record));
    let now = Clock::System.now().wall;
    let request = Request { feed, url: &feed.url, validators, reload: false, now };
    let result = http.fetch(request).await;
    let mut report = Report::new(feed, record.hops());
    let policy = poll_policy(poll, feed.interval);
    match result {
        Ok(fetched) => {
            *validators = fetched.validators.clone();
            read(&mut report, fetched, feed, poll.max_decoded, &policy);
        }
        Err(error) => failed(&mut report, error, feed, &policy),
    }
    report
}

/// Fills in what a good answer holds.
fn read(report: &mut Report, fetched: Fetched, feed: &Feed, limit: u64, policy: &PollPolicy) {
    let now = Clock::System.now().wall;
    let asked = fetched.asked();
    report.answered(&fetched, asked, policy.max_interval);
    let mut wishes = Default::default();
    if let Answer::Body(body) = fetched.answer {
        report.on_the_wire(&body);
        let content_type = body.content_type.clone();
        let bytes = match body.decode(limit) {
            Ok(bytes) => bytes,
            Err(error) => return failed(report, error, feed, policy),
        };
        let content_type = content_type.as_deref();
        report.decoded(&bytes, &parse::decode(&bytes, content_type));
        let input = parse::Input { bytes: &bytes, content_type, url: Some(&fetched.url) };
        match parse::parse(&input) {
            Ok(parsed) => {
                wishes = parsed.wishes();
                report.parsed(&parsed);
            }
            Err(error) => {
                let error = FetchError::new(error.reason(), error.to_string());
                return failed(report, error, feed, policy);
            }
        }
    }
    let ending = Ending::Good { asked, wishes, pace: 0 };
    report.next(next(policy, &feed.id, ending, now));
}

fn failed(report: &mut Report, error: FetchError, feed: &Feed, policy: &PollPolicy) {
    let ending = Ending::Failed { errors: 1, asked: error.retry_after };
    report.next(next(policy, &feed.id, ending, Clock::System.now().wall));
    report.failed(error, policy.max_interval);
}
