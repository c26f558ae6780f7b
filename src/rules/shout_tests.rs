use super::super::term::spellings;
use super::*;

#[test]
fn a_headline_in_capitals_is_known() {
    for (text, shouts) in [
        ("BESSENT SAYS NO", true),
        ("НІЧНА АТАКА НА ХАРКІВ", true),
        ("MINISTER McDONALD STEPS DOWN FROM OFFICE", true),
        ("US, EU", false),
        ("US", false),
        ("TELL US", true),
        ("WHO KILLED?", true),
        ("BESSENT 2", false),
        ("PLAN B", false),
        ("TELL us", false),
        ("NATO, EU and UN meet", false),
        ("Bessent says no", false),
        ("", false),
        ("大桥 重新 开放 了", false),
        ("1 2 3 4", false),
    ] {
        assert_eq!(is_shout(text), shouts, "{text}");
    }
}

#[test]
fn terms_in_capitals_are_known() {
    for (term, capitals) in [
        ("=US", true),
        ("=U.S.", true),
        ("=США", true),
        ("the =US", true),
        ("={US,USA}", true),
        ("={US,Usa}", false),
        ("US", false),
        ("=Sumy", false),
        ("=sumy", false),
        ("=泽", true),
    ] {
        assert_eq!(is_in_capitals(&spellings(term).unwrap()), capitals, "{term}");
    }
}
