//! The attributes of a tag, however it is written.

use quick_xml::events::BytesStart;

use super::text;
use crate::parse::raw::MAX_FIELD;

/// The attributes of a tag: lower-case names with their prefixes, and values with entities
/// resolved. At most 64 of them.
pub(super) struct Attributes(pub(super) Vec<(String, String)>);

impl Attributes {
    pub(super) fn of(tag: &BytesStart<'_>) -> Self {
        let mut attributes = tag.html_attributes();
        let found = attributes.with_checks(false).flatten().take(64).map(|attribute| {
            let value = attribute.value.as_ref();
            let value = text::resolve(&value[..value.floor_char_boundary(MAX_FIELD)]);
            (attribute.key.as_ref().to_ascii_lowercase(), value)
        });
        Self(found.collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Whether the slash at the end of an empty-element tag follows an unquoted value at once, as in
/// `<a href=http://b/>`. HTML takes it for a part of the value (WHATWG, unquoted attribute value
/// state), so that the element is open.
pub(super) fn slash_is_value(tag: &BytesStart<'_>) -> bool {
    let inside: &str = tag.as_ref();
    let Some((_, value)) = inside.rsplit_once('=') else { return false };
    !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
}
