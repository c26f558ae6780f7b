//! The attributes of a tag, however it is written.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::{lower, text};
use crate::parse::raw::MAX_FIELD;

/// The attributes of a tag: lower-case names with their prefixes, and values with entities
/// resolved. At most 64 of them.
pub(super) struct Attributes<'a>(pub(super) Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    pub(super) fn of(tag: &'a BytesStart<'_>) -> Self {
        if tag.attributes_raw().is_empty() {
            return Self(Vec::new());
        }
        let mut attributes = tag.html_attributes();
        let found = attributes.with_checks(false).flatten().take(64).map(|attribute| {
            let value = match attribute.value {
                Cow::Borrowed(value) => text::resolve(cut(value)),
                Cow::Owned(value) => Cow::Owned(text::resolve(cut(&value)).into_owned()),
            };
            (lower(attribute.key.into_inner()), value)
        });
        Self(found.collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
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
