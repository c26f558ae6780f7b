//! The feeds of a plan: gathered from all files, named, and given their secrets.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::Surroundings;
use super::files::expand;
use crate::config::{
    FeedDraft, NetSection, RouteDraft, SecretSource, name_feeds, read_feed, read_opml,
    read_url_list,
};
use crate::document::{At, Document};
use crate::files::{folder, read_file, read_route};
use crate::model::{Credentials, Feed, FeedId, Place, Problem, Problems};

pub(super) fn read_feeds(
    document: &Document,
    base: &Path,
    entry: &At<String>,
    drafts: &mut Vec<(FeedDraft, PathBuf)>,
    problems: &Problems,
) {
    if entry.value.starts_with("http://") || entry.value.starts_with("https://") {
        let found = read_url_list(document, &entry.value, problems);
        let place = document.problem(&entry.source, "").place;
        drafts.extend(
            found
                .into_iter()
                .map(|draft| (FeedDraft { place: place.clone(), ..draft }, base.to_owned())),
        );
        return;
    }
    for path in expand(document, base, entry, problems) {
        let text = match read_file(&path) {
            Ok(text) => text,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let file = Document::new(&path, text.as_str());
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let found = match extension.to_str() {
            Some("toml") => {
                let mut root = file.root(problems);
                if root.is_broken() {
                    continue;
                }
                let found = root.tables("feed").into_iter().filter_map(read_feed).collect();
                root.finish();
                found
            }
            Some("opml" | "xml") => read_opml(&file, &text, problems),
            Some("txt" | "list") => read_url_list(&file, &text, problems),
            _ => {
                let problem = Problem::new(Place::File(path), "is no kind of feed file");
                problems.push(problem.hint("known: .toml, .opml, .xml, .txt, .list"));
                continue;
            }
        };
        if found.is_empty() {
            let problem = Problem::new(Place::File(path.clone()), "holds no feed");
            problems.push(problem.hint("a file named in `feeds` is expected to hold some"));
        }
        let folder = folder(&path);
        drafts.extend(found.into_iter().map(|draft| (draft, folder.clone())));
    }
}

/// Gives the drafts ids and secrets, and makes one of those that are the same feed twice.
pub(super) fn finish_feeds(
    drafts: Vec<(FeedDraft, PathBuf)>,
    net: &NetSection,
    around: &Surroundings,
    problems: &Problems,
    warnings: &Problems,
) -> Vec<Arc<Feed>> {
    let (drafts, folders): (Vec<FeedDraft>, Vec<PathBuf>) = drafts.into_iter().unzip();
    let ids = name_feeds(&drafts, problems);
    let mut known: HashMap<Url, (FeedId, Place)> = HashMap::new();
    let mut feeds = Vec::with_capacity(drafts.len());
    for ((draft, folder), id) in drafts.into_iter().zip(folders).zip(ids) {
        let vault = around.vault(&folder);
        let secret = |source: &SecretSource| {
            vault.read(source).map_err(|problem| problems.push(problem)).ok()
        };
        let plain = draft.headers.is_empty()
            && draft.credentials.is_none()
            && draft.route == RouteDraft::default();
        let route = read_route(&draft.route, net.proxy.as_ref(), &folder);
        let route = route.map_err(|problem| problems.push(problem)).unwrap_or_default();
        if plain && let Some((first, place)) = known.get(&draft.url) {
            let message = format!("the same URL as feed \"{first}\"; it is polled once");
            let problem = Problem::new(draft.place, message);
            warnings.push(problem.hint(format!("it is given before at {place}")));
            continue;
        }
        if plain {
            known.insert(draft.url.clone(), (id.clone(), draft.place.clone()));
        }
        let headers = draft
            .headers
            .iter()
            .filter_map(|(name, source)| Some((name.clone(), secret(source)?)))
            .collect();
        let credentials = draft.credentials.as_ref().and_then(|(username, source)| {
            Some(Credentials { username: username.clone(), password: secret(source)? })
        });
        feeds.push(Arc::new(Feed {
            id,
            url: draft.url,
            title: draft.title,
            tags: draft.tags,
            interval: draft.interval,
            headers,
            credentials,
            route,
            enabled: draft.enabled,
        }));
    }
    feeds
}
