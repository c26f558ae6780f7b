use super::*;

fn found(term: &str, text: &str) -> Vec<String> {
    let mut patterns = Patterns::default();
    patterns.push(7, read(term).unwrap());
    let mut found = Vec::new();
    patterns.find(text, |term, span| {
        assert_eq!(term, 7);
        found.push(text[span].to_owned());
    });
    found
}

#[test]
fn patterns_match_the_text_as_it_stands() {
    for (term, text, want) in [
        (r"/\bSu-?\d{2,3}\b/", "SU-57, su34 and Su-5", "SU-57|su34"),
        (r"=/\bSu-?\d{2,3}\b/", "SU-57, Su34", "Su34"),
        (" /дрон[аыи]?/ ", "Дрони та ДРОН", "Дрони|ДРОН"),
        ("/a/b/", "A/B", "A/B"),
        (r"/a\/b/", "a/b", "a/b"),
        (r"/(?-i)US/", "us US", "US"),
        (r"/\$\d+/", "cost $5", "$5"),
        ("/é/", "cafe e\u{301}", ""),
    ] {
        assert!(is_pattern(term));
        assert_eq!(found(term, text).join("|"), want, "{term}");
    }
    for term in ["Sumy", "=Sumy", "a/b", "@list"] {
        assert!(!is_pattern(term), "{term}");
    }
}

#[test]
fn all_matches_together_read_only_so_much() {
    for (longest, text, want) in [
        (None, 0, MAX_MATCHES),
        (None, 1 << 10, MAX_MATCHES),
        (None, 16 << 10, 1024),
        (None, 64 << 10, 256),
        (None, 1 << 20, MIN_MATCHES),
        (Some(5), 1 << 20, MAX_MATCHES),
        (Some(1 << 16), 1 << 20, 256),
        (Some(usize::MAX), 1 << 20, MIN_MATCHES),
    ] {
        assert_eq!(most_matches(longest, text), want, "{longest:?} {text}");
    }
    let long = "a".repeat(1 << 20);
    assert_eq!(found("/a/", &long).len(), MAX_MATCHES);
    assert_eq!(found("/.*b|a/", &long[..200_000]).len(), MIN_MATCHES);
    assert_eq!(found("/.*b|a/", &long[..1_500]).len(), 1_500);
}

#[test]
fn wrong_patterns_are_refused_at_their_place() {
    for (term, at, message, hint) in [
        ("/", 0, "without a `/`", "whole entry"),
        ("=/ab", 1, "without a `/`", "whole entry"),
        ("/ab/i", 4, "`i` behind", "case does not matter"),
        ("/ab/ cd", 4, "`cd` behind", "whole entry"),
        ("/дрон(/", "/дрон".len(), "unclosed group", "`\\`"),
        ("/ab[/", 3, "unclosed character class", "`\\`"),
        ("/*a/", 1, "repetition operator missing", ""),
        ("/a(?=b)/", 2, "look-around", "not linear"),
        (r"/(a)\1/", 4, "backreference", "not linear"),
        (r"/\p{Foo}/", 1, "property", ""),
        ("//", 1, "nothing stands", "at least"),
        ("/a*/", 1, "nothing stands", "at least"),
        (r"/\b/", 1, "nothing stands", "at least"),
        ("/a|/", 1, "nothing stands", ""),
        (r"/[^\s\S]/", 1, "nothing can match", ""),
        (r"/\w{500}/", 1, "more than 1024 KiB", "smaller numbers"),
    ] {
        let refused = read(term).expect_err(term);
        assert!(refused.message.contains(message), "{term}: {refused:?}");
        assert!(refused.hint.contains(hint), "{term}: {refused:?}");
        assert_eq!(refused.at, at, "{term}: {refused:?}");
    }
}
