//! C: conditional requests and freshness.

use super::reply::{End, Framing, moved, not_modified, ok, status};
use super::server::{Asked, Place};
use super::situation::{At, Saw, Situation};

situations![
    c1_an_etag_is_sent_back_byte_for_byte,
    c1_an_etag_without_quotes_is_sent_back_as_it_is,
    c1_a_weak_etag_keeps_its_w,
    c1_an_etag_of_four_thousand_bytes_is_not_cut,
    c1_a_date_that_is_none_is_sent_back_as_it_is,
    c1_a_date_in_an_old_form_is_not_written_anew,
    c2_both_validators_are_sent,
    c3_validators_are_not_sent_to_another_hop,
    c3_a_hop_that_would_take_any_validator_gets_none,
    c3_validators_do_not_follow_a_redirect_that_leads_elsewhere,
    c3_validators_of_the_redirect_itself_are_not_kept,
    c4_validators_of_an_error_are_not_kept,
    c4_validators_of_a_cut_body_are_not_kept,
    c4_validators_of_a_web_page_are_not_kept,
    c4_validators_of_an_empty_body_are_not_kept,
    c4_validators_of_broken_gzip_are_not_kept,
    c4_a_200_without_validators_clears_them,
    c4_an_error_leaves_good_validators_alone,
    c5_a_304_keeps_what_was_seen_and_brings_new_validators,
    c5_a_304_ends_a_row_of_errors,
    c5_the_freshness_of_a_304_counts,
    c5_a_304_that_nothing_was_asked_with_is_an_error,
    c5_a_304_with_a_body_does_not_disturb_the_next_answer,
    c6_the_same_body_under_a_new_etag_tells_nothing,
    c6_the_same_body_without_validators_tells_nothing,
    c7_max_age_is_a_floor,
    c7_expires_goes_by_the_servers_own_clock,
    c7_age_is_taken_off,
    c7_no_cache_is_no_floor,
    c7_no_store_is_no_floor,
    c7_expires_0_is_no_floor,
    c7_expires_in_the_past_is_no_floor,
    c7_garbage_is_no_floor,
    c7_s_maxage_is_not_for_us,
    c7_a_max_age_past_all_numbers_is_a_long_one,
    c7_a_max_age_in_quotes_counts,
    c7_max_age_goes_before_expires,
    c7_max_age_in_a_second_header_counts,
    c7_after_max_age_it_is_asked_again,
    c8_stale_while_revalidate_is_not_for_us,
    c8_an_error_does_not_empty_the_feed,
    c9_a_ttl_is_a_floor,
    c10_an_hour_to_skip_is_skipped,
    c10_a_day_to_skip_is_skipped,
    c10_skipping_every_hour_does_not_stop_the_feed,
    c11_an_update_period_is_a_floor,
    c12_the_url_is_asked_as_it_is_written,
];

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// A feed that gives one validator and says 304 to it if it comes back byte for byte.
fn echoing(header: &'static str, asks: &'static str, value: &'static [u8]) -> Situation {
    Situation::new(move |asked| match asked.header(asks) {
        Some(sent) if sent == value => not_modified().with(header, value),
        _ => ok(asked.news("1")).with(header, value),
    })
    .judge(move |saw| {
        saw.told("1");
        saw.never_failed();
        assert_eq!(saw.asked[0].header(asks), None);
        assert!(saw.asked[1..].iter().all(|asked| asked.header(asks) == Some(value)));
    })
}

fn c1_an_etag_is_sent_back_byte_for_byte() -> Situation {
    echoing("ETag", "if-none-match", b"\"a \\b, c\xff\xfe'%22\"")
}

fn c1_an_etag_without_quotes_is_sent_back_as_it_is() -> Situation {
    echoing("ETag", "if-none-match", b"5f-abc:gzip")
}

fn c1_a_weak_etag_keeps_its_w() -> Situation {
    echoing("ETag", "if-none-match", b"W/\"5f\"")
}

fn c1_an_etag_of_four_thousand_bytes_is_not_cut() -> Situation {
    static LONG: [u8; 4000] = [b'x'; 4000];
    echoing("ETag", "if-none-match", &LONG)
}

fn c1_a_date_that_is_none_is_sent_back_as_it_is() -> Situation {
    echoing("Last-Modified", "if-modified-since", b"vor drei Tagen, 25:61 Uhr")
}

fn c1_a_date_in_an_old_form_is_not_written_anew() -> Situation {
    echoing("Last-Modified", "if-modified-since", b"Sunday, 06-Nov-94 08:49:37 GMT")
}

fn c2_both_validators_are_sent() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).with("ETag", "\"v\"").with("Last-Modified", DATE))
        .judge(|saw| {
            saw.told("1");
            for asked in &saw.asked[1..] {
                assert_eq!(asked.text("if-none-match"), Some("\"v\""));
                assert_eq!(asked.text("if-modified-since"), Some(DATE));
            }
        })
}

fn c3_validators_are_not_sent_to_another_hop() -> Situation {
    Situation::new(|asked| match (asked.rest(), asked.conditional()) {
        ("", _) => moved(302, asked.url(Place::Other, "/there")),
        (_, true) => not_modified(),
        _ => ok(asked.news("1")).with("ETag", "\"there\""),
    })
    .asked(6)
    .judge(|saw| {
        saw.told("1");
        saw.never_failed();
        for asked in &saw.asked {
            let first = saw.asked.iter().position(|other| other.rest() == "/there");
            let knows = asked.rest() == "/there" && asked.at > saw.asked[first.unwrap()].at;
            assert_eq!(asked.conditional(), knows, "{}", asked.line);
        }
    })
}

/// The first hop says 304 to whoever comes with validators; so what is new is never seen.
fn c3_a_hop_that_would_take_any_validator_gets_none() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" if asked.conditional() => not_modified(),
        "" => moved(302, "there".replace("there", &format!("/{}/there", asked.name))),
        _ if asked.nth_here == 0 => ok(asked.news("1")).with("ETag", "\"1\""),
        _ => ok(asked.news("2 1")).with("ETag", "\"2\""),
    })
    .asked(4)
    .reads("2 1")
}

fn c3_validators_do_not_follow_a_redirect_that_leads_elsewhere() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, format!("/{}/{}", asked.name, asked.nth_here)),
        _ if asked.conditional() => not_modified(),
        rest => ok(asked.news(&rest[1..])).with("ETag", "\"same\""),
    })
    .asked(6)
    .judge(|saw| {
        assert!(saw.asked.iter().all(|asked| !asked.conditional()));
        assert!(saw.titles().len() >= 3);
        saw.never_failed();
    })
}

fn c3_validators_of_the_redirect_itself_are_not_kept() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => moved(302, format!("/{}/there", asked.name)).with("ETag", "\"hop\""),
        _ => ok(asked.news("1")),
    })
    .asked(6)
    .judge(|saw| {
        saw.told("1");
        assert!(saw.asked.iter().all(|asked| !asked.conditional()));
    })
}

/// A bad answer with validators comes first, then the feed. Right is: they are never sent.
fn bad_then_good(bad: fn(&Asked) -> super::reply::Reply) -> Situation {
    Situation::new(move |asked| match asked.nth {
        0 => bad(asked).with("ETag", "\"bad\"").with("Last-Modified", DATE),
        _ => ok(asked.news("1")),
    })
    .judge(|saw| {
        saw.told("1");
        assert_eq!(saw.reasons().len(), 1);
        assert!(saw.asked.iter().all(|asked| !asked.conditional()));
    })
}

fn c4_validators_of_an_error_are_not_kept() -> Situation {
    bad_then_good(|_| status(500))
}

fn c4_validators_of_a_cut_body_are_not_kept() -> Situation {
    bad_then_good(|asked| ok(asked.news("x")).framed(Framing::Claims(9999)).end(End::Close))
}

fn c4_validators_of_a_web_page_are_not_kept() -> Situation {
    bad_then_good(|_| ok("<!doctype html><title>Soon</title><p>We are back soon."))
}

fn c4_validators_of_an_empty_body_are_not_kept() -> Situation {
    bad_then_good(|_| ok(""))
}

fn c4_validators_of_broken_gzip_are_not_kept() -> Situation {
    bad_then_good(|asked| ok(asked.news("x")).with("Content-Encoding", "gzip"))
}

fn c4_a_200_without_validators_clears_them() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"old\"").with("Last-Modified", DATE),
        _ => ok(asked.news("2 1")),
    })
    .asked(4)
    .judge(|saw| {
        saw.told("1 2");
        let sent: Vec<bool> = saw.asked.iter().take(4).map(Asked::conditional).collect();
        assert_eq!(sent, [false, true, false, false]);
    })
}

fn c4_an_error_leaves_good_validators_alone() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"good\""),
        1 => status(503).with("ETag", "\"bad\""),
        _ => not_modified(),
    })
    .judge(|saw| {
        saw.told("1");
        assert_eq!(saw.all("if-none-match")[..3], [None, Some("\"good\""), Some("\"good\"")]);
    })
}

fn c5_a_304_keeps_what_was_seen_and_brings_new_validators() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"1\"").with("Last-Modified", DATE),
        1 => not_modified().with("ETag", "\"2\""),
        _ => ok(asked.news("2 1")).with("ETag", "\"2\""),
    })
    .judge(|saw| {
        saw.told("1 2");
        saw.never_failed();
        assert_eq!(saw.all("if-none-match")[..3], [None, Some("\"1\""), Some("\"2\"")]);
        assert_eq!(saw.asked[2].text("if-modified-since"), Some(DATE));
    })
}

fn c5_a_304_ends_a_row_of_errors() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"1\""),
        1 => status(500),
        _ => not_modified(),
    })
    .asked(4)
    .judge(|saw| {
        assert_eq!(saw.events("feed_recovered").len(), 1);
    })
}

fn c5_the_freshness_of_a_304_counts() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"1\""),
        _ => not_modified().with("Cache-Control", "max-age=3600"),
    })
    .quiet()
    .judge(|saw| saw.left_alone_after(2))
}

fn c5_a_304_that_nothing_was_asked_with_is_an_error() -> Situation {
    Situation::new(|_| not_modified().with("ETag", "\"1\"")).fails("protocol")
}

fn c5_a_304_with_a_body_does_not_disturb_the_next_answer() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1")).with("ETag", "\"1\""),
        1 => ok("a body that should not be").status_line("HTTP/1.1 304 Not Modified"),
        _ => ok(asked.news("2 1")),
    })
    .at(At::Alone)
    .judge(|saw| {
        saw.told("1 2");
        saw.never_failed();
    })
}

fn c6_the_same_body_under_a_new_etag_tells_nothing() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).with("ETag", format!("\"{}\"", asked.nth))).judge(
        |saw| {
            saw.told("1");
            assert_eq!(saw.all("if-none-match")[..3], [None, Some("\"0\""), Some("\"1\"")]);
            let unread = saw.events("poll_ok")[1..].iter().all(|line| line["items"].is_null());
            assert!(unread, "{:#?}", saw.log);
        },
    )
}

fn c6_the_same_body_without_validators_tells_nothing() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).reads("1")
}

/// A feed whose headers are these: it is to be asked once and then left alone.
fn floor(headers: &'static [(&'static str, &'static str)]) -> Situation {
    with_headers(headers).quiet().judge(|saw| {
        saw.told("1");
        saw.left_alone_after(1);
    })
}

/// A feed whose headers are these: it is to be asked as ever.
fn no_floor(headers: &'static [(&'static str, &'static str)]) -> Situation {
    with_headers(headers).good(4).reads("1")
}

fn with_headers(headers: &'static [(&'static str, &'static str)]) -> Situation {
    Situation::new(|asked| {
        headers.iter().fold(ok(asked.news("1")), |reply, (name, value)| reply.with(name, value))
    })
}

fn c7_max_age_is_a_floor() -> Situation {
    floor(&[("Cache-Control", "public, Max-Age=900")])
}

fn c7_expires_goes_by_the_servers_own_clock() -> Situation {
    floor(&[("Date", DATE), ("Expires", "Sun, 06 Nov 1994 09:49:37 GMT")])
}

fn c7_age_is_taken_off() -> Situation {
    no_floor(&[("Cache-Control", "max-age=3600"), ("Age", "3599")])
}

fn c7_no_cache_is_no_floor() -> Situation {
    no_floor(&[("Cache-Control", "no-cache, max-age=3600")])
}

fn c7_no_store_is_no_floor() -> Situation {
    no_floor(&[("Cache-Control", "max-age=3600"), ("Cache-Control", "no-store")])
}

fn c7_expires_0_is_no_floor() -> Situation {
    no_floor(&[("Expires", "0"), ("Date", DATE)])
}

fn c7_expires_in_the_past_is_no_floor() -> Situation {
    no_floor(&[("Expires", DATE)])
}

fn c7_garbage_is_no_floor() -> Situation {
    no_floor(&[("Cache-Control", "max-age=soon, ,=,;;, max-age"), ("Expires", "-1 days")])
}

fn c7_s_maxage_is_not_for_us() -> Situation {
    no_floor(&[("Cache-Control", "s-maxage=3600")])
}

fn c7_a_max_age_past_all_numbers_is_a_long_one() -> Situation {
    floor(&[("Cache-Control", "max-age=99999999999999999999999999")])
}

fn c7_a_max_age_in_quotes_counts() -> Situation {
    floor(&[("Cache-Control", "max-age=\"900\"")])
}

fn c7_max_age_goes_before_expires() -> Situation {
    no_floor(&[
        ("Cache-Control", "max-age=1"),
        ("Date", DATE),
        ("Expires", "Mon, 07 Nov 1994 09:49:37 GMT"),
    ])
}

fn c7_max_age_in_a_second_header_counts() -> Situation {
    floor(&[("Cache-Control", "public"), ("Cache-Control", "must-revalidate, max-age=900")])
}

fn c8_stale_while_revalidate_is_not_for_us() -> Situation {
    no_floor(&[("Cache-Control", "max-age=1, stale-while-revalidate=3600, stale-if-error=9999")])
}

fn c8_an_error_does_not_empty_the_feed() -> Situation {
    Situation::new(|asked| match asked.nth {
        1 => status(502),
        _ => ok(asked.news("1")).with("Cache-Control", "stale-if-error=1"),
    })
    .judge(|saw| saw.told("1"))
}

/// A feed that has this in its channel.
fn channel(inside: &'static str) -> Situation {
    Situation::new(move |asked| {
        let news = asked
            .news("1")
            .replace("<rss ", "<rss xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\" ");
        ok(news.replace("<channel>", &format!("<channel>{inside}")))
    })
}

fn alone(situation: Situation) -> Situation {
    situation.quiet().judge(|saw| {
        saw.told("1");
        saw.left_alone_after(1);
    })
}

fn c9_a_ttl_is_a_floor() -> Situation {
    alone(channel("<ttl>60</ttl>"))
}

const HOURS: &str = "<hour>0</hour><hour>1</hour><hour>2</hour><hour>3</hour><hour>4</hour>\
    <hour>5</hour><hour>6</hour><hour>7</hour><hour>8</hour><hour>9</hour><hour>10</hour>\
    <hour>11</hour><hour>12</hour><hour>13</hour><hour>14</hour><hour>15</hour><hour>16</hour>\
    <hour>17</hour><hour>18</hour><hour>19</hour><hour>20</hour><hour>21</hour><hour>22</hour>\
    <hour>23</hour>";

/// Skips this hour and the next, so that the turn of the hour does no harm.
fn c10_an_hour_to_skip_is_skipped() -> Situation {
    alone(Situation::new(|asked| {
        let hour = wirewatch::model::Clock::System.now().wall.as_millis() / 3_600_000;
        let skip = format!(
            "<channel><skipHours><hour>{}</hour><hour>{}</hour></skipHours>",
            hour % 24,
            (hour + 1) % 24
        );
        ok(asked.news("1").replace("<channel>", &skip))
    }))
}

fn c10_a_day_to_skip_is_skipped() -> Situation {
    const DAYS: [&str; 7] =
        ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    alone(Situation::new(|asked| {
        let day = wirewatch::model::Clock::System.now().wall.as_millis() / 86_400_000;
        let [today, tomorrow] = [day, day + 1].map(|day| DAYS[usize::try_from(day % 7).unwrap()]);
        let skip = format!("<channel><skipDays><day>{today}</day><day>{tomorrow}</day></skipDays>");
        ok(asked.news("1").replace("<channel>", &skip))
    }))
}

fn c10_skipping_every_hour_does_not_stop_the_feed() -> Situation {
    Situation::new(|asked| {
        let skip = format!("<channel><skipHours>{HOURS}</skipHours>");
        ok(asked.news("1").replace("<channel>", &skip))
    })
    .asked(2)
    .judge(|saw| saw.told("1"))
}

fn c11_an_update_period_is_a_floor() -> Situation {
    alone(channel(
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>",
    ))
}

fn c12_the_url_is_asked_as_it_is_written() -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Path(Place::Main, "/a%2Fb;c=(1)/%7Ed/~e/../f//g?x=%20+&&y[]=|;z&utm_source=rss"))
        .judge(|saw: &Saw| {
            let expected = "/a%2Fb;c=(1)/%7Ed/f//g?x=%20+&&y[]=|;z&utm_source=rss";
            assert!(saw.rests().iter().all(|rest| *rest == expected), "{:?}", saw.rests());
            saw.told("1");
        })
}

fn c7_after_max_age_it_is_asked_again() -> Situation {
    with_headers(&[("Cache-Control", "max-age=6"), ("Age", "1")]).asked(3).judge(|saw| {
        saw.told("1");
        assert!(saw.gaps().iter().all(|gap| gap.as_millis() > 4500), "{:?}", saw.gaps());
    })
}
