//! Makes a document readable for an XML tokenizer that gives up at the first stray `<`.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3_iter, memmem};

/// What was found and mended.
#[derive(Debug)]
pub(super) struct Tidied<'a> {
    /// From the root element on; each `<` in it opens something that ends.
    pub(super) text: Cow<'a, str>,
    /// Name of the root element, local part, lower case.
    pub(super) root: String,
    /// Whether there was anything but comments, blanks and declarations before the root.
    pub(super) junk_before: bool,
    /// Whether a `<` had to be escaped or a section closed.
    pub(super) mended: bool,
}

/// Root elements of feeds.
const ROOTS: [&str; 5] = ["rss", "rdf", "feed", "channel", "entry"];
const SECTIONS: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
/// Most places that are mended; what comes after is left out.
pub(super) const MAX_MENDS: usize = 100_000;
/// CDATA among the sections.
const CDATA: usize = 1;

/// Cuts a document to its root element and escapes each `<` that opens nothing. `None` if there
/// is no root of a feed in it.
pub(super) fn tidy(text: &str) -> Option<Tidied<'_>> {
    let (start, root, junk_before) = find_root(text)?;
    let (text, mended) = mend(&text[start..]);
    Some(Tidied { text, root, junk_before, mended })
}

/// Where the root element starts, its name, and whether there is junk before it. An HTML page
/// that holds such an element somewhere is still an HTML page; a document that begins with an item
/// is a feed that has lost its root. It is looked for at the first [`MAX_MENDS`] places.
pub(super) fn find_root(text: &str) -> Option<(usize, String, bool)> {
    let mut at = 0;
    let mut junk = false;
    let mut typed = false;
    let mut opened = false;
    let mut sections = Sections::new(text);
    for _ in 0..MAX_MENDS {
        let next = text[at..].find('<')?;
        junk |= !text[at..at + next].trim().is_empty();
        at += next;
        let rest = &text[at..];
        if let Some((kind, Some(end))) = sections.at(at)
            && kind != CDATA
        {
            at = end;
            continue;
        }
        if !typed && rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype")) {
            typed = true;
            at += doctype(rest);
            continue;
        }
        let name = local_name(&rest[1..]);
        if ROOTS.contains(&name.as_str()) {
            return Some((at, name, junk));
        }
        if name == "item" && !opened {
            return Some((at, name, junk));
        }
        opened |= !name.is_empty();
        if name == "html" {
            return None;
        }
        junk = true;
        at += 1;
    }
    None
}

/// Comments, CDATA sections and instructions. Remembers where the next of each ends, so that many
/// of them do not mean as many walks to the end of the document.
struct Sections<'a> {
    text: &'a str,
    ends: [Option<usize>; 3],
    closers: [memmem::Finder<'static>; 3],
}

impl<'a> Sections<'a> {
    fn new(text: &'a str) -> Self {
        let closers = SECTIONS.map(|(_, close)| memmem::Finder::new(close));
        Self { text, ends: [Some(0); 3], closers }
    }

    /// The section that opens at `at`, which holds a `<`, and where it ends, if it does.
    fn at(&mut self, at: usize) -> Option<(usize, Option<usize>)> {
        let rest = &self.text[at..];
        if !matches!(rest.as_bytes().get(1), Some(b'!' | b'?')) {
            return None;
        }
        let kind = SECTIONS.iter().position(|(open, _)| rest.starts_with(open))?;
        let (open, close) = SECTIONS[kind];
        let from = at + open.len();
        if let Some(known) = self.ends[kind]
            && known < from + close.len()
        {
            let end = self.closers[kind].find(&self.text.as_bytes()[from..]);
            self.ends[kind] = end.map(|end| from + end + close.len());
        }
        Some((kind, self.ends[kind]))
    }
}

/// Length of a document type declaration, its internal subset included.
fn doctype(rest: &str) -> usize {
    let simple = rest.find('>').map_or(rest.len(), |end| end + 1);
    match rest[..simple].find('[') {
        Some(_) => rest.find("]>").map_or(simple, |end| end + 2),
        None => simple,
    }
}

/// The local name of the tag whose inside starts here, lower case; empty if it is no start tag.
fn local_name(inside: &str) -> String {
    let end = inside.find(|c: char| !is_name_char(c)).unwrap_or(inside.len());
    let name = &inside[..end.min(80)];
    name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase()
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.')
}

/// Escapes each `<` that opens nothing, closes what stays open at the end.
fn mend(text: &str) -> (Cow<'_, str>, bool) {
    let sections = Sections::new(text);
    let opener = memmem::Finder::new(SECTIONS[CDATA].0);
    let mut mender =
        Mender { text, out: String::new(), copied: 0, sections, opener, tag: 0, count: 0 };
    let mut at = 0;
    while let Some(next) = memchr(b'<', &text.as_bytes()[at..]) {
        at = mender.step(at + next);
        if mender.count >= MAX_MENDS {
            return (Cow::Owned(mender.out), true);
        }
    }
    if mender.copied == 0 && mender.out.is_empty() {
        return (Cow::Borrowed(text), false);
    }
    mender.out.push_str(&text[mender.copied..]);
    (Cow::Owned(mender.out), true)
}

struct Mender<'a> {
    text: &'a str,
    out: String,
    /// How much of `text` is in `out`.
    copied: usize,
    sections: Sections<'a>,
    /// Finds CDATA sections.
    opener: memmem::Finder<'static>,
    /// Where the last start tag is.
    tag: usize,
    /// How many places were mended.
    count: usize,
}

impl<'a> Mender<'a> {
    /// Looks at the `<` at `at`; returns where to look on.
    fn step(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if let Some((kind, end)) = self.sections.at(at) {
            return match end {
                Some(end) if kind == CDATA => self.cdata(at, end),
                Some(end) => end,
                None if kind == CDATA => self.open_cdata(at, self.text.len()),
                None => self.replace(at, 1, "&lt;"),
            };
        }
        if let Some(end) = plain_tag(rest.as_bytes()) {
            if !rest.starts_with("</") {
                self.tag = at;
            }
            return at + end;
        }
        let inside = &rest[1..];
        let segment = &inside[..memchr(b'<', inside.as_bytes()).unwrap_or(inside.len())];
        let name = segment.strip_prefix('/').unwrap_or(segment);
        let sound = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        match tag_end(segment) {
            Some((end, _)) if !sound => {
                let skip = segment.starts_with('!') && segment.len() > 1;
                if skip { self.replace(at, end + 1, "") } else { self.replace(at, 1, "&lt;") }
            }
            Some((end, true)) => {
                if !segment.starts_with('/') {
                    self.tag = at;
                }
                at + 1 + end
            }
            Some((end, false)) => {
                let plain = format!("<{}", segment[..end].replace(['"', '\''], " "));
                self.replace(at, end + 1, &plain)
            }
            // An end tag that has lost its `>`, unless the document was cut off there.
            None if segment.len() < inside.len()
                && segment.starts_with('/')
                && sound
                && name.trim_end().chars().all(is_name_char) =>
            {
                self.replace(at + 1 + segment.trim_end().len(), 0, ">")
            }
            None => self.replace(at, 1, "&lt;"),
        }
    }

    /// The name of the last start tag; empty if there was none.
    fn name(&self) -> &'a str {
        let name = self.text.get(self.tag + 1..).unwrap_or_default();
        &name[..name.find(|c: char| !is_name_char(c)).unwrap_or(name.len())]
    }

    /// A CDATA section closed at `end`, unless that is the end of a later one and its own was
    /// forgotten.
    fn cdata(&mut self, at: usize, end: usize) -> usize {
        let open = SECTIONS[CDATA].0;
        let from = at + open.len();
        match self.opener.find(&self.text.as_bytes()[from..end]) {
            Some(next)
                if self.text[from..from + next].contains("</") && !self.name().is_empty() =>
            {
                self.open_cdata(at, from + next)
            }
            _ => end,
        }
    }

    /// Closes a CDATA section before the end tag of its element, or else at `limit`.
    fn open_cdata(&mut self, at: usize, limit: usize) -> usize {
        let end_tag = format!("</{}", self.name());
        let end = self.text[at..limit].find(&end_tag).map_or(limit, |end| at + end);
        self.replace(end, 0, SECTIONS[CDATA].1);
        end
    }

    /// Writes `with` instead of the `length` bytes at `at`; returns where they end.
    fn replace(&mut self, at: usize, length: usize, with: &str) -> usize {
        self.out.push_str(&self.text[self.copied..at]);
        self.out.push_str(with);
        self.copied = at + length;
        self.count += 1;
        self.copied
    }
}

/// Length of the tag at the start of `rest`, if it is one as most are: a name in letters, sound
/// quotes, no `<` before its end.
fn plain_tag(rest: &[u8]) -> Option<usize> {
    let name = if rest.get(1) == Some(&b'/') { 2 } else { 1 };
    let first = rest.get(name)?;
    if !first.is_ascii_alphabetic() && *first != b'_' {
        return None;
    }
    let mut at = name;
    loop {
        match rest.get(at)? {
            b'>' => return Some(at + 1),
            b'<' => return None,
            quote @ (b'"' | b'\'') => {
                at += 1 + memchr2(*quote, b'<', &rest[at + 1..])?;
                if rest[at] == b'<' {
                    return None;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Length of a tag's inside up to and with its `>`, and whether its quotes are sound. The inside
/// reaches to the next `<`.
fn tag_end(segment: &str) -> Option<(usize, bool)> {
    let mut quote = None;
    let mut first = None;
    for at in memchr3_iter(b'>', b'"', b'\'', segment.as_bytes()) {
        let byte = segment.as_bytes()[at];
        match (byte, quote) {
            (b'>', None) => return Some((at + 1, true)),
            (b'>', Some(_)) => first = first.or(Some((at + 1, false))),
            (_, None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    first
}
