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
    assert_eq!(words("こ\u{3099}\u{b3c}"), words("こ\u{b3c}\u{3099}"));
}
