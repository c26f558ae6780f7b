//! Cuts a document into tags, without copying. Stricter than the XML reader of feed-rs, and gives
//! up where that could see other tags than these.

use memchr::{memchr, memchr2, memmem};

use crate::parse::text;

/// A tag.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tag<'a> {
    Start(Start<'a>),
    End,
}

/// A start tag, or that of an empty element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start<'a> {
    pub(super) name: &'a str,
    /// All attributes, as written.
    pub(super) attributes: &'a str,
    pub(super) empty: bool,
    /// What the attributes say that matters to a reader.
    pub(super) says: Says<'a>,
}

/// Attributes that matter to a reader.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Says<'a> {
    /// `xmlns`, `xmlns:…` or `xml:base`.
    pub(super) scope: bool,
    pub(super) language: bool,
    /// What an item says of itself: `about`, `rdf:about`, `href`, `lastmod`.
    pub(super) item: bool,
    /// `mode` or `src`.
    pub(super) coding: bool,
    /// A name in upper case but `isPermaLink`.
    pub(super) upper: bool,
    pub(super) kind: Option<&'a str>,
}

/// Most attributes of a tag.
const MAX_ATTRIBUTES: usize = 64;

pub(super) struct Scan<'a> {
    text: &'a str,
    /// Everything before this was looked at.
    pub(super) at: usize,
    /// The names of open elements.
    pub(super) open: Vec<&'a str>,
    /// Finds items in sections, where they are not meant to be.
    items: [memmem::Finder<'static>; 3],
    /// Whether sections may not stand here.
    pub(super) no_sections: bool,
}

/// The document is beyond feed-rs.
#[derive(Debug)]
pub(super) struct Beyond;

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let items = ["<item", "<entry", "<![CDATA["].map(memmem::Finder::new);
        Self { text, at: 0, open: Vec::new(), items, no_sections: false }
    }

    /// What comes next in the text.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next tag, `None` at the end. The caller keeps `open`.
    pub(super) fn next(&mut self) -> Result<Option<Tag<'a>>, Beyond> {
        let bytes = self.text.as_bytes();
        while let Some(next) = memchr2(b'<', b'&', &bytes[self.at..]) {
            self.at += next;
            match (bytes[self.at], bytes.get(self.at + 1)) {
                (b'&', _) => self.at += reference(&bytes[self.at..]).ok_or(Beyond)?,
                (_, Some(b'!')) => self.section()?,
                (_, Some(b'?')) => self.at = self.find(2, b"?>")?,
                (_, Some(b'/')) => return self.end().map(|()| Some(Tag::End)),
                _ => return self.start().map(|start| Some(Tag::Start(start))),
            }
        }
        Ok(None)
    }

    /// Behind the next `end`, which is looked for from `skip` bytes on.
    fn find(&self, skip: usize, end: &[u8]) -> Result<usize, Beyond> {
        let from = self.at + skip;
        let rest = self.text.as_bytes().get(from..).ok_or(Beyond)?;
        memmem::find(rest, end).map(|at| from + at + end.len()).ok_or(Beyond)
    }

    /// A comment or CDATA section. One that holds an item, or the beginning of another one, was
    /// meant to be closed before.
    fn section(&mut self) -> Result<(), Beyond> {
        let rest = self.rest();
        let end = if rest.starts_with("<!--")
            && !rest.starts_with("<!-->")
            && !rest.starts_with("<!--->")
        {
            self.find(4, b"-->")?
        } else if rest.starts_with("<![CDATA[") && !self.no_sections {
            self.find(9, b"]]>")?
        } else {
            return Err(Beyond);
        };
        let inside = &self.text.as_bytes()[self.at + 2..end];
        if memchr(b'<', inside).is_some()
            && self.items.iter().any(|item| item.find(inside).is_some())
        {
            return Err(Beyond);
        }
        self.at = end;
        Ok(())
    }

    /// An end tag, which closes the element that was opened last.
    fn end(&mut self) -> Result<(), Beyond> {
        let name = self.open.last().ok_or(Beyond)?;
        let rest = self.rest()[2..].strip_prefix(name).ok_or(Beyond)?;
        let blank = blanks(rest.as_bytes());
        if rest.as_bytes().get(blank) != Some(&b'>') {
            return Err(Beyond);
        }
        self.at += 2 + name.len() + blank + 1;
        Ok(())
    }

    fn start(&mut self) -> Result<Start<'a>, Beyond> {
        let bytes = self.text.as_bytes();
        let from = self.at + 1;
        let mut at = from + name_length(&bytes[from..]);
        let mut start = Start { name: &self.text[from..at], ..Start::default() };
        if !start.name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(Beyond);
        }
        let attributes = at;
        for _ in 0..=MAX_ATTRIBUTES {
            let blank = blanks(&bytes[at..]);
            at += blank;
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'>'), _) => self.at = at + 1,
                (Some(b'/'), Some(b'>')) => (self.at, start.empty) = (at + 2, true),
                _ if blank == 0 => return Err(Beyond),
                _ => {
                    at = self.attribute(at, &mut start.says)?;
                    continue;
                }
            }
            start.attributes = &self.text[attributes..at];
            return Ok(start);
        }
        Err(Beyond)
    }

    /// An attribute; returns where it ends.
    fn attribute(&self, from: usize, says: &mut Says<'a>) -> Result<usize, Beyond> {
        let bytes = self.text.as_bytes();
        let mut at = from + name_length(&bytes[from..]);
        let key = &self.text[from..at];
        if key.is_empty() || bytes.get(at) != Some(&b'=') {
            return Err(Beyond);
        }
        at += 1;
        let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\'')).ok_or(Beyond)?;
        at += 1;
        let end = at + memchr2(quote, b'<', &bytes[at..]).ok_or(Beyond)?;
        let value = &self.text[at..end];
        if bytes[end] == b'<' || !entities_are_known(value) {
            return Err(Beyond);
        }
        match key {
            "type" => says.kind = Some(value),
            "mode" | "src" => says.coding = true,
            "xml:lang" => says.language = true,
            "xml:base" | "xmlns" => says.scope = true,
            "about" | "rdf:about" | "lastmod" | "href" => says.item = true,
            _ if key.starts_with("xmlns:") => says.scope = true,
            "isPermaLink" => {}
            _ => says.upper |= key.bytes().any(|b| b.is_ascii_uppercase()),
        }
        Ok(end + 1)
    }
}

/// Length of the white space at the start.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// Length of the name at the start.
fn name_length(bytes: &[u8]) -> usize {
    let part =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.' | 0x80..);
    bytes.iter().take_while(|b| part(b)).count()
}

/// Length of the reference at the start, if it has the form of one.
fn reference(rest: &[u8]) -> Option<usize> {
    let name = rest[1..].iter().take(40);
    let length = name.take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
    (length > 0 && rest.get(length + 1) == Some(&b';')).then_some(length + 2)
}

fn entities_are_known(value: &str) -> bool {
    memchr(b'&', value.as_bytes()).is_none()
        || value.match_indices('&').all(|(at, _)| {
            text::entity(&value[at..]).is_some_and(|(character, _)| !character.is_empty())
        })
}

/// The attributes of a tag that was scanned: names and values as written.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (key, after) = rest.split_once('=')?;
        let quote = after.chars().next()?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        rest = next;
        Some((key.trim(), value))
    })
}
