//! Makes text that a strict JSON parser reads of what is nearly JSON, in one pass.
//!
//! Strings, numbers and brackets are kept; commas are set anew. What cannot be understood (names
//! without quotes, brackets that do not match) is not guessed at.

/// The deepest nesting that is gone into; a strict parser stops soon after.
const MAX_DEPTH: usize = 100;

/// A document that was mended.
#[derive(Debug)]
pub(super) struct Mended {
    /// One JSON object.
    pub(super) text: String,
    /// What was done, by the names of [`crate::parse::REPAIRS`].
    pub(super) repairs: Vec<&'static str>,
}

/// Mends a document; `None` if there is no object in it, or it is beyond mending. Of one that ends
/// early, the members and items that are whole are kept.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let start = object(text)?;
    let mut mender = Mender {
        text,
        at: start,
        out: String::with_capacity(text.len() - start),
        open: Vec::new(),
        items: false,
        whole: None,
        mended: false,
    };
    let end = mender.run()?;
    let mut repairs = Vec::new();
    if !text[..start].trim().is_empty() {
        repairs.push("junk-before");
    }
    if mender.mended {
        repairs.push("json-mended");
    }
    match end {
        End::Early => {
            let (length, closers) = mender.whole?;
            mender.out.truncate(length);
            mender.out.push_str(closers);
            repairs.push("truncated");
        }
        End::Closed if !text[mender.at..].trim().is_empty() => repairs.push("junk-after"),
        End::Closed => {}
    }
    if repairs.is_empty() {
        repairs.push("json-mended");
    }
    Some(Mended { text: mender.out, repairs })
}

/// Where the object begins: at the first `{` with a string behind it.
fn object(text: &str) -> Option<usize> {
    let mut braces = text.match_indices('{').map(|(at, _)| at);
    braces.find(|at| text[at + 1..].trim_start().starts_with('"'))
}

/// How the outermost object ends.
enum End {
    Closed,
    Early,
}

/// What is expected in an open object or list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value of a list.
    Element,
    Key,
    Colon,
    Value,
}

/// An open object or list.
struct Open {
    next: Next,
    /// Whether there is something in it already, and whether a comma was read since.
    filled: bool,
    comma: bool,
}

struct Mender<'a> {
    text: &'a str,
    at: usize,
    out: String,
    open: Vec<Open>,
    /// Whether the member at hand of the outermost object is `items`.
    items: bool,
    /// How much of `out` is whole, and what closes it.
    whole: Option<(usize, &'static str)>,
    mended: bool,
}

impl<'a> Mender<'a> {
    /// Goes to the end of the outermost object, or of the text; `None` if it is beyond mending.
    fn run(&mut self) -> Option<End> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let Some(byte) = self.rest().bytes().next() else { return Some(End::Early) };
            match byte {
                b'{' | b'[' => self.begin(byte)?,
                b'}' | b']' => {
                    self.end(byte)?;
                    if self.open.is_empty() {
                        return Some(End::Closed);
                    }
                }
                b',' => self.comma()?,
                b':' => self.colon()?,
                b'"' => {
                    let key = self.open.last()?.next == Next::Key;
                    self.separate()?;
                    let from = self.at;
                    if !self.string() {
                        return Some(End::Early);
                    }
                    if key && self.open.len() == 1 {
                        self.items = &self.text[from..self.at] == "\"items\"";
                    }
                    self.done(key)?;
                }
                _ => {
                    self.separate()?;
                    if self.open.last()?.next == Next::Key || !self.word()? {
                        return self.rest().is_empty().then_some(End::Early);
                    }
                    self.done(false)?;
                }
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Copies the ASCII character at hand.
    fn copy(&mut self, byte: u8) {
        self.out.push(char::from(byte));
        self.at += 1;
    }

    /// Writes the comma before a key or an element, if there is one before it.
    fn separate(&mut self) -> Option<()> {
        let Some(open) = self.open.last_mut() else { return Some(()) };
        match open.next {
            Next::Colon => return None,
            Next::Key | Next::Element if open.filled => {
                self.mended |= !open.comma;
                self.out.push(',');
            }
            Next::Key | Next::Element => self.mended |= open.comma,
            Next::Value => {}
        }
        open.comma = false;
        Some(())
    }

    /// A key or value was read.
    fn done(&mut self, key: bool) -> Option<()> {
        let open = self.open.last_mut()?;
        open.next = match (key, open.next) {
            (true, _) => Next::Colon,
            (false, Next::Element) => Next::Element,
            (false, _) => Next::Key,
        };
        open.filled = true;
        if !key {
            self.keep();
        }
        Some(())
    }

    /// Remembers that all up to here is whole, if it is a member of the feed or one of its items.
    fn keep(&mut self) {
        self.whole = match &self.open[..] {
            [_] => Some((self.out.len(), "}")),
            [_, Open { next: Next::Element, .. }] if self.items => Some((self.out.len(), "]}")),
            [_, Open { .. }] if self.items => Some((self.out.len(), "}}")),
            _ => self.whole,
        };
    }

    fn begin(&mut self, byte: u8) -> Option<()> {
        if self.open.len() >= MAX_DEPTH || self.open.last().is_some_and(|o| o.next == Next::Key) {
            return None;
        }
        self.separate()?;
        self.copy(byte);
        let next = if byte == b'{' { Next::Key } else { Next::Element };
        self.open.push(Open { next, filled: false, comma: false });
        self.keep();
        Some(())
    }

    fn end(&mut self, byte: u8) -> Option<()> {
        let open = self.open.pop()?;
        if (byte == b']') != (open.next == Next::Element) {
            return None;
        }
        self.mended |= open.comma;
        match open.next {
            Next::Colon => self.out.push_str(":null"),
            Next::Value => self.out.push_str("null"),
            Next::Key | Next::Element => {}
        }
        self.mended |= matches!(open.next, Next::Colon | Next::Value);
        self.copy(byte);
        if self.open.is_empty() { Some(()) } else { self.done(false) }
    }

    fn comma(&mut self) -> Option<()> {
        self.at += 1;
        let open = self.open.last_mut()?;
        match open.next {
            Next::Key | Next::Element => {
                self.mended |= open.comma;
                open.comma = true;
                return Some(());
            }
            Next::Colon => self.out.push_str(":null"),
            Next::Value => self.out.push_str("null"),
        }
        (open.next, open.comma) = (Next::Key, true);
        self.mended = true;
        Some(())
    }

    fn colon(&mut self) -> Option<()> {
        let open = self.open.last_mut().filter(|open| open.next == Next::Colon)?;
        open.next = Next::Value;
        self.copy(b':');
        Some(())
    }

    /// Copies a string; false if the text ends within it.
    fn string(&mut self) -> bool {
        self.copy(b'"');
        let bytes = self.text.as_bytes();
        let mut copied = self.at;
        while let Some(byte) = bytes.get(self.at) {
            let (length, instead) = match byte {
                b'"' => {
                    self.at += 1;
                    self.out.push_str(&self.text[copied..self.at]);
                    return true;
                }
                b'\\' => match escape(&bytes[self.at..]) {
                    Escape::Sound(length) => {
                        self.at += length;
                        continue;
                    }
                    Escape::Lone => (6, Some('\u{FFFD}')),
                    Escape::Bad => (1, None),
                },
                0..0x20 => (1, Some(char::from(*byte))),
                _ => {
                    self.at += 1;
                    continue;
                }
            };
            self.mended = true;
            self.out.push_str(&self.text[copied..self.at]);
            match instead {
                Some(control @ '\0'..' ') => {
                    self.out.push_str("\\u00");
                    let digits = [u32::from(control) >> 4, u32::from(control) & 15];
                    self.out.extend(digits.iter().filter_map(|digit| char::from_digit(*digit, 16)));
                }
                other => self.out.extend(other),
            }
            self.at += length;
            copied = self.at;
        }
        false
    }

    /// Copies a number, `true`, `false` or `null`, or writes `null` for any other word. False if
    /// the text ends with it, `None` if there is none.
    fn word(&mut self) -> Option<bool> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let rest = self.rest();
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let word = rest.get(..length).filter(|word| !word.is_empty())?;
        self.at += length;
        let sound =
            matches!(word, "true" | "false" | "null") || serde_json::from_str::<f64>(word).is_ok();
        self.out.push_str(if sound { word } else { "null" });
        self.mended |= !sound;
        Some(length < rest.len())
    }
}

/// What a backslash begins.
enum Escape {
    /// An escape of this length.
    Sound(usize),
    /// Half of a surrogate pair.
    Lone,
    /// Nothing that JSON knows.
    Bad,
}

/// The escape at the start of `rest`.
fn escape(rest: &[u8]) -> Escape {
    match rest.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Escape::Sound(2),
        Some(b'u') => match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => Escape::Sound(12),
            (Some(0xD800..0xE000), _) => Escape::Lone,
            (Some(_), _) => Escape::Sound(6),
            (None, _) => Escape::Bad,
        },
        _ => Escape::Bad,
    }
}

/// The UTF-16 code unit of a `\uXXXX`.
fn unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit: u16, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests;
