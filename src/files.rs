//! The files that a config names: read within bounds, secrets and certificates among them.

use std::path::{Path, PathBuf};

use crate::config::{ProxyChoice, RouteDraft, SecretSource};
use crate::model::{Place, Problem, Proxy, Route, Secret, visible};
use crate::net::read_roots;

/// No file that a config names may be larger.
const MAX_FILE: u64 = 16 << 20;

/// The folder that `path` is in.
pub fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The text of a file, of at most 16 MiB.
///
/// # Errors
/// What is wrong with it, and what can be done.
pub fn read_file(path: &Path) -> Result<String, Problem> {
    let fail = |message: String| Problem::new(Place::File(path.to_owned()), message);
    let unreadable = |error: std::io::Error| {
        let problem = fail(format!("cannot be read: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => problem.hint("is the path right?"),
            std::io::ErrorKind::PermissionDenied => {
                problem.hint("the user that wirewatch runs as must be able to read it")
            }
            _ => problem,
        }
    };
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if about.is_dir() {
        return Err(fail("is a folder, not a file".to_owned()));
    }
    // Reading a pipe or a device might never end.
    if !about.is_file() {
        return Err(fail("is no ordinary file".to_owned()));
    }
    if about.len() > MAX_FILE {
        return Err(fail(format!("is larger than {} MiB", MAX_FILE >> 20)));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let wrong = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let place = Place::in_text(path, &text, wrong..wrong + 1);
        Problem::new(place, "is not UTF-8 from here on").hint("save it as UTF-8")
    })
}

/// What stands before the name of one of systemd's credentials.
const CREDENTIAL: &str = "credential:";

/// Where secrets lie.
#[derive(Clone, Debug, Default)]
pub struct Vault {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`: where systemd lays credentials.
    pub credentials: Option<PathBuf>,
    /// Whether this only looks at the config of a service: its credentials cannot be had then, and
    /// are not asked for.
    pub from_outside: bool,
    /// Whether secrets are not needed: no file is read for one, and each that stands in a file is
    /// the empty one.
    pub without_secrets: bool,
}

impl Vault {
    /// Whether the secret is asked for. If not, an empty one stands for it.
    pub fn asks_for(&self, source: &SecretSource) -> bool {
        let SecretSource::File { path, .. } = source else { return true };
        let is_credential = path.to_str().is_some_and(|path| path.starts_with(CREDENTIAL));
        let at_hand = !self.from_outside || self.credentials.is_some();
        !self.without_secrets && (!is_credential || at_hand)
    }

    /// The secret, which is one line, without the line end of its file and blanks before that.
    ///
    /// # Errors
    /// That it cannot be had.
    pub fn read(&self, source: &SecretSource) -> Result<Secret, Problem> {
        let (path, place) = match source {
            SecretSource::Inline(secret) => return Ok(secret.clone()),
            SecretSource::File { path, place } => (path, place),
        };
        let credential = path.to_str().and_then(|path| path.strip_prefix(CREDENTIAL));
        if let Some(name) = credential
            && (matches!(name, "" | "." | "..") || name.contains(['/', '\0']))
        {
            let message = format!("\"{}\" is no name of a credential", visible(name));
            let hint = "the name alone, as in `LoadCredential=NAME:…`; of a file, its path alone";
            return Err(Problem::new(place.clone(), message).hint(hint));
        }
        if !self.asks_for(source) {
            return Ok(Secret::new(""));
        }
        let full = match (credential, &self.credentials) {
            (Some(name), Some(credentials)) => credentials.join(name),
            (Some(name), None) => {
                let message = format!("there is no systemd credential \"{name}\"");
                let hint = format!("add `LoadCredential={name}:…` to the unit, or name a file");
                return Err(Problem::new(place.clone(), message).hint(hint));
            }
            (None, _) => self.folder.join(path),
        };
        // Nothing of what stands in the file may be told, not even the line that is wrong.
        let wrong = |what: &str| {
            Problem::new(place.clone(), format!("the secret file {} {what}", full.display()))
        };
        let text = read_file(&full).map_err(|problem| {
            let told = wrong(&problem.message);
            problem.hint.into_iter().fold(told, Problem::hint)
        })?;
        let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        let secret = text.trim_end_matches([' ', '\t', '\r', '\n']);
        match secret {
            _ if secret.contains(['\r', '\n']) => {
                Err(wrong("has more than one line").hint("a secret is one line"))
            }
            _ if !text.is_empty() && secret.trim().is_empty() => Err(wrong("is blank")),
            _ => Ok(Secret::new(secret)),
        }
    }
}

/// The route that `draft` describes, with `proxy` if it says nothing of one; `folder` is where its
/// paths start.
///
/// # Errors
/// That its certificates cannot be read.
pub fn read_route(
    draft: &RouteDraft,
    proxy: Option<&Proxy>,
    folder: &Path,
) -> Result<Route, Problem> {
    let proxy = match &draft.proxy {
        Some(ProxyChoice::Straight) => None,
        Some(ProxyChoice::Through(proxy)) => Some(proxy.clone()),
        None => proxy.cloned(),
    };
    let roots = match &draft.ca_file {
        None => None,
        Some((path, place)) => {
            let file = folder.join(path);
            let (why, hint) = match read_file(&file) {
                Ok(pem) => match read_roots(pem.as_bytes()) {
                    Ok(roots) => {
                        return Ok(Route {
                            proxy,
                            http1_only: draft.http1_only,
                            roots: Some(roots),
                        });
                    }
                    Err(why) => (why, None),
                },
                Err(problem) => (problem.message, problem.hint),
            };
            let wanted = "a file with certificates in PEM form, of the server or of its authority";
            let message = format!("the `ca_file` {} {why}", file.display());
            let hint = hint.unwrap_or_else(|| wanted.to_owned());
            return Err(Problem::new(place.clone(), message).hint(hint));
        }
    };
    Ok(Route { proxy, http1_only: draft.http1_only, roots })
}
