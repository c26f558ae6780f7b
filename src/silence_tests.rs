use super::*;
use crate::model::{
    AlertFeed, AlertRule, FeedId, Field, Health, HealthChange, Item, Level, Match, RuleId, Status,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_770_000_000_000 + seconds * 1000)
}

fn feed() -> AlertFeed {
    AlertFeed {
        id: FeedId::new("harbour-news"),
        title: "Harbour".to_owned(),
        url: "https://a.example/rss".to_owned(),
    }
}

/// An alert of rules with these ids and tags, raised at 0.
fn alert(rules: &[(&str, &[&str])]) -> Alert {
    let rule = |(id, tags): &(&str, &[&str])| AlertRule {
        id: RuleId::new(id),
        title: (*id).to_owned(),
        level: Level::High,
        status: Status::default(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        matches: vec![Match {
            term: "Суми".to_owned(),
            field: Field::Title,
            text: "Сумах".to_owned(),
            start: 0,
            end: 0,
        }],
    };
    let item = Item {
        id: "1".to_owned(),
        title: "Тривога у Сумах".to_owned(),
        summary: "Peace talks in Kharkiv were put off; no ceasefire. CO₂ 50%".to_owned(),
        ..Item::default()
    };
    Alert::raise(feed(), &item, rules.iter().map(rule).collect(), at(0))
}

/// `rule`, `feed`, `tag` and `text`; what is empty is not given.
fn matcher([rule, feed, tag, text]: [&str; 4]) -> Matcher {
    let given = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Matcher {
        rule: given(rule),
        feed: given(feed),
        tag: given(tag),
        text: given(text).map(|term| Text::new(&term).unwrap()),
    }
}

#[test]
fn all_that_is_given_must_hold() {
    let cases = [
        (["", "", "", ""], false),
        (["floods", "", "", ""], true),
        (["flood", "", "", ""], false),
        (["flood*", "", "", ""], true),
        (["floods*", "", "", ""], true),
        (["Floods", "", "", ""], false),
        (["*", "", "", ""], true),
        (["fire", "", "", ""], false),
        (["", "harbour-news", "", ""], true),
        (["", "harbour", "", ""], false),
        (["", "harbour*", "", ""], true),
        (["", "", "water", ""], true),
        (["", "", "north", ""], true),
        (["", "", "wat*", ""], true),
        (["", "", "fire", ""], false),
        (["floods", "harbour-news", "water", "Kharkiv"], true),
        (["floods", "other", "water", "Kharkiv"], false),
        (["floods", "harbour-news", "fire", "Kharkiv"], false),
        (["floods", "harbour-news", "water", "Odesa"], false),
        (["fire", "harbour-news", "water", "Kharkiv"], false),
    ];
    let alert = alert(&[("floods", &["water", "north"])]);
    for (given, expected) in cases {
        assert_eq!(matcher(given).matches(&alert), expected, "{given:?}");
    }
}

#[test]
fn a_text_is_a_term_of_the_rule_language() {
    let cases = [
        ("Kharkiv", true),
        ("kharkiv", true),
        ("=KHARKIV", false),
        ("Kharki", false),
        ("Khark*", true),
        ("Суми~", true),
        ("Суми", false),
        ("peace talks", true),
        ("talks peace", false),
        ("cease-fire", true),
        ("{war,peace} talk*", true),
        ("/CO.? \\d+%/", true),
        ("/\"quoted\\\\/", false),
        ("Одеса~", false),
    ];
    let alert = alert(&[("floods", &[])]);
    for (term, expected) in cases {
        assert_eq!(matcher(["", "", "", term]).matches(&alert), expected, "{term}");
    }
}

#[test]
fn a_wrong_term_is_refused_as_that_of_a_rule_would_be() {
    let cases = [
        ("", "the term is empty"),
        ("@towns", "`@towns` is a list"),
        ("Zelenskyy~", "no declension is known"),
        ("/[/", "--text:1:"),
        ("a\u{7f}\"\\", "--text:1:"),
    ];
    for (term, words) in cases {
        let refused = Text::new(term).unwrap_err().to_string();
        assert!(refused.contains(words) && refused.contains("--text:1:"), "{term:?}: {refused}");
    }
    let later = Text::stored("Zelenskyy~".to_owned());
    assert_eq!(later.as_str(), "Zelenskyy~");
    let matcher = Matcher { text: Some(later), ..Matcher::default() };
    assert!(!matcher.matches(&alert(&[("floods", &[])])), "what cannot be read mutes nothing");
}

#[test]
fn what_another_rule_raised_as_well_is_heard() {
    let both = alert(&[("floods", &["water"]), ("strikes", &["war", "water"])]);
    let cases = [
        (["floods", "", "", ""], false),
        (["strikes", "", "", ""], false),
        (["*", "", "", ""], true),
        (["", "", "war", ""], false),
        (["", "", "water", ""], true),
        (["floods", "", "water", ""], false),
        (["", "harbour-news", "", ""], true),
        (["", "", "", "Kharkiv"], true),
    ];
    for (given, expected) in cases {
        assert_eq!(matcher(given).matches(&both), expected, "{given:?}");
    }
}

#[test]
fn an_alert_about_a_feed_has_no_rule_to_match() {
    let change = HealthChange {
        state: Health::Blocked,
        before: Health::Ok,
        reason: None,
        since: at(0),
        message: "HTTP 403 Forbidden".to_owned(),
    };
    let alert = Alert::of_health(feed(), change);
    let cases = [
        (["*", "", "", ""], false),
        (["", "", "*", ""], false),
        (["", "harbour-news", "", ""], true),
        (["", "", "", "Harbour"], true),
        (["", "", "", "Forbidden"], true),
    ];
    for (given, expected) in cases {
        assert_eq!(matcher(given).matches(&alert), expected, "{given:?}");
    }
}

#[test]
fn a_silence_covers_what_is_raised_or_delivered_while_it_lasts() {
    let silence = |id, starts, expires| Silence {
        id,
        matcher: matcher(["floods", "", "", ""]),
        author: "nina".to_owned(),
        comment: String::new(),
        starts_at: at(starts),
        expires_at: at(expires),
        muted: 0,
    };
    let alert = alert(&[("floods", &[])]);
    let cases = [
        (-10, 10, 5, true, "raised and delivered in it"),
        (-10, 10, 999, true, "raised in it"),
        (0, 1, 999, true, "raised at its very start"),
        (-10, 0, 0, false, "raised at its very end"),
        (1, 10, 0, false, "not yet"),
        (1, 10, 1, true, "delivered in it"),
        (1, 10, 9, true, "the same"),
        (1, 10, 10, false, "over"),
        (-20, -10, 5, false, "long over"),
    ];
    for (starts, expires, now, expected, name) in cases {
        assert_eq!(silence(1, starts, expires).covers(&alert, at(now)), expected, "{name}");
    }
    let of_another = Silence { matcher: matcher(["fire", "", "", ""]), ..silence(1, -10, 10) };
    assert!(!of_another.covers(&alert, at(0)));
    let all = [of_another, silence(2, -10, -5), silence(3, -10, 10), silence(4, -10, 10)];
    assert_eq!(covering(&all, &alert, at(0)).map(|silence| silence.id), Some(3));
    assert!(covering(&all[..2], &alert, at(0)).is_none());
}
