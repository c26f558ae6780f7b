//! The names of what is tolerated or mended.

/// Each name that [`crate::model::ParsedFeed::repairs`] may hold, and what it says.
pub const REPAIRS: &[(&str, &str)] = &[
    ("charset:http", "the Content-Type header knew better than the XML declaration"),
    ("charset:declaration", "the XML declaration knew better than the header"),
    ("charset:utf-8", "UTF-8, though labelled otherwise"),
    ("charset:broken-utf-8", "UTF-8 with bytes that are not; they became U+FFFD"),
    ("charset:detected", "no label held; found by looking at the text"),
    ("charset:lossy", "as charset:detected, with bytes that could not be decoded"),
    ("charset:utf-16", "UTF-16 without a byte order mark"),
    ("charset:utf-32", "UTF-32, an encoding that XML has dropped"),
    ("control-characters", "characters that XML forbids were left out"),
    ("reader:lenient", "feed-rs was not given the document, or did not read all of it"),
    ("reader:feed-rs", "the reverse, if the lenient reader goes first"),
    ("junk-before", "text before the root element"),
    ("junk-after", "text after the root element"),
    ("broken-markup", "a `<` that opens nothing, or a tag or section without its end"),
    ("unclosed-element", "a start tag without its end"),
    ("unmatched-end-tag", "an end tag without its start"),
    ("bare-ampersand", "an `&` that begins no entity"),
    ("undefined-entity", "an entity that HTML does not know"),
    ("truncated", "the root element is not closed"),
    ("double-encoded", "UTF-8 that had been taken for windows-1252 and encoded again"),
    ("empty-item", "an item without title, text, link and guid"),
    ("repeated-item", "an item with the identity of an earlier one"),
    ("bridge-error", "an item in which a bridge tells of its own failure was left out"),
    ("too-many-items", "more than 100,000 items; the rest was left out"),
];
