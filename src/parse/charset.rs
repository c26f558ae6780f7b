//! From bytes to text, whatever the labels say.
//!
//! In this order: a byte order mark; UTF-16 by its zeros; strictly valid UTF-8; nearly valid
//! UTF-8; the charset of the Content-Type header; that of the XML declaration; what chardetng
//! makes of it. A label counts only if the bytes decode without error and do not come out as
//! letter salad. The declaration is cut off, so that nobody decodes a second time.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, KOI8_U, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

use crate::model::Repair;

/// How much of the text is looked at to tell letter salad from language.
const SAMPLE: usize = 64 << 10;
/// Share of odd letter pairs above which a label is doubted.
const SALAD: f64 = 0.05;

/// How many bytes are given to the detector, which takes its time.
const LOOKED_AT: usize = 512 << 10;

/// A document as text.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// Without byte order mark and XML declaration.
    pub text: Cow<'a, str>,
    /// The name of the encoding (WHATWG).
    pub charset: &'static str,
    /// How the charset was found, unless as labelled or UTF-8 without contradiction.
    pub repair: Option<Repair>,
}

/// Decodes a document, given as it came with its Content-Type header. Nothing fails: what cannot
/// be decoded becomes U+FFFD.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    let Found { text, charset, repair } = decode_bytes(bytes, content_type);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut_declaration(text)),
        Cow::Owned(text) => match cut_declaration(&text) {
            rest if rest.len() == text.len() => Cow::Owned(text),
            rest => Cow::Owned(rest.to_owned()),
        },
    };
    Decoded { text, charset, repair: repair.map(Cow::Borrowed) }
}

struct Found<'a> {
    text: Cow<'a, str>,
    charset: &'static str,
    repair: Option<&'static str>,
}

fn decode_bytes<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Found<'a> {
    let found = |text, charset, repair| Found { text, charset, repair };
    if let Some(utf32) = utf_32(bytes) {
        return found(Cow::Owned(utf32), "UTF-32", Some("charset:utf-32"));
    }
    if let Some((utf16, mark)) = Encoding::for_bom(bytes).filter(|(e, _)| *e != UTF_8) {
        let text = utf16.decode_without_bom_handling(&bytes[mark..]).0;
        return found(text, utf16.name(), None);
    }
    if let Some(utf16) = unmarked_utf_16(bytes) {
        let text = utf16.decode_without_bom_handling(bytes).0;
        return found(text, utf16.name(), Some("charset:utf-16"));
    }
    let marked = bytes.starts_with(b"\xEF\xBB\xBF");
    let bytes = if marked { &bytes[3..] } else { bytes };
    let header = content_type.and_then(header_charset);
    let declared = declared_charset(bytes);
    let labels = [header, declared];
    let escapes = bytes.contains(&0x1B)
        && labels.into_iter().flatten().any(|e| e == encoding_rs::ISO_2022_JP);
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes)
        && !escapes
    {
        let other = labels.into_iter().flatten().any(|label| label != UTF_8);
        let repair = (other && !marked && !text.is_ascii()).then_some("charset:utf-8");
        return found(text, UTF_8.name(), repair);
    }
    let unlabelled = labels.into_iter().flatten().all(|label| label == UTF_8);
    if !escapes && (marked || nearly_utf_8(bytes, unlabelled)) {
        let text = String::from_utf8_lossy(bytes);
        return found(text, UTF_8.name(), Some("charset:broken-utf-8"));
    }
    by_label(bytes, header, declared)
}

/// A single-byte or East Asian encoding, by label if the label holds.
fn by_label<'a>(
    bytes: &'a [u8],
    header: Option<&'static Encoding>,
    declared: Option<&'static Encoding>,
) -> Found<'a> {
    let guess = guess(bytes);
    let header_repair = (header != declared).then_some("charset:http");
    let declared_repair = header.and(Some("charset:declaration"));
    let candidates = [
        (header, header_repair),
        (declared, declared_repair),
        (Some(guess), Some("charset:detected")),
        (Some(WINDOWS_1251), Some("charset:detected")),
        (Some(KOI8_U), Some("charset:detected")),
    ];
    let mut best: Option<(f64, Found<'a>)> = None;
    for (encoding, repair) in candidates {
        let Some(encoding) = encoding else { continue };
        let decoded = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        let Some(text) = decoded else { continue };
        let salad = salad(&text);
        if best.as_ref().is_none_or(|(least, ..)| salad < least / 2.0) {
            best = Some((salad, Found { text, charset: encoding.name(), repair }));
        }
        if best.as_ref().is_some_and(|(least, ..)| *least < SALAD) {
            break;
        }
    }
    best.map_or_else(
        || Found {
            text: guess.decode_without_bom_handling(bytes).0,
            charset: guess.name(),
            repair: Some("charset:lossy"),
        },
        |(_, found)| found,
    )
}

/// The share of neighbours beyond ASCII that no language puts side by side: a capital after a
/// small letter, two accented Latin letters in a row, letters beside box drawings or controls. To
/// it comes [`rarity`].
fn salad(text: &str) -> f64 {
    let (mut odd, mut all) = (0_u32, 0_u32);
    let mut last = ' ';
    let mut taken = 0;
    for c in text.chars() {
        taken += c.len_utf8();
        if taken > SAMPLE * 16 || all as usize > SAMPLE {
            break;
        }
        if !(last.is_ascii() && c.is_ascii()) {
            all += 1;
            let letters = last.is_alphabetic() && c.is_alphabetic();
            let latin = |c: char| matches!(c, '\u{C0}'..='\u{FF}');
            let drawing = |c: char| matches!(c, '\u{2500}'..='\u{25FF}' | '\u{80}'..='\u{9F}');
            let mixed =
                letters && last.is_ascii() != c.is_ascii() && (cyrillic(last) || cyrillic(c));
            odd += u32::from(
                (letters && last.is_lowercase() && c.is_uppercase())
                    || (latin(last) && latin(c))
                    || mixed
                    || drawing(c)
                    || c == '\u{FFFD}',
            );
        }
        last = c;
    }
    if all == 0 { 0.0 } else { f64::from(odd) / f64::from(all) + rarity(text) }
}

/// How far Cyrillic text falls short of the common letters: they make two thirds of any text in
/// Ukrainian, Russian, Bulgarian or Serbian, and a quarter of one in the wrong charset.
fn rarity(text: &str) -> f64 {
    let letters = text.chars().filter(|c| cyrillic(*c)).take(SAMPLE);
    let (mut common, mut all) = (0_u32, 0_u32);
    for letter in letters {
        all += 1;
        common += u32::from("оеаинтрсвлкіыОЕАИНТРСВЛКІЫ".contains(letter));
    }
    let share = f64::from(common) / f64::from(all.max(1));
    if all >= 20 && share < 0.45 { 0.5 - share } else { 0.0 }
}

fn cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4FF}')
}

/// UTF-16 without a byte order mark: it begins with ASCII, each beside a zero.
fn unmarked_utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes.as_chunks::<2>().0;
    let head = &pairs[..pairs.len().min(8)];
    if head.len() < 4 {
        return None;
    }
    if head.iter().all(|[low, high]| *low != 0 && *high == 0) {
        return Some(UTF_16LE);
    }
    head.iter().all(|[high, low]| *low != 0 && *high == 0).then_some(UTF_16BE)
}

/// Whether bytes that are not UTF-8 were meant as it: broken places are few beside sound
/// characters. `likely` if no label speaks against it: then one sound character for eight broken
/// places is enough, unless the text is sound in an East Asian charset: in others one in thirty
/// comes about by chance at the most, in those one in five.
fn nearly_utf_8(bytes: &[u8], likely: bool) -> bool {
    let (mut sound, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().map(evidence).sum::<usize>();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound >= 4 * broken
        || (likely && sound >= broken)
        || (likely && 8 * sound >= broken && !is_east_asian(bytes))
}

fn is_east_asian(bytes: &[u8]) -> bool {
    let encoding = guess(bytes);
    !encoding.is_single_byte()
        && encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
}

/// What chardetng takes the text for, by the first [`LOOKED_AT`] bytes that tell.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let start = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let end = bytes.len().min(start + LOOKED_AT);
    detector.feed(&bytes[start..end], end == bytes.len());
    detector.guess(None, Utf8Detection::Deny)
}

/// How much a character of several bytes speaks for UTF-8. It says nothing if it is of a script
/// that nobody writes news in, as chance would have it.
fn evidence(c: char) -> usize {
    match c {
        '\u{A0}'..='\u{17F}' | '\u{370}'..='\u{45F}' | '\u{490}'..='\u{491}' => 1,
        '\u{590}'..='\u{6FF}' => 1,
        '\u{900}'..='\u{DFF}' | '\u{E00}'..='\u{E7F}' | '\u{10A0}'..='\u{10FF}' => 3,
        '\u{1E00}'..='\u{22FF}' | '\u{3000}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => 3,
        '\u{FF00}'..='\u{FF9F}' | '\u{1F000}'.. => 3,
        _ => 0,
    }
}

/// The charset parameter of a Content-Type (RFC 9110 §8.3).
fn header_charset(content_type: &str) -> Option<&'static Encoding> {
    let (_, parameters) = content_type.split_once(';')?;
    let label = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// The encoding of the XML declaration, looked for in the first kilobyte.
fn declared_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(1024)];
    let head = String::from_utf8_lossy(head);
    let (_, rest) = head.split_once("<?xml")?;
    let (declaration, _) = rest.split_once('>')?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.trim().as_bytes())
}

/// The text after byte order marks, blanks and the XML declaration.
fn cut_declaration(text: &str) -> &str {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    let is_declaration = start.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("<?xml"))
        && start[5..].starts_with(|c: char| c.is_whitespace() || c == '?');
    if !is_declaration {
        return start;
    }
    match start.find('>') {
        Some(end) => start[end + 1..].trim_start(),
        None => start,
    }
}

/// UTF-32 with a byte order mark.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => u32::from_le_bytes,
        [0, 0, 0xFE, 0xFF, ..] => u32::from_be_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<4>();
    Some(units[1..].iter().map(|unit| char::from_u32(read(*unit)).unwrap_or('\u{FFFD}')).collect())
}

#[cfg(test)]
mod tests;
