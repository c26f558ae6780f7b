//! Content codings, undone within a bound (RFC 9110 §8.4).

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

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

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        })
    }
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
/// is broken or ends too early is an error. Beside `wire` and what comes out, no layer is held in
/// memory. An empty body stays empty. What comes out as gzip, which no feed is, was packed once
/// more than the server says, and is unpacked once more.
pub fn decode<'a>(
    wire: &'a [u8],
    codings: &[Coding],
    limit: u64,
) -> Result<Cow<'a, [u8]>, FetchError> {
    let decoded = undo_all(wire, codings, limit)?;
    match decoded.starts_with(b"\x1f\x8b\x08") {
        true => Ok(Cow::Owned(undo_all(&decoded, &[Coding::Gzip], limit)?.into_owned())),
        false => Ok(decoded),
    }
}

fn undo_all<'a>(
    wire: &'a [u8],
    codings: &[Coding],
    limit: u64,
) -> Result<Cow<'a, [u8]>, FetchError> {
    if wire.is_empty() || codings.is_empty() {
        let fits = wire.len() as u64 <= limit;
        return if fits { Ok(Cow::Borrowed(wire)) } else { Err(too_large(limit)) };
    }
    let mut reader: Box<dyn BufRead + '_> = Box::new(wire);
    let unread = |error: io::Error| match error.downcast::<FetchError>() {
        Ok(error) => error,
        Err(error) => FetchError::new(Reason::Encoding, error.to_string()),
    };
    for coding in codings.iter().rev() {
        let decoder = undo(reader, *coding).map_err(unread)?;
        let layer = Layer { decoder, coding: *coding, limit, left: limit };
        reader = Box::new(BufReader::with_capacity(16 << 10, layer));
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    gather(reader, most).map(Cow::Owned).map_err(unread)
}

fn too_large(limit: u64) -> FetchError {
    let message = format!("the body is larger than {limit} bytes when decoded");
    FetchError::new(Reason::TooLarge, message)
}

fn undo<'a>(mut reader: Box<dyn BufRead + 'a>, coding: Coding) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match coding {
        Coding::Gzip => Box::new(Members { current: Some(GzDecoder::new(reader)) }),
        Coding::Deflate if is_zlib(reader.fill_buf()?) => Box::new(ZlibDecoder::new(reader)),
        Coding::Deflate => Box::new(DeflateDecoder::new(reader)),
        // Windows beyond 16 MiB, which RFC 7932 §9.1 does not know, though our decoder does.
        Coding::Brotli if reader.fill_buf()?.first().is_some_and(|byte| byte & 0x7f == 0x11) => {
            let message = "the body is broken br data: its window is too large";
            return Err(io::Error::other(FetchError::new(Reason::Encoding, message)));
        }
        Coding::Brotli => Box::new(brotli_decompressor::Decompressor::new(reader, 16 << 10)),
        Coding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
            decoder.window_log_max(23)?;
            Box::new(decoder)
        }
    })
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

/// The members of a gzip stream, one after the other (RFC 1952 §2.2). What follows the last and
/// does not begin as a member does is padding.
struct Members<R: BufRead> {
    current: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.current {
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.current.take().map(GzDecoder::into_inner) else { break };
            if rest.fill_buf()?.first() == Some(&0x1f) {
                self.current = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// One coding, with a bound on what comes out, and errors that say which coding is broken.
struct Layer<'a> {
    decoder: Box<dyn Read + 'a>,
    coding: Coding,
    limit: u64,
    left: u64,
}

impl Read for Layer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer).map_err(|error| {
            if error.get_ref().is_some_and(|inner| inner.is::<FetchError>()) {
                return error;
            }
            let message = format!("the body is broken {} data: {error}", self.coding);
            io::Error::other(FetchError::new(Reason::Encoding, message))
        })?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(too_large(self.limit))),
        }
        Ok(read)
    }
}

/// All that `reader` gives. Its memory grows by doubling, but not beyond `limit`, which `reader`
/// keeps by itself.
fn gather(mut reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    loop {
        let next = decoded.capacity().saturating_mul(2).clamp(64 << 10, limit.max(64 << 10));
        if decoded.len() == decoded.capacity() && next > decoded.capacity() {
            decoded.reserve_exact(next - decoded.len());
        }
        let room = decoded.capacity() - decoded.len();
        if room == 0 {
            // Full to the limit: whatever comes now is an error of the reader.
            reader.read_exact(&mut [0]).or_else(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Ok(()),
                _ => Err(error),
            })?;
            return Ok(decoded);
        }
        let read = reader.by_ref().take(room as u64).read_to_end(&mut decoded)?;
        if read < room {
            return Ok(decoded);
        }
    }
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
        let two_frames =
            [&TEXT[..20], &TEXT[20..]].map(|t| zstd::stream::encode_all(t, 0).unwrap());
        let padded = [gzip(TEXT), vec![0; 512]].concat();
        let cases = [
            (gzip(TEXT), vec![Coding::Gzip]),
            (two_members, vec![Coding::Gzip]),
            (padded, vec![Coding::Gzip]),
            (two_frames.concat(), vec![Coding::Zstd]),
            (zlib(TEXT), vec![Coding::Deflate]),
            (deflate(TEXT), vec![Coding::Deflate]),
            (zstd, vec![Coding::Zstd]),
            (BROTLI.to_vec(), vec![Coding::Brotli]),
            (gzip(&zlib(TEXT)), vec![Coding::Deflate, Coding::Gzip]),
            (zlib(&gzip(&deflate(TEXT))), vec![Coding::Deflate, Coding::Gzip, Coding::Deflate]),
            (TEXT.to_vec(), vec![]),
            (gzip(TEXT), vec![]),
            (gzip(&gzip(TEXT)), vec![Coding::Gzip]),
        ];
        for (wire, codings) in cases {
            assert_eq!(decode(&wire, &codings, 1000).unwrap(), TEXT, "{codings:?}");
        }
        assert_eq!(decode(&[], &[Coding::Gzip], 0).unwrap(), &b""[..], "not broken, but empty");
    }

    #[test]
    fn the_limit_holds_to_the_byte_and_memory_does_not_outgrow_it() {
        let size = 1_234_567;
        let text = vec![b'x'; size];
        for (wire, coding) in [
            (gzip(&text), Coding::Gzip),
            (zlib(&text), Coding::Deflate),
            (zstd::stream::encode_all(&text[..], 0).unwrap(), Coding::Zstd),
        ] {
            let decoded = decode(&wire, &[coding], size as u64).unwrap().into_owned();
            assert_eq!((decoded.len(), decoded.capacity()), (size, size), "{coding:?}");
            let error = decode(&wire, &[coding], size as u64 - 1).unwrap_err();
            assert_eq!(error.reason, Reason::TooLarge, "{coding:?}");
        }
        assert_eq!(decode(&text, &[], 1000).unwrap_err().reason, Reason::TooLarge);
    }

    #[test]
    fn a_bomb_inside_a_bomb_stops_at_the_first_layer_that_is_too_large() {
        let inner = gzip(&vec![0; 4 << 20]);
        let codings = [Coding::Gzip, Coding::Gzip];
        let error = decode(&gzip(&inner), &codings, 1 << 20).unwrap_err();
        assert_eq!(error.reason, Reason::TooLarge);
    }

    #[test]
    fn a_zstd_window_beyond_eight_mebibytes_is_refused() {
        let wide = |log| {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(TEXT).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(decode(&wide(23), &[Coding::Zstd], 1000).unwrap(), TEXT);
        let error = decode(&wide(24), &[Coding::Zstd], 1000).unwrap_err();
        assert_eq!(error.reason, Reason::Encoding, "{error}");
        let error = decode(&[0x11, 30, 0, 0], &[Coding::Brotli], 1000).unwrap_err();
        assert!(error.message.contains("window"), "{error}");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 10 << 20]);
        assert!(bomb.len() < 20_000);
        let limit = 1 << 20;
        assert_eq!(decode(&bomb, &[Coding::Gzip], limit).unwrap_err().reason, Reason::TooLarge);
        assert_eq!(decode(&bomb, &[Coding::Gzip], 10 << 20).unwrap().len(), 10 << 20);
        let zstd = zstd::stream::encode_all(&vec![0; 10 << 20][..], 0).unwrap();
        assert_eq!(decode(&zstd, &[Coding::Zstd], limit).unwrap_err().reason, Reason::TooLarge);
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
                decode(&wire, &[coding], 1000).unwrap_err().reason,
                Reason::Encoding,
                "{coding:?}"
            );
        }
    }
}
