//! From our words to the few types of value that `tracing` carries.

use std::time::Duration;

use tracing::field::{DisplayValue, Value, display};

use crate::model::{AlertId, FeedId, Health, Reason, Repair, SinkName, Timestamp};

/// A value as it stands in an event.
pub(super) trait Fact {
    /// What `tracing` carries it as.
    type Form<'v>: Value
    where
        Self: 'v;
    /// The value so.
    fn fact(&self) -> Self::Form<'_>;
}

macro_rules! facts {
    ($($type:ty => $form:ty: |$value:ident| $make:expr;)+) => {
        $(impl Fact for $type {
            type Form<'v> = $form where Self: 'v;
            fn fact(&self) -> Self::Form<'_> {
                let $value = *self;
                $make
            }
        })+
    };
}

facts! {
    bool => bool: |value| value;
    i64 => i64: |value| value;
    u64 => u64: |value| value;
    u32 => u64: |value| value.into();
    u16 => u64: |value| value.into();
    usize => u64: |value| value as u64;
    &str => &'v str: |value| value;
    &FeedId => &'v str: |value| value.as_str();
    &SinkName => &'v str: |value| value.as_str();
    &AlertId => &'v str: |value| value.as_str();
    Reason => &'static str: |value| value.as_str();
    Health => &'static str: |value| value.as_str();
    Timestamp => DisplayValue<Timestamp>: |value| display(value);
    Duration => u64: |value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    &[Repair] => Option<DisplayValue<String>>: |value| {
        (!value.is_empty()).then(|| display(value.join(",")))
    };
}

impl<T: Fact> Fact for Option<T> {
    type Form<'v>
        = Option<T::Form<'v>>
    where
        Self: 'v;
    fn fact(&self) -> Self::Form<'_> {
        self.as_ref().map(Fact::fact)
    }
}
