//! Something wrong in a config, said so that it can be mended.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use super::text::{is_unprintable, visible};

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A span of a text file.
    Span {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Width in characters, at least 1, within the line.
        width: u32,
        /// The line, with secrets starred out; of a long one, what is near the place.
        text: String,
        /// How many characters of `text` stand before the place.
        indent: u32,
    },
    /// A file or folder as a whole.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A command line flag.
    Flag(String),
}

impl Place {
    /// The place of the bytes `span` of `text`, the content of `path`.
    pub fn in_text(path: &Path, text: &str, span: std::ops::Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.floor_char_boundary(span.end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line_text = text[line_start..line_end].trim_end_matches('\r');
        let before = text[line_start..start].chars().count();
        let (shown, indent) = excerpt(masked(line_text), before);
        Self::Span {
            path: path.to_owned(),
            line: memchr::memchr_iter(b'\n', &text.as_bytes()[..start]).count() + 1,
            column: before + 1,
            width: narrow(text[start..end.min(line_end)].chars().count().max(1)),
            text: shown,
            indent: narrow(indent),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { path, line, column, .. } => {
                write!(f, "{}:{line}:{column}", path.display())
            }
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// So many characters of a line are shown at most,
const MAX_SHOWN: usize = 200;
/// of them so many before the place,
const MAX_BEFORE: usize = 80;
/// and so many of a message.
const MAX_MESSAGE: usize = 600;

/// What is shown of a line, and how many characters of that stand before the place, which has
/// `before` in the line.
fn excerpt(line: String, before: usize) -> (String, usize) {
    let from = before.saturating_sub(MAX_BEFORE);
    if line.chars().nth(MAX_SHOWN).is_none() {
        return (line, before);
    }
    let mut rest = line.chars().skip(from);
    let mut shown = if from > 0 { "…".to_owned() } else { String::new() };
    shown.extend(rest.by_ref().take(MAX_SHOWN));
    if rest.next().is_some() {
        shown.push('…');
    }
    (shown, before - from + usize::from(from > 0))
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// One thing wrong in a config. Displays as place, message, the line with a caret, and the hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong: one clause, lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Problem {
    /// The same problem with what it marks in the line starred out, for values that are secret.
    #[must_use]
    pub fn starred(mut self) -> Self {
        if let Place::Span { text, width, indent, .. } = &mut self.place {
            let marked = *indent as usize..*indent as usize + *width as usize;
            let star = |(at, c)| if marked.contains(&at) { '*' } else { c };
            *text = text.chars().enumerate().map(star).collect();
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = visible(&self.message);
        let end = message.char_indices().nth(MAX_MESSAGE).map(|(at, _)| at);
        let more = if end.is_some() { "…" } else { "" };
        let message = &message[..end.unwrap_or(message.len())];
        write!(f, "{}: {message}{more}", visible(&self.place.to_string()))?;
        if let Place::Span { line, width, text, indent, .. } = &self.place {
            let shown: String =
                text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
            let gutter = " ".repeat(line.to_string().len());
            let carets = "^".repeat((*width as usize).min(MAX_SHOWN));
            let indent = " ".repeat(*indent as usize);
            write!(f, "\n  {line} | {shown}\n  {gutter} | {indent}{carets}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", visible(hint))?;
        }
        Ok(())
    }
}

/// The one of `known` that `word` may have been meant as: no more than a third of its letters, and
/// one, are other, missing or swapped.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &word), known))
        .min()
        .filter(|(distance, known)| *distance <= known.chars().count() / 3 + 1)
        .map(|(_, known)| known)
}

/// What the name of a key holds whose value is, or may be meant as, a secret.
const SECRET: [&str; 8] = ["pass", "secret", "token", "key", "auth", "cookie", "header", "topic"];

/// What is in the URL of a webhook, behind whose host all is secret.
const HOOKS: [&str; 3] = ["hook", "/services/", "/bot"];

/// A line of a config with its secrets starred out, each character by one star: the value of a key
/// that is, or looks like, that of a secret, quoted or not; the userinfo of URLs, and all but the
/// host of those that look like a webhook's.
fn masked(line: &str) -> String {
    let (key, _) = line.split_once('=').unwrap_or(("", line));
    let name = key.trim().trim_matches('"').to_lowercase();
    // A line of a list, such as `"press key", "=US",`, has quotes and commas but no key.
    let is_list = key.trim_start().starts_with(['"', '\'']) && key.contains(',');
    let secret = !is_list
        && !name.ends_with("_file")
        && (SECRET.iter().any(|word| name.contains(word))
            || matches!(name.as_str(), "env" | "topic")
            || MISSPELT.iter().any(|(word, by)| strsim::damerau_levenshtein(&name, word) <= *by));
    let from = if secret { key.len() } else { line.len() };
    let mut value = Value::None;
    let mut open = Vec::new();
    let starred: String = line
        .char_indices()
        .map(|(at, c)| if at < from { c } else { value.star(c, &mut open) })
        .collect();
    without_userinfo(&starred)
}

/// How many letters may be wrong in the name of a secret's key.
const MISSPELT: [(&str, usize); 3] = [("password", 2), ("secret", 1), ("token", 1)];

/// Where in a value a character stands.
enum Value {
    /// Before one, behind one, or in the name of a table's key.
    None,
    /// Behind a `=`, or where a list has its next value.
    Begins,
    /// In one that began with this quote.
    Quoted(char),
    /// In one without quotes.
    Bare,
}

impl Value {
    /// What to show for the next character; `open`: lists and tables that it is in.
    fn star(&mut self, c: char, open: &mut Vec<char>) -> char {
        match (&self, c) {
            (Self::Quoted(quote), c) if c == *quote => *self = Self::None,
            (Self::Quoted(_), _) => return '*',
            (Self::Bare | Self::None, ',') if open.last() == Some(&'[') => *self = Self::Begins,
            (Self::Bare, ',') if !open.is_empty() => *self = Self::None,
            (Self::Bare, '}' | ']') if open.pop().is_some() => *self = Self::None,
            (Self::Bare, c) => return if c.is_whitespace() { c } else { '*' },
            (_, '"' | '\'') => *self = Self::Quoted(c),
            (_, '=') => *self = Self::Begins,
            (_, '[' | '{') => {
                open.push(c);
                *self = if c == '[' { Self::Begins } else { Self::None };
            }
            (_, ']' | '}') => {
                open.pop();
                *self = Self::None;
            }
            (Self::Begins, c) if !c.is_whitespace() && c != ',' => {
                *self = Self::Bare;
                return '*';
            }
            _ => {}
        }
        c
    }
}

fn without_userinfo(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let host = after.find(['/', '?', '#', '"', '\'', ' ']).unwrap_or(after.len());
        let userinfo = after[..host].rfind('@').unwrap_or(0);
        out.push_str(before);
        out.extend(after[..userinfo].chars().map(|_| '*'));
        rest = &after[userinfo..];
        let end = after.find(['"', '\'', ' ']).unwrap_or(after.len());
        let url = after[..end].to_ascii_lowercase();
        if HOOKS.iter().any(|word| url.contains(word)) {
            out.push_str(&after[userinfo..host]);
            out.extend(after[host..end].chars().map(|_| '*'));
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    out
}

/// Collects problems, so that all are told at once.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Notes one more.
    pub fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Whether there is none so far.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// All of them, in the order noted.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_the_line_and_a_caret_under_it() {
        let text = "a = 1\nключ = \"x\"\r\nc = 3\n";
        let at = text.find("\"x\"").unwrap();
        let place = Place::in_text(Path::new("w.toml"), text, at..at + 3);
        let problem = Problem::new(place, "not a number").hint("write 5");
        assert_eq!(
            problem.to_string(),
            "w.toml:2:8: not a number\n  2 | ключ = \"x\"\n    |        ^^^\nhint: write 5"
        );
    }

    #[test]
    fn of_a_long_line_what_is_near_the_place_is_shown() {
        let text = format!("any = [\"{}\", \"x*y\", \"{}\"]", "а".repeat(900), "b".repeat(900));
        let at = text.find("*y").unwrap();
        let problem =
            Problem::new(Place::in_text(Path::new("r"), &text, at..at + 1), "c".repeat(9000));
        let told = problem.to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("r:1:914: ccc") && lines[0].chars().count() < 700, "{told}");
        let at = |c: char, line: &str| line.chars().position(|found| found == c).unwrap();
        assert_eq!(at('*', lines[1]), at('^', lines[2]), "{told}");
        assert!(lines[1].chars().count() < 250 && lines[1].ends_with('…'), "{told}");
    }

    #[test]
    fn what_a_foreign_file_holds_does_nothing_to_a_terminal() {
        let text = "url = \"\u{202e}\u{1b}[2J\"";
        let place = Place::in_text(Path::new("a\u{1b}c.opml"), text, 6..16);
        let problem = Problem::new(place, "no \u{1b}[2J").hint("not \u{2028}");
        assert_eq!(
            problem.to_string(),
            "a␛c.opml:1:7: no ␛[2J\n  1 | url = \"  [2J\"\n    |       ^^^^^^^\n\
             hint: not \u{fffd}"
        );
    }

    #[test]
    fn a_span_past_the_end_or_over_lines_stays_within_its_line() {
        for (span, line, width) in [(0..99, 1, 1), (2..9, 2, 1), (90..99, 2, 1)] {
            let Place::Span { line: l, width: w, .. } =
                Place::in_text(Path::new("x"), "a\nb", span.clone())
            else {
                panic!("a span")
            };
            assert_eq!((l, w), (line, width), "{span:?}");
        }
    }

    #[test]
    fn what_was_meant_is_guessed_if_it_is_near() {
        let known = ["interval", "per_host", "file"];
        let cases = [
            ("intervall", Some("interval")),
            ("Per-Host", Some("per_host")),
            ("fiel", Some("file")),
            ("teleport", None),
            ("", None),
        ];
        for (word, meant) in cases {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }

    #[test]
    fn secrets_are_starred_out_of_the_line() {
        let cases = [
            ("password = \"hunter2\"", "password = \"*******\""),
            ("pasword = 'hunter2' # old", "pasword = '*******' # old"),
            ("password = \"hunter2", "password = \"*******"),
            ("headers = { \"X\" = \"k3y\" }", "headers = { \"*\" = \"***\" }"),
            ("password_file = \"where\"", "password_file = \"where\""),
            ("title = \"plain\"", "title = \"plain\""),
            ("url = \"https://u:p@e.example:99/x@y\"", "url = \"https://***@e.example:99/x@y\""),
            ("https://u:p@e.example", "https://***@e.example"),
            ("  \"press key\", \"=US\", \"=EE.UU.\",", "  \"press key\", \"=US\", \"=EE.UU.\","),
            ("https://e.example/x", "https://e.example/x"),
            (
                "url = \"https://hooks.e.example/T/B\" # x",
                "url = \"https://hooks.e.example****\" # x",
            ),
            ("url = \"http://e/api/webhooks/1", "url = \"http://e***************"),
            ("topic = \"quiet\"", "topic = \"*****\""),
            ("token = tk_abc def", "token = ****** ***"),
            ("tokn = \"abc\"", "tokn = \"***\""),
            ("Authorization = Bearer abc", "Authorization = ****** ***"),
            ("headers = { A = 47, B = \"x\" } # why", "headers = { A = **, B = \"*\" } # why"),
            ("env = { A = 4711.5 }", "env = { A = ****** }"),
            ("secrets = [a, 'b']", "secrets = [*, '*']"),
        ];
        for (line, shown) in cases {
            assert_eq!(masked(line), shown);
        }
    }
}
