use super::*;

/// Headlines of our own, with a second sentence where they have little to go by.
const HEADLINES: &[(&str, &str)] = &[
    ("en", "Bridge over the river reopens after two years of repairs"),
    ("en", "Minister says talks with the union are close to a deal"),
    ("en", "What we know about the fire at the harbour"),
    ("uk", "У порту знову працює поромна переправа"),
    ("uk", "Міністр розповів, що буде з мостом через річку"),
    ("uk", "Вибухи пролунали в передмісті, є постраждалі"),
    ("ru", "Мост через реку открыли после ремонта"),
    ("ru", "Министр рассказал, что будет с переправой"),
    ("ru", "Взрывы прогремели в пригороде, есть пострадавшие"),
    ("de", "Die Brücke über den Fluss ist nach zwei Jahren wieder offen"),
    ("de", "Minister sieht noch keine Einigung im Streit um den Hafen"),
    ("fr", "Le pont sur la rivière rouvre après deux ans de travaux"),
    ("fr", "Ce que l'on sait de l'incendie dans le port"),
    ("pl", "Most przez rzekę znów otwarty po dwóch latach"),
    ("pl", "Minister: nie ma jeszcze zgody w sprawie portu"),
    ("es", "El puente sobre el río reabre tras dos años de obras"),
    ("es", "Lo que se sabe del incendio en el puerto"),
    ("es", "El ministro dijo que el puerto está cerrado"),
    ("pt", "O ministro disse que o porto está fechado"),
    ("it", "Il ministro ha detto che il porto è chiuso"),
    ("it", "Riapre il ponte sul fiume dopo due anni di lavori"),
    ("it", "Che cosa si sa dell'incendio nel porto della città"),
    ("tr", "Köprü iki yıl süren onarımın ardından yeniden açıldı"),
    ("tr", "Bakan, liman için bir anlaşma olmadığını söyledi"),
    ("cs", "Most přes řeku je po dvou letech opět otevřený"),
    ("cs", "Ministr: dohoda o přístavu ještě není"),
    ("ro", "Podul de peste râu s-a redeschis după doi ani de lucrări"),
    ("ro", "Ce se știe despre incendiul din port"),
    ("pt", "A ponte sobre o rio reabre após dois anos de obras"),
    ("pt", "O que se sabe do incêndio no porto"),
    ("nl", "De brug over de rivier is na twee jaar weer open"),
    ("bg", "Мостът над реката е отворен след две години"),
    ("sr", "Мост је поново отворен, рекао је министар"),
    ("el", "Η γέφυρα άνοιξε ξανά"),
    ("ja", "橋が再開した"),
    ("zh", "大桥重新开放"),
    ("ko", "다리가 다시 열렸다"),
    ("he", "הגשר נפתח מחדש"),
];

fn of(title: &str) -> Vec<&'static str> {
    detect(&Item { title: title.to_owned(), ..Item::default() }).codes().collect()
}

#[test]
fn headlines_are_known_by_their_small_words_and_letters() {
    for (code, title) in HEADLINES {
        assert_eq!(of(title), [*code], "{title}");
    }
}

/// Headlines that more than one language could have, and the languages that they may be in.
const OF_FEW: &[(&str, &str)] = &[
    ("es", "Una tormenta azota la costa"),
    ("it", "Una tempesta colpisce la costa"),
    ("es", "La policía detiene a una mujer en la frontera"),
    ("pt", "Governo anuncia medidas contra a seca"),
    ("cs", "Vláda schválila rozpočet na příští rok"),
    ("sk", "Vláda schválila rozpočet na budúci rok"),
    ("pl", "Rząd przyjął budżet na przyszły rok"),
    ("uk", "Президент прибув на саміт у Лондоні"),
    ("ru", "Президент прибыл на саммит в Лондоне"),
    ("uk", "Москва заявила про удар по порту"),
    ("ru", "Песков назвал условия перемирия"),
    ("fr", "Une femme est morte dans un accident de la route"),
    ("it", "Il ministro in visita a Roma"),
    ("ro", "O femeie a murit într-un accident"),
    ("nl", "Vrouw omgekomen bij ongeval op snelweg"),
    ("de", "Frau stirbt bei Unfall auf der Autobahn"),
    ("en", "Woman dies in crash on motorway"),
    ("tr", "Kazada bir kadın hayatını kaybetti"),
    ("sv", "En kvinna dog i en olycka"),
    ("da", "En kvinde er død i en ulykke"),
    ("en", "Trump says Putin is ready for a deal"),
    ("en", "Storm hits the coast"),
    ("de", "Putin trifft Trump in Alaska"),
    ("de", "Was war da los?"),
    ("en", "Die Hard star dies at 80"),
    ("en", "A man for all seasons dies"),
    ("en", "Growth eases to 2.1 per cent in April"),
    ("ru", "«Искра» забила гол на 89-й минуте"),
    ("nl", "Trump had een gesprek met Poetin"),
];

#[test]
fn the_right_language_is_never_excluded() {
    for (code, title) in OF_FEW {
        let found = of(title);
        assert!(found.is_empty() || found.contains(code), "{code} {title}: {found:?}");
        assert!(found.len() <= MAX_RIVALS, "{title}: {found:?}");
    }
    for (title, none) in [
        ("Una tormenta azota la costa", "de"),
        ("Una tempesta colpisce la costa", "de"),
        ("La policía detiene a una mujer en la frontera", "de"),
    ] {
        let found = of(title);
        assert!(!found.is_empty() && !found.contains(&none), "{title}: {found:?}");
    }
}

#[test]
fn what_could_be_several_languages_is_none() {
    for title in ["", "Macron, Merz", "BBC Sport", "Лавров", "2:0", "Trump Zelensky Putin"] {
        assert!(of(title).is_empty(), "{title}: {:?}", of(title));
    }
}

#[test]
fn summary_and_content_are_read_too() {
    let item = Item {
        title: "Macron, Merz".to_owned(),
        content: "Die beiden haben sich auf den Bau der Brücke geeinigt.".to_owned(),
        ..Item::default()
    };
    assert_eq!(detect(&item).codes().collect::<Vec<_>>(), ["de"]);
}

#[test]
fn the_small_words_fit_into_what_is_kept_of_a_word() {
    for signs in [&*LATIN_SIGNS, &*CYRILLIC_SIGNS] {
        assert!(signs.words.keys().all(|word| word.len() <= Word::MAX));
    }
    let mut word = Word::default();
    "щ".repeat(99).chars().for_each(|c| word.push(c));
    assert_eq!((word.letters(), word.is_empty()), ("", false));
}
