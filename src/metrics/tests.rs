use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;

fn sink(name: &str) -> SinkFacts {
    SinkFacts {
        name: SinkName::new(name),
        configured: true,
        delivered: 3,
        failures: 1,
        messages: 4,
        muted: 0,
        failing: None,
        waiting: 0,
        oldest: None,
        dead: 0,
    }
}

fn facts() -> Facts {
    Facts {
        version: "1.2.3",
        started: Timestamp::from_millis(1_700_000_000_500),
        feeds: vec![(Health::Ok, 20), (Health::Failing, 2)],
        rules: 7,
        polling: 1,
        polls: 100,
        poll_failures: vec![(Reason::Dns, 4)],
        last_poll: Some(Timestamp::from_millis(1_700_000_060_000)),
        items: 50,
        alerts: 5,
        offline: false,
        store: None,
        store_failures: 0,
        store_free_bytes: Some(1 << 30),
        outbox_unread: None,
        sinks: vec![sink("file")],
        log_dropped: 0,
        log_stalled: false,
        reloaded_well: true,
        plan_read: Timestamp::from_millis(1_700_000_000_000),
        process: Process::of_self(),
    }
}

#[test]
fn what_waits_is_not_told_as_nothing_when_it_cannot_be_counted() {
    let facts = Facts { outbox_unread: Some("damaged".to_owned()), ..facts() };
    let (well, told) = health(&facts);
    assert!(!well && told.contains("- the outbox cannot be read: damaged\n"), "{told}");
    let page = metrics(&facts);
    assert!(!page.contains("wirewatch_outbox_"), "{page}");
    assert!(page.contains("wirewatch_healthy 0\n"), "{page}");
}

#[test]
fn every_metric_is_shown_as_it_is_described() {
    let page = metrics(&facts());
    for metric in all() {
        let (name, kind) = (metric.name, metric.kind.as_str());
        assert!(
            page.contains(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", metric.meaning))
        );
        let samples: Vec<&str> = page
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .collect();
        assert!(!samples.is_empty(), "{name}");
        for sample in samples {
            assert_eq!(sample.contains('{'), !metric.labels.is_empty(), "{sample}");
            for label in metric.labels {
                assert!(sample.contains(&format!("{label}=\"")), "{sample}");
            }
            sample.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap();
        }
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
    }
    let shown = page.lines().filter(|line| line.starts_with("# TYPE")).count();
    assert_eq!(shown, all().len());
    assert!(page.contains("\nwirewatch_start_time_seconds 1700000000.5\n"));
    assert!(page.contains("\nwirewatch_feeds{state=\"failing\"} 2\n"));
    assert!(page.ends_with('\n'));
}

#[test]
fn what_a_label_holds_cannot_break_the_page() {
    let odd = Facts { sinks: vec![sink("a\"b\\c\nd")], ..facts() };
    assert!(metrics(&odd).contains("{sink=\"a\\\"b\\\\c\\nd\"} 3\n"));
}

#[test]
fn sinks_that_are_gone_are_told_of_but_not_without_end() {
    let gone = |n: usize| SinkFacts { configured: false, waiting: 1, ..sink(&format!("old{n}")) };
    let sinks = std::iter::once(sink("file")).chain((0..SINKS).map(gone)).collect();
    let page = metrics(&Facts { sinks, ..facts() });
    let lines = |name: &str| page.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(lines("wirewatch_outbox_waiting{"), SINKS);
    assert_eq!(lines("wirewatch_deliveries_total{"), 1);
}

#[test]
fn health_names_each_trouble_and_a_failing_feed_is_none() {
    assert_eq!(health(&facts()), (true, "ok\n".to_owned()));
    let store = Trouble {
        reason: Reason::DiskFull,
        message: "no space left to write /x".to_owned(),
        lasts: Duration::from_secs(12),
    };
    let failing = SinkFacts { failing: Some(Reason::Timeout), waiting: 9, ..sink("hook") };
    let bad = Facts {
        store: Some(store),
        offline: true,
        sinks: vec![sink("file"), failing],
        log_stalled: true,
        ..facts()
    };
    let (well, text) = health(&bad);
    assert!(!well);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert_eq!(lines[0], "degraded");
    let parts = ["(disk_full) for 12 s", "no network", "\"hook\" fails (timeout); 9", "the log"];
    for (line, part) in lines[1..].iter().zip(parts) {
        assert!(line.starts_with("- ") && line.contains(part), "{line}");
    }
    assert!(metrics(&bad).contains("\nwirewatch_healthy 0\n"));
}

/// What a server at `address` answers to these bytes, to its end.
async fn told(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// A server on a free port, with somebody who answers `times` questions and then hangs.
async fn server(times: usize) -> (SocketAddr, CancellationToken) {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let (asks, mut questions) = asks();
    tokio::spawn(async move {
        for _ in 0..times {
            let Some(reply) = questions.recv().await else { return };
            let _ = reply.send(facts());
        }
        std::future::pending::<()>().await;
    });
    let stop = CancellationToken::new();
    tokio::spawn(serve(address, asks, stop.clone()));
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    (address, stop)
}

#[tokio::test]
async fn the_server_answers_what_it_knows_and_refuses_the_rest() {
    let (address, stop) = server(2).await;
    let cases = [
        ("GET /metrics", "HTTP/1.1 200 OK", "wirewatch_polls_total 100"),
        ("GET /health?x=1", "HTTP/1.1 200 OK", "\r\n\r\nok\n"),
        ("GET /", "HTTP/1.1 200 OK", "see /metrics"),
        ("GET /other", "HTTP/1.1 404", "there are"),
        ("POST /metrics", "HTTP/1.1 405", "allow: GET, HEAD"),
    ];
    for (asked, head, part) in cases {
        let answer = told(address, format!("{asked} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with(head) && answer.contains(part), "{asked}: {answer}");
    }
    let long = format!("GET /health HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let answer = told(address, long.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    stop.cancel();
}

#[tokio::test]
async fn engines_that_hang_are_not_waited_for() {
    let (mut asks, questions) = asks();
    asks.within = Duration::from_millis(1);
    assert!(asks.facts().await.is_none());
    drop(questions);
    asks.within = Duration::from_secs(3600);
    assert!(asks.facts().await.is_none());
}

#[test]
fn the_manual_is_what_it_is_made_from() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, manual()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), manual(), "UPDATE_DOCS=1 writes it anew");
}

#[test]
fn only_counters_are_said_to_increase() {
    for function in ["increase(", "rate("] {
        for rest in manual().split(function).skip(1) {
            let name = rest.split(['[', '{', ')']).next().unwrap();
            let metric = all().iter().find(|metric| metric.name == name);
            assert_eq!(metric.map(|metric| metric.kind), Some(Kind::Counter), "{function}{name}");
        }
    }
}
