//! G: which addresses are connected to, proxies of the environment, secrets.

use super::reply::{moved, ok, status};
use super::server::{Asked, Place, Town};
use super::situation::{At, Situation};
use super::tls::Cert;

situations![
    g1_a_feed_at_a_forbidden_port_is_not_asked,
    g1_a_feed_at_a_private_address_is_not_asked,
    g2_a_name_that_leads_to_a_forbidden_port_is_not_asked,
    g2_a_name_that_leads_to_an_allowed_port_is_asked,
    g3_a_forbidden_address_as_one_number_is_seen_through,
    g3_a_forbidden_address_in_hex_is_seen_through,
    g3_a_forbidden_address_in_octal_is_seen_through,
    g3_a_forbidden_address_as_ipv6_is_seen_through,
    g3_a_forbidden_address_as_ipv6_in_hex_is_seen_through,
    g3_the_address_of_nothing_is_seen_through,
    g3_a_redirect_to_a_forbidden_port_is_not_followed,
    g3_a_redirect_to_a_name_of_a_forbidden_port_is_not_followed,
    g3_a_redirect_to_one_number_is_not_followed,
    g3_a_redirect_to_ipv6_of_ipv4_is_not_followed,
    g3_a_redirect_to_the_addresses_of_clouds_is_not_followed,
    g3_a_redirect_to_a_private_network_is_not_followed,
    g3_a_redirect_to_nat64_is_not_followed,
    g3_a_second_redirect_to_a_forbidden_port_is_not_followed,
    g3_userinfo_hides_no_forbidden_address,
    g3_a_redirect_without_scheme_hides_no_forbidden_address,
    g3_wide_digits_hide_no_forbidden_address,
    g3_percent_signs_hide_no_forbidden_address,
    g3_a_redirect_to_ipv6_of_nothing_is_not_followed,
    g3_a_dot_at_the_end_hides_no_forbidden_name,
    g3_an_allowed_address_in_another_spelling_is_asked,
    g4_a_forbidden_address_is_not_asked_through_a_proxy,
    g4_a_forbidden_address_is_not_asked_through_socks,
    g4_a_forbidden_name_is_not_asked_through_a_proxy,
    g4_a_proxy_hides_no_redirect_to_a_forbidden_address,
    g5_a_proxy_is_asked_for_the_whole_url,
    g5_a_proxy_is_asked_to_connect_for_https,
    g5_a_proxy_gets_its_credentials_and_the_feed_does_not,
    g5_socks_is_asked_for_an_address,
    p7_names_in_other_letters_are_asked_for_in_ascii,
    g5_a_proxy_that_is_not_there_is_an_error,
    g6_an_external_entity_is_not_fetched,
    g6_an_external_dtd_is_not_fetched,
    g6_a_parameter_entity_is_not_fetched,
    g6_a_file_is_not_read_as_an_entity,
    g6_a_stylesheet_and_an_inclusion_are_not_fetched,
    g6_a_billion_laughs_stay_few,
    g7_a_password_in_the_url_is_told_nowhere,
    g7_a_password_in_a_redirect_is_told_nowhere,
    g8_basic_credentials_are_sent,
    g8_headers_are_sent_as_written,
    g8_a_401_is_an_error_with_a_hint_and_no_storm,
    g8_a_realm_does_not_get_what_was_not_given,
];

/// A feed at this URL is refused without a connection.
fn refused(url: fn(&Town, &str) -> String) -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).at(At::Url(url)).quiet().judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["forbidden_address"]);
        saw.left_alone_after(0);
    })
}

fn forbidden_port(town: &Town) -> u16 {
    town.port(Place::Forbidden).unwrap()
}

fn g1_a_feed_at_a_forbidden_port_is_not_asked() -> Situation {
    refused(|town, path| town.url(Place::Forbidden, path))
}

fn g1_a_feed_at_a_private_address_is_not_asked() -> Situation {
    refused(|_, path| format!("http://10.0.0.1{path}"))
}

fn g2_a_name_that_leads_to_a_forbidden_port_is_not_asked() -> Situation {
    refused(|town, path| format!("http://localhost:{}{path}", forbidden_port(town)))
}

fn g2_a_name_that_leads_to_an_allowed_port_is_asked() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| format!("http://LocalHost:{}{path}", town.port(Place::Main).unwrap());
    Situation::new(|asked| ok(asked.news("1"))).at(At::Url(url)).reads("1")
}

fn g3_a_forbidden_address_as_one_number_is_seen_through() -> Situation {
    refused(|town, path| format!("http://2130706433:{}{path}", forbidden_port(town)))
}

fn g3_a_forbidden_address_in_hex_is_seen_through() -> Situation {
    refused(|town, path| format!("http://0x7f.1:{}{path}", forbidden_port(town)))
}

fn g3_a_forbidden_address_in_octal_is_seen_through() -> Situation {
    refused(|town, path| format!("http://0177.0.0.01:{}{path}", forbidden_port(town)))
}

fn g3_a_forbidden_address_as_ipv6_is_seen_through() -> Situation {
    refused(|town, path| format!("http://[::ffff:127.0.0.1]:{}{path}", forbidden_port(town)))
}

fn g3_a_forbidden_address_as_ipv6_in_hex_is_seen_through() -> Situation {
    refused(|town, path| format!("http://[::ffff:7f00:1]:{}{path}", forbidden_port(town)))
}

fn g3_the_address_of_nothing_is_seen_through() -> Situation {
    refused(|town, path| format!("http://0.0.0.0:{}{path}", forbidden_port(town)))
}

/// A redirect to here is refused without a connection.
fn not_followed(location: fn(&Asked) -> String) -> Situation {
    Situation::new(move |asked| match asked.rest() {
        "/there" => ok(asked.news("1")),
        _ => moved(302, location(asked)),
    })
    .judge(|saw| {
        saw.told("");
        assert_eq!(saw.reasons(), ["forbidden_address"]);
        assert!(saw.rests().iter().all(|rest| *rest != "/there"));
    })
}

fn trap(asked: &Asked, host: &str) -> String {
    format!("http://{host}:{}/{}/there", forbidden_port(&asked.town), asked.name)
}

fn g3_a_redirect_to_a_forbidden_port_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "127.0.0.1"))
}

fn g3_a_redirect_to_a_name_of_a_forbidden_port_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "localhost"))
}

fn g3_a_redirect_to_one_number_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "2130706433"))
}

fn g3_a_redirect_to_ipv6_of_ipv4_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "[::ffff:127.0.0.1]"))
}

fn g3_a_redirect_to_the_addresses_of_clouds_is_not_followed() -> Situation {
    not_followed(|_| "http://169.254.169.254/latest/meta-data/".to_owned())
}

fn g3_a_redirect_to_a_private_network_is_not_followed() -> Situation {
    not_followed(|_| "http://192.168.1.1/cgi-bin/luci".to_owned())
}

fn g3_a_redirect_to_nat64_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "[64:ff9b::7f00:1]"))
}

fn g3_a_second_redirect_to_a_forbidden_port_is_not_followed() -> Situation {
    not_followed(|asked| match asked.rest() {
        "" => asked.url(Place::Other, "/second"),
        _ => trap(asked, "127.0.0.1"),
    })
}

fn g3_userinfo_hides_no_forbidden_address() -> Situation {
    not_followed(|asked| {
        let port = forbidden_port(&asked.town);
        let allowed = asked.town.authority(Place::Main);
        format!("http://{allowed}@127.0.0.1:{port}/{}/there", asked.name)
    })
}

fn g3_an_allowed_address_in_another_spelling_is_asked() -> Situation {
    let url: fn(&Town, &str) -> String =
        |town, path| format!("http://0x7f.1:{}{path}", town.port(Place::Main).unwrap());
    Situation::new(|asked| ok(asked.news("1"))).at(At::Url(url)).reads("1")
}

const BY_PROXY: &str = "proxy = \"http://{proxy}\"";
const BY_SOCKS: &str = "proxy = \"socks5://{socks}\"";

fn g4_a_forbidden_address_is_not_asked_through_a_proxy() -> Situation {
    refused(|_, path| format!("http://10.0.0.1{path}")).config(BY_PROXY)
}

fn g4_a_forbidden_address_is_not_asked_through_socks() -> Situation {
    refused(|town, path| town.url(Place::Forbidden, path)).config(BY_SOCKS)
}

fn g4_a_forbidden_name_is_not_asked_through_a_proxy() -> Situation {
    refused(|town, path| format!("http://localhost:{}{path}", forbidden_port(town)))
        .config("proxy = \"socks5h://{socks}\"")
}

fn g4_a_proxy_hides_no_redirect_to_a_forbidden_address() -> Situation {
    not_followed(|asked| trap(asked, "127.0.0.1")).config(BY_PROXY)
}

fn g5_a_proxy_is_asked_for_the_whole_url() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).config(BY_PROXY).asked(2).judge(|saw| {
        saw.told("1");
        for asked in &saw.asked {
            let url = asked.town.url(Place::Main, &format!("/{}", saw.name));
            assert_eq!((asked.place, asked.target()), (Place::Proxy, url.as_str()));
        }
    })
}

fn g5_a_proxy_is_asked_to_connect_for_https() -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Path(Place::Tls(Cert::Plain), ""))
        .config(BY_PROXY)
        .config("ca_file = \"ca.pem\"")
        .asked(2)
        .judge(|saw| {
            saw.told("1");
            for asked in &saw.asked {
                let target = asked.town.authority(Place::Tls(Cert::Plain));
                assert_eq!((asked.place, asked.via.as_ref()), (Place::Proxy, Some(&target)));
            }
        })
}

fn g5_a_proxy_gets_its_credentials_and_the_feed_does_not() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => {
            moved(302, asked.town.url(Place::Tls(Cert::Plain), &format!("/{}/there", asked.name)))
        }
        _ => ok(asked.news("1")),
    })
    .config("proxy = \"http://Aladdin:open%20sesame@{proxy}\"\nca_file = \"ca.pem\"")
    .asked(4)
    .judge(|saw| {
        saw.told("1");
        for asked in &saw.asked {
            let wanted = asked.via.is_none().then_some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
            assert_eq!(asked.text("proxy-authorization"), wanted);
            assert_eq!(asked.text("authorization"), None);
        }
    })
}

fn g5_socks_is_asked_for_an_address() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).config(BY_SOCKS).asked(2).judge(|saw| {
        saw.told("1");
        for asked in &saw.asked {
            let target = asked.town.authority(Place::Main);
            assert_eq!((asked.place, asked.via.as_ref()), (Place::Socks, Some(&target)));
        }
    })
}

/// Names in other letters are written in ASCII (UTS 46); paths stay as they are.
fn p7_names_in_other_letters_are_asked_for_in_ascii() -> Situation {
    Situation::new(|asked| ok(asked.news("1")))
        .at(At::Url(|_, path| format!("http://новини.укр{path}")))
        .config("proxy = \"socks5h://{socks}\"")
        .asked(2)
        .judge(|saw| {
            saw.told("1");
            for asked in &saw.asked {
                assert_eq!(asked.via.as_deref(), Some("xn--b1amarcd.xn--j1amh:80"));
                assert_eq!(asked.text("host"), Some("xn--b1amarcd.xn--j1amh"));
            }
        })
}

fn g5_a_proxy_that_is_not_there_is_an_error() -> Situation {
    Situation::new(|asked| ok(asked.news("1"))).config("proxy = \"http://{nobody}\"").quiet().judge(
        |saw| {
            assert_eq!(saw.reasons(), ["connect"]);
            saw.left_alone_after(0);
        },
    )
}

/// A document with something before its root that would be fetched by a careless reader. Whatever
/// else is made of it, nothing is.
fn inert(before: fn(&Asked) -> String) -> Situation {
    Situation::new(move |asked| match asked.rest() {
        "" => ok(before(asked) + &asked.news("1").replace(" 1<", " 1&x;<")),
        _ => ok("A flood, stolen"),
    })
    .judge(|saw| {
        assert!(saw.rests().iter().all(|rest| rest.is_empty()), "{:?}", saw.rests());
        assert!(saw.titles().iter().all(|title| !title.contains("stolen")));
        assert!(saw.titles().len() == 1 || saw.reasons().len() == 1);
    })
}

fn g6_an_external_entity_is_not_fetched() -> Situation {
    inert(|asked| {
        let url = asked.url(Place::Main, "/stolen");
        format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"{url}\">]>")
    })
}

fn g6_an_external_dtd_is_not_fetched() -> Situation {
    inert(|asked| format!("<!DOCTYPE rss SYSTEM \"{}\">", asked.url(Place::Main, "/rss.dtd")))
}

fn g6_a_parameter_entity_is_not_fetched() -> Situation {
    inert(|asked| {
        let url = asked.url(Place::Forbidden, "/stolen");
        format!("<!DOCTYPE rss [<!ENTITY % e SYSTEM \"{url}\"> %e;]>")
    })
}

fn g6_a_file_is_not_read_as_an_entity() -> Situation {
    Situation::new(|asked| {
        let before = "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///proc/self/environ\">]>";
        ok(before.to_owned() + &asked.news("1").replace(" 1<", " 1&x;<"))
    })
    .judge(|saw| assert!(saw.titles().iter().all(|title| !title.contains("RUST_LOG"))))
}

fn g6_a_stylesheet_and_an_inclusion_are_not_fetched() -> Situation {
    inert(|asked| {
        let url = asked.url(Place::Main, "/stolen");
        format!("<?xml-stylesheet href=\"{url}\" type=\"text/xsl\"?>")
    })
}

fn g6_a_billion_laughs_stay_few() -> Situation {
    Situation::new(|asked| {
        let mut dtd = "<!DOCTYPE rss [<!ENTITY l0 \"flood flood flood flood\">".to_owned();
        for n in 1..30 {
            let inner = format!("&l{};", n - 1).repeat(10);
            dtd += &format!("<!ENTITY l{n} \"{inner}\">");
        }
        ok(format!("{dtd}]>{}", asked.news("1").replace(" 1<", " 1&l29;<")))
    })
    .judge(|saw| {
        assert!(saw.titles().iter().all(|title| title.len() < 1000));
        assert!(saw.titles().len() == 1 || saw.reasons().len() == 1);
    })
}

/// [`super::secrets_are_told_nowhere`] looks for it.
pub const PASSWORD: &str = "open-sesame-93";

fn g7_a_password_in_the_url_is_told_nowhere() -> Situation {
    let url: fn(&Town, &str) -> String = |town, path| {
        format!(
            "http://reader:{PASSWORD}@{}{path}?token=tok-{PASSWORD}",
            town.authority(Place::Main)
        )
    };
    Situation::new(|asked| match asked.nth {
        0 => status(500),
        1 => moved(302, "ftp://nowhere/"),
        _ => ok(asked.news("1")).framed(super::reply::Framing::Claims(9)),
    })
    .at(At::Url(url))
    .judge(|saw| assert!(saw.asked.iter().all(|asked| asked.header("authorization").is_some())))
}

fn g7_a_password_in_a_redirect_is_told_nowhere() -> Situation {
    Situation::new(|asked| match asked.rest() {
        "" => {
            let there = asked.url(Place::Main, "/there");
            moved(302, there.replace("http://", &format!("http://reader:{PASSWORD}@")))
        }
        _ => status(500),
    })
    .judge(|saw| {
        assert_eq!(saw.reasons(), ["server_error"]);
        assert!(saw.asked.iter().all(|asked| asked.header("authorization").is_none()));
    })
}

fn g8_basic_credentials_are_sent() -> Situation {
    Situation::new(|asked| match asked.text("authorization") {
        // "Aladdin:open sesame", RFC 7617 §2.
        Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") => ok(asked.news("1")),
        _ => status(401),
    })
    .config("username = \"Aladdin\"\npassword = \"open sesame\"")
    .reads("1")
}

fn g8_headers_are_sent_as_written() -> Situation {
    Situation::new(|asked| match (asked.text("authorization"), asked.text("x-api-key")) {
        (Some("Bearer a.b-c_d~"), Some("k=1; \"q\"")) => ok(asked.news("1")),
        _ => status(403),
    })
    .config("headers = { Authorization = \"Bearer a.b-c_d~\", X-Api-Key = 'k=1; \"q\"' }")
    .reads("1")
}

fn g8_a_401_is_an_error_with_a_hint_and_no_storm() -> Situation {
    Situation::new(|_| status(401).with("WWW-Authenticate", "Basic realm=\"members\"")).judge(
        |saw| {
            assert_eq!(saw.reasons(), ["unauthorized"]);
            assert!(saw.messages().contains("password_file"), "{}", saw.messages());
            let hasty = saw.gaps().into_iter().filter(|gap| gap.as_millis() < 1900);
            assert_eq!(hasty.count(), 0, "{:?}", saw.gaps());
        },
    )
}

fn g8_a_realm_does_not_get_what_was_not_given() -> Situation {
    Situation::new(|_| status(407).with("Proxy-Authenticate", "Basic realm=\"proxy\"")).judge(
        |saw| {
            assert_eq!(saw.reasons(), ["unauthorized"]);
            assert!(saw.asked.iter().all(|asked| asked.header("proxy-authorization").is_none()));
        },
    )
}

fn g3_a_redirect_without_scheme_hides_no_forbidden_address() -> Situation {
    not_followed(|asked| trap(asked, "127.0.0.1").replace("http:", ""))
}

fn g3_wide_digits_hide_no_forbidden_address() -> Situation {
    not_followed(|asked| trap(asked, "１２７.０.０.１"))
}

fn g3_percent_signs_hide_no_forbidden_address() -> Situation {
    not_followed(|asked| trap(asked, "127.0.0.%31"))
}

fn g3_a_redirect_to_ipv6_of_nothing_is_not_followed() -> Situation {
    not_followed(|asked| trap(asked, "[::]"))
}

fn g3_a_dot_at_the_end_hides_no_forbidden_name() -> Situation {
    not_followed(|asked| trap(asked, "localhost."))
}
