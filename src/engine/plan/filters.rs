//! The filters of the sinks, held against the rules that there are.

use crate::document::Document;
use crate::model::{Level, Problem, Problems, Status, nearest, visible};
use crate::rules::RuleSet;
use crate::sinks::SinkSpec;

/// A sink that waits for a rule that does not exist would wait for ever: that is a problem. One
/// that asks for a tag that no rule has, or lets no rule through, is odd.
pub(super) fn check_filters(
    sinks: &[SinkSpec],
    rules: Option<&RuleSet>,
    document: &Document,
    (problems, warnings): (&Problems, &Problems),
) {
    let Some(rules) = rules.filter(|rules| rules.rules().len() > 0) else { return };
    for spec in sinks {
        let unknown_rules = unknown_rules(spec, rules, document);
        let mut odd = unknown_tags(spec, rules, document);
        if odd.is_empty() && unknown_rules.is_empty() {
            odd.extend(dead_end(spec, rules, document));
        }
        unknown_rules.into_iter().for_each(|problem| problems.push(problem));
        odd.into_iter().for_each(|problem| warnings.push(problem));
    }
}

fn unknown_rules(spec: &SinkSpec, rules: &RuleSet, document: &Document) -> Vec<Problem> {
    let known: Vec<&str> = rules.rules().map(|rule| rule.id.as_str()).collect();
    let unknown = spec.filter.rules.iter().filter(|at| !known.contains(&at.value.as_str()));
    let tell = unknown.map(|at| {
        let name = at.value.as_str();
        let message = format!("sink \"{}\": rule \"{name}\" does not exist", spec.name);
        let list = known.join(", ");
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? Rules: {list}"),
            None => format!("rules: {list}"),
        };
        document.problem(&at.source, message).hint(hint)
    });
    tell.collect()
}

fn unknown_tags(spec: &SinkSpec, rules: &RuleSet, document: &Document) -> Vec<Problem> {
    let mut known: Vec<&str> =
        rules.rules().flat_map(|rule| rule.tags.iter().map(String::as_str)).collect();
    known.sort_unstable();
    known.dedup();
    let unknown = spec.filter.tags.iter().filter(|at| !known.contains(&at.value.as_str()));
    let tell = unknown.map(|at| {
        let name = visible(&at.value);
        let message = format!("sink \"{}\": no rule has the tag \"{name}\"", spec.name);
        let list = known.join(", ");
        document.problem(&at.source, message).hint(
            match nearest(&at.value, known.iter().copied()) {
                _ if known.is_empty() => "no rule has any tag".to_owned(),
                Some(near) => format!("did you mean \"{near}\"? Tags: {list}"),
                None => format!("tags: {list}"),
            },
        )
    });
    tell.collect()
}

/// That no alert of a rule can come to the sink, if so.
fn dead_end(spec: &SinkSpec, rules: &RuleSet, document: &Document) -> Option<Problem> {
    let filter = &spec.filter;
    let levels: Vec<Level> =
        Level::ALL.into_iter().filter(|level| rules.rules().any(|r| r.level == *level)).collect();
    let wanted = |level: &Level| filter.levels.is_empty() || filter.levels.contains(level);
    // An alert has the highest level of its rules: that of a rule, or of another that is beside it.
    let comes = |own: Level| levels.iter().any(|level| *level >= own && wanted(level));
    let fits = |rule: &crate::rules::Rule| filter.fits(&rule.id, &rule.tags, rule.status);
    if rules.rules().any(|rule| fits(rule) && comes(rule.level)) {
        return None;
    }
    let known = |status: &Status| rules.rules().any(|rule| rule.status == *status);
    let (why, hint) = if !levels.iter().any(wanted) {
        let list: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
        ("has a level that its `levels` name", format!("rules have: {}", list.join(", ")))
    } else if !filter.status.is_empty() && !filter.status.iter().any(known) {
        let list: Vec<&str> = Status::ALL
            .iter()
            .filter(|status| known(status))
            .map(|status| status.as_str())
            .collect();
        ("has a status that its `status` names", format!("rules have: {}", list.join(", ")))
    } else {
        ("passes all of its filter together", "an alert must pass all that is given".to_owned())
    };
    let message = format!("sink \"{}\": no rule {why}", spec.name);
    Some(document.problem(&spec.source, message).hint(hint))
}
