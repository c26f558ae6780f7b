use super::*;

/// The names of HTML 4 (its section 24), each with its code point; `lang` and `rang` as in HTML 5.
const HTML_4: &str = "\
    quot=22 amp=26 lt=3c gt=3e nbsp=a0 iexcl=a1 cent=a2 pound=a3 curren=a4 yen=a5 brvbar=a6 \
    sect=a7 uml=a8 copy=a9 ordf=aa laquo=ab not=ac shy=ad reg=ae macr=af deg=b0 plusmn=b1 \
    sup2=b2 sup3=b3 acute=b4 micro=b5 para=b6 middot=b7 cedil=b8 sup1=b9 ordm=ba raquo=bb \
    frac14=bc frac12=bd frac34=be iquest=bf Agrave=c0 Aacute=c1 Acirc=c2 Atilde=c3 Auml=c4 \
    Aring=c5 AElig=c6 Ccedil=c7 Egrave=c8 Eacute=c9 Ecirc=ca Euml=cb Igrave=cc Iacute=cd \
    Icirc=ce Iuml=cf ETH=d0 Ntilde=d1 Ograve=d2 Oacute=d3 Ocirc=d4 Otilde=d5 Ouml=d6 times=d7 \
    Oslash=d8 Ugrave=d9 Uacute=da Ucirc=db Uuml=dc Yacute=dd THORN=de szlig=df agrave=e0 \
    aacute=e1 acirc=e2 atilde=e3 auml=e4 aring=e5 aelig=e6 ccedil=e7 egrave=e8 eacute=e9 \
    ecirc=ea euml=eb igrave=ec iacute=ed icirc=ee iuml=ef eth=f0 ntilde=f1 ograve=f2 oacute=f3 \
    ocirc=f4 otilde=f5 ouml=f6 divide=f7 oslash=f8 ugrave=f9 uacute=fa ucirc=fb uuml=fc \
    yacute=fd thorn=fe yuml=ff OElig=152 oelig=153 Scaron=160 scaron=161 Yuml=178 fnof=192 \
    circ=2c6 tilde=2dc Alpha=391 Beta=392 Gamma=393 Delta=394 Epsilon=395 Zeta=396 Eta=397 \
    Theta=398 Iota=399 Kappa=39a Lambda=39b Mu=39c Nu=39d Xi=39e Omicron=39f Pi=3a0 Rho=3a1 \
    Sigma=3a3 Tau=3a4 Upsilon=3a5 Phi=3a6 Chi=3a7 Psi=3a8 Omega=3a9 alpha=3b1 beta=3b2 \
    gamma=3b3 delta=3b4 epsilon=3b5 zeta=3b6 eta=3b7 theta=3b8 iota=3b9 kappa=3ba lambda=3bb \
    mu=3bc nu=3bd xi=3be omicron=3bf pi=3c0 rho=3c1 sigmaf=3c2 sigma=3c3 tau=3c4 upsilon=3c5 \
    phi=3c6 chi=3c7 psi=3c8 omega=3c9 thetasym=3d1 upsih=3d2 piv=3d6 ensp=2002 emsp=2003 \
    thinsp=2009 zwnj=200c zwj=200d lrm=200e rlm=200f ndash=2013 mdash=2014 lsquo=2018 \
    rsquo=2019 sbquo=201a ldquo=201c rdquo=201d bdquo=201e dagger=2020 Dagger=2021 bull=2022 \
    hellip=2026 permil=2030 prime=2032 Prime=2033 lsaquo=2039 rsaquo=203a oline=203e \
    frasl=2044 euro=20ac image=2111 weierp=2118 real=211c trade=2122 alefsym=2135 larr=2190 \
    uarr=2191 rarr=2192 darr=2193 harr=2194 crarr=21b5 lArr=21d0 uArr=21d1 rArr=21d2 dArr=21d3 \
    hArr=21d4 forall=2200 part=2202 exist=2203 empty=2205 nabla=2207 isin=2208 notin=2209 \
    ni=220b prod=220f sum=2211 minus=2212 lowast=2217 radic=221a prop=221d infin=221e ang=2220 \
    and=2227 or=2228 cap=2229 cup=222a int=222b there4=2234 sim=223c cong=2245 asymp=2248 \
    ne=2260 equiv=2261 le=2264 ge=2265 sub=2282 sup=2283 nsub=2284 sube=2286 supe=2287 \
    oplus=2295 otimes=2297 perp=22a5 sdot=22c5 lceil=2308 rceil=2309 lfloor=230a rfloor=230b \
    lang=27e8 rang=27e9 loz=25ca spades=2660 clubs=2663 hearts=2665 diams=2666";
/// What HTML 5 has of Latin Extended-A: Polish, Czech, Slovak, Romanian, Turkish and more.
const LATIN: &str = "\
    Amacr=100 amacr=101 Abreve=102 abreve=103 Aogon=104 aogon=105 Cacute=106 cacute=107 \
    Ccirc=108 ccirc=109 Cdot=10a cdot=10b Ccaron=10c ccaron=10d Dcaron=10e dcaron=10f \
    Dstrok=110 dstrok=111 Emacr=112 emacr=113 Edot=116 edot=117 Eogon=118 eogon=119 Ecaron=11a \
    ecaron=11b Gcirc=11c gcirc=11d Gbreve=11e gbreve=11f Gdot=120 gdot=121 Gcedil=122 \
    Hcirc=124 hcirc=125 Hstrok=126 hstrok=127 Itilde=128 itilde=129 Imacr=12a imacr=12b \
    Iogon=12e iogon=12f Idot=130 imath=131 inodot=131 IJlig=132 ijlig=133 Jcirc=134 jcirc=135 \
    Kcedil=136 kcedil=137 kgreen=138 Lacute=139 lacute=13a Lcedil=13b lcedil=13c Lcaron=13d \
    lcaron=13e Lmidot=13f lmidot=140 Lstrok=141 lstrok=142 Nacute=143 nacute=144 Ncedil=145 \
    ncedil=146 Ncaron=147 ncaron=148 napos=149 ENG=14a eng=14b Omacr=14c omacr=14d Odblac=150 \
    odblac=151 OElig=152 oelig=153 Racute=154 racute=155 Rcedil=156 rcedil=157 Rcaron=158 \
    rcaron=159 Sacute=15a sacute=15b Scirc=15c scirc=15d Scedil=15e scedil=15f Scaron=160 \
    scaron=161 Tcedil=162 tcedil=163 Tcaron=164 tcaron=165 Tstrok=166 tstrok=167 Utilde=168 \
    utilde=169 Umacr=16a umacr=16b Ubreve=16c ubreve=16d Uring=16e uring=16f Udblac=170 \
    udblac=171 Uogon=172 uogon=173 Wcirc=174 wcirc=175 Ycirc=176 ycirc=177 Yuml=178 Zacute=179 \
    zacute=17a Zdot=17b zdot=17c Zcaron=17d zcaron=17e";
/// What HTML 5 has of Cyrillic.
const CYRILLIC: &str = "\
    IOcy=401 DJcy=402 GJcy=403 Jukcy=404 DScy=405 Iukcy=406 YIcy=407 Jsercy=408 LJcy=409 \
    NJcy=40a TSHcy=40b KJcy=40c Ubrcy=40e DZcy=40f Acy=410 Bcy=411 Vcy=412 Gcy=413 Dcy=414 \
    IEcy=415 ZHcy=416 Zcy=417 Icy=418 Jcy=419 Kcy=41a Lcy=41b Mcy=41c Ncy=41d Ocy=41e Pcy=41f \
    Rcy=420 Scy=421 Tcy=422 Ucy=423 Fcy=424 KHcy=425 TScy=426 CHcy=427 SHcy=428 SHCHcy=429 \
    HARDcy=42a Ycy=42b SOFTcy=42c Ecy=42d YUcy=42e YAcy=42f acy=430 bcy=431 vcy=432 gcy=433 \
    dcy=434 iecy=435 zhcy=436 zcy=437 icy=438 jcy=439 kcy=43a lcy=43b mcy=43c ncy=43d ocy=43e \
    pcy=43f rcy=440 scy=441 tcy=442 ucy=443 fcy=444 khcy=445 tscy=446 chcy=447 shcy=448 \
    shchcy=449 hardcy=44a ycy=44b softcy=44c ecy=44d yucy=44e yacy=44f iocy=451 djcy=452 \
    gjcy=453 jukcy=454 dscy=455 iukcy=456 yicy=457 jsercy=458 ljcy=459 njcy=45a tshcy=45b \
    kjcy=45c ubrcy=45e dzcy=45f";
/// Forms of Greek letters beside those of HTML 4.
const GREEK: &str = "\
    thetav=3d1 phiv=3d5 kappav=3f0 varpi=3d6 upsih=3d2 Gammad=3dc gammad=3dd epsi=3b5 \
    epsiv=3f5 bepsi=3f6";

#[test]
fn each_name_stands_for_its_code_point() {
    let mut count = 0;
    for pair in [HTML_4, LATIN, CYRILLIC, GREEK].iter().flat_map(|list| list.split_whitespace()) {
        let (name, code) = pair.split_once('=').unwrap();
        let character = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
        assert_eq!(named(name), Some(character.to_string().as_str()), "{name}");
        count += 1;
    }
    assert_eq!(count, 475);
}

#[test]
fn some_names_stand_for_two_characters_and_some_for_nothing() {
    assert_eq!(named("fjlig"), Some("fj"));
    assert_eq!(named("NotEqualTilde"), Some("\u{2242}\u{338}"));
    assert_eq!(named("acE"), Some("\u{223E}\u{333}"));
    for unknown in ["", "nosuch", "lstrok;", "&lstrok", "AUML", "#65"] {
        assert_eq!(named(unknown), None, "{unknown}");
    }
}

#[test]
fn all_names_of_html_are_known() {
    assert_eq!(NAMED.len(), 2125);
    assert!(NAMED.values().all(|text| (1..=2).contains(&text.chars().count())));
    for (name, text) in NAMED.iter() {
        assert_eq!(named(name), Some(*text), "{name}");
    }
}
