use super::*;
use crate::document::Document;
use crate::files::Vault;
use crate::model::Problems;
use crate::sinks::Around;
use crate::sinks::conformance::http::Server;
use crate::sinks::conformance::{Play, stage_time};
use crate::sinks::tests::context;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What the keys in `text` come to, with the URL and what proves who we are, and what is wrong.
fn read(text: &str, vault: Vault) -> (Option<(SecretUrl, Auth, HttpKeys)>, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let around = Around { vault, ..Around::default() };
    let url = read_url(&mut root, &around, ("url", "url_file"));
    let from_url = url.as_ref().and_then(|(_, credentials)| credentials.clone());
    let auth = Auth::read(&mut root, &around, from_url);
    let proven = auth.as_ref().is_some_and(Auth::is_some);
    let keys = HttpKeys::read(&mut root, &around, proven);
    root.finish();
    let all = url.zip(auth).zip(keys).map(|(((url, _), auth), keys)| (url, auth, keys));
    (all, problems.into_vec().iter().map(ToString::to_string).collect())
}

fn poster(text: &str) -> (Poster, Post) {
    let (read, problems) = read(text, Vault::default());
    let (home, auth, keys) = read.unwrap_or_else(|| panic!("{problems:?}"));
    let mut post = Post::json(home.expose().clone(), "{}");
    post.auth = auth;
    (Poster::new(&home, &keys, post.auth.secret(), &context(None)), post)
}

#[test]
fn keys_are_read_with_their_secrets_from_files() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("url", " https://h.example/SECRET \n"), ("token", "t0ken \t\r\n"), ("key", "k3y\n\n")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let text = "url_file = \"url\"\ntoken_file = \"token\"\ntimeout = \"3s\"\n\
        headers = { \"X-Key\" = { file = \"key\" }, \"X-Plain\" = \"p\" }\nproxy = \"none\"\n";
    let vault = Vault { folder: folder.path().to_owned(), ..Vault::default() };
    let (read, problems) = read(text, vault);
    assert_eq!(problems, Vec::<String>::new());
    let (url, auth, keys) = read.unwrap();
    assert_eq!(url.expose().as_str(), "https://h.example/SECRET");
    assert_eq!(auth, Auth::Bearer(Secret::new("t0ken")));
    assert_eq!(keys.timeout, Duration::from_secs(3));
    assert_eq!(keys.headers.len(), 2);
    let shown = format!("{url:?} {auth:?} {keys:?}");
    assert!(shown.starts_with("https://h.example:443/*** "), "{shown}");
    for secret in ["SECRET", "t0ken", "k3y"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_user_in_the_url_is_taken_out_of_it() {
    let text = "url = \"https://me:pa%20ss@h.example/x#y\"";
    let (read, _) = read(text, Vault::default());
    let (url, auth, _) = read.unwrap();
    assert_eq!(url.expose().as_str(), "https://h.example/x");
    let Auth::Basic(credentials) = auth else { panic!("{auth:?}") };
    assert_eq!((credentials.username.as_str(), credentials.password.expose()), ("me", "pa ss"));
}

#[test]
fn what_is_wrong_with_the_keys_is_told_without_secrets() {
    let cases = [
        ("timeout = \"1s\"", "w.toml:1:1: the file has no `url`"),
        ("timeout = \"1s\"", "hint: add `url_file = \"…\"`, a file with it alone, or `url = "),
        ("url = \"hooks.example/SECRET\"", "w.toml:1:7: `url`: no absolute URL"),
        ("url = \"ftp://h.example/SECRET\"", "`url`: only http and https URLs can be sent to"),
        ("url = \"https://h.example:99999/SECRET\"", "`url`: no URL: invalid port number"),
        ("url = \"\"", "`url` is empty"),
        ("url = \"https://SECRET\"\nurl_file = \"x\"", "both `url` and `url_file` are given"),
        ("url = \"http://h\"\ntimeout = \"0s\"", "`timeout` is out of bounds"),
        ("url = \"http://h\"\ntimeout = \"6m\"", "`timeout` is out of bounds"),
        ("url = \"http://h\"\npassword = \"SECRET\"", "a password without a `username`"),
        (
            "url = \"http://h\"\nusername = \"u\"\ntoken = \"SECRET\"",
            "both a `username` and a `token`",
        ),
        ("url = \"http://u:SECRET@h\"\ntoken = \"x\"", "both a user in the `url` and a `token`"),
        ("url = \"http://h\"\ntoken = \"\"", "`token` is empty"),
        ("url = \"http://h\"\ntoken_file = \"none\"", "the secret file /nowhere/none"),
        ("url = \"http://h\"\nheaders = { \"a b\" = \"SECRET\" }", "is no HTTP header name"),
        ("url = \"http://h\"\nheaders = { \"a\" = \"x\\nSECRET\" }", "cannot be sent"),
        (
            "url = \"http://h\"\ntoken = \"SECRET\"\nheaders = { \"Authorization\" = \"SECRET\" }",
            "`headers`: \"Authorization\" cannot be set",
        ),
        ("url = \"http://h\"\ntoken = \"SECRET\\u0000\"", "the `token` cannot be sent"),
        ("url = \"http://h\"\nca_file = \"none\"", "the `ca_file` /nowhere/none"),
        ("url = \"http://h\"\nproxy = \"x\"", "`proxy` is no proxy's URL"),
        ("url_file = \"credential:hook\"", "there is no systemd credential \"hook\""),
    ];
    for (text, expected) in cases {
        let vault = Vault { folder: "/nowhere".into(), ..Vault::default() };
        let (_, problems) = read(text, vault);
        let [problem] = &problems[..] else { panic!("{text}: {problems:#?}") };
        assert!(problem.contains(expected), "{text}\n{problem}");
        assert!(!problem.contains("SECRET"), "{text}\n{problem}");
    }
    let outside = Vault { from_outside: true, ..Vault::default() };
    let (read, problems) = read("url_file = \"credential:hook\"", outside);
    assert!(read.is_some() && problems.is_empty(), "{problems:?}");
}

#[test]
fn headers_that_http_or_the_sink_sets_are_refused() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Idempotency-Key",
        "Wirewatch-Timestamp",
        "wirewatch-signature",
    ] {
        let text = format!("url = \"http://h\"\nheaders = {{ X-A = \"1\", {name} = \"SECRET\" }}");
        let (_, problems) = read(&text, Vault::default());
        let [problem] = &problems[..] else { panic!("{text}: {problems:#?}") };
        let told = format!("w.toml:2:11: `headers`: \"{name}\" cannot be set");
        assert!(problem.contains(&told) && problem.contains("\nhint: "), "{problem}");
        assert!(!problem.contains("SECRET"), "{text}\n{problem}");
    }
    let own = "url = \"http://h\"\nheaders = { Authorization = \"Key x\", User-Agent = \"y\" }";
    assert_eq!(read(own, Vault::default()).1, Vec::<String>::new());
}

#[test]
fn the_name_of_a_credential_is_no_path() {
    for name in ["../tok", "a/b", "..", ".", ""] {
        for from_outside in [false, true] {
            let text = format!("url = \"http://h\"\ntoken_file = \"credential:{name}\"");
            let credentials = (!from_outside).then(|| "/nowhere".into());
            let (_, problems) =
                read(&text, Vault { from_outside, credentials, ..Vault::default() });
            let [problem] = &problems[..] else { panic!("{text}: {problems:#?}") };
            assert!(
                problem.contains(&format!("\"{name}\" is no name of a credential")),
                "{problem}"
            );
        }
    }
}

#[test]
fn only_redirects_that_take_the_message_along_are_followed() {
    let from = url("https://h.example/a/b?q");
    type Led = Result<Option<&'static str>, &'static str>;
    let cases: [(u16, Option<&str>, Led); 12] = [
        (200, Some("/x"), Ok(None)),
        (304, None, Ok(None)),
        (307, Some("/x"), Ok(Some("https://h.example/x"))),
        (308, Some("c#d"), Ok(Some("https://h.example/a/c"))),
        (307, Some("//u:p@i.example/"), Ok(Some("https://i.example/"))),
        (301, Some("/x"), Err("h.example:443")),
        (302, Some("https://i.example/SECRET"), Err("i.example:443")),
        (303, Some("/x"), Err("does not take the message along")),
        (307, None, Err("without a Location")),
        (307, Some("https://["), Err("to no URL")),
        (307, Some("http://h.example/x"), Err("from https to h.example:80")),
        (308, Some("mailto:SECRET"), Err("from https to a mailto: URL")),
    ];
    for (status, location, expected) in cases {
        match (redirect(&from, status, location), expected) {
            (Ok(next), Ok(expected)) => {
                assert_eq!(next.as_ref().map(Url::as_str), expected, "{status} {location:?}");
            }
            (Err(message), Err(part)) => {
                assert!(message.contains(part) && !message.contains("SECRET"), "{message}");
            }
            (got, _) => panic!("{status} {location:?}: {got:?}"),
        }
    }
}

#[test]
fn the_words_of_an_answer_are_found_and_made_fit() {
    let cases: [(&str, Option<&str>); 12] = [
        ("no_service", Some("no_service")),
        (" two\r\n lines ", Some("two lines")),
        ("<html><body>Bad Gateway</body></html>", None),
        ("", None),
        (r#"{"message": "Unknown Webhook", "code": 10015}"#, Some("Unknown Webhook")),
        (
            r#"{"ok": false, "error_code": 400, "description": "chat not found"}"#,
            Some("chat not found"),
        ),
        (r#"{"errcode": "M_FORBIDDEN", "error": "not in room"}"#, Some("not in room")),
        (r#"{"error": {"message": "deep"}}"#, Some("deep")),
        (r#"{"errors": [{"detail": "first"}, {"detail": "second"}]}"#, Some("first")),
        (r#""bad alert""#, Some("bad alert")),
        ("[1, 2]", None),
        ("\u{1b}[31mred", Some("␛[31mred")),
    ];
    let keys = poster("url = \"http://h.example/\"").0.keys;
    let blotter = blotter(&url("http://h.example/"), [], &keys);
    for (body, expected) in cases {
        let words = tell(body.as_bytes()).map(|words| clean(&blotter, &words, &[]));
        assert_eq!(words.as_deref(), expected, "{body}");
    }
    assert_eq!(tell(&[0xff, b'x']).as_deref(), Some("\u{fffd}x"));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(tell(deep.as_bytes()).is_some());
    assert_eq!(clean(&blotter, &"ї".repeat(500), &[]).chars().count(), 201);
}

#[test]
fn secrets_are_blotted_out_however_they_come_back() {
    let (poster, _) = poster(
        "url = \"https://h.example/services/T01234567/B0123456789/abcdefghijkl?token=0123456789x\"\n\
         headers = { \"X-Key\" = \"hdr\" }\ntoken = \"t0ken\"\nproxy = \"http://me:pr0xy@p:3128\"\n",
    );
    let sent = ["Bearer t0ken".to_owned(), "Basic bWU6cHc=".to_owned()];
    let text = "at https://h.example/services/T01234567/B0123456789/abcdefghijkl?token=0123456789x \
        and /services/T01234567/B0123456789/abcdefghijkl and abcdefghijkl, B0123456789, 0123456789x, \
        hdr, t0ken, pr0xy, bWU6cHc= and Basic bWU6cHc=";
    let told = poster.clean(text, &sent);
    assert_eq!(told, "at *** and *** and ***, ***, ***, ***, ***, ***, *** and ***");
    assert!(!format!("{poster:?}").contains("t0ken"));
    // A long text is cut after that, so that no half of a secret stays.
    let told = poster.clean(&format!("{}abcdefghijkl", "x".repeat(195)), &[]);
    assert!(!told.contains("abc"), "{told}");
}

#[test]
fn a_secret_with_spaces_and_an_encoded_url_are_blotted_out_too() {
    let (poster, _) = poster(
        "url = \"https://h.example/hooks/tok%20en%2Dsecret-0123\"\nusername = \"me\"\n\
         password = \"correct  horse  battery\"\n",
    );
    let text = b"no correct  horse  battery at /hooks/tok en-secret-0123, tok en-secret-0123";
    let Outcome::Refused { message, .. } = poster.judge(&Reply::of(403, text), None) else {
        panic!("403 is a refusal");
    };
    assert_eq!(message, "HTTP 403 Forbidden: no *** at ***, ***");
}

#[tokio::test]
async fn what_proves_who_we_are_is_told_to_our_own_receiver_alone() {
    let other = Server::start((200, ""), None).await;
    let server = Server::start((200, ""), Some(other.url.clone())).await;
    let (mut poster, mut post) = poster(&format!(
        "url = \"{}/x\"\ntoken = \"t0ken\"\nheaders = {{ \"X-Key\" = \"k3y\" }}\n",
        server.url
    ));
    // So that the redirect may lead there at all.
    let port = other.url.rsplit(':').next().unwrap();
    let allow = [format!("127.0.0.1:{port}"), server.url.replace("http://", "")];
    let allow = allow.iter().map(|entry| AllowEntry::parse(entry).unwrap()).collect();
    poster.network = Network::new(Guard::new(allow), poster.network.options().clone());
    post.set("idempotency-key", "id-1");
    server.play(Play::Private);
    assert_eq!(poster.deliver(&post).await, Outcome::Delivered);
    let (here, there) = (server.heard().remove(0), other.heard().remove(0));
    assert_eq!(here.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(here.header("x-key"), Some("k3y"));
    assert_eq!((there.header("authorization"), there.header("x-key")), (None, None));
    for heard in [here, there] {
        assert_eq!(heard.header("idempotency-key"), Some("id-1"));
        assert_eq!(heard.header("user-agent"), Some("wirewatch/test"));
        assert_eq!(heard.body, "{}");
        assert_eq!(heard.header("referer"), None);
    }
}

#[test]
fn statuses_are_judged_one_by_one() {
    let (poster, _) = poster("url = \"http://h.example/\"");
    let (behind, _) = self::poster("url = \"http://h.example/\"\nproxy = \"http://p:3128\"");
    for status in 100..=999 {
        let reply = Reply { after: Some(Duration::from_secs(9)), ..Reply::of(status, b"words") };
        let outcome = poster.judge(&reply, None);
        let as_it_should = match status {
            200..=299 => outcome == Outcome::Delivered,
            408 | 425 | 429 => matches!(outcome, Outcome::Retry { after: Some(_), .. }),
            400..=499 => matches!(outcome, Outcome::Refused { .. }),
            _ => matches!(outcome, Outcome::Retry { .. }),
        };
        assert!(as_it_should, "{status}: {outcome:?}");
    }
    assert!(matches!(behind.judge(&Reply::of(407, b""), None), Outcome::Retry { .. }));
    let Outcome::Refused { message, .. } = poster.judge(&Reply::of(404, b"no_service"), None)
    else {
        panic!("404 is a refusal");
    };
    assert_eq!(message, "HTTP 404 Not Found: no_service");
    let Outcome::Retry { message, .. } = poster.judge(&Reply::of(999, b"x"), Some("own words"))
    else {
        panic!("999 is no refusal");
    };
    assert_eq!(message, "HTTP 999: own words");
    assert_eq!(stage_time(), poster.clock.now().wall);
}

/// A receiver that closes each connection after its first answer, but not before the next request
/// has come on it.
async fn fickle() -> (String, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut bytes = [0; 4096];
            let _ = socket.read(&mut bytes).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            let _ = socket.read(&mut bytes).await;
        }
    });
    (url, task)
}

#[tokio::test]
async fn a_kept_connection_that_has_died_costs_no_attempt() {
    let (url, task) = fickle().await;
    let (poster, post) = poster(&format!("url = \"{url}\"\ntimeout = \"4m\""));
    for _ in 0..3 {
        assert_eq!(poster.deliver(&post).await, Outcome::Delivered);
    }
    task.abort();
}

#[tokio::test]
async fn what_cannot_be_repeated_is_delivered_by_the_head_of_its_answer() {
    // What is played, the timeout, and how it is told of a message that can be repeated.
    let cases = [
        (Play::Cut, "4m", Reason::Truncated, true),
        (Play::Drip, "3s", Reason::Timeout, true),
        (Play::CutInHead, "4m", Reason::Truncated, false),
        (Play::CutBefore, "4m", Reason::Truncated, false),
    ];
    for (play, timeout, why, has_head) in cases {
        let server = Server::start((200, "ok"), None).await;
        server.play(play);
        let (poster, post) = poster(&format!("url = \"{}\"\ntimeout = \"{timeout}\"", server.url));
        let once = Post { repeatable: false, ..post.clone() };
        let (again, once) = tokio::join!(poster.deliver(&post), poster.deliver(&once));
        let is_retry =
            |outcome: &Outcome| matches!(outcome, Outcome::Retry { reason, .. } if *reason == why);
        assert!(is_retry(&again), "{play:?}: {again:?}");
        match has_head {
            true => assert_eq!(once, Outcome::Delivered, "{play:?}"),
            false => assert!(is_retry(&once), "{play:?}: {once:?}"),
        }
    }
}
