//! Names of months and zones.

/// Beginnings of the names of the twelve months, lower case: English, Ukrainian, Russian,
/// Belarusian, German, French, Spanish, Portuguese, Italian, Polish, Czech, Dutch, Turkish, Greek.
const MONTHS: [&str; 12] = [
    "jan січ янв студ jän jaen ene gen sty led oca ιαν",
    "feb лют фев fév fev lut úno şub φεβ",
    "mar бер мар сак mär maer mrz bře mrt maart μάρ μαρ",
    "apr кві апр крас avr abr kwi dub nis απρ",
    "may тра май мая mai maj mag kvě mei μάι μαΐ μαϊ μαι",
    "jun чер июн чэр juin giu cze červ haz ιούν ιουν",
    "jul лип июл ліп juil lug lip červenec července tem ιούλ ιουλ",
    "aug сер авг жні aoû aou ago sie srp ağu αύγ αυγ",
    "sep вер сен вера set wrz zář eyl σεπ",
    "oct жов окт кас okt out ott paź paz říj eki οκτ",
    "nov лис lis ноя kas νοέ νοε",
    "dec гру дек сне dez déc dic gru pro ara δεκ",
];

/// Days of the week that begin like a month.
const WEEKDAYS: &[&str] = &["mardi", "martes", "martedì", "marted", "середа", "середу"];

/// The month, 1 to 12, that a word names: the one with the longest fitting beginning.
pub(super) fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    if WEEKDAYS.contains(&word.trim_end_matches('.')) {
        return None;
    }
    (1..)
        .zip(MONTHS)
        .flat_map(|(month, starts)| starts.split(' ').map(move |start| (start, month)))
        .filter(|(start, _)| word.starts_with(start))
        .max_by_key(|(start, _)| start.len())
        .map(|(_, month)| month)
}

/// Minutes east of UTC and the names of the zones there.
const ZONES: &[(i64, &str)] = &[
    (0, "UT UTC GMT Z WET"),
    (60, "WEST BST CET MET MEZ WAT"),
    (120, "CEST MEST MESZ EET CAT SAST"),
    (180, "EEST MSK МСК EAT TRT"),
    (210, "IRST"),
    (240, "MSD SAMT GST"),
    (300, "PKT YEKT"),
    (330, "IST"),
    (345, "NPT"),
    (360, "OMST"),
    (420, "ICT WIB KRAT"),
    (480, "HKT SGT AWST PHT IRKT"),
    (540, "JST KST"),
    (570, "ACST"),
    (600, "AEST VLAT"),
    (630, "ACDT"),
    (660, "AEDT"),
    (720, "NZST"),
    (780, "NZDT"),
    (-150, "NDT"),
    (-180, "ADT BRT ART"),
    (-210, "NST"),
    (-240, "EDT AST"),
    (-300, "EST CDT"),
    (-360, "CST MDT"),
    (-420, "MST PDT"),
    (-480, "PST AKDT"),
    (-540, "AKST"),
    (-600, "HST"),
];

/// Seconds east of UTC of a zone name. Names that several zones share have the meaning that news
/// in English gives them: `IST` is India's, `CST` and `EST` are America's.
pub(super) fn zone(name: &str) -> Option<i64> {
    let name = name.to_uppercase();
    ZONES
        .iter()
        .find(|(_, names)| names.split(' ').any(|zone| zone == name))
        .map(|(minutes, _)| minutes * 60)
}
