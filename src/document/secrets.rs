//! Values that must not be shown, not even where they are wrong.

use super::{At, FromNode, Source, Table};

impl Table<'_> {
    /// As [`Table::get_at`], for a secret: should it be wrong, the line is shown without it.
    pub fn get_secret(&mut self, key: &'static str) -> Option<At<String>> {
        let node = self.take(key)?;
        match String::from_node(&node) {
            Ok(value) => Some(At { value, source: node.source }),
            Err(wrong) => {
                self.problems.push(self.refusal(key, String::EXPECTED, wrong).starred());
                None
            }
        }
    }

    /// Where the value of `key` stands, if it is there and was not asked for yet.
    pub fn place_of(&self, key: &str) -> Option<Source> {
        self.entries.get(key).map(|(_, node)| node.source.clone())
    }
}
