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
