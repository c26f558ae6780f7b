//! A small document for each format, and for each way to write one that feed readers stumble over.

use super::*;

const RDF: &str = "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"";
const ONE: &str = "<item><title>A</title><link>http://a.example/1</link></item>";

fn rdf(default: &str, rest: &str) -> String {
    format!(
        "<rdf:RDF {RDF} xmlns=\"{default}\"><channel><title>F</title></channel>{rest}</rdf:RDF>"
    )
}

fn one(document: &str, kind: FeedKind) {
    let feed = read(document);
    assert_eq!(lines(&feed), ["A @ http://a.example/1"], "{document}");
    assert_eq!(feed.kind, kind, "{document}");
}

#[test]
fn every_rss_from_0_90_to_2_0_is_read() {
    let attributes = [
        "",
        "version=\"\"",
        "version=\"0.91\"",
        "version=\"0.92\"",
        "version=\"0.93\"",
        "version=\"0.94b\"",
        "version=\"2\"",
        "version=\"2.0.1\"",
        "version=\"x\"",
        "version=2.0",
        "xmlns=\"http://backend.userland.com/rss2\" version=\"2.0\"",
        "xmlns=\"http://backend.userland.com/RSS2\" version=\"2.0\"",
        "xmlns=\"http://blogs.law.harvard.edu/tech/rss\" version=\"2.0\"",
        "xmlns=\"http://cyber.law.harvard.edu/rss/rss.html\" version=\"2.0\"",
        "xmlns=\"http://my.netscape.com/publish/formats/rss-0.91.dtd\" version=\"0.91\"",
        "xmlns=\"http://www.w3.org/2005/Atom\" version=\"2.0\"",
        "xmlns=\"urn:of-our-own\" version=\"2.0\"",
    ];
    for attributes in attributes {
        one(&format!("<rss {attributes}><channel>{ONE}</channel></rss>"), FeedKind::Rss);
    }
    for default in [
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
        "urn:of-our-own",
    ] {
        one(&rdf(default, ONE), FeedKind::Rdf);
        // Heise has items in the channel, others have an image and text input beside them.
        let around =
            format!("<image><title>I</title></image>{ONE}<textinput><title>T</title></textinput>");
        one(&rdf(default, &around), FeedKind::Rdf);
    }
    let collection = format!(
        "<Channel xmlns=\"http://purl.org/net/rss1.1#\" {RDF}><title>F</title><items rdf:parseType=\"Collection\">{ONE}</items></Channel>"
    );
    one(&collection, FeedKind::Rss);
}

#[test]
fn an_rdf_item_needs_no_link() {
    let items = "<item rdf:about=\"http://a.example/1\"><title>A</title></item>\
        <item rdf:about=\"http://a.example/2\"><title>B</title><link>http://b.example/2</link></item>";
    let feed = read(&rdf("http://purl.org/rss/1.0/", items));
    assert_eq!(lines(&feed), ["A @ http://a.example/1", "B @ http://b.example/2"]);
    assert_eq!(feed.items[1].id, "http://a.example/2");
}

#[test]
fn every_atom_is_read() {
    let entry = "<title>A</title><link rel=\"self\" href=\"http://a.example/x.atom\"/>\
        <link rel=\"alternate\" type=\"text/html\" href=\"http://a.example/1\"/><id>urn:1</id>";
    for attributes in [
        "xmlns=\"http://www.w3.org/2005/Atom\"",
        "xmlns=\"http://purl.org/atom/ns#\" version=\"0.3\"",
        "xmlns=\"http://purl.org/atom/ns#\" version=\"0.1\"",
        "xmlns=\"http://example.com/newformat#\"",
        "version=\"0.2\"",
    ] {
        one(&format!("<feed {attributes}><entry>{entry}</entry></feed>"), FeedKind::Atom);
    }
    let old = "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><entry><title mode=\"escaped\" type=\"text/html\">A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title>\
        <issued>2026-11-23T08:29:29+02:00</issued><modified>2026-11-23T09:00:00Z</modified><created>2026-11-22T00:00:00Z</created>\
        <summary mode=\"xml\" type=\"application/xhtml+xml\"><p>1 &lt; 2</p></summary></entry></feed>";
    let item = read(old).items.remove(0);
    assert_eq!((item.title.as_str(), item.summary.as_str()), ("A & B", "1 < 2"));
    assert_eq!(item.published, crate::model::Timestamp::parse("2026-11-23T06:29:29Z"));
    assert_eq!(item.updated, crate::model::Timestamp::parse("2026-11-23T09:00:00Z"));
}

#[test]
fn an_atom_title_of_any_type_is_read() {
    const CASES: &[(&str, &str)] = &[
        ("<title>5 &lt; 6 &amp;amp; 7</title>", "5 < 6 & 7"),
        ("<title type=\"html\">5 &amp;lt; 6 &lt;i&gt;now&lt;/i&gt;</title>", "5 < 6 now"),
        (
            "<title type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">5 &lt; 6 <i>now</i></div></title>",
            "5 < 6 now",
        ),
        ("<title type=\"strange\">A</title>", "A"),
        ("<title type=\"application/xml\">A</title>", "A"),
        ("<title mode=\"base64\">\n QWx0 ZXIg\n8J+YgA==</title>", "Alter 😀"),
        ("<title type=\"application/octet-stream\">QSA8Yj5CPC9iPg==</title>", "A B"),
        ("<title mode=\"base64\">not base64 at all!</title>", ""),
    ];
    for (title, expected) in CASES {
        let document = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id>{title}</entry></feed>"
        );
        assert_eq!(read(&document).items[0].title, *expected, "{title}");
    }
}

#[test]
fn an_atom_entry_without_link_is_linked_by_an_id_that_is_a_url() {
    for (id, expected) in [
        ("http://a.example/1", Some("http://a.example/1")),
        ("urn:1", None),
        ("tag:a,2026:1", None),
    ] {
        let document = format!("<feed><entry><title>A</title><id>{id}</id></entry></feed>");
        assert_eq!(read(&document).items[0].link.as_deref(), expected, "{id}");
    }
}

#[test]
fn cdf_is_read() {
    let feed = read(
        "<!DOCTYPE CHANNEL SYSTEM \"x\"><CHANNEL HREF=\"http://a.example/\"><TITLE>F</TITLE><ABSTRACT>about</ABSTRACT>\
        <ITEM HREF=\"http://a.example/1\" LASTMOD=\"2026-11-23T10:00\"><TITLE>A</TITLE><ABSTRACT>short</ABSTRACT></ITEM></CHANNEL>",
    );
    assert_eq!(feed.title.as_deref(), Some("F"));
    assert_eq!(lines(&feed), ["A @ http://a.example/1"]);
    assert_eq!(feed.items[0].summary, "short");
    assert_eq!(feed.items[0].updated, crate::model::Timestamp::parse("2026-11-23T10:00:00Z"));
}

#[test]
fn json_feeds_that_strict_readers_refuse_are_read() {
    const CASES: &[(&str, &[&str])] = &[
        (
            "{\"version\":\"http://jsonfeed.org/version/1\",\"items\":[{\"id\":1,\"url\":\"http://a.example/1\",\"title\":\"A\"}]}",
            &["A @ http://a.example/1"],
        ),
        (
            "\u{feff}\n {\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":\"x\",\"title\":\"A\"}]}",
            &["A @ "],
        ),
        (
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":2.5,\"content_text\":\"no title\"}]}",
            &[" @ "],
        ),
        (
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":\"x\",\"title\":\"AT&amp;T &nbsp;<b>B</b>\",\"attachments\":[{\"url\":\"y\"}]}]}",
            &["AT&T B @ "],
        ),
        (
            "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":null,\"title\":\"A\",\"authors\":null},7,null]}",
            &["A @ "],
        ),
        (
            "{\"items\":[{\"title\":\"A\",\"external_url\":\"http://a.example/1\"}]}",
            &["A @ http://a.example/1"],
        ),
    ];
    for (document, expected) in CASES {
        let feed = read(document);
        assert_eq!(lines(&feed), *expected, "{document}");
        assert_eq!(feed.kind, FeedKind::Json);
    }
}

#[test]
fn titles_come_out_whole_and_decoded() {
    const CASES: &[(&str, &str)] = &[
        ("<title>AT<b>&amp;</b>T</title>", "AT&T"),
        ("<title>AT&amp;amp;T</title>", "AT&T"),
        ("<title>AT&T</title>", "AT&T"),
        ("<title>a&nbsp;b</title>", "a b"),
        ("<title>a&amp;nbsp;b</title>", "a b"),
        ("<title><![CDATA[a&nbsp;b &#8212; c]]></title>", "a b — c"),
        ("<title>&#151; &#x96; &#0;&#1;&#xFFFF;&#xD800;x</title>", "— – x"),
        ("<title><![CDATA[A]]> & <![CDATA[B]]></title>", "A & B"),
        ("<title>a<br/>b</title>", "a b"),
        ("<title>1 < 2 > 0 <3</title>", "1 < 2 > 0 <3"),
        ("<title>a\u{0}b\u{8}c\u{1b}d</title>", "abcd"),
        ("<title> a\n\t b </title>", "a b"),
        ("<title/><media:title>A</media:title>", "A"),
        ("<title> </title><dc:title>A</dc:title><media:title>B</media:title>", "A"),
        ("<media:title>B</media:title><title>A</title>", "A"),
        ("<title>A</title><media:title>B</media:title><media:description/>", "A"),
        ("<title>A</title><media:content><media:title>B</media:title></media:content>", "A"),
        ("<title>A</title><itunes:title>B</itunes:title>", "A"),
        ("<title>A</title><source><title>B</title></source>", "A"),
        ("<title>A</title><title>B</title>", "A"),
        ("<title>CafÃ© â€“ &#8211; naÃ¯ve</title>", "Café – – naïve"),
        ("<title>Ð\u{9f}Ñ€Ð¸Ð²Ñ–Ñ‚</title>", "Привіт"),
    ];
    for (inside, expected) in CASES {
        assert_eq!(item(inside).title, *expected, "{inside}");
    }
}

#[test]
fn dates_are_found_wherever_they_are() {
    const CASES: &[(&str, Option<&str>)] = &[
        ("<pubDate>Mon, 23 Nov 2026 12:00:00 EET</pubDate>", Some("2026-11-23T10:00:00Z")),
        ("<pubdate>2026-11-23 12:00</pubdate>", Some("2026-11-23T12:00:00Z")),
        ("<dc:date>2026-11-23T12:00:00+03:00</dc:date>", Some("2026-11-23T09:00:00Z")),
        ("<dcterms:issued>2026-11-23</dcterms:issued>", Some("2026-11-23T00:00:00Z")),
        ("<dcterms:created>2026-11-23</dcterms:created>", Some("2026-11-23T00:00:00Z")),
        ("<date>23.11.2026 12:00</date>", Some("2026-11-23T12:00:00Z")),
        ("<pubDate/><dc:date>2026-11-23</dc:date>", Some("2026-11-23T00:00:00Z")),
        (
            "<dc:date>2026-11-22</dc:date><pubDate>23 лист. 2026, 12:00</pubDate>",
            Some("2026-11-23T12:00:00Z"),
        ),
        ("<pubDate>soon</pubDate>", None),
    ];
    for (inside, expected) in CASES {
        let found = item(&format!("<title>x</title>{inside}")).published.map(|t| t.to_string());
        assert_eq!(found.as_deref(), *expected, "{inside}");
    }
    let modified = item("<title>x</title><dcterms:modified>2026-11-23</dcterms:modified>");
    assert!(modified.published.is_none() && modified.updated.is_some());
}

#[test]
fn letters_by_name_are_the_same_letters_in_each_format() {
    let names = "&lstrok;&eogon;&Bcy;&pi;&oelig;&ccaron;&fjlig;&sacute;";
    let letters = "łęБπœčfjś";
    let twice = names.replace('&', "&amp;");
    let rest = "<link>https://a.example/1</link><pubDate>2026-11-23</pubDate>";
    let item = |title: &str, text: &str| {
        rss(&format!("<item><title>{title}</title>{rest}<description>{text}</description></item>"))
    };
    let section = format!("<![CDATA[{names}]]>");
    let entry = |kind: &str, text: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>F</title><entry><title type=\"{kind}\">{text}</title>\
            <link href=\"https://a.example/1\"/><id>1</id><updated>2026-11-23T10:00:00Z</updated>\
            <summary type=\"{kind}\">{text}</summary></entry></feed>"
        )
    };
    let json = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{{\"id\":\"1\",\"title\":\"{names}\",\"content_html\":\"<p>{names}</p>\"}}]}}"
    );
    let inline = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{names}</div>");
    for document in [
        item(&section, &section),
        item(names, names),
        item(&twice, &twice),
        item(&format!("A & {names}"), names),
        entry("html", &twice),
        entry("html", &section),
        entry("html", names),
        entry("xhtml", &inline),
        json,
    ] {
        let feed = read(&document);
        let [item] = &feed.items[..] else { panic!("{document}") };
        assert_eq!(item.title.trim_start_matches("A & "), letters, "{document}");
        assert_eq!(item.summary.clone() + &item.content, letters, "{document}");
    }
}

#[test]
fn json_feeds_with_mistakes_are_mended() {
    let feed = |items: &str| {
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}]}}")
    };
    let one = "{\"id\":\"1\",\"title\":\"One\"}";
    let sound = feed(&format!("{one},{{\"id\":\"2\",\"title\":\"Two \\u041f\"}}"));
    let cases: &[(String, &[&str])] = &[
        (sound.clone(), &[]),
        (sound.replace("]}", ",],}"), &["json-mended"]),
        (sound.replace("},{", "} {"), &["json-mended"]),
        (sound.replace("\"Two", "\"T\\wo"), &["json-mended"]),
        (sound.replace("Two ", "Two\n"), &["json-mended"]),
        (sound.replace("Two ", "Two\t\u{1}"), &["control-characters", "json-mended"]),
        (sound.replace("{\"id\"", "{\"summary\":1e999,\"id\""), &["json-mended"]),
        (format!(")]}}',\n{sound}"), &["junk-before"]),
        (format!("<br />\n<b>Notice</b>: x in <b>/y.php</b>\n{sound}"), &["junk-before"]),
        (format!("{sound}<!-- cached -->"), &["junk-after"]),
        (sound.trim_end_matches(['}', ']']).to_owned() + "},{\"id\":\"3\"", &["truncated"]),
    ];
    for (document, repairs) in cases {
        let feed = read(document);
        assert_eq!(lines(&feed), ["One @ ", "Two П @ "], "{document}");
        assert_eq!(feed.repairs, *repairs, "{document}");
        assert!(!feed.cut, "{document}");
    }
    let surrogate = read(&feed("{\"id\":\"1\",\"title\":\"cut \\ud83d\"}"));
    assert_eq!(surrogate.items[0].title, "cut \u{FFFD}");
    let keyed = read(&feed(one).replace("[{", "{\"b\":{").replace("}]", "},\"a\":{\"id\":\"2\"}}"));
    assert_eq!(keyed.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    for broken in [feed("{\"id\":\"1\"").replace("]}", ""), feed("{'id':1}"), feed("{\"id\" 1}")] {
        assert_eq!(fails(&broken).reason(), Reason::Malformed, "{broken}");
    }
    let page = format!("<!DOCTYPE html><title>P</title><script>var f = {sound}</script>");
    assert_eq!(fails(&page).reason(), Reason::Html);
}
