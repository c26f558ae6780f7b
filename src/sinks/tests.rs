use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::document::Document;
use crate::model::{
    AlertFeed, AlertRule, Clock, Delivery, FeedId, Field, Form, Item, Match, Problems, Status,
    Timestamp, json_line,
};
use crate::observe::{Limits, LogStyle, Output};

/// An alert of its own for each `number`.
pub(super) fn alert(number: u32) -> Alert {
    let item = Item {
        id: format!("item-{number}"),
        title: format!("Flood warning {number}"),
        link: Some(format!("https://example.org/{number}")),
        published: Timestamp::parse("2026-11-23T22:10:00.250Z"),
        summary: "Води річки піднялися, flood follows\u{2028}soon".into(),
        authors: vec!["A. Author".into(), "B. Author".into()],
        language: Some("en".into()),
        ..Item::default()
    };
    let hit = |term: &str, field: Field, text: &str| {
        let start = item.field(field).find(text).unwrap();
        Match { term: term.into(), field, text: text.into(), start, end: start + text.len() }
    };
    let rule = |id: &str, level, tags: &[&str], matches| AlertRule {
        id: RuleId::new(id),
        title: id.to_uppercase(),
        level,
        status: Status::default(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        matches,
    };
    let rules = vec![
        rule(
            "floods",
            Level::High,
            &["water"],
            vec![hit("flood*", Field::Title, "Flood"), hit("flood*", Field::Summary, "flood")],
        ),
        rule("rivers", Level::Low, &["water", "land"], vec![hit("річк~", Field::Summary, "річки")]),
    ];
    let feed = AlertFeed {
        id: FeedId::new("news"),
        title: "Новини".into(),
        url: "https://example.org/feed".into(),
    };
    Alert::raise(feed, &item, rules, Timestamp::parse("2026-11-23T22:14:05Z").unwrap())
}

pub(super) fn delivery(number: u32) -> Delivery {
    Delivery {
        row: number.into(),
        alert: Arc::new(alert(number)),
        attempts: 0,
        first_failed: None,
        message: None,
    }
}

pub(super) fn deliveries(numbers: impl IntoIterator<Item = u32>) -> Batch {
    Batch::new(numbers.into_iter().map(delivery).collect(), Form::Lines)
}

/// A log that keeps its lines.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

pub(super) fn log_to(output: impl std::io::Write + Send + 'static, style: LogStyle) -> LogStream {
    let clock = Clock::manual(Timestamp::parse("2026-11-23T22:14:06Z").unwrap());
    let output = Output::Writer(Box::new(output));
    LogStream::start(output, Some(style), None, clock, Limits::default()).unwrap()
}

/// What `what` logs.
pub(super) fn logged(what: impl FnOnce()) -> Vec<serde_json::Value> {
    let kept = Kept::default();
    let options = crate::observe::Options {
        output: Output::Writer(Box::new(kept.clone())),
        style: Some(LogStyle::Json),
        color: None,
        filter: None,
        clock: Clock::manual(Timestamp::parse("2026-11-23T22:14:06Z").unwrap()),
        limits: Limits::default(),
    };
    let (subscriber, stream) = crate::observe::subscriber(options).unwrap();
    tracing::subscriber::with_default(subscriber, what);
    assert!(stream.close(std::time::Duration::from_secs(10)));
    let bytes = kept.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) fn context(bookmark: Option<Bookmark>) -> BuildContext {
    BuildContext {
        log: log_to(std::io::sink(), LogStyle::Json),
        bookmark,
        user_agent: "wirewatch/test".into(),
        clock: Clock::manual(Timestamp::parse("2026-11-23T22:14:06Z").unwrap()),
    }
}

/// The sinks that `text` defines, and what is wrong with it.
pub(super) fn read(text: &str, base: &Path) -> (Vec<SinkSpec>, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let vault = Vault { folder: base.to_owned(), ..Vault::default() };
    let around = Around { vault, ..Around::default() };
    let specs = SinkSpec::read_all(&mut root, &around);
    root.finish();
    (specs, problems.into_vec().iter().map(ToString::to_string).collect())
}

/// That it also delivers is shown by the conformance suite.
#[test]
fn every_kind_is_as_its_example_says() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let (specs, problems) = read(kind.example, folder.path());
        assert_eq!(problems, Vec::<String>::new(), "{}", kind.name);
        let [spec] = specs.as_slice() else { panic!("{}: one sink", kind.name) };
        assert_eq!((spec.name.as_str(), spec.kind_name), (kind.name, kind.name));
        assert!(!kind.summary.ends_with('.'));
        assert!(spec.takes(&alert(1)));
        let sink = spec.build(&context(None)).unwrap();
        assert!(sink.max_batch() >= 1);
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    for (index, kind) in KINDS.iter().enumerate() {
        assert!(KINDS[..index].iter().all(|other| other.name != kind.name), "{}", kind.name);
    }
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let text = r#"
        [[sink]]
        kind = "fiel"
        path = "x"
        [[sink]]
        name = "a b"
        [[sink]]
        kind = "log"
        name = ""
        levels = ["loud"]
        rules = []
        pth = "x"
        [[sink]]
        kind = "file"
        path = 5
        rotate_size = 5
        keep = 0
        [[sink]]
        kind = "file"
        path = "x/"
        keep = 7
        [[sink]]
        kind = "teleport"
    "#;
    let (specs, problems) = read(text, Path::new("/nowhere"));
    assert!(specs.is_empty());
    let expected = [
        "there is no kind of sink \"fiel\"",
        "[sink] has no `kind`",
        "`name`: expected 1 to 64 letters",
        "`name`: expected 1 to 64 letters",
        "`rules`: the list is empty",
        "no level \"loud\"",
        "unknown key `pth` in [sink]",
        "`path`: expected a string",
        "`rotate_size`: less than 1KiB",
        "`keep`: expected 1 to 1000",
        "`path`: expected a file's name",
        "`keep` does nothing here",
        "there is no kind of sink \"teleport\"",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem} / {expected}");
    }
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let known = format!("kinds: {}", names.join(", "));
    assert!(problems[0].ends_with(&format!("hint: did you mean \"file\"? {known}")));
    assert!(problems[12].ends_with(&format!("hint: {known}")));
}

#[test]
fn a_sink_for_health_alone_chooses_among_no_rules() {
    let sink = |keys: &str| format!("[[sink]]\nkind = \"log\"\nhealth = {keys}\n");
    for good in ["\"only\"", "\"also\"\nrules = [\"a\"]\nlevels = [\"high\"]\ntags = [\"t\"]"] {
        let (specs, problems) = read(&sink(good), Path::new("."));
        assert_eq!((specs.len(), problems), (1, vec![]), "{good}");
    }
    for (keys, named) in [
        ("rules = [\"a\"]", "without effect here: `rules`"),
        ("levels = [\"high\"]", "without effect here: `levels`"),
        ("tags = [\"t\"]\nrules = [\"a\"]", "without effect here: `rules`, `tags`"),
        ("status = [\"stable\"]", "without effect here: `status`"),
    ] {
        let (specs, problems) = read(&sink(&format!("\"only\"\n{keys}")), Path::new("."));
        assert!(specs.is_empty());
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        assert!(problem.starts_with("w.toml:3:10: `health`: ") && problem.contains(named));
        assert!(problem.contains("\nhint: write \"also\", or leave out "), "{problem}");
    }
}

#[test]
fn no_two_sinks_share_a_name_or_a_file() {
    let text = r#"
        [[sink]]
        kind = "log"
        [[sink]]
        kind = "log"
        [[sink]]
        kind = "file"
        path = "a.jsonl"
        [[sink]]
        kind = "file"
        name = "other"
        path = "a.jsonl"
    "#;
    let (specs, problems) = read(text, Path::new("/nowhere"));
    assert_eq!(specs.len(), 2);
    assert!(problems[0].contains("there are two sinks called \"log\""), "{}", problems[0]);
    assert!(
        problems[1].contains("sinks \"file\" and \"other\" share the file /nowhere/a.jsonl"),
        "{}",
        problems[1]
    );
}

#[test]
fn a_filter_takes_what_all_its_parts_take() {
    let cases = [
        ("", true),
        ("levels = [\"high\"]", true),
        ("levels = [\"low\", \"critical\"]", false),
        ("rules = [\"rivers\"]", true),
        ("rules = [\"storms\"]", false),
        ("tags = [\"land\", \"sky\"]", true),
        ("tags = [\"sky\"]", false),
        ("status = [\"stable\"]", true),
        ("status = [\"test\", \"experimental\"]", false),
        ("rules = [\"rivers\"]\ntags = [\"land\"]", true),
        ("rules = [\"floods\"]\ntags = [\"land\"]", false),
        ("rules = [\"rivers\"]\nlevels = [\"low\"]", false),
    ];
    for (keys, expected) in cases {
        let text = format!("[[sink]]\nkind = \"log\"\n{keys}\n");
        let (specs, problems) = read(&text, Path::new("."));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(specs[0].takes(&alert(1)), expected, "{keys}");
    }
}

#[test]
fn an_alert_passes_by_a_rule_for_which_all_holds() {
    let mut mixed = alert(1);
    mixed.rules[0].status = Status::Experimental;
    for (keys, expected) in [
        ("status = [\"stable\"]", true),
        ("status = [\"experimental\"]", true),
        ("rules = [\"floods\"]\nstatus = [\"stable\"]", false),
        ("rules = [\"rivers\"]\nstatus = [\"stable\"]", true),
        ("tags = [\"land\"]\nstatus = [\"experimental\"]", false),
    ] {
        let text = format!("[[sink]]\nkind = \"log\"\n{keys}\n");
        let (specs, problems) = read(&text, Path::new("."));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(specs[0].takes(&mixed), expected, "{keys}");
    }
    let (specs, problems) =
        read("[[sink]]\nkind = \"log\"\nstatus = [\"stabel\"]\n", Path::new("."));
    assert!(specs.is_empty() && problems[0].contains("did you mean \"stable\"?"), "{problems:?}");
}

#[test]
fn sinks_on_this_machine_never_give_up() {
    for kind in ["log", "file"] {
        let text = format!("[[sink]]\nkind = \"{kind}\"\n");
        assert_eq!(read(&text, Path::new(".")).0[0].pacing.give_up_after, None);
        let text = format!("[[sink]]\nkind = \"{kind}\"\ngive_up_after = \"1h\"\n");
        let given = read(&text, Path::new(".")).0[0].pacing.give_up_after;
        assert_eq!(given, Some(std::time::Duration::from_secs(3600)));
    }
}

mod schema {
    use super::*;
    use serde_json::{Value, json};

    fn validator() -> jsonschema::Validator {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/alert.schema.json");
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        jsonschema::draft202012::new(&schema).unwrap()
    }

    fn form() -> Value {
        serde_json::from_str(&json_line(&alert(1)).unwrap()).unwrap()
    }

    #[test]
    fn alerts_are_as_the_schema_says() {
        let validator = validator();
        let mut bare = alert(2);
        bare.item.link = None;
        bare.item.published = None;
        bare.item.language = None;
        bare.item.title = String::new();
        bare.item.authors.clear();
        bare.rules[0].tags.clear();
        bare.rules[0].status = Status::Experimental;
        for alert in [alert(1), bare] {
            let form = serde_json::to_value(&alert).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&form).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new());
            assert_eq!(serde_json::from_value::<Alert>(form).unwrap(), alert);
        }
        let mut more = form();
        more["story"] = json!("s1");
        more["item"]["score"] = json!(1);
        assert!(validator.is_valid(&more), "fields may be added");
    }

    #[test]
    fn what_is_no_alert_is_refused() {
        let validator = validator();
        let breaks: &[(&str, Value)] = &[
            ("/schema", json!(2)),
            ("/id", json!("xyz")),
            ("/raised_at", json!("yesterday")),
            ("/raised_at", json!("2026-11-23T22:14:05+02:00")),
            ("/level", json!("urgent")),
            ("/rules", json!([])),
            ("/rules/0/matches", json!([])),
            ("/rules/0/matches/0/field", json!("body")),
            ("/rules/0/matches/0/start", json!(-1)),
            ("/rules/0/tags", json!("water")),
            ("/feed/url", json!(null)),
            ("/item/link", json!("javascript:alert(1)")),
            ("/item/first_seen", json!(null)),
            ("/item/authors", json!([1])),
        ];
        for (place, value) in breaks {
            let mut broken = form();
            *broken.pointer_mut(place).unwrap() = value.clone();
            assert!(!validator.is_valid(&broken), "{place} = {value}");
        }
        for (status, valid) in [("test", true), ("experimental", true), ("deprecated", false)] {
            let mut marked = form();
            marked["rules"][0]["status"] = json!(status);
            assert_eq!(validator.is_valid(&marked), valid, "{status}");
        }
        for place in ["", "/feed", "/item", "/rules/0", "/rules/0/matches/0"] {
            let keys = form().pointer(place).unwrap().as_object().unwrap().clone();
            for key in keys.keys() {
                let mut broken = form();
                broken.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(key);
                assert!(!validator.is_valid(&broken), "{place} without {key}");
            }
        }
    }
}
