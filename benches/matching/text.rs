//! News text and rules made up for measuring, the same at each run. Words come as often as in real
//! text (Zipf's law, over some thousands of word forms). Two or three words in a hundred begin a
//! name; one name in 25 is one of those that are in the news, which the rules look for: of items
//! of 500 words, half hold such a name.

use wirewatch::model::Item;

/// The names that are in the news, of all that there are.
const FREQUENT_NAMES: usize = 300;

/// Random numbers (Knuth's constants of MMIX).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What a language's text is made of.
pub(crate) struct Language {
    /// The words of its grammar, the most frequent first.
    frequent: &'static str,
    stems: &'static str,
    endings: &'static str,
    names: [&'static str; 2],
    /// Some words that the shipped rules look for.
    in_the_pack: &'static str,
    /// What stands between sentences, around quotations, and in words.
    quotes: [&'static str; 2],
    apostrophe: &'static str,
}

pub(crate) const ENGLISH: Language = Language {
    frequent: "the of and to a in is was for on that with as it by at from be are his he has have had \
        an were which this or but not they their its who will been also after more one first two all \
        when would about up out over into said says new year years people time last she her we him \
        our you your if there what than can could other some them most only now where before between \
        during while against under three many because still through since should both any those own \
        such until each around even very much well again another down off just same both few here how \
        being does did made make take get back way part day week month days weeks months old long \
        high small large next early late four five six ten hundred million billion per",
    stems: "report announc open clos delay repair expect offer accept reject defend attack destroy \
        council bridge river harbour train ferry market school library museum weather storm forecast \
        price budget vote minister mayor engineer teacher stud plan road farm crop island coast \
        village factor power station light tower field border guard soldier doctor nurse patient \
        hospital court judge lawyer trial verdict appeal bank loan debt tax trade export import \
        tariff deal talk meet summit leader party election campaign poll result protest march strike \
        union worker wage job industr steel coal gas oil pipeline water flood drought fire rescue \
        team match goal player coach season record prize film music artist book writer paper \
        channel journal editor question answer letter law bill rule order committee member speaker \
        parliament senator governor president secretar envoy mission peace war conflict front troop \
        drone missile shell weapon tank plane pilot base fleet ship port cargo customs grain wheat",
    endings: " s ed ing er ers al ly",
    names: [
        "Bar Hol Win Thorn Ash Mar Kel Dun Brad Har Lang Nor Wes Stan Ell Pem Cor Hal Rad Tre",
        "ton ford ley worth field by ham wick more low stead den mouth gate well brook combe land",
    ],
    in_the_pack: "Kharkiv Sumy Trump Zelensky ceasefire Lavrov",
    quotes: ["“", "”"],
    apostrophe: "’s",
};

pub(crate) const UKRAINIAN: Language = Language {
    frequent: "і в на з у що до не за про та від як для це й із а по його було він є під який її також \
        буде їх вже ще але які після через час була над я вони рік всі бути цього два так року при \
        того був ми якщо тому вона може коли або між проти щодо перед під час яка яке своїх нас \
        більше лише можна зокрема цей три дуже саме де має були тим чи навіть серед зараз раніше \
        цьому усіх кожен потім знову тут там сьогодні вчора завтра один дві п'ять десять сто тисяч \
        мільйонів відсотків поки якого якій чого нині майже понад щоб адже отже проте однак тоді",
    stems: "повідом заяв відкри закри відклад ремонт очіку пропон прийня відхил захищ атаку зруйнова \
        рад мост річк порт поїзд пором ринк школ бібліотек музе погод бур прогноз цін бюджет голос \
        міністр мер інженер вчител студент план дорог ферм врожа острів узбереж сел фабрик енерг \
        станц світл веж пол кордон варт солдат лікар медсестр пацієнт лікарн суд судд адвокат процес \
        вирок апеляц банк кредит борг подат торг експорт імпорт тариф угод розмов зустріч саміт лідер \
        парт вибор кампан опиту результат протест марш страйк спілк робітник зарплат завод сталь \
        вугіл газ нафт трубопровод вод повін посух пожеж рятув команд матч гол гравц тренер сезон \
        рекорд приз фільм музик художник книг письменник газет канал журнал редактор питан відповід \
        лист закон наказ комітет член спікер парламент сенатор губернатор президент секретар посланц \
        місі мир війн конфлікт фронт військ дрон ракет снаряд збро танк літак пілот баз флот корабл \
        вантаж митниц зерн пшениц",
    endings: "а у и і ом ою ів ам ами ах ого ому ими ий ня",
    names: [
        "Гор Біл Чор Кам Вер Сос Дуб Лис Вов Зап Нов Кри Мол Тер Бер Рад Сві Яро Дні Пол",
        "енко ський ова ин ець ук ченко івка город поль ицький анський івець юк аренко ич",
    ],
    in_the_pack: "Харкові Сумах Трампа Зеленський перемир'я Лавров",
    quotes: ["«", "»"],
    apostrophe: "",
};

impl Language {
    fn list(words: &'static str) -> Vec<&'static str> {
        words.split_whitespace().collect()
    }

    /// The words of the language, the most frequent first.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.frequent.split_whitespace().map(Into::into).collect();
        let stems = Self::list(self.stems);
        let endings: Vec<&str> = self.endings.split(' ').collect();
        // Not stem by stem: the forms of a word are not equally frequent.
        for number in 0..stems.len() * endings.len() {
            let stem = stems[number % stems.len()];
            let ending = endings[(number / stems.len() + number) % endings.len()];
            words.push(format!("{stem}{ending}"));
        }
        words
    }

    /// A name of a person or a place, of one or two words.
    pub(crate) fn name(&self, dice: &mut Dice) -> String {
        let [first, last] = self.names.map(Self::list);
        let mut word = || {
            let mut middle = dice.pick(&first).to_lowercase();
            if dice.below(2) == 0 {
                middle.push_str(&dice.pick(&first).to_lowercase());
            }
            format!("{}{middle}{}", dice.pick(&first), dice.pick(&last))
        };
        let (one, two) = (word(), word());
        if dice.below(5) < 2 { one } else { format!("{one} {two}") }
    }

    /// Items of some three thousand characters.
    pub(crate) fn items(&self, count: usize, names: &[String]) -> Vec<Item> {
        let words = self.words();
        let mut sum = 0.0;
        let sums = (1..=words.len()).map(|rank| {
            sum += 1.0 / (rank as f64 + 2.7);
            sum
        });
        let mut writer =
            Writer { language: self, sums: sums.collect(), words, names, dice: Dice::new(4711) };
        let item = |_| Item {
            title: writer.sentence(9),
            summary: writer.sentences(2),
            content: writer.sentences(28),
            ..Item::default()
        };
        (0..count).map(item).collect()
    }
}

struct Writer<'a> {
    language: &'a Language,
    words: Vec<String>,
    /// The weights of the words, summed up.
    sums: Vec<f64>,
    names: &'a [String],
    dice: Dice,
}

impl Writer<'_> {
    fn word(&mut self) -> &str {
        let total = self.sums.last().copied().unwrap_or_default();
        let at = self.dice.below(1 << 24) as f64 / f64::from(1 << 24) * total;
        let rank = self.sums.partition_point(|sum| *sum <= at);
        self.words.get(rank).map_or("", String::as_str)
    }

    fn sentence(&mut self, words: usize) -> String {
        let mut text = String::new();
        for number in 0..words {
            if number > 0 {
                text.push_str(if self.dice.below(14) == 0 { ", " } else { " " });
            }
            if self.dice.below(40) == 0 {
                let known = self.dice.below(25) == 0;
                let bound = if known { FREQUENT_NAMES } else { self.names.len() };
                let name = if known && self.dice.below(4) == 0 {
                    self.dice.pick(&Language::list(self.language.in_the_pack)).to_owned()
                } else {
                    self.names[self.dice.below(bound)].clone()
                };
                text.push_str(&name);
                if self.dice.below(4) == 0 {
                    text.push_str(self.language.apostrophe);
                }
            } else if self.dice.below(50) == 0 {
                let count = 2 + self.dice.below(2000);
                text.push_str(&count.to_string());
            } else {
                let word = self.word().to_owned();
                let mut letters = word.chars();
                match letters.next() {
                    Some(first) if number == 0 => text.extend(first.to_uppercase()),
                    Some(first) => text.push(first),
                    None => {}
                }
                text.push_str(letters.as_str());
            }
        }
        text
    }

    fn sentences(&mut self, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let words = 8 + self.dice.below(18);
            let sentence = self.sentence(words);
            let [open, close] =
                if self.dice.below(12) == 0 { self.language.quotes } else { ["", ""] };
            text.push_str(&format!("{open}{sentence}.{close} "));
        }
        text
    }
}

/// So many rules in TOML, each with a name to look for; of ten, three want company and one has an
/// exception.
pub(crate) fn rules(count: usize, names: &[String]) -> String {
    let mut text = String::from(
        "[list]\nwar = [\"attack*\", \"drone{,s}\", \"shelling\", \"атак*\", \"дрон*\", \"обстріл*\"]\n",
    );
    for (number, name) in names.iter().enumerate().take(count) {
        text.push_str(&format!("[[rule]]\nid = \"r{number}\"\nany = [\"{name}\"]\n"));
        match number % 10 {
            0..3 => text.push_str("with = [\"@war\"]\nwithin = 10\n"),
            3 => text.push_str(&format!("except = [\"Saint {name}\"]\n")),
            _ => {}
        }
    }
    text
}
