use super::*;
use crate::model::{RuleId, Timestamp};
use crate::sinks::tests::alert;

/// A message taken apart by the grammar of RFC 5424 §6.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sinks) struct Parsed {
    pub priority: u8,
    pub timestamp: String,
    pub hostname: String,
    pub app_name: String,
    pub procid: String,
    pub msgid: String,
    pub sd_id: String,
    pub parameters: Vec<(String, String)>,
    pub text: String,
}

impl Parsed {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One token of printable ASCII and the space behind it.
fn token<'a>(rest: &mut &'a str, most: usize) -> Result<&'a str, String> {
    let (token, after) = rest.split_once(' ').ok_or("no space")?;
    let fits = (1..=most).contains(&token.len()) && token.bytes().all(|b| (33..=126).contains(&b));
    *rest = after;
    if fits { Ok(token) } else { Err(format!("no token: {token:?}")) }
}

/// One element of structured data, its parameters, and what is behind it.
type Element<'a> = (String, Vec<(String, String)>, &'a str);

fn structured(rest: &str) -> Result<Element<'_>, String> {
    let mut chars = rest.strip_prefix('[').ok_or("no structured data")?.chars();
    let name = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | ']' | '"');
    let (mut sd_id, mut parameters) = (String::new(), Vec::new());
    let mut end = loop {
        match chars.next().ok_or("structured data without end")? {
            c if name(c) => sd_id.push(c),
            c => break c,
        }
    };
    while end == ' ' {
        let (mut key, mut value) = (String::new(), String::new());
        loop {
            match chars.next().ok_or("a name without end")? {
                '=' => break,
                c if name(c) => key.push(c),
                c => return Err(format!("{c:?} in a name")),
            }
        }
        if chars.next() != Some('"') {
            return Err("a value without quote".into());
        }
        loop {
            match chars.next().ok_or("a value without end")? {
                '"' => break,
                ']' => return Err("a bare ] in a value".into()),
                '\\' => match chars.next() {
                    Some(c @ ('"' | '\\' | ']')) => value.push(c),
                    c => return Err(format!("\\ before {c:?}")),
                },
                c => value.push(c),
            }
        }
        if key.is_empty() || key.len() > 32 {
            return Err(format!("name {key:?}"));
        }
        parameters.push((key, value));
        end = chars.next().ok_or("structured data without end")?;
    }
    if end != ']' || sd_id.is_empty() || sd_id.len() > 32 {
        return Err(format!("SD-ID {sd_id:?}, then {end:?}"));
    }
    Ok((sd_id, parameters, chars.as_str()))
}

/// Reads a message; only what RFC 5424 allows, with one element of structured data and a text in
/// UTF-8.
pub(in crate::sinks) fn parse(message: &str) -> Result<Parsed, String> {
    let rest = message.strip_prefix('<').ok_or("no priority")?;
    let (number, rest) = rest.split_once('>').ok_or("no priority")?;
    let priority: u8 = number.parse().map_err(|_| "priority is no number")?;
    if priority > 191 || (number.len() > 1 && number.starts_with('0')) {
        return Err(format!("priority {number}"));
    }
    let mut rest = rest.strip_prefix("1 ").ok_or("not version 1")?;
    let timestamp = token(&mut rest, 32)?.to_owned();
    let shape: String =
        timestamp.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    if !["9999-99-99T99:99:99Z", "9999-99-99T99:99:99.999Z"].contains(&shape.as_str()) {
        return Err(format!("timestamp {timestamp}"));
    }
    let hostname = token(&mut rest, 255)?.to_owned();
    let app_name = token(&mut rest, 48)?.to_owned();
    let procid = token(&mut rest, 128)?.to_owned();
    let msgid = token(&mut rest, 32)?.to_owned();
    let (sd_id, parameters, rest) = structured(rest)?;
    let text = rest.strip_prefix(" \u{feff}").ok_or("no text with a BOM")?.to_owned();
    if text.chars().any(char::is_control) {
        return Err("a control character".into());
    }
    Ok(Parsed { priority, timestamp, hostname, app_name, procid, msgid, sd_id, parameters, text })
}

fn origin(max_size: usize) -> Origin {
    Origin {
        facility: 3,
        hostname: "host.example.org".into(),
        app_name: "wirewatch".into(),
        process: 4711,
        sd_id: "wirewatch@32473".into(),
        max_size,
    }
}

#[test]
fn an_alert_is_written_as_the_rfc_says() {
    let mut alert = alert(1);
    alert.item.text = "Rivers rise.".into();
    let id = alert.id.to_string();
    let expected = format!(
        "<27>1 2026-11-23T22:14:05Z host.example.org wirewatch 4711 alert \
         [wirewatch@32473 id=\"{id}\" level=\"high\" feed=\"news\" rules=\"floods,rivers\" \
         link=\"https://example.org/1\"] \u{feff}Flood warning 1 (Новини): Rivers rise."
    );
    assert_eq!(record(&alert, &origin(8192)), expected);
    let parsed = parse(&expected).unwrap();
    assert_eq!(parsed.get("id"), Some(id.as_str()));
    alert.raised_at = Timestamp::parse("2026-11-23T22:14:05.25Z").unwrap();
    assert!(record(&alert, &origin(8192)).contains(" 2026-11-23T22:14:05.250Z "));
}

#[test]
fn levels_have_severities() {
    let severities = Level::ALL.map(severity);
    assert_eq!(severities, [6, 5, 4, 3, 2]);
    let mut alert = alert(1);
    for (level, expected) in Level::ALL.into_iter().zip([190, 189, 188, 187, 186]) {
        alert.level = level;
        let text = record(&alert, &Origin { facility: 23, ..origin(8192) });
        assert_eq!(parse(&text).unwrap().priority, expected);
    }
    assert_eq!(FACILITIES[3], "daemon");
    assert_eq!(FACILITIES[23], "local7");
}

#[test]
fn what_strangers_write_stays_where_it_belongs() {
    let hostile = [
        "] [x@1 y=\"z\"] <0>1 - - - - - - evil",
        "a\\\"b]c\\",
        "line\r\n<13>1 second",
        "\u{1b}[2J\0\u{7f}\u{85}\u{2028}",
        "\u{202e}gnp.exe",
        "\u{feff}bom",
        "",
    ];
    for text in hostile {
        let mut alert = alert(1);
        alert.item.title = text.into();
        alert.item.text = text.into();
        alert.feed.title = text.into();
        alert.rules[0].id = RuleId::new(text);
        alert.item.link = Some(format!("https://example.org/{text}"));
        let written = record(&alert, &origin(8192));
        assert!(!written.contains(['\n', '\r', '\0', '\u{202e}']), "{written:?}");
        let parsed = parse(&written).unwrap_or_else(|why| panic!("{why}: {written}"));
        assert_eq!(parsed.parameters.len(), 5, "{parsed:?}");
        assert_eq!(parsed.get("rules").unwrap(), format!("{},rivers", line(text)));
        assert_eq!(parsed.get("link").unwrap(), line(&format!("https://example.org/{text}")));
    }
}

#[test]
fn no_message_is_longer_than_it_may_be() {
    let mut alert = alert(1);
    alert.item.title = "Повінь ".repeat(5000);
    alert.item.text = "洪水👩\u{200d}🚒".repeat(500);
    alert.item.link = Some(format!("https://example.org/{}", "x".repeat(900)));
    alert.feed.title = "t".repeat(3000);
    for n in 0..200 {
        let mut rule = alert.rules[0].clone();
        rule.id = RuleId::new(format!("rule-{n}"));
        alert.rules.push(rule);
    }
    for max_size in (480..700).chain([1024, 2048, 8192, 60_000]) {
        let written = record(&alert, &origin(max_size));
        assert!(written.len() <= max_size, "{max_size}: {}", written.len());
        let parsed = parse(&written).unwrap();
        assert_eq!(parsed.get("id"), Some(alert.id.as_str()));
        assert!(
            parsed.text.chars().count() > 20 && parsed.text.ends_with('…') || max_size > 50_000
        );
        assert_eq!(parsed.get("link").is_some(), max_size >= 2048, "{max_size}");
    }
    alert.item.link = Some(format!("https://example.org/{}", "x".repeat(2000)));
    assert_eq!(parse(&record(&alert, &origin(8192))).unwrap().get("link"), None, "not cut");
}

#[test]
fn a_health_alert_has_a_message_too() {
    let samples = crate::sinks::message::samples(crate::sinks::HealthAlerts::Also);
    for delivery in samples.iter().flat_map(|sample| &sample.batch.deliveries) {
        let parsed = parse(&record(&delivery.alert, &origin(2048))).unwrap();
        assert_eq!(parsed.msgid, "alert");
        assert!(!parsed.text.is_empty());
    }
}
