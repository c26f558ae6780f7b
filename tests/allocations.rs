//! Matching allocates nothing for an item on which nothing fires.

use allocation_counter::measure;
use wirewatch::document::Document;
use wirewatch::model::{FeedId, Item, Problems};
use wirewatch::rules::{RuleSet, Scratch, Subject};

const RULES: &str = r#"
[list]
strike = ["attack*", "drone{,s}", "обстріл*"]
[[rule]]
id = "sumy"
any = ["=Sumy", "Суми", "Zürich", "泽连斯基", "cease-fire"]
with = ["@strike"]
within = 3
except = ["Sumy Jo"]
none = ["opera"]
[[rule]]
id = "both"
fields = ["summary"]
feeds = ["other"]
all = ["Odesa", ["Kharkiv", "Харків"]]
[[rule]]
id = "tongues"
languages = ["de-AT"]
any = ["harbour"]
"#;

/// Items that go far before nothing fires on them: the wrong capitals, no company, an exception, a
/// veto, a look-alike, one of `all` only.
const QUIET: [&str; 12] = [
    "",
    "Nothing to see here, move on — «really»",
    "płaci duże sumy za drone",
    "Sumy, and far, far away from it, a drone",
    "drone: Sumy Jo sings",
    "drones over Sumy, an opera",
    "Cуми й Zu\u{308}rich, Су\u{301}ми",
    "Odesa і Харків",
    "#SumyOblast @realDonaldTrump",
    "总统泽连斯基说 ゼレンスキー ｶﾞｷﾞ हिन्दी",
    "ﬁne 𝐬𝐮𝐦𝐲 Ｓｕｍｙ Σούμι Кhаrкіv",
    "cease fire, cease-fire, ceasefire",
];

fn item(text: &str) -> Item {
    let content = "Far from there, nobody heard of it. Ніхто про це не чув. ".repeat(20);
    Item { title: text.into(), content, ..Item::default() }
}

#[test]
fn an_item_on_which_nothing_fires_costs_no_allocation() {
    let problems = Problems::default();
    let rules = RuleSet::compile(&[Document::new("rules.toml", RULES)], &problems).unwrap();
    let feed = FeedId::new("feed");
    let mut scratch = Scratch::default();
    let items: Vec<Item> = QUIET.map(item).into();
    let mut match_all = |items: &[Item]| {
        let fires = |item| {
            let subject = Subject { item, feed: &feed, feed_tags: &[] };
            !rules.matches_with(&subject, &mut scratch).is_empty()
        };
        items.iter().map(fires).filter(|fires| *fires).count()
    };
    let loud = item("Drones over Sumy");
    assert_eq!(match_all(std::slice::from_ref(&loud)), 1);
    assert_eq!(match_all(&items), 0);
    let in_english = Item {
        title: "What the minister said of the harbour after the talks".into(),
        ..Item::default()
    };
    let in_swiss = Item { language: Some("de-CH".into()), ..in_english.clone() };
    let in_none = Item { language: Some("und".into()), ..in_english.clone() };
    let to_others = [in_english, in_swiss, in_none];
    assert_eq!(match_all(&to_others), 0);
    for quiet in items.iter().chain(&to_others) {
        let mut fired = 0;
        let cost = measure(|| fired = match_all(std::slice::from_ref(quiet)));
        assert_eq!((cost.count_total, fired), (0, 0), "{}", quiet.title);
    }
    let cost = measure(|| {
        match_all(std::slice::from_ref(&loud));
    });
    assert!(cost.count_total > 0, "the measure sees allocations");
}
