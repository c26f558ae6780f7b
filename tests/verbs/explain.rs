//! The verb `explain`.

use serde_json::{Value, json};

use crate::support::{Answer, House, Ran, Server, rss};

const RULES: &str = "[[rule]]\nid = \"sumy\"\ntitle = \"Sumy city\"\nlevel = \"high\"\n\
    any = [\"=Sumy\"]\nwith = [\"drone*\"]\nwithin = 3\n\
    [[rule]]\nid = \"khar\"\nany = [\"Харків\"]\nfeeds = [\"agency-*\"]\n\
    [[rule]]\nid = \"trump\"\nany = [\"Trump\"]\nexcept = [\"Judd Trump\"]\n";

fn house() -> House {
    let house = House::new();
    house.write("rules.toml", RULES);
    house
}

fn explain(house: &House, args: &[&str]) -> Ran {
    house.run(&[&["explain", "--rules", "rules.toml"], args].concat())
}

#[test]
fn a_text_is_explained_hit_by_hit() {
    let ran = explain(&house(), &["--text", "Знову drones over Sumy, Харків"]).expect(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "item: Знову drones over Sumy, Харків\n\
         fires sumy \"Sumy city\" (high)\n  \
         `=Sumy` hit \"Sumy\" in the title at byte 23\n    \
         Знову drones over Sumy, Харків\n                      ^^^^\n  \
         with `drone*` hit \"drones\" in the title at byte 11, 2 words away\n    \
         Знову drones over Sumy, Харків\n          ^^^^^^\n\
         fires khar (medium)\n  \
         `Харків` hit \"Харків\" in the title at byte 29\n    \
         Знову drones over Sumy, Харків\n                            ^^^^^^\n\
         nothing near: trump\n"
    );
}

#[test]
fn a_rule_that_does_not_fire_tells_its_nearest_miss() {
    let ran = explain(&house(), &["--text", "Duże sumy, Judd Trump, Харкову"]).expect(1);
    assert_eq!(
        ran.stdout,
        "item: Duże sumy, Judd Trump, Харкову\n\
         silent sumy \"Sumy city\" (high)\n  \
         `=Sumy` found in the title at byte 6, but cased: the text has \"sumy\"\n    \
         Duże sumy, Judd Trump, Харкову\n         ^^^^\n\
         silent khar (medium)\n  \
         \"Харкову\" in the title at byte 24 has another ending than `Харків`; write `Харків~` to find it\n    \
         Duże sumy, Judd Trump, Харкову\n                           ^^^^^^^\n\
         silent trump (medium)\n  \
         `Trump` hit \"Trump\" in the title at byte 17: hit dropped by except `Judd Trump`\n    \
         Duże sumy, Judd Trump, Харкову\n               ^^^^^^^^^^\n"
    );
    let as_input = explain(&house(), &["Duże sumy, Judd Trump, Харкову"]).expect(1);
    assert_eq!(as_input.stdout, ran.stdout);
    let ran = explain(&house(), &["--rule", "trump", "--text", "sumy", "--content", "x"]).expect(1);
    assert_eq!(ran.stdout, "item: sumy\nnothing near: trump\n");
    let feed = explain(&house(), &["--feed", "bbc", "--text", "Харків"]).expect(1);
    assert!(feed.stdout.contains(
        "silent khar (medium)\n  out of scope: it looks at the feeds \"agency-*\" only, not at \
         \"bbc\"\n  it would fire otherwise:\n  `Харків` hit"
    ));
    explain(&house(), &["--feed", "agency-2", "--text", "Харків"]).expect(0);
}

#[test]
fn a_language_has_the_shape_of_a_tag() {
    let ran = explain(&house(), &["--language", "in German", "--text", "Sumy"]);
    assert!(ran.stderr.contains("not a language tag, such as `uk`"), "{}", ran.stderr);
}

#[test]
fn json_has_a_line_an_item_with_all_that_is_said() {
    let args =
        ["--format", "json", "--language", " PL_pl", "--text", "Sumy", "--summary", "Judd Trump"];
    let [told] = explain(&house(), &args).expect(1).json().try_into().unwrap();
    let place = |term: &str, field: &str, text: &str, start: usize| json!({"term": term, "field": field, "text": text, "start": start, "end": start + text.len()});
    assert_eq!(told["feed"], Value::Null);
    assert_eq!(told["item"], json!({"id": "", "title": "Sumy", "link": null, "language": "pl-pl"}));
    assert_eq!((&told["fires"], &told["nothing_near"]), (&json!([]), &json!(["khar"])));
    assert_eq!(
        told["rules"],
        json!([
            {"rule": "sumy", "title": "Sumy city", "level": "high", "fires": false,
                "out_of_scope": [], "hits": [], "misses": [{"kind": "alone",
                "message": "`=Sumy` hit \"Sumy\" in the title at byte 0, but none of `with` is in the item",
                "hit": place("=Sumy", "title", "Sumy", 0), "within": 3, "nearest": null, "near": null}]},
            {"rule": "trump", "title": "trump", "level": "medium", "fires": false,
                "out_of_scope": [], "hits": [], "misses": [{"kind": "excepted",
                "message": "`Trump` hit \"Trump\" in the summary at byte 5: hit dropped by except `Judd Trump`",
                "hit": place("Trump", "summary", "Trump", 5),
                "phrase": place("Judd Trump", "summary", "Judd Trump", 0)}]},
        ])
    );
}

#[test]
fn documents_pages_and_texts_are_read_from_anywhere() {
    let server = Server::start();
    let house = house();
    let titles: Vec<String> = (0..25).map(|n| format!("Trump {n}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let feed = rss(&titles);
    house.write("f.xml", &feed);
    let url = server.put("/feed", Answer::rss(feed.as_str()));
    let from_file = explain(&house, &["f.xml"]).expect(0);
    assert_eq!(from_file.stdout.matches("fires trump").count(), 20);
    assert!(from_file.stdout.ends_with("5 more items are not explained; --limit says how many\n"));
    assert_eq!(explain(&house, &[&url]).expect(0).stdout, from_file.stdout);
    let args = ["explain", "--rules=rules.toml", "-"];
    assert_eq!(house.run_on(&args, feed.as_bytes()).expect(0).stdout, from_file.stdout);
    let all = explain(&house, &["--limit", "25", "--format", "json", "f.xml"]).expect(0);
    assert_eq!((all.json().len(), all.stderr.as_str()), (25, ""));
    assert_eq!(all.json()[0]["feed"], "wire");

    let page = "<!doctype html><html lang=\"en\"><head><title>News</title><script>Trump</script>\
        </head><body><p>Judd Trump wins</p></body></html>";
    let url = server.put("/page", Answer::rss(page));
    let ran = explain(&house, &[&url]).expect(1);
    assert!(ran.stdout.starts_with("item: News\n  language en\nsilent trump"), "{}", ran.stdout);
    let ran = house.run_on(&args, "Трамп\nі Trump у Києві".as_bytes()).expect(0);
    assert!(
        ran.stdout.contains("`Trump` hit \"Trump\" in the content at byte 3"),
        "{}",
        ran.stdout
    );
    let ran = house.run_on(&args, b"<rss><channel/></rss>").expect(1);
    ran.says(&["there is no item in it"]);
}

#[test]
fn a_stored_item_is_found_by_id_link_and_alert() {
    let server = Server::start();
    let document = "<rss version=\"2.0\"><channel><title>W</title><item><title>Trump in town</title>\
        <guid>g-1</guid><link>https://news.example/1</link></item></channel></rss>";
    let url = server.put("/a", Answer::rss(document));
    let house = House::watching(&[("agency-a", &url)]);
    house.write("rules.toml", RULES);
    house.run(&["explain", "--config", "w.toml", "g-1"]).expect(2).says(&["no stored item"]);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let alert = house.run(&["alerts", "--config", "w.toml"]).expect(0).json().remove(0);
    let id = alert["item"]["id"].as_str().unwrap();
    for name in [id, "https://news.example/1", alert["id"].as_str().unwrap()] {
        let ran = house.run(&["explain", "--config", "w.toml", name]).expect(0);
        assert!(
            ran.stdout.starts_with(
                "item: Trump in town\n  feed agency-a  https://news.example/1\nfires trump"
            ),
            "{name}: {}",
            ran.stdout
        );
    }
    house.write("other.toml", "[[rule]]\nid = \"new\"\nany = [\"Tramp\"]\n");
    let with_other = ["explain", "--rules", "other.toml", "--config", "w.toml", id];
    let ran = house.run(&with_other).expect(1);
    assert!(ran.stdout.contains("is one letter from `Tramp`"), "{}", ran.stdout);
    let ran = house.run(&["explain", "--config", "w.toml", "--feed", "agency-b", id]).expect(2);
    ran.says(&["no stored item"]);
}

#[test]
fn what_cannot_be_explained_is_trouble() {
    let house = house();
    house.write("bad.toml", "[[rule]]\nid = \"a\"\n");
    for (args, code, words) in [
        (&["explain"][..], 2, "INPUT"),
        (&["explain", "--text", "x", "f.xml"], 2, "cannot be used with"),
        (&["explain", "--rules", "rules.toml", "nosuch.xml"], 2, "nosuch.xml: no such file"),
        (&["explain", "--rules", "bad.toml", "--text", "x"], 2, "bad.toml:"),
        (&["explain", "--rules", "rules.toml", "--rule", "nosuch", "--text", "x"], 2, "\"nosuch\""),
        (&["explain", "--rules", "rules.toml", "http://127.0.0.1:1/"], 2, "connect"),
        (&["explain", "--config", "nosuch.toml", "--text", "x"], 78, "nosuch.toml"),
    ] {
        let ran = house.run(args).expect(code).says(&[words]);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    house.run_on(&["explain", "--rules=rules.toml", "-"], b"").expect(2).says(&["empty"]);
}

#[test]
fn hostile_texts_do_nothing_to_a_terminal() {
    let house = house();
    let evil = "Trump\u{1b}[2J \u{202e}Judd Trump\u{9b}31m sumy\r\n\u{7}";
    house.write(
        "evil.toml",
        "[[rule]]\nid = \"a\"\ntitle = \"\\u001b[2J\"\nany = [\"Trump\"]\nfeeds = [\"\\u001b*\"]\n",
    );
    for format in ["text", "json"] {
        for rules in ["rules.toml", "evil.toml"] {
            let args = ["explain", "--rules", rules, "--format", format, "--feed", "\u{1b}x"];
            let ran = house.run(&[&args[..], &["--text", evil, "--content", evil]].concat());
            let raw = |c: &char| *c != '\n' && wirewatch::model::is_unprintable(*c);
            assert_eq!(ran.expect(0).stdout.chars().find(raw), None, "{format}");
        }
    }
}

#[test]
fn an_item_with_more_hits_than_are_looked_at_is_said_to_have_them() {
    let house = House::new();
    house.write("rules.toml", "[[rule]]\nid = \"a\"\nany = ['/Sumy/']\n");
    let text = "Sumy ".repeat(1_001);
    let ran = explain(&house, &["--text", &text]).expect(0);
    assert!(ran.stdout.ends_with("hits are left out\n"), "{}", ran.stdout);
    let ran = explain(&house, &["--format", "json", "--text", &text]).expect(0);
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(told["hits_left_out"], true);
    let ran = explain(&house, &["--format", "json", "--text", &text[5..]]).expect(0);
    assert!(!ran.stdout.contains("hits_left_out"), "{}", ran.stdout);
}
