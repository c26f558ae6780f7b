use super::*;

fn ids(items: &[(&str, &str, &str)]) -> Vec<String> {
    let traits: Vec<Traits<'_>> = items
        .iter()
        .map(|(id, link, title)| Traits {
            id: Some(*id).filter(|id| !id.is_empty()),
            link: Some(*link).filter(|link| !link.is_empty()),
            title,
            text: "",
        })
        .collect();
    identities(&traits)
}

#[test]
fn a_guid_that_behaves_is_the_identity() {
    assert_eq!(ids(&[(" n-1 ", "http://a/1", "A"), ("n-2", "", "B")]), ["n-1", "n-2"]);
    assert_eq!(
        ids(&[("n-1", "http://a/1", "A"), ("n-1", "http://a/1", "A, edited")]),
        ["n-1", "n-1"]
    );
    let long = "x".repeat(MAX_ID + 1);
    assert!(ids(&[(&long, "", "A")])[0].starts_with("id:"));
}

#[test]
fn a_guid_that_different_items_share_is_no_identity() {
    assert_eq!(
        ids(&[("0", "http://a/1", "A"), ("0", "http://a/2", "B"), ("n-3", "http://a/3", "C")]),
        ["http://a/1", "http://a/2", "n-3"]
    );
    let hashes = ids(&[("false", "", "A"), ("false", "", "B")]);
    assert!(hashes.iter().all(|id| id.starts_with("text:")) && hashes[0] != hashes[1]);
}

#[test]
fn links_are_compared_without_what_says_where_a_reader_came_from() {
    const CASES: &[(&str, &str)] = &[
        ("http://a.example/1?utm_source=rss&utm_medium=feed", "http://a.example/1"),
        ("http://a.example/1?id=5&UTM_Source=rss#top", "http://a.example/1?id=5"),
        ("http://a.example/1?fbclid=x&a=%2F&gclid=y&b", "http://a.example/1?a=%2F&b"),
        ("http://a.example/1?at_medium=RSS&at_campaign=K", "http://a.example/1"),
        ("http://a.example/1?", "http://a.example/1"),
        ("http://a.example/?p=1", "http://a.example/?p=1"),
    ];
    for (link, expected) in CASES {
        assert_eq!(ids(&[("", link, "A")]), [*expected], "{link}");
    }
}

#[test]
fn a_link_that_different_items_share_is_no_identity() {
    let shared = ids(&[("", "http://a/", "A"), ("", "http://a/", "B"), ("", "http://a/", "A")]);
    assert!(shared.iter().all(|id| id.starts_with("text:") && id.len() == 37));
    assert_ne!(shared[0], shared[1]);
    assert_eq!(shared[0], shared[2]);
}

#[test]
fn a_hash_tells_title_from_text() {
    let one = |title, text| identities(&[Traits { id: None, link: None, title, text }]).remove(0);
    assert_ne!(one("ab", "c"), one("a", "bc"));
    assert_eq!(one("ab", "c"), "text:43ee655579de01ca739b3f95c1c2d3f4");
}

#[test]
fn one_page_under_two_campaigns_is_one_link_and_the_guid_holds() {
    let item = |link| Traits { id: Some("g1"), link: Some(link), title: "t", text: "" };
    let (a, b) =
        (item("https://x.example/1?utm_source=a"), item("https://x.example/1?utm_source=b"));
    assert_eq!(identities(&[a]), ["g1"]);
    assert_eq!(identities(&[a, b]), ["g1", "g1"]);
}

#[test]
fn the_front_of_a_site_is_no_identity() {
    for front in [
        "http://a.example/",
        "https://www.a.example/?utm_source=rss",
        "http://a.example/index.html",
    ] {
        let id = |title| ids(&[("", front, title)]).remove(0);
        assert!(id("Sirens in the north").starts_with("text:"), "{front}");
        assert_ne!(id("Sirens in the north"), id("Sirens in the south"), "{front}");
    }
    assert_eq!(ids(&[("", "http://a.example/now", "A")]), ["http://a.example/now"]);
}

#[test]
fn guids_that_count_the_items_are_no_names() {
    const LINKS: [&str; 3] = ["http://a/1", "http://a/2", "http://a/3"];
    let of = |guids: &[&str], links: [&str; 3], titles: [&str; 3]| {
        let items: Vec<(&str, &str, &str)> = guids
            .iter()
            .zip(links)
            .zip(titles)
            .map(|((id, link), title)| (*id, link, title))
            .collect();
        ids(&items)
    };
    let titles = ["A", "B", "C"];
    for guids in [&["0", "1", "2"][..], &["1", "2", "3"], &["0", "1"], &["1", "2"], &["0"], &["1"]]
    {
        assert_eq!(of(guids, LINKS, titles), LINKS[..guids.len()], "{guids:?}");
        assert_eq!(of(guids, [""; 3], titles), *guids, "{guids:?}: no links");
    }
    for guids in [
        &["2", "3", "4"][..],
        &["3", "2", "1"],
        &["1", "2", "4"],
        &["1", "2", "n-3"],
        &["01", "02", "03"],
        &["1.0", "2.0"],
        &["+1", "2"],
        &["2"],
        &["42"],
        &["n-1"],
    ] {
        assert_eq!(of(guids, LINKS, titles), *guids, "{guids:?}");
    }
    assert_eq!(ids(&[("1", "http://a/", "A")]), ["1"], "the front of a site identifies nothing");
    // Without their guids two of the three would be one.
    let linked = of(&["1", "2", "3"], ["http://a/map"; 3], ["Alarm", "All clear", "Alarm"]);
    assert_eq!(linked, ["1", "2", "3"]);
}
