use super::*;

fn every(text: &str) -> Option<u64> {
    read(text).update_every.map(|every| every.as_secs())
}

#[test]
fn hours_and_days_are_sorted_and_each_once() {
    let text = "<rss><channel><title>x</title><skipHours><hour>3</hour><hour>24</hour><hour> 3 </hour>\
        <hour>25</hour><hour>x</hour></skipHours><hour>7</hour><item/><item><a/></item>\
        <skipDays><day>Sunday</day><day>monday</day><day>Someday</day></skipDays></channel></rss>";
    let hints = read(text);
    assert_eq!(hints.skip_hours, [0, 3]);
    assert_eq!(hints.skip_days, [0, 6]);
    assert_eq!(hints.update_every, None);
    assert_eq!(read(&text.to_uppercase()), hints);
}

#[test]
fn an_update_rate_is_period_over_frequency() {
    const CASES: &[(&str, Option<u64>)] = &[
        ("", None),
        (
            "<sy:updatePeriod>\n\thourly\t</sy:updatePeriod><sy:updateFrequency>\n1 </sy:updateFrequency>",
            Some(3600),
        ),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            Some(900),
        ),
        ("<syn:updatePeriod>Weekly</syn:updatePeriod>", Some(604_800)),
        ("<sy:updateFrequency>2</sy:updateFrequency>", Some(43_200)),
        ("<sy:updatePeriod/>", Some(86_400)),
        (
            "<sy:updatePeriod>monthly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            Some(2_592_000),
        ),
        (
            "<sy:updatePeriod>yearly</sy:updatePeriod><sy:updateFrequency>-1</sy:updateFrequency>",
            Some(31_536_000),
        ),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
        ("<!-- <sy:updatePeriod>daily</sy:updatePeriod> -->", None),
    ];
    for (inside, expected) in CASES {
        assert_eq!(
            every(&format!("<rdf:RDF><channel>{inside}</channel><item/></rdf:RDF>")),
            *expected,
            "{inside}"
        );
        assert_eq!(every(&format!("<channel>{inside}<items/></channel>")), *expected, "{inside}");
    }
}

#[test]
fn what_stands_in_an_item_is_no_hint() {
    let hint = "<skipHours><hour>1</hour></skipHours>";
    for text in [
        format!("<rss><item>{hint}</item></rss>"),
        format!("<rss><rss:item a='b'>{hint}</rss:item><item>{hint}</item></rss>"),
        format!("<feed><entry>{hint}"),
        format!("{hint}<"),
    ] {
        let expected: &[u8] = if text.starts_with("<skip") { &[1] } else { &[] };
        assert_eq!(read(&text).skip_hours, expected, "{text}");
    }
}
