//! The plan: the config, checked, with everything that it names read in and ready to run.
//!
//! `check`, start and reload are one call, [`Plan::build`]; it has no effect but to read files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use crate::config::{
    Config, FeedDraft, LogSection, NetSection, Overlay, PollSection, SecretSource, StoreSection,
    name_feeds, read_feed, read_opml, read_url_list,
};
use crate::document::{At, Document};
use crate::model::{Credentials, Feed, FeedId, Place, Problem, Problems, Secret};
use crate::rules::RuleSet;
use crate::sinks::{Folders, SinkSpec};

/// No file that a config names may be larger.
const MAX_FILE: u64 = 16 << 20;

/// A config that is ready to run.
#[derive(Debug)]
pub struct Plan {
    /// The config file.
    pub path: PathBuf,
    /// How feeds are polled.
    pub poll: PollSection,
    /// What may be connected to.
    pub net: NetSection,
    /// How long things are kept.
    pub store: StoreSection,
    /// The database file.
    pub store_path: PathBuf,
    /// How the log is written.
    pub log: LogSection,
    /// The feeds, disabled ones included.
    pub feeds: Vec<Arc<Feed>>,
    /// The rules.
    pub rules: RuleSet,
    /// The sinks.
    pub sinks: Vec<SinkSpec>,
    /// What is odd, but can be run.
    pub warnings: Vec<Problem>,
}

/// What the config depends on beside its files.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Values that win over the file's.
    pub overlay: Overlay,
    /// `$CREDENTIALS_DIRECTORY`: where systemd lays credentials.
    pub credentials: Option<PathBuf>,
    /// `$STATE_DIRECTORY`: where systemd wants state to be kept.
    pub state: Option<PathBuf>,
    /// `$LOGS_DIRECTORY`: where it wants logs.
    pub logs: Option<PathBuf>,
}

impl Plan {
    /// Reads the config file at `path` and all that it names. Answers with all problems at once.
    pub fn build(path: &Path, around: &Surroundings) -> Result<Self, Vec<Problem>> {
        let problems = Problems::default();
        let warnings = Problems::default();
        let text = match read_file(path) {
            Ok(text) => text,
            Err(problem) => return Err(vec![problem]),
        };
        let base = folder(path);
        let document = Document::new(path, text);
        let mut root = document.root(&problems);
        let config = Config::read(&mut root, &around.overlay);
        let folders =
            Folders { base: base.clone(), logs: around.logs.as_deref().map(first_folder) };
        let sinks = SinkSpec::read_all(&mut root, &folders);
        root.finish();

        let mut drafts: Vec<(FeedDraft, PathBuf)> =
            config.inline.iter().map(|draft| (draft.clone(), base.clone())).collect();
        for entry in &config.feeds {
            read_feeds(&document, &base, entry, &mut drafts, &problems);
        }
        let feeds = finish_feeds(drafts, around, &problems, &warnings);
        if feeds.is_empty() && problems.is_empty() {
            let problem = Problem::new(Place::File(path.to_owned()), "there is no feed to poll");
            problems.push(problem.hint("add a [[feed]] with a `url`, or name a file in `feeds`"));
        }
        let rule_files = read_rule_files(&document, &base, &config.rules, &problems);
        let rules = RuleSet::compile(&rule_files, &problems);
        if sinks.is_empty() && problems.is_empty() {
            let problem = Problem::new(Place::File(path.to_owned()), "there is no sink");
            warnings.push(problem.hint("alerts are stored but shown nowhere; add a [[sink]]"));
        }
        check_filters(&sinks, rules.as_ref(), &document, &problems);
        let problems = problems.into_vec();
        match rules {
            Some(rules) if problems.is_empty() => Ok(Self {
                path: path.to_owned(),
                store_path: store_path(&config.store, &base, around),
                poll: config.poll,
                net: config.net,
                store: config.store,
                log: config.log,
                feeds,
                rules,
                sinks,
                warnings: warnings.into_vec(),
            }),
            _ => Err(problems),
        }
    }

    /// Runs the examples of all rules; a problem for each that fails.
    pub fn check_examples(&self) -> Vec<Problem> {
        self.rules.check_examples()
    }
}

/// Reads rule files alone, for verbs that need no config.
pub fn read_rules(paths: &[PathBuf]) -> Result<RuleSet, Vec<Problem>> {
    let problems = Problems::default();
    let files: Vec<Document> = paths
        .iter()
        .filter_map(|path| match read_file(path) {
            Ok(text) => Some(Document::new(path, text)),
            Err(problem) => {
                problems.push(problem);
                None
            }
        })
        .collect();
    let rules = RuleSet::compile(&files, &problems);
    let problems = problems.into_vec();
    match rules {
        Some(rules) if problems.is_empty() => Ok(rules),
        _ => Err(problems),
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn store_path(store: &StoreSection, base: &Path, around: &Surroundings) -> PathBuf {
    match (&store.path, &around.state) {
        (Some(path), _) => base.join(path),
        (None, Some(state)) => first_folder(state).join("wirewatch.db"),
        (None, None) => base.join("wirewatch.db"),
    }
}

/// systemd gives several folders separated by colons.
fn first_folder(folders: &Path) -> PathBuf {
    let first = folders.to_string_lossy();
    PathBuf::from(first.split(':').next().unwrap_or("."))
}

fn read_file(path: &Path) -> Result<String, Problem> {
    let fail = |message: String| Problem::new(Place::File(path.to_owned()), message);
    let about = std::fs::metadata(path).map_err(|error| {
        let problem = fail(format!("cannot be read: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => problem.hint("is the path right?"),
            std::io::ErrorKind::PermissionDenied => {
                problem.hint("the user that wirewatch runs as must be able to read it")
            }
            _ => problem,
        }
    })?;
    if about.is_dir() {
        return Err(fail("is a folder, not a file".to_owned()));
    }
    if about.len() > MAX_FILE {
        return Err(fail(format!("is larger than {} MiB", MAX_FILE >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        fail(format!("is not UTF-8 (line {})", line + 1)).hint("save it as UTF-8")
    })
}

/// The files that a glob names, sorted. None at all is a problem.
fn expand(
    document: &Document,
    base: &Path,
    entry: &At<String>,
    problems: &Problems,
) -> Vec<PathBuf> {
    let note = |message: String, hint: &str| {
        problems.push(document.problem(&entry.source, message).hint(hint));
    };
    let full = base.join(&entry.value);
    let paths = match glob::glob(&full.to_string_lossy()) {
        Ok(paths) => paths,
        Err(error) => {
            note(format!("\"{}\": {error}", entry.value), "`*` and `?` stand for any characters");
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for path in paths {
        match path {
            Ok(path) => files.push(path),
            Err(error) => note(format!("cannot be read: {error}"), "check its permissions"),
        }
    }
    if files.is_empty() {
        let message = format!("\"{}\" names no file", entry.value);
        note(message, "paths are relative to the file that names them");
    }
    files
}

fn read_rule_files(
    document: &Document,
    base: &Path,
    entries: &[At<String>],
    problems: &Problems,
) -> Vec<Document> {
    if entries.is_empty() {
        let problem = Problem::new(Place::File(document.path().to_owned()), "it names no `rules`");
        problems.push(problem.hint("add `rules = [\"rules/*.toml\"]`"));
    }
    let mut paths: Vec<PathBuf> =
        entries.iter().flat_map(|entry| expand(document, base, entry, problems)).collect();
    let mut known = std::collections::HashSet::new();
    paths.retain(|path| known.insert(path.clone()));
    paths
        .iter()
        .filter_map(|path| match read_file(path) {
            Ok(text) => Some(Document::new(path, text)),
            Err(problem) => {
                problems.push(problem);
                None
            }
        })
        .collect()
}

/// A sink that waits for a rule that does not exist would wait for ever.
fn check_filters(
    sinks: &[SinkSpec],
    rules: Option<&RuleSet>,
    document: &Document,
    problems: &Problems,
) {
    let Some(rules) = rules else { return };
    let known: Vec<&str> = rules.rules().map(|rule| rule.id.as_str()).collect();
    for (spec, wanted) in
        sinks.iter().flat_map(|spec| spec.filter.rules.iter().map(move |at| (spec, at)))
    {
        let name = wanted.value.as_str();
        if known.contains(&name) {
            continue;
        }
        let message = format!("sink \"{}\": rule \"{name}\" does not exist", spec.name);
        let near = known.iter().min_by_key(|rule| strsim::damerau_levenshtein(rule, name));
        let hint = match near {
            Some(near) if strsim::damerau_levenshtein(near, name) <= 3 => {
                format!("did you mean \"{near}\"? Rules: {}", known.join(", "))
            }
            _ => format!("rules: {}", known.join(", ")),
        };
        problems.push(document.problem(&wanted.source, message).hint(hint));
    }
}

fn read_feeds(
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
fn finish_feeds(
    drafts: Vec<(FeedDraft, PathBuf)>,
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
        let plain = draft.headers.is_empty() && draft.credentials.is_none();
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
            enabled: draft.enabled,
        }));
    }
    feeds
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
