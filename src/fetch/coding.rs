//! Content codings, undone within a bound (RFC 9110 §8.4).

use std::io::{self, Read};

use crate::model::Reason;

use super::FetchError;

/// A content coding that we undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`, `x-gzip` (RFC 1952), of any number of members.
    Gzip,
    /// `deflate`: zlib (RFC 1950), or the bare DEFLATE that some servers send under that name.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878), with a window of at most 8 MiB (RFC 9659).
    Zstd,
}

/// The codings that we ask for.
pub(super) const ACCEPT: &str = "gzip, br, zstd";

/// More codings on top of each other than this are an attack.
const MAX_LAYERS: usize = 3;

/// Reads Content-Encoding headers, in the order in which they stand.
pub(super) fn codings<'a>(
    headers: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Coding>, FetchError> {
    let mut codings = Vec::new();
    for header in headers {
        for name in String::from_utf8_lossy(header).split(',') {
            match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" => codings.push(Coding::Deflate),
                "br" => codings.push(Coding::Brotli),
                "zstd" => codings.push(Coding::Zstd),
                other => {
                    let message = format!("unknown content coding \"{other}\"");
                    return Err(FetchError::new(Reason::Encoding, message));
                }
            }
        }
    }
    if codings.len() > MAX_LAYERS {
        let message = format!("{} content codings on top of each other", codings.len());
        return Err(FetchError::new(Reason::Encoding, message));
    }
    Ok(codings)
}

/// Undoes `codings`, the last applied first. No layer may give more than `limit` bytes; one that
/// is broken or ends too early is an error.
pub fn decode(wire: Vec<u8>, codings: &[Coding], limit: u64) -> Result<Vec<u8>, FetchError> {
    codings.iter().rev().try_fold(wire, |bytes, coding| undo(&bytes, *coding, limit))
}

fn undo(bytes: &[u8], coding: Coding, limit: u64) -> Result<Vec<u8>, FetchError> {
    let result = match coding {
        Coding::Gzip => bounded(flate2::bufread::MultiGzDecoder::new(bytes), limit),
        Coding::Deflate if is_zlib(bytes) => {
            bounded(flate2::bufread::ZlibDecoder::new(bytes), limit)
        }
        Coding::Deflate => bounded(flate2::bufread::DeflateDecoder::new(bytes), limit),
        Coding::Brotli => bounded(brotli_decompressor::Decompressor::new(bytes, 16 << 10), limit),
        Coding::Zstd => zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
            decoder.window_log_max(23)?;
            bounded(decoder, limit)
        }),
    };
    match result {
        Ok(Some(decoded)) => Ok(decoded),
        Ok(None) => {
            let message = format!("the body is larger than {limit} bytes when decoded");
            Err(FetchError::new(Reason::TooLarge, message))
        }
        Err(error) => {
            let message = format!("the body is broken {coding:?} data: {error}");
            Err(FetchError::new(Reason::Encoding, message))
        }
    }
}

/// The two bytes of a zlib header (RFC 1950 §2.2).
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [cmf, flg, ..] => {
            cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)).is_multiple_of(31)
        }
        _ => false,
    }
}

/// All that `reader` gives; `None` if that is more than `limit`.
fn bounded(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut decoded = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut decoded)?;
    Ok((decoded.len() as u64 <= limit).then_some(decoded))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"<rss>the same text, again and again and again and again</rss>";
    /// `TEXT`, as the reference encoder of brotli writes it.
    const BROTLI: [u8; 41] = [
        0x1b, 0x3c, 0x00, 0xe0, 0x8d, 0xd4, 0x61, 0x4d, 0x3c, 0x32, 0x46, 0xa8, 0xf4, 0xe4, 0xf1,
        0x99, 0xab, 0x17, 0x39, 0xd8, 0x80, 0x03, 0xf6, 0x02, 0x8b, 0x64, 0x91, 0xab, 0x64, 0x4b,
        0x45, 0xab, 0x36, 0xbf, 0x04, 0x39, 0x81, 0x0e, 0x84, 0x9f, 0xc0,
    ];

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(headers: &[&str]) -> Result<Vec<Coding>, FetchError> {
        codings(headers.iter().map(|header| header.as_bytes()))
    }

    #[test]
    fn headers_name_codings_in_any_case_and_in_lists() {
        use Coding::{Brotli, Deflate, Gzip, Zstd};
        let cases: [(&[&str], &[Coding]); 5] = [
            (&[], &[]),
            (&["identity"], &[]),
            (&["X-GZip"], &[Gzip]),
            (&["gzip, BR"], &[Gzip, Brotli]),
            (&["deflate", "zstd"], &[Deflate, Zstd]),
        ];
        for (headers, expected) in cases {
            assert_eq!(read(headers).unwrap(), expected);
        }
        assert_eq!(read(&["rot13"]).unwrap_err().reason, Reason::Encoding);
        assert_eq!(read(&["gzip,gzip,gzip,gzip"]).unwrap_err().reason, Reason::Encoding);
    }

    #[test]
    fn every_coding_is_undone() {
        let zstd = zstd::stream::encode_all(TEXT, 0).unwrap();
        let two_members = [gzip(&TEXT[..20]), gzip(&TEXT[20..])].concat();
        let cases = [
            (gzip(TEXT), vec![Coding::Gzip]),
            (two_members, vec![Coding::Gzip]),
            (zlib(TEXT), vec![Coding::Deflate]),
            (deflate(TEXT), vec![Coding::Deflate]),
            (zstd, vec![Coding::Zstd]),
            (BROTLI.to_vec(), vec![Coding::Brotli]),
            (gzip(&zlib(TEXT)), vec![Coding::Deflate, Coding::Gzip]),
            (TEXT.to_vec(), vec![]),
        ];
        for (wire, codings) in cases {
            assert_eq!(decode(wire, &codings, 1000).unwrap(), TEXT, "{codings:?}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 10 << 20]);
        assert!(bomb.len() < 20_000);
        let limit = 1 << 20;
        assert_eq!(
            decode(bomb.clone(), &[Coding::Gzip], limit).unwrap_err().reason,
            Reason::TooLarge
        );
        assert_eq!(decode(bomb, &[Coding::Gzip], 10 << 20).unwrap().len(), 10 << 20);
        let zstd = zstd::stream::encode_all(&vec![0; 10 << 20][..], 0).unwrap();
        assert_eq!(decode(zstd, &[Coding::Zstd], limit).unwrap_err().reason, Reason::TooLarge);
    }

    #[test]
    fn broken_and_cut_data_is_an_error() {
        let cut = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.len() - 10);
            bytes
        };
        let zstd = zstd::stream::encode_all(TEXT, 0).unwrap();
        let cases = [
            (cut(gzip(TEXT)), Coding::Gzip),
            (cut(zlib(TEXT)), Coding::Deflate),
            (cut(zstd), Coding::Zstd),
            (cut(BROTLI.to_vec()), Coding::Brotli),
            (TEXT.to_vec(), Coding::Gzip),
            (TEXT.to_vec(), Coding::Brotli),
            (TEXT.to_vec(), Coding::Zstd),
        ];
        for (wire, coding) in cases {
            assert_eq!(
                decode(wire, &[coding], 1000).unwrap_err().reason,
                Reason::Encoding,
                "{coding:?}"
            );
        }
    }
}
