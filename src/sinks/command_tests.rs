use std::fs::File;
use std::io::Read;

use tempfile::TempDir;

use super::super::tests::{alert, context, deliveries, delivery, read as read_config};
use super::*;
use crate::model::{Alert, Form};

/// A sink that runs `script`, and the folder in which it does.
struct Bench {
    folder: TempDir,
    keys: String,
}

impl Bench {
    fn new(script: &str) -> Self {
        let keys = format!("program = \"/bin/sh\"\nargs = [\"-c\", '''{script}''']\n");
        Self { folder: tempfile::tempdir().unwrap(), keys }
    }

    fn with(script: &str, keys: &str) -> Self {
        let bench = Self::new(script);
        Self { keys: format!("{}{keys}\n", bench.keys), ..bench }
    }

    fn sink(&self) -> Box<dyn Sink> {
        let text = format!("[[sink]]\nkind = \"command\"\n{}", self.keys);
        let (specs, problems) = read_config(&text, self.folder.path());
        assert_eq!(problems, Vec::<String>::new());
        specs[0].build(&context(None)).unwrap()
    }

    async fn run(&self) -> Outcome {
        one(self.sink().deliver(&Batch::new(vec![delivery(1)], Form::Single)).await)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// A pipe that a script holds open as long as it lives: opened here once it has opened it, and
    /// read to its end.
    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        path
    }
}

fn one(attempt: Attempt) -> Outcome {
    let [outcome] = <[Outcome; 1]>::try_from(attempt.outcomes).unwrap();
    outcome
}

fn retry(outcome: &Outcome) -> (Reason, &str) {
    let Outcome::Retry { reason, message, after: None } = outcome else { panic!("{outcome:?}") };
    (*reason, message)
}

#[tokio::test]
async fn a_program_gets_a_single_alert_as_one_line_in_a_clean_environment() {
    let script = "cat > got; env > vars; pwd > where; echo \"$0 $*\" > args";
    let mut bench = Bench::with(script, "env = { TOKEN = { file = \"token\" }, DESK = \"a b\" }");
    bench.keys = bench.keys.replace("''']", "''', \"zero\", \"$HOME; *\"]");
    fs::write(bench.folder.path().join("token"), "s3cret\n").unwrap();
    assert_eq!(bench.run().await, Outcome::Delivered);
    let got = bench.file("got");
    assert!(got.ends_with("}\n") && got.lines().count() == 1, "{got}");
    assert_eq!(serde_json::from_str::<Alert>(&got).unwrap(), alert(1));
    assert_eq!(bench.file("args"), "zero $HOME; *\n");
    let here = fs::canonicalize(bench.folder.path()).unwrap();
    assert_eq!(Path::new(bench.file("where").trim_end()), here);
    let mut vars: Vec<String> = bench.file("vars").lines().map(str::to_owned).collect();
    // What shells set of themselves.
    vars.retain(|var| !["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|own| var.starts_with(own)));
    vars.sort_unstable();
    let key = format!("WIREWATCH_KEY={}", alert(1).id);
    let path = format!("PATH={PATH}");
    let expected =
        ["DESK=a b", &path, "TOKEN=s3cret", "WIREWATCH_FORM=single", &key, "WIREWATCH_LEVEL=high"];
    assert_eq!(vars, expected);
}

#[tokio::test]
async fn several_alerts_come_in_one_message() {
    let bench = Bench::new("cat > got; echo $WIREWATCH_FORM $WIREWATCH_KEY > vars");
    let mut batch = deliveries(1..4);
    batch.form = Form::Digest;
    let attempt = bench.sink().deliver(&batch).await;
    assert_eq!(attempt.outcomes, vec![Outcome::Delivered; 3]);
    let got: serde_json::Value = serde_json::from_str(&bench.file("got")).unwrap();
    assert_eq!((&got["schema"], &got["count"]), (&1.into(), &3.into()));
    assert_eq!((&got["form"], &got["key"]), (&"digest".into(), &batch.key.as_str().into()));
    let alerts: Vec<Alert> = serde_json::from_value(got["alerts"].clone()).unwrap();
    assert_eq!(alerts, [alert(1), alert(2), alert(3)]);
    assert_eq!(bench.file("vars"), format!("digest {}\n", batch.key.as_str()));
}

#[tokio::test]
async fn what_the_environment_hands_down_is_path_home_and_lang() {
    let bench = Bench::new("echo $PATH-$HOME-$LANG-$SHELL > vars");
    let document = crate::document::Document::new("w.toml", format!("x = 1\n{}", bench.keys));
    let problems = crate::model::Problems::default();
    let mut table = document.root(&problems);
    let vault =
        crate::files::Vault { folder: bench.folder.path().to_owned(), ..Default::default() };
    let set = |name: &str| (name.to_owned(), OsString::from(format!("/{name}:/bin")));
    let environment = ["PATH", "HOME", "LANG", "SHELL"].map(set).to_vec();
    let around = Around { vault, environment, ..Around::default() };
    let reading = Reading { around: &around, health: crate::sinks::HealthAlerts::Never };
    let spec = read(&mut table, &reading).unwrap();
    let sink = spec.build(&SinkName::new("c"), &context(None)).unwrap();
    assert_eq!(one(sink.deliver(&deliveries([1])).await), Outcome::Delivered);
    assert_eq!(bench.file("vars"), "/PATH:/bin-/HOME:/bin-/LANG:/bin-\n");
}

#[tokio::test]
async fn its_end_says_what_becomes_of_the_message() {
    let cases = [
        ("exit 0", "", None),
        ("echo all is well >&2", "", None),
        ("exit 1", "", Some((Reason::Program, "exit status 1"))),
        (
            "echo a; echo 'no\nroute\t' >&2; exit 75",
            "",
            Some((Reason::Program, "exit status 75: no route")),
        ),
        ("exit 3", "refuse_codes = [4]", Some((Reason::Program, "exit status 3"))),
        ("exit 65", "refuse_codes = [4]", Some((Reason::Program, "exit status 65"))),
        ("exit 65", "refuse_codes = []", Some((Reason::Program, "exit status 65"))),
        ("kill -9 $$", "", Some((Reason::Program, "signal: 9 (SIGKILL)"))),
        (
            "printf '\\033[2J\\302\\233\\377' >&2; exit 1",
            "",
            Some((Reason::Program, "exit status 1: ␛[2J\u{fffd}\u{fffd}")),
        ),
    ];
    for (script, keys, expected) in cases {
        let outcome = Bench::with(script, keys).run().await;
        match expected {
            None => assert_eq!(outcome, Outcome::Delivered, "{script}"),
            Some(expected) => assert_eq!(retry(&outcome), expected, "{script}"),
        }
    }
    for (script, keys) in [("exit 65", ""), ("exit 3", "refuse_codes = [4, 3]")] {
        let outcome = Bench::with(&format!("echo no >&2; {script}"), keys).run().await;
        let Outcome::Refused { reason: Reason::Refused, message } = &outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(*message, format!("{}: no", script.replace("exit", "exit status")));
    }
}

#[tokio::test]
async fn only_the_end_of_much_is_told_and_no_secret() {
    let keys = "env = { TOKEN = \"s3cret  word\", SHORT = \"no\" }";
    let script = "head -c 1000000 /dev/zero | tr '\\0' x >&2; \
                  echo \" $TOKEN is no good\" >&2; exit 1";
    let bench = Bench::with(script, keys);
    let outcome = bench.run().await;
    let (_, message) = retry(&outcome);
    assert!(message.starts_with("exit status 1: …xxx"), "{message}");
    assert!(message.ends_with("x *** is no good"), "{message}");
    assert_eq!(message.chars().count(), "exit status 1: …".chars().count() + MAX_WORDS);
    let text = format!("[[sink]]\nkind = \"command\"\n{}", bench.keys);
    let (specs, _) = read_config(&text, bench.folder.path());
    assert!(!format!("{specs:?}").contains("s3cret"));
}

#[tokio::test]
async fn one_that_never_ends_is_killed_with_all_that_it_started() {
    let bench =
        Bench::with("echo begun >&2; sleep 1000 > pipe & sleep 1000; true", "timeout = \"400ms\"");
    let pipe = bench.pipe("pipe");
    let dead = std::thread::spawn(move || {
        File::open(pipe).unwrap().read_to_string(&mut String::new()).unwrap()
    });
    assert_eq!(retry(&bench.run().await), (Reason::Timeout, "killed after 400ms: begun"));
    assert_eq!(dead.join().unwrap(), 0);
}

#[tokio::test]
async fn a_delivery_that_is_given_up_leaves_nothing_running() {
    let bench = Bench::new("sleep 1000 > pipe & sleep 1000; true");
    let pipe = bench.pipe("pipe");
    let sink = bench.sink();
    let run = tokio::spawn(async move { sink.deliver(&deliveries([1])).await });
    let open = tokio::task::spawn_blocking(move || File::open(pipe).unwrap());
    let mut open = open.await.unwrap();
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    let read = tokio::task::spawn_blocking(move || open.read_to_string(&mut String::new()));
    assert_eq!(read.await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn one_that_leaves_others_behind_is_not_waited_for_and_they_end() {
    for (end, expected) in [("exit 0", Outcome::Delivered), ("exit 65", Outcome::Delivered)] {
        let bench = Bench::new(&format!("sleep 1000 3> pipe & {end}"));
        let pipe = bench.pipe("pipe");
        let dead = std::thread::spawn(move || {
            File::open(pipe).unwrap().read_to_string(&mut String::new()).unwrap()
        });
        let outcome = bench.run().await;
        if end == "exit 0" {
            assert_eq!(outcome, expected);
        } else {
            assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        }
        assert_eq!(dead.join().unwrap(), 0);
    }
}

#[tokio::test]
async fn one_need_not_read_and_one_that_writes_without_end_is_killed() {
    let mut large = delivery(1);
    let mut alert = alert(1);
    alert.item.text = "x".repeat(1 << 20);
    large.alert = Arc::new(alert);
    let large = Batch::new(vec![large], Form::Single);
    let deaf = Bench::new("exit 0");
    assert_eq!(one(deaf.sink().deliver(&large).await), Outcome::Delivered);
    let hanging = Bench::with("sleep 1000", "timeout = \"200ms\"");
    let outcome = one(hanging.sink().deliver(&large).await);
    assert_eq!(retry(&outcome), (Reason::Timeout, "killed after 200ms"));
    for stream in ["1", "2"] {
        let outcome = Bench::new(&format!("cat /dev/zero >&{stream}")).run().await;
        assert_eq!(retry(&outcome), (Reason::TooLarge, "killed after 64 MiB of output"));
    }
    let chatty = Bench::new("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
    assert_eq!(chatty.run().await, Outcome::Delivered);
}

#[tokio::test]
async fn one_that_cannot_be_run_is_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tell");
    let text = "[[sink]]\nkind = \"command\"\nprogram = \"./tell\"\n";
    let (specs, problems) = read_config(text, folder.path());
    assert_eq!(problems, Vec::<String>::new());
    let why = || {
        let error = specs[0].build(&context(None)).err().unwrap();
        assert_eq!(error.reason(), Reason::Program);
        assert!(error.message.starts_with("cannot run ") && error.message.ends_with("/tell"));
        error.source.unwrap().to_string()
    };
    assert!(why().contains("No such file"), "{}", why());
    fs::create_dir(&path).unwrap();
    assert_eq!(why(), "it is not a file");
    fs::remove_dir(&path).unwrap();
    // By another process: were it open for writing here, a program that another test starts at this
    // moment would hold it open, and it could not be run.
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", "echo '#!/no/such/shell' > tell"]).current_dir(folder.path());
    assert!(shell.status().unwrap().success());
    assert_eq!(why(), "it is not executable (chmod +x)");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let sink = specs[0].build(&context(None)).unwrap();
    let outcome = one(sink.deliver(&deliveries([1])).await);
    let (reason, message) = retry(&outcome);
    assert_eq!(reason, Reason::Program);
    assert!(
        message.ends_with("(os error 2): the interpreter or folder that it needs"),
        "{message}"
    );
    fs::remove_file(&path).unwrap();
    let outcome = one(sink.deliver(&deliveries([1])).await);
    assert!(retry(&outcome).1.ends_with("No such file or directory (os error 2)"), "{outcome:?}");
}

#[test]
fn what_is_wrong_in_its_config_is_told() {
    let text = r#"
        [[sink]]
        kind = "command"
        [[sink]]
        kind = "command"
        program = "no-such-program"
        args = "-c"
        [[sink]]
        kind = "command"
        program = ""
        args = ["a\u0000"]
        timeout = "1ms"
        refuse_codes = [0]
        env = "x"
        [[sink]]
        kind = "command"
        program = "/bin/sh"
        env = { WIREWATCH_KEY = "x", "a=b" = "x", B = 5, C = { file = "nowhere" }, D = "\u0000", E = { path = "x" } }
    "#;
    let (_, problems) = read_config(text, Path::new("/nowhere"));
    let expected = [
        "[sink] has no `program`",
        "`program`: there is no such file beside the config",
        "`args`: expected a list",
        "`program`: expected a program's file",
        "`args`: no argument can hold a NUL",
        "`timeout` is out of bounds",
        "`refuse_codes`: 0 is none",
        "`env`: expected a table, found a string",
        "`env`: the value of B is an integer",
        "the secret file /nowhere/nowhere",
        "`env`: the value of D has a NUL",
        "`env`: the value of E is a table",
        "`env`: \"WIREWATCH_KEY\" cannot be set",
        "`env`: \"a=b\" cannot be set",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for expected in expected {
        assert!(problems.iter().any(|told| told.contains(expected)), "{expected}: {problems:#?}");
    }
    assert!(problems[1].contains("PATH is not searched; write \"/usr/bin/no-such-program\""));
}
