use super::*;
use crate::model::{
    Alert, AlertFeed, AlertRule, Delivery, FeedId, Form, Item, Level, RuleId, Status,
};
use crate::retry;

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn delivery(row: i64, attempts: u32, first_failed: Option<i64>) -> Delivery {
    let feed = AlertFeed { id: FeedId::new("f"), title: String::new(), url: String::new() };
    let item = Item { id: row.to_string(), ..Item::default() };
    let rule = AlertRule {
        id: RuleId::new("r"),
        title: String::new(),
        level: Level::Low,
        status: Status::Stable,
        tags: vec![],
        matches: vec![],
    };
    let alert = Arc::new(Alert::raise(feed, &item, vec![rule], at(0)));
    Delivery { row, alert, attempts, first_failed: first_failed.map(at), message: None }
}

fn retry(after: Option<Duration>) -> Outcome {
    Outcome::Retry { reason: Reason::Timeout, message: "slow\u{202e}".into(), after }
}

fn judged(deliveries: Vec<Delivery>, outcomes: Vec<Outcome>) -> (Vec<Settlement>, Tally) {
    judged_as(Form::Lines, false, deliveries, outcomes)
}

fn judged_as(
    form: Form,
    in_part: bool,
    deliveries: Vec<Delivery>,
    outcomes: Vec<Outcome>,
) -> (Vec<Settlement>, Tally) {
    let batch = Batch::new(deliveries, form);
    let answer = Attempt { outcomes, bookmark: None, in_part };
    let pacing = Pacing { give_up_after: Some(24 * HOUR), ..Pacing::default() };
    judge(&batch, &answer, (&pacing, retry::DELIVERY), (at(0), at(100_000), at(100_000)))
}

fn due(settlement: &Settlement) -> Duration {
    match &settlement.verdict {
        Verdict::Retry { due, .. } => due.since(at(100_000)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_row_has_its_verdict() {
    let refused = Outcome::Refused { reason: Reason::Write, message: "no".into() };
    let rows = (1..=4).map(|row| delivery(row, 0, None)).collect();
    let (settlements, tally) = judged(rows, vec![Outcome::Delivered, retry(None), refused]);
    assert_eq!(settlements[0].verdict, Verdict::Delivered);
    assert!(due(&settlements[1]) <= Duration::from_secs(2));
    assert!(matches!(&settlements[2].verdict, Verdict::Dead { message, .. } if message == "no"));
    // A sink that says nothing of a row has not taken it.
    assert!(matches!(settlements[3].verdict, Verdict::Retry { reason: Reason::Internal, .. }));
    assert_eq!((tally.delivered, tally.failed, tally.retried), (1, 3, vec![2, 4]));
    assert_eq!((tally.refused.len(), tally.given_up.len()), (1, 0));
    let failure = tally.failure.unwrap();
    assert_eq!((failure.reason, failure.attempts), (Reason::Timeout, 1));
    assert!(!failure.message.contains('\u{202e}'), "{}", failure.message);
}

#[test]
fn those_that_fail_together_come_again_together() {
    let rows = (1..=3).map(|row| delivery(row, 4, Some(99_000))).collect();
    let (settlements, _) = judged(rows, vec![retry(None); 3]);
    assert_eq!(due(&settlements[0]), due(&settlements[2]));
}

#[test]
fn a_wish_of_the_receiver_is_the_least_wait_and_is_bounded() {
    for (wish, wait) in [(600, 600), (40 * 3600, 24 * 3600)] {
        let wish = Some(Duration::from_secs(wish));
        let (settlements, tally) = judged(vec![delivery(1, 0, None)], vec![retry(wish)]);
        assert_eq!(due(&settlements[0]), Duration::from_secs(wait));
        assert_eq!(tally.failure.unwrap().after, Duration::from_secs(wait));
    }
    let (settlements, _) = judged(vec![delivery(1, 30, None)], vec![retry(Some(HOUR / 3600))]);
    assert!(due(&settlements[0]) >= HOUR / 2);
}

#[test]
fn what_has_failed_for_too_long_is_given_up() {
    let rows = vec![delivery(1, 20, Some(13_600)), delivery(2, 20, Some(13_601))];
    let (settlements, tally) = judged(rows, vec![retry(None); 2]);
    assert!(matches!(settlements[0].verdict, Verdict::Dead { reason: Reason::Timeout, .. }));
    assert!(matches!(settlements[1].verdict, Verdict::Retry { .. }));
    assert_eq!((tally.given_up.len(), tally.given_up[0].3, tally.retried), (1, 21, vec![2]));
}

#[test]
fn a_message_of_several_that_is_refused_for_what_it_holds_is_taken_apart() {
    for (form, count, in_part, reason, alone) in [
        (Form::Group, 2, false, Reason::ClientError, true),
        (Form::Digest, 2, false, Reason::Refused, true),
        (Form::CatchUp, 2, false, Reason::TooLarge, true),
        (Form::Single, 1, false, Reason::ClientError, false),
        (Form::Lines, 2, false, Reason::Refused, false),
        // Some recipients of a mail have it.
        (Form::Group, 2, true, Reason::Refused, false),
        // Each by itself would fare no better.
        (Form::Group, 2, false, Reason::Unauthorized, false),
        (Form::Group, 2, false, Reason::Blocked, false),
        (Form::Group, 2, false, Reason::NotFound, false),
        (Form::Group, 2, false, Reason::Gone, false),
    ] {
        let rows = (1..=count).map(|row| delivery(row, 0, None)).collect();
        let outcomes = vec![Outcome::Refused { reason, message: "no".into() }; count as usize];
        let (settlements, tally) = judged_as(form, in_part, rows, outcomes);
        for settlement in &settlements {
            let is_alone = matches!(settlement.verdict, Verdict::Part { .. });
            let is_dead = matches!(settlement.verdict, Verdict::Dead { .. });
            assert_eq!((is_alone, is_dead), (alone, !alone), "{form:?} {in_part} {reason}");
        }
        let count = settlements.len();
        let expected = if alone { (count, 0) } else { (0, count) };
        assert_eq!((tally.parted, tally.refused.len()), expected);
        let refusal = tally.refusal.map(|(reason, _)| reason);
        assert_eq!((refusal, tally.failure), ((!in_part).then_some(reason), None));
    }
}
