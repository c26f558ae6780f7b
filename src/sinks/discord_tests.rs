use super::*;

#[test]
fn markup_in_a_text_stands_there_as_it_is() {
    let cases = [
        ("*bold* _it_ ~~no~~ `x` ||y||", r"\*bold\* \_it\_ \~\~no\~\~ \`x\` \|\|y\|\|"),
        ("[a](https://b.example)", r"\[a\]\(https://b.example\)"),
        ("<@1234> <:x:1>", r"\<@1234\> \<:x:1\>"),
        ("# big", r"\# big"),
        ("- x - y", r"\- x - y"),
        (r"\*", r"\\\*"),
    ];
    for (text, expected) in cases {
        let mut out = String::new();
        markdown(text, &mut out);
        assert_eq!(out, expected, "{text}");
    }
}

#[test]
fn a_cut_leaves_no_half_of_an_escape_or_link() {
    let text = r"a \* [b\]](https://c.example/d) \\ e";
    for most in 0..text.len() {
        let cut = cut_markdown(text, most);
        assert!(utf16(&cut) <= most, "{most}: {cut}");
        let body = cut.trim_end_matches('…');
        let slashes = body.len() - body.trim_end_matches('\\').len();
        assert_eq!(slashes % 2, 0, "{cut}");
        assert_eq!(open_link(body), None, "{cut}");
    }
    assert_eq!(cut_markdown(text, 100), text);
    assert_eq!(cut_markdown("🚒🚒🚒", 5), "🚒🚒…");
    assert_eq!(cut_markdown("🚒🚒🚒", 4), "🚒…");
}

#[tokio::test]
async fn the_wait_is_that_of_the_body_with_its_fraction() {
    let reply = |status, body: &str| Reply::of(status, body.as_bytes());
    let body =
        r#"{"message": "You are being rate limited.", "retry_after": 1.25, "global": false}"#;
    assert_eq!(retry_after(&reply(429, body)), Some(Duration::from_millis(1250)));
    assert_eq!(retry_after(&reply(200, body)), None);
    for body in ["", "{}", r#"{"retry_after": -1}"#, r#"{"retry_after": "x"}"#] {
        assert_eq!(retry_after(&reply(429, body)), None, "{body}");
    }
    let long = retry_after(&reply(429, r#"{"retry_after": 1e300}"#));
    assert_eq!(long, Some(Duration::from_secs(86_400)));
}

#[test]
fn the_answer_is_waited_for_whatever_the_url_says() {
    for (url, expected) in [
        ("https://d.example/1/x", "https://d.example/1/x?wait=true"),
        (
            "https://d.example/1/x?wait=false&thread_id=7",
            "https://d.example/1/x?thread_id=7&wait=true",
        ),
        ("https://d.example/1/x?wait=true", "https://d.example/1/x?wait=true"),
    ] {
        assert_eq!(waited_for(&Url::parse(url).unwrap()).as_str(), expected);
    }
}
