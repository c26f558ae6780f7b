//! The small words and the letters that tell languages from one another.

/// A language by what tells it from others of its script.
pub(super) struct Tongue {
    /// ISO 639-1.
    pub(super) code: &'static str,
    /// Letters that few languages have.
    pub(super) letters: &'static str,
    /// Its most frequent small words, in lower case.
    pub(super) words: &'static str,
}

/// Those written in Cyrillic.
pub(super) const CYRILLIC: &[Tongue] = &[
    Tongue {
        code: "uk",
        letters: "іїєґ",
        words: "та що на не в до як з у за про від й із зі і це його її для після через під є \
                був була було були буде але або які який яка щодо проти вже при ще по над між \
                їх час понад стало також тільки дуже коли де хто чому може можуть повідомив \
                повідомила повідомили заявив заявила заявили розповів розповіла назвав відомо \
                року років сьогодні вчора внаслідок перед без вона вони він ми ви цього цей ця \
                якого якої лише знову більше поки навіть все всі свою свої треба війни має \
                мають немає чи хоче бо вночі сили",
    },
    Tongue {
        code: "ru",
        letters: "ыэёъ",
        words: "й и на с о не что как по из для от к в у за об под после через это его ее был \
                была было были будет но или которые который против уже при до со во ещё еще \
                над между их из-за время он она заявил сообщил рассказал назвал более также \
                только очень когда где кто почему может могут сообщила сообщили заявила \
                заявили рассказала назвала известно года лет сегодня вчера перед без они мы вы \
                этого этот эта эти которого которой лишь снова больше пока даже все всё свою \
                свои нужно войны есть нет чтобы если ли из-под",
    },
    Tongue {
        code: "be",
        letters: "ў",
        words: "і ў на не што як з па да у за аб для ад гэта яго яе быў была пасля праз \
                супраць",
    },
    Tongue {
        code: "bg",
        letters: "ъ",
        words: "и на се за от да е че с в по не са ще като след към при до която който които \
                във със бе но или",
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

/// Those written in Latin letters.
pub(super) const LATIN: &[Tongue] = &[
    Tongue {
        code: "en",
        letters: "",
        words: "per the of to and in for on with is at from by as says after over that was his he \
                be are has will not have its who new an it their her said amid against into up \
                out more than about what how why we you could would before this but no off \
                they near first two three killed dead war talks people police year years week \
                day had been can may must should make made get gets him she then where which \
                while during under through between among because since without within all any \
                some most other such only also just being back down still our my your does did \
                if so or do when were",
    },
    Tongue {
        code: "de",
        letters: "äöüß",
        words: "der die das und in im den dem des von vom mit für auf ist nicht ein eine einen \
                einem einer zu zur zum bei nach aus an am als auch sich will vor gegen über um \
                wird werden hat haben sind es wie was warum er sie nur noch neue neuen mehr \
                bis unter kein keine oder sagt seine war waren wurde wurden hatte hätte kann \
                können soll sollen muss müssen gibt geht kommt sagte sagen jahr jahre jahren \
                tag tage heute gestern zwei drei sehr wenn wo wer dass doch aber ihr ihre \
                ihren seinem sein seiner dieser diese dieses ohne durch zwischen während \
                bereits immer wieder alle beim ins seit jetzt hier so weil dann wir uns ich \
                laut tote krieg",
    },
    Tongue {
        code: "fr",
        letters: "éèêëàâçîïôûùœ",
        words: "le la les des de du un une et en à au aux pour dans par sur avec est pas qui \
                que ce cette son sa ses il elle l d s n qu plus après selon contre entre ont \
                sont a été être ou leur se ne était sera fait dit annonce peut doit mort morts \
                blessés guerre pays ans an jour jours aujourd hui hier deux trois très aussi \
                quand où comment pourquoi cet leurs nous vous ils elles tout tous nouveau \
                nouvelle pendant sans sous vers chez depuis avant encore déjà autre mais donc \
                lors y c j",
    },
    Tongue {
        code: "pl",
        letters: "łąęśźżćńó",
        words: "w z na i do się nie to że o od za po jest dla przez są jak ze ma co pod przed \
                czy być który która był była było tym oraz we tak już nad u a byli będzie będą \
                został została zostały może mogą musi mówi powiedział ogłosił nowy nowa nowe \
                wojny rok roku lat lata dni dwa dwóch trzy bardzo gdy kiedy gdzie kto dlaczego \
                tylko jeszcze bez między przeciw przeciwko wobec według podczas jego jej ich \
                ten ta te tego tej lub ale więc także ku teraz tam wszystko prezydent rząd",
    },
    Tongue {
        code: "es",
        letters: "ñáéíóú",
        words: "el la los las de del y en que un una por con para al se su no es lo más como \
                sus sobre tras contra entre ha han son este esta pero fue a desde hasta según \
                ya está están estaba ser era fueron hay dijo dice dicen anuncia anunció tiene \
                tienen puede pide muere muertos heridos guerra gobierno año años día días hoy \
                ayer mañana dos tres muy también cuando donde quien qué cómo cada otro otra \
                todo todos nuevo nueva mientras durante ante bajo sin les le nos ni porque \
                primer primera mil millones eso ese esa él",
    },
    Tongue {
        code: "it",
        letters: "èàòùì",
        words: "il lo la i gli le di del della dei delle degli e in un una per con che non è \
                si da dal dalla al alla nel nella sul sulla come più ha sono dopo ma anche \
                contro tra fra l d a o ai stato stata stati era erano hanno detto dice \
                annuncia può deve morto morti feriti guerra governo anni anno giorno giorni \
                oggi ieri domani due tre molto quando dove chi perché così ogni altro altra \
                tutto tutti nuovo nuova mentre durante senza sotto verso prima ancora già uno \
                dall all dell nell sull questa questo quello cui suo sua loro primo mila \
                milioni ecco dai dagli negli ed sia",
    },
    Tongue {
        code: "pt",
        letters: "ãõçáéíóúâêô",
        words: "o a os as de do da dos das e em no na nos nas um uma por para com que não se \
                ao à mais como sobre após contra entre é foi são seu sua ser pelo pela diz já \
                está estão estava foram tem têm disse anunciou anuncia pode morre mortos \
                feridos guerra governo ano anos dia dias hoje ontem dois duas três muito \
                também quando onde quem até ainda sem sob isso esse essa este esta outro outra \
                todo todos novo nova durante lhe às aos pelos pelas num numa porque primeiro \
                primeira mil depois segundo vai",
    },
    Tongue {
        code: "ro",
        letters: "țşșăâîţ",
        words: "și în de la cu pe nu un o a din pentru care să al ale este sunt după prin mai \
                au că lui fost despre sau ce între dar lor ca fi va vor are avut spus anunță \
                anunțat poate trebuie morți răniți război ani an zi zile azi ieri doi trei \
                foarte când unde cine cum fiecare alt toate toți nou noua fără sub spre către \
                înainte încă deja acest această aceasta iar nici lângă dintre împotriva unei \
                unui era",
    },
    Tongue {
        code: "tr",
        letters: "şğıçöü",
        words: "ve bir bu için ile de da olarak daha çok en ne gibi sonra kadar var yok değil \
                olan oldu dedi göre karşı mi ki tarafından yeni nin nın un ın in den ten \
                olacak olduğunu etti ediyor edildi açıkladı söyledi başladı savaş yıl gün \
                bugün dün iki üç hangi neden nasıl kim nerede her tüm ancak ama veya ya \
                üzerine üzerinde arasında önce şimdi ilk büyük başkanı bakanı hayatını kişi \
                öldü yaralı dolayı ise sonrası",
    },
    Tongue {
        code: "cs",
        letters: "řěůčšžýáíé",
        words: "a v na se je že s z do o i za po pro jako k ve ale by od při až před jsou byl \
                byla bude není jeho proti podle však nebo si už mezi ze kdy byly byli bylo \
                budou může mohou musí řekl říká oznámil nový nová války roku let lety dny dva \
                dvě tři velmi když kde kdo co proč jen ještě bez během její jejich ten ta to \
                tento této tom tak ani která který které kteří vláda vše teď pod nad kvůli \
                také jak své letech",
    },
    Tongue {
        code: "sk",
        letters: "ľĺŕôčšžýáíé",
        words: "a v na sa je že s z do o aj za po pre ako k vo ale by od pri až pred sú bol \
                bola bude nie jeho proti podľa však alebo si už medzi zo keď boli bolo budú \
                môže musí povedal oznámil nový roku rokov dni dva tri veľmi kde kto čo prečo \
                len ešte bez počas jej ich ten tá to tento tejto tom tak ani ktorá ktorý ktoré \
                vláda všetko teraz pod nad kvôli tiež",
    },
    Tongue {
        code: "nl",
        letters: "ëï",
        words: "de het een van en in op te is dat met voor niet zijn aan door naar om bij uit \
                ook als over tegen na wordt heeft werd hij nog maar tot of meer hebben had \
                waren worden werden kan kunnen moet zal gaat komt zegt zei jaar jaren dag \
                vandaag twee drie veel waar wie hoe waarom dit deze die alle zonder onder \
                tussen tijdens weer ze ik wij hun haar dan dus omdat doden",
    },
    Tongue {
        code: "sv",
        letters: "åäö",
        words: "och i att det som en på är av för med till den har de inte ett om från vid \
                efter men ut så kan mot under var dag år vill blev",
    },
    Tongue {
        code: "da",
        letters: "æøå",
        words: "og i at det som en på er af for med til den har de ikke et om fra ved efter \
                men kan mod var disse vil være blev dag år",
    },
    Tongue {
        code: "no",
        letters: "æøå",
        words: "og i at det som en på er av for med til den har de ikke et om fra ved etter \
                men kan mot var disse vil være ble dag år",
    },
    Tongue {
        code: "fi",
        letters: "äö",
        words: "ja on ei se että oli hän mutta ovat tai kun myös mukaan jälkeen sekä vain",
    },
    Tongue {
        code: "hu",
        letters: "őűöüáéíóú",
        words: "a az és hogy nem is egy meg ez volt csak el már még szerint után mint de vagy \
                lesz azt",
    },
    Tongue {
        code: "hr",
        letters: "čćđšž",
        words: "i u je na se da za od s su o kao iz ne što bi ali po će do nije sa koji nakon \
                protiv te jedan dva tri sve samo još kad gdje tko ili",
    },
];
