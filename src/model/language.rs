//! How a language is named.

/// `tag` as a BCP 47 tag (RFC 5646) in lower case, with `-` for `_`; `None` if it has not the shape
/// of one. Whether there is such a language is not asked.
pub fn language_tag(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let sound = (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        && tag.split('-').next().is_some_and(|first| {
            (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic())
        });
    sound.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_shape_of_tags() {
        for (tag, expected) in [
            ("uk", Some("uk")),
            (" en_US ", Some("en-us")),
            ("zh-Hans-CN", Some("zh-hans-cn")),
            ("ukrainian", None),
            ("", None),
            ("en us", None),
            ("x", None),
            ("12", None),
        ] {
            assert_eq!(language_tag(tag).as_deref(), expected, "{tag}");
        }
    }
}
