use super::*;

#[test]
fn alternatives_are_chosen_and_found_again() {
    for (term, want) in [
        ("Sumy", "Sumy"),
        ("Zelensk{y,yy}", "Zelensky|Zelenskyy"),
        ("{,North }Korea{,s}", "Korea|Koreas|North Korea|North Koreas"),
        ("{а,б} {в,г}", "а в|а г|б в|б г"),
    ] {
        let variants = Variants::new(term).unwrap();
        let texts = variants.texts();
        assert_eq!(texts.join("|"), want);
        for (number, text) in texts.iter().enumerate() {
            for (at, c) in text.char_indices() {
                let place = variants.place(number, at);
                assert_eq!(term[place..].chars().next(), Some(c), "{term} {number} {at}");
            }
        }
    }
}

#[test]
fn a_name_with_a_tilde_stands_for_its_case_forms() {
    let forms = |text| in_all_cases(text).unwrap();
    assert_eq!(forms("Sumy"), ["Sumy"]);
    let both = forms("Дональд~ Трамп~-старш*");
    assert_eq!(both[0], "Дональд Трамп-старш*");
    for want in ["Дональда Трампа-старш*", "Дональдом Трампом-старш*", "Дональде Трампе-старш*"]
    {
        assert!(both.iter().any(|form| form == want), "{want}: {both:?}");
    }
    assert!(forms("=Харків~, місто").contains(&"=Харкова, місто".to_owned()));
    assert!(forms("перемир’я~").contains(&"перемир’ям".to_owned()));
}

#[test]
fn a_tilde_that_cannot_be_read_is_refused_at_its_place() {
    for (text, at, message) in [
        ("мер ~", "мер ".len(), "without a name"),
        ("Хар~ків", "Хар".len(), "inside a word"),
        ("Харків~~", "Харків".len(), "inside a word"),
        ("Харків~*", "Харків~".len(), "`*` behind `~`"),
        ("mayor Zelenskyy~", "mayor ".len(), "that ends as `Zelenskyy`"),
        ("F16~", 0, "not letters"),
        ("Xарків~", 0, "mixes Latin and Cyrillic"),
        ("泽~", 0, "only of Latin"),
        ("the EU~", "the ".len(), "too short"),
    ] {
        let refused = in_all_cases(text).expect_err(text);
        assert_eq!(
            (refused.at, refused.message.contains(message)),
            (at, true),
            "{text} {refused:?}"
        );
        assert!(!refused.hint.is_empty());
    }
    assert!(in_all_cases("Сергій~ Дональд~ Трамп~ Лавров~").is_err());
}

#[test]
fn endings_are_proposed_in_the_script_of_the_name() {
    for (text, copy) in [("Шойгу~", "`Шойгу{,а,…}`"), ("Zelenskyy~", "`Zelenskyy{,a,…}`")]
    {
        let refused = in_all_cases(text).unwrap_err();
        assert!(refused.hint.contains(copy), "{}", refused.hint);
    }
}
