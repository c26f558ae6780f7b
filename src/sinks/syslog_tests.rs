use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::sinks::tests::{context, deliveries, read};

fn sink(keys: &str) -> Box<dyn Sink> {
    let (specs, problems) =
        read(&format!("[[sink]]\nkind = \"syslog\"\n{keys}\n"), Path::new("/nowhere"));
    assert_eq!(problems, Vec::<String>::new());
    specs[0].build(&context(None)).unwrap()
}

/// The messages of a stream in which each stands behind its length; what is left of a torn one.
fn frames(mut bytes: &[u8]) -> (Vec<String>, usize) {
    let mut messages = Vec::new();
    while let Some(at) = bytes.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&bytes[..at]).unwrap().parse().unwrap();
        let Some(message) = bytes.get(at + 1..at + 1 + length) else { break };
        messages.push(String::from_utf8(message.to_vec()).unwrap());
        bytes = &bytes[at + 1 + length..];
    }
    (messages, bytes.len())
}

#[tokio::test]
async fn one_connection_serves_many_batches_and_a_new_one_follows_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sink = sink(&format!("address = \"tcp://{}\"", listener.local_addr().unwrap()));
    for _ in 0..2 {
        assert_eq!(sink.deliver(&deliveries(0..3)).await.outcomes, vec![Outcome::Delivered; 3]);
    }
    let (mut first, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    while frames(&bytes).0.len() < 6 {
        first.read_buf(&mut bytes).await.unwrap();
    }
    let (messages, rest) = frames(&bytes);
    assert_eq!((messages.len(), rest), (6, 0));
    assert_eq!(messages[..3], messages[3..], "a repeat is the same to the byte");
    drop(first);
    // The sink sees that sooner or later, tries again, and comes to a new connection.
    let mut again = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while frames(&bytes).0.is_empty() {
            stream.read_buf(&mut bytes).await.unwrap();
        }
    });
    while !again.is_finished() {
        sink.deliver(&deliveries([7])).await;
        tokio::task::yield_now().await;
    }
    (&mut again).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_was_long_idle_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!(
        "[[sink]]\nkind = \"syslog\"\naddress = \"tcp://{}\"",
        listener.local_addr().unwrap()
    );
    let (specs, _) = read(&text, Path::new("/nowhere"));
    let context = context(None);
    let sink = specs[0].build(&context).unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
            count.store(held.len(), Ordering::SeqCst);
        }
    });
    for (wait, connections) in [(0, 1), (29, 1), (1, 2), (29, 2), (60, 3)] {
        context.clock.advance(Duration::from_secs(wait));
        assert_eq!(sink.deliver(&deliveries([1])).await.outcomes, [Outcome::Delivered]);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(accepted.load(Ordering::SeqCst), connections, "after {wait} s more");
    }
}

#[tokio::test]
async fn a_receiver_that_reads_nothing_holds_nobody_up_and_gets_no_torn_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sink = sink(&format!("address = \"tcp://{address}\"\ntimeout = \"200ms\""));
    let batch = deliveries(0..128);
    let mut delivered = 0;
    let failed = loop {
        let outcomes = sink.deliver(&batch).await.outcomes;
        if outcomes[0] != Outcome::Delivered {
            break outcomes;
        }
        delivered += 1;
        assert!(delivered < 10_000, "the system's buffers have an end");
    };
    assert_eq!(failed.len(), 128);
    for outcome in failed {
        assert!(matches!(outcome, Outcome::Retry { reason: Reason::Timeout, .. }), "{outcome:?}");
    }
    let (mut stalled, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    stalled.read_to_end(&mut bytes).await.unwrap();
    assert!(frames(&bytes).0.len() >= delivered * 128);
    assert_eq!(sink.deliver(&deliveries([5])).await.outcomes, [Outcome::Delivered]);
    let (mut fresh, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    while frames(&bytes).0.is_empty() {
        fresh.read_buf(&mut bytes).await.unwrap();
    }
    assert_eq!(frames(&bytes).1, 0);
}

#[tokio::test]
async fn a_daemon_that_is_started_anew_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let sink = sink(&format!("address = \"unix:{}\"", path.display()));
    let batch = deliveries(0..2);
    let retry = |outcomes: Vec<Outcome>| {
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Retry { reason: Reason::Connect, .. }))
    };
    assert!(retry(sink.deliver(&batch).await.outcomes));
    for _ in 0..2 {
        let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
        let mut outcomes = sink.deliver(&batch).await.outcomes;
        if outcomes[0] != Outcome::Delivered {
            // That the old one is gone shows when it is written to.
            assert!(retry(outcomes));
            outcomes = sink.deliver(&batch).await.outcomes;
        }
        assert_eq!(outcomes, vec![Outcome::Delivered; 2]);
        let mut buffer = [0; 8192];
        let length = socket.recv(&mut buffer).await.unwrap();
        assert!(std::str::from_utf8(&buffer[..length]).unwrap().starts_with("<27>1 2026-"));
        drop(socket);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn addresses_are_read() {
    let udp = |host: &str, port| Some(Address::Udp { host: host.into(), port });
    let tcp = |host: &str, port| Some(Address::Tcp { host: host.into(), port });
    let unix = |path: &str| Some(Address::Unix(path.into()));
    let cases = [
        ("udp://logs.example.org:5514", udp("logs.example.org", 5514)),
        ("udp://logs.example.org", udp("logs.example.org", 514)),
        ("tcp://10.0.0.1:601/", tcp("10.0.0.1", 601)),
        ("tcp://[::1]:601", tcp("[::1]", 601)),
        ("unix:/dev/log", unix("/dev/log")),
        ("unix:///dev/log", unix("/dev/log")),
        ("unix:dev/log", None),
        ("unix:", None),
        ("/dev/log", None),
        ("logs.example.org:514", None),
        ("http://h", None),
        ("tcp://", None),
        ("tcp://u:p@h:1", None),
        ("tcp://h:1/path", None),
        ("tcp://h:0", None),
        ("tcp://h:99999", None),
        ("udp://h?x", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_in_the_config_is_told() {
    let cases = [
        ("", "has no `address`"),
        ("address = \"syslog://h\"", "`address`: \"syslog://h\" is no syslog receiver"),
        ("address = \"unix:../x\"", "`address`: \"unix:../x\" is no socket's absolute path"),
        ("framing = \"nul\"", "`framing` cannot be this"),
        ("facility = \"deamon\"", "did you mean \"daemon\"?"),
        ("app_name = \"a b\"", "`app_name` cannot be this"),
        ("app_name = \"\"", "`app_name` cannot be this"),
        ("hostname = \"Київ\"", "`hostname` cannot be this"),
        ("sd_id = \"a=b\"", "`sd_id` cannot be this"),
        ("max_size = 479", "`max_size` cannot be this"),
        ("max_size = \"65KiB\"", "`max_size` cannot be this"),
        ("timeout = \"1ms\"", "`timeout` cannot be this"),
    ];
    for (keys, expected) in cases {
        let address = match keys {
            "" => "",
            keys if keys.starts_with("address") => "",
            _ => "address = \"udp://h\"\n",
        };
        let text = format!("[[sink]]\nkind = \"syslog\"\n{address}{keys}\n");
        let (specs, problems) = read(&text, Path::new("/nowhere"));
        assert!(specs.is_empty(), "{keys}");
        let [problem] = &problems[..] else { panic!("{keys}: {problems:#?}") };
        assert!(problem.contains(expected), "{keys}: {problem}");
    }
}
