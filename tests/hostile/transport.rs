//! T8 to T11: broken transport.

use std::time::Duration;

use super::reply::{End, Framing, Reply, Step, chunk_of, ok, raw};
use super::server::Asked;
use super::situation::{At, Saw, Situation};

situations![
    t8_a_kept_connection_that_died_is_no_error,
    t8_a_kept_connection_that_was_reset_is_no_error,
    t8_a_server_that_always_hangs_up_is_asked_twice_at_most,
    t8_a_kept_connection_that_is_closed_meanwhile_is_no_error,
    t8_a_408_on_an_idle_connection_is_not_the_next_answer,
    t9_a_short_body_is_an_error,
    t9_a_short_body_that_reads_as_a_feed_is_an_error,
    t9_a_missing_last_chunk_is_an_error,
    t9_a_cut_chunk_is_an_error,
    t9_a_reset_in_the_body_is_an_error,
    t9_a_reset_before_the_answer_is_an_error,
    t9_a_chunk_size_that_is_none_is_an_error,
    t9_a_chunk_size_past_all_numbers_is_an_error,
    t9_what_was_cut_is_told_when_it_is_whole,
    t10_what_follows_the_body_is_not_read,
    t10_a_second_answer_is_not_believed,
    t10_a_second_answer_is_not_the_next_ones,
    t10_early_hints_are_passed_over,
    t10_a_hundred_continues_are_passed_over,
    t10_http_1_0_ends_with_the_connection,
    t10_http_1_1_may_end_with_the_connection,
    t10_chunks_go_before_a_length,
    t10_the_same_length_twice_is_one,
    t10_two_lengths_are_an_error,
    t10_chunks_with_extensions_and_trailers_are_read,
    t10_one_byte_at_a_time_is_read,
    t10_bare_line_feeds_do_no_harm,
    t10_an_answer_without_a_head_is_an_error,
    t10_switching_protocols_is_an_error,
    t10_a_206_is_an_error,
    t10_a_204_is_an_error,
    t10_a_226_is_read,
    t10_continues_without_end_end,
    t10_an_extension_of_a_chunk_without_end_ends,
    t10_trailers_without_end_end,
    t10_chunks_of_one_byte_without_end_end,
    t10_a_coding_of_the_transfer_does_no_harm,
    t10_a_transfer_in_no_coding_does_no_harm,
    t10_a_body_of_an_error_without_end_is_not_read,
    t11_a_status_line_that_is_none_is_an_error,
    t11_a_status_past_all_classes_is_an_error,
    t11_a_status_without_words_is_read,
    t11_a_status_line_without_end_is_an_error,
    t11_headers_without_end_are_an_error,
    t11_a_header_without_end_is_an_error,
    t11_a_header_of_30_kib_is_read,
    t11_ninety_headers_are_read,
    t11_a_header_with_control_characters_does_no_harm,
    t11_a_header_over_two_lines_does_no_harm,
    t11_a_blank_before_a_colon_does_no_harm,
    t11_a_header_without_a_colon_does_no_harm,
    t11_a_header_without_a_name_does_no_harm,
    t11_a_thousand_headers_do_no_harm,
    t11_blank_lines_before_the_head_do_no_harm,
    t11_an_unknown_version_does_no_harm,
];

const SECOND: Duration = Duration::from_secs(1);

/// Polls of a situation: requests within a second of each other are one.
fn polls(saw: &Saw) -> usize {
    1 + saw.gaps().iter().filter(|gap| **gap > SECOND).count()
}

/// A connection serves two requests; the third finds it dead.
fn dies(end: End) -> Situation {
    Situation::new(move |asked| match asked.nth {
        1 | 3 => raw("").end(end),
        _ => ok(asked.news("1")),
    })
    .at(At::Alone)
    .asked(5)
    .judge(|saw| {
        saw.told("1");
        saw.never_failed();
        // Asked on the old connection in vain, then on a new one at once.
        assert_eq!(saw.asked[0].connection, saw.asked[1].connection);
        assert_ne!(saw.asked[1].connection, saw.asked[2].connection);
    })
}

fn t8_a_kept_connection_that_died_is_no_error() -> Situation {
    dies(End::Close)
}

fn t8_a_kept_connection_that_was_reset_is_no_error() -> Situation {
    dies(End::Reset)
}

fn t8_a_server_that_always_hangs_up_is_asked_twice_at_most() -> Situation {
    Situation::new(|_| raw("")).at(At::Alone).asked(4).judge(|saw| {
        assert_eq!(saw.reasons().len(), 1, "{:?}", saw.reasons());
        assert!(saw.asked.len() <= 2 * polls(saw), "{:?}", saw.gaps());
    })
}

/// A body that is not whole: an error, and nothing of it is told.
fn broken(script: fn(&Asked) -> Reply, reason: &'static str) -> Situation {
    Situation::new(script).asked(2).fails(reason)
}

fn t9_a_short_body_is_an_error() -> Situation {
    broken(|asked| ok(asked.news("1")).framed(Framing::Claims(9999)).end(End::Close), "truncated")
}

fn t9_a_short_body_that_reads_as_a_feed_is_an_error() -> Situation {
    broken(
        |asked| {
            let news = asked.news("1 2 3");
            let end = news
                .find("<item><title>A flood, t9_a_short_body_that_reads_as_a_feed_is_an_error 3");
            ok(&news[..end.unwrap()]).framed(Framing::Claims(news.len())).end(End::Close)
        },
        "truncated",
    )
}

fn t9_a_missing_last_chunk_is_an_error() -> Situation {
    broken(
        |asked| ok(asked.news("1")).framed(Framing::Unfinished(100)).end(End::Close),
        "truncated",
    )
}

fn t9_a_cut_chunk_is_an_error() -> Situation {
    broken(
        |asked| {
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n")
                .then(Step::Send(asked.news("1").into()))
        },
        "truncated",
    )
}

fn t9_a_reset_in_the_body_is_an_error() -> Situation {
    broken(
        |asked| {
            ok(asked.news("1")).framed(Framing::None).then(Step::Wait(SECOND / 4)).end(End::Reset)
        },
        "truncated",
    )
}

fn t9_a_reset_before_the_answer_is_an_error() -> Situation {
    Situation::new(|_| raw("").end(End::Reset)).asked(2).judge(|saw| {
        let reasons = saw.reasons();
        assert!(matches!(reasons[..], ["truncated" | "connect" | "protocol"]), "{reasons:?}");
    })
}

/// An answer that is neither whole nor right: some error of the transfer.
fn wrong(script: fn(&Asked) -> Reply) -> Situation {
    Situation::new(script).asked(2).judge(|saw| {
        saw.told("");
        let reasons = saw.reasons();
        assert!(matches!(reasons[..], ["truncated" | "protocol"]), "{:#?}", saw.log);
    })
}

fn t9_a_chunk_size_that_is_none_is_an_error() -> Situation {
    wrong(|asked| {
        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .then(Step::Send(asked.news("1").into()))
    })
}

fn t9_a_chunk_size_past_all_numbers_is_an_error() -> Situation {
    wrong(|asked| {
        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n")
            .then(Step::Send(asked.news("1").into()))
    })
}

fn t9_what_was_cut_is_told_when_it_is_whole() -> Situation {
    Situation::new(|asked| match asked.nth {
        0 => ok(asked.news("1 2")).framed(Framing::Unfinished(99)).end(End::Close),
        _ => ok(asked.news("1 2")),
    })
    .judge(|saw| {
        saw.told("1 2");
        assert_eq!(saw.events("feed_recovered").len(), 1);
    })
}

fn forged(asked: &Asked) -> Vec<u8> {
    let news = asked.news("forged");
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{news}", news.len()).into()
}

fn t10_what_follows_the_body_is_not_read() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).then(Step::Send(b"<item><title>A flood</title></item>".to_vec()))
    })
    .at(At::Alone)
    .reads("1")
}

fn t10_a_second_answer_is_not_believed() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).then(Step::Send(forged(asked))))
        .at(At::Alone)
        .reads("1")
}

/// The forged answer comes when the connection has been put aside.
fn t10_a_second_answer_is_not_the_next_ones() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).then(Step::Wait(SECOND / 2)).then(Step::Send(forged(asked)))
    })
    .at(At::Alone)
    .good(4)
    .reads("1")
}

fn t10_early_hints_are_passed_over() -> Situation {
    Situation::new(|asked| {
        raw("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n\
             HTTP/1.1 102 Processing\r\n\r\n")
        .then(Step::Wait(SECOND / 10))
        .then(Step::Send(forged(asked)))
        .end(End::Keep)
    })
    .reads("forged")
}

fn t10_a_hundred_continues_are_passed_over() -> Situation {
    Situation::new(|asked| {
        raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(100)).then(Step::Send(forged(asked)))
    })
    .reads("forged")
}

fn t10_http_1_0_ends_with_the_connection() -> Situation {
    Situation::new(|asked| raw(format!("HTTP/1.0 200 OK\r\n\r\n{}", asked.news("1")))).reads("1")
}

fn t10_http_1_1_may_end_with_the_connection() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).framed(Framing::None).end(End::Close)).reads("1")
}

fn t10_chunks_go_before_a_length() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).with("Content-Length", "5").framed(Framing::Chunked(50)).end(End::Close)
    })
    .asked(2)
    .judge(|saw| {
        // RFC 9112 §6.3: it may be read by its chunks, or refused.
        assert!(saw.titles().len() == 1 || saw.reasons().len() == 1);
    })
}

fn t10_the_same_length_twice_is_one() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1");
        let length = news.len().to_string();
        ok(news).with("Content-Length", length)
    })
    .reads("1")
}

fn t10_two_lengths_are_an_error() -> Situation {
    wrong(|asked| ok(asked.news("1")).with("Content-Length", "7").end(End::Close))
}

fn t10_chunks_with_extensions_and_trailers_are_read() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1");
        let (a, b) = news.split_at(77);
        raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x};name=value;n2=\"q\"\r\n{a}\r\n000{:X}\r\n{b}\r\n0\r\nETag: \"trailer\"\r\n\r\n",
            a.len(),
            b.len()
        ))
        .end(End::Keep)
    })
    .reads("1")
}

fn t10_one_byte_at_a_time_is_read() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1");
        let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{news}", news.len());
        let bytes = whole.bytes().map(|byte| Step::Send(vec![byte]));
        bytes.fold(raw(""), Reply::then).end(End::Keep)
    })
    .reads("1")
}

fn t10_bare_line_feeds_do_no_harm() -> Situation {
    Situation::new(|asked| raw(format!("HTTP/1.1 200 OK\nX-A: b\n\n{}", asked.news("1"))))
        .asked(2)
        .judge(|saw| assert!(saw.titles().len() == 1 || saw.reasons().len() == 1))
}

fn t10_an_answer_without_a_head_is_an_error() -> Situation {
    wrong(|asked| raw(asked.news("1")))
}

fn t10_switching_protocols_is_an_error() -> Situation {
    wrong(|_| {
        raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
    })
}

fn t10_a_206_is_an_error() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1"))
            .status_line("HTTP/1.1 206 Partial Content")
            .with("Content-Range", "bytes 0-99/200")
    })
    .asked(2)
    .fails("protocol")
}

fn t10_a_204_is_an_error() -> Situation {
    Situation::new(|_| raw("HTTP/1.1 204 No Content\r\n\r\n").end(End::Keep)).asked(2).judge(
        |saw| {
            let reasons = saw.reasons();
            assert!(matches!(reasons[..], ["protocol" | "empty_body"]), "{reasons:?}");
        },
    )
}

fn t10_a_226_is_read() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).status_line("HTTP/1.1 226 IM Used").with("IM", "feed")
    })
    .reads("1")
}

fn t11_a_status_line_that_is_none_is_an_error() -> Situation {
    wrong(|asked| ok(asked.news("1")).status_line("ICY 200 OK"))
}

fn t11_a_status_past_all_classes_is_an_error() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).status_line("HTTP/1.1 999 No"))
        .asked(2)
        .fails("protocol")
}

fn t11_a_status_without_words_is_read() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).status_line("HTTP/1.1 200")).reads("1")
}

/// Lines or headers without end: an error, long before all of it was taken.
fn without_end(begin: &'static str, piece: &'static str) -> Situation {
    Situation::new(move |_| {
        let bytes = piece.repeat(100_000 / piece.len());
        raw(begin).then(Step::Drip(bytes.into(), Duration::ZERO, 1000))
    })
    .asked(2)
    .judge(|saw| {
        assert!(matches!(saw.reasons()[..], ["protocol" | "truncated"]), "{:?}", saw.reasons());
        let each = saw.sent / saw.asked.len() as u64;
        assert!(each < 12 << 20, "{each} bytes were taken each time");
    })
}

fn t11_a_status_line_without_end_is_an_error() -> Situation {
    without_end("HTTP/1.1 200 ", "so ")
}

fn t11_headers_without_end_are_an_error() -> Situation {
    without_end("HTTP/1.1 200 OK\r\n", "X-Filler: is all that there is\r\n")
}

fn t11_a_header_without_end_is_an_error() -> Situation {
    without_end("HTTP/1.1 200 OK\r\nX-Filler: ", "is all that there is ")
}

fn t11_a_header_of_30_kib_is_read() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).with("Content-Security-Policy", "x".repeat(30 << 10))
    })
    .reads("1")
}

fn t11_ninety_headers_are_read() -> Situation {
    Situation::new(|asked| {
        (0..90).fold(ok(asked.news("1")), |reply, n| reply.with(&format!("X-{n}"), "y"))
    })
    .reads("1")
}

fn t11_a_header_with_control_characters_does_no_harm() -> Situation {
    Situation::new(|asked| ok(asked.news("1")).with("X-Odd", b"a\x01\x1bb\x7f")).asked(2).judge(
        |saw| {
            assert!(saw.titles().len() == 1 || saw.reasons().len() == 1);
        },
    )
}

/// Closes, or says something that nobody has asked for, between two polls.
fn meanwhile(last_words: &'static str) -> Situation {
    Situation::new(move |asked| {
        let news = asked.news("1");
        raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{news}", news.len()))
            .then(Step::Wait(SECOND / 2))
            .then(Step::Send(last_words.into()))
    })
    .at(At::Alone)
    .good(3)
    .reads("1")
}

fn t8_a_kept_connection_that_is_closed_meanwhile_is_no_error() -> Situation {
    meanwhile("")
}

fn t8_a_408_on_an_idle_connection_is_not_the_next_answer() -> Situation {
    meanwhile("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// Something without end that is neither head nor body: an error, within the time of a poll.
fn endless(begin: &'static str, piece: &'static str, rest: &'static str) -> Situation {
    Situation::new(move |_| {
        let bytes = piece.repeat(5000 / piece.len());
        raw(begin).then(Step::Drip(bytes.into(), SECOND / 50, 1000)).then(Step::Send(rest.into()))
    })
    .asked(2)
    .judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons().len(), 1, "{:#?}", saw.log);
    })
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn t10_continues_without_end_end() -> Situation {
    endless("", "HTTP/1.1 100 Continue\r\n\r\n", "")
}

fn t10_an_extension_of_a_chunk_without_end_ends() -> Situation {
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", "x=y;", "\r\n<rss>\r\n")
}

fn t10_trailers_without_end_end() -> Situation {
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: b\r\n", "\r\n")
}

fn t10_chunks_of_one_byte_without_end_end() -> Situation {
    endless(CHUNKED, "1\r\n \r\n", "0\r\n\r\n")
}

/// It may be understood, or not; nothing else follows from it.
fn odd(script: fn(&Asked) -> Reply) -> Situation {
    Situation::new(script).asked(2).judge(|saw| {
        assert!(saw.titles().len() + saw.reasons().len() == 1, "{:#?}", saw.log);
        assert!(saw.titles().iter().all(|title| *title == super::server::headline(&saw.name, "1")));
    })
}

fn t10_a_coding_of_the_transfer_does_no_harm() -> Situation {
    odd(|asked| {
        let packed = super::packed::gzip(asked.news("1").as_bytes());
        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
            .then(Step::Send(chunk_of(&packed)))
            .then(Step::Send(b"0\r\n\r\n".to_vec()))
    })
}

fn t10_a_transfer_in_no_coding_does_no_harm() -> Situation {
    odd(|asked| {
        raw(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n{}", asked.news("1")))
    })
}

/// What a 500 has to say is not waited for.
fn t10_a_body_of_an_error_without_end_is_not_read() -> Situation {
    Situation::new(|_| raw("HTTP/1.1 500 So\r\nContent-Length: 999999999\r\n\r\n").end(End::Hang))
        .fails("server_error")
}

fn odd_line(line: &'static str) -> Situation {
    Situation::new(move |asked| ok(asked.news("1")).line(line)).asked(2).judge(|saw| {
        assert!(saw.titles().len() + saw.reasons().len() == 1, "{:#?}", saw.log);
    })
}

fn t11_a_header_over_two_lines_does_no_harm() -> Situation {
    odd_line("X-A: b\r\n c")
}

fn t11_a_blank_before_a_colon_does_no_harm() -> Situation {
    odd_line("X-A : b")
}

fn t11_a_header_without_a_colon_does_no_harm() -> Situation {
    odd_line("Nothing to see here")
}

fn t11_a_header_without_a_name_does_no_harm() -> Situation {
    odd_line(": b")
}

fn t11_a_thousand_headers_do_no_harm() -> Situation {
    odd(|asked| (0..1000).fold(ok(asked.news("1")), |reply, n| reply.with(&format!("X-{n}"), "y")))
}

fn t11_blank_lines_before_the_head_do_no_harm() -> Situation {
    odd(|asked| {
        let news = asked.news("1");
        raw(format!("\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{news}", news.len()))
    })
}

fn t11_an_unknown_version_does_no_harm() -> Situation {
    odd(|asked| ok(asked.news("1")).status_line("HTTP/3.7 200 OK"))
}
