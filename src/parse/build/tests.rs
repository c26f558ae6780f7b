use super::*;

#[test]
fn links_are_absolute_and_of_the_web() {
    let base = Url::parse("https://a.example/x/feed.xml").unwrap();
    const CASES: &[(&str, Option<&str>)] = &[
        (" http://b.example/1 ", Some("http://b.example/1")),
        ("http://b.example", Some("http://b.example/")),
        ("y.html", Some("https://a.example/x/y.html")),
        ("/y?a=1&amp;b=2", Some("https://a.example/y?a=1&b=2")),
        ("//c.example/1", Some("https://c.example/1")),
        ("http://b.example/a b", Some("http://b.example/a%20b")),
        ("http://b.example/ї", Some("http://b.example/%D1%97")),
        ("javascript:alert(1)", None),
        ("mailto:a@b.example", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("", None),
    ];
    for (href, expected) in CASES {
        assert_eq!(link(href, Some(&base)).as_deref(), *expected, "{href}");
    }
    assert_eq!(link("y.html", None), None);
    assert_eq!(link(&format!("http://b.example/{}", "x".repeat(MAX_LINK)), None), None);
}

proptest::proptest! {
    #[test]
    fn what_passes_for_a_normal_url_is_what_the_standard_makes_of_it(
        href in "https?://(([a-z0-9-]|xn--|0x){1,4}\\.?){1,3}(/|/[a-zA-Z0-9._?=&;,~+:-]{0,6}|/\\.\\.|&amp;|&|#x|'|%2e){0,4}",
    ) {
        let parsed = Url::parse(&href).map(String::from).unwrap_or_default();
        proptest::prop_assert!(!is_normal(&href) || parsed == href, "{} {}", href, parsed);
    }
}

#[test]
fn usual_links_need_no_parser() {
    for href in ["https://a.example/", "http://www.a-b.example/2026/11/x_y.html?a=1&b=2"] {
        assert!(is_normal(href), "{href}");
    }
    for href in
        ["https://a.example", "https://a.example/../x", "https://A.example/", "https://1.2.3.4/"]
    {
        assert!(!is_normal(href), "{href}");
    }
}

#[test]
fn authors_are_names() {
    const CASES: &[(&str, &str)] = &[
        ("Olha Petrenko", "Olha Petrenko"),
        ("o@p.example (Olha Petrenko)", "Olha Petrenko"),
        ("Olha Petrenko <o@p.example>", "Olha Petrenko"),
        ("Olha Petrenko (o@p.example)", "Olha Petrenko"),
        ("(Olha Petrenko)", "Olha Petrenko"),
        ("o@p.example", "o@p.example"),
        ("mailto:o@p.example", "o@p.example"),
        ("<o@p.example>", "o@p.example"),
        ("«o@p.example»", "«o@p.example»"),
        ("@desk", "@desk"),
        ("\u{202e}Olha\n Petrenko &amp; co", "Olha Petrenko & co"),
        ("  ", ""),
    ];
    for (author, expected) in CASES {
        assert_eq!(name(author), *expected, "{author}");
    }
    assert_eq!(names(&["A".into(), " A ".into(), "".into(), "B".into()]), ["A", "B"]);
}

#[test]
fn ttl_is_whole_minutes() {
    assert_eq!(ttl(" 15 "), Some(Duration::from_secs(900)));
    for bad in ["", "0", "-5", "soon", "1.5", "99999999999999"] {
        assert_eq!(ttl(bad), None, "{bad}");
    }
}
