//! S: when it is asked, and how it is left alone. P: what a request looks like.

use std::time::Duration;

use super::reply::{End, Reply, moved, ok, raw, status};
use super::server::{Asked, Place, Town};
use super::situation::{At, Saw, Situation};
use super::tls::Cert;

situations![
    s1_polls_are_never_closer_than_the_interval,
    s4_one_url_in_several_entries_is_asked_once,
    s4_one_url_with_other_credentials_is_another,
    s6_retry_after_in_seconds_is_a_floor,
    s6_retry_after_as_a_date_is_a_floor,
    s6_retry_after_of_a_503_is_a_floor,
    s6_retry_after_of_a_redirect_is_a_floor,
    s6_retry_after_past_all_numbers_is_a_long_one,
    s6_retry_after_in_the_past_is_none,
    s6_retry_after_that_is_garbage_is_none,
    s6_after_retry_after_it_is_asked_again,
    s6_a_429_without_retry_after_is_asked_less_often,
    s7_after_errors_the_wait_doubles_to_its_ceiling,
    s7_a_good_answer_ends_the_longer_waits,
    s7_a_failed_poll_is_not_repeated_at_once,
    s8_a_410_is_asked_three_times_and_then_left_alone,
    s8_a_410_now_and_then_is_no_end,
    s9_a_404_is_tried_again_and_told,
    s9_a_403_is_tried_again_and_told,
    s9_a_500_is_tried_again_and_told,
    s9_a_feed_that_comes_with_an_error_is_not_read,
    s9_a_server_that_refuses_is_tried_again,
    s10_a_server_that_hangs_holds_up_nobody,
    p1_it_says_who_it_is_and_where_to_complain,
    p2_it_says_what_it_takes,
    p3_it_says_which_codings_it_undoes,
    p4_nothing_else_is_sent_over_http_1_1,
    p5_a_connection_is_kept_for_the_next_hop,
    p6_an_address_of_ipv6_is_asked,
    p6_a_name_with_one_dead_address_is_asked_at_the_other,
    p9_a_certificate_that_nobody_signed_is_an_error,
    p9_a_redirect_to_such_a_server_is_an_error,
    p9_http_where_tls_is_expected_is_an_error,
    p9_a_certificate_that_the_config_names_is_trusted,
    p9_a_certificate_as_openssl_makes_it_is_trusted_if_named,
    p9_a_certificate_as_openssl_makes_it_is_not_if_not_named,
    p9_a_certificate_as_openssl_makes_it_is_not_for_another_name,
    p9_a_certificate_that_has_expired_is_not_though_it_is_named,
    p9_a_certificate_for_another_name_is_not_though_it_is_named,
    p4_http_2_is_offered,
    p4_http_2_is_not_offered_where_it_is_not_wanted,
];

/// Between two polls there are two seconds; the server may note the first of them late.
const LEAST: Duration = Duration::from_millis(1500);

fn gaps_in_tenths(saw: &Saw) -> Vec<u128> {
    saw.gaps().into_iter().map(|gap| gap.as_millis() / 100).collect()
}

fn s1_polls_are_never_closer_than_the_interval() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).asked(6).judge(|saw| {
        assert!(saw.gaps().iter().all(|gap| *gap >= LEAST), "{:?}", saw.gaps());
    })
}

fn same_main(town: &Town, path: &str) -> String {
    town.url(Place::Main, path)
}

fn s4_one_url_in_several_entries_is_asked_once() -> Situation {
    let again: fn(&Town, &str) -> String =
        |town, path| town.url(Place::Main, path).replace("http:", "HTTP:") + "#top";
    Situation::new(|asked| ok(asked.news("1")))
        .also(At::Url(same_main))
        .also(At::Url(again))
        .asked(4)
        .judge(|saw| {
            assert!(saw.gaps().iter().all(|gap| *gap >= LEAST), "{:?}", saw.gaps());
        })
}

fn s4_one_url_with_other_credentials_is_another() -> Situation {
    Situation::new(|asked| match asked.text("x-reader") {
        Some("b") => ok(asked.news("2")),
        _ => ok(asked.news("1")),
    })
    .config("headers = { X-Reader = \"a\" }")
    .also(At::Url(same_main))
    .config("headers = { X-Reader = \"b\" }")
    .asked(4)
    .judge(|saw| {
        saw.told("1 2");
        let mut readers: Vec<_> = saw.all("x-reader")[..2].to_vec();
        readers.sort_unstable();
        assert_eq!(readers, [Some("a"), Some("b")]);
    })
}

/// This answer, and then one that should not be asked for.
fn left_alone(reply: fn(&Asked) -> Reply) -> Situation {
    Situation::new(move |asked| match asked.nth {
        0 => reply(asked),
        _ => ok(asked.news("early")),
    })
    .quiet()
    .judge(|saw| {
        saw.told("");
        saw.left_alone_after(1);
    })
}

/// A date of HTTP so many seconds from now.
fn date(seconds: i64) -> String {
    let now = wirewatch::model::Clock::System.now().wall.as_millis() / 1000;
    let then = u64::try_from(now + seconds).unwrap();
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(then))
}

fn s6_retry_after_in_seconds_is_a_floor() -> Situation {
    left_alone(|_| status(429).with("Retry-After", "600"))
}

fn s6_retry_after_as_a_date_is_a_floor() -> Situation {
    left_alone(|_| status(429).with("Retry-After", date(600)))
}

fn s6_retry_after_of_a_503_is_a_floor() -> Situation {
    left_alone(|_| status(503).with("Retry-After", "600"))
}

fn s6_retry_after_of_a_redirect_is_a_floor() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Main, "/there")).with("Retry-After", "600"),
        _ => ok(asked.news("1")),
    })
    .quiet()
    .judge(|saw| saw.left_alone_after(2))
}

fn s6_retry_after_past_all_numbers_is_a_long_one() -> Situation {
    left_alone(|_| status(429).with("Retry-After", "99999999999999999999"))
}

/// This answer three times: no more is waited than after any error.
fn no_longer(reply: fn(&Asked) -> Reply) -> Situation {
    Situation::new(move |asked| match asked.nth {
        0 | 1 => reply(asked),
        _ => ok(asked.news("1")),
    })
    .judge(|saw| saw.told("1"))
}

fn s6_retry_after_in_the_past_is_none() -> Situation {
    no_longer(|_| status(503).with("Retry-After", date(-600)))
}

fn s6_retry_after_that_is_garbage_is_none() -> Situation {
    no_longer(|_| status(429).with("Retry-After", "in 600 minutes"))
}

fn s6_a_429_without_retry_after_is_asked_less_often() -> Situation {
    Situation::new(|_| status(429)).judge(|saw| {
        assert_eq!(saw.reasons(), ["rate_limited"]);
        let gaps = gaps_in_tenths(saw);
        assert!(gaps[1] >= 35, "{gaps:?}");
    })
}

fn s7_after_errors_the_wait_doubles_to_its_ceiling() -> Situation {
    Situation::new(|_| status(500)).asked(5).judge(|saw| {
        let gaps = gaps_in_tenths(saw);
        assert!(gaps.iter().zip([15, 35, 75, 75]).all(|(gap, least)| *gap >= least), "{gaps:?}");
        assert!(gaps[3] < 150, "{gaps:?}");
    })
}

fn s7_a_good_answer_ends_the_longer_waits() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 | 1 | 3 => status(500),
        _ => ok(asked.news("1")),
    })
    .asked(6)
    .judge(|saw| {
        saw.told("1");
        let counted: Vec<_> =
            saw.events("feed_recovered").iter().map(|line| line["errors"].clone()).collect();
        assert_eq!(counted, [2, 1]);
    })
}

fn s7_a_failed_poll_is_not_repeated_at_once() -> Situation {
    Situation::new(|_| status(502)).asked(2).judge(|saw| {
        assert!(saw.gaps().iter().all(|gap| *gap >= LEAST), "{:?}", saw.gaps());
    })
}

fn s8_a_410_is_asked_three_times_and_then_left_alone() -> Situation {
    Situation::new(|asked| match asked.nth {
        0..3 => status(410),
        _ => ok(asked.news("back")),
    })
    .event("feed_gone")
    .judge(|saw| {
        saw.left_alone_after(3);
        assert!(saw.row.contains(" gone "), "{}", saw.row);
    })
}

fn s8_a_410_now_and_then_is_no_end() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 | 1 | 3 => status(410),
        _ => ok(asked.news("1")),
    })
    .asked(6)
    .judge(|saw| {
        saw.told("1");
        assert_eq!(saw.events("feed_gone").len(), 0);
    })
}

/// Fails three times with this status, then is back.
fn tried_again(code: u16, reason: &'static str) -> Situation {
    Situation::new(move |asked| match asked.nth {
        0..3 => status(code),
        _ => ok(asked.news("1")),
    })
    .asked(4)
    .event("feed_recovered")
    .judge(move |saw| {
        saw.told("1");
        assert_eq!(saw.reasons(), [reason]);
        assert!(saw.messages().contains(&code.to_string()), "{}", saw.messages());
    })
}

fn s9_a_404_is_tried_again_and_told() -> Situation {
    tried_again(404, "not_found")
}

fn s9_a_403_is_tried_again_and_told() -> Situation {
    tried_again(403, "blocked")
}

fn s9_a_500_is_tried_again_and_told() -> Situation {
    tried_again(500, "server_error")
}

fn s9_a_server_that_refuses_is_tried_again() -> Situation {
    Situation::new(|_| raw("")).at(At::Path(Place::Refusing, "")).quiet().judge(|saw| {
        assert_eq!(saw.reasons(), ["connect"]);
        assert!(saw.row.contains("failing") || saw.row.contains("connect"), "{}", saw.row);
    })
}

/// Twelve feeds of a server that never answers.
fn s10_a_server_that_hangs_holds_up_nobody() -> Situation {
    let rests = ["?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?11"];
    let hangs = Situation::new(|_| raw("").end(End::Hang)).asked(24);
    rests.into_iter().fold(hangs, |all, rest| all.also(At::Path(Place::Main, rest))).judge(|saw| {
        // How others did meanwhile is judged by the test of healthy feeds.
        assert_eq!(saw.reasons(), ["timeout"]);
    })
}

/// What all requests say in a header.
fn says(name: &'static str, is: fn(&str) -> bool) -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, asked.url(Place::Other, "/there")),
        _ => ok(asked.news("1")),
    })
    .asked(4)
    .judge(move |saw| {
        for asked in &saw.asked {
            let said: Vec<_> = asked
                .headers
                .iter()
                .filter(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, value)| String::from_utf8_lossy(value))
                .collect();
            assert!(said.len() == 1 && is(&said[0]), "{said:?}");
        }
    })
}

fn p1_it_says_who_it_is_and_where_to_complain() -> Situation {
    says("User-Agent", |said| {
        said == concat!("wirewatch/", env!("CARGO_PKG_VERSION"), " (+https://contact.example/)")
    })
}

fn p2_it_says_what_it_takes() -> Situation {
    says("Accept", |said| {
        said == "application/atom+xml, application/rss+xml, application/feed+json, \
                 application/rdf+xml;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
    })
}

fn p3_it_says_which_codings_it_undoes() -> Situation {
    says("Accept-Encoding", |said| said == "gzip, br, zstd")
}

fn p4_nothing_else_is_sent_over_http_1_1() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).judge(|saw| {
        for asked in &saw.asked {
            assert!(asked.line.starts_with("GET /") && asked.line.ends_with(" HTTP/1.1"));
            let mut names: Vec<_> =
                asked.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
            names.sort();
            assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
            assert_eq!(asked.text("host").unwrap(), asked.town.authority(Place::Main));
        }
    })
}

fn p5_a_connection_is_kept_for_the_next_hop() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "/there" => ok(asked.news("1")),
        _ => moved(302, format!("/{}/there", asked.name)),
    })
    .at(At::Alone)
    .asked(6)
    .judge(|saw| {
        saw.told("1");
        let connections: std::collections::HashSet<_> =
            saw.asked.iter().map(|asked| asked.connection).collect();
        assert!(connections.len() * 2 <= saw.asked.len(), "{connections:?}");
    })
}

fn p6_an_address_of_ipv6_is_asked() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).at(At::Path(Place::Six, "")).quiet().judge(|saw| {
        match saw.asked.first() {
            None => super::skipped("this machine has no [::1]"),
            Some(_) => saw.told("1"),
        }
    })
}

/// Where `localhost` is [::1] too, nobody listens there.
fn p6_a_name_with_one_dead_address_is_asked_at_the_other() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| format!("http://localhost:{}{path}", town.port(Place::Other).unwrap());
    Situation::new(|asked| ok(asked.news("1"))).at(At::Url(url)).reads("1")
}

fn p9_a_certificate_that_nobody_signed_is_an_error() -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Path(Place::Tls(Cert::Plain), ""))
        .quiet()
        .judge(|saw| {
            assert_eq!(saw.reasons(), ["tls"]);
            saw.left_alone_after(0);
            saw.told("");
            assert!(saw.messages().to_lowercase().contains("certificate"), "{}", saw.messages());
        })
}

fn p9_a_redirect_to_such_a_server_is_an_error() -> Situation {
    Situation::new(|asked| match asked.place {
        Place::Main => moved(301, asked.url(Place::Tls(Cert::Plain), "/there")),
        _ => ok(asked.news("1")),
    })
    .judge(|saw| {
        assert_eq!(saw.reasons(), ["tls"]);
        saw.told("");
    })
}

/// A feed behind TLS, with the server's certificates in the config.
fn named(cert: Cert) -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Path(Place::Tls(cert), ""))
        .config("ca_file = \"ca.pem\"")
}

fn p9_a_certificate_that_the_config_names_is_trusted() -> Situation {
    named(Cert::Plain).reads("1")
}

fn p9_a_certificate_as_openssl_makes_it_is_trusted_if_named() -> Situation {
    named(Cert::Authority).reads("1")
}

fn p9_a_certificate_that_has_expired_is_not_though_it_is_named() -> Situation {
    named(Cert::Expired).quiet().judge(|saw| {
        assert_eq!(saw.reasons(), ["tls"]);
        assert!(saw.messages().contains("expired"), "{}", saw.messages());
        saw.told("");
    })
}

fn p9_a_certificate_as_openssl_makes_it_is_not_if_not_named() -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Path(Place::Tls(Cert::Authority), ""))
        .quiet()
        .judge(|saw| {
            assert_eq!(saw.reasons(), ["tls"]);
            assert!(saw.messages().contains("`ca_file`"), "{}", saw.messages());
            saw.told("");
        })
}

fn p9_a_certificate_as_openssl_makes_it_is_not_for_another_name() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| town.url(Place::Tls(Cert::Authority), path).replace("127.0.0.1", "localhost");
    named(Cert::Authority).at(At::Url(url)).quiet().judge(|saw| {
        assert_eq!(saw.reasons(), ["tls"]);
        saw.told("");
    })
}

fn p9_a_certificate_for_another_name_is_not_though_it_is_named() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| town.url(Place::Tls(Cert::Plain), path).replace("127.0.0.1", "localhost");
    named(Cert::Plain).at(At::Url(url)).quiet().judge(|saw| {
        assert_eq!(saw.reasons(), ["tls"]);
        saw.told("");
    })
}

fn p4_http_2_is_offered() -> Situation {
    named(Cert::Plain).asked(2).judge(|saw| {
        saw.told("1");
        assert_eq!(saw.asked[0].offers, ["h2", "http/1.1"]);
    })
}

fn p4_http_2_is_not_offered_where_it_is_not_wanted() -> Situation {
    named(Cert::Plain).config("http1_only = true").asked(2).judge(|saw| {
        saw.told("1");
        assert_eq!(saw.asked[0].offers, ["http/1.1"]);
    })
}

fn s6_after_retry_after_it_is_asked_again() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => status(429).with("Retry-After", "6"),
        _ => ok(asked.news("1")),
    })
    .asked(2)
    .event("feed_recovered")
    .judge(|saw| {
        saw.told("1");
        assert!(saw.gaps()[0] > Duration::from_millis(5500), "{:?}", saw.gaps());
    })
}

fn s9_a_feed_that_comes_with_an_error_is_not_read() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).status_line("HTTP/1.1 404 Not Found"))
        .fails("not_found")
}

fn p9_http_where_tls_is_expected_is_an_error() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| town.url(Place::Main, path).replace("http:", "https:");
    Situation::new(|asked| ok(asked.news("1"))).at(At::Url(url)).quiet().judge(|saw| {
        assert!(matches!(saw.reasons()[..], ["tls" | "timeout"]), "{:#?}", saw.log);
    })
}
