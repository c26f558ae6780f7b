//! From `[[sink]]` tables to [`SinkSpec`]s.

mod pacing;

use self::pacing::pacing;
use super::{Around, Filter, HealthAlerts, KINDS, Kind, Reading, SinkSpec};
use crate::document::{At, FromNode, Table};
use crate::model::{Level, RuleId, SinkName, Status, nearest, visible};

/// The longest name, in characters; it becomes a metric label and a database key.
const MAX_NAME: usize = 64;

pub(super) fn sinks(root: &mut Table<'_>, around: &Around) -> Vec<SinkSpec> {
    let mut specs: Vec<SinkSpec> = Vec::new();
    for table in root.tables("sink") {
        let Some(spec) = sink(table, around) else { continue };
        let document = root.document();
        if specs.iter().any(|other| other.name == spec.name) {
            let message = format!("there are two sinks called \"{}\"", spec.name);
            let problem = document.problem(&spec.source, message);
            root.note(problem.hint("give one of them another `name`"));
            continue;
        }
        let claim = spec.kind.claim();
        let other = specs.iter().find(|other| claim.is_some() && other.kind.claim() == claim);
        if let (Some(claim), Some(other)) = (&claim, other) {
            let message = format!("sinks \"{}\" and \"{}\" share {claim}", other.name, spec.name);
            root.note(document.problem(&spec.source, message));
            continue;
        }
        specs.push(spec);
    }
    specs
}

pub(super) fn sink(mut table: Table<'_>, around: &Around) -> Option<SinkSpec> {
    let source = table.source().clone();
    let kind = kind(&mut table);
    let name = name(&mut table, kind);
    let filter = filter(&mut table);
    // Which keys there may be beside these is known only with the kind.
    let kind = kind?;
    let health = filter.as_ref().map(|filter| filter.health).unwrap_or_default();
    let config = (kind.read)(&mut table, &Reading { around, health });
    let local = config.as_ref().is_some_and(|config| config.is_local());
    let pacing = pacing(&mut table, &kind, local);
    table.finish();
    Some(SinkSpec {
        name: name?,
        filter: filter?,
        kind: config?,
        pacing,
        kind_name: kind.name,
        shape: kind.shape,
        source,
    })
}

fn kind(table: &mut Table<'_>) -> Option<Kind> {
    let written = table.required::<String>("kind")?;
    let found = KINDS.iter().find(|kind| kind.name == written.value);
    if found.is_none() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let message = format!("there is no kind of sink \"{}\"", visible(&written.value));
        let problem = table.document().problem(&written.source, message);
        let known = format!("kinds: {}", names.join(", "));
        table.note(problem.hint(match nearest(&written.value, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? {known}"),
            None => known,
        }));
    }
    found.copied()
}

fn name(table: &mut Table<'_>, kind: Option<Kind>) -> Option<SinkName> {
    if !table.has("name") {
        table.get::<String>("name");
        return kind.map(|kind| SinkName::new(kind.name));
    }
    let name = table.get_at::<String>("name")?;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let length = name.value.chars().count();
    if length == 0 || length > MAX_NAME || !name.value.chars().all(allowed) {
        let message = format!("`name`: expected 1 to {MAX_NAME} letters, digits, `-`, `_` or `.`");
        table.note(table.document().problem(&name.source, message));
        return None;
    }
    Some(SinkName::new(name.value))
}

fn filter(table: &mut Table<'_>) -> Option<Filter> {
    let written: Vec<&str> =
        ["rules", "levels", "tags", "status"].into_iter().filter(|key| table.has(key)).collect();
    let rules = list::<At<String>>(table, "rules");
    let levels = list::<Level>(table, "levels");
    let tags = list::<At<String>>(table, "tags");
    let status = list::<Status>(table, "status");
    let health = health(table, &written);
    let rules = rules?.into_iter();
    let rules = rules.map(|at| At { value: RuleId::new(at.value), source: at.source }).collect();
    Some(Filter { rules, levels: levels?, tags: tags?, status: status?, health: health? })
}

/// `beside`: the keys that choose among the alerts of rules, as far as they are there.
fn health(table: &mut Table<'_>, beside: &[&str]) -> Option<HealthAlerts> {
    if !table.has("health") {
        table.get::<String>("health");
        return Some(HealthAlerts::Never);
    }
    let At { value, source } = table.get_at::<String>("health")?;
    match value.as_str() {
        "also" => Some(HealthAlerts::Also),
        "only" if beside.is_empty() => Some(HealthAlerts::Only),
        "only" => {
            let message = format!(
                "`health`: \"only\" takes no alert that a rule raises; without effect here: `{}`",
                beside.join("`, `")
            );
            let problem = table.document().problem(&source, message);
            let hint = "write \"also\", or leave out what chooses among the alerts of rules";
            table.note(problem.hint(hint));
            None
        }
        _ => {
            let message = format!("`health`: \"{}\" is not known", visible(&value));
            let problem = table.document().problem(&source, message);
            let hint = "\"also\", or \"only\"; without the key no alerts about feeds";
            table.note(problem.hint(hint));
            None
        }
    }
}

/// The list `key`: empty if absent, `None` if wrong. An empty list is wrong: it could mean all or
/// nothing.
fn list<T: FromNode>(table: &mut Table<'_>, key: &'static str) -> Option<Vec<T>> {
    let there = table.has(key);
    let list = table.get_at::<Vec<T>>(key);
    match list {
        None if there => None,
        None => Some(Vec::new()),
        Some(list) if list.value.is_empty() => {
            let message = format!("`{key}`: the list is empty");
            let problem = table.document().problem(&list.source, message);
            table.note(problem.hint("leave the key out to take all alerts"));
            None
        }
        Some(list) => Some(list.value),
    }
}
