//! `wirewatch items`: documents as they are read.

use super::*;

#[test]
fn items_prints_the_feed_and_then_its_items() {
    let house = House::new();
    house.write("f.xml", RICH);
    let ran = house.run(&["items", "--url", "https://example.org/feed", "f.xml"]).expect(0);
    assert_eq!(ran.stderr, "");
    let lines = ran.json();
    assert_eq!(
        lines[0],
        json!({"source": "f.xml", "feed":
            {"title": "Вісті & more", "kind": "rss", "items": 2, "repairs": []}})
    );
    assert_eq!(
        lines[1],
        json!({"source": "f.xml", "item": {
            "id": "one",
            "title": "Обстріл: Харкова & Kharkiv",
            "link": "https://example.org/news/1",
            "published": "2026-11-23T18:00:00Z",
            "updated": null,
            "authors": ["О. Перо"],
            "language": "uk",
            "summary": "Ж Kharkiv — нова ceasefire",
            "content": "ї Cease\u{2011}fire in Харкові.",
            "text": lines[1]["item"]["text"],
        }})
    );
    let text = lines[1]["item"]["text"].as_str().unwrap();
    assert!(text.contains("Cease\u{2011}fire in Харкові."), "{text}");
    assert_eq!(lines[2]["item"]["link"], "https://example.org/2");
    assert_eq!(lines.len(), 3);
    let keys = |line: &str| line.match_indices("\":").count();
    let first = ran.stdout.lines().next().unwrap();
    assert!(first.starts_with("{\"source\":\"f.xml\",\"feed\":{\"title\":"), "{first}");
    assert_eq!(keys(first), 6, "{first}");
    let order = ["id", "title", "link", "published", "updated", "authors", "language", "summary"];
    let second = ran.stdout.lines().nth(1).unwrap();
    let places: Vec<_> = order.iter().map(|key| second.find(&format!("\"{key}\":"))).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{second}");
}

#[test]
fn items_goes_on_after_what_it_cannot_read() {
    let server = Server::start();
    let url = server.put("/feed", Answer::rss(rss(&["One"])));
    let (gone, nobody) = (url.replace("/feed", "/gone"), Refused::new());
    let house = House::new();
    house.write("page.html", "<html><head><title>Hello</title></head></html>");
    house.write("good.xml", rss(&["Two"]));
    let args = ["items", "page.html", &gone, "nosuch", &nobody.url, &url, "good.xml"];
    let ran = house.run(&args).expect(1);
    let lines = ran.json();
    let error = |at: usize, source: &str, reason: &str| {
        let line = &lines[at];
        assert_eq!(line["source"], source);
        assert_eq!(line["error"]["reason"], reason, "{line}");
        assert!(!line["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(line.as_object().unwrap().len(), 2);
    };
    error(0, "page.html", "html");
    error(1, &gone, "not_found");
    error(2, "nosuch", "input");
    error(3, &nobody.url, "connect");
    assert_eq!(lines[5]["item"]["title"], "One");
    assert_eq!(lines[7]["item"]["title"], "Two");
    assert_eq!(lines.len(), 8);
}

#[test]
fn items_takes_the_content_type_that_it_is_told() {
    let house = House::new();
    let text = "<rss version='2.0'><channel><title>t</title><item><title>Харків</title>\
        <guid>1</guid></item></channel></rss>";
    let cp1251: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'А'..='я' => u8::try_from(u32::from(c) - 0x410 + 0xc0).unwrap(),
            'і' => 0xb3,
            c => u8::try_from(c).unwrap(),
        })
        .collect();
    house.write("old.xml", &cp1251);
    let told = "application/rss+xml; charset=windows-1251";
    let ran = house.run(&["items", "--content-type", told, "old.xml"]).expect(0);
    assert_eq!(ran.json()[1]["item"]["title"], "Харків");
    let declared = [b"<?xml version='1.0' encoding='windows-1251'?>".as_slice(), &cp1251].concat();
    let ran = house.run_on(&["items", "-"], &declared).expect(0);
    assert_eq!(ran.json()[1]["item"]["title"], "Харків");
}

#[test]
fn a_hit_is_where_the_alert_says_in_what_items_prints() {
    let house = House::new();
    house.write("f.xml", RICH);
    let items = house.run(&["items", "f.xml"]).expect(0).json();
    let found = alerts(&house.run(&["scan", "--rules", "rules.toml", "f.xml"]).expect(0).stdout);
    assert_eq!(found.len(), 1);
    let item = items.iter().find(|line| line["item"]["id"] == found[0]["item"]["id"]).unwrap();
    let mut texts = Vec::new();
    for rule in found[0]["rules"].as_array().unwrap() {
        for hit in rule["matches"].as_array().unwrap() {
            let field = item["item"][hit["field"].as_str().unwrap()].as_str().unwrap();
            let at = |key: &str| usize::try_from(hit[key].as_u64().unwrap()).unwrap();
            assert_eq!(field.get(at("start")..at("end")), hit["text"].as_str(), "{hit}");
            texts.push(hit["text"].as_str().unwrap().to_owned());
        }
    }
    let expected = ["Харкова", "Kharkiv", "Kharkiv", "Харкові", "ceasefire", "Cease\u{2011}fire"];
    assert_eq!(texts, expected);
}
