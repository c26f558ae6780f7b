//! Terms that add nothing, since others find the same.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::book::{Book, Group, Listed, WayWords};
use super::words::{Inside, Key, Member, Words};
use super::{Lint, Note};
use crate::rules::file::Entry;
use crate::rules::term::Spelling;

/// So many terms are named that together make another idle.
const NAMED: usize = 3;

/// What a term must do for another to be idle beside it.
#[derive(Default)]
struct Need<'b, 'a> {
    /// Stand for all of it: of `except`, the longer phrase hides more.
    whole: bool,
    /// Reach as far but for this many words: a longer hit is nearer to its company.
    within: Option<u32>,
    /// Not be hidden by these phrases, which the longer one is safe from.
    excepts: &'b [&'b Group<'a>],
    /// The terms that they may hide.
    hidden: OnceCell<HashSet<Key>>,
}

impl<'a> Need<'_, 'a> {
    /// Whether the term `by`, found in `spelling`, does all that is needed. `scope` has all terms.
    fn allows(
        &self,
        inside: Inside,
        spelling: &Spelling,
        by: &Member<'_>,
        scope: &[&Words<'a>],
    ) -> bool {
        if inside.is_whole(spelling) {
            return true;
        }
        let left_out = inside.left_out(spelling);
        let reaches = self.within.is_none_or(|within| left_out * 4 <= within as usize);
        !self.whole && reaches && !self.hidden(scope).contains(&by.key())
    }

    fn hidden(&self, scope: &[&Words<'a>]) -> &HashSet<Key> {
        self.hidden.get_or_init(|| {
            let mut hidden = HashSet::new();
            let phrases = self.excepts.iter().flat_map(|group| group.members());
            for spelling in phrases.flat_map(|phrase| phrase.spelt.iter()) {
                for words in scope {
                    words.each_that_may_be_inside(spelling, |member| {
                        hidden.insert(words.members[member].key());
                        false
                    });
                }
            }
            hidden
        })
    }
}

/// The terms of `way` that its others make idle.
pub(super) fn in_way<'a>(way: &WayWords<'a>, notes: &mut Vec<Note<'a>>) {
    let excepts = [&way.except];
    for (key, group) in way.keys() {
        let need = match key {
            "none" => Need::default(),
            "except" => Need { whole: true, ..Need::default() },
            "any" | "with" => {
                Need { within: way.draft.within, excepts: &excepts, ..Need::default() }
            }
            _ => Need { excepts: &excepts, ..Need::default() },
        };
        let scope: Vec<&Words<'_>> = group.words().map(|words| &**words).collect();
        idle(&scope, &need, &mut HashSet::new(), notes);
        idle_lists(group, notes);
    }
}

/// The `@lists` of a key that hold nothing which another does not.
fn idle_lists<'a>(group: &Group<'a>, notes: &mut Vec<Note<'a>>) {
    let mut note = |entry: &Entry<'a>, message| {
        notes.push(Note::at(entry, Lint::Swallowed, message, format!("take `{}` out", entry.text)));
    };
    for entry in &group.again {
        note(entry, format!("`{}` is here twice", entry.text));
    }
    let held: Vec<HashSet<Key>> = group
        .lists
        .iter()
        .map(|(_, words)| words.members.iter().map(Member::key).collect())
        .collect();
    let mut holders: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, keys) in held.iter().enumerate() {
        keys.iter().for_each(|key| holders.entry(*key).or_default().push(at));
    }
    for (at, (entry, words)) in group.lists.iter().enumerate() {
        // What regular expressions find, no other list can be said to.
        let Some(first) = words.members.first().filter(|_| !words.has_pattern) else { continue };
        let size = |list: usize| (held[list].len(), group.lists[list].1.has_pattern);
        let holds = |other: &&usize| {
            let larger = size(**other) > size(at) || **other < at;
            **other != at && larger && held[at].is_subset(&held[**other])
        };
        if let Some(by) = holders.get(&first.key()).and_then(|others| others.iter().find(holds)) {
            let by = &group.lists[*by].0.text;
            note(entry, format!("`{}` adds nothing: `{by}` holds it already", entry.text));
        }
    }
}

/// The terms of each list that others of it, or of lists always used beside it, make idle.
pub(super) fn in_lists<'a>(book: &Book<'a>, ways: &[WayWords<'a>], notes: &mut Vec<Note<'a>>) {
    let uses = uses(ways);
    let mut idle_terms = HashSet::new();
    for (name, Listed { list, .. }) in &book.lists {
        let used = uses.get(name);
        let excepts: Vec<&Group<'_>> = used.map(|used| used.excepts.clone()).unwrap_or_default();
        let need = Need {
            whole: used.is_some_and(|used| used.in_except),
            within: used.and_then(|used| used.within),
            excepts: &excepts,
            hidden: OnceCell::new(),
        };
        let own = book.lists[name].words.members.iter();
        let own = Words::new(own.filter(|member| member.list == Some(name)).cloned().collect());
        let inner = list.entries.iter().filter_map(|entry| entry.text.strip_prefix('@'));
        let beside = used.into_iter().flat_map(|used| used.beside.iter().flatten().copied());
        let others: BTreeSet<&str> = inner.chain(beside).filter(|other| other != name).collect();
        let others =
            others.into_iter().filter_map(|other| book.lists.get(other)).map(|other| &*other.words);
        let scope: Vec<&Words<'_>> = std::iter::once(&own).chain(others).collect();
        idle(&scope, &need, &mut idle_terms, notes);
    }
}

/// How a list is used.
#[derive(Default)]
struct Uses<'b, 'a> {
    in_except: bool,
    /// The least.
    within: Option<u32>,
    excepts: Vec<&'b Group<'a>>,
    /// The lists that stand beside it wherever it is used.
    beside: Option<BTreeSet<&'a str>>,
}

fn uses<'b, 'a>(ways: &'b [WayWords<'a>]) -> BTreeMap<&'a str, Uses<'b, 'a>> {
    let mut uses: BTreeMap<&str, Uses<'_, '_>> = BTreeMap::new();
    for way in ways {
        for (key, group) in way.keys() {
            let names = || group.lists.iter().filter_map(|(entry, _)| entry.text.strip_prefix('@'));
            for name in names() {
                let used = uses.entry(name).or_default();
                used.in_except |= key == "except";
                if matches!(key, "any" | "with" | "all") {
                    used.excepts.push(&way.except);
                    let within = way.draft.within.filter(|_| key != "all");
                    used.within = used.within.into_iter().chain(within).min();
                }
                let here: BTreeSet<&str> = names().filter(|other| *other != name).collect();
                used.beside = Some(match used.beside.take() {
                    Some(before) => before.intersection(&here).copied().collect(),
                    None => here,
                });
            }
        }
    }
    uses
}

/// Notes the terms of the first in `scope` all of whose spellings others in it find. From the last
/// to the first, and beside terms that stay: whoever takes out all that are told of loses nothing.
fn idle<'a>(
    scope: &[&Words<'a>],
    need: &Need<'_, 'a>,
    gone: &mut HashSet<Key>,
    notes: &mut Vec<Note<'a>>,
) {
    let mut told = Vec::new();
    for term in scope.iter().take(1).flat_map(|own| own.members.iter().rev()) {
        let mut by: Vec<&Member<'a>> = Vec::new();
        let all = term.spelt.iter().all(|spelling| {
            let found = scope.iter().find_map(|words| {
                let found = words.inside(spelling, |inside| {
                    let member = &words.members[inside.member];
                    member.key() != term.key()
                        && !gone.contains(&member.key())
                        && need.allows(inside, spelling, member, scope)
                })?;
                Some(&words.members[found.member])
            });
            if let Some(member) = found
                && !by.iter().any(|known| known.key() == member.key())
            {
                by.push(member);
            }
            found.is_some()
        });
        if all && by.len() <= NAMED {
            gone.insert(term.key());
            told.push(tell(term, &by));
        }
    }
    notes.extend(told.into_iter().rev());
}

fn tell<'a>(term: &Member<'a>, by: &[&Member<'a>]) -> Note<'a> {
    let same = |other: &Member<'_>| {
        let words = Words::new(vec![term.clone()]);
        other
            .spelt
            .iter()
            .all(|spelling| words.inside(spelling, |inside| inside.is_whole(spelling)).is_some())
    };
    let text = &term.entry.text;
    let names: Vec<String> = by.iter().map(|member| member.name_beside(term.list)).collect();
    let message = match by {
        [one] if one.entry.text == *text => {
            match one.list.filter(|list| term.list != Some(*list)) {
                Some(list) => format!("`{text}` is in `@{list}` already"),
                None => format!("`{text}` is here twice"),
            }
        }
        [one] if same(one) => format!("`{text}` is {} again", names.concat()),
        [_] => format!("`{text}` adds nothing: {} finds it already", names.concat()),
        _ => format!("`{text}` adds nothing: {} find it already", names.join(" and ")),
    };
    Note::at(term.entry, Lint::Swallowed, message, format!("take `{text}` out"))
}
