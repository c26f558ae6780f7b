use std::path::Path;

use super::stub::{CUT, FLOOD, Mode, STALL, Stub};
use super::*;
use crate::model::{AlertId, Form};
use crate::sinks::tests::{context, deliveries, read};

const PASSWORD: &str = "correct horse battery";

/// A sink for `stub`; `keys` come last.
fn sink(stub: &Stub, keys: &str) -> Box<dyn Sink> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &stub.certificate).unwrap();
    let text = format!(
        "[[sink]]\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {}\n\
         from = \"Wirewatch <watch@example.org>\"\nca_file = \"ca.pem\"\n{keys}\n",
        stub.port
    );
    let (specs, problems) = read(&text, folder.path());
    assert_eq!(problems, Vec::<String>::new());
    specs[0].build(&context(None)).unwrap()
}

const ONE: &str = "to = [\"desk@example.org\"]";
const LOGIN: &str =
    "to = [\"desk@example.org\"]\nusername = \"watch\"\npassword = \"correct horse battery\"";

async fn deliver(sink: &dyn Sink, batch: &Batch) -> Outcome {
    let attempt = sink.deliver(batch).await;
    assert_eq!(attempt.outcomes.len(), batch.len());
    assert!(attempt.outcomes.windows(2).all(|pair| pair[0] == pair[1]));
    attempt.outcomes.into_iter().next().unwrap()
}

fn single() -> Batch {
    Batch { form: Form::Single, ..deliveries([1]) }
}

#[tokio::test]
async fn a_mail_goes_out_by_each_way_of_tls() {
    for (mode, tls) in [(Mode::StartTls, "starttls"), (Mode::Tls, "tls"), (Mode::Plain, "none")] {
        let stub = Stub::start(mode, |_| String::new()).await;
        let sink = sink(&stub, &format!("{LOGIN}\ntls = \"{tls}\""));
        assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered, "{tls}");
        let [mail] = &stub.mails()[..] else { panic!("{tls}: one mail") };
        assert_eq!(mail.from, "MAIL FROM:<watch@example.org>");
        assert_eq!(mail.to, ["RCPT TO:<desk@example.org>"]);
        assert!(mail.text.contains("\r\nSubject: [high] Flood warning 1\r\n"), "{}", mail.text);
        assert!(mail.text.starts_with("Date: Mon, 23 Nov 2026 22:14:06 +0000\r\n"));
        let lines = stub.lines();
        assert!(lines[0].starts_with("EHLO [127.0.0.1]"), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "QUIT");
        let login = lines.iter().position(|line| line.starts_with("AUTH PLAIN")).unwrap();
        let secured = lines.iter().position(|line| line == "STARTTLS");
        assert_eq!(secured.is_some(), mode == Mode::StartTls);
        assert!(secured.is_none_or(|secured| secured < login));
    }
}

#[tokio::test]
async fn several_alerts_are_one_mail_and_a_repeat_has_the_same_id() {
    let stub = Stub::start(Mode::StartTls, |_| String::new()).await;
    let sink = sink(&stub, ONE);
    let batch = Batch { form: Form::Digest, ..deliveries(0..100) };
    for _ in 0..2 {
        assert_eq!(deliver(&*sink, &batch).await, Outcome::Delivered);
    }
    assert_eq!(sink.deliver(&deliveries([])).await.outcomes, []);
    let mails = stub.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    let id = format!("Message-ID: <{}@example.org>", batch.key.as_str());
    assert!(mails[0].text.contains(&id));
    assert!(mails[0].text.contains("X-Wirewatch-Form: digest"));
}

#[tokio::test]
async fn what_a_server_says_decides_and_never_holds_the_secret() {
    // What is said to, the answer, whether it is tried again, why, and a word of it.
    let cases = [
        ("greeting", "554 go away", true, Reason::Blocked, "554"),
        ("greeting", "421 busy", true, Reason::ServerError, "421"),
        ("greeting", "hello", true, Reason::Protocol, "greeting"),
        ("greeting", CUT, true, Reason::Truncated, "greeting"),
        ("greeting", STALL, true, Reason::Timeout, "greeting"),
        ("greeting", FLOOD, true, Reason::Protocol, "greeting"),
        ("EHLO", "502 what", true, Reason::Blocked, "502"),
        ("STARTTLS", "454 later", true, Reason::ServerError, "454"),
        ("STARTTLS", "501 no", true, Reason::Tls, "501"),
        ("STARTTLS", STALL, true, Reason::Timeout, "the start of TLS"),
        ("STARTTLS", CUT, true, Reason::Truncated, "the start of TLS"),
        ("AUTH", "535 5.7.8 not with correct horse battery", true, Reason::Unauthorized, "535"),
        ("AUTH", "535 Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", true, Reason::Unauthorized, "***"),
        ("AUTH", "535 AHdhdGNoAGNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==", true, Reason::Unauthorized, "***"),
        ("AUTH", "454 later", true, Reason::ServerError, "454"),
        ("MAIL", "530 log in", true, Reason::Unauthorized, "530"),
        ("MAIL", "550 not you\u{1b}[31m", false, Reason::Refused, "550"),
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user", false, Reason::Refused, "no such user"),
        ("RCPT", "450 greylisted", true, Reason::ServerError, "greylisted"),
        ("RCPT", "421 closing", true, Reason::ServerError, "421"),
        ("DATA", "452 full", true, Reason::ServerError, "452"),
        ("DATA", CUT, true, Reason::Truncated, "DATA"),
        (".", "554 spam", false, Reason::Refused, "spam"),
        (".", "451 later", true, Reason::ServerError, "451"),
        (".", CUT, true, Reason::Truncated, "DATA"),
        (".", STALL, true, Reason::Timeout, "DATA"),
        (".", FLOOD, true, Reason::Truncated, "too much"),
        (".", "abc", true, Reason::Protocol, "DATA"),
    ];
    for (at, told, again, reason, word) in cases {
        let stub = Stub::start(Mode::StartTls, move |line| match line.starts_with(at) {
            true => told.to_owned(),
            false => String::new(),
        })
        .await;
        let timeout = if told == STALL { "300ms" } else { "30s" };
        let sink = sink(&stub, &format!("{LOGIN}\ntimeout = \"{timeout}\""));
        let outcome = deliver(&*sink, &single()).await;
        let (got, why, message) = match &outcome {
            Outcome::Retry { reason, message, .. } => (true, *reason, message),
            Outcome::Refused { reason, message } => (false, *reason, message),
            Outcome::Delivered => panic!("{at} {told}: delivered"),
        };
        assert_eq!((got, why), (again, reason), "{at} {told}: {message}");
        assert!(message.contains(word), "{at} {told}: {message}");
        for secret in [PASSWORD, "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "AHdhdGNo", "\u{1b}"] {
            assert!(!message.contains(secret), "{message}");
        }
        assert!(message.chars().count() < 400);
        assert_eq!(stub.mails(), []);
    }
}

#[tokio::test]
async fn a_password_is_not_told_however_its_spaces_come_back() {
    for words in ["no: correct  horse  battery", "no: CORRECT horse battery"] {
        let stub = Stub::start(Mode::StartTls, move |line| match line.starts_with("AUTH") {
            true => format!("535 {words}"),
            false => String::new(),
        })
        .await;
        let sink = sink(&stub, &LOGIN.replace(' ', "  "));
        let Outcome::Retry { message, .. } = deliver(&*sink, &single()).await else {
            panic!("a wrong password can be put right");
        };
        assert!(message.ends_with("no: ***"), "{message}");
    }
}

#[tokio::test]
async fn replies_may_be_codes_alone() {
    let stub = Stub::start(Mode::Plain, |line| match line {
        "greeting" => "220".to_owned(),
        "." | "DATA" | "QUIT" => String::new(),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") => "250".to_owned(),
        _ => String::new(),
    })
    .await;
    let sink = sink(&stub, &format!("{ONE}\ntls = \"none\""));
    assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
    let taken = Stub::start(Mode::Plain, |line| match line {
        "." => "250".to_owned(),
        _ => String::new(),
    })
    .await;
    let sink = self::sink(&taken, &format!("{ONE}\ntls = \"none\""));
    assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
    assert_eq!(stub.mails().len(), 1);
}

#[tokio::test]
async fn a_farewell_that_is_not_answered_changes_nothing() {
    for told in [STALL, CUT, "500 what"] {
        let stub = Stub::start(Mode::Tls, move |line| match line == "QUIT" {
            true => told.to_owned(),
            false => String::new(),
        })
        .await;
        let sink = sink(&stub, &format!("{ONE}\ntls = \"tls\""));
        assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
        assert_eq!(stub.mails().len(), 1);
    }
}

#[tokio::test]
async fn without_starttls_nothing_more_is_said() {
    let stub = Stub::start(Mode::Plain, |_| String::new()).await;
    let sink = sink(&stub, LOGIN);
    let outcome = deliver(&*sink, &single()).await;
    let Outcome::Retry { reason: Reason::Tls, message, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(message.contains("no STARTTLS"), "{message}");
    assert_eq!(stub.lines(), ["EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn a_port_of_the_other_kind_is_told() {
    let cases = [
        (Mode::Plain, "tls", Reason::Tls, "is `tls = \"starttls\"` meant?"),
        (Mode::Tls, "starttls", Reason::Timeout, "`tls = \"tls\"` is meant"),
    ];
    for (mode, tls, expected, hint) in cases {
        let stub = Stub::start(mode, |_| String::new()).await;
        let sink = sink(&stub, &format!("{ONE}\ntls = \"{tls}\"\ntimeout = \"1s\""));
        let outcome = deliver(&*sink, &single()).await;
        let Outcome::Retry { reason, message, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason, expected, "{message}");
        assert!(message.contains(hint), "{message}");
    }
}

#[tokio::test]
async fn what_is_said_before_tls_does_not_count_in_it() {
    // The stub answers STARTTLS with a second reply in the same packet (CVE-2011-0411's kin).
    let stub = Stub::start(Mode::StartTls, |line| match line == "STARTTLS" {
        true => "220 go\r\n250-stub\r\n250 AUTH LOGIN".to_owned(),
        false => String::new(),
    })
    .await;
    let sink = sink(&stub, LOGIN);
    let outcome = deliver(&*sink, &single()).await;
    let Outcome::Retry { reason: Reason::Tls, .. } = outcome else { panic!("{outcome:?}") };
    assert!(!stub.lines().iter().any(|line| line.starts_with("AUTH")));
}

#[tokio::test]
async fn a_server_that_is_not_trusted_gets_no_mail() {
    let own = Stub::start(Mode::StartTls, |_| String::new()).await;
    let other = Stub::start(Mode::StartTls, |_| String::new()).await;
    let port = other.port;
    let imposter = other.posing(port, &own.certificate);
    let sink = sink(&imposter, LOGIN);
    let outcome = deliver(&*sink, &single()).await;
    let Outcome::Retry { reason: Reason::Tls, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(imposter.lines(), ["EHLO [127.0.0.1]", "STARTTLS"]);
}

#[tokio::test]
async fn of_several_recipients_each_has_the_mail_once() {
    let calls = Mutex::new(0);
    let stub = Stub::start(Mode::StartTls, move |line| {
        let mut calls = calls.lock().unwrap();
        *calls += usize::from(line.starts_with("MAIL"));
        let late = *calls == 1 && line.contains("<late@");
        if late { "450 later".to_owned() } else { String::new() }
    })
    .await;
    let sink = sink(&stub, "to = [\"a@example.org\", \"late@example.org\", \"b@example.org\"]");
    let outcome = deliver(&*sink, &single()).await;
    let Outcome::Retry { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("late@example.org: the server said 450"), "{message}");
    assert!(message.contains("2 of 3 recipients have it"), "{message}");
    assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
    let mails = stub.mails();
    assert_eq!(mails[0].to, ["RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>"]);
    assert_eq!(mails[1].to, ["RCPT TO:<late@example.org>"]);
    assert_eq!(mails[0].text, mails[1].text);
    // Once settled it is forgotten: should it come again, all are asked.
    assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
    assert_eq!(stub.mails()[2].to.len(), 3);
}

#[tokio::test]
async fn one_recipient_who_is_refused_does_not_keep_the_mail_from_others() {
    let stub = Stub::start(Mode::StartTls, |line| match line.contains("<gone@") {
        true => "550 5.1.1 unknown".to_owned(),
        false => String::new(),
    })
    .await;
    let sink = sink(&stub, "to = [\"gone@example.org\", \"a@example.org\"]");
    let attempt = sink.deliver(&single()).await;
    assert!(attempt.in_part, "it cannot go out in another form");
    let outcome = &attempt.outcomes[0];
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("gone@example.org") && message.contains("1 of 2"), "{message}");
    assert_eq!(stub.mails()[0].to, ["RCPT TO:<a@example.org>"]);
}

#[tokio::test]
async fn no_server_at_all_is_tried_again() {
    let stub = Stub::start(Mode::Tls, |_| String::new()).await;
    let sink = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let certificate = stub.certificate.clone();
        sink(&stub.posing(port, &certificate), ONE)
    };
    let outcome = deliver(&*sink, &single()).await;
    let Outcome::Retry { reason: Reason::Connect, message, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(message.contains("cannot connect to 127.0.0.1:"), "{message}");
}

#[tokio::test]
async fn a_hostile_headline_stays_a_headline() {
    let stub = Stub::start(Mode::StartTls, |_| String::new()).await;
    let sink = sink(&stub, ONE);
    let mut alert = crate::sinks::tests::alert(1);
    alert.item.title = "x\r\nBcc: all@example.org\r\n.\r\nMAIL FROM:<a@b> =?utf-8?q?y?=".into();
    alert.item.text = "<script>\r\n.\r\n</script>\u{202e}".into();
    alert.id = AlertId::new("0123456789abcdef0123456789abcdef");
    let mut batch = single();
    batch.deliveries[0].alert = std::sync::Arc::new(alert);
    assert_eq!(deliver(&*sink, &batch).await, Outcome::Delivered);
    let [mail] = &stub.mails()[..] else { panic!("one mail") };
    assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")), "{}", mail.text);
    let (plain, html) = mail.text.split_once("text/html").unwrap();
    assert!(plain.contains("<script>") && !html.contains("<script>"));
    assert!(!mail.text.contains('\u{202e}'));
    assert_eq!(stub.lines().iter().filter(|line| line.starts_with("MAIL")).count(), 1);
}

#[tokio::test]
async fn templates_make_the_mail() {
    let stub = Stub::start(Mode::StartTls, |_| String::new()).await;
    let own = "title = \"T {{ alert.title }}\"\nbody = \"B {{ count }}\"";
    let html = "\nhtml = \"<i>{{ alert.title }}</i>\"";
    for keys in [own.to_owned(), format!("{own}{html}"), "html = \"\"".to_owned()] {
        let sink = sink(&stub, &format!("{ONE}\n{keys}"));
        assert_eq!(deliver(&*sink, &single()).await, Outcome::Delivered);
    }
    let mails = stub.mails();
    let has_html: Vec<bool> =
        mails.iter().map(|mail| mail.text.contains("Content-Type: text/html")).collect();
    assert_eq!(has_html, [false, true, false]);
    assert!(mails[0].text.contains("Subject: T Flood warning 1\r\n"));
    assert!(mails[0].text.contains("\r\n\r\nB 1"));
    assert!(mails[1].text.contains("<i>Flood warning 1</i>"));
}

#[test]
fn what_is_wrong_in_the_config_is_told() {
    let good = "host = \"h.example\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\n";
    let cases = [
        ("", "has no `host`"),
        ("host = \"smtp://h\"", "expected a name or an address"),
        ("host = \"h:25\"", "expected a name or an address"),
        ("port = 0", "`port`: expected 1 to 65535"),
        ("port = 65536", "`port`: expected 1 to 65535"),
        ("tls = \"ssl\"", "`tls`: \"ssl\" is not known"),
        ("from = \"nobody\"", "`from`: expected a mail address"),
        ("from = \"a@b.example\\r\\nBcc: x@y\"", "`from`: expected a mail address"),
        ("to = []", "`to`: expected 1 to 50 addresses"),
        ("to = \"c@d.example\"", "`to`: expected a list"),
        ("to = [\"ж@d.example\"]", "letters outside ASCII"),
        ("reply_to = \"x\"", "`reply_to`: expected a mail address"),
        ("username = \"u\"", "`username` without a password"),
        ("password = \"hush\"", "a password without a `username`"),
        ("timeout = \"0s\"", "`timeout` is out of bounds"),
        ("ca_file = \"missing.pem\"", "missing.pem"),
        ("tls = \"none\"\nusername = \"u\"\npassword = \"hush\"", "in the clear"),
        ("title = \"{{ alert.titel }}\"", "`title`, line 1"),
    ];
    for (keys, expected) in cases {
        let rest: Vec<&str> = good
            .lines()
            .filter(|line| !keys.is_empty() || !line.starts_with("host"))
            .filter(|line| {
                let key = line.split(' ').next().unwrap();
                !keys.lines().any(|own| own.split(' ').next() == Some(key))
            })
            .collect();
        let text = format!("[[sink]]\nkind = \"email\"\n{}\n{keys}\n", rest.join("\n"));
        let (specs, problems) = read(&text, Path::new("/nowhere"));
        assert!(specs.is_empty(), "{keys}");
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{keys}: {problems:#?}");
        // A problem shows its line; what the password is never stands in a message.
        assert!(problems.iter().all(|problem| !problem.lines().next().unwrap().contains("hush")));
    }
    let defaults =
        [("", 587), ("tls = \"tls\"", 465), ("tls = \"none\"", 25), ("port = 2525", 2525)];
    for (keys, port) in defaults {
        let text = format!("[[sink]]\nkind = \"email\"\n{good}{keys}\n");
        let (specs, problems) = read(&text, Path::new("/nowhere"));
        assert_eq!(problems, Vec::<String>::new());
        let told = format!("{:?}", specs[0].kind);
        assert!(told.contains(&format!("port: {port}")), "{told}");
    }
}

#[test]
fn the_config_does_not_show_its_secret() {
    let text = format!(
        "[[sink]]\nkind = \"email\"\nhost = \"h.example\"\nfrom = \"a@b.example\"\n{LOGIN}\n"
    );
    let (specs, _) = read(&text, Path::new("/nowhere"));
    let told = format!("{:?}", specs[0]);
    assert!(!told.contains(PASSWORD) && told.contains("***"), "{told}");
}
