//! Whatever is wrong with what wirewatch is given: the exit code, and a message that names the
//! place, the word and the way out.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Answer, House, RULES, Refused, Server, config, rss, skip};

const FEED: &str = "[[feed]]\nid = \"a\"\nurl = \"http://127.0.0.1:1/a\"\n";
const USES: &str = "rules = [\"rules.toml\"]\n";

/// Checks a house with this config, which must be refused; answers with stderr.
#[track_caller]
fn refused_config(house: &House, text: &str) -> String {
    house.write("w.toml", text);
    let ran = house.run(&["check", "--config", "w.toml"]).expect(78);
    assert_eq!(ran.stdout, "");
    for verb in ["run", "poll", "alerts", "feeds"] {
        let other = house.run(&[verb, "--config", "w.toml"]).expect(78);
        assert_eq!((other.stdout.as_str(), &other.stderr), ("", &ran.stderr), "{verb}");
    }
    assert!(!house.path("wirewatch.db").exists(), "a bad config makes no store");
    ran.stderr
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_known_one() {
    let told =
        refused_config(&House::new(), &format!("{USES}[poll]\nper_hots = 2\n[pol]\nx = 1\n{FEED}"));
    assert_eq!(
        told,
        "w.toml:3:1: unknown key `per_hots` in [poll]\n  3 | per_hots = 2\n    | ^^^^^^^^\n\
         hint: did you mean `per_host`?\n\n\
         w.toml:4:2: unknown key `pol`\n  4 | [pol]\n    |  ^^^\nhint: did you mean `poll`?\n\n\
         wirewatch: 2 problems in the config\n"
    );
}

#[test]
fn values_of_a_wrong_type_are_told_all_at_once() {
    let house = House::new();
    let keys = "[poll]\ninterval = 15\nper_host = \"two\"\nmax_body = \"big\"\nconcurrency = 0\n\
        first_poll = \"never\"\n[net]\nallow = [\"1.2.3.4/99\", 5]\n[log]\nformat = true\n";
    let told = refused_config(&house, &format!("{USES}{keys}{FEED}"));
    let expected = [
        "w.toml:3:12: `interval`: expected a duration such as \"30s\", \"15m\", \"12h\" or \"90d\", \
         found an integer\n  3 | interval = 15\n    |            ^^\n",
        "w.toml:4:12: `per_host`: expected a whole number, found a string",
        "w.toml:5:12: `max_body`: \"big\" is no size; expected a size such as \"10MiB\" or \"64kB\"",
        "w.toml:6:15: `concurrency` is out of bounds",
        "hint: it may be 1 to 4096",
        "w.toml:7:14: `first_poll`: \"never\" is not known",
        "hint: \"baseline\", \"alert\", or a time such as \"12h\"",
        "w.toml:9:24: `allow`: expected a string in the list, found an integer",
        "w.toml:11:10: `format`: expected a string, found true or false",
        "wirewatch: 7 problems in the config",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
}

#[test]
fn certificates_that_cannot_be_used_are_told_with_their_place() {
    let house = House::new();
    house.write("ca.pem", "no certificate");
    let feed = |file: &str| format!("{USES}{FEED}ca_file = \"{file}\"\n");
    let told = refused_config(&house, &feed("ca.pem"));
    assert!(told.starts_with("w.toml:5:11: the `ca_file` "), "{told}");
    assert!(told.contains("ca.pem holds no certificate in PEM form\n"), "{told}");
    assert!(told.contains("hint: a file with certificates in PEM form"), "{told}");
    let told = refused_config(&house, &feed("nowhere.pem"));
    assert!(told.starts_with("w.toml:5:11: the `ca_file` "), "{told}");
    assert!(told.contains("nowhere.pem cannot be read: No such file or directory"), "{told}");
    assert!(!told.contains('␊'), "{told}");
    let hints: Vec<&str> = told.lines().filter(|line| line.starts_with("hint: ")).collect();
    assert_eq!(hints, ["hint: is the path right?"], "{told}");
}

#[test]
fn a_syntax_error_is_one_problem() {
    let told = refused_config(&House::new(), &format!("rules = [\"rules.toml\"\n[poll]\n{FEED}"));
    assert!(told.starts_with("w.toml:2:1: "), "{told}");
    assert!(told.contains("  2 | [poll]\n    | ^"), "{told}");
    assert!(told.ends_with("wirewatch: 1 problem in the config\n"), "{told}");
}

#[test]
fn a_missing_config_is_told_by_its_path() {
    let house = House::new();
    for verb in ["run", "poll", "check", "alerts", "feeds"] {
        let ran = house.run(&[verb, "--config", "nowhere.toml"]).expect(78);
        assert_eq!(
            ran.stderr,
            "nowhere.toml: cannot be read: No such file or directory (os error 2)\n\
             hint: is the path right?\n\nwirewatch: 1 problem in the config\n"
        );
    }
    house.run(&["check", "--config", "."]).expect(78).says(&[".: is a folder, not a file"]);
    house.write("latin.toml", b"rules = []\n# caf\xe9\n");
    let ran = house.run(&["check", "--config", "latin.toml"]).expect(78);
    ran.says(&["latin.toml:2:6: is not UTF-8 from here on\n  2 | # caf", "hint: save it as UTF-8"]);
}

#[test]
fn rule_files_that_cannot_be_read_are_told_all_at_once() {
    let house = House::new();
    house.write("folder.d/x", "");
    house.write("latin.toml", b"[[rule]]\nid = \"caf\xe9\"\n");
    house.write("empty.toml", "# nothing yet\n");
    let files = "rules = [\n\"nosuch.toml\", \"folder.d\", \"latin.toml\", \"empty.toml\"]\n";
    let told = refused_config(&house, &format!("{files}{FEED}"));
    let expected = [
        "w.toml:2:1: \"nosuch.toml\" names no file\n  2 | \"nosuch.toml\", \"folder.d\"",
        "hint: paths are relative to the file that names them",
        "folder.d: is a folder, not a file",
        "latin.toml:2:10: is not UTF-8 from here on",
        "empty.toml:1:1: no [[rule]] in it\n  1 | # nothing yet",
        "hint: the least rule: `[[rule]]`, `id = \"floods\"`",
        "wirewatch: 4 problems in the config",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
}

/// A pipe that nobody writes to would be read for ever, and no signal would be heard meanwhile.
#[test]
fn a_pipe_among_the_rule_files_is_refused_and_not_waited_for() {
    let house = House::new();
    let made = Command::new("mkfifo").arg(house.path("pipe.toml")).status();
    if !made.is_ok_and(|status| status.success()) {
        return skip("a pipe as rule file: there is no mkfifo");
    }
    let told = refused_config(&house, &format!("rules = [\"pipe.toml\"]\n{FEED}"));
    assert!(told.contains("pipe.toml: is no ordinary file"), "{told}");
}

#[test]
fn a_sink_that_would_write_over_the_store_or_the_config_is_refused() {
    let house = House::new();
    for path in ["wirewatch.db", "./wirewatch.db-wal", "rules.toml", "w.toml"] {
        let sink = format!("[[sink]]\nkind = \"file\"\npath = \"{path}\"\n");
        let told = refused_config(&house, &format!("{USES}{FEED}{sink}"));
        assert!(told.contains("sink \"file\" would write over"), "{path}: {told}");
        assert!(told.contains("hint: give it a file of its own"), "{path}: {told}");
    }
    let twice = "[[sink]]\nkind = \"file\"\npath = \"a\"\n[[sink]]\nkind = \"file\"\n\
        name = \"other\"\npath = \"./a\"\n";
    let told = refused_config(&house, &format!("{USES}{FEED}{twice}"));
    assert!(told.contains("sinks \"file\" and \"other\" share the file"), "{told}");
}

#[test]
fn secrets_are_not_shown_with_the_line_they_stand_in() {
    let house = House::new();
    let feed = "[[feed]]\nurl = \"https://u:sekret@e.example:99999/x\"\npasword = \"sekret\"\n";
    let told = refused_config(&house, &format!("{USES}{feed}"));
    assert!(told.contains("w.toml:3:7: `url`: no URL"), "{told}");
    assert!(told.contains("did you mean `password`?"), "{told}");
    assert!(!told.contains("sekret"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_rule_file_of_somebody_else_is_told_with_who_must_read_it() {
    use std::os::unix::fs::PermissionsExt;
    if is_root() {
        return skip("an unreadable rule file: root reads every file");
    }
    let house = House::new();
    fs::set_permissions(house.path("rules.toml"), fs::Permissions::from_mode(0o000)).unwrap();
    let told = refused_config(&house, &format!("{USES}{FEED}"));
    assert!(told.contains("rules.toml: cannot be read: Permission denied"), "{told}");
    assert!(told.contains("hint: the user that wirewatch runs as"), "{told}");
}

#[test]
fn without_rules_or_feeds_there_is_nothing_to_run() {
    let house = House::new();
    let no_rules = "w.toml: it names no `rules`\nhint: add `rules = [\"rules/*.toml\"]`\n";
    for text in [format!("rules = []\n{FEED}"), FEED.to_owned()] {
        let told = refused_config(&house, &text);
        assert_eq!(told, format!("{no_rules}\nwirewatch: 1 problem in the config\n"));
    }
    let told = refused_config(&house, "");
    assert!(told.contains(no_rules) && told.contains("w.toml: there is no feed to poll\nhint: "));
}

#[test]
fn what_is_there_twice_is_told_with_the_place_of_the_first() {
    let house = House::new();
    house.write("rules.toml", format!("{RULES}[[rule]]\nid = \"khar\"\nany = [\"x\"]\n"));
    let sinks = "[[sink]]\nkind = \"log\"\n[[sink]]\nkind = \"log\"\n";
    let told = refused_config(&house, &format!("{USES}{FEED}{FEED}{sinks}"));
    let expected = [
        "w.toml:6:6: the feed id \"a\" is taken\n  6 | id = \"a\"\n    |      ^^^\n\
         hint: it is given before at w.toml:3:6\n",
        "w.toml:10:1: there are two sinks called \"log\"",
        "hint: give one of them another `name`",
        "rules.toml:13:6: a second rule `khar`",
        "rules.toml:2:6; rename one",
        "wirewatch: 3 problems in the config",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
}

#[test]
fn invalid_terms_are_told_each_with_its_place_and_a_hint() {
    let house = House::new();
    house.write(
        "rules.toml",
        "[[rule]]\nid = \"x\"\nany = [\"\", \"a*\", \"{a\", \"@nolist\", \"***\"]\n\
         level = \"hihg\"\n[[rule]]\nid = \"Y y\"\nany = []\nfields = [\"titel\"]\n",
    );
    let told = refused_config(&house, &format!("{USES}{FEED}"));
    let expected = [
        "rules.toml:3:9: term \"\": the term is empty",
        "rules.toml:3:14: term \"a*\"",
        "rules.toml:3:19: term \"{a\": `{` without `}`\n  3 | any",
        "hint: alternatives are written `{a,b}`",
        "rules.toml:3:24: no list `@nolist`",
        "rules.toml:3:36: term \"***\"",
        "rules.toml:4:9: `level`: no level \"hihg\"; did you mean \"high\"? expected one of informat",
        "rules.toml:6:6: `Y y` is not a rule id",
        "rules.toml:7:7: `any` is an empty list",
        "rules.toml:8:11: no field \"titel\"",
        "wirewatch: 9 problems in the config",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
    house.write("f.xml", rss(&["x"]));
    let ran = house.run(&["scan", "--rules", "rules.toml", "f.xml"]).expect(2);
    assert!(ran.stderr.contains("rules.toml:3:19: term \"{a\""), "{}", ran.stderr);
}

#[test]
fn values_that_mean_nothing_are_told_with_a_way_out() {
    let house = House::new();
    house.write(
        "rules.toml",
        "[[rule]]\nid = \"x\"\ntitle = \" \"\nany = \"a word\"\nwith = [\"y\"]\nwithin = \"3\"\n\
         feeds = [\"\"]\nfeed_tags = [\"\"]\n[rule.or]\nany = [\"z\"]\n",
    );
    let told = refused_config(&house, &format!("{USES}{FEED}"));
    let expected = [
        "rules.toml:3:9: `title` is empty",
        "rules.toml:4:7: `any`: expected a list, found a string",
        "hint: put it in brackets: `[\"…\"]`",
        "rules.toml:6:10: `within`: expected a whole number, found a string",
        "hint: write the number without quotes",
        "rules.toml:7:10: an empty feed id fits no feed",
        "rules.toml:8:14: an empty tag is no feed's",
        "`or`: expected `[[rule.or]]` tables, found a table",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
}

#[test]
fn problems_of_feeds_sinks_and_rules_are_told_together() {
    let house = House::new();
    house.write("feeds.txt", "https://example.org/a\nnot a url\n");
    let text = "feeds = [\"feeds.txt\", \"none/*.opml\"]\n[[feed]]\nurl = \"ftp://x/\"\n\
        [[feed]]\nid = \"b\"\n[[feed]]\nid = \"c\"\nurl = \"http://c.example/\"\npassword = \"p\"\n\
        [[sink]]\nkind = \"fiel\"\n[[sink]]\nkind = \"log\"\nrules = [\"khra\"]\n";
    let told = refused_config(&house, &format!("{USES}{text}"));
    let expected = [
        "feeds.txt:2:1: no absolute URL",
        "w.toml:2:23: \"none/*.opml\" names no file",
        "w.toml:4:7: `url`: cannot fetch ftp: URLs; only http and https",
        "w.toml:5:1: [feed] has no `url`",
        "w.toml:7:1: a password without a `username`",
        "w.toml:12:8: there is no kind of sink \"fiel\"",
        "hint: did you mean \"file\"? kinds: log, file",
        "w.toml:15:10: sink \"log\": rule \"khra\" does not exist",
        "hint: did you mean \"khar\"? Rules: khar, truce",
        "wirewatch: 7 problems in the config",
    ];
    for expected in expected {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
}

#[test]
fn a_wrong_command_line_exits_2_and_names_the_word() {
    let house = House::new();
    for (args, word) in [
        (&["frobnicate"][..], "frobnicate"),
        (&[], "Usage: wirewatch"),
        (&["scan"], "<INPUT>..."),
        (&["items"], "<INPUT>..."),
        (&["scan", "--format", "xml", "f"], "jsonl, text"),
        (&["run", "--log-format", "xml"], "json, text"),
        (&["check", "--set", "poll.interval"], "KEY=VALUE"),
        (&["alerts", "--since", "yesterday"], "yesterday"),
        (&["items", "--url", "no base", "f"], "no base"),
    ] {
        house.run(args).expect(2).says(&[word]);
    }
}

#[test]
fn a_state_folder_that_cannot_be_written_exits_78_and_names_it() {
    let house = House::new();
    let store = "[store]\npath = \"rules.toml/state/w.db\"\n";
    house.write("w.toml", format!("{USES}{store}{FEED}"));
    for verb in ["run", "poll"] {
        let ran = house.run(&[verb, "--config", "w.toml"]).expect(78);
        assert_eq!(
            ran.stderr,
            "wirewatch: cannot write ./rules.toml/state: Not a directory (os error 20)\n"
        );
    }
    let ran = house.run(&["alerts", "--config", "w.toml"]).expect(78);
    ran.says(&["cannot read ./rules.toml/state/w.db"]);
    house.write("w.toml", format!("{USES}[store]\npath = \"a/b/w.db\"\n{FEED}"));
    let ran = house.run(&["poll", "--config", "w.toml"]).expect(78);
    ran.says(&["cannot write ./a/b: No such file or directory"]);
}

#[test]
fn verbs_that_only_read_say_that_there_is_no_database_yet() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    for verb in ["alerts", "feeds"] {
        let ran = house.run(&[verb, "--config", "w.toml"]).expect(78);
        ran.says(&["there is no database at ./wirewatch.db", "daemon makes it"]);
        assert!(!house.path("wirewatch.db").exists());
    }
}

#[test]
fn a_database_in_use_exits_75_and_reading_goes_on() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv"])));
    let house = House::watching(&[("a", &url)]);
    let first = house.start(&["run", "--config", "w.toml"]);
    first.wait_for(|line| line.contains("\"event\":\"feed_first_seen\""));
    for verb in ["run", "poll"] {
        let ran = house.run(&[verb, "--config", "w.toml"]).expect(75);
        let told = "wirewatch: ./wirewatch.db is in use by another wirewatch process\n";
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", told), "{verb}");
    }
    let ran = house.run(&["alerts", "--config", "w.toml"]).expect(0);
    assert_eq!(support::alerts(&ran.stdout).len(), 1);
    let (code, rest) = first.stop();
    assert_eq!(code, Some(0), "{rest:#?}");
    assert!(rest.last().unwrap().contains("\"event\":\"stopped\""), "{rest:#?}");
    house.run(&["poll", "--config", "w.toml"]).expect(0);
}

#[test]
fn a_start_with_too_few_descriptors_may_pass_and_is_tried_again() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv"])));
    let house = House::watching(&[("a", &url)]);
    let mut limited = 0;
    for most in 9..40 {
        let mut command = house.program("sh");
        let script = format!("ulimit -n {most}; exec $0 poll --config w.toml");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_wirewatch")]);
        let ran = support::run(command);
        if ran.stderr.contains("cannot write ./wirewatch.db") {
            limited += 1;
            assert!(ran.stderr.contains("Too many open files"), "{most}: {ran:?}");
            assert_eq!(ran.code, Some(75), "{most}: {ran:?}");
        }
    }
    assert!(limited > 3, "{limited}");
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&[])));
    let house = House::watching(&[("a", &url)]);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let database = house.path("wirewatch.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = fs::read(&database).unwrap();
    for verb in ["run", "poll", "alerts", "feeds"] {
        let ran = house.run(&[verb, "--config", "w.toml"]).expect(78);
        ran.says(&["./wirewatch.db has schema 99, this wirewatch knows schemas up to", "backup"]);
    }
    assert!(before == fs::read(&database).unwrap());
}

#[test]
fn a_garbage_database_is_refused_and_left_as_it_is() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    for garbage in [&b"garbage, not a database at all. "[..], b"", &[0xa5; 70_000]] {
        house.write("wirewatch.db", garbage);
        for verb in ["run", "poll", "alerts", "feeds"] {
            let ran = house.run(&[verb, "--config", "w.toml"]).expect(78);
            ran.says(&[
                "./wirewatch.db is damaged or not a wirewatch database",
                "move it away: mkdir",
            ]);
        }
        assert_eq!(fs::read(house.path("wirewatch.db")).unwrap(), garbage);
    }
    let theirs = rusqlite::Connection::open(house.path("theirs.db")).unwrap();
    theirs.execute_batch("CREATE TABLE bookmarks (url)").unwrap();
    drop(theirs);
    let ran = house.run(&["poll", "--config", "w.toml", "--set", "store.path=theirs.db"]);
    ran.expect(78).says(&["./theirs.db is damaged or not", "does not carry wirewatch's mark"]);
}

/// Whether this runs as root, whom no file mode keeps out.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Runs `script` with wirewatch as `$1`, in the folder `small` of which only `size` fits on the
/// disk. Nothing, if this machine lets nobody mount a small disk.
fn on_a_small_disk(house: &House, size: &str, script: &str) -> Option<support::Ran> {
    fs::create_dir(house.path("small")).unwrap();
    let isolate = if is_root() { "-m" } else { "-Urm" };
    let within = |script: &str| {
        let mut command = house.program("sh");
        command.args(["-c", "exec unshare \"$@\"", "sh", isolate, "sh", "-c"]);
        let mount = format!("mount -t tmpfs -o size={size} tmpfs small || exit 1\n{script}");
        command.args([&mount, "sh", env!("CARGO_BIN_EXE_wirewatch")]);
        support::run(command)
    };
    let probe = within("exit 42");
    if probe.code == Some(42) {
        return Some(within(script));
    }
    skip(&format!("a full disk: no small disk can be mounted here: {}", probe.stderr.trim()));
    None
}

#[test]
fn a_full_disk_exits_75_and_loses_nothing_once_there_is_room() {
    let server = Server::start();
    let long = "x".repeat(900);
    let titles: Vec<String> = (0..1500).map(|at| format!("Kharkiv {at} {long}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let url = server.put("/a", Answer::rss(rss(&titles)));
    let house = House::new();
    let store = "[store]\npath = \"small/w.db\"\n";
    house.write("w.toml", config(&[("a", &url)]).replace("[[sink]]", &format!("{store}[[sink]]")));
    let script = "head -c 40000 /dev/zero > small/little
        head -c 1000000 /dev/zero > small/some
        head -c 30000000 /dev/zero > small/rest
        rm small/little
        $1 poll --config w.toml; echo code $?
        rm small/some
        $1 poll --config w.toml; echo code $?
        rm small/rest
        $1 poll --config w.toml; echo code $?
        $1 poll --config w.toml; echo code $?";
    let Some(ran) = on_a_small_disk(&house, "24m", script) else { return };
    let ran = ran.expect(0).says(&[
        "wirewatch: no space left to write ./small/w.db.new\n",
        "\"event\":\"store_failed\",\"reason\":\"disk_full\"",
    ]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "code 75");
    assert!(lines[1].starts_with("1 feeds polled: 0 well, 1 failed; 0 new items; 0 alerts;"));
    assert_eq!(lines[2], "failed: a: disk_full: no space left to write ./small/w.db");
    assert_eq!(lines[3], "code 75");
    assert!(lines[4].contains("1500 new items; 1500 alerts; 1500 deliveries made, 0 waiting"));
    assert_eq!(lines[5], "code 0");
    assert!(lines[6].contains("0 new items; 0 alerts; 0 deliveries made, 0 waiting"));
    assert_eq!(lines[7], "code 0");
    let mut ids: Vec<String> = support::alerts(&house.read("alerts.jsonl"))
        .iter()
        .map(|alert| alert["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1500);
    assert_eq!(house.read("alerts.jsonl").lines().count(), 1500);
}

#[test]
fn alerts_wait_for_room_on_the_disk_of_their_file() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["Kharkiv one", "Kharkiv two"])));
    let house = House::new();
    let path = "kind = \"file\"\npath = \"small/alerts.jsonl\"";
    house.write("w.toml", config(&[("a", &url)]).replace("kind = \"file\"", path));
    let script = "head -c 100000 /dev/zero > small/filler
        $1 poll --config w.toml; echo code $?
        rm small/filler
        tries=0
        until $1 poll --quiet --config w.toml; do
            tries=$((tries + 1)); test $tries -lt 300 || exit 98
        done
        cat small/alerts.jsonl > alerts.jsonl";
    let Some(ran) = on_a_small_disk(&house, "64k", script) else { return };
    let ran = ran.expect(0).says(&[
        "\"event\":\"delivery_failed\",\"sink\":\"file\",\"reason\":\"disk_full\"",
        "small/alerts.jsonl",
    ]);
    assert!(ran.stdout.contains("2 alerts; 0 deliveries made, 2 waiting"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("code 1\n"), "{}", ran.stdout);
    let alerts = support::alerts(&house.read("alerts.jsonl"));
    assert_eq!(alerts.len(), 2);
    assert_ne!(alerts[0]["id"], alerts[1]["id"]);
}

#[test]
fn output_on_a_full_disk_is_trouble_and_said() {
    if !Path::new("/dev/full").exists() {
        return skip("output on a full disk: there is no /dev/full here");
    }
    let house = House::new();
    house.write("f.xml", rss(&["In Kharkiv"]));
    for args in [&["items", "f.xml"][..], &["scan", "--rules", "rules.toml", "f.xml"]] {
        let mut command = house.program("sh");
        command.args(["-c", "exec \"$@\" > /dev/full", "sh"]);
        command.arg(env!("CARGO_BIN_EXE_wirewatch")).args(args);
        support::run(command).expect(2).says(&["wirewatch: No space left on device"]);
    }
}

#[test]
fn feeds_that_cannot_be_read_are_told_with_their_reason_and_the_rest_goes_on() {
    let server = Server::start();
    let page = "<!DOCTYPE html><html><head><title>Our news</title></head><body>Hi</body></html>";
    let (host, nobody) = ("a".repeat(64), Refused::new());
    let feeds = [
        ("good", server.put("/good", Answer::rss(rss(&["In Kharkiv"])))),
        ("html", server.put("/html", Answer::new("text/html", page))),
        ("empty", server.put("/empty", Answer::rss(""))),
        ("text", server.put("/text", Answer::new("text/plain", "once upon a time"))),
        ("broken", server.put("/broken", Answer::rss("<rss><channel>"))),
        ("missing", server.put("/good", Answer::rss(rss(&["In Kharkiv"]))) + "-not"),
        ("refused", nobody.url),
        ("unknown", format!("http://{host}.example/feed")),
        ("inside", "http://127.1.2.3:9/feed".to_owned()),
    ];
    let feeds: Vec<(&str, &str)> = feeds.iter().map(|(id, url)| (*id, url.as_str())).collect();
    let house = House::watching(&feeds);
    let ran = house.run(&["poll", "--config", "w.toml"]).expect(0);
    assert!(ran.stdout.starts_with("9 feeds polled: 1 well, 8 failed; 1 new items; 1 alerts;"));
    let expected = [
        "failed: html: html: a web page instead of a feed titled \"Our news\"",
        "failed: empty: empty_body: ",
        "failed: text: not_a_feed: not a feed: it begins \"once upon a time\"",
        "failed: broken: malformed: ",
        "failed: missing: not_found: ",
        "failed: refused: connect: tcp connect error: Connection refused",
        &format!("failed: unknown: dns: cannot resolve {host}.example: "),
        "failed: inside: forbidden_address: ",
    ];
    for expected in expected {
        assert!(ran.stdout.contains(expected), "no {expected:?} in\n{}", ran.stdout);
    }
    let table = house.run(&["feeds", "--config", "w.toml"]).expect(0).stdout;
    let row = |id: &str| table.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(row("good").contains(" ok "), "{table}");
    assert!(row("refused").contains(" failing ") && row("refused").contains("connect: "));
    assert!(row("html").contains("html: a web page instead of a feed"), "{table}");

    let bad = config(&feeds[1..]);
    house.write("bad.toml", bad);
    house.run(&["poll", "--config", "bad.toml", "--quiet"]).expect(1);
}

#[test]
fn documents_that_cannot_be_read_are_trouble_for_scan() {
    let server = Server::start();
    let house = House::new();
    house.write("page.html", "<html><title>Log in</title><input type=\"password\"></html>");
    house.write("empty.xml", " \n");
    house.write("good.xml", rss(&["In Kharkiv"]));
    let gone = server.put("/", Answer::rss("")) + "gone";
    let nobody = Refused::new();
    let mut args = vec!["scan", "--rules", "rules.toml", "page.html", "empty.xml", "good.xml"];
    args.extend(["nosuch.xml", ".", &gone, &nobody.url]);
    let ran = house.run(&args).expect(2).says(&[
        "wirewatch: page.html: blocked: a challenge or login page instead of a feed",
        "wirewatch: empty.xml: empty_body: the document is empty\n",
        "wirewatch: nosuch.xml: input: No such file or directory",
        "wirewatch: .: input: Is a directory",
        "gone: not_found: ",
        "feed: connect: tcp connect error: Connection refused",
    ]);
    assert_eq!(support::alerts(&ran.stdout).len(), 1);
}

#[test]
fn any_bytes_at_all_on_standard_input_are_told_and_not_died_of() {
    let house = House::new();
    let deep = "<rss><channel><item>".repeat(20_000);
    let inputs: [(&[u8], &str); 7] = [
        (b"", "empty_body"),
        (b"\xff\xfe\x00\xd8", "not_a_feed"),
        (b"\x1f\x8b\x08\x00 not gzip", "not_a_feed"),
        (b"<rss", "malformed"),
        (b"{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [", "malformed"),
        (b"<?xml version=\"1.0\" encoding=\"no-such\"?><html><title>x</title></html>", "html"),
        (deep.as_bytes(), ""),
    ];
    for (input, reason) in inputs {
        let ran = house.run_on(&["items", "-"], input);
        let lines = ran.json();
        assert_eq!(lines[0]["source"], "-");
        if !reason.is_empty() {
            assert_eq!(lines[0]["error"]["reason"], reason, "{lines:?}");
            ran.expect(1);
        }
    }
}
