//! What a mail server's answers mean for a delivery: pure decisions.

use super::smtp::{Answer, Failure, Reply, Stage};
use crate::model::{Outcome, Reason};

/// What becomes of a message that could not be handed over at all.
///
/// A 4xx is to be tried again (RFC 5321 §4.2.1). A 5xx to the message itself is final. Before the
/// message has come up, a 5xx tells of the server, the account or the config, not of this message:
/// that is mended sooner or later, so it is tried again.
pub(super) fn failed(failure: &Failure) -> Outcome {
    let retry = |reason, message| Outcome::Retry { reason, message, after: None };
    match failure {
        Failure::Dial(error) => retry(error.reason(), with_source(error)),
        Failure::Refused { stage, reply } => match weigh(*stage, reply.code) {
            Weight::Later(reason) => retry(reason, told(*stage, reply)),
            Weight::Never => {
                Outcome::Refused { reason: Reason::Refused, message: told(*stage, reply) }
            }
        },
        Failure::NoStartTls => {
            let message = "the server offers no STARTTLS; is `tls = \"tls\"` meant?";
            retry(Reason::Tls, message.to_owned())
        }
        Failure::NoMechanism => {
            let message = "the server offers no way to log in that we know: PLAIN, LOGIN";
            retry(Reason::Unauthorized, message.to_owned())
        }
        Failure::Broken { stage, why } => {
            retry(Reason::Truncated, format!("the connection broke at {}: {why}", stage.name()))
        }
        Failure::Protocol { stage, why } => {
            retry(Reason::Protocol, format!("no answer that SMTP knows at {}: {why}", stage.name()))
        }
        Failure::Late { stage, within } => {
            let message = format!("not done within {within:?}; it had come to {}", stage.name());
            retry(Reason::Timeout, message)
        }
    }
}

/// What becomes of a message of which each recipient's server had its say. It is delivered when all
/// have it. As long as one may take it later it is tried again, for that one; else it is refused
/// for those who refuse it, though others have it.
pub(super) fn judge(answers: &[(&str, Answer)]) -> Outcome {
    let mut later: Option<(Reason, String)> = None;
    let mut never: Option<String> = None;
    for (address, answer) in answers {
        let Answer::No(reply) = answer else { continue };
        let message = format!("{address}: {}", told(Stage::To, reply));
        match weigh(Stage::To, reply.code) {
            Weight::Later(reason) => drop(later.get_or_insert((reason, message))),
            Weight::Never => drop(never.get_or_insert(message)),
        }
    }
    let have = answers.iter().filter(|(_, answer)| *answer == Answer::Has).count();
    let others = match (have, answers.len()) {
        (0, _) => String::new(),
        (have, all) => format!(" ({have} of {all} recipients have it)"),
    };
    match (later, never) {
        (Some((reason, message)), _) => {
            Outcome::Retry { reason, message: format!("{message}{others}"), after: None }
        }
        (None, Some(message)) => {
            Outcome::Refused { reason: Reason::Refused, message: format!("{message}{others}") }
        }
        (None, None) => Outcome::Delivered,
    }
}

enum Weight {
    Later(Reason),
    Never,
}

fn weigh(stage: Stage, code: u16) -> Weight {
    match (stage, code) {
        (_, 400..=499) => Weight::Later(Reason::ServerError),
        // RFC 4954 §6 and RFC 8314: log in first, or otherwise, or with a right password.
        (_, 530 | 534 | 535 | 538) | (Stage::LogIn, _) => Weight::Later(Reason::Unauthorized),
        (Stage::Greeting, _) => Weight::Later(Reason::Blocked),
        (Stage::StartTls, _) => Weight::Later(Reason::Tls),
        (Stage::From | Stage::To | Stage::Message, 500..=599) => Weight::Never,
        _ => Weight::Later(Reason::Protocol),
    }
}

fn told(stage: Stage, reply: &Reply) -> String {
    let Reply { code, text } = reply;
    format!("the server said {code} at {}: {text}", stage.name())
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16) -> Reply {
        Reply { code, text: "words".into() }
    }

    #[test]
    fn what_a_reply_means_depends_on_when_it_comes() {
        let (retry, refused) = (true, false);
        let cases = [
            (Stage::Greeting, 421, retry, Reason::ServerError),
            (Stage::Greeting, 554, retry, Reason::Blocked),
            (Stage::StartTls, 454, retry, Reason::ServerError),
            (Stage::StartTls, 502, retry, Reason::Tls),
            (Stage::LogIn, 535, retry, Reason::Unauthorized),
            (Stage::LogIn, 454, retry, Reason::ServerError),
            (Stage::LogIn, 500, retry, Reason::Unauthorized),
            (Stage::From, 530, retry, Reason::Unauthorized),
            (Stage::From, 451, retry, Reason::ServerError),
            (Stage::From, 550, refused, Reason::Refused),
            (Stage::Message, 452, retry, Reason::ServerError),
            (Stage::Message, 552, refused, Reason::Refused),
            (Stage::Message, 554, refused, Reason::Refused),
            (Stage::Message, 250, retry, Reason::Protocol),
        ];
        for (stage, code, again, expected) in cases {
            let outcome = failed(&Failure::Refused { stage, reply: reply(code) });
            let (got, reason, message) = match &outcome {
                Outcome::Retry { reason, message, .. } => (true, *reason, message),
                Outcome::Refused { reason, message } => (false, *reason, message),
                Outcome::Delivered => panic!("{code}"),
            };
            assert_eq!((got, reason), (again, expected), "{stage:?} {code}");
            assert!(message.contains(&code.to_string()) && message.contains("words"), "{message}");
        }
    }

    #[test]
    fn a_message_is_delivered_when_all_have_it() {
        let no = |code| Answer::No(reply(code));
        let cases: [(&[Answer], &str); 8] = [
            (&[Answer::Has], "delivered"),
            (&[Answer::Has, Answer::Has], "delivered"),
            (&[no(550)], "refused"),
            (&[no(450)], "retry"),
            (&[Answer::Has, no(550)], "refused"),
            (&[Answer::Has, no(450)], "retry"),
            (&[no(550), no(450)], "retry"),
            (&[Answer::Has, no(530)], "retry"),
        ];
        for (answers, expected) in cases {
            let named: Vec<_> = answers.iter().map(|answer| ("a@b", answer.clone())).collect();
            let outcome = judge(&named);
            let (got, message) = match &outcome {
                Outcome::Delivered => ("delivered", ""),
                Outcome::Retry { message, .. } => ("retry", message.as_str()),
                Outcome::Refused { message, .. } => ("refused", message.as_str()),
            };
            assert_eq!(got, expected, "{answers:?}");
            let some_have = answers.contains(&Answer::Has) && got != "delivered";
            assert_eq!(message.contains("1 of 2 recipients have it"), some_have, "{message}");
        }
    }
}
