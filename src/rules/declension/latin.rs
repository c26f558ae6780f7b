//! Names in Latin script: Polish and Czech cases, and the German genitive in -s.
//!
//! Known gaps: Slovak and the South Slavic languages; names that Polish declines behind an
//! apostrophe need nothing (`Kennedy'ego` is a hit of `Kennedy`); foreign names in -u have no forms. A German genitive can be a word of English (`trumps`): where that matters, list the
//! endings instead.

use super::{Class, class};

/// The tables that a word of these letters may belong to.
pub(super) fn tables(letters: &[char]) -> Vec<&'static [Class]> {
    let has = |of: &str| letters.iter().any(|c| of.contains(*c));
    let ends = |endings: &[&str]| {
        endings.iter().any(|ending| letters.ends_with(&ending.chars().collect::<Vec<_>>()))
    };
    // á, é, í, ó, ö, ü alone do not tell: Orbán is declined in all three.
    match (has("ąćęłńśźż"), has("ěščřžýůďťň")) {
        (true, _) => vec![POLISH],
        (_, true) => vec![CZECH],
        _ if ends(&["ów"]) => vec![POLISH],
        _ if ends(&["á", "í"]) => vec![CZECH],
        _ => vec![POLISH, CZECH, GERMAN],
    }
}

const GERMAN: &[Class] = &[
    class("", "s", ""),
    class("", "x", ""),
    class("", "z", ""),
    class("", "ß", ""),
    class("", "e", ""),
    class("aeiouy", "y", ""),
    class("", "", "s"),
];

const POLISH: &[Class] = &[
    // Without a singular, and like adjectives by their endings: Helsinki, Suwałki, Chiny.
    class("", "inki", "inek inkom inkami inkach"),
    class("", "łki", "łek łkom łkami łkach"),
    class("h", "iny", "in inom inami inach"),
    class("", "piny", "pin pinom pinami pinach"),
    // Adjectives: Zełenski, Nawalny, Zełenska.
    class("kg", "i", "iego iemu im"),
    class("p", "olska", "olski olsce olskę olską olsko"),
    class("cdjlłnńrwz", "ska", "skiej ską"),
    class("", "cka", "ckiej cką"),
    class("kłntdwvzż", "y", "ego emu ym"),
    class("bcdfghjklłmnprstvwzż", "i", "iego iemu im"),
    // Vowels that change or drop out: Kijów, Marek, Niemiec, Paweł, Łódź.
    class("", "ów", "owa owowi owem owie owu"),
    class("", "ek", "ka kowi kiem ku eka ekowi ekiem eku"),
    class("", "iec", "ca cowi cem cu"),
    class("", "eł", "ła łowi łem le"),
    class("", "ódź", "odzi odzią"),
    class("", "avel", "avla avlowi avlem avle avelem"),
    // Consonants; the locative changes most of them.
    class("", "k", "ka kowi kiem ku"),
    class("", "g", "ga gowi giem gu"),
    class("", "ch", "cha chowi chem chu"),
    class("", "ław", "ława ławowi ławem ławie ławia ławiowi ławiem ławiu"),
    class("", "ść", "ści ścią"),
    class("", "ń", "nia niowi niem niu ni nią"),
    class("", "ś", "sia siowi siem siu si sią"),
    class("", "ź", "zia ziowi ziem ziu zi zią"),
    class("", "ć", "cia ciowi ciem ciu ci cią"),
    class("", "rz", "rza rzowi rzem rzu"),
    class("", "sz", "sza szowi szem szu"),
    class("", "szcz", "szczy szczą szcza szczowi szczem szczu"), // Bydgoszcz; Leszcz
    class("", "cz", "cza czowi czem czu"),
    class("", "st", "sta stowi stem ście stu"),
    class("", "t", "ta towi tem cie tu"),
    class("", "d", "da dowi dem dzie du"),
    class("", "r", "ra rowi rem rze ru"),
    class("", "ł", "ła łowi łem le łu"),
    class("", "x", "xa xowi xem xie ksa ksowi ksem ksie"),
    class("chjlżq", "", "a owi em u"),
    class("bfmnpsvwz", "", "a owi em ie u"),
    // -a: Warszawa, Polska, Praga, Rosja, Białoruś above.
    class("", "ka", "ki ce kę ką ko"),
    class("", "ga", "gi dze gę gą go"),
    class("", "cha", "chy sze chę chą cho"),
    class("", "ha", "hy sze ze hę hą ho"),
    class("", "sta", "sty ście stę stą sto"),
    class("", "ta", "ty cie tę tą to"),
    class("", "da", "dy dzie dę dą do"),
    class("", "rza", "rzy rzę rzą rzo"),
    class("", "ra", "ry rze rę rą ro"),
    class("", "ła", "ły le łę łą ło"),
    class("", "cza", "czy czę czą czo"),
    class("", "sza", "szy szę szą szo"),
    class("cż", "a", "y ę ą o"),
    class("jl", "a", "i ę ą o"),
    class("", "ia", "ii i ię ią io"),
    class("", "a", "y ie ę ą o"),
    // -o: Kliczko is declined like a woman's name, Gniezno is not.
    class("", "ko", "ki ce kę ką ka ku kiem kowi"),
    class("i", "o", "a owi u em"),
    class("", "o", "a owi u em ie"),
    // Neuter and plural: Zaporoże, Katowice, Kielce, Sumy, Niemcy, Węgry, Włochy. Rutte is none.
    class("", "ice", "ic icom icami icach"),
    class("", "ce", "c com cami cach ca cu cem"),
    class("żz", "e", "a u em"),
    class("l", "e", "a u em ego emu"), // Opole; Pele
    class("", "ndie", "ndii ndiom ndiami ndiach"),
    class("", "ie", "ia iu iem"),
    class("", "e", "ego emu em"),
    class("", "mcy", "miec mców mcom mcami mczech"),
    class("", "gry", "gier grów grom grami grzech"),
    class("", "łochy", "łoch łochów łochom łochami łoszech"),
    class("bchlmprs", "y", "∅ om ami ach"),
];

const CZECH: &[Class] = &[
    // Adjectives: Zelenský, Zelenskyj, Zelenská, Kadyrovová.
    class("", "ý", "ého ému ým ém"),
    class("", "yj", "ého ému ým ém"),
    class("k", "ij", "ého ému ým ém"),
    class("kn", "y", "ého ému ým ém"),
    class("k", "i", "ého ému ým ém"), // Sikorski
    class("", "í", "ího ímu ím"),
    class("", "á", "é ou"),
    class("lnrvw", "ska", "ské skou"),
    class("", "cka", "cké ckou"),
    // Vowels that drop out: Marek, Němec, Pavel, Karel, Plzeň.
    class("", "ek", "ka kovi kem ku eka ekovi ekem eku"),
    class("", "ec", "ce ci covi cem"),
    class("", "avel", "avla avlovi avlem avle"),
    class("", "arel", "arla arlovi arlem arle"),
    class("", "eň", "ně ni ní"),
    // Consonants; ď, ť and ň lose their hook before ě and i. Třebíč and Olomouc are women by their -í.
    class("", "ň", "ně ni ní ňovi něm"),
    class("", "ť", "tě ti tí ťovi těm"),
    class("", "ď", "dě di dí ďovi děm"),
    class("cčšžřj", "", "e i ovi em í"),
    class("kgh", "", "a ovi em u"),
    class("bpvfmdtnw", "", "a u ovi em ě e"),
    class("lsrzx", "", "a u ovi em e"),
    // -a: Varšava, Moskva, Praha, Oděsa; men have -ovi: Fiala, Sýkora.
    class("", "ka", "ky ce ku kou ko kovi"),
    class("", "cha", "chy še chu chou cho chovi"),
    class("", "ha", "hy ze hu hou ho hovi"),
    class("", "ga", "gy ze gu gou go govi"),
    class("", "ra", "ry ře ru rou ro rovi"),
    class("cjčšžřň", "a", "i e u ou o ovi"),
    class("bpvfmdtn", "a", "y ě u ou o ovi"),
    class("", "a", "y e u ou o ovi"),
    // -o, -e, -y: Česko, Brno; Francie; Sumy.
    class("", "ko", "ka ku kem kovi"),
    class("", "o", "a u em ě ovi"),
    class("", "ie", "ii ií"),
    class("", "ice", "ic icím icemi icích"),
    class("", "e", "eho emu em eovi"), // Rutte
    class("bcdhlmprstvz", "y", "∅ ám ami ách"),
];
