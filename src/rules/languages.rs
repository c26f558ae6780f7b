//! Which languages a way to fire looks at: `languages = ["uk", "de-AT"]`.

use crate::document::{At, Table};
use crate::model::{Item, Problem, nearest};

use super::detect::{Rivals, Script, Scripts, detect, has_letter, is_known};

mod codes;

/// Language ranges (RFC 4647, basic filtering); none: every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Languages {
    /// As written but in lower case.
    ranges: Vec<String>,
    /// For each its language (ISO 639-1); nothing for `*`.
    codes: Vec<&'static str>,
}

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
        &self.written[primary(self.written).len()..]
    }

    /// Basic filtering: this range is the tag, or its beginning up to a hyphen.
    fn fits(&self, tag: &Tag<'_>) -> bool {
        let (wanted, rest) = (self.rest(), tag.rest());
        self.code == tag.code
            && rest.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
            && matches!(rest.as_bytes().get(wanted.len()), None | Some(b'-'))
    }

    /// Whether texts in this language may be written in `script`.
    fn is_written_in(&self, script: Script) -> bool {
        let named = self.rest().split('-').find_map(|part| match part {
            part if part.eq_ignore_ascii_case("latn") => Some(Script::Latin),
            part if part.eq_ignore_ascii_case("cyrl") => Some(Script::Cyrillic),
            _ => None,
        });
        if let Some(named) = named {
            return named == script;
        }
        let in_list = |list: &str| list.split(' ').any(|listed| listed == self.code);
        match script {
            Script::Cyrillic => in_list(CYRILLIC) || in_list(BOTH),
            Script::Latin => !in_list(CYRILLIC) && !in_list(OTHER),
            Script::Other => in_list(OTHER) || in_list(BOTH),
        }
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
        let is_own = |script| tag.is_written_in(script);
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
        Some(Self::new(ranges.value.iter().map(|range| range.value.to_ascii_lowercase()).collect()))
    }

    fn new(ranges: Vec<String>) -> Self {
        let codes = ranges.iter().map(|range| codes::code(primary(range)).unwrap_or_default());
        Self { codes: codes.collect(), ranges }
    }

    fn each(&self) -> impl Iterator<Item = Tag<'_>> {
        self.ranges.iter().zip(&self.codes).map(|(written, code)| Tag { written, code })
    }

    /// Whether every language fits, so that none need be known.
    pub(super) fn is_all(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The ranges, as written but in lower case.
    pub(super) fn ranges(&self) -> &[String] {
        &self.ranges
    }

    /// Whether an item in that language is looked at. One of unknown language is, if one of the
    /// languages is written in one of its scripts: an alert missed is worse than one too many.
    pub(super) fn admit(&self, language: &Language<'_>) -> bool {
        let tag = |tag: &Tag<'_>| self.each().any(|range| range.written == "*" || range.fits(tag));
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
            || self.each().any(|range| {
                range.written == "*"
                    || match look {
                        Look::Detected("hr") => SOUTH_SLAVIC.contains(&range.code),
                        Look::Detected(code) => range.code == code,
                        Look::OneOf(rivals) => {
                            rivals.codes().any(|code| code == range.code)
                                || may_hide(&range, rivals)
                        }
                        Look::Unknown(scripts) => {
                            scripts.are_none()
                                || Script::ALL.into_iter().any(|script| {
                                    scripts.have(script) && range.is_written_in(script)
                                })
                        }
                    }
            })
    }
}

/// Whether a text that looks like one of `rivals` may yet be in the language of `range`, because that
/// cannot be told from others.
fn may_hide(range: &Tag<'_>, rivals: Rivals) -> bool {
    let of_code = |code| Tag { written: code, code };
    let is_cyrillic = rivals.codes().any(|code| of_code(code).is_written_in(Script::Cyrillic));
    let script = if is_cyrillic { Script::Cyrillic } else { Script::Latin };
    !is_known(range.code) && range.is_written_in(script)
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// Cannot be told from each other by small words and Latin letters.
const SOUTH_SLAVIC: [&str; 4] = ["hr", "sr", "bs", "sh"];

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
