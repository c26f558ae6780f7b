//! The trial of `email`: a mail server that plays what a mail server does.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Expected, Got, MARKER, Play, Receiver, Stage, Trial};
use crate::model::Reason;
use crate::sinks::email::stub::{CUT, DRIP, HALF, Mode, STALL, Stub};

pub(super) struct MailTrial;

struct MailReceiver {
    stub: Stub,
    play: Arc<Mutex<Play>>,
}

/// At which line of a dialogue a play begins, and what is answered there.
fn script(play: Play) -> Option<(&'static str, &'static str)> {
    Some(match play {
        Play::Status(400) => (".", "554 5.7.1 looks like spam"),
        Play::Status(401) => ("AUTH", "535 5.7.8 wrong"),
        Play::Status(403) => ("greeting", "554 5.7.1 not from your address"),
        Play::Status(404) => ("RCPT", "550 5.1.1 no such user"),
        Play::Status(413) => ("MAIL", "552 5.3.4 too large"),
        Play::Status(429) => ("RCPT", "450 4.7.1 not so fast"),
        Play::Status(500) => (".", "451 4.3.0 trouble"),
        Play::Status(503) => ("greeting", "421 4.3.2 closing"),
        Play::Stall => (".", STALL),
        Play::CutBefore => (".", CUT),
        Play::Cut => (".", HALF),
        Play::Drip => (".", DRIP),
        _ => return None,
    })
}

#[async_trait]
impl Trial for MailTrial {
    fn kind(&self) -> &'static str {
        "email"
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        let play = Arc::new(Mutex::new(Play::Accept));
        let playing = Arc::clone(&play);
        let stub = Stub::start(Mode::StartTls, move |line| {
            match script(*playing.lock().unwrap()) {
                // What was said is said back, as some servers do it.
                Some((at, told)) if line.starts_with(at) => match told.as_bytes() {
                    [b'0'..=b'9', ..] => format!("{told}: {line} {MARKER}"),
                    _ => told.to_owned(),
                },
                _ => String::new(),
            }
        })
        .await;
        std::fs::write(stage.folder.path().join("ca.pem"), &stub.certificate).unwrap();
        Box::new(MailReceiver { stub, play })
    }
}

#[async_trait]
impl Receiver for MailReceiver {
    fn config(&self, timeout: &str) -> String {
        format!(
            "[[sink]]\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"ca.pem\"\n\
             username = \"me\"\npassword = \"{MARKER}\"\nfrom = \"watch@example.org\"\n\
             to = [\"desk@example.org\"]\ntimeout = \"{timeout}\"\n",
            self.stub.port
        )
    }

    async fn play(&self, play: Play) {
        *self.play.lock().unwrap() = play;
        if play == Play::Nobody {
            self.stub.leave().await;
        }
    }

    fn expects(&self, play: Play) -> Option<Expected> {
        use Expected::{Delivered, Refused, Retry};
        Some(match play {
            Play::Accept => Delivered,
            Play::Status(400 | 404 | 413) => Refused(Reason::Refused),
            Play::Status(401) => Retry(Reason::Unauthorized),
            Play::Status(403) => Retry(Reason::Blocked),
            Play::Status(429 | 500 | 503) => Retry(Reason::ServerError),
            Play::Stall | Play::Drip => Retry(Reason::Timeout),
            Play::CutBefore | Play::Cut => Retry(Reason::Truncated),
            Play::Nobody => Retry(Reason::Connect),
            _ => return None,
        })
    }

    async fn got(&self) -> Vec<Got> {
        let got = |mail: crate::sinks::email::stub::Mail| {
            let html = mail.part("text/html").unwrap();
            assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
            for link in html.split("href=\"").skip(1) {
                assert!(link.starts_with("https://example.org/"), "{link}");
            }
            let text = format!("{}\n{}", mail.subject(), mail.part("text/plain").unwrap());
            Got { raw: mail.text, text }
        };
        self.stub.mails().into_iter().map(got).collect()
    }

    fn check(&self, text: &str) {
        assert!(text.chars().count() <= 100_000 + 201, "{}", text.len());
        let lines: Vec<&str> = text.lines().collect();
        assert!(!lines.iter().any(|line| line.starts_with("forged") || *line == "."), "{text}");
    }
}
