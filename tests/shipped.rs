//! What is shipped beside the program holds what it says.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;
use wirewatch::demo::FEEDS;
use wirewatch::document::Document;
use wirewatch::model::{Alert, AlertId, Problems};

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
