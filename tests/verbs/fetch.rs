//! `wirewatch fetch`: one feed asked for, and the conversation shown.

use super::*;

#[test]
fn fetch_shows_the_whole_conversation() {
    let server = Server::start();
    let url = server.put("/feed?key=s3cret", Answer::rss(rss(&["In Kharkiv", "Two\u{1b}[2J"])));
    let house = House::new();
    house.write(
        "w.toml",
        format!(
            "rules = [\"rules.toml\"]\n[[feed]]\nid = \"mine\"\nurl = \"{url}\"\ninterval = \"7m\"\n\
             headers = {{ \"X-Key\" = \"hidden\" }}\n[net]\nallow = [\"127.0.0.1\"]\n"
        ),
    );
    let shown = house.run(&["fetch", "--config", "w.toml", "mine"]).expect(0).stdout;
    for part in [
        &format!("GET {url}\n"),
        "  > x-key: ***\n",
        "  > user-agent: wirewatch/",
        "  connected to 127.0.0.1:",
        "  HTTP/1.1 200\n",
        "  < content-type: application/rss+xml; charset=utf-8\n",
        "  dns -, connect ",
        "charset    UTF-8: it is valid UTF-8\n",
        "2 items\n",
        "In Kharkiv\n",
        "Two",
        "next poll  in 7m",
        ", by the configured interval\n",
    ] {
        assert!(shown.contains(part), "no {part:?} in\n{shown}");
    }
    assert!(!shown.contains("hidden") && !shown.contains('\u{1b}'), "{shown}");
    let ran = house.run(&["fetch", "--format=json", "--again", &url]).expect(0);
    assert_eq!(ran.json().len(), 1, "no validators");
    ran.says(&["wirewatch: not asked again: the answer gave no validators"]);
    let answer = Answer::rss(rss(&["In Kharkiv", "Two"])).with("ETag", "\"a\"");
    let forever = answer.with("Cache-Control", "max-age=2147483648");
    let url = server.put("/tagged", forever);
    let shown = house.run(&["fetch", &url.replace("http:", "HTTP:")]).expect(0).stdout;
    let asked = "no more than 1day counts (max_interval), by the server's max-age\n";
    assert!(shown.contains("freshness  68years ") && shown.contains(asked), "{shown}");
    let ran = house.run(&["fetch", "--format=json", "--again", &url]).expect(0);
    let told = ran.json();
    assert_eq!(told.len(), 2, "asked twice");
    assert_eq!(told[0]["asked"]["counts_ms"], 86_400_000);
    assert!(told[1]["hops"][0]["request"].to_string().contains("if-none-match"), "{told:?}");
    let told = &told[0];
    assert_eq!(told["hops"][0]["status"], 200);
    assert_eq!((&told["feed"]["items"], &told["error"]), (&json!(2), &json!(null)));
    assert_eq!(told["feed"]["first"][0]["title"], "In Kharkiv");
    assert_eq!(told["body"]["wire_bytes"], told["body"]["decoded_bytes"]);
    assert!(told["next"]["wait_ms"].as_u64().unwrap() >= 900_000);
    assert!(!house.path("wirewatch.db").exists(), "no state is kept");
}

#[test]
fn fetch_shows_what_was_said_before_it_failed() {
    let server = Server::start();
    let page = server.put("/page", Answer::new("text/html", "<html><title>Home</title></html>"));
    let house = House::watching(&[("inside", "http://10.0.0.1/feed")]);
    let shown = house.run(&["fetch", &page]).expect(1).stdout;
    assert!(shown.contains("HTTP/1.1 200") && shown.contains("error      html: "), "{shown}");
    assert!(shown.contains("next poll  in 1") && shown.contains("by failures in a row"));
    let gone = page.replace("/page", "/nothing");
    let ran = house.run(&["fetch", "--format", "json", "--again", &gone]).expect(1);
    let mut told = ran.json();
    assert_eq!(told.len(), 1);
    let told = told.remove(0);
    ran.says(&["wirewatch: not asked again: the first time failed"]);
    assert_eq!(
        (&told["error"]["reason"], &told["hops"][0]["status"]),
        (&json!("not_found"), &json!(404))
    );
    let refused = Refused::new();
    let shown = house.run(&["fetch", &refused.url]).expect(1).stdout;
    assert!(shown.contains("  no answer\n") && shown.contains("error      connect: "), "{shown}");
    let shown = house.run(&["fetch", "--config", "w.toml", "inside"]).expect(1).stdout;
    assert!(shown.contains("error      forbidden_address: 10.0.0.1"), "as the daemon: {shown}");
    house
        .run(&["fetch", "--config", "w.toml", "insider"])
        .expect(2)
        .says(&["no feed of the config; did you mean \"inside\"?"]);
    house.run(&["fetch", "--config", "nowhere.toml", &page]).expect(78);
    house
        .run(&["fetch", "--config", "nowhere.toml", "FTP://127.0.0.1/feed"])
        .expect(2)
        .says(&["wirewatch: cannot fetch ftp: URLs"]);
}
