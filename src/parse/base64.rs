//! Base64 (RFC 4648 §4), as Atom 0.3 and a few Atom 1.0 documents have text in.

/// The bytes. White space is passed over; `None` if there is anything else that is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for byte in text.trim_end().trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => return None,
        };
        pending = (pending << 6 | u32::from(value)) & 0xFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.extend(u8::try_from(pending >> bits & 0xFF));
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_or_without_padding() {
        const CASES: &[(&str, Option<&[u8]>)] = &[
            ("", Some(b"")),
            ("\n QXRv\n bQ== \n", Some(b"Atom")),
            ("QXRvbQ", Some(b"Atom")),
            ("//79+/4=", Some(b"\xFF\xFE\xFD\xFB\xFE")),
            ("plain text, not base64", None),
            ("QX=RvbQ", None),
        ];
        for (text, expected) in CASES {
            assert_eq!(decode(text).as_deref(), *expected, "{text}");
        }
    }
}
