//! Sound documents, damaged in many ways: the same items come out, with the same ids.

use super::*;

/// Documents with titles in Latin and Cyrillic letters, markup in the text, and more than one item.
fn sound() -> [String; 3] {
    let text = "&lt;p&gt;Rain &amp;amp; wind&lt;/p&gt;";
    let item = |n: usize, title: &str| {
        format!(
            "<item><title>{title}</title>\n<link>https://a.example/{n}?a=1&amp;b=2</link>\n<guid isPermaLink=\"false\">n-{n}</guid>\
            <pubDate>Mon, 23 Nov 2026 22:14:05 +0200</pubDate>\n<description>{text}</description>\
            <category domain=\"x\">c</category></item>\n"
        )
    };
    let rss = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>F</title><link>https://a.example/</link>\n{}{}{}</channel></rss>",
        item(1, "Повінь на Дністрі, «вода» прибуває"),
        item(2, "Café &amp; crème – encore"),
        item(3, "Storm 3")
    );
    let sectioned = rss
        .replace("<description>", "<description><![CDATA[")
        .replace("</description>", "]]></description>");
    let entry = |n: usize, title: &str| {
        format!(
            "<entry><title>{title}</title>\n<link href=\"https://a.example/{n}\"/><id>urn:{n}</id>\
            <updated>2026-11-23T22:14:05Z</updated>\n<summary type=\"html\">{text}</summary></entry>\n"
        )
    };
    let atom = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>F</title><id>urn:f</id>\n{}{}{}</feed>",
        entry(1, "Повінь на Дністрі, «вода» прибуває"),
        entry(2, "Café &amp; crème – encore"),
        entry(3, "Storm 3")
    );
    [rss, sectioned, atom]
}

fn of(bytes: &[u8]) -> Vec<(String, String)> {
    let url = url();
    let feed = parse(&Input { bytes, content_type: None, url: Some(&url) });
    let feed = feed.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)));
    feed.items.into_iter().map(|item| (item.id, item.title)).collect()
}

/// Puts `with` at the beginning of each item's text.
fn in_text(text: &str, with: &str) -> String {
    ["<description>", "<description><![CDATA[", "<summary type=\"html\">"]
        .iter()
        .rev()
        .find(|open| text.contains(**open))
        .map(|open| text.replace(open, &format!("{open}{with}")))
        .unwrap_or_default()
}

/// Takes out the first `what` after the first item begins.
fn without(text: &str, what: &str) -> String {
    let start = text.find("<item").or(text.find("<entry")).unwrap_or(0);
    let (head, rest) = text.split_at(start);
    format!("{head}{}", rest.replacen(what, "", 1))
}

/// A kind of damage, and what does it.
type Kind = (&'static str, fn(&str) -> String);

const TEXT_KINDS: &[Kind] = &[
    ("bare ampersands", |t| in_text(t, "Q&A & B&utm_x=1 &")),
    ("undefined entities", |t| in_text(t, "&foo; &bar &nbsp;&hellip;")),
    ("unclosed HTML", |t| in_text(t, "<p>one<br><img src=x><b>")),
    ("mismatched end tags", |t| in_text(t, "<i>one</b></p></em>")),
    ("brackets in text", |t| in_text(t, "5 < 6, <3, x<=y ")),
    ("an open section", |t| in_text(t, "<![CDATA[one ")),
    ("references to nothing", |t| in_text(t, "&#0;&#1;&#xFFFF;&#xD800;&#99999999;&#;")),
    ("control characters", |t| t.replace("Storm", "St\u{1}o\u{8}rm").replace("n-1", "n\u{2}-1")),
    ("control characters in tags", |t| t.replace("</title>", "</ti\u{0}tle>")),
    ("NULs", |t| t.replace('a', "a\0")),
    ("junk before", |t| format!("<br />\n<b>Notice</b>: x in <b>/y.php</b>\n{t}")),
    ("blanks before", |t| format!("\n\n \t{t}")),
    ("junk after", |t| format!("{t}\n<script>var x = \"<item>\";</script> late <b>")),
    ("two declarations", |t| format!("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n{t}")),
    ("a long comment first", |t| format!("<!-- {} -->{t}", "-x".repeat(80))),
    ("a document type", |t| {
        t.replacen("?>", "?><!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///x\">]>", 1)
    }),
    ("no root's end", |t| t.replace("</channel></rss>", "").replace("</feed>", "")),
    ("no root", |t| t.split_once("<item").map_or(t.to_owned(), |(_, rest)| format!("<item{rest}"))),
    ("no version", |t| t.replace(" version=\"2.0\"", "")),
    ("an odd version", |t| t.replace("\"2.0\"", "\"9.9 beta\"")),
    ("a foreign namespace", |t| {
        t.replace("<rss ", "<rss xmlns=\"http://backend.userland.com/rss2\" ")
            .replace("http://www.w3.org/2005/Atom", "urn:not-atom")
    }),
    ("undeclared prefixes", |t| {
        t.replace("</title>\n<link", "</title><x:y z:w=\"\"/><media:title>no</media:title><link")
    }),
    ("empty media elements", |t| {
        t.replace("<link", "<media:description/><media:title></media:title><link")
    }),
    ("upper case", |t| {
        ["item", "title", "description", "guid", "entry", "summary"].iter().fold(
            t.to_owned(),
            |t, name| {
                t.replace(&format!("<{name}"), &format!("<{}", name.to_uppercase()))
                    .replace(&format!("</{name}"), &format!("</{}", name.to_uppercase()))
            },
        )
    }),
    ("mixed case", |t| {
        t.replace("<title>", "<Title>").replace("</item>", "</Item>").replace("<entry>", "<Entry>")
    }),
    ("unquoted attributes", |t| {
        t.replace("\"false\"", "false")
            .replace("domain=\"x\"", "domain=x")
            .replace("type=\"html\"", "type=html")
    }),
    ("an open quote", |t| without(t, "x\">c").replacen("domain=\"<", "domain=\"x><", 1)),
    ("an item's end lost", |t| without(&without(t, "</item>"), "</entry>")),
    ("a title's end lost", |t| without(t, "</title>")),
    ("a text's end lost", |t| without(&without(t, "</description>"), "</summary>")),
    ("a bracket lost", |t| t.replacen("</guid>", "</guid", 1).replacen("</id>\n", "</id\n", 1)),
    ("section ends lost", |t| without(t, "]]>")),
    ("no such charset", |t| t.replace("UTF-8", "utf8mb4")),
    ("the wrong charset", |t| t.replace("UTF-8", "iso-8859-1")),
    ("a charset of two bytes", |t| t.replace("UTF-8", "UTF-16")),
    ("two marks", |t| format!("\u{feff}\u{feff}{t}")),
];

#[test]
fn damage_of_every_kind_costs_no_item_and_changes_no_title_and_no_id() {
    for sound in sound() {
        let whole = of(sound.as_bytes());
        assert_eq!(whole.len(), 3);
        for (kind, damage) in TEXT_KINDS {
            let damaged = damage(&sound);
            assert_eq!(of(damaged.as_bytes()), whole, "{kind}: {damaged}");
        }
    }
    // Each kind harms at least one of the documents.
    for (kind, damage) in TEXT_KINDS {
        assert!(sound().iter().any(|sound| damage(sound) != *sound), "{kind}");
    }
}

#[test]
fn stray_and_broken_bytes_cost_no_item() {
    for sound in sound() {
        let whole = of(sound.as_bytes());
        let mut stray = sound.replace("Rain", "\u{E000}Rain").into_bytes();
        while let Some(at) = stray.windows(3).position(|w| w == "\u{E000}".as_bytes()) {
            stray.splice(at..at + 3, *b"\x92\xFF\x80");
        }
        assert_eq!(of(&stray), whole);
        let mut broken = sound.clone().into_bytes();
        let at = sound.find('é').unwrap_or_default();
        broken[at] = 0xFF;
        let titles: Vec<String> = of(&broken).into_iter().map(|(_, title)| title).collect();
        assert_eq!(titles[0], whole[0].1);
        assert!(
            titles[1].contains('\u{FFFD}') && titles[1].ends_with("crème – encore"),
            "{titles:?}"
        );
        let utf16: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(sound.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(of(&utf16), whole);
    }
}

#[test]
fn a_document_that_ends_early_keeps_what_is_whole() {
    for sound in sound() {
        let whole = of(sound.as_bytes());
        for end in 0..sound.len() {
            let Some(cut) = sound.get(..end) else { continue };
            let url = url();
            let Ok(feed) =
                parse(&Input { bytes: cut.as_bytes(), content_type: None, url: Some(&url) })
            else {
                assert!(!cut.contains("</item>") && !cut.contains("</entry>"), "{cut}");
                continue;
            };
            let ends = cut.matches("</item>").count() + cut.matches("</entry>").count();
            let ids: Vec<_> = feed.whole_items().iter().map(|item| &item.id).collect();
            assert_eq!(ids, whole.iter().take(ids.len()).map(|(id, _)| id).collect::<Vec<_>>());
            assert_eq!(feed.whole_items().len(), ends, "{cut}");
            for (item, (_, title)) in feed.items.iter().zip(&whole) {
                assert_eq!(item.title, *title, "{cut}");
            }
        }
    }
}

/// Ukrainian and Russian in the charsets of old, labelled in every way.
#[test]
fn cyrillic_is_read_however_it_is_labelled() {
    let title = "Рада Європи: «Ґанок» і їжа – це не все, що треба знати про зиму";
    let document = |label: &str| {
        let declaration = if label.is_empty() {
            String::new()
        } else {
            format!("<?xml version=\"1.0\" encoding=\"{label}\"?>")
        };
        format!("{declaration}{}", rss(&format!("<item><title>{title}</title></item>")))
    };
    let charsets = [(encoding_rs::WINDOWS_1251, "windows-1251"), (encoding_rs::KOI8_U, "koi8-u")];
    for (charset, name) in charsets {
        let right = format!("text/xml; charset={name}");
        let labels: &[(&str, Option<&str>)] = &[
            (name, None),
            ("", None),
            ("utf-8", None),
            ("iso-8859-1", None),
            ("windows-1252", None),
            ("no-such-charset", None),
            ("", Some(&right)),
            ("utf-8", Some(&right)),
            (name, Some("text/xml; charset=utf-8")),
            (name, Some("text/xml; charset=ISO-8859-1")),
            ("", Some("text/html")),
        ];
        for (label, header) in labels {
            // What the charset lacks is written as a reference.
            let document = document(label);
            let (bytes, _, _) = charset.encode(&document);
            let read = parse(&Input { bytes: &bytes, content_type: *header, url: None }).unwrap();
            assert_eq!(
                read.items[0].title, title,
                "{name} as {label:?}, {header:?}: {:?}",
                read.repairs
            );
        }
    }
}

#[test]
fn a_bridge_that_reports_its_failure_makes_no_news() {
    let failure = "<item><title>Bridge returned error 500! (20461)</title><description>x</description></item>";
    let feed = read(&rss(&format!("{failure}<item><title>A</title></item>")));
    assert_eq!(lines(&feed), ["A @ "]);
    assert!(feed.repairs.contains(&"bridge-error".into()));
    let error = fails(&rss(failure));
    assert_eq!(error.reason(), Reason::Bridge);
    assert!(error.to_string().contains("Bridge returned error 500! (20461)"), "{error}");
    let cut = read(
        &format!("<rss><item><title>A</title></item>{failure}")
            .replace("</description></item>", ""),
    );
    assert_eq!((lines(&cut).len(), cut.cut, cut.whole_items().len()), (1, false, 1));
}

#[test]
fn each_repair_has_a_document_that_needs_it() {
    let item = "<item><title>A</title></item>";
    let long = "Погода на завтра: дощ і вітер";
    let koi8 = |label: &str| {
        let text =
            format!("<?xml version=\"1.0\"{label}?><rss><item><title>{long}</title></item></rss>");
        encoding_rs::KOI8_U.encode(&text).0.into_owned()
    };
    let sound = format!("<rss><item><title>{long}</title></item></rss>");
    let utf32 = |text: &str| -> Vec<u8> {
        "\u{feff}".chars().chain(text.chars()).flat_map(|c| u32::from(c).to_le_bytes()).collect()
    };
    let cases: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("charset:http", koi8(""), Some("text/xml; charset=koi8-u")),
        ("charset:declaration", koi8(" encoding=\"koi8-u\""), Some("text/xml; charset=utf-8")),
        ("charset:utf-8", sound.clone().into_bytes(), Some("text/xml; charset=windows-1251")),
        (
            "charset:broken-utf-8",
            format!("{sound}?")
                .into_bytes()
                .into_iter()
                .map(|b| if b == b'?' { 0xFF } else { b })
                .collect(),
            None,
        ),
        ("charset:detected", koi8(""), None),
        ("charset:utf-16", rss(item).encode_utf16().flat_map(u16::to_le_bytes).collect(), None),
        ("charset:utf-32", utf32(&rss(item)), None),
        ("control-characters", rss("<item><title>A\u{1}</title></item>").into_bytes(), None),
        ("reader:lenient", rss("<item><title>A & B</title></item>").into_bytes(), None),
        ("json-mended", b"{\"items\": [{\"title\": \"A\"},]}".to_vec(), None),
        ("junk-before", format!("x{}", rss(item)).into_bytes(), None),
        ("junk-after", format!("{}x", rss(item)).into_bytes(), None),
        ("broken-markup", rss("<item><title>1 < 2</title></item>").into_bytes(), None),
        ("unclosed-element", rss("<item><title>A</item>").into_bytes(), None),
        ("unmatched-end-tag", rss("<item></x><title>A</title></item>").into_bytes(), None),
        ("bare-ampersand", rss("<item><title>A & B</title></item>").into_bytes(), None),
        ("undefined-entity", rss("<item><title>A &foo; B</title></item>").into_bytes(), None),
        ("truncated", format!("<rss>{item}").into_bytes(), None),
        ("double-encoded", rss("<item><title>cafÃ©</title></item>").into_bytes(), None),
        ("empty-item", rss("<item/>").into_bytes(), None),
        ("repeated-item", rss(&item.repeat(2)).into_bytes(), None),
        (
            "bridge-error",
            rss(&format!("{item}<item><title>Bridge returned error 0! (1)</title></item>"))
                .into_bytes(),
            None,
        ),
    ];
    for (repair, bytes, content_type) in &cases {
        let feed = parse(&Input { bytes, content_type: *content_type, url: None });
        let repairs = feed.unwrap_or_else(|error| panic!("{repair}: {error}")).repairs;
        assert!(repairs.iter().any(|known| known == repair), "{repair}: {repairs:?}");
    }
    // Tested elsewhere: too large, of bytes that no charset has, or with another first reader.
    let elsewhere = ["too-many-items", "charset:lossy", "reader:feed-rs"];
    for (name, _) in REPAIRS {
        let shown = cases.iter().any(|(repair, ..)| repair == name) || elsewhere.contains(name);
        assert!(shown, "{name} is in the table, but no document needs it");
    }
}
