//! Why a document could not be read as a feed.

use super::raw::{Markup, RawText};
use super::text::{clean_line, plain};
use crate::model::Reason;

/// Longest piece of the document in a message, in characters.
const MAX_QUOTE: usize = 80;

/// A document that is no readable feed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing but white space.
    #[error("the document is empty")]
    Empty,
    /// A web page; its title is quoted.
    #[error("a web page instead of a feed{}", quoted(.0))]
    Html(String),
    /// A web page that wants a proof of being human, or a login; its title is quoted.
    #[error("a challenge or login page instead of a feed{}", quoted(.0))]
    Blocked(String),
    /// Something else; its beginning is quoted.
    #[error("not a feed: it begins {0:?}")]
    NotAFeed(String),
    /// A bridge made the feed to tell of its own failure; its words are quoted.
    #[error("the bridge that makes this feed tells of its own failure: {0:?}")]
    Bridge(String),
    /// A feed by its root element, but nothing in it could be read.
    #[error("a feed so broken that nothing in it can be read: {0}")]
    Malformed(&'static str),
}

fn quoted(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" titled {title:?}") }
}

impl ParseError {
    /// Its class.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Empty => Reason::EmptyBody,
            Self::Html(_) => Reason::Html,
            Self::Blocked(_) => Reason::Blocked,
            Self::NotAFeed(_) => Reason::NotAFeed,
            Self::Bridge(_) => Reason::Bridge,
            Self::Malformed(_) => Reason::Malformed,
        }
    }

    /// What a document without the root element of a feed is.
    pub(super) fn of_rootless(text: &str) -> Self {
        let head = &text[..text.floor_char_boundary(64 << 10)];
        let lower = head.to_ascii_lowercase();
        let html = ["<!doctype html", "<html", "<head", "<body", "<title", "<script"];
        if !html.iter().any(|mark| lower.contains(mark)) {
            return Self::NotAFeed(clean_line(text, MAX_QUOTE));
        }
        let title = title(head, &lower);
        if is_wall(&lower, &title.to_lowercase()) {
            Self::Blocked(title)
        } else {
            Self::Html(title)
        }
    }
}

/// The page's title, plain and cut.
fn title(head: &str, lower: &str) -> String {
    let inside = lower.find("<title").and_then(|tag| {
        let start = tag + lower[tag..].find('>')? + 1;
        let end = lower[start..].find("</title").map_or(head.len(), |end| start + end);
        head.get(start..end)
    });
    let text = inside.unwrap_or_default().to_owned();
    clean_line(&plain(&RawText { text, markup: Markup::Maybe }, 4096), MAX_QUOTE)
}

/// Whether a page is there to keep robots or strangers out.
fn is_wall(page: &str, title: &str) -> bool {
    // What only such pages hold.
    const PAGE: &[&str] = &[
        "cdn-cgi/challenge-platform",
        "challenges.cloudflare.com",
        "cf-chl-",
        "_cf_chl_opt",
        "cf-browser-verification",
        "ddos-guard",
        "g-recaptcha",
        "h-captcha",
        "captcha-delivery.com",
        "awswaf.com",
        "within.website/x/cmd/anubis",
        "sucuri_cloudproxy",
        "_incapsula_resource",
        "type=\"password\"",
        "type='password'",
        "type=password",
    ];
    const TITLE: &[&str] = &[
        "just a moment",
        "one moment please",
        "attention required",
        "access denied",
        "access to this page has been denied",
        "pardon our interruption",
        "checking your browser",
        "client challenge",
        "making sure you re not a bot",
        "verify you are human",
        "human verification",
        "are you a robot",
        "are you human",
        "captcha",
        "security check",
        "ddos protection",
        "log in",
        "login",
        "sign in",
        "anmelden",
        "anmeldung",
        "connexion",
        "se connecter",
        "zaloguj się",
        "logowanie",
        "вхід",
        "увійти",
        "авторизація",
        "вход",
        "войти",
        "авторизация",
        "перевірка браузера",
        "проверка браузера",
    ];
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = format!(" {} ", words.collect::<Vec<_>>().join(" "));
    PAGE.iter().any(|mark| page.contains(mark))
        || TITLE.iter().any(|mark| words.contains(&format!(" {mark} ")))
}

#[cfg(test)]
mod tests;
