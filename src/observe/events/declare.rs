//! What an event is made of its declaration: a type, the way to log it, and its description.

macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $level:ident $type:ident $(<$life:lifetime>)? = $name:literal {
            $($(#[doc = $field_doc:literal])+ $field:ident: $field_type:ty,)+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub struct $type $(<$life>)? {
                $($(#[doc = $field_doc])+ pub $field: $field_type,)+
            }

            impl $(<$life>)? $type $(<$life>)? {
                /// Logs it.
                pub fn log(&self) {
                    tracing::event!(
                        name: $name,
                        target: "wirewatch",
                        Level::$level,
                        $($field = self.$field.fact(),)+
                    );
                }
            }
        )+

        /// All events that are logged through `tracing`, in order.
        const LOGGED: &[Described] = &[$(Described {
            name: $name,
            level: Level::$level,
            meaning: concat!($($doc),+),
            fields: &[$((stringify!($field), concat!($($field_doc),+)),)+],
        },)+];
    };
}
