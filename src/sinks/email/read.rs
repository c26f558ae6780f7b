//! From a `[[sink]]` table to an [`EmailConfig`].

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;

use super::{BODY, EmailConfig, HTML, MailTls, TITLE};
use crate::config::RouteDraft;
use crate::document::{At, Table};
use crate::files::read_route;
use crate::model::{Credentials, Roots, visible};
use crate::sinks::http::read_secret;
use crate::sinks::template::Template;
use crate::sinks::{Around, KindSpec, Reading};

/// Recipients of a sink.
const MAX_TO: usize = 50;

pub(super) fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let host = read_host(table);
    let tls = read_tls(table);
    let port = read_port(table);
    let login = read_login(table, around);
    let from = table.required::<String>("from").and_then(|at| mailbox(table, "from", &at));
    let to = read_to(table);
    let has_reply_to = table.has("reply_to");
    let reply_to = table.get_at::<String>("reply_to");
    let reply_to = reply_to.and_then(|at| mailbox(table, "reply_to", &at));
    let timeout = read_timeout(table);
    let roots = read_ca(table, around);
    let is_own = table.has("body") || table.has("body_file");
    let has_html = table.has("html") || table.has("html_file");
    let title = Template::read(table, around, TITLE);
    let body = Template::read(table, around, BODY);
    let html = Template::read(table, around, HTML);
    let (host, tls, login) = (host?, tls?, login?);
    if tls == MailTls::None && login.is_some() && !is_here(&host.value) {
        let message = "with `tls = \"none\"` the password would go over the network in the clear";
        let problem = table.document().problem(&host.source, message);
        table.note(problem.hint("leave `tls` out, or `username` and the password"));
        return None;
    }
    Some(Arc::new(EmailConfig {
        host: host.value,
        port: port?.unwrap_or(match tls {
            MailTls::StartTls => 587,
            MailTls::Tls => 465,
            MailTls::None => 25,
        }),
        tls,
        login,
        from: from?,
        to: to?,
        reply_to: match reply_to {
            None if has_reply_to => return None,
            reply_to => reply_to,
        },
        timeout: timeout?,
        roots: roots?,
        title: title?,
        body: body?,
        html: Some(html?).filter(|_| has_html || !is_own),
    }))
}

/// Whether `host` is this machine, whose network nobody else listens to.
fn is_here(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read_host(table: &mut Table<'_>) -> Option<At<String>> {
    let host = table.required::<String>("host")?;
    let bare = host.value.trim_matches(['[', ']']);
    let is_name = |name: &str| matches!(url::Host::parse(name), Ok(url::Host::Domain(_)));
    if bare.parse::<IpAddr>().is_ok() || is_name(&host.value) {
        return Some(host);
    }
    let problem = table.document().problem(&host.source, "`host`: expected a name or an address");
    table.note(problem.hint("without scheme and port: host = \"smtp.example.org\""));
    None
}

fn read_tls(table: &mut Table<'_>) -> Option<MailTls> {
    let is_there = table.has("tls");
    let Some(At { value, source }) = table.get_at::<String>("tls") else {
        return (!is_there).then_some(MailTls::StartTls);
    };
    match value.as_str() {
        "starttls" => Some(MailTls::StartTls),
        "tls" => Some(MailTls::Tls),
        "none" => Some(MailTls::None),
        _ => {
            let message = format!("`tls`: \"{}\" is not known", visible(&value));
            let problem = table.document().problem(&source, message);
            table.note(problem.hint("\"starttls\" (port 587), \"tls\" (port 465) or \"none\""));
            None
        }
    }
}

/// `Some(None)` if it is not there.
fn read_port(table: &mut Table<'_>) -> Option<Option<u16>> {
    let is_there = table.has("port");
    let Some(port) = table.get_at::<u32>("port") else { return (!is_there).then_some(None) };
    match u16::try_from(port.value) {
        Ok(number) if number > 0 => Some(Some(number)),
        _ => {
            table.note(table.document().problem(&port.source, "`port`: expected 1 to 65535"));
            None
        }
    }
}

/// `Some(None)` if there is no login.
fn read_login(table: &mut Table<'_>, around: &Around) -> Option<Option<Credentials>> {
    let username = table.get_at::<String>("username");
    let password = read_secret(table, around, ("password", "password_file"))?;
    match (username, password) {
        (Some(username), Some(password)) => {
            Some(Some(Credentials { username: username.value, password }))
        }
        (None, None) => Some(None),
        (Some(username), None) => {
            let problem =
                table.document().problem(&username.source, "`username` without a password");
            table.note(problem.hint("add `password_file = \"…\"`"));
            None
        }
        (None, Some(_)) => {
            let source = table.source().clone();
            let problem = table.document().problem(&source, "a password without a `username`");
            table.note(problem.hint("add `username = \"…\"`"));
            None
        }
    }
}

fn read_to(table: &mut Table<'_>) -> Option<Vec<Mailbox>> {
    let list = table.required::<Vec<At<String>>>("to")?;
    if list.value.is_empty() || list.value.len() > MAX_TO {
        let message = format!("`to`: expected 1 to {MAX_TO} addresses");
        let problem = table.document().problem(&list.source, message);
        table.note(problem.hint("more are reached by the address of a mailing list"));
        return None;
    }
    list.value.iter().map(|at| mailbox(table, "to", at)).collect()
}

fn mailbox(table: &Table<'_>, key: &str, at: &At<String>) -> Option<Mailbox> {
    let document = table.document();
    let Ok(mailbox) = at.value.parse::<Mailbox>() else {
        let problem = document.problem(&at.source, format!("`{key}`: expected a mail address"));
        table.note(problem.hint("\"name@host\" or \"Name <name@host>\""));
        return None;
    };
    if !AsRef::<str>::as_ref(&mailbox.email).is_ascii() {
        let message = format!("`{key}`: an address with letters outside ASCII");
        let problem = document.problem(&at.source, message);
        table.note(problem.hint("write the domain in its ASCII form (xn--…)"));
        return None;
    }
    Some(mailbox)
}

fn read_timeout(table: &mut Table<'_>) -> Option<Duration> {
    let is_there = table.has("timeout");
    let Some(at) = table.get_at::<Duration>("timeout") else {
        return (!is_there).then_some(Duration::from_secs(30));
    };
    if (Duration::from_millis(100)..=Duration::from_secs(600)).contains(&at.value) {
        return Some(at.value);
    }
    let problem = table.document().problem(&at.source, "`timeout` is out of bounds");
    table.note(problem.hint("it may be 100ms to 10m"));
    None
}

/// `Some(None)` if there is none.
fn read_ca(table: &mut Table<'_>, around: &Around) -> Option<Option<Roots>> {
    let is_there = table.has("ca_file");
    let Some(At { value, source }) = table.get_at::<String>("ca_file") else {
        return (!is_there).then_some(None);
    };
    let place = table.document().problem(&source, "").place;
    let draft =
        RouteDraft { ca_file: Some((PathBuf::from(value), place)), ..RouteDraft::default() };
    match read_route(&draft, None, around.base()) {
        Ok(route) => Some(route.roots),
        Err(problem) => {
            table.note(problem);
            None
        }
    }
}
