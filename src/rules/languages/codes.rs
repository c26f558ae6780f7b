//! The codes of languages, and what is written instead of them.

/// The code by which the language of a tag's first part is known here: of ISO 639-1, whatever that
/// part is: an ISO 639-2 code of either kind (`ger`, `deu`), a code given up (`iw`), a country's
/// (`ua`), an English name. Capitals do not count. Both kinds of Norwegian are `no`.
pub(super) fn code(part: &str) -> Option<&'static str> {
    KNOWN.split(';').find_map(|names| {
        let mut names = names.split_whitespace();
        let code = names.next()?;
        let is_meant = |name: &str| name.eq_ignore_ascii_case(part);
        (is_meant(code) || names.any(is_meant)).then_some(code)
    })
}

/// The codes of ISO 639-1.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    KNOWN.split(';').filter_map(|names| names.split_whitespace().next()).chain(NORWEGIAN)
}

/// Those two of `no`.
const NORWEGIAN: [&str; 2] = ["nb", "nn"];

/// For each language its ISO 639-1 code, and other names.
const KNOWN: &str = "\
    aa aar; ab abk; ae ave; af afr; ak aka; am amh; an arg; ar ara arb arabic; as asm; av ava; \
    ay aym; az aze azj; ba bak; be bel by belarusian; bg bul bulgarian; bh bih; bi bis; \
    bm bam; bn ben; bo bod tib; br bre; bs bos; ca cat; ce che; ch cha; co cos; cr cre; \
    cs ces cze cz czech; cu chu; cv chv; cy cym wel; da dan dk danish; de deu ger german; \
    dv div; dz dzo; ee ewe; el ell gre gr greek; en eng gb us english; eo epo; \
    es spa sp spanish; et est ekk estonian; eu eus baq; fa fas per prs pes persian farsi; \
    ff ful; fi fin finnish; fj fij; fo fao; fr fra fre french; fy fry; ga gle; gd gla; gl glg; \
    gn grn; gu guj; gv glv; ha hau; he heb il iw hebrew; hi hin; ho hmo; hr hrv scr croatian; \
    ht hat; hu hun hungarian; hy hye arm armenian; hz her; ia ina; id ind in indonesian; \
    ie ile; ig ibo; ii iii; ik ipk; io ido; is isl ice; it ita italian; iu iku; \
    ja jpn jp japanese; jv jav jw; ka kat geo georgian; kg kon; ki kik; kj kua; kk kaz; \
    kl kal; km khm; kn kan; ko kor kp korean; kr kau; ks kas; ku kur; kv kom; kw cor; ky kir; \
    la lat; lb ltz; lg lug; li lim; ln lin; lo lao; lt lit lithuanian; lu lub; \
    lv lav lvs latvian; mg mlg; mh mah; mi mri mao; mk mkd mac macedonian; ml mal; mn mon khk; \
    mr mar; ms msa may zsm; mt mlt; my mya bur; na nau; nd nde; ne nep; ng ndo; \
    nl nld dut dutch; no nor nob nno norwegian nb nn; nr nbl; nv nav; ny nya; oc oci; oj oji; \
    om orm; or ori; os oss; pa pan; pi pli; pl pol polish; ps pus; pt por portuguese; qu que; \
    rm roh; rn run; ro ron rum mo mol romanian; ru rus russian; rw kin; sa san; sc srd; \
    sd snd; se sme; sg sag; sh hbs; si sin; sk slk slo slovak; sl slv slovenian; sm smo; \
    sn sna; so som; sq sqi alb als albanian; sr srp rs scc cnr serbian; ss ssw; st sot; \
    su sun; sv swe swedish; sw swa; ta tam; te tel; tg tgk; th tha; ti tir; tk tuk; \
    tl tgl fil; tn tsn; to ton; tr tur turkish; ts tso; tt tat; tw twi; ty tah; ug uig; \
    uk ukr ua ukrainian; ur urd; uz uzb uzn; ve ven; vi vie; vo vol; wa wln; wo wol; xh xho; \
    yi yid ji; yo yor; za zha; zh zho chi cn cmn yue chinese; zu zul";
