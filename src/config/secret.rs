//! Keys whose values are secrets: in the config itself, or in a file that it names.

use std::path::PathBuf;

use reqwest::header::{HeaderName, HeaderValue};

use crate::document::{Node, Table};
use crate::model::{Place, Secret};

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// It stands in the config.
    Inline(Secret),
    /// It stands in a file, or, as `credential:NAME`, in systemd's credentials folder.
    File {
        /// As written.
        path: PathBuf,
        /// Where that is written.
        place: Place,
    },
}

/// Takes a secret out of a table: `key` has it, `file_key` names its file. `None` if neither is
/// there, or what is there is wrong; that is noted.
pub fn read_secret(
    table: &mut Table<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<SecretSource> {
    let inline = table.get_secret(key);
    let file = table.get_at::<String>(file_key);
    match (inline, file) {
        (Some(_), Some(file)) => {
            let message = format!("both `{key}` and `{file_key}` are given");
            let problem = table.document().problem(&file.source, message);
            table.note(problem.hint(format!("keep one; `{file_key}` keeps it out of the config")));
            None
        }
        (Some(inline), None) => Some(SecretSource::Inline(Secret::new(inline.value))),
        (None, Some(file)) => Some(SecretSource::File {
            path: PathBuf::from(file.value),
            place: table.document().problem(&file.source, "").place,
        }),
        (None, None) => None,
    }
}

/// Takes `headers` out of a table: pairs of a name and a value, which is text or
/// `{ file = "…" }`. What is wrong is noted and left out.
pub fn read_headers(table: &mut Table<'_>) -> Vec<(String, SecretSource)> {
    let mut headers = Vec::new();
    let Some(node) = table.get::<Node>("headers") else { return headers };
    let Some(pairs) = node.as_table() else {
        let message = format!("`headers`: expected a table, found {}", node.kind());
        let problem = table.document().problem(node.source(), message);
        table.note(problem.hint("headers = { \"X-Api-Key\" = \"…\" }"));
        return headers;
    };
    for (name, value) in pairs {
        let file = value.as_table().and_then(|mut pairs| match (pairs.next(), pairs.next()) {
            (Some(("file", path)), None) => path.as_text(),
            _ => None,
        });
        let place = || table.document().problem(value.source(), "").place;
        let source = match (value.as_text(), file) {
            (Some(text), _) if HeaderValue::from_str(text).is_ok() => {
                SecretSource::Inline(Secret::new(text))
            }
            (None, Some(path)) => SecretSource::File { path: PathBuf::from(path), place: place() },
            _ => {
                let message = format!("the value of header \"{name}\" cannot be sent");
                let problem = table.document().problem(value.source(), message);
                table.note(problem.hint("a string without line breaks, or { file = \"…\" }"));
                continue;
            }
        };
        if HeaderName::try_from(name).is_ok() {
            headers.push((name.to_owned(), source));
        } else {
            let message = format!("\"{name}\" is no HTTP header name");
            table.note(table.document().problem(value.source(), message));
        }
    }
    headers
}
