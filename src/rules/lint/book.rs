//! All rules and lists of a rule set, with their terms read, as the lints look at them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::words::{Member, Words};
use crate::rules::file::{Entry, List, WayDraft};
use crate::rules::term::{Spelling, spellings};

/// What is looked at. It was compiled without a problem before.
pub(super) struct Book<'a> {
    pub(super) lists: BTreeMap<&'a str, Listed<'a>>,
    spelt: HashMap<&'a str, Rc<[Spelling]>>,
}

/// A list.
pub(super) struct Listed<'a> {
    pub(super) list: &'a List<'a>,
    /// Its terms, with those of the lists that it names.
    pub(super) words: Rc<Words<'a>>,
}

/// The terms of one key of a way: its own, and those of the lists that it names.
pub(super) struct Group<'a> {
    pub(super) own: Rc<Words<'a>>,
    pub(super) lists: Vec<(&'a Entry<'a>, Rc<Words<'a>>)>,
}

/// The terms of a way to fire.
pub(super) struct WayWords<'a> {
    pub(super) draft: &'a WayDraft<'a>,
    pub(super) any: Group<'a>,
    pub(super) all: Vec<Group<'a>>,
    pub(super) with: Group<'a>,
    pub(super) none: Group<'a>,
    pub(super) except: Group<'a>,
}

impl<'a> Book<'a> {
    pub(super) fn new(lists: &'a [List<'a>]) -> Self {
        let mut book = Self { lists: BTreeMap::new(), spelt: HashMap::new() };
        let named: BTreeMap<&str, &List<'_>> =
            lists.iter().map(|list| (list.name.as_str(), list)).collect();
        for list in lists {
            let mut members = Vec::new();
            book.gather(list, &named, &mut vec![&list.name], &mut members);
            let words = Rc::new(Words::new(members));
            book.lists.insert(&list.name, Listed { list, words });
        }
        book
    }

    fn gather(
        &mut self,
        list: &'a List<'a>,
        named: &BTreeMap<&str, &'a List<'a>>,
        path: &mut Vec<&'a str>,
        members: &mut Vec<Member<'a>>,
    ) {
        for entry in &list.entries {
            match entry.text.strip_prefix('@').and_then(|name| named.get(name)) {
                Some(inner) if !path.contains(&inner.name.as_str()) => {
                    path.push(&inner.name);
                    self.gather(inner, named, path, members);
                    path.pop();
                }
                Some(_) => {}
                None => members.extend(self.member(entry, Some(&list.name))),
            }
        }
    }

    /// A term; none if the entry names a list.
    pub(super) fn member(
        &mut self,
        entry: &'a Entry<'a>,
        list: Option<&'a str>,
    ) -> Option<Member<'a>> {
        if entry.text.starts_with('@') {
            return None;
        }
        let read = || spellings(&entry.text).unwrap_or_default().into();
        let spelt = Rc::clone(self.spelt.entry(&entry.text).or_insert_with(read));
        Some(Member { entry, list, spelt })
    }

    pub(super) fn way(&mut self, draft: &'a WayDraft<'a>) -> WayWords<'a> {
        WayWords {
            draft,
            any: self.group(&draft.any),
            all: draft.all.iter().map(|entries| self.group(entries)).collect(),
            with: self.group(&draft.with),
            none: self.group(&draft.none),
            except: self.group(&draft.except),
        }
    }

    fn group(&mut self, entries: &'a [Entry<'a>]) -> Group<'a> {
        let own = entries.iter().filter_map(|entry| self.member(entry, None)).collect();
        let listed = |entry: &'a Entry<'a>| {
            let name = entry.text.strip_prefix('@')?;
            Some((entry, Rc::clone(&self.lists.get(name)?.words)))
        };
        let lists = entries.iter().filter_map(listed).collect();
        Group { own: Rc::new(Words::new(own)), lists }
    }
}

impl<'a> Group<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.own.members.is_empty() && !self.own.has_pattern && self.lists.is_empty()
    }

    /// Whether there is a regular expression among its terms.
    pub(super) fn has_pattern(&self) -> bool {
        self.words().any(|words| words.has_pattern)
    }

    /// The terms of its own, then those of each list.
    pub(super) fn words(&self) -> impl Iterator<Item = &Rc<Words<'a>>> {
        std::iter::once(&self.own).chain(self.lists.iter().map(|(_, words)| words))
    }

    /// All of its terms but regular expressions.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member<'a>> {
        self.words().flat_map(|words| &words.members)
    }

    /// The first term, or the first `@list`.
    pub(super) fn first(&self) -> Option<&'a Entry<'a>> {
        let own = self.own.members.first().map(|member| member.entry);
        own.or(self.lists.first().map(|(entry, _)| *entry))
    }

    /// Whether one of its terms may be found in a text that `spelling` stands for.
    pub(super) fn may_be_inside(&self, spelling: &Spelling) -> bool {
        self.words().any(|words| words.has_pattern || words.may_be_inside(spelling))
    }

    /// One of its terms that is found in every text that `spelling` stands for.
    pub(super) fn inside(&self, spelling: &Spelling, whole: bool) -> Option<&Member<'a>> {
        self.words().find_map(|words| {
            let found = words.inside(spelling, |inside| !whole || inside.is_whole(spelling))?;
            Some(&words.members[found.member])
        })
    }
}

impl<'a> WayWords<'a> {
    /// The keys that must each have a hit, with their names.
    pub(super) fn needed(&self) -> impl Iterator<Item = (&'static str, &Group<'a>)> {
        let all = self.all.iter().map(|group| ("all", group));
        let keys = std::iter::once(("any", &self.any)).chain(all);
        keys.chain([("with", &self.with)]).filter(|(_, group)| !group.is_empty())
    }

    /// All keys with their names.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'static str, &Group<'a>)> {
        self.needed().chain([("none", &self.none), ("except", &self.except)])
    }

    /// Whether nothing but `any` decides.
    pub(super) fn is_plain(&self) -> bool {
        let others = [&self.with, &self.none, &self.except];
        self.all.is_empty() && others.iter().all(|group| group.is_empty())
    }
}
