//! Feed documents made up for measuring, in the size and shape of what newsrooms publish: a tag
//! for each 75 bytes or so, a third of the text in CDATA sections, one or two entities in a
//! kilobyte, 10 to 150 kB. The same at each run.

use std::fmt::Write as _;

/// A document and what it stands for.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

const ENGLISH: &str = "the a of in on with from after before over new old council bridge river \
    harbour train ferry market school library museum weather storm forecast price budget vote \
    minister mayor engineer teacher report study opened closed delayed repaired announced expects \
    said that will be was has more than two three days weeks north south coast village city";
const UKRAINIAN: &str = "на у в з та і про після перед новий стара рада міст річка порт потяг \
    пором ринок школа бібліотека музей погода буря прогноз ціна бюджет голосування міністр мер \
    інженерка вчителька звіт дослідження відкрили закрили відклали полагодили повідомив очікує \
    сказала що буде було має більше ніж два три дні тижні північ південь узбережжя село місто";
const RUSSIAN: &str = "на у в с и о после перед новый старая совет мост река порт поезд паром \
    рынок школа библиотека музей погода буря прогноз цена бюджет голосование министр мэр инженер \
    учительница отчёт исследование открыли закрыли отложили починили сообщил ожидает сказала что \
    будет было имеет больше чем два три дня недели север юг побережье село город";
const GERMAN: &str = "der die das in auf mit von nach vor über neue alte Stadtrat Brücke Fluss \
    Hafen Zug Fähre Markt Schule Bücherei Museum Wetter Sturm Vorhersage Preis Haushalt Wahl \
    Ministerin Bürgermeister Ingenieurin Lehrer Bericht Studie eröffnet geschlossen verspätet \
    repariert angekündigt erwartet sagte dass wird war hat mehr als zwei drei Tage Wochen Norden \
    Süden Küste Dorf Stadt";

const LANGUAGES: [(&str, &str); 4] =
    [("en", ENGLISH), ("uk", UKRAINIAN), ("ru", RUSSIAN), ("de", GERMAN)];

/// Text of one language, drawn from a generator (Knuth's constants of MMIX).
struct Writer {
    words: Vec<&'static str>,
    state: u64,
}

impl Writer {
    fn new(words: &'static str, seed: u64) -> Self {
        Self { words: words.split_whitespace().collect(), state: seed }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or_default() % bound
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for n in 0..count {
            let at = self.below(self.words.len());
            let word = self.words[at];
            let mut letters = word.chars();
            match letters.next() {
                Some(first) if n == 0 => text.extend(first.to_uppercase()),
                Some(first) => {
                    text.push(' ');
                    text.push(first);
                }
                None => {}
            }
            text.push_str(letters.as_str());
        }
        text
    }

    fn sentences(&mut self, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let length = 8 + self.below(12);
            let comma = self.words(length / 2);
            let rest = self.words(length / 2).to_lowercase();
            let quote = self.below(6) == 0;
            let (open, close) = if quote { ("“", "”") } else { ("", "") };
            let _ = write!(text, "{open}{comma}, {rest}{close}. ");
        }
        text.trim_end().to_owned()
    }

    /// A paragraph of HTML as editors' programs write it.
    fn paragraph(&mut self) -> String {
        let (a, b, c) = (self.sentences(2), self.words(3), self.sentences(1));
        let n = self.below(100_000);
        match self.below(4) {
            0 => format!("<p>{a} <a href=\"https://news.example/story/{n}\">{b}</a> {c}</p>\n"),
            1 => format!("<p>{a}</p>\n<p><em>{b}</em> {c}</p>\n"),
            2 => format!("<p>{a}&nbsp;<strong>{b}</strong>: {c}</p>\n"),
            _ => format!(
                "<figure><img src=\"https://img.example/{n}.jpg?w=700&amp;h=350\" alt=\"{b}\" width=\"700\" height=\"350\" /></figure><p>{a} {c}</p>\n"
            ),
        }
    }

    fn html(&mut self, paragraphs: usize) -> String {
        (0..paragraphs).map(|_| self.paragraph()).collect()
    }

    fn person(&mut self) -> String {
        format!("{} {}", self.words(1), self.words(1))
    }
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn date(n: usize) -> String {
    format!("Mon, {:02} Nov 2026 {:02}:{:02}:05 +0200", 28 - n % 27, n % 24, n * 7 % 60)
}

fn iso_date(n: usize) -> String {
    format!("2026-11-{:02}T{:02}:{:02}:05Z", 28 - n % 27, n % 24, n * 7 % 60)
}

const RSS_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
    xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
    xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n";

fn rss(language: &str, writer: &mut Writer, items: impl Iterator<Item = String>) -> String {
    let title = writer.words(3);
    let mut text = format!(
        "{RSS_HEAD}<title>{title}</title>\n<link>https://news.example/</link>\n\
        <atom:link href=\"https://news.example/{language}.xml\" rel=\"self\" type=\"application/rss+xml\" />\n\
        <description>{title}</description>\n<language>{language}</language>\n<ttl>15</ttl>\n\
        <image><title>{title}</title><url>https://news.example/logo.png</url><link>https://news.example/</link></image>\n"
    );
    text.extend(items);
    text.push_str("</channel>\n</rss>\n");
    text
}

/// A blog's: HTML in CDATA, the whole story in `content:encoded`.
fn stories(language: &str, writer: &mut Writer) -> String {
    let items: Vec<String> = (0..30)
        .map(|n| {
            format!(
                "<item>\n\t<title><![CDATA[{}]]></title>\n\t<link>https://news.example/{language}/2026/{n}/?utm_source=rss&amp;utm_medium=feed</link>\n\
                \t<comments>https://news.example/{language}/2026/{n}/#comments</comments>\n\
                \t<dc:creator><![CDATA[{}]]></dc:creator>\n\t<pubDate>{}</pubDate>\n\
                \t<category><![CDATA[{}]]></category>\n\t<category><![CDATA[{}]]></category>\n\
                \t<guid isPermaLink=\"false\">https://news.example/?p={n}</guid>\n\
                \t<description><![CDATA[<p>{}</p>]]></description>\n\
                \t<content:encoded><![CDATA[{}]]></content:encoded>\n</item>\n",
                writer.words(9),
                writer.person(),
                date(n),
                writer.words(1),
                writer.words(2),
                writer.sentences(2),
                writer.html(3),
            )
        })
        .collect();
    rss(language, writer, items.into_iter())
}

/// A newspaper's: escaped HTML in the description, pictures, many categories.
fn pictures(language: &str, writer: &mut Writer) -> String {
    let items: Vec<String> = (0..45)
        .map(|n| {
            let categories: String = (0..4)
                .map(|c| {
                    format!(
                        "<category domain=\"https://news.example/topic/{c}\">{}</category>",
                        writer.words(2)
                    )
                })
                .collect();
            format!(
                "<item><title>{}</title><link>https://news.example/{language}/{n}</link>\
                <description>{}</description>{categories}<pubDate>{}</pubDate><guid>https://news.example/{language}/{n}</guid>\
                <media:content width=\"140\" url=\"https://img.example/{n}/140.jpg\"><media:credit scheme=\"urn:ebu\">{}</media:credit></media:content>\
                <media:content width=\"460\" url=\"https://img.example/{n}/460.jpg\"><media:credit scheme=\"urn:ebu\">{}</media:credit></media:content>\
                <dc:creator>{}</dc:creator></item>\n",
                writer.words(10),
                escaped(&format!("<p>{}</p> <a href=\"x?a=1\">{}</a>", writer.sentences(2), writer.words(2))),
                date(n),
                writer.person(),
                writer.person(),
                writer.person(),
            )
        })
        .collect();
    rss(language, writer, items.into_iter())
}

/// A wire's: a headline, a line of text, and no more.
fn headlines(language: &str, writer: &mut Writer) -> String {
    let items: Vec<String> = (0..60)
        .map(|n| {
            format!(
                "    <item>\n      <title>{}</title>\n      <link>https://news.example/{language}/{n}</link>\n\
                \x20     <description>{}</description>\n      <author>desk@news.example ({})</author>\n\
                \x20     <pubDate>{}</pubDate>\n      <guid isPermaLink=\"true\">https://news.example/{language}/{n}</guid>\n\
                \x20     <enclosure url=\"https://img.example/{n}.jpg\" length=\"0\" type=\"image/jpeg\"/>\n    </item>\n",
                writer.words(9),
                writer.sentences(2),
                writer.person(),
                date(n),
            )
        })
        .collect();
    rss(language, writer, items.into_iter())
}

fn atom(language: &str, writer: &mut Writer, xhtml: bool) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
        <title>{}</title>\n<id>urn:feed:{language}</id>\n<updated>{}</updated>\n<link rel=\"self\" href=\"https://news.example/{language}.atom\"/>\n",
        writer.words(3),
        iso_date(0),
    );
    for n in 0..40 {
        let content = writer.html(2);
        let content = if xhtml {
            let html = content.replace("&nbsp;", "\u{a0}");
            format!(
                "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div></content>"
            )
        } else {
            format!("<content type=\"html\"><![CDATA[{content}]]></content>")
        };
        let _ = write!(
            text,
            "<entry>\n  <title type=\"html\">{}</title>\n  <id>urn:story:{language}:{n}</id>\n  <link rel=\"alternate\" type=\"text/html\" href=\"https://news.example/{language}/{n}\"/>\n\
            \x20 <published>{}</published>\n  <updated>{}</updated>\n  <author><name>{}</name></author>\n  <category term=\"{}\"/>\n\
            \x20 <summary type=\"html\">{}</summary>\n  {content}\n</entry>\n",
            writer.words(8),
            iso_date(n),
            iso_date(n),
            writer.person(),
            writer.words(1),
            escaped(&format!("<p>{}</p>", writer.sentences(1))),
        );
    }
    text.push_str("</feed>\n");
    text
}

/// Sound documents, which both readers read.
pub(crate) fn sound() -> Vec<Document> {
    let mut documents = Vec::new();
    for (seed, (language, words)) in (1..).zip(LANGUAGES) {
        let mut writer = Writer::new(words, seed);
        let made = [
            ("stories", stories(language, &mut writer)),
            ("pictures", pictures(language, &mut writer)),
            ("headlines", headlines(language, &mut writer)),
            ("atom", atom(language, &mut writer, false)),
            ("atom-xhtml", atom(language, &mut writer, true)),
        ];
        documents
            .extend(made.map(|(kind, text)| Document { name: format!("{kind}-{language}"), text }));
    }
    documents
}

/// The same, each with some damage near its end, so that only the lenient reader reads it.
pub(crate) fn broken() -> Vec<Document> {
    let damage: [fn(&str) -> String; 4] = [
        |text| text.replacen("</title>", " & more</title>", 60),
        |text| text[..text.floor_char_boundary(text.len() * 9 / 10)].to_owned(),
        |text| text.replace("</channel>", "</b></channel>").replace("</feed>", "</b></feed>"),
        |text| format!("<br />\n<b>Notice</b>: made up\n{text}\nprinted late"),
    ];
    let documents = sound().into_iter().zip(damage.iter().cycle());
    documents
        .map(|(document, damage)| Document { text: damage(&document.text), ..document })
        .collect()
}
