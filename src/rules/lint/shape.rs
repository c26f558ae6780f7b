//! Oddities of single terms, and of how rules are put together.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::book::{Book, Group, WayWords};
use super::words::Member;
use super::{Lint, Note, dead, script};
use crate::rules::detect::Scripts;
use crate::rules::file::{Draft, Entry, WayDraft};
use crate::rules::languages::Look;
use crate::rules::variants::ending_like;

/// Few items have more words than this.
const WIDE: u32 = 1_000;
/// `*` behind fewer letters finds a great many words.
const SHORT: usize = 4;
/// So many ways of a rule are looked at for whether they make another idle.
const PLAIN_WAYS: usize = 16;

/// A `within` that is no limit; terms in other letters; short stems that fire alone.
pub(super) fn in_way<'a>(way: &WayWords<'a>, notes: &mut Vec<Note<'a>>) {
    if let (Some(within), Some(place)) = (way.draft.within, way.with.first())
        && within > WIDE
    {
        let message = format!("`within = {within}` is more words than nearly every item has");
        let hint = "leave `within` out for anywhere in the item; a sentence has some 20 words";
        notes.push(Note::at(place, Lint::WideWithin, message, hint));
    }
    notes.extend(other_script(way));
    if way.with.is_empty() && way.all.is_empty() {
        notes.extend(way.any.own.members.iter().filter_map(short_stem));
    }
}

/// A way that looks at languages in whose letters none of its terms is written.
fn other_script<'a>(way: &WayWords<'a>) -> Option<Note<'a>> {
    let languages = &way.draft.languages;
    if languages.is_all() || way.any.has_pattern() {
        return None;
    }
    let mut first = None;
    for member in way.any.members() {
        let script = script::main(&member.entry.text)?;
        if languages.admit_look(Look::Unknown(Scripts::only(script::known(script)))) {
            return None;
        }
        first.get_or_insert(script);
    }
    let message = format!(
        "no term of `any` is in letters of the languages that are looked at ({}): these are {}",
        languages.ranges().join(", "),
        script::name(first?),
    );
    let hint = "add the terms as these languages write them, or other `languages`";
    Some(Note::at(way.any.first()?, Lint::OtherScript, message, hint))
}

/// Whether the term has a few letters and `*`, and capitals do not count.
pub(super) fn is_short(member: &Member<'_>) -> bool {
    short(member).is_some()
}

fn short<'m>(member: &'m Member<'_>) -> Option<&'m str> {
    member.spelt.iter().find_map(|spelling| match spelling.words.as_slice() {
        [word] if word.open && word.exact.is_none() => {
            Some(word.letters.as_str()).filter(|letters| letters.chars().count() < SHORT)
        }
        _ => None,
    })
}

fn short_stem<'a>(member: &Member<'a>) -> Option<Note<'a>> {
    let stem = short(member)?;
    let text = &member.entry.text;
    let message = format!("`{text}` finds every word that begins with `{stem}`, in any language");
    let ending = ending_like(stem);
    let hint = format!("list the endings that you mean: `{stem}{{,{ending},…}}`; or add `with`");
    Some(Note::at(member.entry, Lint::ShortStem, message, hint))
}

/// A rule without examples; ways to fire that another makes idle.
pub(super) fn in_rule<'a>(draft: &Draft<'a>, ways: &[WayWords<'a>], notes: &mut Vec<Note<'a>>) {
    let id = &draft.rule.id;
    if !draft.examples.iter().any(|example| example.fires) {
        let message = match draft.examples.is_empty() {
            true => format!("rule `{id}` has no examples"),
            false => format!("rule `{id}` has no example that should match"),
        };
        notes.push(Note {
            lint: Lint::NoExamples,
            document: draft.document,
            source: draft.source.clone(),
            message,
            hint: "add `[rule.examples]` with `match = [\"…\"]`, headlines that it is for, and \
                   `ignore = [\"…\"]`, some that it must leave alone"
                .to_owned(),
        });
    }
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, way) in ways.iter().enumerate() {
        let first = *known.entry(outline(way.draft)).or_insert(number);
        let Some(place) = way.any.first().or(way.all.first().and_then(Group::first)) else {
            continue;
        };
        if first < number {
            let message = match first {
                0 => format!("this `[[rule.or]]` is the same as rule `{id}` itself"),
                _ => format!("this `[[rule.or]]` of rule `{id}` is the same as an earlier one"),
            };
            notes.push(Note::at(place, Lint::SameWay, message, "take it out"));
            continue;
        }
        let plain =
            ways.iter().enumerate().filter(|(other, way)| *other != number && way.is_plain());
        if plain.take(PLAIN_WAYS).any(|(_, other)| makes_idle(other, way)) {
            let message = format!(
                "this way of rule `{id}` adds nothing: what it finds, another with `any` alone \
                 finds already"
            );
            let hint = "take it out, or narrow the other";
            notes.push(Note::at(place, Lint::SameWay, message, hint));
        }
    }
}

/// Whether `plain`, which has `any` only, fires wherever `way` does.
fn makes_idle(plain: &WayWords<'_>, way: &WayWords<'_>) -> bool {
    let everywhere = plain.draft.fields.iter().zip(way.draft.fields).all(|(a, b)| *a || !b);
    // Two plain ways that find the same: the first stays.
    let hers = || way.any.members().flat_map(|member| member.spelt.iter());
    let languages = &plain.draft.languages;
    everywhere
        && (languages.is_all() || *languages == way.draft.languages)
        && !way.any.is_empty()
        && !way.is_plain()
        && !way.any.has_pattern()
        && hers().all(|spelling| plain.any.inside(spelling, false).is_some())
}

/// A way in words, the same for two ways that do the same.
fn outline(way: &WayDraft<'_>) -> String {
    let terms = |entries: &[Entry<'_>]| {
        entries.iter().map(|entry| entry.text.clone()).collect::<BTreeSet<String>>()
    };
    let all: BTreeSet<BTreeSet<String>> = way.all.iter().map(|entry| terms(entry)).collect();
    let keys = [&way.any, &way.with, &way.none, &way.except].map(|entries| terms(entries));
    format!("{keys:?} {all:?} {:?} {:?} {:?}", way.within, way.fields, way.languages)
}

/// Lists that no rule names, nor a list that one names.
pub(super) fn in_lists<'a>(book: &Book<'a>, ways: &[WayWords<'a>], notes: &mut Vec<Note<'a>>) {
    let groups = ways.iter().flat_map(WayWords::keys).flat_map(|(_, group)| &group.lists);
    let mut used: HashSet<&str> =
        groups.filter_map(|(entry, _)| entry.text.strip_prefix('@')).collect();
    let mut left: Vec<&str> = used.iter().copied().collect();
    while let Some(name) = left.pop() {
        let entries = book.lists.get(name).map_or(&[][..], |listed| &listed.list.entries);
        let inner = entries.iter().filter_map(|entry| entry.text.strip_prefix('@'));
        left.extend(inner.filter(|inner| used.insert(inner)));
    }
    for (name, listed) in book.lists.iter().filter(|(name, _)| !used.contains(*name)) {
        notes.push(Note {
            lint: Lint::UnusedList,
            document: listed.list.document,
            source: listed.list.source.clone(),
            message: format!("no rule uses the list `{name}`"),
            hint: format!("name it in a rule, as in `with = [\"@{name}\"]`, or take it out"),
        });
    }
}

/// Oddities of terms, wherever they stand.
pub(super) fn in_terms<'a>(book: &Book<'a>, ways: &[WayWords<'a>], notes: &mut Vec<Note<'a>>) {
    let own = ways.iter().flat_map(WayWords::keys).map(|(_, group)| &group.own);
    let lists = book.lists.values().map(|listed| &listed.words);
    for member in own.chain(lists).flat_map(|words| &words.members) {
        notes.extend(dead::entity(member));
        notes.extend(script::mixed(member));
        notes.extend(idle_sign(member));
    }
}

fn idle_sign<'a>(member: &Member<'a>) -> Option<Note<'a>> {
    let exact = member.spelt.iter().flat_map(|spelling| &spelling.words);
    let mut letters = exact.filter_map(|word| word.exact.as_ref()).flatten().peekable();
    letters.peek()?;
    // A capital counts, and so does that a Latin letter has no accent.
    if letters.any(|c| c.is_uppercase() || matches!(c, '\u{0}'..='\u{24f}') && c.is_alphabetic()) {
        return None;
    }
    let text = &member.entry.text;
    let message = format!("`=` changes nothing in `{text}`: it has no capital");
    let hint = format!("write `{}`, or begin it with a capital", text.replace('=', ""));
    Some(Note::at(member.entry, Lint::IdleSign, message, hint))
}
