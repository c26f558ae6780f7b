//! Where verbs write.

use std::io::{self, IsTerminal, Write};

use crate::model::Problem;

/// Stdout, buffered; what is left is written by [`Out::flush`].
pub(super) struct Out {
    stream: io::BufWriter<io::StdoutLock<'static>>,
    /// Whether colours make sense.
    pub color: bool,
}

impl Out {
    pub(super) fn new() -> Self {
        let color = io::stdout().is_terminal() && !no_color();
        Self { stream: io::BufWriter::new(io::stdout().lock()), color }
    }

    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { self.stream.write_all(b"\n") }
    }

    /// Brings out what was written so far.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Whether colours are unwanted: `NO_COLOR` is there and not empty (no-color.org).
pub(super) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// One message on stderr. That it cannot be written is no reason for anything.
pub(super) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "wirewatch: {}", crate::model::visible(message));
}

/// One problem, of what the command line gives, on stderr.
pub(super) fn complain_of(problem: &Problem) {
    let _ = writeln!(io::stderr(), "{problem}");
}

/// What problems are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Config,
    /// Rule files named without a config.
    Rules,
}

/// All problems, on stderr.
pub(super) fn tell_problems(problems: &[Problem], whose: Whose) {
    let mut stderr = io::stderr().lock();
    for problem in problems {
        let _ = writeln!(stderr, "{problem}\n");
    }
    let many = if problems.len() == 1 { "problem" } else { "problems" };
    let whose = match whose {
        Whose::Config => "config",
        Whose::Rules => "rules",
    };
    let _ = writeln!(stderr, "wirewatch: {} {many} in the {whose}", problems.len());
}

/// Whether whoever read our output has gone; then there is nothing to complain of.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}
