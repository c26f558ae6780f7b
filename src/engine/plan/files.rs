//! The files that a plan reads.

use std::path::{Path, PathBuf};

use crate::document::{At, Document};
use crate::files::folder;
use crate::model::{Place, Problem, Problems};

/// `path` in one spelling: its folder as the system knows it, if it is there.
pub(super) fn plain(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    match folder(path).canonicalize() {
        Ok(folder) => folder.join(name),
        Err(_) => path.components().collect(),
    }
}

/// The files that a glob names, sorted. None at all is a problem.
pub(super) fn expand(
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

/// The rule files that a command line names, each once: files, the `*.toml` of folders, and what
/// globs match.
pub(super) fn rule_files(named: &[PathBuf], problems: &Problems) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in named {
        let text = path.to_string_lossy();
        let is_folder = path.is_dir();
        let pattern = match is_folder {
            true => format!("{}/*.toml", glob::Pattern::escape(text.trim_end_matches('/'))),
            false => text.clone().into_owned(),
        };
        let is_glob = is_folder || (text.contains(['*', '?', '[']) && !path.exists());
        if !is_glob {
            files.push(path.clone());
            continue;
        }
        let found = match glob::glob(&pattern) {
            Ok(found) => found.filter_map(Result::ok).filter(|path| path.is_file()).collect(),
            Err(_) => Vec::new(),
        };
        if found.is_empty() {
            let message = if is_folder { "has no *.toml in it" } else { "names no file" };
            let problem = Problem::new(Place::File(path.clone()), message);
            problems.push(problem.hint("name a rule file, or a folder with rule files"));
        }
        files.extend(found);
    }
    let mut known = std::collections::HashSet::new();
    files.retain(|path| known.insert(plain(path)));
    files
}
