use super::*;

fn item(language: Option<&str>, title: &str) -> Item {
    Item { language: language.map(str::to_owned), title: title.to_owned(), ..Item::default() }
}

#[test]
fn the_declared_language_counts_unless_the_script_belies_it() {
    let declared = |tag: &str| Language::Declared(tag.to_owned());
    for (tag, title, want) in [
        (Some("de-AT"), "Rain in the Alps", declared("de-at")),
        (Some("en-US"), "Вибухи у Харкові: що відомо", Language::Detected("uk")),
        (Some("uk"), "What the minister said on the harbour", Language::Detected("en")),
        (Some("uk-Latn"), "Vybukhy u Kharkovi", declared("uk-latn")),
        (Some("sr"), "Председник је рекао", declared("sr")),
        (Some("sr"), "Predsednik je rekao", declared("sr")),
        (Some("en"), "BBC", declared("en")),
        (Some("en"), "2:0", declared("en")),
        (Some("ja"), "The harbour of the town", Language::Detected("en")),
        (None, "Вибухи у Харкові: що відомо", Language::Detected("uk")),
        (None, "Macron, Merz", Language::Unknown(Some(Script::Latin))),
        (None, "2:0", Language::Unknown(None)),
    ] {
        assert_eq!(Language::of(&item(tag, title)), want, "{tag:?} {title}");
    }
}

#[test]
fn ranges_filter_as_in_rfc_4647() {
    let declared = |tag: &str| Language::Declared(tag.to_owned());
    for (ranges, language, want) in [
        (&["de"][..], declared("de-at"), true),
        (&["de-at"], declared("de-at-1996"), true),
        (&["de-at"], declared("de"), false),
        (&["de"], declared("den"), false),
        (&["uk", "de"], declared("de"), true),
        (&["*"], declared("xx"), true),
        (&[], declared("xx"), true),
        (&["de-at"], Language::Detected("de"), true),
        (&["de"], Language::Detected("en"), false),
        (&["de"], Language::OneOf(vec!["es", "pt"]), false),
        (&["de", "pt"], Language::OneOf(vec!["es", "pt"]), true),
        (&["ca"], Language::OneOf(vec!["es", "pt"]), true), // Catalan has no words of its own here.
        (&["kk"], Language::OneOf(vec!["es", "pt"]), true),
        (&["os"], Language::OneOf(vec!["es", "pt"]), false),
        (&["os"], Language::OneOf(vec!["uk", "ru"]), true),
        (&["de"], Language::Unknown(Some(Script::Latin)), true),
        (&["de"], Language::Unknown(Some(Script::Cyrillic)), false),
        (&["uk"], Language::Unknown(Some(Script::Latin)), false),
        (&["uk"], Language::Unknown(None), true),
    ] {
        let languages = Languages(ranges.iter().map(|range| (*range).to_owned()).collect());
        assert_eq!(languages.admit(&language), want, "{ranges:?} {language:?}");
    }
}

#[test]
fn unknown_languages_are_refused_with_the_one_that_was_meant() {
    for good in ["en", "uk", "de-AT", "zh-Hant", "*", "UK"] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    for (wrong, hint) in [
        ("ua", "did you mean `uk`?"),
        ("German", "did you mean `de`?"),
        ("cz", "did you mean `cs`?"),
        ("us", "did you mean `en`?"),
        ("", "ISO 639-1"),
        ("en_US", "did you mean `en-US`?"),
        ("xx", ""),
    ] {
        let (message, hinted) = check(wrong).expect_err(wrong);
        assert!(message.contains(wrong) && hinted.contains(hint), "{wrong}: {hinted}");
    }
}
