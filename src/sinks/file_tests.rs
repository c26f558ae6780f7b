use std::fs;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};

use tempfile::TempDir;

use super::super::tests::{alert, context, deliveries};
use super::*;
use crate::model::{Alert, Bookmark};

/// A folder with a file of alerts, and a sink that may die and come back.
struct Bench {
    folder: TempDir,
    config: FileConfig,
    settled: Option<Bookmark>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        Self { folder, config: FileConfig { path, rotate_size: None, keep: 3 }, settled: None }
    }

    fn rotating(lines: u64) -> Self {
        let mut bench = Self::new();
        bench.config.rotate_size = Some(lines * line(10).len() as u64);
        bench
    }

    fn sink(&self) -> Box<dyn Sink> {
        self.config.build(&SinkName::new("file"), &context(self.settled.clone())).unwrap()
    }

    /// Delivers and settles.
    async fn settle(&mut self, sink: &dyn Sink, numbers: impl IntoIterator<Item = u32>) {
        self.settled = deliver(sink, numbers).await.bookmark;
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.config.path).unwrap()
    }

    fn sibling(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn numbers(&self) -> Vec<u32> {
        numbers(&self.config.path)
    }

    /// The numbers of the alerts in all files of the folder.
    fn all(&self) -> Vec<u32> {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let mut all: Vec<u32> = files.flat_map(|file| numbers(&file.unwrap().path())).collect();
        all.sort_unstable();
        all
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).open(&self.config.path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

async fn deliver(sink: &dyn Sink, numbers: impl IntoIterator<Item = u32>) -> Attempt {
    let batch = deliveries(numbers);
    let attempt = sink.deliver(&batch).await;
    assert_eq!(attempt.outcomes, vec![Outcome::Delivered; batch.len()]);
    attempt
}

fn line(number: u32) -> String {
    crate::model::json_line(&alert(number)).unwrap() + "\n"
}

/// The numbers of the alerts in a file, every line of which must be a whole one.
fn numbers(path: &Path) -> Vec<u32> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "torn: {text:?}");
    let number = |line: &str| {
        let alert: Alert = serde_json::from_str(line).unwrap();
        alert.item.id.strip_prefix("item-").unwrap().parse().unwrap()
    };
    text.lines().map(number).collect()
}

fn refused(attempt: &Attempt) -> (Reason, String) {
    let Outcome::Retry { reason, message, after: None } = &attempt.outcomes[0] else {
        panic!("{attempt:?}")
    };
    assert!(attempt.outcomes.iter().all(|outcome| *outcome == attempt.outcomes[0]));
    assert_eq!(attempt.bookmark, None);
    (*reason, message.clone())
}

#[tokio::test]
async fn alerts_are_lines_in_order() {
    let bench = Bench::new();
    let sink = bench.sink();
    assert!(!bench.config.path.exists(), "building leaves no trace");
    deliver(&*sink, [3, 1, 2]).await;
    deliver(&*sink, [2, 5, 5]).await;
    assert_eq!(bench.numbers(), [3, 1, 2, 5]);
    assert_eq!(bench.text().lines().next(), Some(line(3).trim_end()));
    assert_eq!(deliver(&*sink, []).await.outcomes, []);
}

#[tokio::test]
async fn a_crash_before_the_settling_repeats_nothing() {
    let mut bench = Bench::new();
    for first_settled in [false, true] {
        let sink = bench.sink();
        if first_settled {
            bench.settle(&*sink, [1]).await;
        }
        deliver(&*sink, [1, 2, 3]).await;
        drop(sink);
        let sink = bench.sink();
        deliver(&*sink, [2, 3, 4]).await;
        deliver(&*sink, [1]).await;
        assert_eq!(bench.numbers(), [1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn a_later_settling_does_not_hide_an_earlier_unsettled_line() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    deliver(&*sink, [1]).await;
    bench.settle(&*sink, [2]).await;
    drop(sink);
    let sink = bench.sink();
    bench.settle(&*sink, [2]).await;
    drop(sink);
    deliver(&*bench.sink(), [1, 2]).await;
    assert_eq!(bench.numbers(), [1, 2]);
}

#[tokio::test]
async fn a_torn_line_is_cut_off_and_written_anew() {
    for settled_first in [false, true] {
        for length in [1, 9, 40, line(2).len() - 1] {
            let mut bench = Bench::new();
            let sink = bench.sink();
            if settled_first {
                bench.settle(&*sink, [1]).await;
            } else {
                deliver(&*sink, [1]).await;
            }
            drop(sink);
            let cut = line(2).floor_char_boundary(length);
            bench.append(&line(2)[..cut]);
            deliver(&*bench.sink(), [1, 2]).await;
            assert_eq!(bench.numbers(), [1, 2], "{length}");
        }
    }
}

#[tokio::test]
async fn what_others_wrote_stays() {
    let bench = Bench::new();
    fs::write(&bench.config.path, "a note\nwithout end").unwrap();
    let sink = bench.sink();
    deliver(&*sink, [1]).await;
    bench.append("more");
    deliver(&*sink, [2]).await;
    bench.append(&line(3));
    deliver(&*sink, [3, 4]).await;
    let expected = ["a note\nwithout end\n", &line(1), "more\n", &line(2), &line(3), &line(4)];
    assert_eq!(bench.text(), expected.concat());
}

#[tokio::test]
async fn a_file_that_others_rename_is_left_and_a_new_one_begun() {
    for recreated in [false, true] {
        let mut bench = Bench::new();
        let sink = bench.sink();
        bench.settle(&*sink, [1, 2]).await;
        fs::rename(&bench.config.path, bench.sibling("alerts.jsonl-20261123")).unwrap();
        if recreated {
            fs::write(&bench.config.path, "").unwrap();
        }
        deliver(&*sink, [2, 3]).await;
        assert_eq!(bench.numbers(), [3]);
        drop(sink);
        deliver(&*bench.sink(), [1, 2, 3, 4]).await;
        assert_eq!(bench.all(), [1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn a_crash_and_a_rename_together_repeat_nothing() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    bench.settle(&*sink, [1]).await;
    deliver(&*sink, [2]).await;
    drop(sink);
    bench.append(&line(3)[..50]);
    fs::rename(&bench.config.path, bench.sibling("alerts.jsonl.1")).unwrap();
    deliver(&*bench.sink(), [1, 2, 3]).await;
    assert_eq!(bench.numbers(), [3]);
    assert_eq!(bench.all(), [1, 2, 3], "and the torn line is gone from the renamed file");
}

#[tokio::test]
async fn a_renamed_file_that_is_only_for_reading_is_read_all_the_same() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    bench.settle(&*sink, [1]).await;
    deliver(&*sink, [2]).await;
    drop(sink);
    let renamed = bench.sibling("alerts.jsonl-20261123");
    fs::rename(&bench.config.path, &renamed).unwrap();
    fs::set_permissions(&renamed, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    deliver(&*bench.sink(), [1, 2, 3]).await;
    assert_eq!(bench.all(), [1, 2, 3]);
}

#[tokio::test]
async fn a_file_that_others_empty_is_written_from_its_start() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    bench.settle(&*sink, [1, 2]).await;
    OpenOptions::new().write(true).open(&bench.config.path).unwrap().set_len(0).unwrap();
    deliver(&*sink, [3]).await;
    assert_eq!(bench.text(), line(3));
    drop(sink);
    deliver(&*bench.sink(), [3, 4]).await;
    assert_eq!(bench.numbers(), [3, 4]);
}

#[tokio::test]
async fn a_full_file_is_rotated_and_the_oldest_go() {
    let bench = Bench::rotating(2);
    let sink = bench.sink();
    for number in 10..20 {
        deliver(&*sink, [number]).await;
    }
    assert_eq!(bench.numbers(), [18, 19]);
    let kept = ["alerts.jsonl.1", "alerts.jsonl.2", "alerts.jsonl.3"];
    let kept = kept.map(|name| numbers(&bench.sibling(name)));
    assert_eq!(kept, [vec![16, 17], vec![14, 15], vec![12, 13]]);
    assert!(!bench.sibling("alerts.jsonl.4").exists());
    deliver(&*sink, 20..25).await;
    assert_eq!(bench.numbers(), [20, 21, 22, 23, 24], "a batch is never parted");
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_rotation_repeats_nothing() {
    for step in 0..5 {
        let mut bench = Bench::rotating(2);
        let sink = bench.sink();
        bench.settle(&*sink, [10, 11]).await;
        deliver(&*sink, [12, 13]).await;
        deliver(&*sink, [14]).await;
        drop(sink);
        let name = |number: u32| bench.sibling(&format!("alerts.jsonl.{number}"));
        if step >= 1 {
            fs::rename(name(2), name(3)).unwrap();
        }
        if step >= 2 {
            fs::rename(name(1), name(2)).unwrap();
        }
        if step >= 3 {
            fs::rename(&bench.config.path, name(1)).unwrap();
        }
        if step >= 4 {
            fs::write(&bench.config.path, "").unwrap();
        }
        deliver(&*bench.sink(), 10..16).await;
        assert_eq!(bench.all(), [10, 11, 12, 13, 14, 15], "step {step}");
    }
}

#[tokio::test]
async fn a_lost_bookmark_costs_a_reading_and_repeats_nothing() {
    let gone = Bookmark("{\"inode\":1,\"offset\":7}".into());
    let odd = Bookmark("soon".into());
    for bookmark in [None, Some(gone), Some(odd)] {
        let mut bench = Bench::rotating(2);
        let sink = bench.sink();
        for number in 10..15 {
            deliver(&*sink, [number]).await;
        }
        drop(sink);
        bench.settled = bookmark;
        deliver(&*bench.sink(), 10..16).await;
        assert_eq!(bench.all(), [10, 11, 12, 13, 14, 15]);
    }
}

#[tokio::test]
async fn a_bookmark_that_points_into_a_line_is_not_believed() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    deliver(&*sink, [1, 2]).await;
    drop(sink);
    let inode = fs::metadata(&bench.config.path).unwrap().ino();
    bench.settled = Some(Bookmark(format!("{{\"inode\":{inode},\"offset\":30}}")));
    deliver(&*bench.sink(), [1, 2, 3]).await;
    assert_eq!(bench.numbers(), [1, 2, 3]);
}

#[tokio::test]
async fn only_the_end_of_a_long_file_is_read_back() {
    let mut bench = Bench::new();
    let sink = bench.sink();
    let mut last = None;
    for batch in 0..40 {
        last = deliver(&*sink, batch * 120..(batch + 1) * 120).await.bookmark;
    }
    let text = bench.text();
    let offset = text.split_inclusive('\n').take(4800 - 4096).map(str::len).sum::<usize>();
    let inode = fs::metadata(&bench.config.path).unwrap().ino();
    let expected = format!("{{\"inode\":{inode},\"offset\":{offset}}}");
    assert_eq!(last, Some(Bookmark(expected)));
    drop(sink);
    bench.settled = last;
    deliver(&*bench.sink(), 704..4801).await;
    assert_eq!(bench.numbers(), (0..4801).collect::<Vec<u32>>());
}

/// Lets so many bytes through, then answers `error` once for each call until it is told otherwise.
fn failing(bench: &Bench, room: usize, error: ErrorKind, times: usize) -> FileSink {
    let (mut room, mut times) = (room, times);
    let appender = Appender::new(bench.config.clone(), bench.settled.as_ref()).with_write(
        Box::new(move |mut file, bytes| {
            if bytes.len() <= room {
                room -= bytes.len();
                return file.write(bytes);
            }
            if room > 0 {
                let part = std::mem::take(&mut room);
                return file.write(&bytes[..part]);
            }
            times = times.saturating_sub(1);
            if times == 0 {
                room = usize::MAX;
            }
            Err(error.into())
        }),
    );
    FileSink { appender: Arc::new(Mutex::new(appender)) }
}

#[tokio::test]
async fn a_full_disk_leaves_no_trace_of_the_batch() {
    let bench = Bench::new();
    let sink = failing(&bench, line(1).len() + line(2).len() + 30, ErrorKind::StorageFull, 1);
    deliver(&sink, [1]).await;
    let (reason, message) = refused(&sink.deliver(&deliveries([2, 3, 4])).await);
    assert_eq!(reason, Reason::DiskFull);
    assert!(message.contains("alerts.jsonl: "), "{message}");
    assert_eq!(bench.text(), line(1));
    deliver(&sink, [2, 3, 4]).await;
    assert_eq!(bench.numbers(), [1, 2, 3, 4]);
}

#[tokio::test]
async fn other_write_errors_are_told_apart_and_interruptions_are_none() {
    let bench = Bench::new();
    let sink = failing(&bench, 10, ErrorKind::PermissionDenied, 1);
    assert_eq!(refused(&sink.deliver(&deliveries([1])).await).0, Reason::Write);
    assert_eq!(bench.text(), "");
    drop(sink);
    let sink = failing(&bench, 10, ErrorKind::Interrupted, 3);
    deliver(&sink, [1]).await;
    assert_eq!(bench.numbers(), [1]);
}

#[tokio::test]
async fn a_rotation_that_fails_is_told_and_loses_nothing() {
    let mut bench = Bench::rotating(1);
    bench.config.keep = 1;
    let sink = bench.sink();
    deliver(&*sink, [10]).await;
    fs::create_dir(bench.sibling("alerts.jsonl.1")).unwrap();
    assert_eq!(refused(&sink.deliver(&deliveries([11])).await).0, Reason::Write);
    assert_eq!(bench.text(), line(10));
    fs::remove_dir(bench.sibling("alerts.jsonl.1")).unwrap();
    deliver(&*sink, [11]).await;
    assert_eq!(bench.all(), [10, 11]);
}

#[tokio::test]
async fn a_second_writer_is_kept_out() {
    let bench = Bench::new();
    let first = bench.sink();
    deliver(&*first, [1]).await;
    let second = bench.sink();
    let (reason, message) = refused(&second.deliver(&deliveries([1, 2])).await);
    assert_eq!(reason, Reason::Write);
    assert!(message.contains("another sink or process"), "{message}");
    drop(first);
    deliver(&*second, [1, 2]).await;
    assert_eq!(bench.numbers(), [1, 2]);
}

#[tokio::test]
async fn a_link_is_followed_and_stays_one() {
    let mut bench = Bench::rotating(1);
    let target = bench.sibling("target");
    fs::write(&target, "").unwrap();
    symlink(&target, &bench.config.path).unwrap();
    let sink = bench.sink();
    bench.settle(&*sink, [10]).await;
    deliver(&*sink, [11]).await;
    drop(sink);
    deliver(&*bench.sink(), [10, 11]).await;
    assert_eq!(numbers(&target), [11]);
    assert_eq!(numbers(&bench.sibling("target.1")), [10]);
    assert!(fs::symlink_metadata(&bench.config.path).unwrap().is_symlink());
}

#[tokio::test]
async fn the_folder_is_made_if_the_one_above_is_there() {
    let mut bench = Bench::new();
    bench.config.path = bench.folder.path().join("new/alerts.jsonl");
    let sink = bench.sink();
    assert!(!bench.folder.path().join("new").exists(), "building leaves no trace");
    deliver(&*sink, [1]).await;
    assert_eq!(bench.numbers(), [1]);
}

#[test]
fn what_can_never_be_written_is_refused_when_built() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let cases = [
        (folder.path().join("a/b/alerts.jsonl"), "folder"),
        (folder.path().join("file/alerts.jsonl"), ""),
        (folder.path().to_owned(), "not a regular file"),
        (PathBuf::from("/dev/null"), "not a regular file"),
    ];
    for (path, expected) in cases {
        let config = FileConfig { path: path.clone(), rotate_size: None, keep: 5 };
        let error = config.build(&SinkName::new("mine"), &context(None)).err().unwrap();
        let start = format!("sink \"mine\": cannot write to {}", path.display());
        assert_eq!(error.to_string(), start);
        assert_eq!(error.reason(), Reason::Write);
        assert!(error.source.unwrap().to_string().contains(expected));
    }
}
