use encoding_rs::{KOI8_R, SHIFT_JIS, WINDOWS_1252};

use super::*;

const UKRAINIAN: &str = "<rss><channel><item><title>Сирени повітряної тривоги у Києві: їжак, ґанок та Євген чекають на відбій</title></item></channel></rss>";

fn encoded(encoding: &'static Encoding, declared: Option<&str>) -> Vec<u8> {
    let text = match declared {
        Some(label) => format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n{UKRAINIAN}"),
        None => UKRAINIAN.to_owned(),
    };
    let (bytes, _, failed) = encoding.encode(&text);
    assert!(!failed);
    bytes.into_owned()
}

type Label = Option<&'static str>;

/// Declared, in the header, repair for windows-1251, repair for KOI8-U.
const LABELS: &[(Label, Label, Label, Label)] = &[
    (None, None, Some("charset:detected"), Some("charset:detected")),
    (Some("utf-8"), None, Some("charset:detected"), Some("charset:detected")),
    (Some("nonsense"), None, Some("charset:detected"), Some("charset:detected")),
    (Some("iso-8859-1"), None, Some("charset:detected"), Some("charset:detected")),
    (
        Some("utf-8"),
        Some("text/xml; charset=utf-8"),
        Some("charset:detected"),
        Some("charset:detected"),
    ),
    (None, Some("text/xml; charset=windows-1251"), Some("charset:http"), Some("charset:detected")),
    (None, Some("text/xml; Charset=\"KOI8-U\""), Some("charset:detected"), Some("charset:http")),
    (Some("windows-1251"), None, None, Some("charset:detected")),
    (Some("koi8-u"), None, Some("charset:detected"), None),
    (
        Some("windows-1251"),
        Some("text/xml; charset=utf-8"),
        Some("charset:declaration"),
        Some("charset:detected"),
    ),
    (Some("windows-1251"), Some("text/xml; charset=cp1251"), None, Some("charset:detected")),
    (
        Some("utf-8"),
        Some("text/xml; charset=windows-1251"),
        Some("charset:http"),
        Some("charset:detected"),
    ),
];

#[test]
fn ukrainian_comes_out_right_under_every_label() {
    for (declared, header, windows, koi8) in LABELS {
        for (encoding, repair) in [(WINDOWS_1251, windows), (KOI8_U, koi8)] {
            let bytes = encoded(encoding, *declared);
            let decoded = decode(&bytes, *header);
            let case = format!("{} declared {declared:?}, header {header:?}", encoding.name());
            assert_eq!(decoded.text, UKRAINIAN, "{case}");
            assert_eq!(decoded.repair.as_deref(), *repair, "{case}");
        }
    }
}

#[test]
fn valid_utf_8_wins_over_every_label() {
    for (declared, header, repair) in [
        ("utf-8", None, None),
        ("utf-8", Some("text/xml; charset=utf-8"), None),
        ("windows-1251", None, Some("charset:utf-8")),
        ("utf-16", None, Some("charset:utf-8")),
        ("utf-8", Some("text/xml; charset=iso-8859-1"), Some("charset:utf-8")),
    ] {
        let document = format!("<?xml version='1.0' encoding='{declared}'?>{UKRAINIAN}");
        let decoded = decode(document.as_bytes(), header);
        assert_eq!(decoded.text, UKRAINIAN);
        assert_eq!(decoded.repair.as_deref(), repair, "{declared} {header:?}");
    }
}

#[test]
fn byte_order_marks_and_utf_16_and_32() {
    let units = |swap: bool, mark: bool| -> Vec<u8> {
        let text = format!("{}{UKRAINIAN}", if mark { "\u{feff}" } else { "" });
        let bytes = |u: u16| if swap { u.to_be_bytes() } else { u.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    for swap in [false, true] {
        assert_eq!(decode(&units(swap, true), None).text, UKRAINIAN);
        assert_eq!(decode(&units(swap, true), None).repair, None);
        assert_eq!(decode(&units(swap, false), Some("text/xml; charset=utf-8")).text, UKRAINIAN);
    }
    let wide: Vec<u8> =
        format!("\u{feff}{UKRAINIAN}").chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    assert_eq!(decode(&wide, None).text, UKRAINIAN);
    let marked = format!("\u{feff}\u{feff} <?xml version='1.0'?>\n{UKRAINIAN}");
    assert_eq!(decode(marked.as_bytes(), None).text, UKRAINIAN);
}

#[test]
fn a_few_broken_bytes_do_not_make_utf_8_something_else() {
    let mut bytes = UKRAINIAN.as_bytes().to_vec();
    bytes[40] = 0xFF;
    let decoded = decode(&bytes, Some("text/xml; charset=windows-1251"));
    assert_eq!(decoded.repair.as_deref(), Some("charset:broken-utf-8"));
    assert!(decoded.text.contains("їжак") && decoded.text.contains('\u{FFFD}'));
}

#[test]
fn other_encodings_are_believed_as_labelled() {
    for (encoding, text) in [
        (WINDOWS_1252, "<rss>Café à la crème, naïve façade, Übergrößenträger</rss>"),
        (SHIFT_JIS, "<rss>日本語のニュース、東京の天気</rss>"),
        (KOI8_R, "<rss>Новости дня: погода в городе</rss>"),
        (encoding_rs::ISO_8859_2, "<rss>Zażółć gęślą jaźń</rss>"),
        (encoding_rs::ISO_8859_7, "<rss>Ελληνικές ειδήσεις σήμερα</rss>"),
        (encoding_rs::BIG5, "<rss>台灣新聞</rss>"),
    ] {
        let document = format!("<?xml version=\"1.0\" encoding=\"{}\"?>{text}", encoding.name());
        let (bytes, _, failed) = encoding.encode(&document);
        assert!(!failed);
        let decoded = decode(&bytes, None);
        assert_eq!(decoded.text, text);
        assert_eq!(decoded.repair, None, "{}", encoding.name());
    }
}

#[test]
fn short_and_odd_bytes_are_decoded_to_something() {
    for bytes in [
        &b""[..],
        b"\xff",
        b"\xff\xfe",
        b"\xfe\xff\xd8",
        b"\xef\xbb\xbf",
        b"<\0",
        b"<?xml",
        b"\xff\xfe\0\0\xff",
    ] {
        decode(bytes, Some("text/xml; charset"));
        decode(bytes, Some("text/xml; charset=iso-2022-jp"));
    }
}
