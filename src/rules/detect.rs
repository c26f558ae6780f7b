//! What language a text is in, from its small words and its letters.
//!
//! Meant for headlines with a sentence or two. What it is not sure of, it does not say.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::{Field, Item};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Other,
}

/// A language by what tells it from others of its script.
struct Tongue {
    code: &'static str,
    /// Letters that few languages have.
    letters: &'static str,
    /// Its most frequent small words, in lower case.
    words: &'static str,
}

/// So much of an item's text is looked at, in characters.
const ENOUGH: usize = 600;
/// A text of fewer letters has no script to speak of.
const MIN_LETTERS: usize = 4;
/// The best language has at least so many points: more than one word that it alone has.
const MIN_POINTS: f32 = 1.05;
/// And so many times those of the second.
const MIN_LEAD: f32 = 1.4;

impl Script {
    pub(super) const ALL: [Self; 3] = [Self::Latin, Self::Cyrillic, Self::Other];
}

/// How many letters of each script a text has; none if there are too few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scripts([usize; 3]);

impl Scripts {
    /// Those of an item's text.
    pub(super) fn of(item: &Item) -> Self {
        let mut count = [0_usize; 3];
        for script in beginning(item).filter_map(script) {
            count[script as usize] += 1;
        }
        let is_enough = count.into_iter().any(|letters| letters >= MIN_LETTERS);
        if is_enough { Self(count) } else { Self::default() }
    }

    /// Those of a text in this script alone.
    pub(super) fn only(script: Script) -> Self {
        let mut count = [0; 3];
        count[script as usize] = MIN_LETTERS;
        Self(count)
    }

    /// The script of most letters.
    pub(super) fn most(&self) -> Option<Script> {
        Script::ALL
            .into_iter()
            .filter(|script| self.have(*script))
            .max_by_key(|script| self.0[*script as usize])
    }

    pub(super) fn have(&self, script: Script) -> bool {
        self.0[script as usize] > 0
    }

    pub(super) fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is more than a name among other letters: a quarter of all.
    pub(super) fn has_a_share_of(&self, script: Script) -> bool {
        self.have(script) && self.0[script as usize] * 4 >= self.0.iter().sum()
    }

    /// The others.
    pub(super) fn without(mut self, is_out: impl Fn(Script) -> bool) -> Self {
        for script in Script::ALL.into_iter().filter(|script| is_out(*script)) {
            self.0[script as usize] = 0;
        }
        self
    }
}

/// Whether a letter of one of these scripts is anywhere in an item.
pub(super) fn has_letter(item: &Item, is_one: impl Fn(Script) -> bool) -> bool {
    let mut letters = Field::ALL.into_iter().flat_map(|field| item.field(field).chars());
    letters.any(|c| script(c).is_some_and(&is_one))
}

/// The language of an item (ISO 639-1), if it is plain.
pub(super) fn detect(item: &Item) -> Option<&'static str> {
    let scripts = Scripts::of(item);
    let most = scripts.most()?;
    // Latin names stand in every text, but other letters not in a Latin one.
    let others = [Script::Cyrillic, Script::Other];
    if most == Script::Latin && others.into_iter().any(|script| scripts.has_a_share_of(script)) {
        return None;
    }
    let signs: &Signs = match most {
        Script::Latin => &LATIN_SIGNS,
        Script::Cyrillic => &CYRILLIC_SIGNS,
        Script::Other => return other(item),
    };
    let mut points = [0.0_f32; MAX_TONGUES];
    let mut word = Word::default();
    let mut by_letters = 0;
    for c in beginning(item).chain([' ']).flat_map(char::to_lowercase) {
        if c.is_alphabetic() {
            by_letters |= signs.letters.get(&c).copied().unwrap_or_default();
            word.push(c);
        } else if !word.is_empty() {
            share(&mut points, by_letters);
            share(&mut points, signs.words.get(word.letters()).copied().unwrap_or_default());
            by_letters = 0;
            word = Word::default();
        }
    }
    let best = (0..signs.tongues.len()).max_by(|a, b| points[*a].total_cmp(&points[*b]))?;
    let others = (0..signs.tongues.len()).filter(|at| *at != best);
    let second = others.map(|at| points[at]).fold(0.0, f32::max);
    let plain = points[best] >= MIN_POINTS && points[best] >= second * MIN_LEAD;
    plain.then(|| signs.tongues[best].code)
}

/// A word, of which so much is kept as the longest of the small words has.
#[derive(Default)]
struct Word {
    bytes: [u8; Self::MAX],
    len: usize,
    is_cut: bool,
}

impl Word {
    const MAX: usize = 32;

    fn push(&mut self, c: char) {
        match self.bytes.get_mut(self.len..self.len + c.len_utf8()) {
            Some(place) => self.len += c.encode_utf8(place).len(),
            None => self.is_cut = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Nothing, if it is longer than any that is looked for.
    fn letters(&self) -> &str {
        let whole = self.bytes.get(..self.len).filter(|_| !self.is_cut);
        whole.and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// One point, shared by the languages of a set.
fn share(points: &mut [f32; MAX_TONGUES], set: u32) {
    let many = f32::from(u8::try_from(set.count_ones()).unwrap_or(u8::MAX));
    for (at, points) in points.iter_mut().enumerate() {
        if set >> at & 1 == 1 {
            *points += 1.0 / many;
        }
    }
}

/// No more languages of one script than a set has bits.
const MAX_TONGUES: usize = 32;

/// For each word and letter, the set of the languages that it speaks for: a bit for each.
struct Signs {
    tongues: &'static [Tongue],
    words: HashMap<&'static str, u32>,
    letters: HashMap<char, u32>,
}

static LATIN_SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(LATIN));
static CYRILLIC_SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(CYRILLIC));

impl Signs {
    fn new(tongues: &'static [Tongue]) -> Self {
        let mut words: HashMap<&str, u32> = HashMap::new();
        let mut letters: HashMap<char, u32> = HashMap::new();
        for (bit, tongue) in tongues.iter().take(MAX_TONGUES).enumerate() {
            for word in tongue.words.split_whitespace() {
                *words.entry(word).or_default() |= 1 << bit;
            }
            for letter in tongue.letters.chars() {
                *letters.entry(letter).or_default() |= 1 << bit;
            }
        }
        Self { tongues, words, letters }
    }
}

fn beginning(item: &Item) -> impl Iterator<Item = char> {
    let texts = Field::ALL.map(|field| item.field(field));
    texts.into_iter().flat_map(|text| text.chars().chain([' '])).take(ENOUGH)
}

/// The script of a letter.
fn script(c: char) -> Option<Script> {
    c.is_alphabetic().then_some(match c {
        '\0'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        // Marks that count as letters, as the apostrophe of `пʼять`.
        '\u{2b0}'..='\u{2ff}' => return None,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        _ => Script::Other,
    })
}

/// Scripts that mostly one language has.
fn other(item: &Item) -> Option<&'static str> {
    let mut han = false;
    for c in beginning(item).filter(|c| script(*c) == Some(Script::Other)) {
        match c {
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => return Some("el"),
            '\u{3040}'..='\u{30ff}' => return Some("ja"),
            '\u{ac00}'..='\u{d7af}' => return Some("ko"),
            '\u{590}'..='\u{5ff}' => return Some("he"),
            '\u{10a0}'..='\u{10ff}' => return Some("ka"),
            '\u{530}'..='\u{58f}' => return Some("hy"),
            '\u{e00}'..='\u{e7f}' => return Some("th"),
            '\u{4e00}'..='\u{9fff}' => han = true,
            // Arabic letters and Indian ones are shared by many languages.
            _ => {}
        }
    }
    han.then_some("zh")
}

const CYRILLIC: &[Tongue] = &[
    Tongue {
        code: "uk",
        letters: "іїєґ",
        words: "та що на не в до як з у за про від й із зі і це його її для після через під є був \
                була було були буде але або які який яка щодо проти вже при ще по над між їх час \
                понад стало",
    },
    Tongue {
        code: "ru",
        letters: "ыэёъ",
        words: "и на с о не что как по из для от к в у за об под после через это его ее был была \
                было были будет но или которые который против уже при до со во ещё еще над между их \
                из-за время он она заявил сообщил рассказал назвал более",
    },
    Tongue {
        code: "be",
        letters: "ў",
        words: "і ў на не што як з па да у за аб для ад гэта яго яе быў была пасля праз супраць",
    },
    Tongue {
        code: "bg",
        letters: "ъ",
        words: "и на се за от да е че с в по не са ще като след към при до която който които във със \
                бе но или",
    },
    Tongue {
        code: "mk",
        letters: "јќѓѕљњџ",
        words: "и на во се за од да е не со што ќе како по до а но или",
    },
    Tongue {
        code: "sr",
        letters: "јљњћђџ",
        words: "и у је на се да за од су не са што ће као по до а али или који због",
    },
];

const LATIN: &[Tongue] = &[
    Tongue {
        code: "en",
        letters: "",
        words: "the of to and in for on with is at from by as says after over that was his he be are \
                has will not have its who new an it their her said amid against into up out more than \
                about what how why we you could would before this but no off their they near first two \
                three killed dead war talks people police year years week day",
    },
    Tongue {
        code: "de",
        letters: "äöüß",
        words: "der die das und in im den dem des von vom mit für auf ist nicht ein eine einen einem \
                einer zu zur zum bei nach aus an am als auch sich will vor gegen über um wird werden \
                hat haben sind es wie was warum er sie nur noch neue neuen mehr bis unter kein keine \
                oder sagt seine",
    },
    Tongue {
        code: "fr",
        letters: "éèêëàâçîïôûùœ",
        words: "le la les des de du un une et en à au aux pour dans par sur avec est pas qui que ce \
                cette son sa ses il elle l d s n qu plus après selon contre entre ont sont a été être \
                ou leur se ne",
    },
    Tongue {
        code: "pl",
        letters: "łąęśźżćńó",
        words: "w z na i do się nie to że o od za po jest dla przez są jak ze ma co pod przed czy być \
                który która był była było tym oraz we tak już nad u a",
    },
    Tongue {
        code: "es",
        letters: "ñáéíóú",
        words: "el la los las de del y en que un una por con para al se su no es lo más como sus sobre \
                tras contra entre ha han son este esta pero fue a desde hasta según ya",
    },
    Tongue {
        code: "it",
        letters: "èàòùì",
        words: "il lo la i gli le di del della dei delle degli e in un una per con che non è si da \
                dal dalla al alla nel nella sul sulla come più ha sono dopo ma anche contro tra fra l \
                d a o ai",
    },
    Tongue {
        code: "pt",
        letters: "ãõçáéíóúâêô",
        words: "o a os as de do da dos das e em no na nos nas um uma por para com que não se ao à mais \
                como sobre após contra entre é foi são seu sua ser pelo pela diz já",
    },
    Tongue {
        code: "ro",
        letters: "țşșăâîţ",
        words: "și în de la cu pe nu un o a din pentru care să al ale este sunt după prin mai au că \
                lui fost despre sau ce între dar lor ca",
    },
    Tongue {
        code: "tr",
        letters: "şğıçöü",
        words: "ve bir bu için ile de da olarak daha çok en ne gibi sonra kadar var yok değil olan \
                oldu dedi göre karşı mi ki tarafından yeni nin nın un ın in den ten",
    },
    Tongue {
        code: "cs",
        letters: "řěůčšžýáíé",
        words: "a v na se je že s z do o i za po pro jako k ve ale by od při až před jsou byl byla \
                bude není jeho proti podle však nebo si už mezi ze kdy",
    },
    Tongue {
        code: "sk",
        letters: "ľĺŕôčšžýáíé",
        words: "a v na sa je že s z do o aj za po pre ako k vo ale by od pri až pred sú bol bola bude \
                nie jeho proti podľa však alebo si už medzi zo keď",
    },
    Tongue {
        code: "nl",
        letters: "ëï",
        words: "de het een van en in op te is dat met voor niet zijn aan door naar om bij uit ook als \
                over tegen na wordt heeft werd hij nog maar tot of meer",
    },
    Tongue {
        code: "sv",
        letters: "åäö",
        words: "och i att det som en på är av för med till den har de inte ett om från vid efter men \
                ut så kan mot under var",
    },
    Tongue {
        code: "da",
        letters: "æøå",
        words: "og i at det som en på er af for med til den har de ikke et om fra ved efter men kan \
                mod var",
    },
    Tongue {
        code: "no",
        letters: "æøå",
        words: "og i at det som en på er av for med til den har de ikke et om fra ved etter men kan \
                mot var",
    },
    Tongue {
        code: "fi",
        letters: "äö",
        words: "ja on ei se että oli hän mutta ovat tai kun myös mukaan jälkeen sekä vain",
    },
    Tongue {
        code: "hu",
        letters: "őűöüáéíóú",
        words: "a az és hogy nem is egy meg ez volt csak el már még szerint után mint de vagy lesz azt",
    },
    Tongue {
        code: "hr",
        letters: "čćđšž",
        words: "i u je na se da za od s su o kao iz ne što bi ali po će do nije sa koji nakon protiv",
    },
];

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
