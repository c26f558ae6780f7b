//! Feeds from OPML, the format in which feed readers hand over their subscriptions
//! (OPML 2.0, <http://opml.org/spec2.opml>).

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::feed::{FeedDraft, bare_feed};
use crate::document::{Document, Source};
use crate::model::{Problems, slug};

/// Outlines deeper than this are refused.
const MAX_DEPTH: usize = 64;

/// Reads every outline with an `xmlUrl`. The outlines around it (folders) and its `category`
/// become tags. Broken XML and unusable URLs are noted.
pub fn read_opml(document: &Document, text: &str, problems: &Problems) -> Vec<FeedDraft> {
    let mut reader = Reader::from_str(text);
    let mut folders: Vec<Option<String>> = Vec::new();
    let mut drafts = Vec::new();
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let note = |message: String| {
            let problem = document.problem(&Source::Span(start..end.max(start + 1)), message);
            problems.push(problem);
        };
        match event {
            Ok(Event::Start(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                let outline = Outline::read(&tag);
                folders.push(outline.feed_into(
                    document,
                    start..end,
                    &folders,
                    &mut drafts,
                    problems,
                ));
                if folders.len() > MAX_DEPTH {
                    note(format!("outlines are nested deeper than {MAX_DEPTH}"));
                    return drafts;
                }
            }
            Ok(Event::Empty(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                Outline::read(&tag).feed_into(
                    document,
                    start..end,
                    &folders,
                    &mut drafts,
                    problems,
                );
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Ok(Event::Eof) => return drafts,
            Ok(_) => {}
            Err(error) => {
                note(format!("this is not OPML: {error}"));
                return drafts;
            }
        }
    }
}

#[derive(Default)]
struct Outline {
    url: Option<String>,
    title: Option<String>,
    text: Option<String>,
    categories: Vec<String>,
}

impl Outline {
    fn read(tag: &BytesStart<'_>) -> Self {
        let mut outline = Self::default();
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            let value = match attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) {
                Ok(value) => value.trim().to_owned(),
                Err(_) => attribute.value.trim().to_owned(),
            };
            if value.is_empty() {
                continue;
            }
            match attribute.key.as_ref().to_ascii_lowercase().as_str() {
                "xmlurl" => outline.url = Some(value),
                "title" => outline.title = Some(value),
                "text" => outline.text = Some(value),
                "category" => {
                    outline.categories =
                        value.split([',', '/']).map(slug).filter(|tag| !tag.is_empty()).collect();
                }
                _ => {}
            }
        }
        outline
    }

    /// Adds the feed that this outline is; or answers the tag that it is for those within.
    fn feed_into(
        self,
        document: &Document,
        span: std::ops::Range<usize>,
        folders: &[Option<String>],
        drafts: &mut Vec<FeedDraft>,
        problems: &Problems,
    ) -> Option<String> {
        let name = self.title.or(self.text);
        let Some(url) = self.url else {
            return name.map(|name| slug(&name)).filter(|tag| !tag.is_empty());
        };
        let place = document.problem(&Source::Span(span), "").place;
        match bare_feed(&url, place) {
            Ok(mut draft) => {
                draft.title = name;
                draft.tags = folders.iter().flatten().cloned().chain(self.categories).collect();
                draft.tags.dedup();
                drafts.push(draft);
            }
            Err(mut problem) => {
                problem.message = format!("`xmlUrl`: {}", problem.message);
                problems.push(problem);
            }
        }
        None
    }
}
