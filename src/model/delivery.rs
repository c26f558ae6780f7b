//! An alert on its way to one sink.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Alert, AlertId, Reason, Timestamp};

/// One outbox row: an alert that one sink does not have yet. The alert's id is the key by which a
/// sink can tell a second attempt from a second alert.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The row in the outbox.
    pub row: i64,
    /// What to deliver.
    pub alert: Arc<Alert>,
    /// Attempts that failed before this one.
    pub attempts: u32,
    /// When the first of these failed.
    pub first_failed: Option<Timestamp>,
    /// The message that it went out in before, or was to go out in; it stays in that one.
    pub message: Option<MessageKey>,
}

/// By what a receiver can tell that it has had a message: 32 lowercase hexadecimal digits. That of
/// a message with one alert is the alert's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey(Arc<str>);

impl MessageKey {
    /// The key of a message with these alerts, in this order: the id of a single one; else the
    /// first half of the SHA-256 of all ids.
    pub fn of<'a>(alerts: impl IntoIterator<Item = &'a AlertId>) -> Self {
        let mut alerts = alerts.into_iter().peekable();
        let first = alerts.next();
        if let (Some(only), None) = (first, alerts.peek()) {
            return Self::new(only.as_str());
        }
        let mut digest = Sha256::new();
        for id in first.into_iter().chain(alerts) {
            digest.update(id.as_str());
            digest.update([0]);
        }
        let digest = digest.finalize();
        Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }

    /// The key of a message in which these alerts go out in this form: as [`MessageKey::of`] for
    /// lines and single alerts; else one from which [`Form::of_message`] knows the form again.
    pub fn of_message<'a>(form: Form, alerts: impl IntoIterator<Item = &'a AlertId>) -> Self {
        let alerts: Vec<&AlertId> = alerts.into_iter().collect();
        if alerts.len() < 2 || matches!(form, Form::Lines | Form::Single) {
            return Self::of(alerts);
        }
        let form = AlertId::new(form.as_str());
        Self::of([&form].into_iter().chain(alerts))
    }

    /// Takes a stored key as it is.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a sink is given at once.
#[derive(Clone, Debug)]
pub struct Batch {
    /// In the order in which they are to go out.
    pub deliveries: Vec<Delivery>,
    /// What they are to go out as.
    pub form: Form,
    /// The key of the message; of lines, of no meaning.
    pub key: MessageKey,
}

/// What the deliveries of a batch go out as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each by itself.
    Lines,
    /// One message for the only one.
    Single,
    /// One message for what came together (`group_for`).
    Group,
    /// One message for what is more than the sink may be sent (`max_per_minute`).
    Digest,
    /// One message for what came in quiet hours.
    CatchUp,
}

impl Form {
    /// The word for it in templates and in JSON: lowercase, underscores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Single => "single",
            Self::Group => "group",
            Self::Digest => "digest",
            Self::CatchUp => "catch_up",
        }
    }
}

impl Form {
    /// The form in which these alerts were gathered into the message with this key.
    pub fn of_message<'a>(key: &MessageKey, alerts: impl IntoIterator<Item = &'a AlertId>) -> Self {
        let alerts: Vec<&AlertId> = alerts.into_iter().collect();
        if alerts.len() < 2 {
            return Self::Single;
        }
        let is = |form: &Self| MessageKey::of_message(*form, alerts.iter().copied()) == *key;
        // If some have been dropped since, what is left is a group.
        [Self::Group, Self::Digest, Self::CatchUp].into_iter().find(is).unwrap_or(Self::Group)
    }
}

impl Batch {
    /// A batch of that form.
    pub fn new(deliveries: Vec<Delivery>, form: Form) -> Self {
        let alerts = deliveries.iter().map(|delivery| &delivery.alert.id);
        let key = MessageKey::of_message(form, alerts);
        Self { deliveries, form, key }
    }

    /// How many deliveries there are.
    pub fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }
}

/// Where a sink has got to in what it writes, in the sink's own words. Kept in the same
/// transaction as the settling of what was written up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark(pub String);

/// How one delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The sink has it, durably.
    Delivered,
    /// Not now; to be tried again, not before `after` if the receiver named a time.
    Retry {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
        /// The receiver's own wish (Retry-After).
        after: Option<Duration>,
    },
    /// Never: the receiver will not take this one.
    Refused {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
}

/// What a sink answers to a batch: one outcome for each delivery, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// As many as there were deliveries.
    pub outcomes: Vec<Outcome>,
    /// Where the sink has got to, if it keeps count.
    pub bookmark: Option<Bookmark>,
    /// Whether some of those to whom a message goes have it, though it is refused: so it must not
    /// go out again in another form.
    pub in_part: bool,
}

impl Attempt {
    /// The same outcome for each of `count` deliveries.
    pub fn all(outcome: Outcome, count: usize) -> Self {
        Self { outcomes: vec![outcome; count], ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_that_of_its_alerts_in_their_order() {
        let (a, b) = (AlertId::new("a1"), AlertId::new("b2"));
        assert_eq!(MessageKey::of([&a]).as_str(), "a1");
        let both = MessageKey::of([&a, &b]);
        assert_eq!(both, MessageKey::of([&a, &b]));
        assert_ne!(both, MessageKey::of([&b, &a]));
        assert_eq!(both.as_str().len(), 32);
    }

    #[test]
    fn a_message_is_known_by_its_key_as_what_it_was() {
        let (a, b) = (AlertId::new("a1"), AlertId::new("b2"));
        let mut keys = Vec::new();
        for form in [Form::Group, Form::Digest, Form::CatchUp] {
            let key = MessageKey::of_message(form, [&a, &b]);
            assert_eq!(Form::of_message(&key, [&a, &b]), form);
            assert_eq!(MessageKey::of_message(form, [&a]).as_str(), "a1");
            assert_eq!(Form::of_message(&key, [&a]), Form::Single);
            keys.push(key);
        }
        keys.dedup();
        assert_eq!(keys.len(), 3);
    }
}
