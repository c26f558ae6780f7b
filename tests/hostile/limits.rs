//! T: limits, time, broken transport.

use std::time::Duration;

use super::packed::{brotli, brotli_bomb, deflate, gzip, gzip_bomb, zlib, zstd, zstd_bomb};
use super::reply::{End, Framing, Reply, Step, chunk_of, ok, raw};
use super::server::{Asked, Place};
use super::situation::{At, Saw, Situation};

situations![
    t1_a_body_that_drips_for_ever_ends,
    t1_a_head_that_drips_for_ever_ends,
    t1_slow_hops_share_one_deadline,
    t2_a_connection_that_is_not_taken_up_ends,
    t2_no_answer_ends,
    t2_half_a_status_line_ends,
    t2_a_body_that_stalls_ends,
    t2_a_slow_but_steady_body_is_read,
    t3_a_body_said_to_be_too_large_is_not_read,
    t3_a_body_of_unknown_length_is_cut_off,
    t3_chunks_without_end_are_cut_off,
    t3_a_lie_about_the_length_is_not_believed,
    t3_a_body_just_within_the_limit_is_read,
    t4_a_bomb_of_gzip_is_put_out,
    t4_a_bomb_of_brotli_is_put_out,
    t4_a_bomb_of_zstd_is_put_out,
    t4_a_bomb_of_deflate_is_put_out,
    t4_a_bomb_in_a_bomb_is_put_out,
    t6_gzip_is_read,
    t6_gzip_by_its_old_name_is_read,
    t6_gzip_in_capitals_is_read,
    t6_gzip_of_several_members_is_read,
    t6_brotli_is_read,
    t6_zstd_is_read,
    t6_deflate_with_its_wrapper_is_read,
    t6_deflate_without_wrapper_is_read,
    t6_codings_upon_codings_are_read,
    t6_codings_in_two_headers_are_read,
    t6_identity_is_no_coding,
    t6_gzip_in_chunks_is_read,
    t6_an_unknown_coding_is_an_error,
    t6_gzip_that_is_none_is_an_error,
    t6_cut_gzip_is_an_error,
    t6_cut_brotli_is_an_error,
    t6_cut_zstd_is_an_error,
    t6_gzip_with_a_wrong_checksum_is_an_error,
    t7_a_window_of_8_mib_is_taken,
    t7_a_larger_window_is_not,
    t8_a_kept_connection_that_died_is_no_error,
    t8_a_kept_connection_that_was_reset_is_no_error,
    t8_a_server_that_always_hangs_up_is_asked_twice_at_most,
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
    t11_a_status_line_that_is_none_is_an_error,
    t11_a_status_past_all_classes_is_an_error,
    t11_a_status_without_words_is_read,
    t11_a_status_line_without_end_is_an_error,
    t11_headers_without_end_are_an_error,
    t11_a_header_without_end_is_an_error,
    t11_a_header_of_30_kib_is_read,
    t11_ninety_headers_are_read,
    t11_a_header_with_control_characters_does_no_harm,
];

const SECOND: Duration = Duration::from_secs(1);

/// Polls of a situation: requests within a second of each other are one.
fn polls(saw: &Saw) -> usize {
    1 + saw.gaps().iter().filter(|gap| **gap > SECOND).count()
}

/// How long it takes until the client has given up is seen by when it comes again.
fn times_out(situation: Situation, after: u64) -> Situation {
    situation.asked(2).judge(move |saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["timeout"]);
        let gap = saw.gaps()[0];
        assert!(gap >= Duration::from_millis(1000 * after + 1500), "{gap:?}");
    })
}

fn t1_a_body_that_drips_for_ever_ends() -> Situation {
    times_out(
        Situation::new(|_| {
            ok("<rss>").framed(Framing::Claims(99_999)).then(Step::Drip(
                b" ".to_vec(),
                SECOND / 4,
                99,
            ))
        }),
        7,
    )
}

/// The time to the end of the head is time between two pieces of the answer.
fn t1_a_head_that_drips_for_ever_ends() -> Situation {
    times_out(
        Situation::new(|_| {
            raw("HTTP/1.1 200 OK\r\n").then(Step::Drip(b"X-A: b\r\n".to_vec(), SECOND / 4, 99))
        }),
        3,
    )
}

fn t1_slow_hops_share_one_deadline() -> Situation {
    Situation::new(|asked| {
        raw("").then(Step::Wait(2 * SECOND)).then(Step::Send(
            format!("HTTP/1.1 302 Found\r\nLocation: /{}/x{}\r\n\r\n", asked.name, asked.nth)
                .into(),
        ))
    })
    .asked(5)
    .judge(|saw| {
        assert_eq!(saw.reasons(), ["timeout"]);
        let first = saw.rests().iter().skip(1).position(|rest| rest.is_empty()).unwrap() + 1;
        assert!((3..=4).contains(&first), "{:?}", saw.rests());
    })
}

fn t2_a_connection_that_is_not_taken_up_ends() -> Situation {
    Situation::new(|_| raw("")).at(At::Path(Place::Full, "")).quiet().fails("timeout")
}

fn t2_no_answer_ends() -> Situation {
    times_out(Situation::new(|_| raw("").end(End::Hang)), 3)
}

fn t2_half_a_status_line_ends() -> Situation {
    times_out(Situation::new(|_| raw("HTTP/1.1 20").end(End::Hang)), 3)
}

fn t2_a_body_that_stalls_ends() -> Situation {
    times_out(
        Situation::new(|asked| ok(asked.news("1")).framed(Framing::Claims(99_999)).end(End::Hang)),
        3,
    )
}

/// No pause is as long as the time for reading, all of them together are longer.
fn t2_a_slow_but_steady_body_is_read() -> Situation {
    Situation::new(|asked| {
        let news = asked.news("1");
        let (half, rest) = news.split_at(100);
        ok(half)
            .framed(Framing::Claims(news.len()))
            .then(Step::Wait(2 * SECOND))
            .then(Step::Send(rest[..50].into()))
            .then(Step::Wait(2 * SECOND))
            .then(Step::Send(rest[50..].into()))
    })
    .good(1)
    .reads("1")
}

/// A body that is too large: refused, and not taken to its end.
fn too_large(script: fn(&Asked) -> Reply) -> Situation {
    Situation::new(script).asked(2).judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["too_large"]);
        // Beside the limit there are the buffers of two sockets.
        let each = saw.sent / saw.asked.len() as u64;
        assert!(each < 24 << 20, "{each} bytes were taken each time");
    })
}

fn hundred_megabytes(reply: Reply) -> Reply {
    reply.then(Step::Drip(vec![b' '; 100_000], Duration::ZERO, 1000)).end(End::Close)
}

fn t3_a_body_said_to_be_too_large_is_not_read() -> Situation {
    Situation::new(|_| hundred_megabytes(ok("<rss>").framed(Framing::Claims(100_000_000))))
        .asked(2)
        .judge(|saw| {
            assert_eq!(saw.reasons(), ["too_large"]);
            assert!(saw.sent / (saw.asked.len() as u64) < 12 << 20, "{}", saw.sent);
        })
}

fn t3_a_body_of_unknown_length_is_cut_off() -> Situation {
    too_large(|_| hundred_megabytes(ok("<rss>").framed(Framing::None)))
}

fn t3_chunks_without_end_are_cut_off() -> Situation {
    too_large(|_| {
        let chunk = chunk_of(&[b' '; 100_000]);
        ok("<rss>").framed(Framing::Unfinished(9)).then(Step::Drip(chunk, Duration::ZERO, 1000))
    })
}

fn t3_a_lie_about_the_length_is_not_believed() -> Situation {
    Situation::new(|asked| {
        ok(asked.news("1")).framed(Framing::Claims(usize::MAX / 2)).end(End::Close)
    })
    .fails("too_large")
}

fn t3_a_body_just_within_the_limit_is_read() -> Situation {
    Situation::new(|asked| {
        let mut news = asked.news("1").into_bytes();
        news.resize(8 << 20, b'\n');
        ok(news).with("Cache-Control", "max-age=600")
    })
    .good(1)
    .reads("1")
}

fn coded(coding: &'static str, pack: fn(&[u8]) -> Vec<u8>) -> Situation {
    Situation::new(move |asked| {
        ok(pack(asked.news("1").as_bytes())).with("Content-Encoding", coding)
    })
}

fn bomb(coding: &'static str, bomb: Vec<u8>) -> Situation {
    Situation::new(move |_| ok(bomb.clone()).with("Content-Encoding", coding))
        .asked(2)
        .fails("too_large")
}

fn t4_a_bomb_of_gzip_is_put_out() -> Situation {
    bomb("gzip", gzip_bomb(256))
}

fn t4_a_bomb_of_brotli_is_put_out() -> Situation {
    bomb("br", brotli_bomb(256))
}

fn t4_a_bomb_of_zstd_is_put_out() -> Situation {
    bomb("zstd", zstd_bomb(4096))
}

fn t4_a_bomb_of_deflate_is_put_out() -> Situation {
    bomb("deflate", zlib(&vec![b' '; 17 << 20]))
}

fn t4_a_bomb_in_a_bomb_is_put_out() -> Situation {
    bomb("br, gzip", gzip(&brotli_bomb(256)))
}

fn t6_gzip_is_read() -> Situation {
    coded("gzip", gzip).reads("1")
}

fn t6_gzip_by_its_old_name_is_read() -> Situation {
    coded("x-gzip", gzip).reads("1")
}

fn t6_gzip_in_capitals_is_read() -> Situation {
    coded("GZIP", gzip).reads("1")
}

fn t6_gzip_of_several_members_is_read() -> Situation {
    coded("gzip", |text| [gzip(&text[..40]), gzip(b""), gzip(&text[40..])].concat()).reads("1")
}

fn t6_brotli_is_read() -> Situation {
    coded("br", brotli).reads("1")
}

fn t6_zstd_is_read() -> Situation {
    coded("zstd", |text| zstd(text, 17)).reads("1")
}

fn t6_deflate_with_its_wrapper_is_read() -> Situation {
    coded("deflate", zlib).reads("1")
}

fn t6_deflate_without_wrapper_is_read() -> Situation {
    coded("deflate", deflate).reads("1")
}

fn t6_codings_upon_codings_are_read() -> Situation {
    coded("gzip , br,", |text| brotli(&gzip(text))).reads("1")
}

fn t6_codings_in_two_headers_are_read() -> Situation {
    Situation::new(|asked| {
        ok(gzip(&zstd(asked.news("1").as_bytes(), 17)))
            .with("Content-Encoding", "zstd")
            .with("content-encoding", "gzip")
    })
    .reads("1")
}

fn t6_identity_is_no_coding() -> Situation {
    coded("identity", <[u8]>::to_vec).reads("1")
}

fn t6_gzip_in_chunks_is_read() -> Situation {
    Situation::new(|asked| {
        ok(gzip(asked.news("1").as_bytes()))
            .with("Content-Encoding", "gzip")
            .framed(Framing::Chunked(7))
    })
    .reads("1")
}

fn t6_an_unknown_coding_is_an_error() -> Situation {
    coded("sdch", gzip).asked(2).fails("encoding")
}

fn t6_gzip_that_is_none_is_an_error() -> Situation {
    coded("gzip", <[u8]>::to_vec).asked(2).fails("encoding")
}

fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 5);
    bytes
}

fn t6_cut_gzip_is_an_error() -> Situation {
    coded("gzip", |text| cut(gzip(text))).asked(2).fails("encoding")
}

fn t6_cut_brotli_is_an_error() -> Situation {
    coded("br", |text| cut(brotli(text))).asked(2).fails("encoding")
}

fn t6_cut_zstd_is_an_error() -> Situation {
    coded("zstd", |text| cut(zstd(text, 17))).asked(2).fails("encoding")
}

fn t6_gzip_with_a_wrong_checksum_is_an_error() -> Situation {
    coded("gzip", |text| {
        let mut bytes = gzip(text);
        let at = bytes.len() - 8;
        bytes[at] ^= 1;
        bytes
    })
    .asked(2)
    .fails("encoding")
}

fn t7_a_window_of_8_mib_is_taken() -> Situation {
    coded("zstd", |text| zstd(text, 23)).reads("1")
}

fn t7_a_larger_window_is_not() -> Situation {
    coded("zstd", |text| zstd(text, 27)).asked(2).fails("encoding")
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
