//! All rules and lists of a rule set, with their terms read, as the lints look at them.

use std::collections::{BTreeMap, HashMap, HashSet};
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
    /// Each once.
    pub(super) lists: Vec<(&'a Entry<'a>, Rc<Words<'a>>)>,
    /// The entries that name a list once more.
    pub(super) again: Vec<&'a Entry<'a>>,
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
        let mut gathered = HashMap::new();
        for list in lists {
            let members = book.gather(list, &named, &mut gathered);
            let words = Rc::new(Words::new(members.to_vec()));
            book.lists.insert(&list.name, Listed { list, words });
        }
        book
    }

    /// The terms of a list and of those that it names, each entry once. Each list is gone through
    /// once, however often it is named; they are no deeper inside each other than the compiler
    /// allows.
    fn gather(
        &mut self,
        list: &'a List<'a>,
        named: &BTreeMap<&str, &'a List<'a>>,
        gathered: &mut HashMap<&'a str, Rc<[Member<'a>]>>,
    ) -> Rc<[Member<'a>]> {
        if let Some(members) = gathered.get(list.name.as_str()) {
            return Rc::clone(members);
        }
        // A list that held itself would find nothing of it here.
        gathered.insert(&list.name, Rc::new([]));
        let mut members = Vec::new();
        let mut inside = HashSet::new();
        let mut known = HashSet::new();
        for entry in &list.entries {
            match entry.text.strip_prefix('@').and_then(|name| named.get(name)) {
                Some(inner) if inside.insert(inner.name.as_str()) => {
                    let theirs = self.gather(inner, named, gathered);
                    let new = theirs.iter().filter(|member| known.insert(member.key()));
                    members.extend(new.cloned());
                }
                Some(_) => {}
                None => {
                    let own = self.member(entry, Some(&list.name));
                    members.extend(own.filter(|member| known.insert(member.key())));
                }
            }
        }
        let members: Rc<[Member<'_>]> = members.into();
        gathered.insert(&list.name, Rc::clone(&members));
        members
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
        let (mut lists, mut again) = (Vec::new(), Vec::new());
        let mut known = HashSet::new();
        for entry in entries {
            let named = entry.text.strip_prefix('@').and_then(|name| self.lists.get(name));
            let Some(Listed { words, .. }) = named else { continue };
            match known.insert(entry.text.as_str()) {
                true => lists.push((entry, Rc::clone(words))),
                false => again.push(entry),
            }
        }
        Group { own: Rc::new(Words::new(own)), lists, again }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::model::Problems;
    use crate::rules::file;

    fn look_at(text: &str, look: impl for<'a> FnOnce(&mut Book<'a>, &'a [file::Draft<'a>])) {
        let document = Document::new("rules.toml", text);
        let problems = Problems::default();
        let (mut lists, mut drafts) = (Vec::new(), Vec::new());
        file::read(&document, 0, &problems, &mut lists, &mut drafts);
        look(&mut Book::new(&lists), &drafts);
        drop((lists, drafts));
        assert_eq!(problems.into_vec().len(), 0);
    }

    #[test]
    fn a_list_named_on_many_paths_has_its_terms_once() {
        let mut text = "[list]\na0 = [\"weir\", \"dam\"]\n".to_owned();
        for (before, number) in (1..=12).enumerate() {
            text += &format!(
                "a{number} = [\"@b{number}\", \"@c{number}\"]\nb{number} = [\"@a{before}\"]\n\
                 c{number} = [\"@a{before}\"]\n"
            );
        }
        look_at(&text, |book, _| {
            let members = &book.lists["a12"].words.members;
            let terms: Vec<&str> = members.iter().map(|member| &*member.entry.text).collect();
            assert_eq!(terms, ["weir", "dam"]);
        });
    }

    #[test]
    fn a_list_named_again_and_again_is_looked_at_once() {
        let text = "[list]\na = [\"weir\"]\nb = [\"@a\", \"@a\", \"@a\"]\n[[rule]]\nid = \"r\"\n\
                    any = [\"@b\", \"@b\", \"dam\", \"@b\"]\n";
        look_at(text, |book, drafts| {
            let way = book.way(&drafts[0].ways[0]);
            assert_eq!((way.any.lists.len(), way.any.again.len()), (1, 2));
            assert_eq!(way.any.members().count(), 2);
        });
    }
}
