//! What a receiver says, made fit to be told: on one line, and without our secrets.

use url::{Url, form_urlencoded};

use crate::model::visible;

/// A part of a URL's path, or a value of its query, that is so long may be a secret.
const TELLING: usize = 10;
/// What stands for a secret.
const STARS: &str = "***";

/// Knows what must not be told.
///
/// Secrets are found however their white space, their control characters and the case of their
/// ASCII letters come back, as they are and percent-encoded.
#[derive(Default)]
pub(super) struct Blotter {
    needles: Vec<String>,
}

impl Blotter {
    /// Blots out `secrets`. What is shorter than `shortest` bytes could stand anywhere, and is left.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>, shortest: usize) -> Self {
        let mut blotter = Self::default();
        for secret in secrets {
            let secret = secret.as_ref();
            if secret.len() >= shortest {
                blotter.add(secret);
                blotter.add_encoded(secret);
            }
        }
        blotter
    }

    /// Blots out `url` too: whole, its path, its query, and what is long in them; as it is written,
    /// decoded, and encoded no more than needed.
    pub fn add_url(&mut self, url: &Url) {
        self.add_both(url.as_str());
        if url.path().len() >= TELLING {
            self.add_both(url.path());
        }
        let query = url.query().unwrap_or_default();
        if !query.is_empty() {
            self.add_both(query);
        }
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, v)| v));
        // A `+` is a space in a form and itself elsewhere.
        let spaced: Vec<String> = values.clone().map(|value| value.replace('+', " ")).collect();
        let parts = url.path().split('/').chain(values).chain(spaced.iter().map(String::as_str));
        for part in parts.filter(|part| part.len() >= TELLING) {
            self.add_both(part);
            self.add_encoded(&decoded(part));
        }
    }

    fn add_both(&mut self, written: &str) {
        self.add(written);
        self.add(&decoded(written));
    }

    fn add_encoded(&mut self, text: &str) {
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        // For a space both are used; `~` and `*` are told apart by whom one asks.
        self.add(&encoded);
        self.add(&encoded.replace('+', "%20").replace("%7E", "~").replace('*', "%2A"));
    }

    fn add(&mut self, text: &str) {
        let needle = one_line(text).to_ascii_lowercase();
        if !needle.is_empty() && !self.needles.contains(&needle) {
            self.needles.push(needle);
        }
    }

    /// `text` on one line, without control characters, without the secrets that this knows.
    pub fn clean(&self, text: &str) -> String {
        self.clean_of(text, &Self::default())
    }

    /// The same, without those that `more` knows either.
    pub fn clean_of(&self, text: &str, more: &Self) -> String {
        let text = one_line(text);
        let hay = text.to_ascii_lowercase();
        let mut secret = vec![false; hay.len()];
        for needle in self.needles.iter().chain(&more.needles) {
            for (at, found) in hay.match_indices(needle.as_str()) {
                secret[at..at + found.len()].fill(true);
            }
        }
        let mut told = String::with_capacity(text.len());
        let mut is_in = false;
        for (at, c) in text.char_indices() {
            match (secret[at], is_in) {
                (true, false) => told.push_str(STARS),
                (true, true) => {}
                (false, _) => told.push(c),
            }
            is_in = secret[at];
        }
        told
    }
}

/// `text` with each run of white space as one space, and nothing unprintable.
fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// `text` percent-decoded.
fn decoded(text: &str) -> String {
    let value = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(value.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_however_they_come_back() {
        // A secret, what is said, what is told of it.
        let cases = [
            ("correct  horse  battery", "no: correct  horse  battery.", "no: ***."),
            ("correct  horse  battery", "no: correct horse\r\n battery.", "no: ***."),
            ("correct horse", "at ?p=correct+horse or correct%20horse", "at ?p=*** or ***"),
            (" a\tb\u{7}c\u{200e}d ", "(a b\u{7}cd)", "(***)"),
            ("t0ken~*", "t0ken%7E*, t0ken~%2a, T0KEN~*", "***, ***, ***"),
            ("слово", "«слово» «%D1%81%D0%BB%D0%BE%D0%B2%D0%BE»", "«***» «***»"),
            ("abcabc", "abcabcabc", "***abc"),
            ("ab", "ab", "ab"),
            ("", "x", "x"),
        ];
        for (secret, said, told) in cases {
            assert_eq!(Blotter::new([secret], 3).clean(said), told, "{secret}");
        }
        // Two that overlap leave no rest of either.
        let both = Blotter::new(["one-two", "two-three-four"], 3);
        assert_eq!(both.clean("one-two-three-four"), "***");
        let more = Blotter::new(["three"], 3);
        assert_eq!(Blotter::new(["one"], 3).clean_of("one two three", &more), "*** two ***");
    }

    #[test]
    fn a_url_is_found_encoded_and_decoded() {
        let url =
            Url::parse("https://h.example/hooks/tok%20en%2Dsecret-%C3%A9?key=a%2Fb+c%20d-efgh&n=1");
        let mut blotter = Blotter::default();
        blotter.add_url(&url.unwrap());
        let told = [
            ("https://h.example/hooks/tok%20en%2Dsecret-%C3%A9?key=a%2Fb+c%20d-efgh&n=1", "***"),
            ("no /hooks/tok en-secret-é here", "no *** here"),
            ("no /hooks/tok%20en%2dsecret-%c3%a9 here", "no *** here"),
            ("no tok en-secret-é here", "no *** here"),
            ("no tok%20en-secret-%C3%A9 here", "no *** here"),
            ("no tok+en-secret-%C3%A9 here", "no *** here"),
            ("key is a/b c d-efgh.", "key is ***."),
            ("key is a/b+c d-efgh.", "key is ***."),
            ("key is a%2fb+c+d-efgh.", "key is ***."),
            ("key=a/b+c d-efgh&n=1", "***"),
            ("hooks are fine at h.example", "hooks are fine at h.example"),
        ];
        for (said, expected) in told {
            assert_eq!(blotter.clean(said), expected, "{said}");
        }
    }
}
