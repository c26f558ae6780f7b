use super::*;

const HEAD: &str = "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>";

fn admits(items: &str) -> Option<usize> {
    admit(&format!("{HEAD}{items}</channel></rss>"))
}

/// An item with all that is asked for, and something more.
fn item(more: &str) -> String {
    format!(
        "<item><title>t</title><link>l</link><pubDate>p</pubDate><description>d</description>{more}</item>"
    )
}

#[test]
fn plain_documents_are_admitted_with_the_number_of_their_items() {
    assert_eq!(admits(""), Some(0));
    assert_eq!(admits(&item("").repeat(2)), Some(2));
    assert_eq!(admits(&item("<dc:creator>a</dc:creator><category>b</category>")), Some(1));
    let entry = "<entry><title/><link href='l'/><updated>u</updated><content type='xhtml'><div xmlns='x'><p/></div></content></entry>";
    assert_eq!(admit(&format!("<feed xmlns='{ATOM}'>{entry}</feed>")), Some(1));
}

#[test]
fn items_that_lack_something_are_not_worth_the_reading() {
    let whole = item("");
    for part in ["<title>t</title>", "<link>l</link>", "<pubDate>p</pubDate>"] {
        assert_eq!(admits(&whole.replace(part, "")), None, "{part}");
    }
    let text = "<description>d</description>";
    assert_eq!(admits(&whole.replace(text, "")), None);
}

#[test]
fn what_feed_rs_dies_of_or_passes_over_is_refused() {
    let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert_eq!(admits(&deep(MAX_DEPTH - 2)), Some(0));
    assert_eq!(admits(&deep(MAX_DEPTH - 1)), None);
    for more in [
        "<category>a <?xml version=\"1.0\"?></category>",
        "<category>a <?xml\tversion=\"1.0\"?></category>",
        "<category>a & b</category>",
        "<category>a",
        "</category>",
        "<category>a<</category>",
        "<category a=b>a</category>",
        "<category a>a</category>",
        "<guid>a <b>c</b></guid>",
        "<title>b</title>",
        "<dc:title>a</dc:title>",
        "<guid xml:base=\"http://a/\">b</guid>",
        "<x xmlns:x=\"y\"/>",
        "<category>Ð\u{a0}</category>",
        "<guid><![CDATA[a</guid></item><item><guid><![CDATA[b]]></guid>",
        "<x y=\"z></x></item><item><x y=\"></x>",
        "<a><item/></a>",
        "<media:title>undeclared</media:title>",
        "<x:title>undeclared</x:title>",
        "<!DOCTYPE x>",
    ] {
        assert_eq!(admits(&item(more)), None, "{more}");
    }
    for more in ["<dc:language>de</dc:language>", "<entry/>", "<item/>", "<ITEM/>", "<Entry/>"] {
        assert_eq!(admits(more), None, "{more}");
    }
    for document in [
        "",
        "text",
        "<rss>",
        "<html/>",
        "<!DOCTYPE rss><rss/>",
        "<rss xmlns=\"http://backend.userland.com/rss2\"/>",
        "<rss xmlns:dc=\"http://example.org/other\"/>",
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>",
    ] {
        assert_eq!(admit(document), None, "{document}");
    }
}

#[test]
fn there_is_a_most_of_items() {
    assert_eq!(admits(&item("").repeat(MAX_ITEMS)), Some(MAX_ITEMS));
    assert_eq!(admits(&item("").repeat(MAX_ITEMS + 1)), None);
}
