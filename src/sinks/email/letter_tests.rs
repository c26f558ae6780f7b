use super::*;
use crate::model::Form;
use crate::sinks::email::stub::{decode, unbase64};
use crate::sinks::tests::deliveries;

fn head() -> Head {
    Head {
        from: "Wirewatch <watch@news.example>".parse().unwrap(),
        to: vec!["desk@example.org".parse().unwrap(), "Ж <zh@example.org>".parse().unwrap()],
        reply_to: Some("lead@example.org".parse().unwrap()),
    }
}

fn mail(subject: &str, text: &str, html: Option<&str>, alerts: u32) -> String {
    let words = Words { subject: subject.into(), text: text.into(), html: html.map(str::to_owned) };
    let mut batch = deliveries(0..alerts);
    batch.form = if alerts == 1 { Form::Single } else { Form::Group };
    let now = Timestamp::parse("2026-11-23T22:14:05Z").unwrap();
    String::from_utf8(compose(&head(), words, &batch, now).unwrap()).unwrap()
}

/// The headers, unfolded, as `(name, value)`; the body.
fn parse(mail: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        assert!(line.len() <= 998 && line.is_ascii(), "{line:?}");
        match line.strip_prefix([' ', '\t']) {
            Some(more) => headers.last_mut().unwrap().1.push_str(&format!(" {more}")),
            None => {
                let (name, value) = line.split_once(": ").unwrap();
                headers.push((name.into(), value.into()));
            }
        }
    }
    (headers, body)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found: Vec<_> = headers.iter().filter(|(own, _)| own == name).collect();
    assert_eq!(found.len(), 1, "{name}: {headers:?}");
    &found[0].1
}

#[test]
fn a_mail_tells_what_it_is_of() {
    let mail = mail("Flood", "Text", None, 1);
    let (headers, body) = parse(&mail);
    let id = crate::sinks::tests::alert(0).id;
    let expected = [
        ("From", "Wirewatch <watch@news.example>"),
        ("Reply-To", "lead@example.org"),
        ("Subject", "Flood"),
        ("Date", "Mon, 23 Nov 2026 22:14:05 +0000"),
        ("Message-ID", &format!("<{id}@news.example>")),
        ("Auto-Submitted", "auto-generated"),
        ("X-Wirewatch-Alert", id.as_str()),
        ("X-Wirewatch-Rules", "floods, rivers"),
        ("X-Wirewatch-Level", "high"),
        ("X-Wirewatch-Form", "single"),
        ("MIME-Version", "1.0"),
    ];
    for (name, value) in expected {
        assert_eq!(header(&headers, name), value, "{name}");
    }
    assert!(header(&headers, "To").contains("desk@example.org"));
    assert!(header(&headers, "To").contains("<zh@example.org>"));
    assert_eq!(body.trim_end(), "Text");
}

#[test]
fn a_mail_of_several_has_a_key_of_its_own() {
    let several = mail("Three", "Text", None, 3);
    let (headers, _) = parse(&several);
    let key = deliveries(0..3).key;
    assert_eq!(header(&headers, "Message-ID"), format!("<{}@news.example>", key.as_str()));
    assert_eq!(header(&headers, "X-Wirewatch-Alert").split(", ").count(), 3);
    assert_eq!(several, mail("Three", "Text", None, 3), "the same again");
    let (headers, _) = parse(&mail("Many", "Text", None, 200)).clone();
    assert_eq!(header(&headers, "X-Wirewatch-Alert").split(", ").count(), MAX_IDS);
}

#[test]
fn no_headline_makes_a_header() {
    let hostile = [
        "Flood\r\nBcc: all@example.org\r\n\r\nbody",
        "Flood\nBcc: all@example.org",
        "Flood\u{2028}Bcc: x\u{85}y\0",
        "=?utf-8?q?Bcc=3A_all=40example=2Eorg?=",
        "=?utf-8?b?SGVsbG8=?= =?utf-8?b?SGVsbG8=?=",
        "\u{202e}gnp.exe",
        " ",
        "",
        ":",
    ];
    for text in hostile {
        let mail = mail(text, "Text", None, 1);
        let (headers, _) = parse(&mail);
        assert_eq!(headers.len(), 15, "{text:?}: {headers:?}");
        assert!(headers.iter().all(|(name, _)| name != "Bcc"));
        let value = header(&headers, "Subject");
        let shown = decode(value);
        assert_eq!(shown, subject(text), "{text:?}");
        assert!(!shown.contains('\u{202e}'));
    }
}

#[test]
fn headlines_of_all_scripts_come_through() {
    let long = "Повінь ".repeat(60);
    let cases = [
        "Повінь у Харкові: рівень води піднявся на 5 метрів за добу, евакуюють села",
        "洪水",
        "a👩\u{200d}🚒",
        &"é".repeat(200),
        &long,
    ];
    for text in cases {
        let mail = mail(text, "Text", None, 1);
        for line in mail.lines().filter(|line| line.contains("=?utf-8?b?")) {
            assert!(line.len() <= 76, "{line}");
        }
        let (headers, _) = parse(&mail);
        assert_eq!(decode(header(&headers, "Subject")), subject(text));
    }
    assert!((MAX_SUBJECT - 2..=MAX_SUBJECT).contains(&subject(&long).chars().count()));
    assert!(subject(&long).ends_with("…"));
    assert_eq!(subject(&"é".repeat(200)).chars().count(), 200);
}

#[test]
fn a_body_cannot_end_its_part_or_the_mail() {
    let key = deliveries(0..1).key;
    let hostile = format!(
        "a\r\n.\r\nQUIT\r\n--=_{0}--\r\n--=_{0}\nContent-Type: x\n\n{1}",
        key.as_str(),
        "x".repeat(5000)
    );
    let mail = mail("S", &hostile, Some(&format!("<p>{hostile}</p>")), 1);
    let boundary = format!("--=_{}", key.as_str());
    let lines: Vec<&str> = mail.split("\r\n").collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with(&boundary)).count(), 3);
    assert!(lines.iter().all(|line| line.len() <= 998));
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "bare line ends");
    let (headers, _) = parse(&mail);
    assert!(header(&headers, "Content-Type").starts_with("multipart/alternative"));
}

#[test]
fn both_parts_hold_their_text() {
    let text = "Повінь у Харкові.\nДругий рядок.";
    let mail = mail("S", text, Some("<p>Повінь &lt;b&gt;</p>"), 1);
    let parts: Vec<&str> = mail.split("--=_").skip(1).collect();
    let body = |part: &str| {
        assert!(part.contains("Content-Transfer-Encoding: base64"), "{part}");
        String::from_utf8(unbase64(part.split_once("\r\n\r\n").unwrap().1)).unwrap()
    };
    assert!(parts[0].contains("Content-Type: text/plain; charset=utf-8"), "{}", parts[0]);
    assert_eq!(body(parts[0]), text.replace('\n', "\r\n"));
    assert!(parts[1].contains("Content-Type: text/html; charset=utf-8"));
    assert_eq!(body(parts[1]), "<p>Повінь &lt;b&gt;</p>");
}
