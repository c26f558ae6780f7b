use std::time::Duration;

use super::*;
use crate::document::{Document, Source};
use crate::model::{FirstPoll, Problems};

fn read(text: &str, overlay: &Overlay) -> (Config, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let config = Config::read(&mut root, overlay);
    root.finish();
    (config, problems.into_vec().iter().map(ToString::to_string).collect())
}

#[test]
fn an_empty_file_gives_the_documented_defaults() {
    let (config, told) = read("", &Overlay::default());
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(config.poll.interval, Duration::from_secs(900));
    assert_eq!(config.poll.max_body, 10 << 20);
    assert_eq!(config.poll.first_poll, FirstPoll::Baseline);
    assert_eq!(config.store.retention, Duration::from_secs(90 * 86_400));
}

#[test]
fn a_short_interval_alone_is_fine_and_a_contradiction_is_not() {
    let (config, told) = read("[poll]\ninterval = \"2s\"", &Overlay::default());
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(config.poll.min_interval, Duration::from_secs(2));
    let (_, told) = read("[poll]\ninterval = \"2s\"\nmin_interval = \"1m\"", &Overlay::default());
    assert!(told[0].contains("`min_interval` is longer than `interval`"), "{told:?}");
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let vars = [
        ("WIREWATCH_POLL_INTERVAL", "5m"),
        ("WIREWATCH_POLL_PER_HOST", "7"),
        ("WIREWATCH_NET_ALLOW", "127.0.0.1, 10.0.0.0/8"),
        ("WIREWATCH_CONFIG", "elsewhere.toml"),
        ("HOME", "/root"),
    ];
    let mut overlay = Overlay::from_env(vars.map(|(k, v)| (k.to_owned(), v.to_owned())));
    overlay.push_flag("poll.per_host", "9");
    let (config, told) = read("[poll]\ninterval = \"1h\"\nper_host = 1", &overlay);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(config.poll.interval, Duration::from_secs(300));
    assert_eq!(config.poll.per_host, 9);
    assert_eq!(config.net.allow.len(), 2);
}

#[test]
fn variables_of_others_are_let_be_and_named() {
    let vars = ["WIREWATCH_SERVICE_HOST", "WIREWATCH_POL_INTERVAL", "WIREWATCH_CONFIG"];
    let overlay = Overlay::from_env(vars.map(|name| (name.to_owned(), "x".to_owned())));
    let (_, told) = read("", &overlay);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(overlay.ignored(), ["WIREWATCH_POL_INTERVAL", "WIREWATCH_SERVICE_HOST"]);
}

#[test]
fn a_wrong_variable_is_named() {
    let vars = [
        ("WIREWATCH_POLL_INTERVALL".to_owned(), "5m".to_owned()),
        ("WIREWATCH_POLL_TIMEOUT".to_owned(), "soon".to_owned()),
    ];
    let (_, told) = read("", &Overlay::from_env(vars));
    assert!(told.iter().any(|t| t.starts_with("environment variable WIREWATCH_POLL_TIMEOUT: ")));
    assert!(told.iter().any(|t| t.starts_with("environment variable WIREWATCH_POLL_INTERVALL: ")
        && t.contains("did you mean `interval`")));
}

#[test]
fn values_out_of_bounds_are_refused_with_the_bounds() {
    let cases = [
        ("[poll]\nconcurrency = 0", "1 to 4096"),
        ("[poll]\nmax_body = \"2GiB\"", "1KiB to 1GiB"),
        ("[poll]\ntimeout = \"0s\"", "1ms to 1h"),
        ("[poll]\nfirst_poll = \"later\"", "\"baseline\""),
        ("[poll]\ncontact = \"a b\"", "no spaces"),
        ("[net]\nallow = [\"nowhere:port\"]", "CIDR"),
        ("[net]\nproxy = \"proxy:3128\"", "socks5h://"),
        ("[log]\nformat = \"xml\"", "\"json\""),
        ("[metrics]\nlisten = \"9464\"", "127.0.0.1:9464"),
    ];
    for (text, hint) in cases {
        let (_, told) = read(text, &Overlay::default());
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert!(told[0].contains(hint), "{text}: {told:?}");
    }
}

#[test]
fn userinfo_becomes_credentials_and_leaves_the_url() {
    let text = "[[feed]]\nurl = \"https://us%20er:p%40ss@example.org/f?x=1#top\"\n";
    let (config, told) = read(text, &Overlay::default());
    assert_eq!(told, Vec::<String>::new());
    let feed = &config.inline[0];
    assert_eq!(feed.url.as_str(), "https://example.org/f?x=1");
    let Some((user, SecretSource::Inline(password))) = &feed.credentials else {
        panic!("{feed:?}")
    };
    assert_eq!((user.as_str(), password.expose()), ("us er", "p@ss"));
    assert!(!format!("{feed:?}").contains("p@ss"));
}

#[test]
fn wrong_feeds_are_told_one_by_one() {
    let cases = [
        ("url = \"example.org/feed\"", "no absolute URL"),
        ("url = \"ftp://example.org/\"", "only http and https"),
        ("title = \"x\"", "has no `url`"),
        ("url = \"http://a/\"\nid = \"a b\"", "cannot be an id"),
        ("url = \"http://a/\"\nusername = \"u\"\npassword = \"p\"\npassword_file = \"f\"", "both"),
        ("url = \"http://a/\"\npassword = \"p\"", "without a `username`"),
        ("url = \"http://a/\"\nheaders = { \"X y\" = \"v\" }", "no HTTP header name"),
        ("url = \"http://a/\"\nheaders = { X = \"a\\nb\" }", "cannot be sent"),
        ("url = \"http://a/\"\nproxy = \"ftp://p\"", "`proxy` is no proxy's URL"),
        ("url = \"http://a/\"\nproxy = \"http://u:s3cret@p/path\"", "`proxy` is no proxy's URL"),
        ("url = \"http://a/\"\nhttp1_only = \"yes\"", "expected true or false"),
        ("url = \"http://a/\"\nca_file = 5", "expected a string"),
        ("url = \"http://a/\"\nusernam = \"u\"", "did you mean `username`"),
    ];
    for (feed, expected) in cases {
        let (_, told) = read(&format!("[[feed]]\n{feed}\n"), &Overlay::default());
        assert_eq!(told.len(), 1, "{feed}: {told:?}");
        assert!(told[0].contains(expected), "{feed}: {told:?}");
        assert!(!told[0].contains("s3cret"), "{told:?}");
    }
}

#[test]
fn a_feed_goes_through_what_it_says_or_what_net_says_or_straight() {
    let text = "[net]\nproxy = \"http://us%20er:s3cret@all:3128\"\n\
        [[feed]]\nurl = \"http://a/\"\nproxy = \"none\"\nhttp1_only = true\n\
        [[feed]]\nurl = \"http://b/\"\nproxy = \"socks5h://own\"\nca_file = \"x.pem\"\n\
        [[feed]]\nurl = \"http://c/\"\nproxy = \"\"\n";
    let (config, told) = read(text, &Overlay::default());
    assert_eq!(told, Vec::<String>::new());
    let own = crate::model::Proxy::parse("socks5h://own").unwrap();
    let proxies: Vec<_> = config.inline.iter().map(|feed| feed.route.proxy.clone()).collect();
    assert_eq!(proxies, [Some(ProxyChoice::Straight), Some(ProxyChoice::Through(own)), None]);
    assert!(config.inline[0].route.http1_only && config.inline[1].route.ca_file.is_some());
    let all = config.net.proxy.unwrap();
    assert_eq!(all.url.as_str(), "http://all:3128/");
    assert_eq!(all.credentials.as_ref().unwrap().username, "us er");
    assert!(!format!("{all:?}").contains("s3cret"));
    let vars = [("WIREWATCH_NET_PROXY".to_owned(), "none".to_owned())];
    let (config, _) = read(text, &Overlay::from_env(vars));
    assert_eq!(config.net.proxy, None, "the environment wins");
}

#[test]
fn feeds_without_an_id_are_named_by_title_or_host() {
    let text = r#"
[[feed]]
url = "https://www.example.org/a"
[[feed]]
url = "https://example.org/b"
[[feed]]
url = "https://example.org/c"
title = "Новини дня"
[[feed]]
url = "https://example.org/d"
id = "own"
"#;
    let (config, _) = read(text, &Overlay::default());
    let problems = Problems::default();
    let ids = name_feeds(&config.inline, &problems);
    let ids: Vec<&str> = ids.iter().map(crate::model::FeedId::as_str).collect();
    assert!(ids[..2].iter().all(|id| id.starts_with("example-org-") && id.len() == 20), "{ids:?}");
    assert_ne!(ids[0], ids[1]);
    assert_eq!(&ids[2..], ["новини-дня", "own"]);
    let reversed: Vec<FeedDraft> = config.inline.iter().rev().cloned().collect();
    let mut again = name_feeds(&reversed, &problems);
    again.reverse();
    assert!(again.iter().map(crate::model::FeedId::as_str).eq(ids.iter().copied()));
    assert!(problems.is_empty());
}

#[test]
fn the_same_id_twice_is_a_problem_that_names_both_places() {
    let text =
        "[[feed]]\nid = \"x\"\nurl = \"http://a/\"\n[[feed]]\nid = \"x\"\nurl = \"http://b/\"\n";
    let (config, _) = read(text, &Overlay::default());
    let problems = Problems::default();
    name_feeds(&config.inline, &problems);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("w.toml:5:6: ") && told[0].contains("w.toml:2:6"), "{told:?}");
}

#[test]
fn opml_outlines_become_feeds_with_their_folders_as_tags() {
    let text = r#"<?xml version="1.0"?><opml version="2.0"><body>
<outline text="War News"><outline text="A &amp; B" type="rss" xmlUrl="https://a.example/feed?x=1&amp;y=2" category="/uk,live"/>
<outline title="C" xmlUrl="https://c.example/"></outline></outline>
<outline xmlUrl="gopher://d.example/"/><outline text="folder only"/></body></opml>"#;
    let document = Document::new("my.opml", text);
    let problems = Problems::default();
    let feeds = read_opml(&document, text, &problems);
    assert_eq!(feeds.len(), 2);
    assert_eq!(feeds[0].title.as_deref(), Some("A & B"));
    assert_eq!(feeds[0].url.as_str(), "https://a.example/feed?x=1&y=2");
    assert_eq!(feeds[0].tags, ["war-news", "uk", "live"]);
    assert_eq!(feeds[1].tags, ["war-news"]);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("my.opml:4:1: `xmlUrl`: cannot fetch gopher:"), "{told:?}");
}

#[test]
fn a_list_of_urls_has_a_feed_a_line() {
    let text = "# mine\nhttps://a.example/feed\n\n  https://b.example/ \nnonsense\n";
    let document = Document::new("list.txt", text);
    let problems = Problems::default();
    let feeds = read_url_list(&document, text, &problems);
    assert_eq!(feeds.len(), 2);
    assert_eq!(problems.into_vec()[0].place.to_string(), "list.txt:5:1");
}

#[test]
fn a_source_outside_the_file_is_told_as_such() {
    let document = Document::new("w.toml", "");
    let problem = document.problem(&Source::Flag("--set x".into()), "no");
    assert_eq!(problem.to_string(), "flag --set x: no");
}
