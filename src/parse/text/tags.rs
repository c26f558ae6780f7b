//! Taking HTML tags out of a text. In linear time, for text of any shape.

use super::entity;
use crate::parse::raw::Markup;

/// Elements that part words.
const BLOCKS: &str = " address article aside audio blockquote body br button caption center dd \
    details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 \
    h3 h4 h5 h6 head header hr html iframe img input li main menu nav noscript object ol optgroup \
    option p picture pre section select source summary table tbody td textarea tfoot th thead \
    title tr ul video ";
/// Elements that do not part words.
const INLINES: &str = " a abbr acronym b basefont bdi bdo big blink cite code col colgroup data \
    del dfn em font i ins kbd label link map mark marquee meta meter nobr q rp rt ruby s samp \
    script small span strike strong style sub sup svg time tt u var wbr ";
/// Elements whose content is no text.
const SILENT: [&str; 3] = ["script", "style", "template"];

/// Opens a CDATA section; feeds have them inside escaped HTML too, where they say nothing.
const CDATA: &str = "<![CDATA[";

fn listed(list: &str, name: &str) -> bool {
    list.match_indices(name).any(|(at, _)| {
        list.as_bytes()[at - 1] == b' ' && list.as_bytes().get(at + name.len()) == Some(&b' ')
    })
}

fn is_html(name: &str) -> bool {
    !name.is_empty() && (listed(BLOCKS, name) || listed(INLINES, name))
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
            && (rest.starts_with('/') || matches!(name.as_str(), "br" | "p" | "img" | "hr"))
    })
}

/// The name at the start of what follows `<` or `</`, in lower case; empty if none can begin here.
fn tag_name(rest: &str) -> String {
    let end = rest
        .bytes()
        .take(40)
        .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b':' | b'_'))
        .unwrap_or(rest.len().min(40));
    let name = rest.get(..end).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.to_ascii_lowercase()
    } else {
        String::new()
    }
}

/// Resolves entities and, with `tags`, takes out tags, comments, scripts and styles.
pub(super) fn strip(text: &str, tags: Option<Markup>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = text[at..].find(['<', '&']) {
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
    if tags.is_some() && text.contains(CDATA) { out.replace("]]>", "") } else { out }
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
    let instead = if listed(BLOCKS, &name) { " " } else { "" };
    if SILENT.contains(&name.as_str()) && !closing && !rest[..length].ends_with("/>") {
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
fn silent_end(rest: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(next) = rest[from..].find("</") {
        let at = from + next + 2;
        if tag_name(&rest[at..]) == name {
            return rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        }
        from = at;
    }
    rest.len()
}
