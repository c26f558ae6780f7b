//! Values from the environment and from flags, over those of the file.

use crate::document::{Source, Table};

const SECTIONS: [&str; 5] = ["poll", "net", "store", "log", "metrics"];
const PREFIX: &str = "WIREWATCH_";
/// Keys that stand in no section.
const KEYS: [&str; 2] = ["rules", "feeds"];
/// Read by the command line before there is a config.
const NOT_OURS: [&str; 1] = ["WIREWATCH_CONFIG"];

/// Values that win over the file's: first the environment's, then the flags'.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    values: Vec<OverlayValue>,
    ignored: Vec<String>,
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
    /// `WIREWATCH_RULES` is `rules`. One that names neither a section nor a key is let be, for
    /// others use such names too (Kubernetes does); see [`Overlay::ignored`].
    pub fn from_env(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut overlay = Self::default();
        for (name, text) in vars {
            let Some(path) = name.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else {
                continue;
            };
            let (section, key) = split(&path, '_');
            if section.is_some() || KEYS.contains(&key.as_str()) {
                overlay.values.push(OverlayValue { section, key, text, source: Source::Env(name) });
            } else if !NOT_OURS.contains(&name.as_str()) {
                overlay.ignored.push(name);
            }
        }
        overlay.values.sort_by(|a, b| a.key.cmp(&b.key));
        overlay.ignored.sort();
        overlay
    }

    /// Variables with our prefix that mean nothing to us.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
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
