use std::fmt::Write as _;

use super::*;
use crate::model::{FeedKind, Item, Reason};

mod bounds;
mod damage;
mod formats;

fn url() -> Url {
    Url::parse("https://news.example/feeds/all.xml").unwrap()
}

fn read(document: &str) -> ParsedFeed {
    let url = url();
    let input = Input { bytes: document.as_bytes(), content_type: None, url: Some(&url) };
    parse(&input).unwrap_or_else(|error| panic!("{error}: {document}"))
}

fn fails(document: &str) -> ParseError {
    let input = Input { bytes: document.as_bytes(), content_type: None, url: None };
    parse(&input).unwrap_err()
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}

fn item(inside: &str) -> Item {
    let mut items = read(&rss(&format!("<item>{inside}</item>"))).items;
    assert_eq!(items.len(), 1, "{inside}");
    items.remove(0)
}

/// Titles and links, as `title @ link`.
fn lines(feed: &ParsedFeed) -> Vec<String> {
    let link = |item: &Item| item.link.clone().unwrap_or_default();
    feed.items.iter().map(|item| format!("{} @ {}", item.title, link(item))).collect()
}

const SOUND_RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Daily &amp; Sunday</title><link>https://news.example/</link><language>uk-UA</language><ttl>15</ttl>
<image><title>Logo</title><url>https://news.example/logo.png</url><link>https://news.example/</link></image>
<item><title>Bridge &lt;b&gt;re&lt;/b&gt;opened &amp;amp; repaired</title><link>https://news.example/1?utm_source=rss</link>
<guid isPermaLink="false">n-1</guid><pubDate>Mon, 23 Nov 2026 22:14:05 +0200</pubDate>
<dc:creator>Olha Petrenko</dc:creator><description>&lt;p&gt;Traffic&lt;/p&gt;&lt;p&gt;flows&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>Traffic flows <i>again</i>.</p>]]></content:encoded></item>
<item><title><![CDATA[Second & last]]></title><link>/2</link><guid>n-2</guid>
<pubDate>Mon, 23 Nov 2026 21:00:00 EET</pubDate><author>desk@news.example (City desk)</author><description>Words</description></item>
</channel></rss>"#;

const SOUND_ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://atom.example/base/">
<title type="text">Atom</title><id>urn:f</id><updated>2026-11-23T22:00:00Z</updated><author><name>Desk</name></author>
<entry><title type="html">Eins &amp;amp; &lt;em&gt;zwei&lt;/em&gt;</title><id>urn:1</id><link rel="self" href="x.atom"/><link href="eins"/>
<published>2026-11-22T10:00:00Z</published><updated>2026-11-23T10:00:00+01:00</updated><summary>Kurz &lt; lang</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Ein <b>Ab</b>satz</p><p>a &lt; b</p></div></content></entry>
<entry><title>Drei</title><id>urn:3</id><link rel="alternate" type="text/html" href="https://atom.example/drei"/>
<updated>2026-11-23T11:00:00Z</updated><author><name>Jana</name><email>j@atom.example</email></author><summary type="html">&lt;br/&gt;x</summary></entry>
</feed>"#;

#[test]
fn a_sound_rss_feed_says_all_that_is_in_it() {
    let feed = read(SOUND_RSS);
    assert_eq!(feed.kind, FeedKind::Rss);
    assert_eq!(feed.title.as_deref(), Some("Daily & Sunday"));
    assert_eq!(feed.language.as_deref(), Some("uk-ua"));
    assert_eq!(feed.ttl.map(|ttl| ttl.as_secs()), Some(900));
    assert_eq!(feed.repairs, Vec::<Repair>::new());
    let expected = Item {
        id: "n-1".into(),
        title: "Bridge reopened & repaired".into(),
        link: Some("https://news.example/1?utm_source=rss".into()),
        published: crate::model::Timestamp::parse("2026-11-23T20:14:05Z"),
        updated: None,
        authors: vec!["Olha Petrenko".into()],
        language: Some("uk-ua".into()),
        summary: "Traffic flows".into(),
        content: "Traffic flows again.".into(),
    };
    assert_eq!(feed.items[0], expected);
    assert_eq!(feed.items[1].title, "Second & last");
    assert_eq!(feed.items[1].link.as_deref(), Some("https://news.example/2"));
    assert_eq!(feed.items[1].authors, ["City desk"]);
}

#[test]
fn a_sound_atom_feed_says_all_that_is_in_it() {
    let feed = read(SOUND_ATOM);
    assert_eq!((feed.kind, feed.language.as_deref()), (FeedKind::Atom, Some("de")));
    assert_eq!(
        lines(&feed),
        ["Eins & zwei @ https://atom.example/base/eins", "Drei @ https://atom.example/drei"]
    );
    let first = &feed.items[0];
    assert_eq!(
        (first.summary.as_str(), first.content.as_str()),
        ("Kurz < lang", "Ein Absatz a < b")
    );
    assert_eq!(first.updated.map(|t| t.to_string()).as_deref(), Some("2026-11-23T09:00:00Z"));
    assert_eq!(first.authors, ["Desk"]);
    assert_eq!(feed.items[1].authors, ["Jana"]);
    assert_eq!(feed.items[1].published, None);
}

#[test]
fn both_readers_agree_on_what_both_can_read() {
    let plain = rss(
        "<item><title>5 &lt; 6 &#8212; &#150; AT&amp;T</title><link> https://a.example/ї?a=1&amp;b=2 </link>\
        <guid>g</guid><pubDate>2026-11-23 10:00</pubDate><author>Ann &lt;a@b.example&gt;</author>\
        <description><![CDATA[one<br>two &nbsp; <a href=\"x\">three</a>]]></description></item>\
        <item><title>x</title><link>http://B.example</link><pubDate>23 Nov 2026</pubDate>\
        <author>a@b.example</author><description/></item>",
    );
    let untyped = SOUND_ATOM.replace(" xml:base=\"https://atom.example/base/\"", "");
    let declared = SOUND_RSS.split_once("?>").unwrap().1;
    for document in [declared, SOUND_ATOM, &untyped, &plain] {
        let url = url();
        let items = guard::admit(document.trim()).expect("admitted");
        let strict = feed_rs::read(document, Some(&url)).expect("read");
        let lenient = lenient::read(document, Some(&url)).expect("read");
        assert_eq!(strict.items.len(), items);
        assert_eq!(lenient.repairs, Vec::<&str>::new());
        let strict = build::build(strict, Hints::default(), Some(&url), Vec::new()).unwrap();
        let lenient = build::build(lenient.feed, Hints::default(), Some(&url), Vec::new()).unwrap();
        assert_eq!(strict, lenient);
    }
}

/// A repair, what needs it (wrapped in RSS, unless it is a document), and the items in it.
const DAMAGED: &[(&str, &str, &[&str])] = &[
    (
        "bare-ampersand",
        "<item><title>AT&T & co</title><link>http://a.example/?a=1&utm_x=2</link></item>",
        &["AT&T & co @ http://a.example/?a=1&utm_x=2"],
    ),
    ("undefined-entity", "<item><title>a &foo; &nbsp;b</title></item>", &["a &foo; b @ "]),
    (
        "junk-before",
        "<br />\n<b>Warning</b>: x in y.php\n<rss><channel><item><title>A</title><link>http://a.example/1</link></item></channel></rss>",
        &["A @ http://a.example/1"],
    ),
    (
        "junk-after",
        "<rss><channel><item><title>A</title><link>http://a.example/1</link></item></channel></rss>\nprinted late",
        &["A @ http://a.example/1"],
    ),
    (
        "truncated",
        "<rss><channel><item><title>A</title><link>http://a.example/1</link></item><item><title>B</title><link>http://a.exa",
        &["A @ http://a.example/1", "B @ "],
    ),
    (
        "truncated",
        "<rss><channel><item><title>A</title><link>http://a.example/1</link></item><item><title>B</title><descript",
        &["A @ http://a.example/1", "B @ "],
    ),
    (
        "truncated",
        "<rss><channel><item><title>A</title><link>http://a.example/1</link></item><item><title><![CDATA[B",
        &["A @ http://a.example/1"],
    ),
    (
        "unclosed-element",
        "<item><title>A<link>http://a.example/1</link></item><item><title>B</item>",
        &["A @ http://a.example/1", "B @ "],
    ),
    ("unclosed-element", "<item><title>A</title><item><title>B</title></item>", &["A @ ", "B @ "]),
    ("unmatched-end-tag", "<item></b><title>A</i></title></item></item>", &["A @ "]),
    (
        "unmatched-end-tag",
        "<item><title>A <b>b</title></b><description>x</description></item>",
        &["A b @ "],
    ),
    ("broken-markup", "<item><title>5 < 6 <3</title></item>", &["5 < 6 <3 @ "]),
    (
        "broken-markup",
        "<item><title><![CDATA[A</title><link>http://a.example/1</link></item><item><title><![CDATA[B]]></title></item>",
        &["A @ http://a.example/1", "B @ "],
    ),
    (
        "broken-markup",
        "<item><title>A</title><enclosure url=\"x></enclosure><link>http://a.example/1</link></item>",
        &["A @ http://a.example/1"],
    ),
    ("double-encoded", "<item><title>CafÃ© â€“ naÃ¯ve</title></item>", &["Café – naïve @ "]),
    ("empty-item", "<item/><item><title>A</title></item>", &[" @ ", "A @ "]),
    (
        "repeated-item",
        "<item><title>A</title><link>http://a.example/1</link></item><item><title>A</title><link>http://a.example/1</link></item>",
        &["A @ http://a.example/1", "A @ http://a.example/1"],
    ),
];

#[test]
fn broken_feeds_are_read_and_the_damage_is_named() {
    for (repair, damaged, expected) in DAMAGED {
        let whole = damaged.contains("<rss>");
        let feed = read(&if whole { (*damaged).to_owned() } else { rss(damaged) });
        assert_eq!(lines(&feed), *expected, "{damaged}: {:?}", feed.repairs);
        assert!(feed.repairs.iter().any(|known| known == repair), "{damaged}: {:?}", feed.repairs);
    }
}

#[test]
fn feeds_that_feed_rs_passes_over_in_silence_are_read() {
    let one = "<item><title>A</title><link>http://a.example/1</link></item>";
    let documents = [
        format!("<rss version=\"2.0\" xmlns=\"http://backend.userland.com/rss2\"><channel>{one}</channel></rss>"),
        format!("<rss xmlns=\"http://blogs.law.harvard.edu/tech/rss\"><channel>{one}</channel></rss>"),
        format!("<rss><channel>{one}</channel></rss>"),
        format!("<rss version=\"2.01\"><channel>{one}</channel></rss>"),
        format!("<RSS VERSION=\"2.0\"><CHANNEL>{}</CHANNEL></RSS>", one.replace("item", "ITEM").replace("link", "Link")),
        format!("<channel>{one}</channel>"),
        format!("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><channel/>{one}</rdf:RDF>"),
        format!("<rss:rss xmlns:rss=\"http://purl.org/rss/1.0/\">{}</rss:rss>", "<rss:item><rss:title>A</rss:title><rss:link>http://a.example/1</rss:link></rss:item>"),
        "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><entry><title mode=\"escaped\" type=\"text/html\">A</title><link rel=\"alternate\" href=\"http://a.example/1\"/></entry></feed>".into(),
        "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:entry><a:title>A</a:title><a:link href=\"http://a.example/1\"/></a:entry></a:feed>".into(),
        "<entry xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title><link href=\"http://a.example/1\"/></entry>".into(),
        "<rdf:RDF><item rdf:about=\"http://a.example/1\"><title>A</title></item></rdf:RDF>".into(),
        rss("<item xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>A</dc:title><guid>http://a.example/1</guid></item>"),
        rss("<item><media:title>not this</media:title><title>A</title><media:description/><link>http://a.example/1</link></item>"),
        rss("<item><title/><media:group><media:title>A</media:title></media:group><link>http://a.example/1</link></item>"),
        rss("<item><title><b>A</b></title><source url=\"x\"><title>no</title></source><link>http://a.example/1</link></item>"),
        format!("<!-- {} -->\n<?xml version=\"1.0\" encoding=\"windows-1251\"?>{}", "x".repeat(80), rss(one)),
        format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", rss(one)),
    ];
    for document in documents {
        assert_eq!(lines(&read(&document)), ["A @ http://a.example/1"], "{document}");
    }
}

#[test]
fn what_made_feed_rs_panic_or_die_is_read() {
    let first = "<title>A</title><link>http://a.example/1</link><pubDate>2026-11-23</pubDate><description>d</description>";
    for inside in [
        "<author>«news@a.example»</author>",
        "<author>Редакція&#160;news@a.example</author>",
        "<author>a@b.example—Іван</author>",
        "<itunes:duration>99999999999999999999999</itunes:duration>",
        "<itunes:duration>18446744073709551615.999999999</itunes:duration>",
        "<pubDate>٢٣ نوفمبر</pubDate>",
        "<description>x <?xml version=\"1.0\" encoding=\"ISO-8859-1\"?> y</description>",
    ] {
        let document = format!(
            "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel><item>{first}{inside}</item></channel></rss>"
        );
        let feed = read(&document);
        assert_eq!(lines(&feed), ["A @ http://a.example/1"], "{inside}");
        assert!(feed.repairs.is_empty(), "{inside}: {:?}", feed.repairs);
    }
    for open in ["<media:group>", "<a xml:base=\"aaaaaaaa/\">", "<b>", "<item>", "<title>"] {
        let document = rss(&format!("<item>{first}</item><item>{}", open.repeat(20_000)));
        let feed = read(&document);
        assert_eq!(lines(&feed)[0], "A @ http://a.example/1", "{open}");
    }
}

#[test]
fn odd_items_keep_their_meaning() {
    assert_eq!(
        item("<guid>https://a.example/9</guid>").link.as_deref(),
        Some("https://a.example/9")
    );
    assert_eq!(item("<guid isPermaLink=\"false\">https://a.example/9</guid>").link, None);
    for bad in ["javascript:alert(1)", "ftp://a.example/", "data:text/html,x", "", "http://"] {
        assert_eq!(item(&format!("<title>x</title><link>{bad}</link>")).link, None, "{bad}");
    }
    assert_eq!(
        item("<title>x</title><link>//a.example/1</link>").link.as_deref(),
        Some("https://a.example/1")
    );
    let based = item("<title>x</title><link xml:base=\"http://b.example/c/\">d</link>");
    assert_eq!(based.link.as_deref(), Some("http://b.example/c/d"));
    let linked = item("<title>x</title><atom:link rel=\"alternate\" href=\"http://b.example/\"/>");
    assert_eq!(linked.link.as_deref(), Some("http://b.example/"));
    assert_eq!(
        item("<title>x</title><dc:creator>B</dc:creator><dc:creator>C</dc:creator>").authors,
        ["B", "C"]
    );
    assert_eq!(
        item("<title>x</title><dc:language>uk_UA</dc:language>").language.as_deref(),
        Some("uk-ua")
    );
    assert_eq!(item("<title>x</title><yandex:full-text>Whole</yandex:full-text>").content, "Whole");
    let html = item(
        "<title>x</title><description>One <p>two<br>three <a href='y'>four</a></description><pubDate>2026-11-23</pubDate>",
    );
    assert_eq!(html.summary, "One two three four");
    assert!(html.published.is_some());
    let open = item("<title>x</title><description>never closed <pubDate>2026-11-23</pubDate>");
    assert_eq!((open.summary.as_str(), open.published.is_some()), ("never closed", true));
    let undated = item("<title>x</title><pubDate>soon</pubDate><dc:date>2026-11-23</dc:date>");
    assert!(undated.published.is_some());
}

#[test]
fn json_feeds_of_any_care_are_read() {
    let feed = read(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "J", "language": "en", "authors": [{"name": "Desk"}],
        "items": [{"id": 7, "url": "/7", "title": "Seven", "content_html": "<p>a<b>b</b></p>", "date_published": "2026-11-23T10:00:00Z"},
                  {"id": "https://j.example/8", "content_text": "a < b", "author": {"name": "Ann"}, "date_modified": "2026-11-23"}]}"#,
    );
    assert_eq!((feed.kind, feed.title.as_deref()), (FeedKind::Json, Some("J")));
    assert_eq!(lines(&feed), ["Seven @ https://news.example/7", " @ https://j.example/8"]);
    assert_eq!((feed.items[0].id.as_str(), feed.items[0].content.as_str()), ("7", "ab"));
    assert_eq!(
        (feed.items[0].authors.as_slice(), feed.items[1].authors.as_slice()),
        (&["Desk".to_owned()][..], &["Ann".to_owned()][..])
    );
    assert_eq!(feed.items[1].content, "a < b");
    assert_eq!(
        read("\u{feff}{\"version\": \"http://jsonfeed.org/version/1\", \"items\": []}").items,
        []
    );
    assert_eq!(read("{\"items\": [{\"id\": 1}]}").items.len(), 1);
    assert_eq!(
        fails("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [").reason(),
        Reason::Malformed
    );
    assert_eq!(fails("{\"error\": \"no such user\"}").reason(), Reason::NotAFeed);
    assert_eq!(fails(&"{\"items\":[".repeat(50_000)).reason(), Reason::NotAFeed);
}

#[test]
fn a_feed_without_items_is_a_feed() {
    assert_eq!(read(&rss("")).items, []);
    assert_eq!(read("<feed xmlns=\"http://www.w3.org/2005/Atom\"/>").items, []);
    assert_eq!(fails("<rss version=\"2.0\"><channel><item><title>a").reason(), Reason::Malformed);
}

#[test]
fn hints_come_through_whichever_reader_reads() {
    let hints = "<skipHours><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>\
        <sy:updatePeriod>daily</sy:updatePeriod>";
    let sound = SOUND_RSS.replace("<ttl>", &format!("{hints}<ttl>"));
    for document in [&sound, &sound.replace("Words", "&")] {
        let feed = read(document);
        assert_eq!((feed.skip_hours, feed.skip_days), (vec![2], vec![6]));
        assert_eq!(feed.update_every.map(|every| every.as_secs()), Some(86_400));
    }
}

#[test]
fn the_same_bytes_give_the_same_items_and_damage_changes_no_id() {
    let items = "<item><title>A</title><description>a</description></item><item><title>B</title><link>http://a.example/2?utm_source=x#top</link></item>";
    let sound = rss(items);
    let ids = |document: &str| -> Vec<String> {
        read(document).items.into_iter().map(|item| item.id).collect()
    };
    assert_eq!(ids(&sound), ids(&sound));
    assert_eq!(ids(&sound), ids(&format!("junk {}", sound.replace("</channel>", "&</b>"))));
    assert_eq!(ids(&sound)[1], "http://a.example/2");
    let whole = SOUND_RSS.replace("&amp;amp;", "&");
    assert_eq!(ids(SOUND_RSS), ids(&whole));
}

/// So many pieces that anything quadratic would not come to an end.
#[test]
fn hostile_documents_come_to_an_end_within_bounds() {
    let pieces = [
        "<",
        "<a",
        "<a ",
        "<a \"",
        "<a \">\"",
        "</",
        "</a>",
        "<!--",
        "<![CDATA[",
        "<![CDATA[</",
        "<?",
        "<?x?>",
        "<!",
        "<!doctype [>",
        "&",
        "&amp;",
        "&#",
        "&x;",
        "<item>",
        "<title>",
        "<item><title><![CDATA[",
        "<br>",
        "<description><p>",
        "<a xml:base=\"http://a/b/\">",
        "]]>",
        "<item/>",
        "<item><guid>1</guid></item>",
        "\u{0}",
        "Ã©",
        "<entry>",
        "<x:y xmlns:x=\"a\">",
        "<p></i>",
    ];
    for piece in pieces {
        let many = piece.repeat(20_000);
        let documents = [
            rss(&many),
            rss(&format!("<item><title>{many}</title></item>")),
            format!("{many}{}", rss("")),
            rss(&format!("{many}]]>-->?>")),
        ];
        for document in documents {
            let bytes = document.as_bytes();
            let read = parse(&Input { bytes, content_type: None, url: Some(&url()) });
            for item in read.iter().flat_map(|feed| &feed.items) {
                assert!(item.title.len() <= 4096 && item.id.len() <= 4096, "{piece}");
            }
        }
    }
    let mut many = String::new();
    for n in 0..3_000 {
        write!(many, "<item><title>{n}</title></item>").unwrap();
    }
    assert_eq!(read(&rss(&many)).items.len(), 3_000);
}

proptest::proptest! {
    #[test]
    fn no_document_makes_it_panic(
        body in "(<item>|</item>|<title>|</title>|<link|/>|>|<!\\[CDATA\\[|\\]\\]>|<!--|-->|&|;|&#1|ї|\"|'| href=|<a|</|<p>|text|<entry xml:base=|\u{0}){0,40}",
    ) {
        let document = rss(&body);
        let input = Input { bytes: document.as_bytes(), content_type: None, url: None };
        let first = parse(&input);
        proptest::prop_assert_eq!(&first, &parse(&input));
        for cut in 0..document.len() {
            let _ = parse(&Input { bytes: &document.as_bytes()[..cut], ..input });
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), label in "[a-z=; -]{0,20}") {
        let _ = parse(&Input { bytes: &bytes, content_type: Some(&label), url: None });
    }
}
