use super::*;

fn count(term: &str) -> usize {
    spellings(term).unwrap().len()
}

#[test]
fn a_term_stands_for_its_spellings_each_once() {
    for (term, want) in [
        ("Sumy", 1),
        ("cease-fire{,s}", 4),
        ("Харк{ів,ова,ову,овом,ові}", 5),
        ("Metalist {,1925 }Kh{arkiv,arkov}", 4),
        ("{a,a}", 1),
        ("={из} Сум", 1),
        ("Харків~", 14),
        ("{,the }{first,second} day-by-day", 16),
        ("泽连斯基", 1),
    ] {
        assert_eq!(count(term), want, "{term}");
    }
}

#[test]
fn forms_are_terms_that_leave_nothing_to_choose() {
    for (term, want) in [
        ("a-b", "a-b|a b|ab"),
        ("lh-=ba", "lh-=ba|lh =ba|lhba"),
        ("=a-b", "=a-b|=a b|=ab"),
        ("stem*-b", "stem*-b|stem* b"),
        (
            "a-------------------------------------------------b",
            "a-------------------------------------------------b",
        ),
        (
            "a-b -c-=d",
            "a-b -c-=d|a b -c-=d|ab -c-=d|a-b -c =d|a b -c =d|ab -c =d|a-b -cd|a b -cd|ab -cd",
        ),
        (" a   {b,c} ", "a b|a c"),
    ] {
        let forms = forms(term).unwrap();
        assert_eq!(forms.join("|"), want);
        forms.iter().for_each(|form| assert!(spellings(form).is_ok(), "{form}"));
    }
}

#[test]
fn words_keep_their_signs() {
    let spelt = spellings("minister* =Barrot").unwrap();
    let [Spelling { words }] = spelt.as_slice() else { panic!("{spelt:?}") };
    assert!(words[0].open && words[0].exact.is_none());
    assert_eq!(words[1].letters, "barrot");
    assert_eq!(words[1].exact.as_deref(), Some("Barrot".chars().collect::<Vec<_>>().as_slice()));
}

#[test]
fn wrong_terms_are_refused_with_a_way_out() {
    for (term, message, hint) in [
        ("", "empty", "leave the entry out"),
        ("  ", "empty", ""),
        ("{ab", "without `}`", "{a,b}"),
        ("ab}", "without `{`", "{a,b}"),
        ("{a,{b,c}}", "inside", "write every alternative out"),
        ("{,s}", "no letter", "each of its spellings"),
        ("*", "no letter", ""),
        ("foo*bar", "inside a word", "end of a word"),
        ("*foo", "cannot stand", "end of a word"),
        ("С*", "too much", "at least 2"),
        ("a=b", "inside a word", "=Sumy"),
        ("#Sumy", "`#`", "leave it out"),
        ("city @strike", "`@`", ""),
        ("^Sumy", "cannot stand", "a whole entry: `/…/`"),
        ("Sumy!", "`!`", "leave it out"),
        ("\"Sumy\"", "cannot stand", "leave it out"),
        ("one ... two", "cannot stand", ""),
        ("{a,b,c,d}{a,b,c,d}{a,b,c,d}{a,b,c,d}{a,b,c,d}", "more than 1000", "two terms"),
        ("a-b-c-d-e-f-g-h-i-j-k-l", "more than 1000", ""),
        ("a b c d e f g h i j k l m n o p q", "more than 16 words", ""),
    ] {
        let refused = spellings(term).expect_err(term);
        assert!(refused.message.contains(message), "{term}: {}", refused.message);
        assert!(refused.hint.contains(hint), "{term}: {}", refused.hint);
    }
    assert!(spellings(&"x".repeat(2000)).is_err());
}
