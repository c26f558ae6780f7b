//! Rules that look at feeds which the config does not have.

use glob::Pattern;

use super::{Lint, Note};
use crate::document::{At, Document, Source};
use crate::model::{FeedId, Problems, nearest};

/// Feed ids and tags of `document`'s rules that none of `feeds` has.
pub(super) fn lint<'a>(
    document: &'a Document,
    feeds: Option<&[(FeedId, Vec<String>)]>,
    notes: &mut Vec<Note<'a>>,
) {
    let Some(feeds) = feeds else { return };
    let problems = Problems::default();
    let mut note = |source: Source, message: String, hint: String| {
        notes.push(Note { lint: Lint::NoFeed, document, source, message, hint });
    };
    for mut rule in document.root(&problems).tables("rule") {
        let ids = rule.get_at::<Vec<At<String>>>("feeds");
        let tags = rule.get_at::<Vec<At<String>>>("feed_tags");
        let has_id = |id: &At<String>| {
            let pattern = Pattern::new(&id.value).ok();
            feeds.iter().any(|(feed, _)| fits(pattern.as_ref(), feed))
        };
        let has_tag = |tag: &At<String>| feeds.iter().any(|(_, tags)| tags.contains(&tag.value));
        let (ids_given, tags_given) =
            (ids.iter().flat_map(|at| &at.value), tags.iter().flat_map(|at| &at.value));
        let mut all = true;
        for id in ids_given.clone().filter(|id| !has_id(id)) {
            all = false;
            let near = nearest(&id.value, feeds.iter().map(|(feed, _)| feed.as_str()));
            let hint = near.map_or("`wirewatch feeds` lists them".to_owned(), did_you_mean);
            note(id.source.clone(), format!("no feed of the config fits `{}`", id.value), hint);
        }
        for tag in tags_given.clone().filter(|tag| !has_tag(tag)) {
            all = false;
            let known = feeds.iter().flat_map(|(_, tags)| tags).map(String::as_str);
            let hint = nearest(&tag.value, known)
                .map_or("tags stand in the feeds' own files".to_owned(), did_you_mean);
            note(
                tag.source.clone(),
                format!("no feed of the config has the tag `{}`", tag.value),
                hint,
            );
        }
        if let (Some(ids), Some(tags), true) = (&ids, &tags, all) {
            let both = feeds.iter().any(|(feed, of_feed)| {
                ids.value.iter().any(|id| fits(Pattern::new(&id.value).ok().as_ref(), feed))
                    && tags.value.iter().any(|tag| of_feed.contains(&tag.value))
            });
            if !both {
                let message = "no feed of the config fits both `feeds` and `feed_tags`".to_owned();
                let hint = "a rule looks only at feeds that fit both: take one of them out";
                note(ids.source.clone(), message, hint.to_owned());
            }
        }
    }
}

fn fits(pattern: Option<&Pattern>, feed: &FeedId) -> bool {
    pattern.is_some_and(|pattern| pattern.matches(feed.as_str()))
}

fn did_you_mean(near: &str) -> String {
    format!("did you mean `{near}`?")
}
