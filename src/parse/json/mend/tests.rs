use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[test]
fn mistakes_are_mended_and_named() {
    const JSON: &[&str] = &["json-mended"];
    let cases: &[(&str, &str, &[&str])] = &[
        (r#"{"a":"cut \ud83d"}"#, r#"{"a":"cut �"}"#, JSON),
        (r#"{"a":"\ude00\ud83d\ud83d\ude00"}"#, r#"{"a":"��\ud83d\ude00"}"#, JSON),
        ("{\"a\":\"one\ntwo\tthree\r\"}", r#"{"a":"one\u000atwo\u0009three\u000d"}"#, JSON),
        (r#"{"a":"\x41 \' \u12 \\"}"#, r#"{"a":"x41 ' u12 \\"}"#, JSON),
        (r#"{"a":[1,2,],"b":{"c":1,},}"#, r#"{"a":[1,2],"b":{"c":1}}"#, JSON),
        (r#"{"a":[,1,,2 3]"b":4}"#, r#"{"a":[1,2,3],"b":4}"#, JSON),
        (
            r#"{"a":1e999,"b":NaN,"c":-1.5e3,"d":01}"#,
            r#"{"a":null,"b":null,"c":-1.5e3,"d":null}"#,
            JSON,
        ),
        (r#"{"a":,"b","c":}"#, r#"{"a":null,"b":null,"c":null}"#, JSON),
        (r#")]}', {"a":"}"}"#, r#"{"a":"}"}"#, &["junk-before"]),
        (r#"{"a":1}<!-- 3 ms -->"#, r#"{"a":1}"#, &["junk-after"]),
        (
            r#"x{ "a" : [ true , null ] , } ;"#,
            r#"{"a":[true,null]}"#,
            &["junk-before", "json-mended", "junk-after"],
        ),
    ];
    for (text, expected, repairs) in cases {
        let mended = mend(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((mended.text.as_str(), &mended.repairs[..]), (*expected, *repairs), "{text}");
    }
    for text in ["", "{", "[1]", "{'a':1}", "{\"a\":1]", "{\"a\" 1}", "{\"a\":@}", "{\"a\":{b:1}}"]
    {
        assert!(mend(text).is_none(), "{text}");
    }
}

/// Wherever a document ends, what is left of it has the items that are whole and no other.
#[test]
fn of_a_document_that_ends_early_the_whole_items_are_kept() {
    for (open, close) in [("[", "]"), ("{", "}")] {
        let key = |n| if open == "{" { format!("\"{n}\":") } else { String::new() };
        let item = |n| format!("{}{{\"id\":{n},\"tags\":[\"x\",\"ї\"],\"a\":{{\"b\":1}}}}", key(n));
        let (one, two) = (item(1), item(2));
        let text =
            format!("{{\"v\":\"1\",\"items\":{open}{one},{two}{close},\"b\":{{\"items\":[1]}}}}");
        let ends = [&one, &two].map(|item| text.find(item.as_str()).unwrap() + item.len());
        for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let Some(mended) = mend(&text[..end]) else {
                assert!(end < 2, "{}", &text[..end]);
                continue;
            };
            assert_eq!(mended.repairs, ["truncated"], "{}", &text[..end]);
            let value: Value = serde_json::from_str(&mended.text).unwrap();
            let count = match &value["items"] {
                Value::Array(items) => items.len(),
                Value::Object(items) => items.len(),
                _ => 0,
            };
            assert_eq!(count, ends.iter().filter(|whole| **whole <= end).count(), "{value}");
        }
    }
}

#[test]
fn hostile_text_comes_to_an_end() {
    for piece in ["{", "{ ", "{\"a\":", "[", "{\"", "\"\\ud800", ",", "{\"a\":1,", "\\", "1", "}"] {
        let many = piece.repeat(300_000);
        for text in [many.clone(), format!("{{\"items\":[{many}"), format!("{{\"a\":\"{many}")] {
            if let Some(mended) = mend(&text) {
                assert!(mended.text.len() <= 6 * text.len(), "{piece}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_comes_out_is_json(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"items\":[", "\\", "\\u", "\\ud83d",
                "\\ude00", "1", "-", "1e999", "true", "\n", "\u{1}", "ї", " ", "{\"id\":1}", "\"b\":",
            ]),
            0..30,
        ),
    ) {
        let text = format!("{{\"a\":1,{}", pieces.concat());
        if let Some(mended) = mend(&text) {
            let read = serde_json::from_str::<Value>(&mended.text);
            prop_assert!(read.is_ok_and(|value| value.is_object()), "{} of {}", mended.text, text);
        }
    }
}
