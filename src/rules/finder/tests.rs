use proptest::prelude::*;

use super::super::fold::Gap;
use super::super::term::{Spelling, spellings};
use super::*;

/// What `terms` find in `text`: the term and what stood there.
fn find<'t>(terms: &[&'t str], text: &str) -> Vec<(&'t str, String)> {
    let spelt: Vec<(u32, Spelling)> = (0..)
        .zip(terms)
        .flat_map(|(number, term)| {
            spellings(term).unwrap().into_iter().map(move |spelling| (number, spelling))
        })
        .collect();
    let finder = Finder::new(spelt.iter().map(|(number, spelling)| (*number, spelling)));
    let folded = Folded::new(text);
    let mut hits = Vec::new();
    finder.find(&folded, |found| hits.push(found));
    hits.sort_unstable_by_key(|found| (found.first, found.last, found.term));
    hits.dedup();
    hits.iter()
        .map(|found| {
            let span = folded.span(found.first as usize, found.last as usize);
            (terms[found.term as usize], text[span].to_owned())
        })
        .collect()
}

#[track_caller]
fn finds(term: &str, text: &str, want: &[&str]) {
    let found: Vec<String> = find(&[term], text).into_iter().map(|(_, hit)| hit).collect();
    assert_eq!(found, want, "`{term}` in `{text}`");
}

#[test]
fn terms_are_whole_words() {
    finds("Sumy", "Sumy, SUMY (sumy) sumymi resumy", &["Sumy", "SUMY", "sumy"]);
    finds("Trump", "Trump's Trump’ın Trump-Xi #Trump trumpet", &["Trump"; 4]);
    finds("Харків", "Ха\u{301}рків Хар\u{ad}ків", &["Ха\u{301}рків", "Хар\u{ad}ків"]);
    finds("Žbogar", "zbogar Z\u{30c}BOGAR", &["zbogar", "Z\u{30c}BOGAR"]);
    finds("Xарків", "Харків", &["Харків"]);
}

#[test]
fn hyphens_spaces_and_apostrophes_are_flexible() {
    let text = "cease-fire cease\u{2011}fire cease\u{a0}fire ceasefire CEASE\nFIRE cease, fire";
    let want = ["cease-fire", "cease\u{2011}fire", "cease\u{a0}fire", "ceasefire", "CEASE\nFIRE"];
    finds("cease-fire", text, &want);
    finds("Sumy oblast", "Sumy-oblast Sumyoblast Sumy. Oblast", &["Sumy-oblast"]);
    finds("харків'ян*", "харків’яни харківʼянка харків яни", &["харків’яни", "харківʼянка"]);
    finds(
        "Jean-Noël Barrot",
        "Jean Noel Barrot, JEAN-NOE\u{308}L BARROT",
        &["Jean Noel Barrot", "JEAN-NOE\u{308}L BARROT"],
    );
    finds("вул. Сумська", "вул. Сумська і вул Сумська", &["вул. Сумська", "вул Сумська"]);
    finds("AT&T", "AT&T at t", &["AT&T"]);
}

#[test]
fn endings_and_alternatives_hit_the_whole_word() {
    finds("Waffenruhe*", "Waffenruhe, Waffenruhen.", &["Waffenruhe", "Waffenruhen"]);
    finds("Харк{ів,ова,ову,овом,ові}", "у Харкові під ХАРКОВОМ", &["Харкові", "ХАРКОВОМ"]);
    finds("{,North }Korea{,s}", "Two Koreas, North Korea", &["Koreas", "North Korea", "Korea"]);
    finds("воєнн* адміністрац*", "воєнної адміністрації", &["воєнної адміністрації"]);
    finds("泽连斯基", "总统泽连斯基说", &["泽连斯基"]);
    finds("ゼレンスキー", "ゼレンスキー大統領", &["ゼレンスキー"]);
}

#[test]
fn capitals_and_accents_count_after_the_equals_sign() {
    finds("=Sumy", "Sumy SUMY sumy Šumy", &["Sumy", "SUMY"]);
    finds("=у Сумах", "У Сумах, у сумах, У СУМАХ", &["У Сумах", "У СУМАХ"]);
    finds("minister =Barrot", "MINISTER Barrot, minister barrot", &["MINISTER Barrot"]);
    finds("=Трамп*", "Трампові трампові Тра\u{301}мпа", &["Трампові", "Тра\u{301}мпа"]);
    finds("=Zelenski", "Zelenski Żeleński", &["Zelenski"]);
}

#[test]
fn overlapping_terms_are_all_found() {
    let hits = find(&["Sumy", "Sumy oblast", "oblast*", "Sum*"], "Sumy oblast");
    assert_eq!(hits.len(), 4, "{hits:?}");
    let repeated = find(&["a b a b c", "a b c"], "a b a b a b c");
    assert_eq!(repeated.len(), 2, "{repeated:?}");
}

#[test]
fn a_text_made_to_be_slow_is_not() {
    let text = "cease ".repeat(200_000);
    assert_eq!(find(&["cease-fire", "cease cease cease fire*"], &text), []);
    let one_word = "ab".repeat(500_000);
    assert_eq!(find(&["ab*"], &one_word).len(), 1);
}

#[test]
fn a_name_is_a_whole_word_in_possessives_compounds_and_hashtags() {
    for text in [
        "Trump's plan",
        "Trump’s",
        "Trumpʼs",
        "Trump'ın",
        "TRUMP’IN",
        "Trump-backed",
        "pro\u{2011}Trump",
        "US–Trump",
        "#Trump",
        "#TrumpZelensky",
        "@realDonaldTrump",
        "«Trump»",
        "Trump.",
        "(Trump)",
        "Trump,",
        "Trump/Putin",
        "_Trump_",
        "Trump\u{200b}",
        "Tr\u{ad}ump",
        "Тrump",
        "Ｔｒｕｍｐ",
        "𝐓𝐫𝐮𝐦𝐩",
    ] {
        assert_eq!(find(&["Trump"], text).len(), 1, "{text}");
    }
    finds("Zelenskiy", "Zelenskiy'nin Zelenskiy’e", &["Zelenskiy", "Zelenskiy"]);
    finds("Kharkiv", "Kharkiv-based, Sumy-Kharkiv", &["Kharkiv", "Kharkiv"]);
    finds("Сум", "Сум-Харків сум'яни", &["Сум", "сум"]);
    finds("Trumps", "the Trumps' tower", &["Trumps"]);
    finds("Trump", "trumpet Trumpf strumpet trump1 Trumps", &[]);
    finds("U.S.", "U.S. and U. S. and US", &["U.S", "U. S"]);
    finds("No.1", "No.1 No. 1", &["No.1", "No. 1"]);
}

#[test]
fn a_hashtag_has_the_joined_word_and_its_words() {
    finds("StandWithUkraine", "#StandWithUkraine", &["StandWithUkraine"]);
    finds("stand with Ukraine", "#StandWithUkraine", &["StandWithUkraine"]);
    finds("Sumy oblast", "in #SumyOblast:", &["SumyOblast"]);
    finds(
        "cease-fire",
        "#CeaseFire #Ceasefire #CEASEFIRE",
        &["CeaseFire", "CeaseFire", "Ceasefire", "CEASEFIRE"],
    );
    finds("=Sumy", "#Sumy #sumy #SumyNow #SUMY", &["Sumy", "Sumy", "SUMY"]);
    finds("Zelensky met", "#TrumpZelensky met", &["Zelensky met"]);
    finds("G7", "#G7", &["G7"]);
}

/// Where the words of `term` stand in `text`, found by trying each place.
fn find_slowly(spelling: &Spelling, text: &Folded<'_>) -> Vec<(u32, u32)> {
    let stands = |first: &usize| {
        spelling.words.iter().zip(*first..).all(|(word, at)| {
            let letters = text.letters(at);
            let gap = text.gap(at);
            at < text.len()
                && (if word.open {
                    letters.starts_with(&word.letters)
                } else {
                    letters == word.letters
                })
                && (at == *first
                    || gap == word.gap
                    || (word.gap == Gap::Mark(b'.') && gap == Gap::Space))
        })
    };
    let number = |at: usize| u32::try_from(at).unwrap();
    (0..text.len())
        .filter(stands)
        .map(|first| (number(first), number(first + spelling.words.len() - 1)))
        .collect()
}

/// A word of few letters, so that words are often alike; some longer than the eight bytes that the
/// finder looks at first.
fn any_word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "a",
        "b",
        "ab",
        "aba",
        "abab",
        "ababa",
        "abababab",
        "ababababa",
        "abababababab",
        "the",
        "of",
        "с",
        "су",
        "сум",
        "суми",
        "сумська",
        "сумського",
        "харківський",
        "харківськими",
        "на",
        "泽",
        "ш",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn the_finder_finds_what_a_slow_search_does(
        terms in proptest::collection::vec(
            proptest::collection::vec((any_word(), any::<bool>(), proptest::sample::select(vec![" ", "-", "'", ". ", ", "])), 1..5),
            1..12,
        ),
        text in proptest::collection::vec((any_word(), proptest::sample::select(vec![" ", " ", "-", "'", ". ", ", ", "; ", "", "\u{301} "])), 0..60),
    ) {
        let text: String = text.into_iter().flat_map(|(word, gap)| [word, gap]).collect();
        let mut spelt: Vec<(u32, Spelling)> = Vec::new();
        for (number, words) in (0..).zip(&terms) {
            let mut term = String::new();
            for (at, (word, open, gap)) in words.iter().enumerate() {
                if at > 0 {
                    term.push_str(gap);
                }
                term.push_str(word);
                if *open && word.chars().count() > 1 {
                    term.push('*');
                }
            }
            let Ok(spellings) = spellings(&term) else { continue };
            spelt.extend(spellings.into_iter().map(|spelling| (number, spelling)));
        }
        let finder = Finder::new(spelt.iter().map(|(number, spelling)| (*number, spelling)));
        let folded = Folded::new(&text);
        let mut is: Vec<(u32, u32, u32)> = Vec::new();
        finder.find(&folded, |found| is.push((found.term, found.first, found.last)));
        let mut want: Vec<(u32, u32, u32)> = spelt
            .iter()
            .flat_map(|(term, spelling)| {
                find_slowly(spelling, &folded).into_iter().map(|(first, last)| (*term, first, last))
            })
            .collect();
        is.sort_unstable();
        is.dedup();
        want.sort_unstable();
        want.dedup();
        prop_assert_eq!(is, want);
    }
}

#[derive(Default)]
struct Steps {
    steps: usize,
    found: usize,
}

impl Watch for Steps {
    fn found(&mut self, _: Place) {
        self.found += 1;
    }

    fn steps(&mut self, count: usize) {
        self.steps += count;
    }
}

/// Steps of finding `terms` in `text`.
fn steps(terms: &[String], text: &str) -> Steps {
    let spelt: Vec<(u32, Spelling)> = (0..)
        .zip(terms)
        .flat_map(|(number, term)| {
            spellings(term).unwrap().into_iter().map(move |one| (number, one))
        })
        .collect();
    let finder = Finder::new(spelt.iter().map(|(number, spelling)| (*number, spelling)));
    let mut folded = Text::default();
    folded.fold([text]);
    folded.split();
    let mut steps = Steps::default();
    finder.search(&folded, &mut steps);
    steps
}

/// Texts made to be slow, each in some length and twice that: the steps double, and there are not
/// many for each byte.
#[test]
fn steps_grow_with_the_text_whatever_it_is() {
    let list = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect::<Vec<_>>();
    let long_phrase = ["ab"; 16].join(" ");
    let stems: Vec<String> = (2..30).map(|len| format!("{}*", "ab".repeat(len))).collect();
    let phrases: Vec<String> = (1..16)
        .flat_map(|n| [["ab"; 16][..n].join(" "), format!("{} c", ["ab*"; 15][..n].join(" "))])
        .collect();
    let family: Vec<String> = (0..100_000).map(|n| format!("international{n}")).collect();
    let anchored: Vec<String> = (0..100_000).map(|n| format!("x{n} international y{n}")).collect();
    for (name, terms, piece, most) in [
        ("a repeated beginning", list(&["ababababab*", "abababababac"]), "ababababaa ", 4.0),
        (
            "a long phrase of one word",
            list(&[&long_phrase, &format!("{long_phrase} c")[3..]]),
            "ab ",
            60.0,
        ),
        ("many stems of one word", stems, "abababababababababababababababababababab ", 8.0),
        ("many overlapping phrases", phrases, "ab ", 700.0),
        ("one word of a megabyte", list(&["ab*", "ababababab", "abab* c"]), "ab", 0.1),
        ("a megabyte of spaces", list(&["a b", "b. aa*", "a a a"]), "                a", 8.0),
        ("100,000 terms with one prefix", family, "international5 internationalx ", 12.0),
        ("100,000 phrases around one word", anchored, "x5 international y5 international ", 20.0),
        ("nothing but marks", list(&["a 'b", "a.b"]), "a.'\"-- ", 8.0),
        ("hashtags", list(&["trump tower", "TrumpTower*"]), "#TrumpTower", 12.0),
    ] {
        let text = piece.repeat(30_000 / piece.len());
        let (once, twice) = (steps(&terms, &text), steps(&terms, &text.repeat(2)));
        let limit = once.steps as f64 * 2.02 + 100.0;
        assert!((twice.steps as f64) < limit, "{name}: {} and {}", once.steps, twice.steps);
        let each = once.steps as f64 / text.len() as f64;
        assert!(each < most, "{name}: {each} steps a byte");
    }
}
