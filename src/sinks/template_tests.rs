use super::*;
use crate::document::Document;
use crate::model::{Form, Problems};
use crate::sinks::Around;
use crate::sinks::tests::{alert, delivery, logged};

const PART: Part = Part {
    key: "body",
    file_key: "body_file",
    default: "{% for alert in alerts %}{{ alert.title }}\n{% endfor %}",
    limit: 500,
    markup: Markup {
        escape: markup::entities,
        url: markup::entities,
        cut: markup::cut_entities,
        ..Markup::PLAIN
    },
};

/// The template that `text`, a config, has, and what is wrong with it.
fn read(text: &str, folder: &std::path::Path) -> (Option<Template>, Vec<String>) {
    read_for(HealthAlerts::Never, text, folder)
}

fn read_for(
    health: HealthAlerts,
    text: &str,
    folder: &std::path::Path,
) -> (Option<Template>, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let around = Around {
        vault: crate::files::Vault { folder: folder.to_owned(), ..Default::default() },
        ..Around::default()
    };
    let reading = Reading { around: &around, health };
    let template = Template::read(&mut root, &reading, PART);
    root.finish();
    (template, problems.into_vec().iter().map(ToString::to_string).collect())
}

fn template(text: &str) -> Template {
    Template::new(PART, text, HealthAlerts::Also).unwrap()
}

fn sink() -> SinkName {
    SinkName::new("desk")
}

fn batch(count: u32, title: &str) -> Batch {
    let deliveries = (0..count).map(|number| {
        let mut delivery = delivery(number);
        let mut alert = alert(number);
        alert.item.title = format!("{number} {title}");
        delivery.alert = Arc::new(alert);
        delivery
    });
    Batch::new(deliveries.collect(), if count == 1 { Form::Single } else { Form::Digest })
}

#[test]
fn values_are_escaped_and_what_the_template_says_is_not() {
    let text = template(
        "<b>{{ alert.title }}</b> {{ [alert.title, '<']|join('&') }} {{ alert.title|upper }} \
         <{{ alert.link|url }}|x> {% set t %}<i>{{ alert.title }}</i>{% endset %}{{ t }}\
         {% macro m(x) %}<u>{{ x }}</u>{% endmacro %}{{ m(alert.title) }} {{ alert.item.published }}",
    )
    .render(&batch(1, "<!channel> & co"), &sink());
    let title = "0 &lt;!channel&gt; &amp; co";
    let expected = format!(
        "<b>{title}</b> {title}&amp;&lt; 0 &lt;!CHANNEL&gt; &amp; CO <https://example.org/0|x> \
         <i>{title}</i><u>{title}</u> 2026-11-23T22:10:00.250Z"
    );
    assert_eq!(text, expected);
}

#[test]
fn no_filter_gets_round_the_escapes() {
    let cases = [
        ("{{ alert.title|tojson }}", "\"0 &lt;@U1&gt;\""),
        ("{% set t = alert.title|tojson %}{{ t ~ '<' }}", "\"0 &lt;@U1&gt;\"&lt;"),
        ("{{ {'t': alert.title}|tojson }}", "{\"t\":\"0 &lt;@U1&gt;\"}"),
        ("{{ alert.title|e }}{{ alert.title|escape|e }}", "0 &lt;@U1&gt;0 &lt;@U1&gt;"),
        (
            "{% autoescape false %}{{ alert.title }}{{ alert.title|e }}{% endautoescape %}",
            "0 &lt;@U1&gt;0 &lt;@U1&gt;",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(template(text).render(&batch(1, "<@U1>"), &sink()), expected, "{text}");
    }
    // Not what HTML would make of it, where the service reads no HTML.
    let plain = Part { markup: Markup::PLAIN, ..PART };
    for text in [
        "{{ alert.title|tojson }}",
        "{% autoescape 'html' %}{{ alert.title|e }}{% endautoescape %}",
    ] {
        let text = Template::new(plain, text, HealthAlerts::Also)
            .unwrap()
            .render(&batch(1, "<b>"), &sink());
        assert!(text.contains("0 <b>"), "{text}");
    }
    let json = Part { markup: Markup { json: true, ..PART.markup }, ..PART };
    let text = Template::new(json, "{{ alert.title|tojson }}", HealthAlerts::Also).unwrap();
    assert_eq!(text.render(&batch(1, "<b>"), &sink()), "\"0 <b>\"");
}

#[test]
fn a_wrong_template_is_told_with_its_own_line() {
    let cases = [
        (
            "body = \"{{ alert.titel }}\"",
            "w.toml:1:9: `body`, line 1 of the template: undefined value: there is no `alert.titel`",
            "did you mean `title`?",
        ),
        ("body = \"{{ alert.titel|tojson }}\"", "there is no `alert.titel`", "mean `title`?"),
        ("body = \"{{ alert.titel|e }}\"", "there is no `alert.titel`", "mean `title`?"),
        (
            "body = '''\nfirst\n{% if %}\n'''",
            "w.toml:3:1: `body`, line 2 of the template: syntax error",
            "",
        ),
        (
            "body = '''\na\nb\n  {{ count }} {{ cuont }}'''",
            "w.toml:4:1: `body`, line 3 of the template: undefined value: there is no `cuont`",
            "did you mean `count`?",
        ),
        (
            "body = \"{% if form == 'digest' %}{{ x }}{% endif %}\"",
            "there is no `x`",
            "there are: alert, alerts, count, form, key, level, more",
        ),
        ("body = \"{% if count > 1 %}{{ alert.health.state }}{% endif %}\"", "`body`, line 1", ""),
        ("body = \"{{ alert.title|safe }}\"", "filter safe is unknown", ""),
        (
            "body = \"{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}\"",
            "takes too many steps",
            "",
        ),
        ("body = \"{% include 'x' %}\"", "unknown statement include", ""),
        (
            "body = \"x\"\nbody_file = \"y\"",
            "w.toml:2:13: both `body` and `body_file` are given",
            "keep one",
        ),
        (
            "body_file = \"y\"",
            "w.toml:1:13: `body_file`: /nowhere/y: cannot be read: No such file or directory (os error 2)\n",
            "\nhint: is the path right?",
        ),
        ("body = 5", "w.toml:1:8: `body`: expected a string", ""),
    ];
    tell(&cases);
}

#[test]
fn a_name_that_there_is_not_is_told_in_lists_too() {
    let cases = [
        (
            "body = \"{% for a in alerts %}{{ a.titel }}{% endfor %}\"",
            "w.toml:1:9: `body`, line 1 of the template: undefined value: there is no `a.titel`\n",
            "did you mean `title`? there are: feed, health, id, item",
        ),
        (
            "body = \"{%- for a in alerts -%}{% for r in a.rules|reverse %}{{ r.nam }}{% endfor %}{% endfor %}\"",
            "there is no `r.nam`",
            "there are: id, level, matches, status, tags, title",
        ),
        (
            "body = \"{% set feed = alert.feed %}{{ feed.nam }}\"",
            "there is no `feed.nam`",
            "there are: id, title, url",
        ),
        ("body = \"{{ alerts[0].titel }}\"", "there is no `alerts[0].titel`", "mean `title`?"),
        (
            "body = \"{{ alert.rules[0].titel|upper }}\"",
            "there is no `alert.rules[0].titel`",
            "mean `title`?",
        ),
        ("body = \"{{ alert['feed'].nam }}\"", "there is no `alert['feed'].nam`", "id, title, url"),
        ("body = \"{{ alert.terms[1] }}\"", "there is no `alert.terms[1]`", ""),
        (
            "body = \"{{ alert.item.authors[0] }}\"",
            "there is no `alert.item.authors[0]`, for an alert of an item without headline and link",
            "",
        ),
    ];
    tell(&cases);
}

/// That each text is told to be wrong, once, by this message and this hint.
fn tell(cases: &[(&str, &str, &str)]) {
    let nowhere = std::path::Path::new("/nowhere");
    for (text, message, hint) in cases {
        let (_, problems) = read(text, nowhere);
        let [problem] = &problems[..] else { panic!("{text}: {problems:#?}") };
        assert!(problem.contains(message), "{text}\n{problem}");
        assert!(problem.contains(hint), "{text}\n{problem}");
    }
}

#[test]
fn a_template_is_tried_on_what_its_sink_can_get() {
    let nowhere = std::path::Path::new("/nowhere");
    let rules =
        "body = \"{{ alert.rules[0].title }} {{ (alert.rules|first).id }} {{ alert.terms[0] }}\"";
    let feeds = "body = \"{{ alert.health.state }}\"";
    let about = ", for an alert about a feed, which has no rules";
    let cases = [
        (HealthAlerts::Never, rules, ""),
        (HealthAlerts::Also, rules, about),
        (HealthAlerts::Only, rules, about),
        (HealthAlerts::Never, feeds, "there is no `alert.health.state`"),
        (HealthAlerts::Also, feeds, "there is no `alert.health.state`"),
        (HealthAlerts::Only, feeds, ""),
    ];
    for (health, text, expected) in cases {
        let (_, problems) = read_for(health, text, nowhere);
        match expected {
            "" => assert_eq!(problems, Vec::<String>::new(), "{health:?} {text}"),
            _ => assert!(problems[0].contains(expected), "{health:?} {text}: {problems:?}"),
        }
    }
    // As a whole sink's key says.
    for (key, expected) in [("", 0), ("health = \"also\"\n", 1)] {
        let text =
            format!("[[sink]]\nkind = \"slack\"\nurl = \"http://h.example/\"\n{key}{rules}\n");
        let (_, problems) = crate::sinks::tests::read(&text, nowhere);
        assert_eq!(problems.len(), expected, "{problems:?}");
    }
}

#[test]
fn a_template_in_a_file_is_read_and_told_of_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("body"), "{{ count }} of {{ form }}\n").unwrap();
    let (template, problems) = read("body_file = \"body\"", folder.path());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(template.unwrap().render(&batch(2, "x"), &sink()), "2 of digest");
    std::fs::write(folder.path().join("body"), "\n {{ cuont }}").unwrap();
    let (_, problems) = read("body_file = \"body\"", folder.path());
    let place = format!("{}:2:1: `body`, line 2", folder.path().join("body").display());
    assert!(problems[0].starts_with(&place), "{problems:?}");
}

#[test]
fn a_message_that_is_too_long_is_shortened_text_by_text() {
    let huge = "&<слово> ".repeat(20_000);
    let own = template(
        "{{ count }}{% for alert in alerts %}\n- {{ alert.title }} {{ alert.text }} {{ alert.terms|join(', ') }}{% endfor %}{% if more %}\n{{ more }} more{% endif %}",
    );
    let one = own.render(&batch(1, &huge), &sink());
    assert!(
        markup::chars(&one) <= PART.limit && one.starts_with("1\n- 0 &amp;&lt;слово&gt;"),
        "{one}"
    );
    assert!(markup::chars(&one) > PART.limit / 2, "{one}");
    let three = own.render(&batch(3, &huge), &sink());
    assert!(markup::chars(&three) <= PART.limit, "{three}");
    for number in 0..3 {
        assert!(three.contains(&format!("\n- {number} &amp;&lt;слово")), "{three}");
    }
    let many = own.render(&batch(100, &huge), &sink());
    assert!(markup::chars(&many) <= PART.limit, "{many}");
    let shown = many.matches("\n- ").count();
    assert!(many.ends_with(&format!("\n{} more", 100 - shown)), "{many}");
    assert_eq!(own.render(&batch(3, "short"), &sink()).matches("\n- ").count(), 3);
}

#[test]
fn what_a_chat_would_make_something_of_is_made_nothing_of() {
    let shown = |escape: fn(&str, &mut String), text: &str| {
        let mut out = String::new();
        escape(text, &mut out);
        out.replace('\u{2060}', "|")
    };
    for (text, expected) in [
        ("@all, a@b", "@|all, a@|b"),
        ("/stop #now 1/2 C#", "/|stop #|now 1/2 C#"),
        (
            "https://evil.test at 12:30, 1.5 per cent.",
            "https:|/|/|evil.|test at 12:30, 1.|5 per cent.",
        ),
        ("www.🤙.tk 8.8.8.8 … end.", "www.|🤙.|tk 8.|8.|8.|8 … end."),
        ("$BTC $5 ½#tag ²/start", "$|BTC $5 ½#|tag ²/|start"),
        ("<b> & \"", "&lt;b&gt; &amp; &quot;"),
    ] {
        assert_eq!(shown(markup::html_inert, text), expected);
    }
    let expected = "|*b|* |_i|_ |~s|~ |`c|` &lt;!here&gt;";
    assert_eq!(shown(markup::entities_inert, "*b* _i_ ~s~ `c` <!here>"), expected);
}

#[test]
fn what_is_cut_is_cut_outside_of_escapes_and_tags() {
    let own = template("{{ alert.title * 50 }}");
    let cut = own.render(&batch(1, "&&&&&&&&&&&&&&&&&&&&&&&&&&"), &sink());
    assert!(cut.ends_with("&amp;…") || cut.ends_with("0…") || cut.ends_with(" …"), "{cut}");
    assert!(cut.chars().count() <= 500);
    for most in 0..40 {
        let cut = markup::cut_entities("a&amp;b <https://x.example|y> c&lt;d", most);
        assert!(cut.chars().count() <= most, "{most}: {cut}");
        assert_eq!(cut.matches('<').count(), cut.matches('>').count(), "{cut}");
        assert_eq!(cut.matches('&').count(), cut.matches(';').count(), "{cut}");
    }
    assert_eq!(markup::cut_plain("їжак", 3), "їж…");
    assert_eq!(markup::cut_plain("їжак", 4), "їжак");
}

#[test]
fn a_template_that_fails_for_an_alert_gives_way_to_the_default() {
    // Of the samples none has the word.
    let own = template("{% if 'Харків' in alert.title %}{{ alert.rules[7].id }}{% endif %}ok");
    assert_eq!(own.render(&batch(1, "x"), &sink()), "ok");
    let (one, other) = (batch(1, "Харків <b>"), batch(2, "Харків <b>"));
    let text = own.render(&one, &sink());
    assert!(text.starts_with("0 Харків &lt;b&gt;\n"), "{text}");
    assert!(text.contains(" (`body` failed: undefined value"), "{text}");
    // Once of each message, however often it is made.
    let own = template("{% if 'Харків' in alert.title %}{{ alert.rules[7].id }}{% endif %}ok");
    let lines = logged(|| {
        for batch in [&one, &one, &other, &one, &other] {
            own.render(batch, &sink());
        }
    });
    let keys: Vec<&str> = lines.iter().map(|line| line["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [one.key.as_str(), other.key.as_str()], "{lines:?}");
    for line in lines {
        assert_eq!((&line["level"], &line["event"]), (&"warn".into(), &"template_failed".into()));
        assert_eq!((&line["sink"], &line["template"]), (&"desk".into(), &"body".into()));
        assert_eq!(line["message"], "undefined value: there is no `alert.rules[7]`");
    }
}

#[test]
fn no_message_is_empty() {
    let nowhere = std::path::Path::new("/nowhere");
    let nothing = "title = \"\"\nbody = \" {# #}\\n\"\n";
    let kinds = [
        "kind = \"slack\"\nurl = \"http://h.example\"\n",
        "kind = \"webhook\"\npreset = \"slack\"\nurl = \"http://h.example\"\n",
        "kind = \"discord\"\nurl = \"http://h.example\"\n",
        "kind = \"telegram\"\ntoken = \"0:x\"\nchat_id = 1\n",
        "kind = \"matrix\"\nhomeserver = \"http://h.example\"\nroom = \"!r:x\"\ntoken = \"x\"\n",
    ];
    for kind in kinds {
        for (keys, expected) in [
            (nothing, 1),
            ("title = \"\"\n", 0),
            ("body = \"\"\n", 0),
            ("title = \"\"\nbody = \"{% if level == 'critical' %}x{% endif %}\"\n", 0),
            ("title = \"\"\nbody = \"{% if alert.feed.id == 'f' %}x{% endif %}\"\n", 0),
            ("body = \"{{ ',' if level == 'nosuch' }}\"\n", 0),
        ] {
            let text = format!("[[sink]]\n{kind}{keys}");
            let (_, problems) = crate::sinks::tests::read(&text, nowhere);
            assert_eq!(problems.len(), expected, "{text}: {problems:?}");
            let told = "`title` and `body` come to nothing";
            assert!(problems.iter().all(|problem| problem.contains(told)), "{problems:?}");
        }
    }
    let title = Part { key: "title", default: TITLE, ..PART };
    let empty = Template::new(title, "", HealthAlerts::Never).unwrap();
    let body = template("{% if level == 'critical' %}x{% endif %}");
    let texts = render_both(&empty, &body, &batch(1, "<b>"), &sink());
    assert_eq!(texts, ("[high] 0 &lt;b&gt;".to_owned(), String::new()));
    let full = template("y");
    let texts = render_both(&empty, &full, &batch(1, "x"), &sink());
    assert_eq!(texts, (String::new(), "y".to_owned()));
}

#[test]
fn templates_see_each_field_that_an_alert_has() {
    for Sample { batch, .. } in samples(HealthAlerts::Also) {
        let view = Message::of(&batch, BOUNDS[0], batch.len()).unwrap();
        let view = serde_json::to_value(&view.alert).unwrap();
        let alert = serde_json::to_value(&*batch.deliveries[0].alert).unwrap();
        for place in ["", "/feed", "/item", "/rules/0", "/rules/0/matches/0", "/health"] {
            let Some(keys) = alert.pointer(place).and_then(|value| value.as_object()) else {
                continue;
            };
            for key in keys.keys().filter(|key| !["schema", "start", "end"].contains(&key.as_str()))
            {
                assert!(view.pointer(place).unwrap().get(key).is_some(), "{place}/{key}");
            }
        }
    }
    assert!(BOUNDS.windows(2).all(|pair| pair[0].title >= pair[1].title));
}
