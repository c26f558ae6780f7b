//! Which languages a way to fire looks at: `languages = ["uk", "de-AT"]`.

use crate::document::{At, Table};
use crate::model::{Item, Problem, nearest};

use super::detect::{Rivals, Script, Scripts, detect, has_letter, is_known};

mod codes;

/// Language ranges (RFC 4647, basic filtering); none: every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Languages(Vec<String>);

/// The language of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language<'a> {
    /// What the item or its feed says.
    Declared(Tag<'a>),
    /// What it says of a text that is partly in other letters, and what these look like: either
    /// may be right.
    Doubted(Tag<'a>, Look),
    /// What the text looks like.
    Seen(Look),
}

/// What language a text looks to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Plainly this one (ISO 639-1).
    Detected(&'static str),
    /// One of those.
    OneOf(Rivals),
    /// One that is written in one of its scripts.
    Unknown(Scripts),
}

impl Look {
    /// What `item` looks like; if nothing can be said, it is in one of `scripts`.
    fn of(item: &Item, scripts: Scripts) -> Self {
        let rivals = detect(item);
        let mut codes = rivals.codes();
        match (codes.next(), codes.next()) {
            (None, _) => Self::Unknown(scripts),
            (Some(code), None) => Self::Detected(code),
            _ => Self::OneOf(rivals),
        }
    }
}

/// A tag (BCP 47) whose language is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// As it is declared.
    pub(super) written: &'a str,
    /// The language (ISO 639-1).
    code: &'static str,
}

impl<'a> Tag<'a> {
    /// `None` if no language is known by it, as for `und`, `mul` or `x-default`.
    fn read(written: &'a str) -> Option<Self> {
        Some(Self { written, code: codes::code(primary(written))? })
    }

    /// Region, script and what else there is after the language.
    fn rest(&self) -> &'a str {
        rest(self.written)
    }
}

impl<'a> Language<'a> {
    /// The language of `item`: the declared one, unless the text is in a script in which that is
    /// not written (many feeds have kept the `en-us` of their template), else the detected one.
    ///
    /// Any letter of its own is enough for a language that is not written in Latin letters: names
    /// in these stand in texts of all languages, and may be most of a headline.
    pub(super) fn of(item: &'a Item) -> Self {
        let scripts = Scripts::of(item);
        let look = || Look::of(item, scripts);
        let Some(tag) = item.language.as_deref().and_then(Tag::read) else {
            return Self::Seen(look());
        };
        let is_own = |script| is_written_in(tag.written, script);
        if !is_own(Script::Latin) {
            let is_right = scripts.are_none() || has_letter(item, is_own);
            return if is_right { Self::Declared(tag) } else { Self::Seen(look()) };
        }
        let foreign = scripts.without(is_own);
        match Script::ALL.into_iter().any(|one| !is_own(one) && scripts.has_a_share_of(one)) {
            false => Self::Declared(tag),
            true if Script::ALL
                .into_iter()
                .any(|one| is_own(one) && scripts.has_a_share_of(one)) =>
            {
                Self::Doubted(tag, Look::of(item, foreign))
            }
            true => Self::Seen(look()),
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
    /// languages is written in one of its scripts: an alert missed is worse than one too many.
    pub(super) fn admit(&self, language: &Language<'_>) -> bool {
        let tag = |tag: &Tag<'_>| self.0.iter().any(|range| range == "*" || fits(range, tag));
        self.is_all()
            || match language {
                Language::Declared(declared) => tag(declared),
                Language::Doubted(declared, look) => tag(declared) || self.admit_look(*look),
                Language::Seen(look) => self.admit_look(*look),
            }
    }

    /// Whether a text that looks so is looked at.
    pub(super) fn admit_look(&self, look: Look) -> bool {
        self.is_all()
            || self.0.iter().any(|range| {
                range == "*"
                    || match look {
                        Look::Detected(code) => codes::code(primary(range)) == Some(code),
                        Look::OneOf(rivals) => {
                            let code = codes::code(primary(range)).unwrap_or_default();
                            rivals.codes().any(|rival| rival == code) || may_hide(code, rivals)
                        }
                        Look::Unknown(scripts) => {
                            scripts.are_none()
                                || Script::ALL.into_iter().any(|script| {
                                    scripts.have(script) && is_written_in(range, script)
                                })
                        }
                    }
            })
    }
}

/// Basic filtering: the range is the tag, or its beginning up to a hyphen.
fn fits(range: &str, tag: &Tag<'_>) -> bool {
    let (wanted, rest) = (rest(range), tag.rest());
    codes::code(primary(range)) == Some(tag.code)
        && rest.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        && matches!(rest.as_bytes().get(wanted.len()), None | Some(b'-'))
}

/// Whether a text that looks like one of `codes` may yet be in the language of `code`, because that
/// cannot be told from others.
fn may_hide(code: &str, codes: Rivals) -> bool {
    let is_cyrillic = codes.codes().any(|code| is_written_in(code, Script::Cyrillic));
    let script = if is_cyrillic { Script::Cyrillic } else { Script::Latin };
    !is_known(code) && is_written_in(code, script)
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn rest(tag: &str) -> &str {
    &tag[primary(tag).len()..]
}

/// Whether texts in the language of `tag` may be written in `script`.
fn is_written_in(tag: &str, script: Script) -> bool {
    let named = tag.split('-').skip(1).find_map(|part| match part {
        part if part.eq_ignore_ascii_case("latn") => Some(Script::Latin),
        part if part.eq_ignore_ascii_case("cyrl") => Some(Script::Cyrillic),
        _ => None,
    });
    if let Some(named) = named {
        return named == script;
    }
    let code = codes::code(primary(tag)).unwrap_or_default();
    let in_list = |list: &str| list.split(' ').any(|listed| listed == code);
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

fn check(range: &str) -> Result<(), (String, String)> {
    let lower = range.to_ascii_lowercase();
    let code = primary(&lower);
    let sound = lower.split('-').all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if lower == "*" || sound && codes::all().any(|known| known == code) {
        return Ok(());
    }
    let hyphened = lower.replace('_', "-");
    if hyphened != lower && check(&hyphened).is_ok() {
        let hint = format!("did you mean `{}`?", range.replace('_', "-"));
        return Err((format!("no language \"{range}\""), hint));
    }
    let hint = match codes::code(code).or_else(|| nearest(code, codes::all())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "languages have ISO 639-1 codes: `en`, `uk`, `de-AT`".to_owned(),
    };
    Err((format!("no language \"{range}\""), hint))
}

#[cfg(test)]
#[path = "languages_tests.rs"]
mod tests;
