//! Runs a program once, bounded in time and output, and leaves nothing of it behind.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// So much is kept of what a program says on its standard error or output, of its end.
const KEPT: usize = 4 << 10;

/// Bytes that a program may write in all, which are read and thrown away.
pub(super) const MAX_OUTPUT: usize = 64 << 20;

/// How long the pipes of a program that has ended are read on, should others hold them open.
const REST: Duration = Duration::from_millis(500);

/// What to run.
pub(super) struct Run {
    pub command: Command,
    /// Its standard input, whole.
    pub input: Vec<u8>,
    pub timeout: Duration,
}

/// How it went.
#[derive(Debug)]
pub(super) enum Ended {
    /// It ended within its time; `words`: the end of its standard error, or if that is nothing,
    /// of its standard output.
    ByItself { status: ExitStatus, words: Vec<u8> },
    /// It was killed when its time was over.
    Late { words: Vec<u8> },
    /// It was killed because it wrote more than [`MAX_OUTPUT`].
    Loud,
}

/// A program in a process group of its own, which is killed with it when this is dropped.
struct Group(Child);

impl Group {
    fn kill(&self) {
        // The id is there until the program is waited for, and until then nobody else gets it.
        if let Some(pid) = pid(&self.0) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()?).ok()?)
}

/// Starts it, gives it its input, and waits for its end.
///
/// # Errors
/// That it cannot be started or waited for.
pub(super) async fn run(run: Run) -> io::Result<Ended> {
    let Run { mut command, input, timeout: time } = run;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group(command.process_group(0).kill_on_drop(true).spawn()?);
    let child = &mut group.0;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut output, mut words) = (Tail::default(), Tail::default());
    let ended = end_of(pid(child));
    let (within, loud) = {
        let talk = async {
            let give = async {
                if let Some(mut stdin) = stdin {
                    // It need not read, and may close its end.
                    let _ = stdin.write_all(&input).await;
                    let _ = stdin.shutdown().await;
                }
            };
            let hear = async {
                tokio::try_join!(drain(stdout, &mut output), drain(stderr, &mut words)).is_err()
            };
            tokio::join!(give, hear).1
        };
        let mut talk = pin!(talk);
        match timeout(time, until(ended, talk.as_mut())).await {
            Err(_) => (None, false),
            Ok((ended, Some(loud))) => (Some(ended), loud),
            Ok((ended, None)) => {
                // The rest of what it said; and what others say that hold its pipes open.
                let loud = timeout(REST, talk).await.unwrap_or(false);
                (Some(ended), loud)
            }
        }
    };
    group.kill();
    let words = if words.bytes.trim_ascii().is_empty() { output.bytes } else { words.bytes };
    match within {
        _ if loud => Ok(Ended::Loud),
        None => Ok(Ended::Late { words }),
        Some(ended) => {
            ended?;
            Ok(Ended::ByItself { status: group.0.wait().await?, words })
        }
    }
}

/// Waits for `ended`, and lets `talk` go on meanwhile; the latter's answer if it came. If it is
/// that too much was said, that is the end.
async fn until(
    ended: impl Future<Output = io::Result<()>>,
    mut talk: impl Future<Output = bool> + Unpin,
) -> (io::Result<()>, Option<bool>) {
    let mut ended = pin!(ended);
    tokio::select! {
        ended = &mut ended => (ended, None),
        loud = &mut talk => (if loud { Ok(()) } else { ended.await }, Some(loud)),
    }
}

/// The end of a program, which is not waited for in the system's sense: its id stays its own, so
/// that its group can be killed without fear of hitting another's.
async fn end_of(pid: Option<Pid>) -> io::Result<()> {
    let Some(pid) = pid else { return Ok(()) };
    let wait = move || loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map(drop),
        }
    };
    tokio::task::spawn_blocking(wait).await?.map_err(io::Error::from)
}

/// The end of a stream.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    total: usize,
}

/// More was written than is read.
struct TooMuch;

impl Tail {
    fn take(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        self.total = self.total.saturating_add(bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.bytes.drain(..self.bytes.len().saturating_sub(KEPT));
        if self.total > MAX_OUTPUT { Err(TooMuch) } else { Ok(()) }
    }
}

async fn drain(stream: Option<impl AsyncRead + Unpin>, tail: &mut Tail) -> Result<(), TooMuch> {
    let Some(mut stream) = stream else { return Ok(()) };
    let mut buffer = vec![0; 16 << 10];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return Ok(()),
            Ok(count) => tail.take(&buffer[..count])?,
        }
    }
}
