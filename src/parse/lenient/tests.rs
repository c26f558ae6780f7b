use std::fmt::Write as _;

use super::*;

fn read(text: &str) -> Reading {
    super::read(text, None).expect("a root")
}

fn titles(text: &str) -> Vec<String> {
    let feed = read(text).feed;
    feed.items.into_iter().map(|item| item.title.map(|t| t.text).unwrap_or_default()).collect()
}

#[test]
fn only_roots_of_feeds_are_read() {
    for text in
        ["", "text", "<html><body><rss/></body></html>", "<svg/>", "<!-- <rss> -->", "<!--<rss>"]
    {
        let found = super::read(text, None).is_some();
        assert_eq!(found, text == "<!--<rss>", "{text}");
    }
}

#[test]
fn fields_belong_to_the_item_and_not_to_what_is_in_it() {
    let feed = "<rss><channel><title>F</title><item><title>A</title>\
        <image><title>no</title><link>http://no/</link></image>\
        <x:card xmlns:x=\"y\"><title>no</title></x:card><unknown><link>http://a/</link></unknown></item>\
        <image><title>no</title></image></channel></rss>";
    let feed = read(feed).feed;
    assert_eq!(feed.title.map(|t| t.text).as_deref(), Some("F"));
    assert_eq!(feed.items[0].title.as_ref().map(|t| t.text.as_str()), Some("A"));
    assert_eq!(feed.items[0].link.as_deref(), Some("http://a/"));
}

#[test]
fn an_item_that_is_cut_off_is_kept_if_its_title_is_whole() {
    const CASES: &[(&str, usize, bool)] = &[
        ("<title>B</title>", 2, true),
        ("<title>B</title><guid>1</guid><description>half of it", 2, true),
        ("<title>B", 1, false),
        ("<title>B</tit", 1, false),
        ("<guid>1</guid><description>B</description>", 1, false),
        ("", 1, false),
        ("<title>B</title></item>", 2, false),
    ];
    for (rest, items, cut) in CASES {
        let text = format!("<rss><title>F</title><item><title>A</title></item><item>{rest}");
        let reading = read(&text);
        assert_eq!((reading.feed.items.len(), reading.feed.cut), (*items, *cut), "{rest}");
        assert!(!reading.complete);
        assert!(reading.repairs.contains(&"truncated"), "{rest}");
        assert_eq!(reading.feed.title.map(|title| title.text).as_deref(), Some("F"), "{rest}");
        let last = reading.feed.items.last().and_then(|item| item.summary.as_ref());
        assert_eq!(last, None, "{rest}");
    }
}

#[test]
fn what_opens_after_the_end_of_the_root_is_no_item_unless_something_is_in_it() {
    assert_eq!(titles("<rss><item><title>A</title></item></rss><script>'<item>'</script>"), ["A"]);
    let twice = "<rss><item><title>A</title></item></rss>".repeat(2);
    assert_eq!(titles(&twice), ["A", "A"]);
}

#[test]
fn the_slash_after_an_unquoted_value_ends_no_item() {
    let text = "<rss><item about=http://a.example/b/><title>A</title></item><item><link href=http://a.example/c /><title>B</title></item></rss>";
    let items = read(text).feed.items;
    assert_eq!(items[0].id.as_deref(), Some("http://a.example/b"));
    assert_eq!(items[1].link.as_deref(), Some("http://a.example/c"));
    assert_eq!(titles(text), ["A", "B"]);
}

#[test]
fn an_end_tag_closes_its_field_past_any_open_markup() {
    let open = "<p>".repeat(100);
    let text =
        format!("<rss><item><description>{open}x</description><title>A</title></item></rss>");
    assert_eq!(titles(&text), ["A"]);
}

#[test]
fn elements_beyond_the_depth_are_read_through() {
    for depth in [MAX_DEPTH - 2, MAX_DEPTH, MAX_DEPTH + 100] {
        let (open, close) = ("<u>".repeat(depth), "</u>".repeat(depth));
        let text = format!("<rss><x>{open}{close}</x><item><title>A</title></item></rss>");
        assert_eq!(titles(&text), ["A"], "{depth}");
    }
}

#[test]
fn there_is_a_most_of_items() {
    let mut text = String::from("<rss>");
    for n in 0..=MAX_ITEMS {
        write!(text, "<item><title>{n}</title></item>").unwrap();
    }
    text.push_str("</rss>");
    let reading = read(&text);
    assert_eq!(reading.feed.items.len(), MAX_ITEMS);
    assert_eq!(reading.repairs, ["too-many-items"]);
}

#[test]
fn a_field_is_cut_between_characters() {
    let text = format!("<rss><item><title>x{}</title></item></rss>", "ї".repeat(MAX_FIELD));
    assert_eq!(titles(&text)[0].len(), MAX_FIELD - 1);
}
