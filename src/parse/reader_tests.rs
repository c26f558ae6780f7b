//! Holds the readers to each other: a feed that flips between well-formed and broken is read now
//! by the one, now by the other, and must repeat nothing.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn read(order: &[Reader], document: &str) -> Result<ParsedFeed, ParseError> {
    let url = Url::parse("https://news.example/feeds/all.xml").ok();
    let input = Input { bytes: document.as_bytes(), content_type: None, url: url.as_ref() };
    let mut feed = parse_in_order(order, &input)?;
    feed.repairs.clear();
    Ok(feed)
}

/// Whether feed-rs reads the document; if so, as the lenient reader does.
fn both(document: &str) -> bool {
    let lenient = read(&[Reader::Lenient], document);
    match read(&[Reader::FeedRs], document) {
        Ok(feed) => {
            assert_eq!(Ok(feed), lenient, "{document}");
            true
        }
        Err(_) => false,
    }
}

const PREFIXES: &str = "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
    xmlns:atom=\"http://www.w3.org/2005/Atom\" \
    xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" xmlns:x=\"http://x.example/\"";

fn rss(inside: &str) -> String {
    format!("<rss version=\"2.0\" {PREFIXES}><channel><title>News</title>{inside}</channel></rss>")
}

fn atom(inside: &str) -> String {
    format!("<feed xmlns=\"{ATOM}\" {PREFIXES}><title>News</title>{inside}</feed>")
}

const ATOM: &str = "http://www.w3.org/2005/Atom";
/// What feed-rs must find in an item, with something more in it.
const RSS_ITEM: [&str; 2] = [
    "<item><title>A</title><link>http://a.example/1</link><pubDate>23 Nov 2026 10:00:00 GMT</pubDate><description>D</description>",
    "</item>",
];
const ATOM_ITEM: [&str; 2] = [
    "<entry><title>A</title><link href=\"http://a.example/1\"/><updated>2026-11-23T10:00:00Z</updated><summary>D</summary>",
    "</entry>",
];

#[test]
fn what_sound_feeds_have_is_read_alike_by_both() {
    for more in [
        "",
        "<guid>g</guid><author>Ann</author><category>c</category><comments>http://a/c</comments>",
        "<guid isPermaLink=\"false\"> g </guid><author>desk@a.example (Ann Bell)</author>",
        "<dc:creator><![CDATA[Ann & Bob]]></dc:creator><dc:creator>Cy</dc:creator>",
        "<author>a@b.example</author><author>Ann Bell &lt;a@b.example&gt;</author>",
        "<content:encoded><![CDATA[<p>One</p><p>two &amp; three&nbsp;</p>]]></content:encoded>",
        "<media:content url=\"x\"><media:title>T</media:title><media:description>M</media:description></media:content>",
        "<media:group><media:content url=\"x\"/><media:thumbnail url=\"y\"/></media:group>",
        "<enclosure url=\"http://a/x.mp3\" length=\"1\" type=\"audio/mpeg\"/><source url=\"x\">S</source>",
        "<x:y><x:z>no</x:z></x:y><itunes:author>I</itunes:author><unknown>u</unknown>",
        "<!-- a comment --><?a pi?>",
    ] {
        let [head, tail] = RSS_ITEM;
        assert!(
            both(&rss(&format!("<language>uk-UA</language><ttl>15</ttl>{head}{more}{tail}"))),
            "{more}"
        );
    }
    for more in [
        "",
        "<id>urn:1</id><author><name>Ann</name><email>a@b.example</email><uri>u</uri></author>",
        "<published>2026-11-22T10:00:00.5+02:00</published><category term=\"c\"/><rights>r</rights>",
        "<content type=\"html\">&lt;p&gt;One&lt;/p&gt; &amp;amp; two</content>",
        "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a<br/>b &lt; c</p><img src=\"x\"/></div></content>",
        "<content xml:lang=\"de\">a &lt; b</content>",
        "<link rel=\"enclosure\" href=\"x\"/><link rel=\"alternate\" type=\"application/pdf\" href=\"y\"></link>",
        "<source><title>S</title></source><contributor><name>C</name></contributor>",
    ] {
        let [head, tail] = ATOM_ITEM;
        assert!(
            both(&atom(&format!("<author><name>Desk</name></author>{head}{more}{tail}"))),
            "{more}"
        );
    }
}

/// What feed-rs reads in another way than we do, so that the guard keeps it from such documents.
#[test]
fn what_would_be_read_in_two_ways_is_not_given_to_feed_rs() {
    for more in [
        "<dc:date>2026-11-20</dc:date>",
        "<unknown><title>inner</title></unknown>",
        "<dc:title>d</dc:title>",
        "<author>a@b.example, c@d.example</author>",
        "<author>&#64;x.example a@b.example</author>",
        "<content:encoded type=\"xhtml\"><p>x</p></content:encoded>",
        "<Description>again</Description>",
        "<atom:updated>2026-11-25</atom:updated>",
        "<undeclared:creator>x</undeclared:creator>",
    ] {
        let [head, tail] = RSS_ITEM;
        let document = rss(&format!("{head}{more}{tail}"));
        assert_eq!(guard::admit(&document), None, "{more}");
    }
    for more in [
        "<link>http://a.example/</link>",
        "<link href=\"\"/>",
        "<content type=\"application/json\">{}</content>",
        "<dc:creator>x</dc:creator>",
        "<content type=\"xhtml\"><![CDATA[a < b]]></content>",
        "<content type=\"xhtml\"><published>x</published></content>",
    ] {
        let [head, tail] = ATOM_ITEM;
        assert_eq!(guard::admit(&atom(&format!("{head}{more}{tail}"))), None, "{more}");
    }
    for document in [
        rss("<ttl> 15 </ttl>"),
        rss("<title>again</title>"),
        rss(&RSS_ITEM.concat().replace("http://a.example/1", " ")),
        rss("").replace("elements/1.1/", "elements/1.1"),
        rss("").replace("xmlns:x=", "xmlns:dcx='http://purl.org/dc/elements/1.1/' xmlns:x="),
    ] {
        assert_eq!(guard::admit(&document), None, "{document}");
    }
}

#[test]
fn it_does_not_matter_which_reader_goes_first() {
    let [head, tail] = RSS_ITEM;
    let sound = rss(&format!("{head}{tail}"));
    for document in [
        sound.clone(),
        sound.replace("<title>A", "<title>A & B"),
        sound.replace("</rss>", ""),
        format!("junk {sound}"),
        "no feed".to_owned(),
        "<rss><channel><item><title>A".to_owned(),
    ] {
        let either = [[Reader::FeedRs, Reader::Lenient], [Reader::Lenient, Reader::FeedRs]];
        assert_eq!(read(&either[0], &document), read(&either[1], &document), "{document}");
    }
}

#[test]
fn the_reader_is_named_if_it_was_not_the_first() {
    let [head, tail] = RSS_ITEM;
    let repairs = |order: &[Reader], document: &str| {
        let input = Input { bytes: document.as_bytes(), content_type: None, url: None };
        parse_in_order(order, &input).map(|feed| feed.repairs).unwrap_or_default()
    };
    let sound = rss(&format!("{head}{tail}"));
    let bare = sound.replace("<title>A", "<title>A & B");
    let ours = [Reader::FeedRs, Reader::Lenient];
    assert!(repairs(&ours, &sound).is_empty());
    // Beyond feed-rs, but nothing is to be mended in it.
    assert!(repairs(&ours, &rss("<item><title>A</title></item>")).is_empty());
    assert_eq!(repairs(&ours, &bare), ["reader:lenient", "bare-ampersand"]);
    assert!(repairs(&[Reader::Lenient, Reader::FeedRs], &sound).is_empty());
    assert_eq!(repairs(&[Reader::Lenient, Reader::FeedRs], &bare), ["bare-ampersand"]);
}

const TEXTS: &[&str] = &[
    "Words",
    "",
    "  ",
    " a &amp; b ",
    "&lt;b&gt;x&lt;/b&gt; y",
    "<![CDATA[<p>a</p> &amp; b]]>",
    "<![CDATA[ ]]>",
    "&nbsp;",
    "&#150;&#x41;",
    "&nosuch;",
    "Ї«ї»",
    "a<!-- c -->b",
    "a@b.example",
    "a@b.example (Ann B)",
    "Ann &lt;a@b.example&gt;",
    "«a@b.example»",
    "Mon, 23 Nov 2026 22:14:05 GMT",
    "2026-11-23T10:00:00+02:00",
    "soon",
    "http://b.example/1?x=1&amp;y=2#z",
    "/2",
    "15",
    "uk_UA",
    "5 < 6",
    "AT&T",
];
const NAMES: &[&str] = &[
    "title",
    "link",
    "guid",
    "id",
    "pubDate",
    "published",
    "updated",
    "description",
    "summary",
    "content",
    "author",
    "name",
    "email",
    "category",
    "comments",
    "enclosure",
    "source",
    "image",
    "language",
    "ttl",
    "dc:creator",
    "dc:date",
    "dc:title",
    "dc:language",
    "content:encoded",
    "media:title",
    "media:description",
    "media:content",
    "media:group",
    "atom:link",
    "atom:author",
    "itunes:author",
    "x:title",
    "unknown",
    "Title",
    "item",
    "entry",
    "channel",
    "div",
    "p",
    "br",
    "none:title",
];
const ATTRIBUTES: &[&str] = &[
    "",
    "",
    "",
    "",
    " type=\"html\"",
    " type=\"text\"",
    " type=\"xhtml\"",
    " type='text/plain'",
    " type=\"image/png\"",
    " href=\"http://c.example/3\"",
    " href=\"\"",
    " rel=\"related\" href=\"/4?a&amp;b\"",
    " rel=\"self\" href=\"x\"",
    " isPermaLink=\"false\"",
    " xml:lang=\"uk\"",
    " xml:base=\"http://d.example/\"",
    " mode=\"escaped\"",
    " TYPE='html'",
    " url=\"x\"",
    " src=\"x\"",
    " a=b",
    " xmlns=\"http://www.w3.org/1999/xhtml\"",
];

/// An element with elements in it.
fn element() -> impl Strategy<Value = String> {
    let leaf = (select(NAMES), select(ATTRIBUTES), select(TEXTS), 0..8).prop_map(
        |(name, attributes, text, shape)| match shape {
            0 => format!("<{name}{attributes}/>"),
            1 => format!("<{name}{attributes}>{text}</{name} >\n"),
            _ => format!("<{name}{attributes}>{text}</{name}>"),
        },
    );
    leaf.prop_recursive(3, 6, 3, |inner| {
        (select(NAMES), select(ATTRIBUTES), proptest::collection::vec(inner, 0..3)).prop_map(
            |(name, attributes, inner)| format!("<{name}{attributes}>{}</{name}>", inner.concat()),
        )
    })
}

proptest! {
    #[test]
    fn whatever_both_readers_read_they_read_alike(
        feed in proptest::collection::vec(element(), 0..3),
        before in proptest::collection::vec(element(), 0..2),
        after in proptest::collection::vec(element(), 0..3),
        tail in proptest::collection::vec(element(), 0..2),
    ) {
        let (feed, before, after, tail) =
            (feed.concat(), before.concat(), after.concat(), tail.concat());
        for ([head, end], wrap) in [(RSS_ITEM, rss as fn(&str) -> String), (ATOM_ITEM, atom)] {
            let (open, fields) = head.split_at(head.find('>').unwrap() + 1);
            both(&wrap(&format!("{feed}{open}{before}{fields}{after}{end}{tail}")));
            both(&wrap(&format!("{feed}{open}{before}{after}{end}{tail}")));
        }
    }
}
