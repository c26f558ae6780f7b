//! R: redirects.

use std::time::Duration;

use super::reply::{Reply, Step, moved, ok, raw, status};
use super::server::{Asked, Place};
use super::situation::{At, Saw, Situation};
use super::tls::Cert;

situations![
    r1_a_301_is_believed_after_three_polls,
    r1_a_308_is_believed_after_three_polls,
    r1_a_301_that_ends_in_an_error_is_not_believed,
    r1_a_301_that_ends_in_a_web_page_is_not_believed,
    r1_a_301_that_leads_elsewhere_each_time_is_not_believed,
    r1_a_301_now_and_then_is_not_believed,
    r1_where_it_moved_to_dies_and_the_old_place_is_asked_again,
    r1_it_moves_again_from_where_it_moved_to,
    r2_a_302_is_followed_and_never_believed,
    r2_a_303_is_followed_and_never_believed,
    r2_a_307_is_followed_and_never_believed,
    r2_of_a_chain_only_the_permanent_beginning_is_believed,
    r2_a_301_behind_a_302_is_not_believed,
    r2_a_300_with_a_location_is_an_error_or_followed,
    r3_ten_hops_are_followed,
    r3_eleven_hops_are_not,
    r3_a_redirect_to_itself_is_a_loop,
    r3_two_that_redirect_to_each_other_are_a_loop,
    r3_a_redirect_that_grows_without_end_ends,
    r4_other_schemes_are_not_followed,
    r4_a_redirect_into_the_file_system_is_not_followed,
    r4_a_redirect_to_a_script_is_not_followed,
    r4_from_https_to_http_is_not_followed_with_credentials,
    r4_from_https_to_http_is_followed_without,
    r5_credentials_stay_with_their_origin,
    r5_credentials_go_along_within_an_origin,
    r6_there_is_no_referer,
    r7_relative_places_are_found,
    r7_a_place_without_a_scheme_is_found,
    r7_a_query_alone_is_found,
    r7_a_fragment_is_not_sent,
    r7_a_place_in_raw_utf8_is_found,
    r7_a_place_with_blanks_is_found,
    r7_a_redirect_without_a_place_is_an_error,
    r7_a_redirect_to_nonsense_is_an_error,
    r7_a_redirect_with_a_body_without_end_is_followed,
    r7_a_redirect_that_closes_the_connection_is_followed,
    r7_links_are_relative_to_where_it_ended,
    r8_a_cookie_gets_through_a_wall,
    r8_a_cookie_is_gone_at_the_next_poll,
    r8_a_cookie_of_an_answer_is_not_kept,
    r8_a_cookie_is_not_told_to_another_host,
    r8_a_wall_with_a_new_cookie_each_time_ends,
    r8_a_flood_of_cookies_does_no_harm,
    r9_a_notice_that_the_feed_has_moved_is_an_item_like_any_other,
];

const SECOND: Duration = Duration::from_secs(1);

/// A feed that redirects with `code` to its `/there`, where all is well.
fn to_there(code: u16) -> Situation {
    Situation::new(move |asked| match asked.rest() {
        "" => moved(code, asked.url(Place::Main, "/there")),
        _ => ok(asked.news("1")),
    })
}

fn believed(code: u16) -> Situation {
    to_there(code).asked(9).event("feed_moved").judge(|saw| {
        saw.told("1");
        saw.never_failed();
        let moved = saw.events("feed_moved");
        assert_eq!(moved.len(), 1);
        assert!(moved[0]["to"].as_str().unwrap().ends_with("/there"), "{}", moved[0]);
        let rests = saw.rests();
        assert_eq!(rests[..6], ["", "/there", "", "/there", "", "/there"]);
        assert!(rests[6..].iter().all(|rest| *rest == "/there"), "{rests:?}");
    })
}

fn r1_a_301_is_believed_after_three_polls() -> Situation {
    believed(301)
}

fn r1_a_308_is_believed_after_three_polls() -> Situation {
    believed(308)
}

/// Right is: each poll begins at the feed's own URL, and no move is told.
fn never_believed(situation: Situation, requests: usize) -> Situation {
    situation.asked(requests).judge(|saw| {
        assert_eq!(saw.events("feed_moved").len(), 0);
        let begins = saw.rests().iter().filter(|rest| rest.is_empty()).count();
        assert!(begins * 2 >= saw.asked.len(), "{:?}", saw.rests());
    })
}

fn r1_a_301_that_ends_in_an_error_is_not_believed() -> Situation {
    never_believed(
        Situation::new(|asked| match asked.rest() {
            "" => moved(301, asked.url(Place::Main, "/there")),
            _ => status(404),
        }),
        6,
    )
}

fn r1_a_301_that_ends_in_a_web_page_is_not_believed() -> Situation {
    never_believed(
        Situation::new(|asked| match asked.rest() {
            "" => moved(301, asked.url(Place::Main, "/there")),
            _ => ok("<!DOCTYPE html><html><head><title>Parked</title></head></html>"),
        }),
        6,
    )
}

fn r1_a_301_that_leads_elsewhere_each_time_is_not_believed() -> Situation {
    never_believed(
        Situation::new(|asked| match asked.rest() {
            "" => moved(301, format!("/{}/{}", asked.name, asked.nth_here)),
            _ => ok(asked.news("1")),
        }),
        10,
    )
}

fn r1_a_301_now_and_then_is_not_believed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" if asked.nth_here % 3 < 2 => moved(301, format!("/{}/there", asked.name)),
        _ => ok(asked.news("1")),
    })
    .asked(12)
    .judge(|saw| {
        assert_eq!(saw.events("feed_moved").len(), 0);
        saw.told("1");
    })
}

fn r1_where_it_moved_to_dies_and_the_old_place_is_asked_again() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" if asked.nth > 6 => ok(asked.news("2 1")),
        "" => moved(301, asked.url(Place::Main, "/there")),
        _ if asked.nth_here < 3 => ok(asked.news("1")),
        _ => status(404),
    })
    .asked(10)
    .event("feed_moved")
    .judge(|saw| {
        saw.told("1 2");
        let rests = saw.rests();
        assert_eq!(rests[5..10], ["/there", "/there", "/there", "/there", ""]);
    })
}

fn r1_it_moves_again_from_where_it_moved_to() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(301, asked.url(Place::Main, "/a")),
        "/a" if asked.nth_here >= 3 => moved(308, asked.url(Place::Main, "/b")),
        _ => ok(asked.news("1")),
    })
    .asked(13)
    .judge(|saw| {
        saw.told("1");
        assert_eq!(saw.events("feed_moved").len(), 2);
        assert_eq!(saw.rests()[6..13], ["/a", "/b", "/a", "/b", "/a", "/b", "/b"]);
    })
}

fn never_persisted(code: u16) -> Situation {
    to_there(code).asked(10).judge(|saw| {
        saw.told("1");
        saw.never_failed();
        assert_eq!(saw.events("feed_moved").len(), 0);
        assert_eq!(saw.rests()[..10], ["", "/there"].repeat(5));
    })
}

fn r2_a_302_is_followed_and_never_believed() -> Situation {
    never_persisted(302)
}

fn r2_a_303_is_followed_and_never_believed() -> Situation {
    never_persisted(303)
}

fn r2_a_307_is_followed_and_never_believed() -> Situation {
    never_persisted(307)
}

fn r2_of_a_chain_only_the_permanent_beginning_is_believed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(301, asked.url(Place::Main, "/a")),
        "/a" => moved(302, asked.url(Place::Main, "/b")),
        "/b" => moved(301, asked.url(Place::Main, "/c")),
        _ => ok(asked.news("1")),
    })
    .asked(15)
    .event("feed_moved")
    .judge(|saw| {
        saw.told("1");
        assert!(saw.events("feed_moved")[0]["to"].as_str().unwrap().ends_with("/a"));
        assert_eq!(saw.rests()[12..15], ["/a", "/b", "/c"]);
    })
}

fn r2_a_301_behind_a_302_is_not_believed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Main, "/a")),
        "/a" => moved(301, asked.url(Place::Main, "/b")),
        _ => ok(asked.news("1")),
    })
    .asked(15)
    .judge(|saw| {
        saw.told("1");
        assert_eq!(saw.events("feed_moved").len(), 0);
        assert_eq!(saw.rests()[12..15], ["", "/a", "/b"]);
    })
}

fn r2_a_300_with_a_location_is_an_error_or_followed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(300, asked.url(Place::Main, "/there")),
        _ => ok(asked.news("1")),
    })
    .asked(2)
    .judge(|saw| assert!(!saw.reasons().is_empty() || saw.titles().len() == 1))
}

/// Hops that count down in the path.
fn countdown(from: u32) -> Situation {
    Situation::new(move |asked| {
        let left = asked.rest().trim_start_matches('/').parse().unwrap_or(from);
        match left {
            0 => ok(asked.news("1")),
            _ => moved(302, format!("/{}/{}", asked.name, left - 1)),
        }
    })
}

fn r3_ten_hops_are_followed() -> Situation {
    countdown(10).reads("1")
}

fn r3_eleven_hops_are_not() -> Situation {
    countdown(11).asked(22).judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["redirect"]);
        assert!(saw.rests().iter().all(|rest| *rest != "/0"));
    })
}

/// A loop is seen as such, and not first when the redirects are used up.
fn looping(situation: Situation) -> Situation {
    situation.asked(4).judge(|saw| {
        assert_eq!(saw.reasons(), ["redirect"]);
        let polls = 1 + saw.gaps().iter().filter(|gap| **gap > SECOND).count();
        assert!(saw.asked.len() <= 3 * polls, "{} requests in {polls} polls", saw.asked.len());
    })
}

fn r3_a_redirect_to_itself_is_a_loop() -> Situation {
    looping(Situation::new(|asked| moved(301, asked.url(Place::Main, ""))))
}

fn r3_two_that_redirect_to_each_other_are_a_loop() -> Situation {
    looping(Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Main, "/b")),
        _ => moved(302, asked.url(Place::Main, "")),
    }))
}

fn r3_a_redirect_that_grows_without_end_ends() -> Situation {
    Situation::new(|asked| moved(302, format!("{}/more", asked.target()))).asked(22).judge(|saw| {
        assert_eq!(saw.reasons(), ["redirect"]);
        let begins = saw.rests().iter().filter(|rest| rest.is_empty()).count();
        assert_eq!(saw.asked.len(), 11 * begins);
    })
}

/// A redirect to this place is an error and leads nowhere.
fn not_followed(to: &'static str, reasons: &'static [&'static str]) -> Situation {
    Situation::new(move |_| moved(302, to)).judge(move |saw| {
        assert!(saw.reasons().iter().all(|reason| reasons.contains(reason)), "{:?}", saw.reasons());
        assert_eq!(saw.reasons().len(), 1);
        saw.told("");
    })
}

fn r4_other_schemes_are_not_followed() -> Situation {
    not_followed("ftp://127.0.0.1/feed.xml", &["redirect", "bad_url"])
}

fn r4_a_redirect_into_the_file_system_is_not_followed() -> Situation {
    not_followed("file:///etc/passwd", &["redirect", "bad_url"])
}

fn r4_a_redirect_to_a_script_is_not_followed() -> Situation {
    not_followed("javascript:alert(1)", &["redirect", "bad_url"])
}

const SECRETS: &str = "username = \"reader\"\npassword = \"open sesame\"\n\
    headers = { X-Api-Key = \"key-of-all-doors\", Cookie = \"sid=dear-cookie\" }";

fn downgraded() -> Situation {
    Situation::new(|asked| match asked.place {
        Place::Main => ok(asked.news("1")),
        _ => moved(302, asked.url(Place::Main, "/there")),
    })
    .at(At::Path(Place::Tls(Cert::Plain), ""))
    .config("ca_file = \"ca.pem\"")
}

fn r4_from_https_to_http_is_not_followed_with_credentials() -> Situation {
    downgraded().config(SECRETS).judge(|saw| {
        assert_eq!(saw.reasons(), ["redirect"]);
        assert!(saw.at(Place::Main).is_empty());
    })
}

fn r4_from_https_to_http_is_followed_without() -> Situation {
    downgraded().reads("1")
}

fn r5_credentials_stay_with_their_origin() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Other, "/there")),
        _ => ok(asked.news("1")),
    })
    .config(SECRETS)
    .asked(4)
    .judge(|saw| {
        saw.told("1");
        for asked in &saw.asked {
            let own = asked.place == Place::Main;
            for name in ["authorization", "x-api-key", "cookie"] {
                assert_eq!(asked.header(name).is_some(), own, "{name} at {}", asked.line);
            }
        }
    })
}

fn r5_credentials_go_along_within_an_origin() -> Situation {
    Situation::new(|asked| match (asked.rest(), asked.text("authorization")) {
        (_, None) => status(401),
        ("", _) => moved(302, "there/in/depth"),
        _ => ok(asked.news("1")),
    })
    .at(At::Path(Place::Main, "/"))
    .config(SECRETS)
    .asked(2)
    .judge(|saw| assert!(saw.asked.iter().all(|asked| asked.header("x-api-key").is_some())))
}

fn r6_there_is_no_referer() -> Situation {
    to_there(302).asked(4).judge(|saw| {
        saw.told("1");
        assert!(saw.asked.iter().all(|asked| asked.header("referer").is_none()));
    })
}

/// A redirect from `/a/b` to this place ends at what follows the name in `ends`.
fn place(location: fn(&Asked) -> Vec<u8>, ends: &'static str) -> Situation {
    Situation::new(move |asked| match asked.rest() {
        "/a/b" => moved(302, location(asked)),
        rest if rest == ends => ok(asked.news("1")),
        _ => status(404),
    })
    .at(At::Path(Place::Main, "/a/b"))
    .reads("1")
}

fn r7_relative_places_are_found() -> Situation {
    place(|_| b"../c/./d".to_vec(), "/c/d")
}

fn r7_a_place_without_a_scheme_is_found() -> Situation {
    place(|asked| asked.url(Place::Other, "/e").trim_start_matches("http:").into(), "/e")
}

fn r7_a_query_alone_is_found() -> Situation {
    place(|_| b"?format=rss".to_vec(), "/a/b?format=rss")
}

fn r7_a_fragment_is_not_sent() -> Situation {
    place(|_| b"c#latest".to_vec(), "/a/c")
}

fn r7_a_place_in_raw_utf8_is_found() -> Situation {
    place(|_| "новини".into(), "/a/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8")
}

fn r7_a_place_with_blanks_is_found() -> Situation {
    place(|_| b"  c d  ".to_vec(), "/a/c%20d")
}

fn r7_a_redirect_without_a_place_is_an_error() -> Situation {
    Situation::new(|_| status(302)).fails("redirect")
}

fn r7_a_redirect_to_nonsense_is_an_error() -> Situation {
    Situation::new(|_| moved(301, "http://[:::1]:99999999/")).fails("redirect")
}

/// The body of a redirect says nothing; whoever reads it to its end waits for ever.
fn r7_a_redirect_with_a_body_without_end_is_followed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => raw(format!(
            "HTTP/1.1 302 Found\r\nLocation: /{}/there\r\nContent-Length: 99999999\r\n\r\n",
            asked.name
        ))
        .then(Step::Drip(vec![b'.'; 4096], SECOND / 10, 200)),
        _ => ok(asked.news("1")),
    })
    .reads("1")
}

fn r7_a_redirect_that_closes_the_connection_is_followed() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => raw(format!("HTTP/1.0 302 Found\r\nLocation: /{}/there\r\n\r\n", asked.name)),
        _ => ok(asked.news("1")),
    })
    .reads("1")
}

fn r7_links_are_relative_to_where_it_ended() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Other, "/deep/feed.xml")),
        _ => ok(asked.news("1").replace("https://news.example/", "story/")),
    })
    .judge(|saw| {
        let link = saw.alerts[0].item.link.as_deref().unwrap();
        let other = saw.at(Place::Other)[0].url(Place::Other, "/deep/story/");
        assert!(link.starts_with(&other), "{link}");
    })
}

fn wall(asked: &Asked) -> Reply {
    match asked.text("cookie") {
        Some(cookie) if cookie.contains("pass=42") => ok(asked.news("1")),
        _ => moved(302, asked.target())
            .with("Set-Cookie", "pass=42; Path=/; HttpOnly")
            .with("Set-Cookie", "theme=dark"),
    }
}

fn r8_a_cookie_gets_through_a_wall() -> Situation {
    Situation::new(wall).reads("1")
}

fn r8_a_cookie_is_gone_at_the_next_poll() -> Situation {
    Situation::new(wall).asked(4).judge(|saw| {
        let cookies = saw.all("cookie");
        assert_eq!([cookies[0], cookies[2]], [None, None]);
        assert!(cookies[1].unwrap().contains("pass=42"));
        assert!(cookies[3].unwrap().contains("pass=42"));
    })
}

fn r8_a_cookie_of_an_answer_is_not_kept() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).with("Set-Cookie", "tracked=yes; Max-Age=99999999"))
        .judge(|saw| {
            saw.told("1");
            assert!(saw.asked.iter().all(|asked| asked.header("cookie").is_none()));
        })
}

/// Cookies know no ports (RFC 6265 §8.5), so the other host is the same machine by its name.
fn r8_a_cookie_is_not_told_to_another_host() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => {
            let there = asked.url(Place::Other, "/there").replace("127.0.0.1", "localhost");
            moved(302, there).with("Set-Cookie", "pass=42")
        }
        _ => ok(asked.news("1")),
    })
    .asked(4)
    .judge(|saw| {
        saw.told("1");
        assert!(saw.asked.iter().all(|asked| asked.header("cookie").is_none()));
    })
}

fn r9_a_notice_that_the_feed_has_moved_is_an_item_like_any_other() -> Situation {
    Situation::new(|asked| {
        ok(asked
            .news("1")
            .replace("<item>", "<item><title>This feed has moved</title></item><item>"))
    })
    .judge(|saw: &Saw| {
        saw.told("1");
        saw.never_failed();
    })
}

fn r8_a_wall_with_a_new_cookie_each_time_ends() -> Situation {
    Situation::new(|asked| {
        moved(302, asked.target()).with("Set-Cookie", format!("n={}", asked.nth))
    })
    .asked(12)
    .judge(|saw| {
        assert_eq!(saw.reasons(), ["redirect"]);
        let begins = saw.asked.iter().filter(|asked| asked.header("cookie").is_none()).count();
        assert!(saw.asked.len() <= 11 * begins, "{} in {begins} polls", saw.asked.len());
    })
}

fn r8_a_flood_of_cookies_does_no_harm() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => (0..80).fold(moved(302, asked.url(Place::Main, "/there")), |reply, n| {
            reply.with("Set-Cookie", format!("c{n}={}; Path=/", "x".repeat(3000)))
        }),
        _ => ok(asked.news("1")),
    })
    .reads("1")
}
