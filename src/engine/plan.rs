//! The plan: the config, checked, with everything that it names read in and ready to run.
//!
//! `check`, start and reload are one call, [`Plan::build`]; it has no effect but to read files.

mod feeds;
mod files;
mod filters;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::feeds::{finish_feeds, read_feeds};
use self::files::{expand, plain, rule_files};
use self::filters::check_filters;
use crate::config::{
    Config, FeedDraft, LogSection, MetricsSection, NetSection, Overlay, PollSection, StoreSection,
};
use crate::document::{At, Document};
use crate::files::{Vault, folder, read_file};
use crate::model::{Alert, Feed, Place, Problem, Problems, SinkName};
use crate::rules::RuleSet;
use crate::sinks::{self, SinkSpec};

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
    /// Where the daemon can be looked at.
    pub metrics: MetricsSection,
    /// The feeds, disabled ones included.
    pub feeds: Vec<Arc<Feed>>,
    /// The rules.
    pub rules: RuleSet,
    /// The files that they stand in.
    pub rule_files: Vec<Document>,
    /// The sinks.
    pub sinks: Vec<SinkSpec>,
    /// What is odd, but can be run.
    pub warnings: Vec<Problem>,
}

/// A plan, and what is wrong with it.
#[derive(Debug)]
pub struct Draft {
    /// What could be had.
    pub plan: Plan,
    /// All that is wrong.
    pub problems: Vec<Problem>,
    /// Whether nothing of that can mean that the store is another one.
    pub store_is_sure: bool,
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
    /// Variables that the program of a `command` sink gets too.
    pub inherited: Vec<(String, OsString)>,
    /// Whether this only looks at the config of a service: its credentials cannot be had then, and
    /// are not asked for.
    pub from_outside: bool,
    /// Whether this only asks what is where: secrets that stand in files are not needed then, and
    /// one that cannot be read is no problem.
    pub without_secrets: bool,
}

impl Surroundings {
    /// Where secrets lie that a file in `folder` names.
    pub fn vault(&self, folder: &Path) -> Vault {
        Vault {
            folder: folder.to_owned(),
            credentials: self.credentials.clone(),
            from_outside: self.from_outside,
            without_secrets: self.without_secrets,
        }
    }

    /// What the sinks of a config in the folder `base` are read with.
    fn of_sinks(&self, base: &Path, net: &NetSection) -> sinks::Around {
        sinks::Around {
            vault: self.vault(base),
            logs: self.logs.as_deref().map(first_folder),
            environment: self.inherited.clone(),
            proxy: net.proxy.clone(),
        }
    }
}

impl Plan {
    /// Reads the config file at `path` and all that it names. Answers with all problems at once.
    pub fn build(path: &Path, around: &Surroundings) -> Result<Self, Vec<Problem>> {
        let Draft { plan, problems, .. } = Self::draft(path, around)?;
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// The same as far as it goes: what has a problem is left out, or as it is by default.
    ///
    /// # Errors
    /// If there is nothing to be had.
    pub fn draft(path: &Path, around: &Surroundings) -> Result<Draft, Vec<Problem>> {
        let problems = Problems::default();
        let warnings = Problems::default();
        let text = match read_file(path) {
            Ok(text) => text,
            Err(problem) => return Err(vec![problem]),
        };
        let base = folder(path);
        let document = Document::new(path, text);
        let mut root = document.root(&problems);
        if root.is_broken() {
            drop(root);
            return Err(problems.into_vec());
        }
        let config = Config::read(&mut root, &around.overlay);
        around.overlay.ignored().iter().for_each(|name| warnings.push(ignored(name)));
        let sinks = SinkSpec::read_all(&mut root, &around.of_sinks(&base, &config.net));
        let before = problems.len();
        root.finish();
        let store_is_sure = problems.len() == before && has_sound_store(&document, around);

        let mut drafts: Vec<(FeedDraft, PathBuf)> =
            config.inline.iter().map(|draft| (draft.clone(), base.clone())).collect();
        for entry in &config.feeds {
            read_feeds(&document, &base, entry, &mut drafts, &problems);
        }
        let feeds = finish_feeds(drafts, &config.net, around, &problems, &warnings);
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
        check_filters(&sinks, rules.as_ref(), &document, (&problems, &warnings));
        let store_path = store_path(&config.store, &base, around);
        let config_files = rule_files.iter().map(Document::path).chain([path]);
        check_places(&sinks, &store_path, config_files, &document, &problems);
        let problems = problems.into_vec();
        let Some(rules) = rules.or_else(|| RuleSet::compile(&[], &Problems::default())) else {
            return Err(problems);
        };
        let plan = Self {
            path: path.to_owned(),
            store_path,
            poll: config.poll,
            net: config.net,
            store: config.store,
            log: config.log,
            metrics: config.metrics,
            feeds,
            rules,
            rule_files,
            sinks,
            warnings: warnings.into_vec(),
        };
        Ok(Draft { plan, problems, store_is_sure })
    }

    /// The sinks that take `alert`.
    pub fn sinks_for(&self, alert: &Alert) -> Vec<SinkName> {
        let takes = |spec: &&SinkSpec| spec.takes(alert);
        self.sinks.iter().filter(takes).map(|spec| spec.name.clone()).collect()
    }

    /// Runs the examples of all rules; a problem for each that fails.
    pub fn check_examples(&self) -> Vec<Problem> {
        self.rules.check_examples(&self.rule_files)
    }
}

/// Rules without a config.
#[derive(Debug)]
pub struct RuleFiles {
    /// The rules.
    pub rules: RuleSet,
    /// The files that they stand in.
    pub files: Vec<Document>,
}

/// Reads rule files alone, for verbs that need no config; `None` if there is none to read. What is
/// named is a file, a folder for its `*.toml`, or a glob where no such file is.
pub fn read_rules(named: &[PathBuf]) -> Result<Option<RuleFiles>, Vec<Problem>> {
    if named.is_empty() {
        return Ok(None);
    }
    let problems = Problems::default();
    let files = read_documents(&rule_files(named, &problems), &problems);
    let rules = RuleSet::compile(&files, &problems);
    let problems = problems.into_vec();
    match rules {
        Some(rules) if problems.is_empty() => Ok(Some(RuleFiles { rules, files })),
        _ => Err(problems),
    }
}

fn ignored(name: &str) -> Problem {
    Problem::new(Place::Env(name.to_owned()), "is no setting; it is let be")
        .hint("settings are WIREWATCH_POLL_…, _NET_…, _STORE_…, _LOG_…, _METRICS_…")
}

/// Whether there is nothing wrong with `[store]`.
fn has_sound_store(document: &Document, around: &Surroundings) -> bool {
    let problems = Problems::default();
    let mut root = document.root(&problems);
    StoreSection::read(around.overlay.section(&mut root, "store"));
    drop(root);
    problems.is_empty()
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
    read_documents(&paths, problems)
}

/// The files that can be read; a problem for each of the others.
fn read_documents(paths: &[PathBuf], problems: &Problems) -> Vec<Document> {
    let read = |path: &PathBuf| match read_file(path) {
        Ok(text) => Some(Document::new(path, text)),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    paths.iter().filter_map(read).collect()
}

/// A sink that wrote to the store, or to the config, would destroy it.
fn check_places<'a>(
    sinks: &[SinkSpec],
    store: &Path,
    config: impl Iterator<Item = &'a Path>,
    document: &Document,
    problems: &Problems,
) {
    let mut taken: Vec<PathBuf> = config.map(Path::to_owned).collect();
    taken.extend(["", "-wal", "-shm", ".lock"].map(|end| {
        let mut name = store.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    }));
    let taken: Vec<PathBuf> = taken.iter().map(|path| plain(path)).collect();
    for spec in sinks {
        if let Some(path) = spec.kind.writes().filter(|path| taken.contains(&plain(path))) {
            let message = format!("sink \"{}\" would write over {}", spec.name, path.display());
            problems
                .push(document.problem(&spec.source, message).hint("give it a file of its own"));
        }
    }
}
