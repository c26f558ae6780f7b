use super::*;

/// guid or link or hash, link, title, text, date
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

fn item((id, link, title, text, published): Row<'_>) -> Item {
    Item {
        id: id.to_owned(),
        link: Some(link.to_owned()).filter(|link| !link.is_empty()),
        title: title.to_owned(),
        content: text.to_owned(),
        published: Timestamp::parse(published),
        ..Item::default()
    }
}

fn all(rows: &[Row<'_>]) -> Vec<Keys> {
    keys(&rows.iter().copied().map(item).collect::<Vec<_>>())
}

fn one(row: Row<'_>) -> Keys {
    all(&[row]).remove(0)
}

const NOON: &str = "2026-03-01T12:01:00Z";
const LATER: &str = "2026-03-01T12:34:56Z";

#[test]
fn links_to_one_page_are_equal() {
    const SAME: &[(&str, &str)] = &[
        ("http://a.example/1", "https://a.example/1"),
        ("https://a.example/1", "https://www.a.example/1"),
        ("https://a.example/1", "https://A.example/1/"),
        ("https://a.example/1", "https://a.example:443/1"),
        ("https://a.example/1", "https://u:p@a.example/1"),
        ("https://a.example/1", "https://a.example/1#top"),
        ("https://a.example/1", "https://a.example/1?"),
        ("https://a.example/1", "https://a.example/1?utm_source=rss&utm_medium=feed"),
        ("https://a.example/1", "https://a.example/1?at_medium=RSS&at_campaign=X#0"),
        ("https://a.example/1", "https://a.example/1?CMP=rss&ref=feed"),
        ("https://a.example/1", "https://a.example/1/amp"),
        ("https://a.example/1", "https://a.example/1/amp/"),
        ("https://a.example/1?id=5", "http://www.a.example/1/?id=5&fbclid=x"),
        ("https://a.example/?p=1", "http://a.example?p=1"),
        ("https://a.example/#!/news/1", "http://a.example/#!/news/1"),
        ("https://a.example/1?PHPSESSID=a1", "https://a.example/1?PHPSESSID=b2"),
        ("https://a.example/1?phpsessid=a1&id=5", "https://a.example/1?id=5"),
        ("https://a.example/1?ASPSESSIONIDQABC=a1", "https://a.example/1"),
        ("https://a.example/1?sid=0123456789abcdef", "https://a.example/1?sid=fedcba9876543210"),
        ("https://a.example/1?Session_ID=0123456789abcdef", "https://a.example/1"),
        ("https://a.example/1?sessionid=0123456789abcdefXYZ", "https://a.example/1"),
        ("https://a.example/1;jsessionid=A1.node", "https://a.example/1;JSESSIONID=B2"),
        ("https://a.example/x;jsessionid=A1/1?id=5", "https://a.example/x/1?id=5"),
        ("https://приклад.example/1", "https://xn--80aikifvh.example/1"),
    ];
    for (a, b) in SAME {
        assert!(page(a).is_some(), "{a}");
        assert_eq!(page(a), page(b), "{a} {b}");
    }
}

#[test]
fn links_to_what_may_be_different_pages_differ() {
    const DIFFERENT: &[(&str, &str)] = &[
        ("https://a.example/1", "https://a.example/2"),
        ("https://a.example/1", "https://b.example/1"),
        ("https://a.example/1", "https://a.example:8443/1"),
        ("https://a.example/1", "https://sub.a.example/1"),
        ("https://a.example/1", "https://a.example/1?page=2"),
        ("https://a.example/1?id=5", "https://a.example/1?id=6"),
        ("https://a.example/1", "https://a.example/1?ref=harbour"),
        ("https://a.example/a", "https://a.example/A"),
        ("https://a.example/1/2", "https://a.example/12"),
        ("https://a.example/#!/news/1", "https://a.example/#!/news/2"),
        ("https://a.example/1/amp", "https://a.example/1/amplitude"),
        ("https://a.example/1?a=1&b=2", "https://a.example/1?a=12"),
        // Names of stories and of talks, not of sessions.
        ("https://a.example/article?sid=5", "https://a.example/article?sid=6"),
        ("https://a.example/1?session_id=42", "https://a.example/1?session_id=43"),
        ("https://a.example/1?sid=a-first-long-story", "https://a.example/1?sid=a-second-long-one"),
        ("https://a.example/1;v=1", "https://a.example/1;v=2"),
    ];
    for (a, b) in DIFFERENT {
        assert!(page(a).is_some() && page(b).is_some(), "{a} {b}");
        assert_ne!(page(a), page(b), "{a} {b}");
    }
}

#[test]
fn the_front_of_a_site_is_no_page() {
    const FRONTS: &[&str] = &[
        "https://a.example",
        "https://www.a.example/",
        "https://a.example//",
        "https://a.example/?utm_source=rss",
        "https://a.example/#news",
        "https://a.example/index.html",
        "https://a.example/index.php?fbclid=1",
        "https://a.example/amp",
        "https://a.example/?PHPSESSID=1",
        "https://a.example/;jsessionid=1",
        "mailto:a@a.example",
        "no link",
        "",
    ];
    for front in FRONTS {
        assert_eq!(page(front), None, "{front}");
    }
}

#[test]
fn an_id_that_only_repeats_the_link_is_no_name() {
    const LINK: &str = "https://a.example/1";
    let hash = format!("text:{}", "0".repeat(32));
    let cases = [
        ("n-1", LINK, true),
        ("n-1", "", true),
        ("tag:a.example,2026:1", LINK, true),
        (LINK, LINK, false),
        ("https://a.example/1", "http://www.a.example/1/", false),
        ("https://a.example/1?utm_term=abc", LINK, false),
        ("https://a.example/1#2", LINK, false),
        ("https://a.example/1#12", "https://a.example/1?at_medium=RSS", false),
        // The third post of that name, not the third edition.
        ("https://a.example/1#3", "https://a.example/1#3", true),
        ("https://a.example/1#post-3", "https://a.example/1#post-3", true),
        ("https://a.example/1#post-3", LINK, true),
        ("https://a.example/1#314", LINK, true),
        ("https://a.example/?p=1", LINK, true),
        ("https://a.example/2", LINK, true),
        (&hash, "", false),
        ("text:short", "", true),
    ];
    for (id, link, named) in cases {
        assert_eq!(one((id, link, "A", "", "")).named, named, "{id} {link}");
    }
}

#[test]
fn what_two_items_share_is_no_key() {
    let shared = all(&[
        ("1", "https://a.example/live", "Alarm", "Take cover", NOON),
        ("2", "http://a.example/live/", "Alarm", "Take cover", LATER),
        ("3", "https://a.example/3", "Alarm", "Take cover", ""),
        ("4", "https://a.example/4", "Alarm", "Take cover", ""),
    ]);
    for keys in &shared[..2] {
        assert_eq!((&keys.page, &keys.moment), (&None, &None));
        assert!(keys.words.is_some() && keys.dated, "the dates tell them apart");
    }
    for keys in &shared[2..] {
        assert!(keys.page.is_some() && keys.moment.is_none() && keys.words.is_none());
    }
}

#[test]
fn a_date_counts_if_it_is_the_items_own() {
    let dated = |published| one(("1", "https://a.example/1", "A", "text", published)).dated;
    for (published, expected) in [
        (NOON, true),
        ("2026-03-01T23:59:59Z", true),
        ("2026-03-01T00:15:00Z", true),
        ("2026-02-28T22:00:00Z", true),
        ("2026-02-28T18:30:00Z", true),
        ("1969-12-31T12:15:00Z", true),
        // A day.
        ("2026-03-01T00:00:00Z", false),
        ("1969-12-31T00:00:00Z", false),
        ("", false),
    ] {
        assert_eq!(dated(published), expected, "{published}");
    }
    let of = |dates: &[&str]| -> Vec<bool> {
        let row = |at| ("1", "https://a.example/1", "A", "text", at);
        let rows: Vec<Row<'_>> = dates.iter().copied().map(row).collect();
        all(&rows).iter().map(|keys| keys.dated).collect()
    };
    assert_eq!(of(&[NOON, LATER]), [true, true]);
    assert_eq!(of(&[NOON, ""]), [true, false]);
    assert_eq!(of(&[NOON, NOON]), [false, false], "the document's date");
    // Midnight in some zone: all of them, or none.
    let midnight = ["2026-02-28T18:30:00Z", "2026-02-27T18:30:00Z", "2026-02-27T18:30:00Z"];
    assert_eq!(of(&midnight), [false, false, false]);
    assert_eq!(of(&[midnight[0], "", midnight[1]]), [false, false, false]);
    assert_eq!(of(&[midnight[0], midnight[1], LATER]), [true, true, true]);
    assert_eq!(of(&[midnight[0], "2026-02-28T18:45:00Z"]), [true, true], "a schedule");
    assert_eq!(of(&["1969-12-31T18:30:00Z", midnight[0]]), [false, false]);
    // The same time of day by chance.
    assert_eq!(of(&["2026-02-28T18:31:00Z", "2026-02-27T18:31:00Z"]), [true, true]);
}

#[test]
fn former_ids_are_those_that_the_item_would_have_without_its_guid() {
    let row = ("1", "https://a.example/1?utm_source=x", "A", "text", "");
    let bare = |link: &str| {
        let traits = super::super::Traits {
            id: None,
            link: Some(link).filter(|link| !link.is_empty()),
            title: "A",
            text: "text",
        };
        Some(super::super::identities(&[traits]).remove(0))
    };
    assert_eq!(one(row).former, [bare("https://a.example/1"), bare("")]);
    let none = [None, None];
    assert_eq!(one(("1", row.1, "A", "text", NOON)).former, none, "its date tells more");
    assert_eq!(one(("https://a.example/1", row.1, "A", "text", "")).former, none);
    assert_eq!(one(("1", "https://a.example/", "A", "", "")).former, none);
}

#[test]
fn moment_and_words_say_what_they_say() {
    let base = ("1", "https://a.example/1", "A", "text", NOON);
    let keys = one(base);
    let moment = |row| one(row).moment == keys.moment;
    let words = |row| one(row).words == keys.words;
    let (id, link, title, text, at) = base;
    // What differs, whether the moment is the same, whether the words are.
    let cases = [
        (("9", link, title, text, at), true, true),
        ((id, "http://www.a.example/1", title, text, at), true, true),
        ((id, "https://b.example/9", title, text, at), false, true),
        ((id, "", title, text, at), false, true),
        ((id, link, "B", text, at), true, false),
        ((id, link, title, "more text", at), true, false),
        ((id, link, title, text, LATER), false, false),
        ((id, link, title, text, ""), false, false),
    ];
    for (row, same_moment, same_words) in cases {
        assert_eq!((moment(row), words(row)), (same_moment, same_words), "{row:?}");
    }
    assert_eq!(one((id, "https://a.example/", title, text, at)).moment, None);
    assert_eq!(one((id, link, title, text, "")).moment, None);
    assert_eq!(one((id, link, title, "", "")).words, None, "a title alone says too little");
    let bare = |link| one(("1", link, "1.0", "", NOON)).words;
    assert!(bare("https://a.example/1").is_some());
    assert_ne!(bare("https://a.example/1"), bare("https://a.example/2"));
}

#[test]
fn a_link_to_one_of_several_posts_leads_to_no_whole_page() {
    for (link, whole) in [
        ("https://a.example/1", true),
        ("https://a.example/1#", true),
        ("https://a.example/#/news/1", true),
        ("https://a.example/#!/news/1", true),
        ("https://a.example/1#xtor=RSS-8", true),
        ("https://a.example/1#utm_source=feed&utm_medium=x", true),
        ("https://a.example/1#tk=rss_all", true),
        ("https://a.example/1#ref=feed", true),
        ("https://a.example/1#comments", true),
        ("https://a.example/live/1#flood", false),
        ("https://a.example/live/1#post-12", false),
        ("https://a.example/1#comment-5", false),
        ("https://a.example/1#post=12", false),
        ("https://a.example/1#post=12&utm_source=feed", false),
    ] {
        assert_eq!(is_whole_page(link), whole, "{link}");
    }
}
