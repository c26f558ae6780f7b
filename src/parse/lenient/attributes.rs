//! The attributes of a tag, however it is written.

use std::borrow::Cow;
use std::cell::OnceCell;

use memchr::memchr2_iter;
use quick_xml::events::BytesStart;

use super::{names, text};
use crate::parse::raw::MAX_FIELD;

/// The attributes of a tag: lower-case names with their prefixes, and values with entities
/// resolved. At most 64 of them. They are read when they are first asked for.
pub(super) struct Attributes<'a> {
    tag: &'a BytesStart<'a>,
    read: OnceCell<Vec<(Cow<'a, str>, Cow<'a, str>)>>,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(tag: &'a BytesStart<'a>) -> Self {
        Self { tag, read: OnceCell::new() }
    }

    /// Whether there may be a namespace declaration or `xml:base` among them.
    pub(super) fn may_declare(&self) -> bool {
        let raw = self.tag.attributes_raw().as_bytes();
        memchr2_iter(b'x', b'X', raw)
            .any(|at| raw.get(at..at + 3).is_some_and(|word| word.eq_ignore_ascii_case(b"xml")))
    }

    pub(super) fn all(&self) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        self.read.get_or_init(|| {
            let mut attributes = self.tag.html_attributes();
            let found = attributes.with_checks(false).flatten().take(64).map(|attribute| {
                let value = match attribute.value {
                    Cow::Borrowed(value) => text::resolve(cut(value)),
                    Cow::Owned(value) => Cow::Owned(text::resolve(cut(&value)).into_owned()),
                };
                (names::lower(attribute.key.into_inner()), value)
            });
            found.collect()
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        if self.tag.attributes_raw().is_empty() {
            return None;
        }
        self.all().iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}

/// As much of a value as is kept of a field.
fn cut(value: &str) -> &str {
    &value[..value.floor_char_boundary(MAX_FIELD)]
}

/// Whether the slash at the end of an empty-element tag follows an unquoted value at once, as in
/// `<a href=http://b/>`. HTML takes it for a part of the value (WHATWG, unquoted attribute value
/// state), so that the element is open.
pub(super) fn slash_is_value(tag: &BytesStart<'_>) -> bool {
    let inside: &str = tag.as_ref();
    let Some((_, value)) = inside.rsplit_once('=') else { return false };
    !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
}
