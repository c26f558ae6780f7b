use proptest::prelude::*;

use super::*;

fn read(text: &str, markup: Markup) -> String {
    plain(&RawText { text: text.into(), markup }, 1 << 20)
}

#[test]
fn html_becomes_the_words_that_one_reads() {
    const CASES: &[(&str, &str)] = &[
        ("<b>Khar</b>kiv", "Kharkiv"),
        ("<p>One</p><p>two</p>", "One two"),
        ("one<br>two<br/>three<BR />four", "one two three four"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("a<script>if (a < b) { '</b>' }</script>b", "a b"),
        ("a<STYLE type='x'>p { }</style >b", "a b"),
        ("a<script>never closed", "a"),
        ("a<!-- <b>no</b> -->b", "ab"),
        ("a<!-- never closed", "a"),
        ("<img src=\"x\" alt=\"not text\" title='nor this'>words", "words"),
        ("<a title=\"x > y\" href='z'>link</a>", "link"),
        ("<a href=\"broken>link</a> and more", "link and more"),
        ("cut short <a href=\"http://exa", "cut short"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("<![CDATA[inner <i>text</i>]]>", "inner text"),
        ("<?php echo 1 ?>x<!DOCTYPE html>y", "x y"),
        ("AT&amp;T and AT&T", "AT&T and AT&T"),
        ("one&nbsp;two&#160;three\u{a0}four", "one two three four"),
        ("&laquo;quoted&raquo; &#8212; &#x2014; &mdash;", "«quoted» — — —"),
        ("it&#146;s \u{92}so\u{92}", "it’s ’so’"),
        ("a&#0;b&#xD800;c&#99999999999;d", "abcd"),
        ("&nosuch; &; & &#; &#x; &#xZ;", "&nosuch; &; & &#; &#x; &#xZ;"),
        ("&amp;amp; twice, &amp;laquo;twice&amp;raquo;", "& twice, «twice»"),
        ("&lt;p&gt;double &lt;b&gt;bold&lt;/b&gt;&lt;/p&gt;", "double bold"),
        ("a\u{2028}b\u{2029}c\r\n\t d", "a b c d"),
        ("\u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} \u{feff}y\u{0}\u{7}", "gnp.exe x y"),
        ("  \n ", ""),
        ("<custom-tag a=1>text</custom-tag>", "text"),
    ];
    for (html, expected) in CASES {
        assert_eq!(read(html, Markup::Html), *expected, "{html}");
    }
}

#[test]
fn titles_lose_html_but_no_other_angle_brackets() {
    const CASES: &[(&str, &str)] = &[
        ("List<String> in Java", "List<String> in Java"),
        ("<i>Ulysses</i> at 100", "Ulysses at 100"),
        ("&lt;b&gt;Bold&lt;/b&gt; claim", "Bold claim"),
        ("How &lt;b&gt; works", "How <b> works"),
        ("Rock &amp;amp; roll", "Rock & roll"),
        ("a <3 b", "a <3 b"),
    ];
    for (title, expected) in CASES {
        assert_eq!(read(title, Markup::Maybe), *expected, "{title}");
    }
}

#[test]
fn plain_text_stays_as_it_is_unless_it_is_html_beyond_doubt() {
    assert_eq!(read("Use <b> sparingly", Markup::None), "Use <b> sparingly");
    assert_eq!(read("Use <b>this</b>", Markup::None), "Use this");
    assert_eq!(read("Fish &amp; chips", Markup::None), "Fish & chips");
}

#[test]
fn a_text_is_cut_between_characters() {
    let raw = RawText { text: "ії їй".into(), markup: Markup::Html };
    assert_eq!(plain(&raw, 3), "і");
    assert_eq!(plain(&raw, 4), "ії");
    assert_eq!(plain(&raw, 5), "ії");
    assert_eq!(plain(&raw, 7), "ії ї");
    assert_eq!(plain(&raw, 0), "");
}

#[test]
fn foreign_text_in_messages_is_one_clean_line() {
    assert_eq!(clean_line("a\n\u{1b}[31mb\u{202e}c", 80), "a [31mbc");
    assert_eq!(clean_line("житло для всіх", 5), "житло…");
    assert_eq!(clean_line("житло", 5), "житло");
    assert_eq!(clean_line(&" ".repeat(1000), 5), "…");
}

#[test]
fn text_encoded_twice_is_mended() {
    assert_eq!(undouble("CafÃ© Ã\u{a0} Paris").as_deref(), Some("Café à Paris"));
    assert_eq!(undouble("â€œquotedâ€\u{9d}").as_deref(), Some("“quoted”"));
    let twice: String = "Території без даних".bytes().map(char::from).collect();
    assert_eq!(undouble(&twice).as_deref(), Some("Території без даних"));
    for sound in ["Café à Paris", "Ã la carte", "plain", "Київ Ã©", "São Paulo", "«À»"]
    {
        assert_eq!(undouble(sound), None, "{sound}");
    }
}

#[test]
fn characters_that_are_copied_in_runs_need_no_second_look() {
    for c in '\0'..=char::MAX {
        let odd = c.is_whitespace() || is_unwanted(c) || from_windows_1252(c) != c;
        let mut utf8 = [0; 4];
        let first = c.encode_utf8(&mut utf8).as_bytes()[0];
        assert!(!odd || CLASSES[usize::from(first)] > 0, "{c:?}");
    }
}

/// So many pieces that anything quadratic would not come to an end.
#[test]
fn hostile_text_comes_to_an_end_within_bounds() {
    for piece in [
        "<",
        "<a ",
        "<a \"",
        "<a =\"> \" ",
        "<!--",
        "<![CDATA[",
        "<script>",
        "</",
        "&",
        "&#",
        "<p",
        "]]>",
        "<!",
        "&lt;b&gt;</b>",
    ] {
        for markup in [Markup::None, Markup::Maybe, Markup::Html] {
            let raw = RawText { text: piece.repeat(20_000), markup };
            assert!(plain(&raw, 100).len() <= 100);
        }
    }
}

proptest! {
    #[test]
    fn what_comes_out_is_one_line_of_visible_text(
        text in "([<>&;/\"'=! \\n-]|[abр]|&lt;|&amp;|<b>|</p>|<!--|<script>|\u{202e}|\u{1}|\u{2028}){0,40}",
        max in 0_usize..60,
    ) {
        for markup in [Markup::None, Markup::Maybe, Markup::Html] {
            let line = plain(&RawText { text: text.clone(), markup }, max);
            prop_assert!(line.len() <= max);
            prop_assert!(!line.contains(|c: char| c.is_control() || is_unwanted(c)));
            prop_assert!(!line.contains("  "));
            prop_assert!(!line.starts_with(' '));
        }
    }
}
