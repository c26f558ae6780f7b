//! How the examples of rule files came out.

use serde::Serialize;

use crate::document::Document;
use crate::model::{Item, Place, Problem, visible};
use crate::rules::{ExampleRun, RuleSet};

/// The whole; as JSON it is what `--format json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub passed: bool,
    #[serde(flatten)]
    pub count: Count,
    pub files: Vec<FileReport>,
    pub results: Vec<Outcome<'a>>,
    /// The ids of rules without examples.
    pub untested: Vec<&'a str>,
    /// The same with their places.
    #[serde(skip)]
    notes: Vec<Problem>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Count {
    pub rules: usize,
    pub examples: usize,
    pub ok: usize,
    pub failed: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub path: String,
    #[serde(flatten)]
    pub count: Count,
    /// Of those of its rules that have no examples.
    #[serde(skip)]
    pub untested: Vec<String>,
}

/// An example and how it came out.
#[derive(Debug, Serialize)]
pub(super) struct Outcome<'a> {
    pub rule: &'a str,
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// `match` or `ignore`.
    pub expects: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub summary: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    #[serde(skip)]
    pub problem: Option<Problem>,
    #[serde(skip)]
    document: usize,
}

impl<'a> Report<'a> {
    /// Runs the examples of the rules wanted, by id.
    pub(super) fn new(
        rules: &'a RuleSet,
        files: &[Document],
        wanted: impl Fn(&str) -> bool,
    ) -> Self {
        let path = |document: &Document| document.path().display().to_string();
        let mut reports: Vec<FileReport> = files
            .iter()
            .map(|document| FileReport {
                path: path(document),
                count: Count::default(),
                untested: Vec::new(),
            })
            .collect();
        let of_wanted = |run: &ExampleRun<'_>| wanted(run.rule.id.as_str());
        let runs = rules.run_examples().into_iter().filter(of_wanted);
        let results: Vec<Outcome<'a>> = runs.filter_map(|run| outcome(&run, files)).collect();
        for result in &results {
            let Some(report) = reports.get_mut(result.document) else { continue };
            report.count.examples += 1;
            *if result.ok { &mut report.count.ok } else { &mut report.count.failed } += 1;
        }
        let tested: std::collections::HashSet<&str> =
            results.iter().map(|result| result.rule).collect();
        let (mut untested, mut notes) = (Vec::new(), Vec::new());
        for (rule, (document, source)) in rules.rules().zip(rules.places()) {
            let id = rule.id.as_str();
            let Some(report) = reports.get_mut(document).filter(|_| wanted(id)) else { continue };
            report.count.rules += 1;
            if !tested.contains(id) {
                untested.push(id);
                report.untested.push(id.to_owned());
                let message = format!("rule `{id}` has no examples");
                notes.push(files[document].problem(source, message));
            }
        }
        let count = reports.iter().fold(Count::default(), |sum, report| sum.plus(report.count));
        reports.retain(|report| report.count.rules > 0);
        Self { passed: count.failed == 0, count, files: reports, results, untested, notes }
    }

    /// For people: what failed, what is not tested, and a line for each file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for result in &self.results {
            if let Some(problem) = &result.problem {
                text.push_str(&format!("{problem}\n{}\n", result.quoted()));
            }
        }
        for note in &self.notes {
            let (place, message) = (note.place.to_string(), &note.message);
            text.push_str(&format!("{}: note: {}\n", visible(&place), visible(message)));
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for file in &self.files {
            text.push_str(&format!("{}: {}\n", visible(&file.path), file.count.line()));
        }
        if self.files.len() != 1 {
            text.push_str(&format!("{} files: {}\n", self.files.len(), self.count.line()));
        }
        text
    }
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            rules: self.rules + other.rules,
            examples: self.examples + other.examples,
            ok: self.ok + other.ok,
            failed: self.failed + other.failed,
        }
    }

    fn line(self) -> String {
        let many = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {one}s"),
        };
        let (rules, examples) = (many(self.rules, "rule"), many(self.examples, "example"));
        format!("{rules}, {examples}: {} ok, {} failed", self.ok, self.failed)
    }
}

impl Outcome<'_> {
    /// The texts of the example, a line each.
    fn quoted(&self) -> String {
        let texts = [("title", self.title), ("summary", self.summary), ("content", self.content)];
        let there = texts.iter().filter(|(_, text)| !text.is_empty());
        there.map(|(field, text)| format!("{field}: {}\n", visible(text))).collect()
    }
}

fn outcome<'a>(run: &ExampleRun<'a>, files: &[Document]) -> Option<Outcome<'a>> {
    let file = files.get(run.document)?;
    let (line, column) = match file.problem(run.source, "").place {
        Place::Span { line, column, .. } => (line, column),
        Place::File(_) | Place::Env(_) | Place::Flag(_) => (1, 1),
    };
    let Item { title, summary, content, language, .. } = run.item;
    Some(Outcome {
        rule: run.rule.id.as_str(),
        file: file.path().display().to_string(),
        line,
        column,
        expects: if run.should_fire { "match" } else { "ignore" },
        title,
        summary,
        content,
        language: language.as_deref(),
        ok: run.failed.is_none(),
        message: run.failed.as_ref().map(|failed| failed.message.clone()),
        hint: run.failed.as_ref().map(|failed| failed.hint),
        problem: run.problem(files),
        document: run.document,
    })
}
