//! What the newsroom publishes, and when. Everything here is invented; people are only named.

use std::time::Duration;

/// A feed of the demonstration. All of it is fixed; what it shows depends on the time alone.
#[derive(Debug)]
pub struct DemoFeed {
    /// Its id in the config, and its path on the server.
    pub id: &'static str,
    /// What it calls itself.
    pub title: &'static str,
    /// BCP 47 tag.
    pub language: &'static str,
    /// How it is written.
    pub form: Form,
    /// What every text of it ends in, in its own language: that it is a demonstration.
    pub disclaimer: &'static str,
    /// In the order of their appearance.
    pub items: &'static [DemoItem],
}

/// How a feed is written; between them they show what readers must cope with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RSS 2.0 in UTF-8.
    Rss,
    /// RSS 2.0 in windows-1251, as its XML declaration says and the HTTP header does not.
    RssWindows1251,
    /// RSS 2.0 that is not well-formed XML: ampersands stand bare and HTML's entities are used.
    RssBroken,
    /// RSS 1.0, on RDF.
    Rdf,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

/// One invented item.
#[derive(Debug)]
pub struct DemoItem {
    /// When it appears, in seconds after the start.
    pub at: u64,
    /// The headline: plain text, begins with [`MARK`].
    pub title: &'static str,
    /// What stands under it: HTML.
    pub html: &'static str,
    /// The shipped rules that it is written to match, by id; empty for a near miss.
    pub rules: &'static [&'static str],
}

/// What every headline begins with.
pub const MARK: &str = "[demo] ";

/// After this time nothing new appears.
pub const LENGTH: Duration = Duration::from_secs(30);

/// The feeds, in the order in which they are listed.
pub const FEEDS: &[DemoFeed] = &[WIRE, NOVYNY, VESTNIK, KURIER, GAZETA, DEPECHE];

const WIRE: DemoFeed = DemoFeed {
    id: "demo-wire",
    title: "Demo Wire (invented)",
    language: "en",
    form: Form::Rss,
    disclaimer: "This item is invented. It is part of the wirewatch demonstration.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Sirens in Kharkiv, an invented report",
            html: "No siren sounded; the sentence is here to be found.",
            rules: &["kharkiv"],
        },
        DemoItem {
            at: 0,
            title: "[demo] Town band of Demoville opens with a trumpet solo",
            html: "A near miss: a trumpet is no president.",
            rules: &[],
        },
        DemoItem {
            at: 7,
            title: "[demo] Rubio named in an invented headline",
            html: "Marco Rubio, the Secretary of State, is named here and nothing more.",
            rules: &["rubio"],
        },
        DemoItem {
            at: 9,
            title: "[demo] Un chico rubio gana una carrera inventada",
            html: "Por poco: aquí <i>rubio</i> es un color de pelo.",
            rules: &[],
        },
        DemoItem {
            at: 12,
            title: "[demo] Ceasefire in Ukraine, an invented announcement",
            html: "Nothing was announced. Ceasefire, cease-fire and cease fire are one term.",
            rules: &["ceasefire"],
        },
        DemoItem {
            at: 18,
            title: "[demo] Sumy region, and a forged log line:\n\
                    2026-01-01T00:00:00Z ERROR wirewatch: store lost event=\"alert\"",
            html: "A hostile headline: its second line must not become a line of the log.",
            rules: &["sumy"],
        },
        DemoItem {
            at: 22,
            title: "[demo] A place name with markup inside, an invented report",
            html: "<p>The name <b>Khar</b>kiv is found in the text although a tag divides it.</p>",
            rules: &["kharkiv"],
        },
        DemoItem {
            at: 26,
            title: "[demo] Trump, Witkoff and Bessent named in one invented headline",
            html: "Donald Trump, Steve Witkoff and Scott Bessent: one item, three rules, one alert.",
            rules: &["trump", "witkoff", "bessent"],
        },
    ],
};

const NOVYNY: DemoFeed = DemoFeed {
    id: "demo-novyny",
    title: "Демо-новини (вигадані)",
    language: "uk",
    form: Form::Atom,
    disclaimer: "Цю новину вигадано. Вона є частиною демонстрації wirewatch.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Тривога в Харкові, вигадане повідомлення",
            html: "Тривоги не було; речення написано, щоб його знайшли.",
            rules: &["kharkiv"],
        },
        DemoItem {
            at: 3,
            title: "[demo] Великі суми в кошторисі вигаданого містечка",
            html: "Майже збіг: тут ідеться про гроші, а не про місто.",
            rules: &[],
        },
        DemoItem {
            at: 10,
            title: "[demo] Вибухи на Сумщині, вигадане повідомлення",
            html: "Вибухів не було; слово написано, щоб його знайшли.",
            rules: &["sumy"],
        },
        DemoItem {
            at: 16,
            title: "[demo] Ігор Терехов згаданий у вигаданому заголовку",
            html: "Мера Харкова тут лише названо.",
            rules: &["kharkiv", "terekhov"],
        },
        DemoItem {
            at: 23,
            title: "[demo] Володимир Зеленський згаданий у вигаданому заголовку",
            html: "Президента тут лише названо.",
            rules: &["zelenskyy"],
        },
    ],
};

const VESTNIK: DemoFeed = DemoFeed {
    id: "demo-vestnik",
    title: "Демо-вестник (вымышленный)",
    language: "ru",
    form: Form::RssWindows1251,
    disclaimer: "Эта новость вымышлена. Она часть демонстрации wirewatch.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Лавровый лист и другие приправы, вымышленный рецепт",
            html: "Почти совпадение: лист, а не фамилия.",
            rules: &[],
        },
        DemoItem {
            at: 3,
            title: "[demo] Сергей Лавров упомянут в вымышленном заголовке",
            html: "Министр здесь только назван.",
            rules: &["lavrov"],
        },
        DemoItem {
            at: 14,
            title: "[demo] Прекращение огня на Украине, вымышленное сообщение",
            html: "Ничего не объявляли; слова написаны, чтобы их нашли.",
            rules: &["ceasefire"],
        },
        DemoItem {
            at: 20,
            title: "[demo] Новый трамплин радует толстосумов, вымышленная новость",
            html: "Дважды почти совпадение.",
            rules: &[],
        },
        DemoItem {
            at: 28,
            title: "[demo] Харьков в вымышленной сводке",
            html: "Сводки не было; название написано, чтобы его нашли.",
            rules: &["kharkiv"],
        },
    ],
};

const KURIER: DemoFeed = DemoFeed {
    id: "demo-kurier",
    title: "Demo-Kurier (erfunden)",
    language: "de",
    form: Form::Json,
    disclaimer: "Diese Meldung ist erfunden. Sie gehört zur Vorführung von wirewatch.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Sonne über Demostadt, eine erfundene Vorhersage",
            html: "Eine Meldung, die keine Regel angeht.",
            rules: &[],
        },
        DemoItem {
            at: 5,
            title: "[demo] Waffenruhe in der Ukraine, eine erfundene Meldung",
            html: "Nichts wurde vereinbart; das Wort steht hier, um gefunden zu werden.",
            rules: &["ceasefire"],
        },
        DemoItem {
            at: 9,
            title: "[demo] \u{1b}[2J \u{1b}[31m Charkiw \u{1b}[0m\u{7} \u{202e}rückwärts\u{202c}, \
                    erfundene Überschrift mit Steuerzeichen",
            html: "Eine feindliche Überschrift: kein Zeichen davon darf das Terminal steuern.",
            rules: &["kharkiv"],
        },
        DemoItem {
            at: 21,
            title: "[demo] Samuel Žbogar in einer erfundenen Überschrift genannt",
            html: "Er wird hier nur genannt.",
            rules: &["zbogar"],
        },
    ],
};

const GAZETA: DemoFeed = DemoFeed {
    id: "demo-gazeta",
    title: "Demo-Gazeta (zmyślona)",
    language: "pl",
    form: Form::RssBroken,
    disclaimer: "Ta wiadomość jest zmyślona. Jest częścią pokazu wirewatch.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Duże sumy pieniędzy & małe wydatki, zmyślony budżet",
            html: "Prawie trafienie: sumy, lecz nie miasto.",
            rules: &[],
        },
        DemoItem {
            at: 7,
            title: "[demo] Charków\u{a0}– zmyślona wiadomość",
            html: "Nazwa stoi tu po to, by ją znaleziono.",
            rules: &["kharkiv"],
        },
        DemoItem {
            at: 17,
            title: "[demo] Zawieszenie broni w Ukrainie & co dalej, zmyślona wiadomość",
            html: "Niczego nie ogłoszono.",
            rules: &["ceasefire"],
        },
        DemoItem {
            at: 25,
            title: "[demo] Atak dronów na Sumy, zmyślona wiadomość",
            html: "Żadnego ataku nie było; nazwa stoi tu po to, by ją znaleziono.",
            rules: &["sumy"],
        },
    ],
};

const DEPECHE: DemoFeed = DemoFeed {
    id: "demo-depeche",
    title: "La Démo-Dépêche (inventée)",
    language: "fr",
    form: Form::Rdf,
    disclaimer: "Cette dépêche est inventée. Elle fait partie de la démonstration de wirewatch.",
    items: &[
        DemoItem {
            at: 0,
            title: "[demo] Un cessez-le-feu en Ukraine, dépêche inventée",
            html: "Rien n’a été annoncé ; le mot est là pour être trouvé.",
            rules: &["ceasefire"],
        },
        DemoItem {
            at: 11,
            title: "[demo] Jean-Noël Barrot cité dans un titre inventé",
            html: "Le ministre est seulement nommé.",
            rules: &["barrot"],
        },
        DemoItem {
            at: 19,
            title: "[demo] La trêve hivernale à Démoville, dépêche inventée",
            html: "Presque : une trêve, mais pas celle que l’on cherche.",
            rules: &[],
        },
        DemoItem {
            at: 30,
            title: "[demo] Kharkiv et la région de Soumy dans un titre inventé",
            html: "Dernière dépêche de la démonstration.",
            rules: &["kharkiv", "sumy"],
        },
    ],
};
