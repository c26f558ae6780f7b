use proptest::prelude::*;

use super::super::letters::exact;
use super::*;

fn words(text: &str) -> Vec<String> {
    let folded = Folded::new(text);
    (0..folded.len()).map(|word| folded.letters(word).to_owned()).collect()
}

#[test]
fn spellings_that_mean_the_same_word_fold_to_one() {
    for (text, want) in [
        ("SUMY", "sumy"),
        ("Žbogar", "zbogar"),
        ("Z\u{30c}bogar", "zbogar"),
        ("Straße STRASSE", "strasse strasse"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("Łódź Øre Đuro Æsir œuvre", "lodz ore duro aesir oeuvre"),
        ("İstanbul ISTANBUL ıstanbul i\u{307}stanbul", "istanbul istanbul istanbul istanbul"),
        ("Ха\u{301}рків", "харків"),
        ("Їжак І\u{308}жак", "їжак їжак"),
        ("Йод И\u{306}од и\u{301}\u{306}од", "йод йод йод"),
        ("ёлка е\u{308}лка елка", "елка елка елка"),
        ("Khar\u{ad}kiv Khar\u{200b}kiv Kh\u{2060}arkiv", "kharkiv kharkiv kharkiv"),
        ("𝐓𝐫𝐮𝐦𝐩 Ｔｒｕｍｐ ﬁn", "trump trump fin"),
        ("Zеlensky Cуми Xарків", "zelensky суми харків"),
        ("ІСTV", "ictv"),
        ("ґанок ѓ г\u{301}", "ганок ѓ ѓ"),
        ("ゼレ ゼレ", "セ\u{3099} レ セ\u{3099} レ"),
        ("हिन्दी", "हिन्दी"),
        ("", ""),
        ("\u{301}\u{200b}…!", ""),
    ] {
        assert_eq!(words(text).join(" "), want, "{text}");
    }
}

#[test]
fn what_stands_between_words_is_told_apart() {
    for (text, want) in [
        ("a b", Gap::Space),
        ("a\u{a0}\u{2009}b", Gap::Space),
        ("a-b", Gap::Space),
        ("a\u{2011}b", Gap::Space),
        ("a» (b", Gap::Space),
        ("a—b", Gap::Space),
        ("a — b", Gap::Stop),
        ("a'b", Gap::Apostrophe),
        ("a’b", Gap::Apostrophe),
        ("aʼb", Gap::Apostrophe),
        ("a' b", Gap::Space),
        ("a. b", Gap::Mark(b'.')),
        ("a.b", Gap::Mark(b'.')),
        ("a, «b", Gap::Mark(b',')),
        ("a... b", Gap::Stop),
        ("a… b", Gap::Stop),
        ("泽连", Gap::Joined),
        ("a泽", Gap::Joined),
    ] {
        assert_eq!(Folded::new(text).gap(1), want, "{text}");
        assert_eq!(Folded::new(text).gap(0), Gap::Stop, "{text}");
    }
}

#[test]
fn a_word_gives_back_all_that_it_was_made_of() {
    for (text, want) in [
        ("«Ха\u{301}рків»", "Ха\u{301}рків"),
        ("x Khar\u{ad}kiv\u{200b}, y", "Khar\u{ad}kiv"),
        ("— Sumi\u{301}!", "Sumi\u{301}"),
    ] {
        let folded = Folded::new(text);
        let word = usize::from(folded.len() > 1);
        assert_eq!(&text[folded.span(word, word)], want);
    }
}

#[test]
fn capitals_and_accents_are_kept_where_they_count() {
    let text = |word: &str| exact(word).into_iter().collect::<String>();
    assert_eq!(text("Sumy"), "Sumy");
    assert_eq!(text("Šumy"), text("S\u{30c}umy"));
    assert_ne!(text("Šumy"), "Sumy");
    assert_eq!(text("Су\u{301}ми"), "Суми");
    assert_eq!(text("Cуми"), "Суми");
    assert_eq!(text("SUMİ"), "SUMI");
}

/// Takes minutes if each mark looks at all those before it.
#[test]
fn marks_without_end_on_one_letter_cost_what_they_are_long() {
    let word = format!("Sum{}y", "\u{301}".repeat(500_000));
    let letters = exact(&word);
    assert_eq!((letters.len(), letters.last()), (500_004, Some(&'y')));
}

proptest! {
    #[test]
    fn every_word_maps_back_to_characters_of_the_text(
        text in "(\\PC|[\u{0}-\u{9f}\u{ad}\u{200b}\u{301}\u{306}\u{308}İßﬃ½㎏ŉ泽ゼ'’. -]){0,80}",
    ) {
        let folded = Folded::new(&text);
        let mut past = 0;
        for word in 0..folded.len() {
            let span = folded.span(word, word);
            // The words of a hashtag come back to where it began.
            prop_assert!(span.start >= past || text.contains(['#', '@', '＃', '＠', '﹟', '﹫']));
            prop_assert!(span.start < span.end);
            prop_assert!(text.get(span.clone()).is_some());
            prop_assert!(!folded.letters(word).is_empty());
            prop_assert!(folded.letters(word).bytes().all(|b| b >= 0x80 || b.is_ascii_alphanumeric()));
            let again = Folded::new(&text[span.clone()]);
            prop_assert_eq!(again.letters(0), folded.letters(word));
            past = span.end;
        }
    }

    #[test]
    fn folding_is_its_own_fixed_point_and_blind_to_composition(text in "\\PC{0,60}") {
        use unicode_normalization::UnicodeNormalization;
        let composed: String = text.nfc().collect();
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(words(&composed), words(&decomposed));
    }
}

#[test]
fn marks_on_one_letter_count_the_same_in_any_order_that_means_the_same() {
    assert_eq!(words("ご\u{b3c}"), words("こ\u{b3c}\u{3099}"));
    for mark in ['\u{334}', '\u{5b4}', '\u{483}'] {
        assert_eq!(words(&format!("ご{mark}")), words(&format!("こ{mark}\u{3099}")));
    }
    assert_eq!(words("こ\u{3099}\u{b3c}"), words("こ\u{b3c}\u{3099}"));
}

#[test]
fn what_is_typed_in_many_ways_is_one() {
    let apostrophes = "\u{27}\u{60}\u{b4}\u{2018}\u{2019}\u{201b}\u{2b9}\u{2bb}\u{2bc}\u{2bd}\u{2032}\u{55a}\u{ff07}";
    for c in apostrophes.chars() {
        let text = format!("м{c}я");
        assert_eq!(words(&text), ["м", "я"], "{c:?}");
        assert_eq!(Folded::new(&text).gap(1), Gap::Apostrophe, "{c:?}");
    }
    let spaces = " \t\n\u{a0}\u{1680}\u{2000}\u{2002}\u{2003}\u{2007}\u{2009}\u{200a}\u{2028}\u{202f}\u{205f}\u{3000}";
    let hyphens = "-\u{2010}\u{2011}\u{2012}\u{2013}\u{2212}\u{fe58}\u{fe63}\u{ff0d}";
    for c in spaces.chars().chain(hyphens.chars()) {
        let text = format!("Sumy{c}oblast");
        assert_eq!(words(&text), ["sumy", "oblast"], "{c:?}");
        assert_eq!(Folded::new(&text).gap(1), Gap::Space, "{c:?}");
    }
    let unseen = "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{fe0f}\u{feff}\u{34f}\u{61c}";
    for c in unseen.chars() {
        assert_eq!(words(&format!("{c}Хар{c}ків{c}")), ["харків"], "{c:?}");
        assert_eq!(words(&format!("Khar{c}{c}kiv")), ["kharkiv"], "{c:?}");
    }
    for (text, want) in [
        ("Ｋｈａｒｋｉｖ", "kharkiv"),
        ("𝐊𝐡𝐚𝐫𝐤𝐢𝐯 𝕂𝕙𝕒𝕣𝕜𝕚𝕧 𝓚𝓱𝓪𝓻𝓴𝓲𝓿", "kharkiv kharkiv kharkiv"),
        ("ⓉⓇⓊⓂⓅ ﬃ ĳ ²", "trump ffi ij 2"),
        ("Х\u{301}а\u{300}рків ру\u{301}сский", "харків русский"),
        ("Zełenski Zelenský Selenskyj", "zelenski zelensky selenskyj"),
        ("Київ киів Киев", "київ киів киев"),
        ("Ґалаґан Ёлка ЁЛКА Ўладзімір", "галаган елка елка ўладзімір"),
        ("Ήλιος ΉΛΙΟΣ ήλιοσ", "ηλιοσ ηλιοσ ηλιοσ"),
        ("ẞ ǅ Ǆ ŉ", "ss dz dz n"),
        ("ﷺ", "صلى"),
    ] {
        let is = words(text).join(" ");
        assert!(is.starts_with(want), "{text}: {is}");
    }
}

/// In all these words one letter is of another script than it seems.
#[test]
fn look_alikes_are_read_in_the_script_of_their_word() {
    for pair in "aа bв cс eе hн iі jј kк mм oо pр sѕ tт xх yу".split(' ') {
        let [latin, cyrillic] = [0, 1].map(|at| pair.chars().nth(at).unwrap());
        for [latin, cyrillic] in [
            [latin.to_string(), cyrillic.to_string()],
            [latin.to_uppercase().to_string(), cyrillic.to_uppercase().to_string()],
        ] {
            let want = |c: &str| c.to_lowercase();
            assert_eq!(words(&format!("дж{latin}д")), [format!("дж{}д", want(&cyrillic))]);
            assert_eq!(words(&format!("{latin}дж")), [format!("{}дж", want(&cyrillic))]);
            assert_eq!(words(&format!("fl{cyrillic}r")), [format!("fl{}r", want(&latin))]);
            assert_eq!(words(&format!("flr{cyrillic}")), [format!("flr{}", want(&latin))]);
        }
    }
    for (text, want) in [
        (
            "Κharkiv ΚHARKIV Τrump Ζelensky ΝATO Lavrοv",
            "kharkiv kharkiv trump zelensky nato lavrov",
        ),
        ("Χарків Ηато Суμи", "харків нато суми"),
        ("Украïна Украi\u{308}на naïve Oekraïne", "україна україна naive oekraine"),
        ("ԛueen ԁonald Ԝitkoff", "queen donald witkoff"),
        ("М1A2 F-16 2024р", "м1а2 f 16 2024р"),
        ("Ελλάδα Athens Αθήνα", "ελλαδα athens αθηνα"),
        // Only capitals look like these: в and b, к and k, т and t, м and m, н and h.
        ("Xapкiв Toкaeв Cyмcкa cтopoнa", "харків токаев сумска сторона"),
        ("Хаtoс hоmе khаtаmі", "xatoc home khatami"),
        // But the first letter may be one.
        ("Мexico Тexas Кaja Вaxoс", "mexico texas kaja baxoc"),
        ("Мехісo КАСКA", "мехісо каска"),
        ("токмак tokmak ататюрк", "токмак tokmak ататюрк"),
        ("sh\u{43e}\u{43f}ing", "sh\u{43e}\u{43f}ing"),
    ] {
        assert_eq!(words(text).join(" "), want, "{text}");
    }
}

#[test]
fn hashtags_and_handles_are_opened() {
    for (text, want) in [
        ("#TrumpZelensky", "trumpzelensky trump zelensky"),
        ("#StandWithUkraine now", "standwithukraine stand with ukraine now"),
        ("#Харків, #харків", "харків харків"),
        ("@realDonaldTrump:", "realdonaldtrump real donald trump"),
        ("#ЗеленськийТрамп", "зеленськийтрамп зеленський трамп"),
        ("#NATOSummit", "natosummit nato summit"),
        ("#Kharkiv2024", "kharkiv2024 kharkiv 2024"),
        ("＃TrumpTower ＠POTUS45", "trumptower trump tower potus45 potus 45"),
        ("#Stand_With_KyivNow", "stand with kyivnow kyiv now"),
        ("#G7", "g7 g 7"),
        ("#Хaрків", "харків"),
        ("#ukraineукраїна", "ukraineукраїна"),
        ("#UkraineУкраїна", "ukraineукраїна ukraine україна"),
        ("#A\u{301}bcDe\u{ad}f", "abcdef abc def"),
        ("# Trump ## @", "trump"),
        ("TrumpTower mailTo", "trumptower mailto"),
        ("#東京五輪", "東 京 五 輪"),
    ] {
        assert_eq!(words(text).join(" "), want, "{text}");
    }
    let long = format!("#{}", "Ab".repeat(200));
    assert_eq!(words(&long).len(), 1, "a run longer than any tag is a word");
    let folded = Folded::new("in #SumyOblast: x");
    assert_eq!([1, 2, 3].map(|word| folded.gap(word)), [Gap::Space, Gap::Stop, Gap::Space]);
    assert_eq!([1, 2, 3].map(|word| folded.source(word)), ["SumyOblast", "Sumy", "Oblast"]);
}

/// Text as it comes: words of several scripts, marks, what is typed between words, anything at all.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{1,12}",
        4 => "[а-яА-ЯіїєґІЇЄҐёЁ]{1,20}",
        2 => "[ '’\u{ad}\u{301}\u{306}\u{308}\u{200b},.—«»“”-]{1,3}",
        1 => "[α-ωΑ-Ωά-ώ]{1,6}",
        1 => "[aеxхІi\u{308}ïΝΗνK1҉ԁ]{1,5}",
        1 => "[A-Za-zА-я0-9]{30,90}",
        1 => "[泽连ゼレ가\u{3099}\u{b3c}หनि\u{5b4}שﷺ½①ﬃ]{1,4}",
        1 => "\\PC{0,8}",
        1 => "[\u{0}-\u{9f}]{0,3}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn map_back(text: &str) -> Result<(), TestCaseError> {
    let (mut folded, mut again, mut map) = (Text::default(), Text::default(), Map::default());
    folded.fold([text, text]);
    let starts = again.fold_with([text, text], &mut map);
    prop_assert_eq!(folded.bytes(), again.bytes());
    let len = folded.bytes().len();
    for at in 0..len {
        let span = map.span(at, at + 1, text);
        prop_assert!(text.get(span).is_some());
    }
    prop_assert!(starts[0] == 0 && starts[1] <= len);
    for until in [starts[1], len / 3, len] {
        map_as_far(text, until, &map)?;
    }
    Ok(())
}

/// Whether a map as far as the end of the word at `until` says the same as one of all.
fn map_as_far(text: &str, until: usize, map: &Map) -> Result<(), TestCaseError> {
    let mut folded = Text::default();
    let starts = folded.fold([text, text]);
    let len = folded.bytes().len();
    let is_end = |at: &usize| !alphabet::is_word(folded.bytes()[*at]);
    let until = (until..len).find(is_end).unwrap_or(len);
    let mut part = Map::default();
    folded.map([text, text], starts, until, &mut part);
    for at in 0..until {
        prop_assert_eq!(
            part.span(at, at + 1, text),
            map.span(at, at + 1, text),
            "{} of {}: {}",
            at,
            until,
            text
        );
    }
    Ok(())
}

/// Each of these words is written once more, in parts, when all of it is known.
#[test]
fn a_map_that_ends_in_a_hashtag_is_not_shifted() {
    for text in ["#оnatoосососососососощ", "#НАТОоnatoщ", "#AbcоnatoщDef #Ж"]
    {
        let mut map = Map::default();
        let mut folded = Text::default();
        folded.fold_with([text, text], &mut map);
        for until in 0..folded.bytes().len() {
            map_as_far(text, until, &map).unwrap();
        }
    }
}

#[test]
fn a_tag_of_two_scripts_is_parted_the_same_however_it_is_composed() {
    use unicode_normalization::UnicodeNormalization;
    for text in ["@ïеlA", "#ёаlёB", "#éжéж", "@Їаaїi"] {
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        assert_eq!(words(&composed), words(&decomposed), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn folding_is_as_the_slow_reference_says(text in any_text()) {
        let text = text.replace(|c| class::class(c) == class::Class::Tag, " ");
        let folded = Folded::new(&text);
        let is: Vec<_> = (0..folded.len())
            .map(|word| (folded.letters(word).to_owned(), folded.span(word, word)))
            .collect();
        prop_assert_eq!(is, reference::words(&text));
    }

    #[test]
    fn what_folds_letter_by_letter_is_mapped_by_counting(
        text in "([a-zA-Z]{1,9}|[а-яА-ЯіїєІЇЄ]{1,12}|[0-9]{1,4}|[ ,.«»—’\n]{1,3}){0,60}",
    ) {
        map_back(&text)?;
        let (mut folded, mut map) = (Text::default(), Map::default());
        let starts = folded.fold([&text, &text]);
        folded.map([&text, &text], starts, usize::MAX, &mut map);
        prop_assert!(map.is_counted(), "{}", text);
    }

    #[test]
    fn every_folded_byte_maps_back_to_whole_characters(text in any_text(), tags in any::<bool>()) {
        map_back(&if tags { format!("#{text}@{text}") } else { text })?;
    }

    #[test]
    fn composed_and_decomposed_text_are_one(text in any_text()) {
        use unicode_normalization::UnicodeNormalization;
        let composed: String = text.nfc().collect();
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(words(&composed), words(&decomposed));
    }
}
