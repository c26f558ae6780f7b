//! Reads alert ids out of a file of alerts, and finds where its last whole line ends.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// An alert's id, as short as can be.
pub(super) type Key = [u8; 16];

/// What one of our lines begins with.
const BEGINNING: &[u8] = b"{\"schema\":";
/// A longer line is not ours; it is passed over.
const MAX_LINE: usize = 4 << 20;

/// What was found in a file behind some offset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Alert ids, each with the offset of its line.
    pub(super) ids: Vec<(Key, u64)>,
    /// Where the last whole line ends.
    pub(super) end: u64,
    /// What stands behind that.
    pub(super) rest: Rest,
}

/// What stands at the end of a file without a line end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    #[default]
    Nothing,
    /// The beginning of a line of ours, or zeros that were left where it should have been.
    Torn,
    /// Something that we did not write.
    Foreign,
}

#[derive(Deserialize)]
struct Line {
    id: String,
}

/// The key of the alert called `id`.
pub(super) fn key(id: &str) -> Key {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(Sha256::digest(id.as_bytes())) {
        *to = from;
    }
    key
}

/// Whether a line begins at `offset`: at the start, or behind a line end.
pub(super) fn is_line_start(mut file: &File, offset: u64) -> io::Result<bool> {
    let Some(before) = offset.checked_sub(1) else { return Ok(true) };
    file.seek(SeekFrom::Start(before))?;
    let mut byte = Vec::new();
    file.take(1).read_to_end(&mut byte)?;
    Ok(byte == b"\n")
}

/// Reads `file` from `start`, where a line begins.
pub(super) fn read(mut file: &File, start: u64) -> io::Result<Tail> {
    file.seek(SeekFrom::Start(start))?;
    let mut reader = BufReader::with_capacity(64 << 10, file);
    let mut tail = Tail { end: start, ..Tail::default() };
    let mut line = Vec::new();
    loop {
        let (length, whole) = next_line(&mut reader, &mut line)?;
        if !whole {
            tail.rest = rest(&line);
            return Ok(tail);
        }
        if let Ok(found) = serde_json::from_slice::<Line>(&line) {
            tail.ids.push((key(&found.id), tail.end));
        }
        tail.end += length;
    }
}

fn rest(line: &[u8]) -> Rest {
    if line.is_empty() {
        return Rest::Nothing;
    }
    let common = line.len().min(BEGINNING.len());
    let ours = line[..common] == BEGINNING[..common] || line[0] == 0;
    if ours { Rest::Torn } else { Rest::Foreign }
}

/// Reads a line without its end into `line`, at most [`MAX_LINE`] of it. Answers how long it is
/// with its end, and whether it has one.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<(u64, bool)> {
    line.clear();
    let mut length = 0;
    loop {
        let chunk = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            return Ok((length, false));
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = MAX_LINE.saturating_sub(line.len()).min(part.len());
        line.extend_from_slice(&part[..room]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        length += used as u64;
        if end.is_some() {
            return Ok((length, true));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn tail(content: &[u8], start: u64) -> Tail {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        read(&file, start).unwrap()
    }

    #[test]
    fn ids_and_the_end_of_the_last_whole_line_are_found() {
        let one = "{\"schema\":1,\"id\":\"a\",\"x\":\"\\n\"}\n";
        let len = one.len() as u64;
        type Case<'a> = (&'a str, &'a [(&'a str, u64)], u64, Rest);
        let cases: &[Case<'_>] = &[
            ("", &[], 0, Rest::Nothing),
            (one, &[("a", 0)], len, Rest::Nothing),
            (&format!("{one}{{\"sche"), &[("a", 0)], len, Rest::Torn),
            (&format!("{one}{{\"schema\":1,\"id\":\"b\"}}"), &[("a", 0)], len, Rest::Torn),
            (&format!("{one}\0\0\0"), &[("a", 0)], len, Rest::Torn),
            (&format!("{one}note"), &[("a", 0)], len, Rest::Foreign),
            (&format!("note\n[1]\n{{}}\n\n{one}"), &[("a", 13)], 13 + len, Rest::Nothing),
            (&"[".repeat(100_000), &[], 0, Rest::Foreign),
        ];
        for (content, ids, end, rest) in cases {
            let ids = ids.iter().map(|(id, at)| (key(id), *at)).collect();
            assert_eq!(tail(content.as_bytes(), 0), Tail { ids, end: *end, rest: *rest });
        }
        let second = tail(format!("{one}{one}").as_bytes(), len);
        assert_eq!(second.ids, [(key("a"), len)]);
    }

    #[test]
    fn a_line_without_end_costs_no_memory_and_hides_nothing() {
        let mut content = vec![b'x'; MAX_LINE + 100_000];
        content.extend_from_slice(b"\n{\"id\":\"a\"}\n");
        let found = tail(&content, 0);
        assert_eq!(found.ids, [(key("a"), MAX_LINE as u64 + 100_001)]);
        assert_eq!(found.end, content.len() as u64);
    }

    #[test]
    fn line_starts_are_told_from_other_places() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"ab\ncd").unwrap();
        let starts: Vec<u64> = (0..9).filter(|at| is_line_start(&file, *at).unwrap()).collect();
        assert_eq!(starts, [0, 3]);
    }
}
