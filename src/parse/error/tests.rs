use super::*;
use crate::parse::{Input, parse};

fn fails(document: &str) -> ParseError {
    parse(&Input { bytes: document.as_bytes(), content_type: Some("text/html"), url: None })
        .unwrap_err()
}

#[test]
fn each_failure_has_its_reason_and_a_clean_message() {
    let cases = [
        ("", Reason::EmptyBody, "the document is empty"),
        ("\u{feff} \n\0", Reason::EmptyBody, "the document is empty"),
        (
            "<!DOCTYPE html><html><head><title>Not\n found &amp; <b>gone</b>\u{202e}</title>",
            Reason::Html,
            "a web page instead of a feed titled \"Not found & gone\"",
        ),
        ("<html><body>x<rss/></body></html>", Reason::Html, "a web page instead of a feed"),
        (
            "<html><title>Just a moment...</title></html>",
            Reason::Blocked,
            "a challenge or login page instead of a feed titled \"Just a moment...\"",
        ),
        (
            "<html><title>Mail</title><form><input type=\"password\"></form></html>",
            Reason::Blocked,
            "a challenge or login page instead of a feed titled \"Mail\"",
        ),
        ("no\u{1b}[2J such\nuser", Reason::NotAFeed, "not a feed: it begins \"no[2J such user\""),
        ("<opml/>", Reason::NotAFeed, "not a feed: it begins \"<opml/>\""),
        (
            "<rss><channel><item>",
            Reason::Malformed,
            "a feed so broken that nothing in it can be read: it breaks off before its first item ends",
        ),
    ];
    for (document, reason, message) in cases {
        let error = fails(document);
        assert_eq!((error.reason(), error.to_string().as_str()), (reason, message), "{document}");
    }
}

#[test]
fn quotes_are_cut() {
    assert!(fails(&"ї".repeat(1000)).to_string().chars().count() < 120);
    let page = format!("<html><title>{}</title>", "x".repeat(1000));
    assert!(fails(&page).to_string().len() < 140);
}

#[test]
fn walls_are_told_from_pages_by_whole_words() {
    const CASES: &[(&str, Reason)] = &[
        ("<title>Blog in Kyiv</title>", Reason::Html),
        ("<title>Log in</title>", Reason::Blocked),
        ("<title>News: Log-in</title>", Reason::Blocked),
        ("<title>Вхід до кабінету</title>", Reason::Blocked),
        ("<title>Входить у силу закон</title>", Reason::Html),
        ("<title>Making sure you&#39;re not a bot!</title>", Reason::Blocked),
        ("<title>Robots take over the captchaless web</title>", Reason::Html),
        (
            "<title>x</title><script src=\"https://challenges.cloudflare.com/turnstile/v0/api.js\">",
            Reason::Blocked,
        ),
        ("<title>x</title><form><input name=p type=password></form>", Reason::Blocked),
        ("<script>document.cookie='a=b';location.reload()</script>", Reason::Html),
        ("<title>404 Not Found</title>", Reason::Html),
    ];
    for (page, reason) in CASES {
        assert_eq!(
            fails(&format!("<!DOCTYPE html><html>{page}</html>")).reason(),
            *reason,
            "{page}"
        );
        assert_eq!(fails(page).reason(), *reason, "{page}");
    }
}
