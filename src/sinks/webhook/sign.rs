//! Signatures: HMAC-SHA256 (RFC 2104) over timestamp and body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::Secret;

/// Seconds since 1970.
pub(super) const TIMESTAMP: &str = "wirewatch-timestamp";
/// `v1=` and 64 hexadecimal digits.
pub(super) const SIGNATURE: &str = "wirewatch-signature";

/// The signature of `body`, sent at `seconds` since 1970: that of `seconds`, a full stop and `body`.
pub(super) fn signature(secret: &Secret, seconds: i64, body: &[u8]) -> String {
    // A key may be of any length (RFC 2104 §2).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let digits = mac.finalize().into_bytes();
    digits.iter().fold("v1=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
