//! Items in which a bridge (a program that makes a feed of a site that has none) tells of its own
//! failure. They would look like news, and new ones at every poll.

use memchr::memchr2_iter;

use crate::model::Item;

/// How far into an item's text the words of a failure begin.
const HEAD: usize = 200;

/// Whether an item is such a report: those of RSS-Bridge, old and new, and of Nitter's hosts.
pub(super) fn is_failure(item: &Item) -> bool {
    let code = after(&item.title, "bridge returned error ");
    code.is_some_and(|code| code.first().is_some_and(u8::is_ascii_digit))
        || after(&item.title, "rss reader not yet whitelist").is_some()
        || [&item.summary, &item.content].into_iter().any(|text| is_apology(text))
}

fn is_apology(text: &str) -> bool {
    let words = "was unable to receive or process the remote website";
    let head = &text[..text.floor_char_boundary(HEAD + words.len())];
    memchr2_iter(b'w', b'W', head.as_bytes()).any(|at| after(&head[at..], words).is_some())
}

/// What follows `start`, in ASCII letters of either case.
fn after<'a>(text: &'a str, start: &str) -> Option<&'a [u8]> {
    let (head, rest) = text.as_bytes().split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start.as_bytes()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_bridges_are_told_from_news_of_bridges() {
        const CASES: &[(&str, &str, bool)] = &[
            ("Bridge returned error 500! (20461)", "", true),
            ("BRIDGE RETURNED ERROR 0!", "x", true),
            ("Bridge returned errors, engineers say", "", false),
            (
                "Error",
                "X Bridge was unable to receive or process the remote website's content!",
                true,
            ),
            ("RSS reader not yet whitelisted!", "Write to us with this id.", true),
            ("Court: bank was unable to receive or process payments", "", false),
            ("", "", false),
        ];
        for (title, summary, expected) in CASES {
            let item =
                Item { title: (*title).into(), summary: (*summary).into(), ..Item::default() };
            assert_eq!(is_failure(&item), *expected, "{title}: {summary}");
        }
        let quoted =
            format!("{} was unable to receive or process the remote website", "x ".repeat(200));
        assert!(!is_failure(&Item { content: quoted, ..Item::default() }));
    }
}
