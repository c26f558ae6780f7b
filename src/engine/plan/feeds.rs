//! The feeds of a plan: gathered from all files, named, and given their secrets.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::Surroundings;
use super::files::{expand, folder, read_file};
use crate::config::{
    FeedDraft, NetSection, ProxyChoice, RouteDraft, SecretSource, name_feeds, read_feed, read_opml,
    read_url_list,
};
use crate::document::{At, Document};
use crate::model::{Credentials, Feed, FeedId, Place, Problem, Problems, Route, Secret};
use crate::net::read_roots;

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
        let secret = |source: &SecretSource| read_secret(source, &folder, around, problems);
        let plain = draft.headers.is_empty()
            && draft.credentials.is_none()
            && draft.route == RouteDraft::default();
        let route = read_route(&draft.route, net, &folder, problems);
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

fn read_route(draft: &RouteDraft, net: &NetSection, folder: &Path, problems: &Problems) -> Route {
    let proxy = match &draft.proxy {
        Some(ProxyChoice::Straight) => None,
        Some(ProxyChoice::Through(proxy)) => Some(proxy.clone()),
        None => net.proxy.clone(),
    };
    let roots = draft.ca_file.as_ref().and_then(|(path, place)| {
        let file = folder.join(path);
        let (why, hint) = match read_file(&file) {
            Ok(pem) => match read_roots(pem.as_bytes()) {
                Ok(roots) => return Some(roots),
                Err(why) => (why, None),
            },
            Err(problem) => (problem.message, problem.hint),
        };
        let wanted = "a file with certificates in PEM form, of the server or of its authority";
        let problem =
            Problem::new(place.clone(), format!("the `ca_file` {} {why}", file.display()));
        problems.push(problem.hint(hint.unwrap_or_else(|| wanted.to_owned())));
        None
    });
    Route { proxy, http1_only: draft.http1_only, roots }
}

fn read_secret(
    source: &SecretSource,
    folder: &Path,
    around: &Surroundings,
    problems: &Problems,
) -> Option<Secret> {
    let (path, place) = match source {
        SecretSource::Inline(secret) => return Some(secret.clone()),
        SecretSource::File { path, place } => (path, place),
    };
    let credential = path.to_str().and_then(|path| path.strip_prefix("credential:"));
    let full = match (credential, &around.credentials) {
        (Some(name), Some(credentials)) => credentials.join(name),
        (Some(_), None) if around.from_outside => return Some(Secret::new("")),
        (Some(name), None) => {
            let message = format!("there is no systemd credential \"{name}\"");
            let hint = format!("add `LoadCredential={name}:…` to the unit, or name a file");
            problems.push(Problem::new(place.clone(), message).hint(hint));
            return None;
        }
        (None, _) => folder.join(path),
    };
    match read_file(&full) {
        Ok(text) => Some(Secret::new(text.trim_end_matches(['\r', '\n']))),
        Err(problem) => {
            let message = format!("the secret file {problem}");
            problems.push(Problem::new(place.clone(), message));
            None
        }
    }
}
