//! Which languages a way to fire looks at: `languages = ["uk", "de-AT"]`.

use crate::document::{At, Table};
use crate::model::{Item, Problem, nearest};

use super::detect::{Script, detect, is_known, script_of};

/// Language ranges (RFC 4647, basic filtering); none: every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Languages(Vec<String>);

/// The language of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// What the item or its feed says (BCP 47).
    Declared(String),
    /// What the text looks like (ISO 639-1).
    Detected(&'static str),
    /// One of those, by the looks of the text (ISO 639-1).
    OneOf(Vec<&'static str>),
    /// Not known; the script of the text, if there is one.
    Unknown(Option<Script>),
}

impl Language {
    /// The language of `item`: the declared one, unless the text is in a script in which that is
    /// not written (many feeds have kept the `en-us` of their template), else the detected one.
    pub(super) fn of(item: &Item) -> Self {
        let script = script_of(item);
        let declared = item.language.as_deref().map(str::to_ascii_lowercase);
        match declared {
            Some(tag) if script.is_none_or(|script| is_written_in(&tag, script)) => {
                Self::Declared(tag)
            }
            _ => match detect(item).as_slice() {
                [] => Self::Unknown(script),
                [code] => Self::Detected(code),
                codes => Self::OneOf(codes.to_vec()),
            },
        }
    }
}

impl Languages {
    /// Reads `languages` of a rule or of a way; `None` if it is not there.
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let document = table.document();
        let ranges = table.get_at::<Vec<At<String>>>("languages")?;
        if ranges.value.is_empty() {
            let problem = document.problem(&ranges.source, "`languages` is an empty list");
            table.note(problem.hint("leave it out to look at every language"));
        }
        for range in &ranges.value {
            if let Err((message, hint)) = check(&range.value) {
                let problem: Problem = document.problem(&range.source, message);
                table.note(problem.hint(hint));
            }
        }
        Some(Self(ranges.value.iter().map(|range| range.value.to_ascii_lowercase()).collect()))
    }

    /// Whether every language fits, so that none need be known.
    pub(super) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, as written but in lower case.
    pub(super) fn ranges(&self) -> &[String] {
        &self.0
    }

    /// Whether an item in that language is looked at. One of unknown language is, if one of the
    /// languages is written in its script: an alert missed is worse than one too many.
    pub(super) fn admit(&self, language: &Language) -> bool {
        self.is_all()
            || self.0.iter().any(|range| {
                range == "*"
                    || match language {
                        Language::Declared(tag) => fits(range, tag),
                        Language::Detected(code) => primary(range) == *code,
                        Language::OneOf(codes) => {
                            let code = primary(range);
                            codes.contains(&code) || may_hide(code, codes)
                        }
                        Language::Unknown(None) => true,
                        Language::Unknown(Some(script)) => is_written_in(range, *script),
                    }
            })
    }
}

/// Basic filtering: the range is the tag, or its beginning up to a hyphen.
fn fits(range: &str, tag: &str) -> bool {
    tag.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether a text that looks like one of `codes` may yet be in the language of `code`, because that
/// cannot be told from others.
fn may_hide(code: &str, codes: &[&str]) -> bool {
    let is_cyrillic = codes.iter().any(|code| is_written_in(code, Script::Cyrillic));
    let script = if is_cyrillic { Script::Cyrillic } else { Script::Latin };
    !is_known(code) && is_written_in(code, script)
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// Whether texts in the language of `tag` may be written in `script`.
fn is_written_in(tag: &str, script: Script) -> bool {
    let named = tag.split('-').skip(1).find_map(|part| match part {
        "latn" => Some(Script::Latin),
        "cyrl" => Some(Script::Cyrillic),
        _ => None,
    });
    if let Some(named) = named {
        return named == script;
    }
    let in_list = |list: &str| list.split(' ').any(|code| code == primary(tag));
    match script {
        Script::Cyrillic => in_list(CYRILLIC) || in_list(BOTH),
        Script::Latin => !in_list(CYRILLIC) && !in_list(OTHER),
        Script::Other => in_list(OTHER) || in_list(BOTH),
    }
}

/// Written in Cyrillic, never in Latin letters.
const CYRILLIC: &str = "ab av ba be bg ce cu cv kv ky mk mn os ru tg uk";
/// Written in Latin letters and in others.
const BOTH: &str = "az bs kk ku sr sh tk tt ug uz ha ms";
/// Written in neither.
const OTHER: &str = "am ar as bn bo dv dz el fa gu he hi hy ii ja ka km kn ko ks lo ml mr my ne or pa ps sa sd si ta te th ti ur yi zh";

/// ISO 639-1.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr \
    cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho \
    hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky \
    la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj \
    om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv \
    sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// What is often written instead.
const MISTAKEN: &[(&str, &str)] = &[
    ("ua", "uk"),
    ("ukr", "uk"),
    ("ukrainian", "uk"),
    ("gb", "en"),
    ("us", "en"),
    ("eng", "en"),
    ("english", "en"),
    ("rus", "ru"),
    ("russian", "ru"),
    ("deu", "de"),
    ("ger", "de"),
    ("german", "de"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("french", "fr"),
    ("pol", "pl"),
    ("polish", "pl"),
    ("spa", "es"),
    ("sp", "es"),
    ("spanish", "es"),
    ("ita", "it"),
    ("italian", "it"),
    ("tur", "tr"),
    ("turkish", "tr"),
    ("cz", "cs"),
    ("ces", "cs"),
    ("czech", "cs"),
    ("rum", "ro"),
    ("ron", "ro"),
    ("por", "pt"),
    ("br", "pt"),
    ("gr", "el"),
    ("jp", "ja"),
    ("cn", "zh"),
    ("kp", "ko"),
    ("dk", "da"),
    ("by", "be"),
    ("rs", "sr"),
    ("il", "he"),
];

fn check(range: &str) -> Result<(), (String, String)> {
    let lower = range.to_ascii_lowercase();
    let code = primary(&lower);
    let sound = lower.split('-').all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if lower == "*" || sound && CODES.split_whitespace().any(|known| known == code) {
        return Ok(());
    }
    let hyphened = lower.replace('_', "-");
    if hyphened != lower && check(&hyphened).is_ok() {
        let hint = format!("did you mean `{}`?", range.replace('_', "-"));
        return Err((format!("no language \"{range}\""), hint));
    }
    let meant = MISTAKEN.iter().find(|(wrong, _)| *wrong == code).map(|(_, right)| *right);
    let hint = match meant.or_else(|| nearest(code, CODES.split_whitespace())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "languages have ISO 639-1 codes: `en`, `uk`, `de-AT`".to_owned(),
    };
    Err((format!("no language \"{range}\""), hint))
}

#[cfg(test)]
#[path = "languages_tests.rs"]
mod tests;
