//! Feed documents for tests.

use std::time::{Duration, UNIX_EPOCH};

use wirewatch::model::Timestamp;

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub guid: String,
    pub title: String,
    pub published: Timestamp,
}

impl Story {
    pub fn new(guid: impl Into<String>, title: impl Into<String>, published: Timestamp) -> Self {
        Self { guid: guid.into(), title: title.into(), published }
    }
}

/// As RSS 2.0. Titles stand in it as they are.
pub fn rss(stories: &[Story]) -> String {
    let items: String = stories
        .iter()
        .map(|story| {
            let millis = story.published.as_millis().unsigned_abs();
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(millis));
            format!(
                "<item><guid isPermaLink=\"false\">{}</guid><title>{}</title>\
                 <pubDate>{date}</pubDate></item>\n",
                story.guid, story.title
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Test</title>\n{items}</channel></rss>\n")
}
