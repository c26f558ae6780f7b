//! TOML values: the kinds that keys may have, and how each is read.

use std::time::Duration;

use super::{At, Bytes, FromNode, Node, Source, Value, Wrong};
use crate::model::{Level, Status, nearest};

impl Node {
    /// The name of the value's type, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "an integer",
            Value::Text(_) => "a string",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }

    /// Where the value comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    pub fn as_integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The pairs, if it is a table.
    pub fn as_table(&self) -> Option<impl Iterator<Item = (&str, &Node)>> {
        match &self.value {
            Value::Table(entries) => {
                Some(entries.iter().map(|(key, (_, node))| (key.as_str(), node)))
            }
            _ => None,
        }
    }

    fn wrong_type(&self) -> Wrong {
        Wrong { source: self.source.clone(), message: None, kind: self.kind() }
    }

    fn wrong(&self, message: String) -> Wrong {
        Wrong { source: self.source.clone(), message: Some(message), kind: self.kind() }
    }

    fn is_outside(&self) -> bool {
        !matches!(self.source, Source::Span(_))
    }
}

impl FromNode for String {
    const EXPECTED: &'static str = "a string";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        node.as_text().map(str::to_owned).ok_or_else(|| node.wrong_type())
    }
}

impl FromNode for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        match &node.value {
            Value::Bool(value) => Ok(*value),
            Value::Text(text) if node.is_outside() => text.parse().map_err(|_| node.wrong_type()),
            _ => Err(node.wrong_type()),
        }
    }
}

impl FromNode for u32 {
    const EXPECTED: &'static str = "a whole number";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        match &node.value {
            Value::Integer(number) => Self::try_from(*number)
                .map_err(|_| node.wrong(format!("{number} is not between 0 and {}", Self::MAX))),
            Value::Text(text) if node.is_outside() => text.parse().map_err(|_| node.wrong_type()),
            _ => Err(node.wrong_type()),
        }
    }
}

impl FromNode for Duration {
    const EXPECTED: &'static str = "a duration such as \"30s\", \"15m\", \"12h\" or \"90d\"";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        let text = node.as_text().ok_or_else(|| node.wrong_type())?;
        humantime::parse_duration(text).map_err(|error| {
            node.wrong(format!("\"{text}\": {error}; expected {}", Self::EXPECTED))
        })
    }
}

impl FromNode for Bytes {
    const EXPECTED: &'static str = "a size such as \"10MiB\" or \"64kB\"";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        match &node.value {
            Value::Integer(number) => {
                u64::try_from(*number).map(Bytes).map_err(|_| node.wrong_type())
            }
            Value::Text(text) => {
                text.parse::<bytesize::ByteSize>().map(|size| Bytes(size.as_u64())).map_err(|_| {
                    node.wrong(format!("\"{text}\" is no size; expected {}", Self::EXPECTED))
                })
            }
            _ => Err(node.wrong_type()),
        }
    }
}

impl FromNode for Level {
    const EXPECTED: &'static str = "one of informational, low, medium, high, critical";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        let text = node.as_text().ok_or_else(|| node.wrong_type())?;
        Self::named(text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str);
            node.wrong(none_of("level", text, &known, Self::EXPECTED))
        })
    }
}

impl FromNode for Status {
    const EXPECTED: &'static str = "one of stable, test, experimental, deprecated";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        let text = node.as_text().ok_or_else(|| node.wrong_type())?;
        let status = Self::ALL.into_iter().find(|status| status.as_str() == text);
        status.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str);
            node.wrong(none_of("status", text, &known, Self::EXPECTED))
        })
    }
}

fn none_of(what: &str, text: &str, known: &[&str], expected: &str) -> String {
    match nearest(text, known.iter().copied()) {
        Some(near) => format!("no {what} \"{text}\"; did you mean \"{near}\"? expected {expected}"),
        None => format!("no {what} \"{text}\"; expected {expected}"),
    }
}

impl<T: FromNode> FromNode for At<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        T::from_node(node).map(|value| Self { value, source: node.source.clone() })
    }
}

impl FromNode for Node {
    const EXPECTED: &'static str = "a value";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        Ok(node.clone())
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    const EXPECTED: &'static str = "a list";
    fn from_node(node: &Node) -> Result<Self, Wrong> {
        match &node.value {
            Value::Array(nodes) => nodes
                .iter()
                .map(|node| {
                    T::from_node(node).map_err(|mut wrong| {
                        wrong.message.get_or_insert_with(|| {
                            format!("expected {} in the list, found {}", T::EXPECTED, wrong.kind)
                        });
                        wrong
                    })
                })
                .collect(),
            Value::Text(text) if node.is_outside() => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| {
                    T::from_node(&Node {
                        value: Value::Text(part.to_owned()),
                        source: node.source.clone(),
                    })
                })
                .collect(),
            _ => Err(node.wrong_type()),
        }
    }
}
