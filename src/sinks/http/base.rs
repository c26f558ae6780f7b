//! The address of a service's API, which a config may leave out.

use url::Url;

use super::keys::{SecretUrl, parse};
use crate::document::{At, Table};
use crate::model::Credentials;

/// Takes the URL `key` out of a table, and the user and password that stand in it; `default` if it
/// is absent. `None` if it is wrong; that is noted.
pub(in crate::sinks) fn read_base(
    table: &mut Table<'_>,
    key: &'static str,
    default: &str,
) -> Option<(Url, Option<Credentials>)> {
    let plain = |(url, credentials): (SecretUrl, Option<Credentials>)| {
        let mut url = url.expose().clone();
        url.set_query(None);
        (url, credentials)
    };
    if !table.has(key) {
        table.get::<String>(key);
        return parse(default).ok().map(plain);
    }
    let At { value, source } = table.get_at::<String>(key)?;
    match parse(value.trim()) {
        Ok(parsed) => Some(plain(parsed)),
        Err(why) => {
            let problem = table.document().problem(&source, format!("`{key}`: {why}"));
            table.note(problem.starred());
            None
        }
    }
}

/// `base` with further segments of a path, each escaped.
pub(in crate::sinks) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // It fails only for URLs that cannot be a base, which http and https URLs can.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_escaped_and_come_below_the_path() {
        let cases = [
            ("https://a.example", &["x", "y"][..], "https://a.example/x/y"),
            ("https://a.example/", &["x"], "https://a.example/x"),
            (
                "https://a.example/p/",
                &["!r:b.example", "a/b?c#d"],
                "https://a.example/p/!r:b.example/a%2Fb%3Fc%23d",
            ),
            ("https://a.example/p", &[], "https://a.example/p"),
        ];
        for (base, segments, expected) in cases {
            assert_eq!(below(&Url::parse(base).unwrap(), segments).as_str(), expected);
        }
    }
}
