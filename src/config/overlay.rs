//! Values from the environment and from flags, over those of the file.

use crate::document::{Source, Table};

const SECTIONS: [&str; 4] = ["poll", "net", "store", "log"];
const PREFIX: &str = "WIREWATCH_";
/// Read by the command line before there is a config.
const NOT_OURS: [&str; 1] = ["WIREWATCH_CONFIG"];

/// Values that win over the file's: first the environment's, then the flags'.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    values: Vec<OverlayValue>,
}

#[derive(Clone, Debug)]
struct OverlayValue {
    section: Option<&'static str>,
    key: String,
    text: String,
    source: Source,
}

impl Overlay {
    /// Takes every `WIREWATCH_…` variable: `WIREWATCH_POLL_INTERVAL` is `interval` in `[poll]`,
    /// `WIREWATCH_RULES` is `rules`.
    pub fn from_env(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut values: Vec<OverlayValue> = vars
            .into_iter()
            .filter(|(name, _)| !NOT_OURS.contains(&name.as_str()))
            .filter_map(|(name, text)| {
                let path = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
                let (section, key) = split(&path, '_');
                Some(OverlayValue { section, key, text, source: Source::Env(name) })
            })
            .collect();
        values.sort_by(|a, b| a.key.cmp(&b.key));
        Self { values }
    }

    /// Adds a flag: `path` is `poll.interval` or `rules`.
    pub fn push_flag(&mut self, path: &str, text: &str) {
        let (section, key) = split(path, '.');
        let source = Source::Flag(format!("--set {path}"));
        self.values.push(OverlayValue { section, key, text: text.to_owned(), source });
    }

    /// Puts the values that belong to no section.
    pub fn apply_root(&self, root: &mut Table<'_>) {
        self.apply(None, root);
    }

    /// The section `name` of `root`, with the values that belong there put in.
    pub fn section<'a>(&self, root: &mut Table<'a>, name: &'static str) -> Table<'a> {
        let mut table = root.table(name);
        self.apply(Some(name), &mut table);
        table
    }

    fn apply(&self, section: Option<&str>, table: &mut Table<'_>) {
        for value in self.values.iter().filter(|value| value.section == section) {
            table.put(&value.key, &value.text, value.source.clone());
        }
    }
}

fn split(path: &str, separator: char) -> (Option<&'static str>, String) {
    for section in SECTIONS {
        if let Some(key) = path.strip_prefix(section).and_then(|rest| rest.strip_prefix(separator))
        {
            return (Some(section), key.to_owned());
        }
    }
    (None, path.to_owned())
}
