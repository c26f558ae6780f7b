use super::*;

const HEAD: &str = "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>";

fn admits(items: &str) -> Option<usize> {
    admit(&format!("{HEAD}{items}</channel></rss>"))
}

#[test]
fn plain_documents_are_admitted_with_the_number_of_their_items() {
    assert_eq!(admits(""), Some(0));
    assert_eq!(admits("<item><title>a</title></item><item/>"), Some(2));
    assert_eq!(admits("<item><dc:creator>a</dc:creator><category>b</category></item>"), Some(1));
    assert_eq!(
        admit(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content type=\"xhtml\"><div xmlns=\"x\"><p/></div></content></entry></feed>"
        ),
        Some(1)
    );
}

#[test]
fn what_feed_rs_dies_of_or_passes_over_is_refused() {
    let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert_eq!(admits(&deep(MAX_DEPTH - 2)), Some(0));
    assert_eq!(admits(&deep(MAX_DEPTH - 1)), None);
    for items in [
        "<item><description>a <?xml version=\"1.0\"?></description></item>",
        "<item><title>a & b</title></item>",
        "<item><title>a</item>",
        "<item><title>a <b>c</b></title></item>",
        "<item><title>a</title><title>b</title></item>",
        "<item><dc:title>a</dc:title></item>",
        "<item><link xml:base=\"http://a/\">b</link></item>",
        "<item xmlns:x=\"y\"/>",
        "<item><description>a <?xml\tversion=\"1.0\"?></description></item>",
        "<item><title>Ð\u{a0}</title></item>",
        "<item><title><![CDATA[a</title></item><item><title><![CDATA[b]]></title></item>",
        "<item><x y=\"z></x></item><item><x y=\"></x></item>",
        "<item><a><item/></a></item>",
        "<dc:language>de</dc:language>",
        "<entry/>",
        "<item><media:title>undeclared</media:title></item>",
        "<ITEM/>",
        "<Entry/>",
        "<item><x:title>undeclared</x:title></item>",
    ] {
        assert_eq!(admits(items), None, "{items}");
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
    assert_eq!(admits(&"<item/>".repeat(MAX_ITEMS)), Some(MAX_ITEMS));
    assert_eq!(admits(&"<item/>".repeat(MAX_ITEMS + 1)), None);
}
