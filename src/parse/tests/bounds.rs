//! Hostile documents: read or refused, in time linear in their size, inert.

use super::*;

/// What must hold of whatever comes out.
fn check(document: &[u8], what: &str) -> Result<ParsedFeed, ParseError> {
    let url = url();
    let read = parse(&Input { bytes: document, content_type: None, url: Some(&url) });
    if let Ok(feed) = &read {
        assert!(feed.items.len() <= raw::MAX_ITEMS, "{what}");
        let text: usize = feed
            .items
            .iter()
            .map(|item| item.title.len() + item.summary.len() + item.content.len())
            .sum();
        assert!(text <= 4 * document.len(), "{what}: {text} bytes of {}", document.len());
        for item in &feed.items {
            assert!(item.title.len() <= 4096 && item.id.len() <= 4096, "{what}");
            assert!(
                item.summary.len() <= raw::MAX_FIELD && item.content.len() <= raw::MAX_FIELD,
                "{what}"
            );
        }
    }
    read
}

const A: &str = "<item><title>A</title></item>";

#[test]
fn deep_nesting_is_read_through() {
    for (open, close) in [
        ("<media:group>", "</media:group>"),
        ("<a xml:base=\"aaaaaaaa/\">", "</a>"),
        ("<b>", "</b>"),
        ("<x:y xmlns:x=\"urn:y\">", "</x:y>"),
        ("<item>", "</item>"),
        ("<channel>", "</channel>"),
    ] {
        let nested = format!("{}{}", open.repeat(20_000), close.repeat(20_000));
        for document in [rss(&format!("{A}{nested}")), rss(&format!("{A}<item>{nested}</item>"))] {
            let feed = check(document.as_bytes(), open).unwrap();
            assert_eq!(feed.items[0].title, "A", "{open}");
        }
    }
    let feed = check(rss(&format!("{A}{}", "<b>".repeat(1_000_000))).as_bytes(), "a million tags");
    assert_eq!(feed.unwrap().items[0].title, "A");
}

/// Were each end tag to look through all that is open, this would take 200 million steps.
#[test]
fn unmatched_end_tags_look_up_a_little_way_only() {
    for inside in ["", "<description>"] {
        let document =
            rss(&format!("{A}<item>{inside}{}{}", "<x>".repeat(400), "</y>".repeat(500_000)));
        assert_eq!(check(document.as_bytes(), inside).unwrap().items[0].title, "A");
    }
}

#[test]
fn entities_of_the_document_are_inert() {
    let mut declared =
        String::from("<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY l0 \"lol\">");
    for n in 1..10 {
        let ten = format!("&l{};", n - 1).repeat(10);
        write!(declared, "<!ENTITY l{n} \"{ten}\">").unwrap();
    }
    let document =
        format!("<!DOCTYPE rss [{declared}]>{}", rss("<item><title>&x; &l9;</title></item>"));
    assert_eq!(check(document.as_bytes(), "entities").unwrap().items[0].title, "&x; &l9;");
}

#[test]
fn a_field_is_kept_to_its_bound_and_the_rest_of_the_document_is_read() {
    let long = "ab ".repeat(700_000);
    let document =
        rss(&format!("<item><title>{long}</title><description>{long}</description></item>{A}"));
    let feed = check(document.as_bytes(), "long fields").unwrap();
    assert_eq!(feed.items.len(), 2);
    assert!(feed.items[0].summary.len() > raw::MAX_FIELD - 4);
}

/// The work done for twice as many pieces, in what comes out and what is gone through, is twice as
/// much; were any of it quadratic, this would not come to an end.
#[test]
fn many_pieces_of_any_kind_come_to_an_end() {
    let pieces = [
        "<![CDATA[x]]>",
        "<![CDATA[</description>",
        "<a b=\"",
        "<a b='>\"",
        "</guid\n",
        "<author>a</author>",
        "<x xmlns:n=\"http://purl.org/dc/elements/1.1/\">",
        "<skipHours><hour>1</hour>",
        "<category>c",
        "Ã©â€™",
        "\u{1}<b>",
        "<guid>1</guid>",
        "&l;&#1;&amp",
        "<!ENTITY a \"b\">",
    ];
    for piece in pieces {
        let many = piece.repeat(250_000 / piece.len());
        for document in [
            rss(&format!("{A}{many}")),
            rss(&format!("{A}<item><title>B</title><description>{many}")),
        ] {
            let feed = check(document.as_bytes(), piece).unwrap();
            assert_eq!(feed.items[0].title, "A", "{piece}");
        }
    }
}

#[test]
fn documents_of_bytes_that_no_charset_has_are_read() {
    let mut bytes =
        rss("<item><title>A</title></item><!-- x -->").replace('x', "\u{E000}").into_bytes();
    let at = bytes.windows(3).position(|w| w == "\u{E000}".as_bytes()).unwrap();
    bytes.splice(at..at + 3, (0x80..=0xFF).cycle().take(200_000));
    let feed = check(&bytes, "all bytes").unwrap();
    assert_eq!(feed.items[0].title, "A");
}

#[test]
fn a_json_document_is_kept_to_the_same_bounds() {
    let feed = |items: &str| {
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}]}}")
    };
    let many = vec!["{\"id\":1}"; raw::MAX_ITEMS + 1].join(",");
    let read = check(feed(&many).as_bytes(), "many items").unwrap();
    assert_eq!(read.items.len(), raw::MAX_ITEMS);
    assert!(read.repairs.contains(&"too-many-items".into()));
    let names = vec!["{\"name\":\"n\",\"items\":[{}]}"; 10_000].join(",");
    let inside = format!(
        "{{\"id\":\"x\",\"items\":[{{\"id\":2}}],\"authors\":[{names}],\"y\":{}1{}}}",
        "[".repeat(90),
        "]".repeat(90)
    );
    let read = check(feed(&inside).as_bytes(), "names").unwrap();
    assert_eq!((read.items.len(), read.items[0].authors.len()), (1, 1));
    for open in ["[", "{\"items\":[", "{\"a\":"] {
        let error = check(feed(&open.repeat(500_000)).as_bytes(), open).unwrap_err();
        assert_eq!(error.reason(), Reason::Malformed, "{open}");
    }
}

/// Mistakes by the million are not worth the time: what comes before them is kept.
#[test]
fn a_document_is_left_at_its_hundred_thousandth_mistake() {
    let depth = "<x>".repeat(400);
    for (open, piece, repair) in [
        (depth.as_str(), "</y>", "unmatched-end-tag"),
        ("", "<", "broken-markup"),
        ("<item><description>", "<a b='>", "broken-markup"),
    ] {
        let document = |count| rss(&format!("{A}{open}{}{A}", piece.repeat(count)));
        let few = check(document(100).as_bytes(), piece).unwrap();
        assert!(few.repairs.contains(&repair.into()), "{piece}: {:?}", few.repairs);
        assert!(few.items.len() > 1, "{piece}");
        let many = check(document(tidy::MAX_MENDS + 1).as_bytes(), piece).unwrap();
        assert_eq!(many.whole_items().len(), 1, "{piece}");
        assert_eq!(many.items[0].title, "A", "{piece}");
        assert!(many.repairs.contains(&"truncated".into()), "{piece}: {:?}", many.repairs);
    }
}
