use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::super::tests::{alert, context, deliveries, delivery, read as read_config};
use super::*;
use crate::model::{
    Alert, AlertFeed, Delivery, FeedId, Form, Health, HealthChange, ParsedFeed, Timestamp,
};
use crate::parse;

struct Bench {
    folder: TempDir,
    keys: String,
}

impl Bench {
    fn new(keys: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keys: keys.to_owned() }
    }

    fn sink(&self) -> Box<dyn Sink> {
        let text = format!("[[sink]]\nkind = \"feed\"\n{}\n", self.keys);
        let (specs, problems) = read_config(&text, self.folder.path());
        assert_eq!(problems, Vec::<String>::new());
        specs[0].build(&context(None)).unwrap()
    }

    async fn deliver(&self, numbers: impl IntoIterator<Item = u32>) {
        let batch = deliveries(numbers);
        let attempt = self.sink().deliver(&batch).await;
        assert_eq!(attempt.outcomes, vec![Outcome::Delivered; batch.len()]);
    }

    async fn deliver_one(&self, alert: Alert) {
        let delivery = Delivery { alert: Arc::new(alert), ..delivery(1) };
        let batch = Batch::new(vec![delivery], Form::Lines);
        assert_eq!(self.sink().deliver(&batch).await.outcomes, [Outcome::Delivered]);
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("alerts.atom")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    /// The file as our own readers read it: without anything to mend.
    fn parsed(&self) -> ParsedFeed {
        let text = self.text();
        let input = parse::Input {
            bytes: text.as_bytes(),
            content_type: Some("application/atom+xml"),
            url: None,
        };
        let feed = parse::parse(&input).unwrap();
        assert_eq!(feed.repairs, Vec::<crate::model::Repair>::new(), "{text}");
        feed
    }

    fn titles(&self) -> Vec<String> {
        self.parsed().items.into_iter().map(|item| item.title).collect()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn warnings(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|number| format!("Flood warning {number}")).collect()
}

#[tokio::test]
async fn our_own_readers_read_what_was_written() {
    let bench = Bench::new(
        "title = \"Night & day\"\nid = \"tag:example.org,2026:x\"\n\
        url = \"https://example.org/a?b&c\"",
    );
    bench.deliver([1]).await;
    let feed = bench.parsed();
    assert_eq!(feed.title.as_deref(), Some("Night & day"));
    let [item] = &feed.items[..] else { panic!("{feed:?}") };
    assert_eq!(item.title, "Flood warning 1");
    assert_eq!(item.link.as_deref(), Some("https://example.org/1"));
    assert_eq!(item.published, Timestamp::parse("2026-11-23T22:10:00.250Z"));
    assert_eq!(item.updated, Some(alert(1).raised_at));
    assert_eq!(item.authors, ["A. Author", "B. Author"]);
    assert_eq!(
        item.summary,
        "Води річки піднялися, flood follows soon [high: floods (flood*); rivers (річк~)]"
    );
    let text = bench.text();
    for part in [
        "<id>tag:example.org,2026:x</id>",
        "<link rel=\"self\" href=\"https://example.org/a?b&amp;c\"/>",
        "<category scheme=\"urn:wirewatch:rule\" term=\"floods\" label=\"FLOODS\"/>",
        "<category scheme=\"urn:wirewatch:tag\" term=\"land\"/>",
        "<category scheme=\"urn:wirewatch:level\" term=\"high\"/>",
        "<category scheme=\"urn:wirewatch:feed\" term=\"news\" label=\"Новини\"/>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("urn:wirewatch:tag").count(), 2);
}

#[test]
fn an_id_is_made_from_the_alerts_own_and_has_the_form_of_a_uuid() {
    let mut bytes = [0xff; 16];
    assert_eq!(entry::uuid(&bytes), "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff");
    bytes[0] = 1;
    assert_eq!(entry::uuid(&bytes[..1]), "urn:uuid:01000000-0000-8000-8000-000000000000");
    assert_eq!(entry::id(&alert(1)), entry::id(&alert(1)));
    assert_ne!(entry::id(&alert(1)), entry::id(&alert(2)));
}

#[tokio::test]
async fn the_newest_come_first_none_twice_and_the_oldest_make_room() {
    let bench = Bench::new("max_entries = 4");
    assert_eq!(bench.sink().max_batch(), 4);
    bench.deliver([1, 2]).await;
    assert_eq!(bench.titles(), warnings(&[2, 1]));
    // Each time another sink, as after a restart.
    bench.deliver([2, 3, 3]).await;
    assert_eq!(bench.titles(), warnings(&[3, 2, 1]));
    let before = fs::metadata(bench.path()).unwrap().modified().unwrap();
    bench.deliver([1, 3]).await;
    assert_eq!(fs::metadata(bench.path()).unwrap().modified().unwrap(), before);
    bench.deliver([4, 5]).await;
    assert_eq!(bench.titles(), warnings(&[5, 4, 3, 2]));
    assert_eq!(bench.names(), ["alerts.atom"]);
    let narrow = Bench { keys: "max_entries = 1".into(), ..bench };
    narrow.deliver([6]).await;
    assert_eq!(narrow.titles(), warnings(&[6]));
}

#[tokio::test]
async fn the_feed_is_as_new_as_its_newest_entry() {
    let bench = Bench::new("");
    let mut late = alert(1);
    late.raised_at = Timestamp::parse("2026-11-23T22:14:05.900Z").unwrap();
    bench.deliver_one(late).await;
    bench.deliver([2]).await;
    let text = bench.text();
    let feed = text.split_once("<entry>").unwrap().0;
    assert!(feed.contains("<updated>2026-11-23T22:14:05.900Z</updated>"), "{feed}");
}

#[tokio::test]
async fn no_headline_breaks_the_file() {
    let evil = "</title></entry>]]><![CDATA[x]]>&amp;&#0;&lt;b&gt;\"'\u{0}\u{8}\u{1b}[2J\u{85}\u{fffe}\u{ffff}\
        \u{202e}gnp\r\nnext\u{2028}line <?xml?><!-- --> 𝄞 👩\u{200d}🚒";
    let bench = Bench::new("");
    let mut alert = alert(1);
    alert.item.title = evil.into();
    alert.item.text = evil.into();
    alert.item.authors = vec![evil.into(), String::new(), "\u{1}".into()];
    alert.item.link = Some("https://example.org/?a=\"<b>'&c=\u{0}".into());
    alert.feed.title = evil.into();
    alert.rules[0].title = evil.into();
    alert.rules[0].tags = vec![evil.into()];
    alert.rules[0].matches[0].term = evil.into();
    bench.deliver_one(alert.clone()).await;
    bench.deliver([2]).await;
    let text = bench.text();
    let acting = |c: char| (is_unprintable(c) && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(!text.contains(acting), "{text:?}");
    let title =
        "<title>&lt;/title&gt;&lt;/entry&gt;]]&gt;&lt;![CDATA[x]]&gt;&amp;amp;&amp;#0;&amp;lt;b";
    assert!(text.contains(title), "{text}");
    assert!(text.contains("gnp next line &lt;?xml?&gt;"), "{text}");
    assert_eq!(bench.titles().len(), 2);
    assert_eq!(bench.parsed().items[1].authors.len(), 1);
}

#[tokio::test]
async fn alerts_of_little_are_entries_too() {
    let bench = Bench::new("");
    let mut bare = alert(1);
    bare.item.title = " \u{1}".into();
    bare.item.text = String::new();
    bare.item.link = None;
    bare.item.authors.clear();
    bare.item.published = None;
    bench.deliver_one(bare).await;
    let change = HealthChange {
        state: Health::Gone,
        before: Health::Ok,
        reason: Some(Reason::Gone),
        since: Timestamp::parse("2026-11-23T23:00:00Z").unwrap(),
        message: "the feed is gone".into(),
    };
    let feed = AlertFeed {
        id: FeedId::new("news"),
        title: String::new(),
        url: "https://example.org/feed".into(),
    };
    bench.deliver_one(Alert::of_health(feed, change)).await;
    let items = bench.parsed().items;
    assert_eq!((items[1].title.as_str(), items[1].link.as_ref()), ("(no headline)", None));
    assert_eq!(items[1].authors, ["Новини"]);
    assert_eq!(items[1].content, "[high: floods (flood*); rivers (річк~)]");
    assert_eq!(items[0].title, ": gone (gone)");
    assert_eq!(items[0].authors, ["news"]);
    assert_eq!(items[0].content, "the feed is gone [high]");
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_kept_aside() {
    let mut ours = Bench::new("");
    ours.deliver([1]).await;
    let text = ours.text();
    let others = [
        String::new(),
        "my notes\n".into(),
        "<html><body>x</body></html>".into(),
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>x</id></feed>".into(),
        text.replace(">wirewatch</generator>", ">other</generator>"),
        text[..text.len() / 2].into(),
        text[..text.len() - 4].into(),
        text.replace("</entry>", "</entrx>"),
        text.replace("<entry>\n", "<entry><x>\n"),
        text.replace("<updated>", "<updated>x"),
        text.replace("<feed ", "<feed xmlns:x=\"y\" "),
        text.replace("<feed ", "<!DOCTYPE feed [<!ENTITY a \"b\">]><feed "),
        format!("{text}more"),
    ];
    for (at, other) in others.iter().enumerate() {
        let bench = Bench::new("");
        fs::write(bench.path(), other).unwrap();
        bench.deliver([2]).await;
        assert_eq!(bench.titles(), warnings(&[2]), "{at}: {other}");
        let aside = fs::read_to_string(bench.folder.path().join("alerts.atom.aside")).unwrap();
        assert_eq!(&aside, other, "{at}");
    }
    for aside in ["alerts.atom.aside", "alerts.atom.aside-2"] {
        fs::write(ours.path(), [0xff, 0xfe]).unwrap();
        ours.deliver([3]).await;
        assert_eq!(fs::read(ours.folder.path().join(aside)).unwrap(), [0xff, 0xfe]);
    }
    // Even if it has the alert already.
    ours.keys = "max_entries = 5".into();
    ours.deliver([3]).await;
    assert_eq!(ours.titles(), warnings(&[3]));
    for number in 3..=99 {
        fs::write(ours.folder.path().join(format!("alerts.atom.aside-{number}")), "").unwrap();
    }
    fs::write(ours.path(), "mine").unwrap();
    let attempt = ours.sink().deliver(&deliveries([4])).await;
    let [Outcome::Retry { reason: Reason::Write, message, .. }] = &attempt.outcomes[..] else {
        panic!("{attempt:?}")
    };
    assert!(message.contains("too many that were set aside"), "{message}");
    assert_eq!(ours.text(), "mine");
}

#[tokio::test]
async fn one_that_was_edited_by_hand_keeps_its_entries_as_they_stand() {
    let bench = Bench::new("");
    bench.deliver([1, 2]).await;
    let edited = bench.text().replace("Flood warning 1", "Mine &#38; yours <!-- x -->");
    fs::write(bench.path(), &edited).unwrap();
    bench.deliver([1, 3]).await;
    assert_eq!(bench.titles(), ["Flood warning 3", "Flood warning 2", "Mine & yours"]);
    assert!(bench.text().contains("Mine &#38; yours <!-- x -->"));
}

#[tokio::test]
async fn what_keeps_it_from_writing_is_told_and_the_file_stays() {
    let bench = Bench::new("");
    bench.deliver([1]).await;
    let before = bench.text();
    let held = fs::File::open(bench.folder.path()).unwrap();
    held.lock().unwrap();
    let attempt = bench.sink().deliver(&deliveries([2, 3])).await;
    let [Outcome::Retry { reason: Reason::Write, message, .. }, _] = &attempt.outcomes[..] else {
        panic!("{attempt:?}")
    };
    assert!(message.ends_with("alerts.atom: another process keeps its folder locked"), "{message}");
    assert_eq!(bench.text(), before);
    drop(held);
    // What a crash has left behind is in nobody's way.
    fs::write(bench.folder.path().join(".alerts.atom.new"), "half").unwrap();
    bench.deliver([2]).await;
    assert_eq!(
        (bench.titles(), bench.names()),
        (warnings(&[2, 1]), vec!["alerts.atom".to_owned()])
    );
    fs::remove_file(bench.path()).unwrap();
    fs::create_dir(bench.path()).unwrap();
    let text = "[[sink]]\nkind = \"feed\"";
    let error = read_config(text, bench.folder.path()).0[0].build(&context(None)).err().unwrap();
    assert_eq!(error.source.unwrap().to_string(), "it is not a regular file");
}

#[tokio::test]
async fn who_could_read_the_file_still_can_and_a_link_stays_one() {
    let bench = Bench::new("path = \"link.atom\"");
    let real = bench.folder.path().join("www");
    fs::create_dir(&real).unwrap();
    let (link, real) = (bench.folder.path().join("link.atom"), real.join("real.atom"));
    Bench { folder: tempfile::tempdir().unwrap(), keys: String::new() }.deliver([1]).await;
    let other = Bench::new("");
    other.deliver([1]).await;
    fs::write(&real, other.text()).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o604)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    bench.deliver([2]).await;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o604);
    assert!(fs::read_to_string(&real).unwrap().contains("Flood warning 2"));
    // A new one may be read by all, as far as the umask lets it.
    let mode = fs::metadata(other.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
    assert_eq!(mode & 0o133, 0);
}

#[test]
fn what_is_wrong_in_its_config_is_told() {
    let text = "[[sink]]\nkind = \"feed\"\npath = \"x/\"\nmax_entries = 0\ntitle = \" \"\nid = \"x\"\n\
        url = \"ftp://x\"\n[[sink]]\nkind = \"feed\"\nname = \"f\"\npath = \"a\"\n\
        [[sink]]\nkind = \"file\"\npath = \"./a\"\n";
    let (_, problems) = read_config(text, Path::new("/nowhere"));
    let expected = [
        "`path`: expected a file's name",
        "`max_entries`: expected 1 to 10000",
        "`title`: expected 1 to 300",
        "`id`: expected a URI",
        "`url`: expected an http",
        "sinks \"f\" and \"file\" share the file /nowhere/a",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem}");
    }
}
