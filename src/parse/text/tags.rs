//! Taking HTML tags out of a text. In linear time, for text of any shape.

use std::ops::Deref;

use memchr::{memchr2, memmem};

use super::entity;
use crate::parse::raw::Markup;

/// Whether an element parts words. A pattern is looked up by length and letter, a list is not.
#[rustfmt::skip]
fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"address" | b"article" | b"aside" | b"audio" | b"blockquote" | b"body" | b"br"
            | b"button" | b"caption" | b"center" | b"dd" | b"details" | b"dialog" | b"dir"
            | b"div" | b"dl" | b"dt" | b"embed" | b"fieldset" | b"figcaption" | b"figure"
            | b"footer" | b"form" | b"frame" | b"frameset" | b"h1" | b"h2" | b"h3"
            | b"h4" | b"h5" | b"h6" | b"head" | b"header" | b"hr" | b"html"
            | b"iframe" | b"img" | b"input" | b"li" | b"main" | b"menu" | b"nav"
            | b"noscript" | b"object" | b"ol" | b"optgroup" | b"option" | b"p" | b"picture"
            | b"pre" | b"section" | b"select" | b"source" | b"summary" | b"table" | b"tbody"
            | b"td" | b"textarea" | b"tfoot" | b"th" | b"thead" | b"title" | b"tr"
            | b"ul" | b"video"
    )
}

/// Whether an element of HTML does not part words.
fn is_inline(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"abbr"
            | b"acronym"
            | b"b"
            | b"basefont"
            | b"bdi"
            | b"bdo"
            | b"big"
            | b"blink"
            | b"cite"
            | b"code"
            | b"col"
            | b"colgroup"
            | b"data"
            | b"del"
            | b"dfn"
            | b"em"
            | b"font"
            | b"i"
            | b"ins"
            | b"kbd"
            | b"label"
            | b"link"
            | b"map"
            | b"mark"
            | b"marquee"
            | b"meta"
            | b"meter"
            | b"nobr"
            | b"q"
            | b"rp"
            | b"rt"
            | b"ruby"
            | b"s"
            | b"samp"
            | b"script"
            | b"small"
            | b"span"
            | b"strike"
            | b"strong"
            | b"style"
            | b"sub"
            | b"sup"
            | b"svg"
            | b"time"
            | b"tt"
            | b"u"
            | b"var"
            | b"wbr"
    )
}

/// Elements whose content is no text.
const SILENT: [&[u8]; 3] = [b"script", b"style", b"template"];
/// A longer name is no element of HTML, and is cut off.
const MAX_NAME: usize = 40;

/// Opens a CDATA section; feeds have them inside escaped HTML too, where they say nothing.
const CDATA: &str = "<![CDATA[";

fn is_html(name: &[u8]) -> bool {
    is_block(name) || is_inline(name)
}

/// The name of a tag, in lower case.
struct Name {
    letters: [u8; MAX_NAME],
    length: usize,
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

/// Whether a text that is plain by its label is HTML beyond doubt: it closes an element of HTML,
/// or has a line break, paragraph or picture.
pub(super) fn evident(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let rest = &text[at + 1..];
        let name = tag_name(rest.strip_prefix('/').unwrap_or(rest));
        let closed =
            rest.split(['<', '>']).next().is_some_and(|tag| rest[tag.len()..].starts_with('>'));
        closed
            && is_html(&name)
            && (rest.starts_with('/') || matches!(&*name, b"br" | b"p" | b"img" | b"hr"))
    })
}

/// The name at the start of what follows `<` or `</`; empty if none can begin here.
fn tag_name(rest: &str) -> Name {
    let mut name = Name { letters: [0; MAX_NAME], length: 0 };
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_');
        for (letter, byte) in name.letters.iter_mut().zip(rest.bytes().take_while(part)) {
            *letter = byte.to_ascii_lowercase();
            name.length += 1;
        }
    }
    name
}

/// Resolves entities and, with `tags`, takes out tags, comments, scripts and styles.
pub(super) fn strip(text: &str, tags: Option<Markup>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = memchr2(b'<', b'&', &text.as_bytes()[at..]) {
        out.push_str(&text[at..at + next]);
        at += next;
        let rest = &text[at..];
        if rest.starts_with('&') {
            let found = entity(rest);
            out.push_str(found.as_ref().map_or("&", |(value, _)| value));
            at += found.map_or(1, |(_, length)| length);
            continue;
        }
        match tags.and_then(|markup| tag(rest, markup)) {
            Some(tag) => {
                out.push_str(tag.instead);
                at += tag.length;
            }
            None => {
                out.push('<');
                at += 1;
            }
        }
    }
    out.push_str(&text[at..]);
    let sections = tags.is_some() && memmem::find(text.as_bytes(), CDATA.as_bytes()).is_some();
    if sections { out.replace("]]>", "") } else { out }
}

/// A piece of markup: how long it is and what stands for it in the text.
struct Tag {
    length: usize,
    instead: &'static str,
}

/// The markup at the start of `rest`, which begins with `<`; `None` if that is text.
fn tag(rest: &str, markup: Markup) -> Option<Tag> {
    let all = rest.len();
    let until = |end: &str| rest.find(end).map_or(all, |at| at + end.len());
    if rest.starts_with("<!--") {
        return Some(Tag { length: until("-->"), instead: "" });
    }
    if rest.starts_with(CDATA) {
        return Some(Tag { length: CDATA.len(), instead: "" });
    }
    let after = rest.get(1..)?;
    if after.starts_with(['!', '?']) {
        let end = after.find(['<', '>']).filter(|at| after[*at..].starts_with('>'))?;
        return Some(Tag { length: end + 2, instead: " " });
    }
    let closing = after.starts_with('/');
    let name = tag_name(after.strip_prefix('/').unwrap_or(after));
    if name.is_empty() || (markup != Markup::Html && !is_html(&name)) {
        return None;
    }
    let length = match tag_end(rest) {
        Some(end) => end,
        None if is_html(&name) && !rest[1..].contains('<') => all,
        None => return None,
    };
    let instead = if is_block(&name) { " " } else { "" };
    if SILENT.contains(&&*name) && !closing && !rest[..length].ends_with("/>") {
        return Some(Tag { length: length + silent_end(&rest[length..], &name), instead: " " });
    }
    Some(Tag { length, instead })
}

/// Where the tag at the start of `rest` ends: at the first `>` outside quotes, or, if the quotes
/// do not close before the next `<`, at the first `>`. `None` without one before the next `<`.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut first = None;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (byte, quote) {
            (b'<', _) => break,
            (b'>', None) => return Some(at + 1),
            (b'>', Some(_)) => first = first.or(Some(at + 1)),
            (b'"' | b'\'', None) if rest.as_bytes()[at - 1] == b'=' => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    first
}

/// Length of what a silent element holds, its end tag included; all, if it is not closed.
fn silent_end(rest: &str, name: &[u8]) -> usize {
    let mut from = 0;
    while let Some(next) = rest[from..].find("</") {
        let at = from + next + 2;
        if *tag_name(&rest[at..]) == *name {
            return rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        }
        from = at;
    }
    rest.len()
}
