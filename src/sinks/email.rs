//! Alerts by mail.

mod letter;
mod read;
mod smtp;
#[cfg(test)]
pub(super) mod stub;
mod verdict;
mod wire;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials as Login;

use self::letter::{Head, Words, compose};
use self::smtp::{Answer, Security, Server};
use super::blotter::Blotter;
use super::template::markup::{cut_entities, html};
use super::template::{self, Markup, Part, Template};
use super::{BuildContext, Config, Kind, Shape, Sink, SinkError};
use crate::model::{
    Attempt, Batch, Clock, Credentials, MessageKey, Outcome, Reason, Roots, SinkName,
};
use crate::net::{Dialer, tls_client};

/// Sends each message as a mail, over a server that takes mail from you (a submission server: your
/// provider's, or a relay of your own). A mail has a plain text and an HTML part. Delivered means
/// that the server has taken it for every recipient; what becomes of it then, the server tells
/// whoever `from` is.
///
/// A repeat has the same `Message-ID`, which many mailboxes show once only. Filters can go by
/// `X-Wirewatch-Alert`, `X-Wirewatch-Rules`, `X-Wirewatch-Level` and `X-Wirewatch-Form`.
///
/// A temporary answer (4xx), a connection that fails and a login that is refused are tried again. A
/// final answer (5xx) to the sender, a recipient or the mail itself ends the delivery: a dead
/// letter, also if only one of the recipients is refused; the others have the mail then. If one of
/// them is to be asked again, only that one is, unless wirewatch was started anew in between.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// `host`: the mail server. Required. It may lie in your own network.
    pub host: String,
    /// `port`: default 587 with `tls = "starttls"`, 465 with `"tls"`, 25 with `"none"`.
    pub port: u16,
    /// `tls`: `"starttls"` (default) begins in the clear and goes no further if the server does not
    /// offer TLS; `"tls"` is TLS from the start; `"none"` leaves all in the clear, and takes a
    /// password only to this machine.
    pub tls: MailTls,
    /// `username`: what to log in with, by `PLAIN` or `LOGIN`. `password` or `password_file`: the
    /// password, or the file (or `credential:NAME`) that it stands in.
    pub login: Option<Credentials>,
    /// `from`: the sender, `"name@host"` or `"Name <name@host>"`. Required.
    pub from: Mailbox,
    /// `to`: a list of recipients, at least one and at most 50. Required. All see each other.
    pub to: Vec<Mailbox>,
    /// `reply_to`: whom answers go to. Default: `from`.
    pub reply_to: Option<Mailbox>,
    /// `timeout`: for the whole of a mail, from looking the host up. 100ms to 10m; default 30s.
    pub timeout: Duration,
    /// `ca_file`: certificates (PEM) to trust beside the system's: the server's own, or its
    /// authority's.
    pub roots: Option<Roots>,
    /// `title` or `title_file`: template of the subject, cut at 200 characters. Default: level and
    /// headline, with their number if there are several.
    title: Template,
    /// `body` or `body_file`: template of the plain text, cut at 100,000 characters.
    body: Template,
    /// `html` or `html_file`: template of the HTML part, cut at 200,000 characters; if it comes to
    /// nothing, there is none, as there is none with a `body` of your own alone.
    html: Option<Template>,
}

/// How a connection to a mail server is kept from others' eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// STARTTLS, which the server must offer.
    StartTls,
    /// TLS from the start.
    Tls,
    /// Not at all.
    None,
}

pub(super) const KIND: Kind = Kind {
    name: "email",
    summary: "sends mails over an SMTP server",
    example: "\
[[sink]]
kind = \"email\"
host = \"smtp.example.org\"
port = 587
tls = \"starttls\"
username = \"wirewatch\"
password = \"…\"
from = \"Wirewatch <wirewatch@example.org>\"
to = [\"desk@example.org\"]
reply_to = \"desk@example.org\"
timeout = \"30s\"
title = \"{{ level }}: {{ alert.title }}\"
body = \"{% for alert in alerts %}{{ alert.title }}\\n{{ alert.link }}\\n{% endfor %}\"
html = \"{% for alert in alerts %}<p>{{ alert.title }}</p>{% endfor %}\"
",
    shape: Shape::Messages { per_minute: None },
    read: read::read,
};

/// The subject.
const TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: template::TITLE,
    limit: 200,
    markup: Markup::PLAIN,
};
/// The plain text.
const BODY: Part = Part {
    key: "body",
    file_key: "body_file",
    default: include_str!("email/body.txt"),
    limit: 100_000,
    markup: Markup::PLAIN,
};
/// The HTML part.
const HTML: Part = Part {
    key: "html",
    file_key: "html_file",
    default: include_str!("email/body.html"),
    limit: 200_000,
    markup: Markup { escape: html, url: html, cut: cut_entities, ..Markup::PLAIN },
};
/// Messages of which it is known that some recipients have them.
const MAX_PARTLY: usize = 256;
/// Alerts in one mail.
const MAX_BATCH: usize = 100;

impl Config for EmailConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let tls = || {
            tls_client(self.roots.as_ref()).map_err(|error| SinkError {
                sink: name.clone(),
                reason: Reason::Tls,
                message: format!("cannot set up TLS: {error}"),
                source: None,
            })
        };
        let security = match self.tls {
            MailTls::StartTls => Security::StartTls(tls()?),
            MailTls::Tls => Security::Tls(tls()?),
            MailTls::None => Security::None,
        };
        let login = self.login.as_ref();
        let server = Server {
            host: self.host.clone(),
            port: self.port,
            security,
            login: login.map(|login| {
                Login::new(login.username.clone(), login.password.expose().to_owned())
            }),
            within: self.timeout,
            dialer: Dialer::new(self.timeout),
            blotter: Blotter::new(login.map(letter::spellings).unwrap_or_default(), 1),
        };
        let head =
            Head { from: self.from.clone(), to: self.to.clone(), reply_to: self.reply_to.clone() };
        let config = self.clone();
        let clock = context.clock.clone();
        let name = name.clone();
        Ok(Box::new(Email { name, server, head, config, clock, partly: Mutex::default() }))
    }
}

struct Email {
    name: SinkName,
    server: Server,
    head: Head,
    config: EmailConfig,
    clock: Clock,
    /// Of messages that some recipients have and others may take later: who has them.
    partly: Mutex<VecDeque<(MessageKey, Vec<usize>)>>,
}

impl Email {
    /// What became of it, and whether some of the recipients have it.
    async fn send(&self, batch: &Batch) -> (Outcome, bool) {
        let html = self.config.html.as_ref().map(|template| template.render(batch, &self.name));
        let words = Words {
            subject: self.config.title.render(batch, &self.name),
            text: self.config.body.render(batch, &self.name),
            html: html.filter(|html| !html.trim().is_empty()),
        };
        let mail = match compose(&self.head, words, batch, self.clock.now().wall) {
            Ok(mail) => mail,
            Err(error) => {
                let message = format!("cannot write the mail: {error}");
                return (Outcome::Refused { reason: Reason::Internal, message }, false);
            }
        };
        let mut have = self.recall(&batch.key);
        let open: Vec<usize> =
            (0..self.head.to.len()).filter(|index| !have.contains(index)).collect();
        let to: Vec<_> = open.iter().map(|index| &self.head.to[*index].email).collect();
        let answers = match self.server.send(&self.head.from.email, &to, &mail).await {
            Ok(answers) => answers,
            Err(failure) => {
                let in_part = !have.is_empty();
                self.remember(&batch.key, have);
                return (verdict::failed(&failure), in_part);
            }
        };
        let mut all = vec![Answer::Has; self.head.to.len()];
        for (index, answer) in open.into_iter().zip(answers) {
            if answer == Answer::Has {
                have.push(index);
            }
            all[index] = answer;
        }
        let named: Vec<(&str, Answer)> =
            self.head.to.iter().map(|to| to.email.as_ref()).zip(all).collect();
        let (outcome, in_part) = (verdict::judge(&named), !have.is_empty());
        if matches!(outcome, Outcome::Retry { .. }) {
            self.remember(&batch.key, have);
        }
        (outcome, in_part)
    }

    fn recall(&self, key: &MessageKey) -> Vec<usize> {
        let mut partly = self.partly.lock().unwrap_or_else(PoisonError::into_inner);
        let at = partly.iter().position(|(known, _)| known == key);
        at.and_then(|at| partly.remove(at)).map(|(_, have)| have).unwrap_or_default()
    }

    fn remember(&self, key: &MessageKey, have: Vec<usize>) {
        if have.is_empty() {
            return;
        }
        let mut partly = self.partly.lock().unwrap_or_else(PoisonError::into_inner);
        if partly.len() == MAX_PARTLY {
            partly.pop_front();
        }
        partly.push_back((key.clone(), have));
    }
}

#[async_trait]
impl Sink for Email {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::all(Outcome::Delivered, 0);
        }
        let (outcome, in_part) = self.send(batch).await;
        Attempt { in_part, ..Attempt::all(outcome, batch.len()) }
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH
    }
}

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;
