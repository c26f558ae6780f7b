//! `wirewatch scan`: documents against rules.

use super::*;

#[test]
fn scan_exits_0_for_a_match_1_for_none_and_2_for_trouble() {
    let house = House::new();
    house.write("yes.xml", rss(&["In Kharkiv", "Elsewhere", "Ceasefire holds"]));
    house.write("no.xml", rss(&["Elsewhere"]));
    let scan = |inputs: &[&str]| {
        let args = [&["scan", "--rules", "rules.toml"], inputs].concat();
        house.run(&args)
    };
    let ran = scan(&["yes.xml"]).expect(0);
    assert_eq!(ran.stderr, "");
    let found = alerts(&ran.stdout);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["item"]["title"], "In Kharkiv");
    assert_eq!(found[0]["level"], "high");
    assert_eq!(
        found[0]["rules"][0],
        json!({"id": "khar", "title": "Kharkiv", "level": "high", "tags": [], "matches":
            [{"term": "Kharkiv", "field": "title", "text": "Kharkiv", "start": 3, "end": 10}]})
    );
    assert_eq!(found[1]["rules"][0]["id"], "truce");
    let ran = scan(&["no.xml"]).expect(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(alerts(&scan(&["no.xml", "yes.xml"]).expect(0).stdout).len(), 2);
    let ran = scan(&["nosuch.xml", "yes.xml"]).expect(2).says(&["wirewatch: nosuch.xml: input: "]);
    assert_eq!(alerts(&ran.stdout).len(), 2, "the rest goes on");
    house.run(&["scan", "--rules", "nosuch.toml", "yes.xml"]).expect(2).says(&["nosuch.toml: "]);
}

#[test]
fn scan_reads_files_standard_input_and_urls_alike() {
    let server = Server::start();
    let document = rss(&["In Kharkiv"]);
    let url = server.put("/feed", Answer::rss(document.as_str()));
    let house = House::new();
    house.write("f.xml", &document);
    let tell = |ran: support::Ran| {
        let mut found = alerts(&ran.expect(0).stdout);
        assert_eq!(found.len(), 1);
        let mut alert = found.remove(0);
        alert["raised_at"].take();
        alert["item"]["first_seen"].take();
        let url = alert["feed"]["url"].take();
        (url, alert)
    };
    let file = tell(house.run(&["scan", "--rules", "rules.toml", "f.xml"]));
    let stdin = tell(house.run_on(&["scan", "--rules=rules.toml", "-"], document.as_bytes()));
    let web = tell(house.run(&["scan", "--rules", "rules.toml", &url]));
    assert_eq!(file.0, "f.xml");
    assert_eq!(stdin.0, "-");
    assert_eq!(web.0, url.as_str());
    assert_eq!((&file.1, &file.1), (&stdin.1, &web.1));
}

#[test]
fn scan_takes_several_rule_files_or_those_of_the_config() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    house.write("more.toml", "[[rule]]\nid = \"more\"\nlevel = \"critical\"\nany = [\"In\"]\n");
    house.write("f.xml", rss(&["In Kharkiv"]));
    let ids = |args: &[&str]| {
        let ran = house.run(args).expect(0);
        let found = alerts(&ran.stdout);
        assert_eq!(found.len(), 1, "one item is one alert");
        let rules = found[0]["rules"].as_array().unwrap().clone();
        let ids: Vec<String> = rules.iter().map(|r| r["id"].as_str().unwrap().into()).collect();
        (found[0]["level"].as_str().unwrap().to_owned(), ids)
    };
    let (level, both) = ids(&["scan", "--rules", "rules.toml", "--rules", "more.toml", "f.xml"]);
    assert_eq!((level.as_str(), both), ("critical", vec!["khar".to_owned(), "more".to_owned()]));
    assert_eq!(ids(&["scan", "f.xml", "--rules", "more.toml"]).1, ["more"]);
    assert_eq!(ids(&["scan", "--config", "w.toml", "f.xml"]).1, ["khar"]);
    let args = ["scan", "--config", "w.toml", "--rules", "more.toml", "f.xml"];
    assert_eq!(ids(&args).1, ["more"], "rules of one's own, all else from the config");
    let bounded = [&args[..], &["--set", "poll.max_decoded=1KiB"]].concat();
    house.write("f.xml", rss(&["In Kharkiv", &"long ".repeat(300)]));
    house.run(&bounded).expect(2).says(&["f.xml: too_large: larger than 1024 bytes"]);
    house.write("f.xml", rss(&["In Kharkiv"]));
    let nowhere = ["scan", "--config", "nowhere.toml", "--rules", "more.toml", "f.xml"];
    house.run(&nowhere).expect(2).says(&["nowhere.toml: cannot be read"]);
    fs::create_dir(house.path("config")).unwrap();
    fs::copy(house.path("w.toml"), house.path("config/wirewatch.toml")).unwrap();
    fs::copy(house.path("more.toml"), house.path("config/rules.toml")).unwrap();
    assert_eq!(ids(&["scan", "f.xml"]).1, ["more"], "the config of this folder");
}
