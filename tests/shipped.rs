//! What is shipped beside the program holds what it says.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use url::Url;
use wirewatch::config::{LogSection, MetricsSection, NetSection, PollSection};
use wirewatch::demo::FEEDS;
use wirewatch::document::Document;
use wirewatch::engine::plan::{Plan, Surroundings};
use wirewatch::model::{Alert, AlertId, FirstPoll, Level, Problems};
use wirewatch::pace::{Days, Pacing};
use wirewatch::retry;
use wirewatch::sinks::KINDS;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn feed_files() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("config/feeds.d")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.iter().all(|path| path.extension().is_some_and(|end| end == "toml")));
    paths
}

/// Id, URL and tags of every shipped feed.
fn feeds() -> Vec<(String, Url, Vec<String>)> {
    let mut feeds = Vec::new();
    for path in feed_files() {
        let text = fs::read_to_string(&path).unwrap();
        let (document, problems) = (Document::new(&path, text), Problems::default());
        let mut table = document.root(&problems);
        for mut feed in table.tables("feed") {
            let id: String = feed.required("id").unwrap().value;
            let url: String = feed.required("url").unwrap().value;
            let title: String = feed.required("title").unwrap().value;
            assert!(!title.trim().is_empty(), "{id}");
            let tags: Vec<String> = feed.get("tags").unwrap();
            let _: Option<Duration> = feed.get("interval");
            feed.finish();
            feeds.push((id, Url::parse(&url).unwrap(), tags));
        }
        table.finish();
        assert_eq!(problems.into_vec(), []);
    }
    feeds
}

#[test]
fn shipped_feeds_are_sound_and_none_is_there_twice() {
    let feeds = feeds();
    assert!((30..=60).contains(&feeds.len()), "{}", feeds.len());
    let (mut ids, mut urls) = (HashMap::new(), HashMap::new());
    for (id, url, _) in &feeds {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        assert_eq!(url.scheme(), "https", "{id}");
        assert!(url.username().is_empty() && url.fragment().is_none(), "{id}");
        assert_eq!(ids.insert(id, ()), None, "{id} is there twice");
        let same = urls.insert(url.as_str().trim_end_matches('/'), id);
        assert_eq!(same, None, "{id} has the URL of another");
    }
}

#[test]
fn shipped_feeds_say_their_language_and_kind() {
    let kinds = ["agency", "broadcaster", "outlet", "official"];
    let languages = ["en", "uk", "ru", "de", "fr", "pl", "it", "es", "tr"];
    let feeds = feeds();
    for (id, _, tags) in &feeds {
        let spoken: Vec<_> = tags.iter().filter_map(|tag| tag.strip_prefix("lang:")).collect();
        assert!(spoken.len() == 1 && languages.contains(&spoken[0]), "{id}: {tags:?}");
        let kind = tags.iter().filter(|tag| kinds.contains(&tag.as_str())).count();
        assert_eq!(kind, 1, "{id}: {tags:?}");
    }
    for language in languages {
        let tag = format!("lang:{language}");
        assert!(feeds.iter().any(|(_, _, tags)| tags.contains(&tag)), "no feed in {language}");
    }
}

#[test]
fn the_alert_in_the_readme_is_one_that_the_demonstration_raises() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```json\n").unwrap();
    let alert: Alert = serde_json::from_str(rest.split_once("```").unwrap().0).unwrap();
    assert_eq!(alert.schema, Alert::SCHEMA);
    assert_eq!(alert.id, AlertId::of(&alert.feed.id, &alert.item.id));
    let feed = FEEDS.iter().find(|feed| feed.id == alert.feed.id.as_str()).unwrap();
    let item = feed.items.iter().find(|item| item.title == alert.item.title).unwrap();
    assert_eq!(alert.feed.title, feed.title);
    assert_eq!(alert.item.text, format!("{} {}", item.html, feed.disclaimer));
    for rule in &alert.rules {
        assert!(item.rules.contains(&rule.id.as_str()));
        for hit in &rule.matches {
            assert_eq!(alert.item.title[hit.start..hit.end], hit.text);
        }
    }
}

/// The shipped config with every key that it shows in a comment switched on: lines
/// `# key = value`, perhaps with a comment of their own, the feed of one's own, and more sinks.
fn uncommented(config: &str) -> String {
    let lines = config.lines().map(|line| {
        let shown = line.strip_prefix("# ").filter(|shown| {
            let key = shown.split_once(" = ").map(|(key, _)| key);
            let is_key = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            ["[[feed]]", "[[sink]]", "[sink.quiet]"].contains(shown) || key.is_some_and(is_key)
        });
        shown.unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A copy of the shipped config folder, with this as the config.
fn config_folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    for name in ["feeds.d", "rules"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for entry in fs::read_dir(root().join("config").join(name)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(name).join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::create_dir(folder.path().join("secrets")).unwrap();
    for name in ["example", "example-key"] {
        fs::write(folder.path().join("secrets").join(name), "secret").unwrap();
    }
    fs::write(folder.path().join("secrets/example-bot"), "0000:example").unwrap();
    let url = "https://hooks.example.org/services/example";
    fs::write(folder.path().join("secrets/example-url"), url).unwrap();
    let own = rcgen::generate_simple_self_signed(["example.org".to_owned()]).unwrap();
    fs::write(folder.path().join("secrets/example-ca"), own.cert.pem()).unwrap();
    fs::write(folder.path().join("wirewatch.toml"), config).unwrap();
    folder
}

fn plan(folder: &Path) -> Plan {
    Plan::build(&folder.join("wirewatch.toml"), &Surroundings::default()).unwrap()
}

#[test]
fn the_shipped_config_passes_the_check() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirewatch"));
    command.arg("check").current_dir(root()).env_clear();
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    let expected = format!("config/wirewatch.toml: ok: {} feeds (0 of them", feeds().len());
    assert!(told.starts_with(&expected) && told.lines().count() == 1, "{told}");
}

#[test]
fn the_shipped_config_shows_every_default_as_it_is() {
    let text = fs::read_to_string(root().join("config/wirewatch.toml")).unwrap();
    let all = uncommented(&text);
    let (folder, other) = (config_folder(&text), config_folder(&all));
    let (as_shipped, explicit) = (plan(folder.path()), plan(other.path()));
    assert!(as_shipped.warnings.is_empty() && explicit.warnings.is_empty());
    let twelve_hours = FirstPoll::Within(Duration::from_secs(12 * 3600));
    let poll = PollSection { first_poll: twelve_hours, ..PollSection::default() };
    // Set, these two no longer take a day.
    let set = PollSection {
        permanent_redirect_after: Some(PollSection::MOVED_TIMES),
        gone_after: Some(PollSection::GONE_TIMES),
        ..poll.clone()
    };
    assert_eq!((&as_shipped.poll, &explicit.poll), (&poll, &set));
    assert_eq!(explicit.net, NetSection::default());
    assert_eq!(explicit.log, LogSection::default());
    assert_eq!(explicit.metrics, MetricsSection::default());
    assert_eq!(explicit.store.retention, as_shipped.store.retention);
    assert_eq!(explicit.store_path, other.path().join("wirewatch.db"));
    assert_eq!(as_shipped.store_path, folder.path().join("wirewatch.db"));
    assert_eq!(explicit.feeds.len(), as_shipped.feeds.len() + 1, "the feed of one's own");

    let sinks = |plan: &Plan| plan.sinks.iter().map(|s| s.kind.claim()).collect::<Vec<_>>();
    let inside = |folder: &tempfile::TempDir| folder.path().display().to_string();
    let claims = format!("{:?}", sinks(&as_shipped)).replace(&inside(&folder), "");
    let same = &sinks(&explicit)[..as_shipped.sinks.len()];
    assert_eq!(claims, format!("{same:?}").replace(&inside(&other), ""));
    for kind in KINDS {
        let shown = explicit.sinks.iter().any(|sink| sink.kind_name == kind.name);
        assert!(shown, "no sink of kind \"{}\" is shown", kind.name);
    }
    assert!(claims.contains("/alerts.jsonl"), "{claims}");

    let webhook = explicit.sinks.iter().find(|sink| sink.name.as_str() == "webhook").unwrap();
    let Pacing { concurrency, give_up_after, .. } = Pacing::default();
    assert_eq!(webhook.pacing.concurrency, concurrency);
    assert_eq!(webhook.pacing.give_up_after, give_up_after);
    assert_eq!(webhook.pacing.retry_max, Some(retry::DELIVERY.most));
    let quiet = webhook.pacing.quiet.as_ref().unwrap();
    assert_eq!((quiet.days, quiet.through.as_slice()), (Days::ALL, &[Level::Critical][..]));

    let pacing = format!("{:?}", Pacing::default()).replace("quiet:", "");
    let sections = format!(
        "{:?} {:?} path: retention: {:?} {:?} rotate_size: keep: {pacing} from: to: zone: days: \
         through:",
        PollSection::default(),
        NetSection::default(),
        LogSection::default(),
        MetricsSection::default()
    );
    let keys: Vec<&str> =
        sections.split([' ', '{', ',']).filter_map(|word| word.strip_suffix(':')).collect();
    assert_eq!(keys.len(), 18 + 2 + 1 + 1 + 4 + 5 + 5, "{keys:?}");
    for key in keys {
        let shown = all.lines().any(|line| line.starts_with(&format!("{key} = ")));
        assert!(shown, "`{key}` is not shown");
    }
}
