//! T1 to T7: limits on time and size, and content codings.

use std::time::Duration;

use super::packed::{brotli, brotli_bomb, deflate, gzip, gzip_bomb, zlib, zstd, zstd_bomb};
use super::reply::{End, Framing, Reply, Step, chunk_of, ok, raw};
use super::server::{Asked, Place};
use super::situation::{At, Situation};

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
];

const SECOND: Duration = Duration::from_secs(1);

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
