use std::sync::mpsc;

use super::*;
use crate::model::Timestamp;

/// An output that hands each write to the test and waits for leave to go on.
struct Held {
    seen: mpsc::SyncSender<String>,
    leave: mpsc::Receiver<io::Result<usize>>,
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.seen.send(text).map_err(io::Error::other)?;
        let count = self.leave.recv().unwrap_or(Ok(usize::MAX))?;
        Ok(count.min(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench {
    // First, so that the output is no longer held when the stream is dropped.
    leave: mpsc::Sender<io::Result<usize>>,
    seen: mpsc::Receiver<String>,
    stream: LogStream,
}

const ALL: io::Result<usize> = Ok(usize::MAX);

fn bench(limits: Limits) -> Bench {
    let (seen_in, seen) = mpsc::sync_channel(64);
    let (leave, leave_out) = mpsc::channel();
    let held = Output::Writer(Box::new(Held { seen: seen_in, leave: leave_out }));
    let clock = Clock::manual(Timestamp::parse("2026-11-23T22:14:05Z").unwrap());
    let stream = LogStream::start(held, None, None, clock, limits).unwrap();
    Bench { leave, seen, stream }
}

impl Bench {
    fn sees(&self, expected: &str) {
        assert_eq!(self.seen.recv().unwrap(), expected);
    }
}

fn gap(lines: u64) -> String {
    format!(
        "{{\"ts\":\"2026-11-23T22:14:05Z\",\"level\":\"warn\",\"event\":\"log_dropped\",\"lines\":{lines}}}\n"
    )
}

#[test]
fn a_stalled_reader_stops_nobody_and_the_gap_is_told_where_it_is() {
    let bench = bench(Limits { lines: 2, ..Limits::default() });
    bench.stream.write("1\n".into());
    bench.sees("1\n");
    for line in 2..=9 {
        bench.stream.write(format!("{line}\n"));
    }
    assert_eq!(bench.stream.dropped(), 6);
    bench.leave.send(ALL).unwrap();
    bench.sees("2\n");
    bench.stream.write("10\n".into());
    for (leave, expected) in [(ALL, "3\n"), (ALL, gap(6).as_str()), (ALL, "10\n")] {
        bench.leave.send(leave).unwrap();
        bench.sees(expected);
    }
    drop(bench.leave);
    assert!(bench.stream.close(Duration::from_secs(10)));
}

#[test]
fn bytes_are_bounded_too() {
    let bench = bench(Limits { bytes: 8, ..Limits::default() });
    bench.stream.write("a\n".into());
    bench.sees("a\n");
    bench.stream.write("123456\n".into());
    bench.stream.write("7\n".into());
    assert_eq!(bench.stream.dropped(), 1);
    drop(bench.leave);
}

#[test]
fn a_refused_line_is_counted_and_a_torn_one_is_ended() {
    let bench = bench(Limits::default());
    bench.stream.write("lost\n".into());
    bench.stream.write("kept\n".into());
    bench.sees("lost\n");
    bench.leave.send(Ok(2)).unwrap();
    bench.sees("st\n");
    bench.leave.send(Err(ErrorKind::StorageFull.into())).unwrap();
    for expected in ["\n", &gap(1), "kept\n"] {
        bench.sees(expected);
        bench.leave.send(ALL).unwrap();
    }
    assert_eq!(bench.stream.dropped(), 1);
}

#[test]
fn an_output_in_non_blocking_mode_is_tried_again() {
    let bench = bench(Limits::default());
    bench.stream.write("line\n".into());
    bench.sees("line\n");
    bench.leave.send(Ok(2)).unwrap();
    bench.sees("ne\n");
    bench.leave.send(Err(ErrorKind::WouldBlock.into())).unwrap();
    bench.sees("ne\n");
    bench.leave.send(ALL).unwrap();
    assert!(bench.stream.close(Duration::from_secs(10)));
    assert_eq!(bench.stream.dropped(), 0);
}

#[tokio::test]
async fn an_acknowledged_line_is_out_when_the_answer_comes() {
    let bench = bench(Limits::default());
    bench.leave.send(ALL).unwrap();
    bench.leave.send(Err(ErrorKind::BrokenPipe.into())).unwrap();
    bench.stream.write_acked("alert\n".into()).await.unwrap();
    bench.sees("alert\n");
    let error = bench.stream.write_acked("alert\n".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    drop(bench.leave);
    assert!(bench.stream.close(Duration::from_secs(10)));
    let error = bench.stream.write_acked("late\n".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn an_acknowledgement_is_not_waited_for_without_end() {
    let bench = bench(Limits { acked: 1, ack_wait: Duration::from_millis(1), ..Limits::default() });
    bench.stream.write("first\n".into());
    bench.sees("first\n");
    let error = bench.stream.write_acked("given up\n".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let error = bench.stream.write_acked("no room\n".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    bench.stream.write("last\n".into());
    bench.leave.send(ALL).unwrap();
    bench.sees("last\n");
}

#[test]
fn closing_does_not_wait_for_a_reader_that_never_reads() {
    let bench = bench(Limits::default());
    bench.stream.write("stuck\n".into());
    bench.sees("stuck\n");
    assert!(!bench.stream.close(Duration::ZERO));
    bench.stream.write("after\n".into());
    assert_eq!(bench.stream.dropped(), 1);
    drop(bench.leave);
    assert!(bench.stream.close(Duration::from_secs(10)));
}

#[test]
fn text_is_for_terminals_and_for_those_who_ask() {
    let format = |style, color| {
        let output = Output::Writer(Box::new(io::sink()));
        let clock = Clock::manual(Timestamp::from_millis(0));
        LogStream::start(output, style, color, clock, Limits::default()).unwrap().format()
    };
    assert_eq!(format(None, None), LogFormat::Json);
    assert_eq!(format(Some(LogStyle::Json), Some(true)), LogFormat::Json);
    assert_eq!(format(Some(LogStyle::Text), None), LogFormat::Text { color: false });
    assert_eq!(format(Some(LogStyle::Text), Some(true)), LogFormat::Text { color: true });
}
