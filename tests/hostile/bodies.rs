//! B: what bodies are, in which charset, how they are broken, and who their items are.

use encoding_rs::{Encoding, KOI8_U, UTF_8, WINDOWS_1251};

use super::reply::{ok, status};
use super::server::Asked;
use super::situation::{Saw, Situation};

situations![
    b1_a_feed_said_to_be_bytes_is_read,
    b1_a_feed_said_to_be_a_web_page_is_read,
    b1_a_feed_said_to_be_a_picture_is_read,
    b1_a_feed_without_a_type_is_read,
    b1_a_type_that_is_none_does_no_harm,
    b1_a_json_feed_said_to_be_text_is_read,
    b1_atom_said_to_be_json_is_read,
    b1_rdf_is_read,
    b1_plain_json_is_no_feed,
    b1_plain_text_is_no_feed,
    b1_a_picture_is_no_feed,
    b1_other_xml_is_no_feed,
    b2_a_web_page_is_told_as_such,
    b2_a_challenge_with_403_is_told_as_such,
    b2_a_challenge_with_503_is_told_as_such,
    b2_a_challenge_with_429_is_told_as_such,
    b2_a_challenge_with_200_is_told_as_such,
    b2_a_login_page_is_told_as_such,
    b2_a_feed_that_mentions_a_web_page_is_a_feed,
    b3_an_empty_body_is_an_error,
    b3_a_body_of_blanks_is_an_error,
    b3_a_body_of_a_mark_is_an_error,
    b3_a_feed_without_items_is_a_good_one,
    b3_items_that_return_are_not_new,
    b3_a_feed_that_was_a_web_page_for_a_while_repeats_nothing,
    b4_windows_1251_by_header_is_read,
    b4_windows_1251_by_declaration_is_read,
    b4_windows_1251_without_a_word_is_read,
    b4_koi8_u_by_header_is_read,
    b4_koi8_u_by_declaration_is_read,
    b4_koi8_u_without_a_word_is_read,
    b4_the_header_goes_before_the_declaration,
    b4_utf_8_declared_as_windows_1251_is_utf_8,
    b4_utf_8_said_to_be_latin_1_is_utf_8,
    b4_a_mark_goes_before_the_header,
    b4_utf_16_little_endian_is_read,
    b4_utf_16_big_endian_is_read,
    b4_a_charset_in_quotes_counts,
    b4_a_charset_that_is_none_does_no_harm,
    b4_two_marks_do_no_harm,
    b6_control_characters_do_no_harm,
    b6_a_bare_ampersand_does_no_harm,
    b6_undefined_entities_do_no_harm,
    b6_blanks_before_the_declaration_do_no_harm,
    b6_junk_after_the_end_does_no_harm,
    b6_notices_before_the_beginning_do_no_harm,
    b6_a_mark_before_json_does_no_harm,
    b6_a_document_that_ends_early_gives_its_whole_items,
    b6_tags_nested_200_000_deep_do_no_harm,
    b6_a_feed_that_breaks_and_heals_repeats_nothing,
    b7_entities_in_a_title_are_undone_twice,
    b7_relative_links_are_made_absolute,
    b7_a_script_is_no_link,
    b7_a_title_is_one_line_without_controls,
    b8_items_without_guid_and_link_are_new_once,
    b8_guids_that_are_all_the_same_are_not_believed,
    b8_links_that_are_tracked_anew_each_time_are_the_same,
    b8_a_new_headline_is_not_a_new_item,
    b8_items_that_change_places_are_not_new,
];

/// A feed served as this type.
fn typed(kind: &'static str, document: fn(&Asked) -> String) -> Situation {
    Situation::new(move |asked| ok(document(asked)).kind(kind))
}

fn rss(asked: &Asked) -> String {
    asked.news("1")
}

fn b1_a_feed_said_to_be_bytes_is_read() -> Situation {
    typed("application/octet-stream", rss).reads("1")
}

fn b1_a_feed_said_to_be_a_web_page_is_read() -> Situation {
    typed("text/html; charset=utf-8", rss).reads("1")
}

fn b1_a_feed_said_to_be_a_picture_is_read() -> Situation {
    typed("image/png", rss).reads("1")
}

fn b1_a_feed_without_a_type_is_read() -> Situation {
    Situation::new(|asked| ok(rss(asked))).reads("1")
}

fn b1_a_type_that_is_none_does_no_harm() -> Situation {
    Situation::new(|asked| ok(rss(asked)).with("Content-Type", b";;=\xff, charset")).reads("1")
}

fn json(asked: &Asked) -> String {
    let title = super::server::headline(&asked.name, "1");
    format!(
        "{{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"j\", \"items\": \
         [{{\"id\": \"1\", \"title\": \"{title}\", \"content_text\": \"so\"}}]}}"
    )
}

fn b1_a_json_feed_said_to_be_text_is_read() -> Situation {
    typed("text/plain", json).reads("1")
}

fn b1_atom_said_to_be_json_is_read() -> Situation {
    typed("application/json", |asked| {
        let title = super::server::headline(&asked.name, "1");
        format!(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>a</title>\
             <id>urn:a</id><updated>2026-01-01T00:00:00Z</updated><entry><id>urn:a:1</id>\
             <title>{title}</title><updated>2026-01-01T00:00:00Z</updated></entry></feed>"
        )
    })
    .reads("1")
}

fn b1_rdf_is_read() -> Situation {
    typed("application/rdf+xml", |asked| {
        let title = super::server::headline(&asked.name, "1");
        format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
             xmlns=\"http://purl.org/rss/1.0/\"><channel><title>r</title></channel>\
             <item rdf:about=\"https://news.example/r1\"><title>{title}</title>\
             <link>https://news.example/r1</link></item></rdf:RDF>"
        )
    })
    .reads("1")
}

/// A body that is no feed: polls fail for one of these reasons.
fn no_feed(body: &'static [u8], reasons: &'static [&'static str]) -> Situation {
    Situation::new(move |_| ok(body)).asked(2).judge(move |saw| {
        saw.told("");
        let told = saw.reasons();
        assert!(told.len() == 1 && reasons.contains(&told[0]), "{told:?}");
    })
}

fn b1_plain_json_is_no_feed() -> Situation {
    no_feed(b"{\"error\": \"A flood of requests\"}", &["not_a_feed"])
}

fn b1_plain_text_is_no_feed() -> Situation {
    no_feed(b"A flood of words", &["not_a_feed"])
}

fn b1_a_picture_is_no_feed() -> Situation {
    no_feed(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01", &["not_a_feed"])
}

fn b1_other_xml_is_no_feed() -> Situation {
    no_feed(
        b"<?xml version=\"1.0\"?><urlset><url><loc>https://a.example/flood</loc></url></urlset>",
        &["not_a_feed"],
    )
}

fn b2_a_web_page_is_told_as_such() -> Situation {
    Situation::new(|_| {
        ok("<!doctype html>\n<html><head><title>Flood &amp; News</title></head><body>A flood</body></html>")
            .kind("application/rss+xml")
    })
    .asked(2)
    .judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["html"]);
        assert!(saw.messages().contains("Flood & News"), "{}", saw.messages());
    })
}

const CHALLENGE: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
    <body><script src=\"/cdn-cgi/challenge-platform/h/b/x.js\"></script></body></html>";

fn challenge(code: u16) -> Situation {
    Situation::new(move |_| {
        let mut reply = ok(CHALLENGE).kind("text/html").with("Server", "cloudflare");
        if code != 200 {
            reply =
                reply.status_line(&format!("HTTP/1.1 {code} So")).with("cf-mitigated", "challenge");
        }
        reply
    })
    .asked(2)
    .fails("blocked")
}

fn b2_a_challenge_with_403_is_told_as_such() -> Situation {
    challenge(403)
}

fn b2_a_challenge_with_503_is_told_as_such() -> Situation {
    challenge(503)
}

fn b2_a_challenge_with_429_is_told_as_such() -> Situation {
    challenge(429)
}

fn b2_a_challenge_with_200_is_told_as_such() -> Situation {
    challenge(200)
}

fn b2_a_login_page_is_told_as_such() -> Situation {
    Situation::new(|_| {
        ok("<html><head><title>Members</title></head><body><form><input name=\"u\">\
            <input type=\"password\" name=\"p\"></form></body></html>")
    })
    .asked(2)
    .fails("blocked")
}

fn b2_a_feed_that_mentions_a_web_page_is_a_feed() -> Situation {
    Situation::new(|asked| {
        let before = "<!-- <!doctype html><html><title>Log in</title> -->";
        ok(before.to_owned() + &rss(asked)).kind("text/html")
    })
    .reads("1")
}

fn b3_an_empty_body_is_an_error() -> Situation {
    no_feed(b"", &["empty_body"])
}

fn b3_a_body_of_blanks_is_an_error() -> Situation {
    no_feed(b" \r\n\t\n ", &["empty_body"])
}

fn b3_a_body_of_a_mark_is_an_error() -> Situation {
    no_feed(b"\xef\xbb\xbf", &["empty_body"])
}

fn b3_a_feed_without_items_is_a_good_one() -> Situation {
    Situation::new(|asked| ok(asked.news(""))).reads("")
}

fn b3_items_that_return_are_not_new() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1 2")),
        1 => ok(asked.news("")),
        _ => ok(asked.news("3 1 2")),
    })
    .good(4)
    .reads("1 2 3")
}

fn b3_a_feed_that_was_a_web_page_for_a_while_repeats_nothing() -> Situation {
    Situation::new(|asked| match asked.nth {
        1 => ok("<html><title>Back soon</title></html>"),
        _ => ok(asked.news("1 2")),
    })
    .judge(|saw| saw.told("1 2"))
}

const TITLE: &str = "Повінь і її наслідки: ґрунти, є й загроза";

fn story(declaration: &str) -> String {
    format!(
        "{declaration}<rss version=\"2.0\"><channel><title>Новини</title><item><title>{TITLE}</title>\
         <guid isPermaLink=\"false\">1</guid><description>Після дощів річки вийшли з берегів, \
         сотні людей залишили свої оселі. Рятувальники працюють цілодобово.</description></item>\
         </channel></rss>"
    )
}

/// A document in `charset`, said to be of type `kind` and to be in what `declaration` says.
fn written(charset: &'static Encoding, kind: &'static str, declaration: &'static str) -> Situation {
    Situation::new(move |_| ok(charset.encode(&story(declaration)).0.into_owned()).kind(kind))
        .good(2)
        .judge(|saw| {
            assert_eq!(saw.titles(), [TITLE], "{:#?}", saw.log);
            saw.never_failed();
        })
}

const XML: &str = "<?xml version=\"1.0\"?>";
const XML_1251: &str = "<?xml version=\"1.0\" encoding=\"windows-1251\"?>";
const XML_UTF_8: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

fn b4_windows_1251_by_header_is_read() -> Situation {
    written(WINDOWS_1251, "application/rss+xml; charset=windows-1251", XML)
}

fn b4_windows_1251_by_declaration_is_read() -> Situation {
    written(WINDOWS_1251, "application/rss+xml", XML_1251)
}

fn b4_windows_1251_without_a_word_is_read() -> Situation {
    written(WINDOWS_1251, "application/rss+xml", XML)
}

fn b4_koi8_u_by_header_is_read() -> Situation {
    written(KOI8_U, "text/xml; charset=KOI8-U", XML)
}

fn b4_koi8_u_by_declaration_is_read() -> Situation {
    written(KOI8_U, "text/xml", "<?xml version='1.0' encoding='koi8-u'?>")
}

fn b4_koi8_u_without_a_word_is_read() -> Situation {
    written(KOI8_U, "text/xml", XML)
}

fn b4_the_header_goes_before_the_declaration() -> Situation {
    written(WINDOWS_1251, "text/xml; charset=windows-1251", XML_UTF_8)
}

fn b4_utf_8_declared_as_windows_1251_is_utf_8() -> Situation {
    written(UTF_8, "text/xml", XML_1251)
}

fn b4_utf_8_said_to_be_latin_1_is_utf_8() -> Situation {
    written(UTF_8, "text/xml; charset=ISO-8859-1", XML)
}

/// A document of these bytes before UTF-8.
fn marked(mark: &'static str, kind: &'static str) -> Situation {
    Situation::new(move |_| ok(mark.to_owned() + &story(XML_UTF_8)).kind(kind)).good(2).judge(
        |saw| {
            assert_eq!(saw.titles(), [TITLE], "{:#?}", saw.log);
        },
    )
}

fn b4_a_mark_goes_before_the_header() -> Situation {
    marked("\u{feff}", "text/xml; charset=windows-1251")
}

fn b4_two_marks_do_no_harm() -> Situation {
    marked("\u{feff}\u{feff}", "text/xml")
}

fn utf_16(bytes: fn(u16) -> [u8; 2]) -> Situation {
    Situation::new(move |_| {
        let text = "\u{feff}".to_owned() + &story("<?xml version=\"1.0\" encoding=\"utf-16\"?>");
        ok(text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>())
    })
    .good(2)
    .judge(|saw| assert_eq!(saw.titles(), [TITLE], "{:#?}", saw.log))
}

fn b4_utf_16_little_endian_is_read() -> Situation {
    utf_16(u16::to_le_bytes)
}

fn b4_utf_16_big_endian_is_read() -> Situation {
    utf_16(u16::to_be_bytes)
}

fn b4_a_charset_in_quotes_counts() -> Situation {
    written(WINDOWS_1251, "text/xml; foo=bar; Charset=\"Windows-1251\" ; q=1", XML)
}

fn b4_a_charset_that_is_none_does_no_harm() -> Situation {
    written(UTF_8, "text/xml; charset=utf8mb4", "<?xml version=\"1.0\" encoding=\"none\"?>")
}

/// A feed with this done to its text.
fn damaged(damage: fn(String) -> String) -> Situation {
    Situation::new(move |asked| ok(damage(asked.news("1"))))
}

fn b6_control_characters_do_no_harm() -> Situation {
    damaged(|news| news.replace("flood", "\u{8}f\u{1}lo&#0;od&#x1F;")).reads("1")
}

fn b6_a_bare_ampersand_does_no_harm() -> Situation {
    damaged(|news| news.replace("</item>", "<category>R&D & more &</category></item>")).reads("1")
}

fn b6_undefined_entities_do_no_harm() -> Situation {
    damaged(|news| news.replace("</item>", "<author>&nbsp;&uuml;&nope;</author></item>")).reads("1")
}

fn b6_blanks_before_the_declaration_do_no_harm() -> Situation {
    damaged(|news| format!("\n\n  <?xml version=\"1.0\"?>{news}")).reads("1")
}

fn b6_junk_after_the_end_does_no_harm() -> Situation {
    damaged(|news| news + "<!-- 0.2 s --><script>var a = 1 && 2;</script></body></html>").reads("1")
}

fn b6_notices_before_the_beginning_do_no_harm() -> Situation {
    damaged(|news| format!("<br />\n<b>Warning</b>: include() failed in <b>x.php</b><br />{news}"))
        .reads("1")
}

fn b6_a_mark_before_json_does_no_harm() -> Situation {
    typed("application/feed+json", |asked| format!("\u{feff}{}", json(asked))).reads("1")
}

fn b6_a_document_that_ends_early_gives_its_whole_items() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1 2");
        ok(&news.as_bytes()[..news.len() - 70])
    })
    .reads("1")
}

fn b6_tags_nested_200_000_deep_do_no_harm() -> Situation {
    Situation::new(|asked| {
        let deep = format!("<description>{}</description></item>", "<i>".repeat(200_000));
        ok(asked.news("1").replace("</item>", &deep))
    })
    .asked(2)
    .judge(|saw| assert!(saw.titles().len() == 1 || saw.reasons().len() == 1))
}

fn b6_a_feed_that_breaks_and_heals_repeats_nothing() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1 2");
        ok(if asked.nth % 2 == 1 { news.replace("</channel>", "<odd & broken") } else { news })
    })
    .good(4)
    .reads("1 2")
}

fn titled(raw: &'static str, title: &'static str) -> Situation {
    Situation::new(move |asked| {
        let plain = super::server::headline(&asked.name, "1");
        ok(asked.news("1").replace(&plain, raw))
    })
    .good(2)
    .judge(move |saw| assert_eq!(saw.titles(), [title]))
}

fn b7_entities_in_a_title_are_undone_twice() -> Situation {
    titled(
        "Flood &amp;amp; storm&amp;#8217;s &lt;b&gt;end&lt;/b&gt;&amp;nbsp;AT&amp;T",
        "Flood & storm’s end AT&T",
    )
}

fn linked(link: &'static str, judge: fn(&Saw, Option<&str>)) -> Situation {
    Situation::new(move |asked| {
        let plain = format!("https://news.example/{}/1", asked.name);
        ok(asked.news("1").replace(&plain, link))
    })
    .good(2)
    .judge(move |saw| judge(saw, saw.alerts[0].item.link.as_deref()))
}

fn b7_relative_links_are_made_absolute() -> Situation {
    linked("/story?a=1&amp;b=2", |saw, link| {
        let expected = saw.asked[0].town.url(super::server::Place::Main, "/story?a=1&b=2");
        assert_eq!(link, Some(expected.as_str()));
    })
}

fn b7_a_script_is_no_link() -> Situation {
    linked("javascript:alert(1)", |_, link| assert_eq!(link, None))
}

/// Items as they are written by `item`, which gets a mark and the number of the request.
fn items(marks: &'static str, item: fn(&str, usize) -> String) -> Situation {
    Situation::new(move |asked| {
        let items: String = marks
            .split(' ')
            .map(|mark| {
                let title = super::server::headline(&asked.name, mark);
                let rest = item(mark, asked.nth);
                format!("<item><title>{title}</title>{rest}</item>")
            })
            .collect();
        ok(format!(
            "<rss version=\"2.0\"><channel><title>t{}</title>{items}</channel></rss>",
            asked.nth
        ))
    })
    .good(4)
    .reads(marks)
}

fn b8_items_without_guid_and_link_are_new_once() -> Situation {
    items("1 2", |_, _| "<description>Text</description>".to_owned())
}

fn b8_guids_that_are_all_the_same_are_not_believed() -> Situation {
    items("1 2 3", |mark, _| {
        format!("<guid>https://news.example/</guid><link>https://news.example/same/{mark}</link>")
    })
}

fn b8_links_that_are_tracked_anew_each_time_are_the_same() -> Situation {
    items("1 2", |mark, nth| {
        format!(
            "<link>https://news.example/tracked/{mark}?utm_source=rss&amp;utm_campaign={nth}&amp;\
             fbclid={nth}</link>"
        )
    })
}

fn b8_a_new_headline_is_not_a_new_item() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1");
        ok(if asked.nth == 0 { news } else { news.replace("A flood", "A great flood") })
    })
    .good(3)
    .reads("1")
}

fn b8_items_that_change_places_are_not_new() -> Situation {
    Situation::new(|asked| match asked.nth % 3 {
        0 => ok(asked.news("1 2 3")),
        1 => ok(asked.news("3 2 1")),
        _ => status(500),
    })
    .asked(4)
    .judge(|saw| saw.told("1 2 3"))
}

fn b7_a_title_is_one_line_without_controls() -> Situation {
    titled("Flood\n\t at&#10;the &#27;[31mriver&#x85;&#x202e;", "Flood at the [31mriver…")
}
