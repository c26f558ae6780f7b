//! What the server says, byte for byte.

use std::time::Duration;

/// An answer, and what becomes of the connection after it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status line and headers; `None`: the body is all there is.
    head: Option<(String, Vec<Vec<u8>>)>,
    body: Vec<u8>,
    framing: Framing,
    after: Vec<Step>,
    pub end: End,
}

/// How the end of the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A Content-Length that is right.
    Length,
    /// A Content-Length that need not be.
    Claims(usize),
    /// Chunks of so many bytes, and the last chunk.
    Chunked(usize),
    /// Chunks of so many bytes; the last chunk is missing.
    Unfinished(usize),
    /// Nothing tells it.
    None,
}

/// One thing that the server does.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Vec<u8>),
    /// Sends the bytes so often, waiting in between.
    Drip(Vec<u8>, Duration, usize),
    /// Does nothing for so long.
    Wait(Duration),
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is kept for the next request.
    Keep,
    /// It is closed in order.
    Close,
    /// It is reset.
    Reset,
    /// Nothing more is said until the client goes.
    Hang,
}

/// A 200 with a body.
pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
    Reply::new("200 OK", body)
}

/// A status with a few words that are no feed.
pub fn status(code: u16) -> Reply {
    Reply::new(&format!("{code} So"), format!("It is {code}.\n"))
}

/// A 304.
pub fn not_modified() -> Reply {
    Reply::new("304 Not Modified", "").framed(Framing::None)
}

/// A redirect.
pub fn moved(code: u16, to: impl AsRef<[u8]>) -> Reply {
    status(code).with("Location", to)
}

/// These bytes; then the connection is closed.
pub fn raw(bytes: impl Into<Vec<u8>>) -> Reply {
    let bytes = bytes.into();
    Reply { head: None, body: bytes, framing: Framing::None, after: Vec::new(), end: End::Close }
}

impl Reply {
    fn new(status: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            head: Some((format!("HTTP/1.1 {status}"), Vec::new())),
            body: body.into(),
            framing: Framing::Length,
            after: Vec::new(),
            end: End::Keep,
        }
    }

    /// One more header.
    pub fn with(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.line([name.as_bytes(), b": ", value.as_ref()].concat())
    }

    /// One more header line as it is.
    pub fn line(mut self, line: impl Into<Vec<u8>>) -> Self {
        if let Some((_, lines)) = &mut self.head {
            lines.push(line.into());
        }
        self
    }

    /// Another status line.
    pub fn status_line(mut self, line: &str) -> Self {
        if let Some((first, _)) = &mut self.head {
            line.clone_into(first);
        }
        self
    }

    /// A Content-Type.
    pub fn kind(self, kind: &str) -> Self {
        self.with("Content-Type", kind)
    }

    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    pub fn then(mut self, step: Step) -> Self {
        self.after.push(step);
        self
    }

    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// What is to be done, in order.
    pub fn steps(self) -> Vec<Step> {
        let mut bytes = Vec::new();
        if let Some((first, lines)) = self.head {
            let mut lines = [vec![first.into_bytes()], lines].concat();
            match self.framing {
                Framing::Length => {
                    lines.push(format!("Content-Length: {}", self.body.len()).into());
                }
                Framing::Claims(length) => lines.push(format!("Content-Length: {length}").into()),
                Framing::Chunked(_) | Framing::Unfinished(_) => {
                    lines.push(b"Transfer-Encoding: chunked".to_vec());
                }
                Framing::None => {}
            }
            if self.end == End::Close {
                lines.push(b"Connection: close".to_vec());
            }
            for line in lines {
                bytes.extend_from_slice(&line);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"\r\n");
        }
        match self.framing {
            Framing::Chunked(size) | Framing::Unfinished(size) => {
                for chunk in self.body.chunks(size) {
                    bytes.extend_from_slice(&chunk_of(chunk));
                }
                if let Framing::Chunked(_) = self.framing {
                    bytes.extend_from_slice(b"0\r\n\r\n");
                }
            }
            _ => bytes.extend_from_slice(&self.body),
        }
        let mut steps = vec![Step::Send(bytes)];
        steps.extend(self.after);
        steps
    }
}

/// One chunk of a chunked body.
pub fn chunk_of(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
