//! The verb `sink`.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use serde_json::Value;
use wirewatch::model::{Alert, Level};

use crate::support::House;

const FEED: &str = "rules = [\"rules.toml\"]\n[[feed]]\nurl = \"http://127.0.0.1:1/a\"\n";

fn house(sinks: &str) -> House {
    let house = House::new();
    house.write("w.toml", format!("{FEED}{sinks}"));
    house
}

fn test<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["sink", "test", name, "--config", "w.toml"], more].concat()
}

/// A server that answers one request with `answer`, and gives back what it got.
fn once(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let got = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut more = [0; 4096];
            let count = stream.read(&mut more).unwrap();
            bytes.extend_from_slice(&more[..count]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if count == 0 || body.len() >= length.unwrap().parse().unwrap() {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(bytes).unwrap()
    });
    (url, got)
}

#[test]
fn a_test_alert_says_that_it_is_one_and_is_another_each_time() {
    let house = house("[[sink]]\nkind = \"log\"\n[[sink]]\nkind = \"file\"\nlevels = [\"high\"]\n");
    let ran = house.run(&test("log", &[])).expect(0);
    assert_eq!(ran.stderr, "");
    let (line, rest) = ran.stdout.split_once('\n').unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    assert_eq!(event["event"], "alert");
    let title = event["item.title"].as_str().unwrap();
    assert!(title.starts_with("TEST") && title.contains("\"log\""), "{title}");
    assert_eq!((&event["rules"], &event["alert.level"]), (&"test".into(), &"medium".into()));
    assert!(rest.starts_with("sink \"log\" (log): delivered in 0."), "{rest}");
    for level in ["critical", "low"] {
        let ran = house.run(&test("file", &["--level", level])).expect(0);
        let path = house.path("alerts.jsonl").display().to_string();
        assert!(
            ran.stdout.contains("alerts.jsonl\n") && ran.stdout.contains("  written to "),
            "{path}: {ran:?}"
        );
    }
    let alerts: Vec<Alert> =
        house.read("alerts.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(alerts.len(), 2);
    assert_ne!(alerts[0].id, alerts[1].id);
    assert_eq!((alerts[0].level, alerts[1].level), (Level::Critical, Level::Low));
    let hit = &alerts[0].rules[0].matches[0];
    assert_eq!(alerts[0].item.title[hit.start..hit.end], hit.text);
    assert!(!house.path("wirewatch.db").exists());
}

#[test]
fn what_came_back_is_printed_and_no_secret() {
    let answer = |status: &str, body: &str| {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nRetry-After: 90\r\n\r\n{body}"
        );
        &*Box::leak(text.into_boxed_str())
    };
    let cases = [
        (answer("200 OK", "{\"message\": \"thank you\"}"), 0, "thank you"),
        (answer("403 Forbidden", "no such hunter2 key"), 1, ": no such *** key"),
        (answer("429 Too Many Requests", "slow"), 1, "asks to be tried again after 1m 30s"),
    ];
    for (answer, code, words) in cases {
        let (url, got) = once(answer);
        let house = house(&format!(
            "[[sink]]\nkind = \"webhook\"\nurl = \"{url}/x\"\ntoken_file = \"t\"\n"
        ));
        house.write("t", "hunter2\n");
        let ran = house.run(&test("webhook", &["--form", "digest"])).expect(code);
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
        let got = got.join().unwrap();
        let (head, body) = got.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("authorization: Bearer hunter2"), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["form"], &body["count"]), (&"digest".into(), &3.into()));
        assert_eq!(body["alerts"].as_array().unwrap().len(), 3);
    }
    let house = house("[[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/x\"\n");
    let ran = house.run(&test("webhook", &[])).expect(1);
    assert!(ran.stdout.contains("sink \"webhook\" (webhook): failed after 0."), "{}", ran.stdout);
    assert!(ran.stdout.contains(": connect\n"), "{}", ran.stdout);
}

#[test]
fn programs_and_feeds_are_tried_as_well() {
    let house = house(
        "[[sink]]\nkind = \"command\"\nprogram = \"/bin/sh\"\n\
         args = [\"-c\", \"cat > got; echo thank you >&2\"]\n[[sink]]\nkind = \"feed\"\n",
    );
    let ran = house.run(&test("command", &["--form", "catch-up"])).expect(0);
    assert!(ran.stdout.contains("\n  /bin/sh: exit status 0: thank you\n"), "{}", ran.stdout);
    let got: Value = serde_json::from_str(&house.read("got")).unwrap();
    assert_eq!((&got["form"], &got["count"]), (&"catch_up".into(), &3.into()));
    house.write(
        "w.toml",
        house.read("w.toml").replace("echo thank you >&2", "echo on standard output; echo >&2"),
    );
    let ran = house.run(&test("command", &[])).expect(0);
    assert!(ran.stdout.contains(": exit status 0: on standard output\n"), "{}", ran.stdout);
    house.write("alerts.atom", "mine");
    let ran = house.run(&test("feed", &[])).expect(0);
    assert!(ran.stdout.contains("alerts.atom.aside now: "), "{}", ran.stdout);
    assert!(house.read("alerts.atom").contains("<title>TEST 1: "));
    assert_eq!(house.read("alerts.atom.aside"), "mine");
}

#[test]
fn a_program_is_found_beside_a_config_that_is_named_by_a_relative_path() {
    let house = House::new();
    let folder = "[[sink]]\nkind = \"command\"\nprogram = \"bin/tell\"\n";
    let beside = "[[sink]]\nname = \"beside\"\nkind = \"command\"\nprogram = \"tell\"\n";
    house.write(
        "config/w.toml",
        format!("{}{folder}{beside}", FEED.replace("rules.toml", "../rules.toml")),
    );
    for program in ["config/bin/tell", "config/tell"] {
        house.write(program, "#!/bin/sh\ncat > got; pwd\n");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(house.path(program), executable).unwrap();
    }
    for sink in ["command", "beside"] {
        let ran = house.run(&["sink", "test", sink, "--config", "config/w.toml"]).expect(0);
        assert!(ran.stdout.contains("/config\n"), "{}", ran.stdout);
        serde_json::from_str::<Value>(&house.read("config/got")).unwrap();
    }
}

#[test]
fn a_template_that_fails_is_told_and_the_message_goes_out() {
    let (url, got) = once("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let house = house(&format!(
        "[[sink]]\nkind = \"webhook\"\nurl = \"{url}/x\"\n\
         body = \"[{{% if 'TEST' in alert.title %}}{{{{ alert.rules[7].id }}}}{{% endif %}}]\"\n"
    ));
    house.run(&["check", "--config", "w.toml"]).expect(0);
    let ran = house.run(&test("webhook", &[])).expect(0);
    let told = "  The template `body` failed: undefined value: there is no `alert.rules[7]`\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let got = got.join().unwrap();
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{head}");
    serde_json::from_str::<Alert>(body).unwrap();
}

/// A mail server that takes one mail and says `words` to it.
fn mail_server(words: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut in_mail = false;
        while let Some(Ok(line)) = lines.next() {
            let answer = match line.as_str() {
                "." => words,
                _ if in_mail => continue,
                "DATA" => "354 go on",
                _ => "250 well",
            };
            in_mail = line == "DATA";
            stream.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn what_a_mail_server_says_to_a_mail_is_printed() {
    for (words, code, told) in [
        ("250 2.0.0 queued as 4dN7\u{1b}[2J", 0, "  127.0.0.1: 250 2.0.0 queued as 4dN7"),
        ("554 5.7.1 no mail for me", 1, "5.7.1 no mail for me"),
    ] {
        let port = mail_server(words);
        let house = house(&format!(
            "[[sink]]\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             from = \"w@example.org\"\nto = [\"d@example.org\"]\n"
        ));
        let ran = house.run(&test("email", &[])).expect(code);
        assert!(ran.stdout.contains(told) && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    }
}

#[test]
fn a_file_that_a_daemon_holds_is_said_to_be_held() {
    let house = house("[[sink]]\nkind = \"file\"\n");
    let file = OpenOptions::new().append(true).create(true).open(house.path("alerts.jsonl"));
    let file = file.unwrap();
    file.try_lock().unwrap();
    let ran = house.run(&test("file", &[])).expect(1);
    assert!(ran.stdout.contains("A daemon that runs holds this file"), "{}", ran.stdout);
    assert_eq!(house.read("alerts.jsonl"), "");
}

#[test]
fn what_cannot_be_tried_is_told() {
    let house = house(
        "[[sink]]\nkind = \"file\"\nname = \"desk\"\n[[sink]]\nkind = \"command\"\nprogram = \"./x\"\n",
    );
    let ran = house.run(&test("deks", &[])).expect(2);
    ran.says(&["there is no sink \"deks\"", "did you mean \"desk\"? there are: desk, command"]);
    house.run(&test("zzzzzzzz", &[])).expect(2).says(&["hint: there are: desk, command"]);
    house.run(&test("desk", &["--form", "group"])).expect(2).says(&["each alert by itself"]);
    house.run(&test("desk", &["--level", "loud"])).expect(2).says(&["expected one of"]);
    house.run(&test("command", &[])).expect(1).says(&["cannot run ", "No such file"]);
    house.write(
        "w.toml",
        format!(
            "{FEED}[[sink]]\nkind = \"webhook\"\nurl = \"https://example.org\"\n\
        token_file = \"credential:x\"\n"
        ),
    );
    house.run(&test("webhook", &[])).expect(78).says(&["there is no systemd credential \"x\""]);
}

#[test]
fn a_filter_that_lets_no_rule_through_is_told() {
    let rules = "[[rule]]\nid = \"flood\"\nlevel = \"medium\"\ntags = [\"water\"]\nany = [\"flood\"]\n\
        [[rule]]\nid = \"fire\"\nlevel = \"high\"\ntags = [\"heat\"]\nany = [\"fire\"]\n";
    let cases = [
        (
            "tags = [\"water\", \"haet\"]",
            "w.toml:6:18: sink \"log\": no rule has the tag \"haet\"",
            "did you mean \"heat\"? Tags: heat, water",
        ),
        (
            "tags = [\"x\"]",
            "w.toml:6:9: sink \"log\": no rule has the tag \"x\"",
            "hint: tags: heat, water",
        ),
        (
            "levels = [\"low\", \"critical\"]",
            "sink \"log\": no rule has a level that its `levels` name",
            "rules have: medium, high",
        ),
        (
            "status = [\"test\"]",
            "sink \"log\": no rule has a status that its `status` names",
            "rules have: stable",
        ),
        (
            "rules = [\"flood\"]\ntags = [\"heat\"]",
            "sink \"log\": no rule passes all of its filter together",
            "an alert must pass all that is given",
        ),
        (
            "rules = [\"fire\"]\nlevels = [\"medium\"]",
            "sink \"log\": no rule passes all of its filter together",
            "an alert must pass all that is given",
        ),
    ];
    for (filter, message, hint) in cases {
        let house = house(&format!("[[sink]]\nkind = \"log\"\n{filter}\n"));
        house.write("rules.toml", rules);
        house.run(&["check", "--config", "w.toml"]).expect(0);
        let ran = house.run(&["check", "--strict", "--config", "w.toml"]).expect(1);
        let told = ran.stdout + &ran.stderr;
        assert!(told.contains(message) && told.contains(hint), "{filter}: {told}");
    }
    // An alert of the rule `flood` is high if the rule `fire` raises it too.
    for filter in ["tags = [\"water\"]\nlevels = [\"high\", \"critical\"]", "health = \"only\""] {
        let house = house(&format!("[[sink]]\nkind = \"log\"\n{filter}\n"));
        house.write("rules.toml", rules);
        let ran = house.run(&["check", "--config", "w.toml"]).expect(0);
        assert!(!(ran.stdout + &ran.stderr).contains("no rule "), "{filter}");
    }
}

#[test]
fn sinks_kinds_and_examples_are_printed() {
    let house = house(
        "[[sink]]\nkind = \"log\"\nlevels = [\"high\", \"critical\"]\ntags = [\"a\"]\n\
        status = [\"stable\", \"test\"]\n[[sink]]\nkind = \"file\"\nname = \"desk\"\nhealth = \"only\"\n",
    );
    let ran = house.run(&["sink", "list", "--config", "w.toml"]).expect(0);
    let lines: Vec<Vec<&str>> =
        ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["sink", "kind", "levels", "rules", "tags", "status", "health"]);
    assert_eq!(lines[1], ["log", "log", "high,critical", "all", "a", "stable,test", "no"]);
    assert_eq!(lines[2], ["desk", "file", "-", "-", "-", "-", "only"]);
    let kinds = house.run(&["sink", "kinds"]).expect(0).stdout;
    for kind in wirewatch::sinks::KINDS {
        assert!(kinds.contains(kind.summary), "{kinds}");
        let ran = house.run(&["sink", "example", kind.name]).expect(0);
        assert_eq!(ran.stdout, kind.example);
    }
    house.run(&["sink", "example", "telegraf"]).expect(2).says(&["did you mean \"telegram\"?"]);
}
