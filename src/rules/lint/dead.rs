//! Terms that can never do what they stand there for.

use super::book::{Group, WayWords};
use super::words::Member;
use super::{Lint, Note};
use crate::rules::term::Spelling;

/// What can never be in `way`.
pub(super) fn in_way<'a>(way: &WayWords<'a>, notes: &mut Vec<Note<'a>>) {
    for (key, group) in way.needed() {
        if !never_fires(way, key, group, notes) {
            let own = group.own.members.iter();
            notes.extend(own.filter_map(|member| never_counts(way, key, member)));
        }
    }
    idle_with(way, notes);
    let needed: Vec<&Group<'_>> = way.needed().map(|(_, group)| group).collect();
    let hides = |spelling: &Spelling| needed.iter().any(|group| group.may_be_inside(spelling));
    for phrase in &way.except.own.members {
        if !phrase.spelt.iter().any(hides) {
            let message = format!(
                "`{}` can never hide anything: no term of `any`, `all` or `with` stands in it",
                phrase.entry.text
            );
            let hint = "an `except` phrase holds the term that it hides, as `Judd Trump` does \
                        `Trump`; what rules out the whole item stands in `none`";
            notes.push(Note::at(phrase.entry, Lint::Dead, message, hint));
        }
    }
    for (entry, words) in way.except.lists.iter().filter(|(_, words)| !words.has_pattern) {
        if !words.members.iter().flat_map(|phrase| phrase.spelt.iter()).any(hides) {
            let message = format!(
                "`{}` can never hide anything: no term of `any`, `all` or `with` stands in its phrases",
                entry.text
            );
            let hint = format!("take `{}` out, or put it into `none`", entry.text);
            notes.push(Note::at(entry, Lint::Dead, message, hint));
        }
    }
}

/// What keeps every hit of a spelling from counting, and the key that it stands in.
fn against<'w, 'a>(
    way: &'w WayWords<'a>,
    spelling: &Spelling,
) -> Option<(&'static str, &'w Member<'a>)> {
    let none = way.none.inside(spelling, false).map(|member| ("none", member));
    none.or_else(|| way.except.inside(spelling, true).map(|member| ("except", member)))
}

/// What keeps every hit of a term from counting: the first of them.
fn against_all<'w, 'a>(
    way: &'w WayWords<'a>,
    member: &Member<'_>,
) -> Option<(&'static str, &'w Member<'a>)> {
    let mut first = None;
    for spelling in member.spelt.iter() {
        let found = against(way, spelling)?;
        first.get_or_insert(found);
    }
    first
}

/// Whether no term of a key that needs a hit can ever count.
fn never_fires<'a>(
    way: &WayWords<'a>,
    key: &str,
    group: &Group<'a>,
    notes: &mut Vec<Note<'a>>,
) -> bool {
    if group.has_pattern() {
        return false;
    }
    let mut first = None;
    for member in group.members() {
        let Some(found) = against_all(way, member) else { return false };
        first.get_or_insert((member, found));
    }
    let Some((member, (by, phrase))) = first else { return false };
    let message = format!(
        "this can never fire: {} in `{by}` is found wherever `{key}` has a hit, such as `{}`",
        phrase.name_beside(None),
        member.entry.text
    );
    let place = group.first().unwrap_or(member.entry);
    let hint = match by {
        "none" => format!("narrow `{}`, or take it out of `none`", phrase.entry.text),
        _ => format!(
            "an `except` phrase says more than the term that it hides: write out what stands \
             around `{}`",
            phrase.entry.text
        ),
    };
    notes.push(Note::at(place, Lint::Dead, message, hint));
    true
}

fn never_counts<'a>(way: &WayWords<'a>, key: &str, member: &Member<'a>) -> Option<Note<'a>> {
    let (by, phrase) = against_all(way, member)?;
    let text = &member.entry.text;
    let message =
        format!("`{text}` can never count: {} in `{by}` rules it out", phrase.name_beside(None));
    let hint = format!("take `{text}` out of `{key}`, or `{}` out of `{by}`", phrase.entry.text);
    Some(Note::at(member.entry, Lint::Dead, message, hint))
}

/// Terms of `any` that bring the company themselves that `with` asks for.
fn idle_with<'a>(way: &WayWords<'a>, notes: &mut Vec<Note<'a>>) {
    if way.with.is_empty() {
        return;
    }
    let company = |member: &Member<'a>, whole: bool| {
        let mut first = None;
        for spelling in member.spelt.iter() {
            let found = way.with.inside(spelling, whole)?;
            first.get_or_insert(found.name_beside(None));
        }
        first
    };
    let mut all = way.any.members().map(|member| company(member, false));
    if !way.any.has_pattern()
        && let Some(place) = way.any.first()
        && let Some(Some(one)) = all.next()
        && all.all(|found| found.is_some())
    {
        let message = format!(
            "`with` asks for nothing: every term of `any` has one of its terms in it, such as {one}"
        );
        let hint = "take `with` out, or from it what `any` finds itself";
        notes.push(Note::at(place, Lint::IdleWith, message, hint));
        return;
    }
    for member in &way.any.own.members {
        if let Some(by) = company(member, true) {
            let text = &member.entry.text;
            let message = format!("`{text}` needs no company: {by} in `with` finds it too");
            let hint =
                "take it out of `with`, or put the term into a way of its own without `with`";
            notes.push(Note::at(member.entry, Lint::IdleWith, message, hint));
        }
    }
}

/// A term that says in the code of a page what stands in an item as plain text.
pub(super) fn entity<'a>(member: &Member<'a>) -> Option<Note<'a>> {
    let text = &member.entry.text;
    let begin = text.find('&')?;
    let end = begin + text[begin..].find(';')?;
    let name = &text[begin + 1..end];
    let is_name =
        !name.is_empty() && name.trim_start_matches('#').chars().all(|c| c.is_ascii_alphanumeric());
    is_name.then(|| {
        let code = &text[begin..=end];
        let plain = match name {
            "amp" | "#38" => "&",
            "nbsp" | "#160" => " ",
            "apos" | "#39" | "rsquo" | "#8217" => "'",
            "ndash" | "#8211" | "shy" => "-",
            _ => "the character itself",
        };
        let message = format!("`{text}` can never match: items are plain text, without `{code}`");
        let hint = match plain.len() {
            1 => format!("write `{}`", text.replace(code, plain)),
            _ => format!("write {plain} instead of `{code}`"),
        };
        Note::at(member.entry, Lint::Dead, message, hint)
    })
}
