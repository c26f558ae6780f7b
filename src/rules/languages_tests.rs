use super::*;

fn item(language: Option<&str>, title: &str) -> Item {
    Item { language: language.map(str::to_owned), title: title.to_owned(), ..Item::default() }
}

fn look_of(title: &str) -> Look {
    Look::Unknown(Scripts::of(&item(None, title)))
}

#[test]
fn the_declared_language_counts_unless_the_script_belies_it() {
    let declared = |tag| Language::Declared(Tag::read(tag).unwrap());
    let detected = |code| Language::Seen(Look::Detected(code));
    let uk_en = "The Wall Street Journal, Axios: Рубіо";
    for (tag, title, want) in [
        (Some("de-AT"), "Rain in the Alps", declared("de-AT")),
        (Some("en-US"), "Вибухи у Харкові: що відомо", detected("uk")),
        (Some("en-US"), "Вибухи у Харкові: що відомо NATO", detected("uk")),
        (Some("uk"), "What the minister said on the harbour", detected("en")),
        (Some("uk"), uk_en, declared("uk")),
        (Some("el"), "The Wall Street Journal, Axios: Αθήνα", declared("el")),
        (None, uk_en, Language::Seen(look_of(uk_en))),
        (None, "What the minister said on the bus: Рубіо за столом", {
            Language::Seen(look_of("What the minister said on the bus: Рубіо за столом"))
        }),
        (Some("en"), "Trump, Axios: Рубіо", {
            Language::Doubted(Tag::read("en").unwrap(), look_of("Рубіо"))
        }),
        (Some("en"), "Axios, Guardian: що відомо про зустріч", {
            Language::Doubted(Tag::read("en").unwrap(), Look::Detected("uk"))
        }),
        (Some("en"), "What the Ukrainian word воля means to us", declared("en")),
        (Some("uk-Latn"), "Vybukhy u Kharkovi", declared("uk-Latn")),
        (Some("sr"), "Председник је рекао", declared("sr")),
        (Some("sr"), "Predsednik je rekao", declared("sr")),
        (Some("en"), "BBC", declared("en")),
        (Some("en"), "2:0", declared("en")),
        (Some("ja"), "The harbour of the town", detected("en")),
        (None, "Вибухи у Харкові: що відомо", detected("uk")),
        (None, "Macron, Merz", Language::Seen(look_of("Macron, Merz"))),
        (None, "2:0", Language::Seen(Look::Unknown(Scripts::default()))),
    ] {
        assert_eq!(Language::of(&item(tag, title)), want, "{tag:?} {title}");
    }
    for none in ["und", "mul", "zxx", "mis", "x-default", "i-default", "qaa", "xx", "art"] {
        let title = "What the minister said on the harbour";
        assert_eq!(Language::of(&item(Some(none), title)), detected("en"), "{none}");
    }
}

#[test]
fn ranges_filter_as_in_rfc_4647() {
    let declared = |tag| Language::Declared(Tag::read(tag).unwrap());
    let detected = |code| Language::Seen(Look::Detected(code));
    let one_of =
        |codes: &[&'static str]| Language::Seen(Look::OneOf(Rivals::of(codes.iter().copied())));
    let unknown = |title: &str| Language::Seen(look_of(title));
    for (ranges, language, want) in [
        (&["de"][..], declared("de-at"), true),
        (&["de-at"], declared("de-AT-1996"), true),
        (&["de-at"], declared("de"), false),
        (&["de-at"], declared("de-att"), false),
        (&["de"], declared("ger"), true),
        (&["de"], declared("deu-DE"), true),
        (&["de-at"], declared("deu-AT"), true),
        (&["ro"], declared("ron"), true),
        (&["ro"], declared("rum"), true),
        (&["ro"], declared("mo"), true),
        (&["uk"], declared("UKR"), true),
        (&["uk"], declared("ua"), true),
        (&["cs"], declared("cz"), true),
        (&["el"], declared("gr"), true),
        (&["en"], declared("English"), true),
        (&["he"], declared("iw"), true),
        (&["no"], declared("nb-NO"), true),
        (&["nb"], declared("no"), true),
        (&["nn"], detected("no"), true),
        (&["uk", "de"], declared("de"), true),
        (&["*"], declared("br"), true),
        (&[], declared("br"), true),
        (&["de-at"], detected("de"), true),
        (&["de"], detected("en"), false),
        (&["de"], one_of(&["es", "pt"]), false),
        (&["de", "pt"], one_of(&["es", "pt"]), true),
        (&["ca"], one_of(&["es", "pt"]), true), // Catalan has no words of its own here.
        (&["kk"], one_of(&["es", "pt"]), true),
        (&["os"], one_of(&["es", "pt"]), false),
        (&["os"], one_of(&["uk", "ru"]), true),
        (&["sr"], detected("hr"), true),
        (&["hr"], detected("sr"), false),
        (&["de"], unknown("Macron, Merz"), true),
        (&["de"], unknown("Лавров"), false),
        (&["uk"], unknown("Macron, Merz"), false),
        (&["uk"], unknown("Macron, Merz, Рубіо"), true),
        (&["uk"], unknown("2:0"), true),
        (&["en"], Language::Doubted(Tag::read("en").unwrap(), Look::Detected("uk")), true),
        (&["uk"], Language::Doubted(Tag::read("en").unwrap(), Look::Detected("uk")), true),
        (&["ru"], Language::Doubted(Tag::read("en").unwrap(), Look::Detected("uk")), false),
    ] {
        let languages = Languages::new(ranges.iter().map(|range| (*range).to_owned()).collect());
        assert_eq!(languages.admit(&language), want, "{ranges:?} {language:?}");
    }
}

#[test]
fn unknown_languages_are_refused_with_the_one_that_was_meant() {
    for good in ["en", "uk", "de-AT", "zh-Hant", "*", "UK", "nb", "no"] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    for (wrong, hint) in [
        ("ua", "did you mean `uk`?"),
        ("German", "did you mean `de`?"),
        ("cz", "did you mean `cs`?"),
        ("ukr", "did you mean `uk`?"),
        ("iw", "did you mean `he`?"),
        ("us", "did you mean `en`?"),
        ("", "ISO 639-1"),
        ("en_US", "did you mean `en-US`?"),
        ("xx", ""),
    ] {
        let (message, hinted) = check(wrong).expect_err(wrong);
        assert!(message.contains(wrong) && hinted.contains(hint), "{wrong}: {hinted}");
    }
}
