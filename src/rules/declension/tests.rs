use super::*;

/// Dictionary forms, and forms of theirs that must be there.
const DECLINED: &[(&str, &str)] = &[
    // Ukrainian surnames and given names.
    ("Зеленський", "Зеленського Зеленському Зеленським Зеленськім"),
    ("Трамп", "Трампа Трампу Трампові Трампом Трампі Трампе"),
    ("Віткофф", "Віткоффа Віткоффу Віткоффові Віткоффом Віткоффі"),
    ("Бессент", "Бессента Бессенту Бессентом"),
    ("Жбогар", "Жбогара Жбогару Жбогаром"),
    ("Терехов", "Терехова Терехову Тереховим Терехові Тереховым Терехове"),
    ("Путін", "Путіна Путіну Путінові Путіним Путіні"),
    ("Шевченко", "Шевченка Шевченку Шевченкові Шевченком"),
    ("Кличко", "Кличка Кличку Кличком"),
    ("Кулеба", "Кулеби Кулебі Кулебу Кулебою Кулебо"),
    ("Сибіга", "Сибіги Сибізі Сибігу Сибігою"),
    ("Янукович", "Януковича Януковичу Януковичем Януковичеві"),
    ("Кравець", "Кравця Кравцю Кравцем Кравцеві"),
    ("Зеленська", "Зеленської Зеленській Зеленську Зеленською"),
    ("Лаврова", "Лаврової Лавровій Лаврову Лавровою Лавровой"),
    ("Ігор", "Ігоря Ігорю Ігореві Ігорем"),
    ("Сергій", "Сергія Сергію Сергієві Сергієм Сергії"),
    ("Олексій", "Олексія Олексію Олексієм"),
    ("Дональд", "Дональда Дональду Дональдом Дональді Дональде"),
    ("Марко", "Марка Марку Маркові Марком"),
    ("Стів", "Стіва Стіву Стівом Стіві"),
    ("Дар'я", "Дар'ї Дар'ю Дар'єю"),
    // Ukrainian places.
    ("Харків", "Харкова Харкову Харковом Харкові"),
    ("ХАРКІВ", "ХАРКОВА ХАРКОВУ ХАРКОВОМ ХАРКОВІ"),
    ("Київ", "Києва Києву Києвом Києві"),
    ("Львів", "Львова Львову Львовом Львові"),
    ("Миколаїв", "Миколаєва Миколаєву Миколаєвом Миколаєві"),
    ("Бердичів", "Бердичева Бердичеву Бердичевом Бердичеві"),
    ("Суми", "Сум Сумам Сумами Сумах"),
    ("Чернівці", "Чернівців Чернівцям Чернівцями Чернівцях"),
    ("Бровари", "Броварів Броварам Броварами Броварах"),
    ("Сумщина", "Сумщини Сумщині Сумщину Сумщиною"),
    ("Одеса", "Одеси Одесі Одесу Одесою"),
    ("Дружківка", "Дружківки Дружківці Дружківку Дружківкою"),
    ("Запоріжжя", "Запоріжжю Запоріжжям Запоріжжі"),
    ("перемир'я", "перемир'ю перемир'ям перемир'ї"),
    ("Вінниця", "Вінниці Вінницю Вінницею"),
    ("Коломия", "Коломиї Коломию Коломиєю"),
    ("Кременчук", "Кременчука Кременчуку Кременчуком Кременчуці"),
    ("Тернопіль", "Тернополя Тернополю Тернополем Тернополі"),
    ("Ріг", "Рогу Рогом Розі"),
    ("Канів", "Канева Каневу Каневом Каневі"),
    ("Тростянець", "Тростянця Тростянцю Тростянцем Тростянці"),
    ("Чугуїв", "Чугуєва Чугуєву Чугуєвом Чугуєві"),
    ("Ірпінь", "Ірпеня Ірпеню Ірпенем Ірпені"),
    ("Ромни", "Ромен Ромнам Ромнами Ромнах"),
    ("Гімалаї", "Гімалаїв Гімалаям"),
    ("Лозова", "Лозової Лозовій Лозову Лозовою"),
    ("Кремінна", "Кремінної Кремінній Кремінну Кремінною"),
    ("Умань", "Умані Уманню"),
    ("Дніпро", "Дніпра Дніпру Дніпром Дніпрі"),
    ("Рівне", "Рівного Рівному Рівним"),
    ("Україна", "України Україні Україну Україною"),
    ("Росія", "Росії Росію Росією"),
    ("Донбас", "Донбасу Донбасом Донбасі"),
    ("Львів", "Львова Львову Львовом Львові"),
    ("Ужгород", "Ужгорода Ужгороду Ужгородом Ужгороді"),
    ("Черкаси", "Черкас Черкасам Черкасами Черкасах"),
    ("Покровськ", "Покровська Покровську Покровськом"),
    ("Бахмут", "Бахмута Бахмуту Бахмутом Бахмуті Бахмуте"),
    ("Куп'янськ", "Куп'янська Куп'янську Куп'янськом"),
    ("Оріхів", "Оріхова Оріхову Оріховом Оріхові"),
    ("Сирський", "Сирського Сирському Сирським"),
    ("Буданов", "Буданова Буданову Будановим Будановым Буданове"),
    ("Єрмак", "Єрмака Єрмаку Єрмаком Єрмакові"),
    ("Умєров", "Умєрова Умєрову Умєровим"),
    ("Залужний", "Залужного Залужному Залужним"),
    ("Орбан", "Орбана Орбану Орбанові Орбаном Орбані Орбане"),
    ("Туск", "Туска Туску Тускові Туском Туске"),
    ("Мерц", "Мерца Мерцу Мерцом Мерцем Мерце"),
    ("Стармер", "Стармера Стармеру Стармером Стармері Стармере"),
    // Russian.
    ("Лев", "Льва Льву Львом Льве Лева Леву Левом Левові"),
    ("Песков", "Пескова Пескову Песковым Пескове"),
    ("Захарова", "Захаровой Захарову Захарової Захаровій"),
    ("Медведев", "Медведева Медведеву Медведевым Медведеве"),
    ("Дмитриев", "Дмитриева Дмитриеву Дмитриевым"),
    ("Зеленский", "Зеленского Зеленскому Зеленским Зеленском"),
    ("Лавров", "Лаврова Лаврову Лавровым Лаврове"),
    ("Путин", "Путина Путину Путиным Путине"),
    ("Толстой", "Толстого Толстому Толстым Толстом"),
    ("Сергей", "Сергея Сергею Сергеем Сергее"),
    ("Игорь", "Игоря Игорю Игорем Игоре"),
    ("Юрий", "Юрия Юрию Юрием Юрии"),
    ("Марк", "Марка Марку Марком Марке Маркові"),
    ("Харьков", "Харькова Харькову Харьковом Харькове"),
    ("Курск", "Курска Курску Курском Курске"),
    ("Москва", "Москвы Москве Москву Москвой Москви Москві Москвою"),
    ("Россия", "России Россию Россией"),
    ("Сумы", "Сум Сумам Сумами Сумах"),
    ("Черновцы", "Черновцов Черновцам Черновцами Черновцах"),
    ("Сибирь", "Сибири Сибирью"),
    ("Запорожье", "Запорожья Запорожью Запорожьем"),
    ("перемирие", "перемирия перемирию перемирием перемирии"),
    ("Грозный", "Грозного Грозному Грозным Грозном"),
    // Polish.
    ("Trump", "Trumpa Trumpowi Trumpem Trumpie Trumpovi Trumps"),
    ("Witkoff", "Witkoffa Witkoffowi Witkoffem Witkoffie Witkoffs"),
    ("Bessent", "Bessenta Bessentowi Bessentem Bessencie Bessents"),
    ("Zełenski", "Zełenskiego Zełenskiemu Zełenskim"),
    ("Lawrow", "Lawrowa Lawrowowi Lawrowem Lawrowie Lawrows"),
    ("Ławrow", "Ławrowa Ławrowowi Ławrowem Ławrowie"),
    ("Terechow", "Terechowa Terechowowi Terechowem Terechowie"),
    ("Nawalny", "Nawalnego Nawalnemu Nawalnym"),
    ("Donald", "Donalda Donaldowi Donaldem Donaldzie"),
    ("Tusk", "Tuska Tuskowi Tuskiem Tusku"),
    ("Putin", "Putina Putinowi Putinem Putinie"),
    ("Charków", "Charkowa Charkowowi Charkowem Charkowie"),
    ("Kijów", "Kijowa Kijowowi Kijowem Kijowie"),
    ("Warszawa", "Warszawy Warszawie Warszawę Warszawą Warszawo"),
    ("Moskwa", "Moskwy Moskwie Moskwę Moskwą"),
    ("Rosja", "Rosji Rosję Rosją"),
    ("Ukraina", "Ukrainy Ukrainie Ukrainę Ukrainą"),
    ("Polska", "Polski Polsce Polskę Polską"),
    ("Zełenska", "Zełenskiej Zełenską"),
    ("Zelenska", "Zelenskiej Zelenské Zelenskou"),
    ("Rubio", "Rubia Rubiowi Rubiem"),
    ("Odessa", "Odessy Odessie Odessę Odessą"),
    ("Sumy", "Sum Sumom Sumami Sumach"),
    ("Łódź", "Łodzi Łodzią"),
    ("Kraków", "Krakowa Krakowowi Krakowem Krakowie"),
    ("Gdańsk", "Gdańska Gdańsku Gdańskiem"),
    ("Poznań", "Poznania Poznaniowi Poznaniem Poznaniu"),
    ("Wrocław", "Wrocławia Wrocławiowi Wrocławiem Wrocławiu"),
    ("Bydgoszcz", "Bydgoszczy Bydgoszczą"),
    ("Kielce", "Kielc Kielcom Kielcami Kielcach"),
    ("Niemcy", "Niemiec Niemców Niemcom Niemcami Niemczech"),
    ("Węgry", "Węgier Węgrom Węgrami Węgrzech"),
    ("Włochy", "Włoch Włochom Włochami Włoszech"),
    ("Chiny", "Chin Chinom Chinami Chinach"),
    ("Kaczyński", "Kaczyńskiego Kaczyńskiemu Kaczyńskim"),
    ("Nawrocki", "Nawrockiego Nawrockiemu Nawrockim"),
    ("Duda", "Dudy Dudzie Dudę Dudą Dudovi Dudou Dudas"),
    ("Orbán", "Orbána Orbánowi Orbánem Orbánie Orbánovi Orbáns"),
    ("Merz", "Merza Merzowi Merzem Merzu Merze Merzovi"),
    ("Starmer", "Starmera Starmerowi Starmerem Starmerze Starmerovi Starmers"),
    ("Rutte", "Ruttego Ruttemu Ruttem Rutteho"),
    ("Vance", "Vanceovi Vanceho Vancem"),
    ("Fico", "Fica Ficowi Ficem Ficovi Ficu Ficos"),
    // Czech.
    ("Praha", "Prahy Praze Prahu Prahou"),
    ("Plzeň", "Plzně Plzni Plzní"),
    ("Brno", "Brna Brnu Brnem Brně"),
    ("Ostrava", "Ostravy Ostravě Ostravu Ostravou"),
    ("Olomouc", "Olomouce Olomouci Olomoucí"),
    ("Opole", "Opola Opolu Opolem"),
    ("Kroměříž", "Kroměříže Kroměříži Kroměříží"),
    ("Fiala", "Fialovi Fialou Fialu Fialy Fiali Fialę"),
    ("Sýkora", "Sýkorovi Sýkorou Sýkoru Sýkory"),
    ("Okamura", "Okamurovi Okamurou Okamuru Okamury"),
    ("Babiš", "Babiše Babišovi Babišem Babiši"),
    ("Pavel", "Pavla Pavlovi Pavlem Pavlowi"),
    ("Sikorski", "Sikorskiego Sikorskiemu Sikorskim Sikorského Sikorskému Sikorskis"),
    ("Zelenskyj", "Zelenského Zelenskému Zelenským Zelenskyjs"),
    ("Zelenský", "Zelenského Zelenskému Zelenským Zelenském"),
    ("Charkov", "Charkova Charkovu Charkovem Charkově"),
    ("Žbogar", "Žbogara Žbogarovi Žbogarem Žbogaru"),
    ("Moskva", "Moskvy Moskvě Moskvu Moskvou"),
];

#[test]
fn names_have_their_case_forms() {
    for (name, forms) in DECLINED {
        let found = case_forms(name).expect(name);
        assert_eq!(found[0], *name);
        for form in forms.split(' ') {
            assert!(found.iter().any(|found| found == form), "{name}: no {form} in {found:?}");
        }
    }
}

#[test]
fn a_name_is_in_capitals_if_all_of_it_is() {
    for (name, form) in [
        ("O'Brien", "O'Briena"),
        ("D'Artagnan", "D'Artagnana"),
        ("О'Нілл", "О'Нілла"),
        ("д'Івуар", "д'Івуару"),
        ("McDonald", "McDonalda"),
        ("ТРАМП", "ТРАМПА"),
        ("О'НІЛЛ", "О'НІЛЛА"),
        ("трамп", "трампа"),
    ] {
        let found = case_forms(name).unwrap();
        assert!(found.iter().any(|found| found == form), "{name}: no {form} in {found:?}");
    }
}

#[test]
fn few_words_are_no_case_form_of_the_name() {
    for (name, none) in [
        ("Суми", "Сумка Сумки Сумний Сумою Суму"),
        ("Трамп", "Трамплін Трампізм Трампов Трампы"),
        ("Лавров", "Лавровый Лавровий Лавровая Лавровою"),
        ("Зеленський", "Зелений Зеленська"),
        ("Хмельницький", "Хмельницькия Хмельницьком"),
        ("Praha", "Prahze Prahie"),
        ("Зеленская", "Зеленскаї Зеленскаєю"),
        ("Plzeň", "Plzeňe Plzeňi"),
        ("Королев", "Корольва"),
        ("Путін", "Путь Путівник"),
        ("Зеленський", "Зеленском Зеленская"),
        ("Zelenska", "Zelenski Zelensky Zelensko"),
        ("Zełenska", "Zełenski"),
        ("Ľvov", ""),
        ("Zełenski", "Zełenskis Zelenski"),
    ] {
        let found = case_forms(name).expect(name);
        for form in none.split(' ').filter(|form| !form.is_empty()) {
            assert!(found.iter().all(|found| found != form), "{name}: {form} in {found:?}");
        }
        assert!(found.len() <= 20, "{name}: {found:?}");
    }
}

#[test]
fn what_is_not_declined_says_why() {
    for (word, why) in [
        ("", NoForms::NoWord),
        ("X", NoForms::Short),
        ("Ab", NoForms::Short),
        ("EU", NoForms::Short),
        ("ЄС", NoForms::Short),
        ("О'Н", NoForms::Short),
        ("Zelenskyy", NoForms::Ending),
        ("Zelenskiy", NoForms::Ending),
        ("Рубіо", NoForms::Ending),
        ("Шойгу", NoForms::Ending),
        ("Рютте", NoForms::Ending),
        ("Рубио", NoForms::Ending),
        ("Тбілісі2", NoForms::NotLetters),
        ("Макрону", NoForms::Ending),
        ("Кutin", NoForms::Mixed),
        ("ゼレンスキー", NoForms::Script),
        ("젤렌스키", NoForms::Script),
        ("Αθήνα", NoForms::Script),
    ] {
        assert_eq!(case_forms(word), Err(why), "{word}");
    }
}

#[test]
fn every_row_can_be_reached() {
    // A row that an earlier one hides is a row that nobody can have meant.
    let letters =
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэёъ'aąbcčćdďeęěfghijklłmnňńoópqrřsśštťuůvwxyýzźżžáíúéß";
    for table in latin::tables(&['z']).into_iter().chain(cyrillic::tables(&['т'])) {
        for row in table {
            let after = if row.after.is_empty() { letters } else { row.after };
            let reached = after.chars().any(|c| {
                let before = if row.after.starts_with('^') { "" } else { "тx" };
                let word: Vec<char> = before.chars().chain([c]).chain(row.ending.chars()).collect();
                first_that_fits(table, &word).is_some_and(|found| std::ptr::eq(found, row))
            });
            assert!(reached, "{}|{}", row.after, row.ending);
        }
    }
}
