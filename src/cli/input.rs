//! What `scan`, `items` and `explain` read: files, standard input, URLs.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use crate::app::{client_options, fetch_limits};
use crate::config::PollSection;
use crate::engine::plan::Plan;
use crate::fetch::{Answer, Fetch, FetchError, HttpFetch, Request};
use crate::guard::{AllowEntry, Guard};
use crate::model::{Clock, Feed, FeedId, Item, ParsedFeed, Reason, Validators, slug};
use crate::net::Network;
use crate::parse;

/// A document named on the command line.
pub(super) struct Document {
    pub bytes: Vec<u8>,
    pub content_type: Option<String>,
    /// Where it came from, for the links in it.
    pub url: Option<Url>,
}

/// Why it could not be had.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub reason: Reason,
    pub message: String,
}

/// How to read it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Takes the place of what the server says.
    pub content_type: Option<String>,
    /// What links are relative to.
    pub base: Option<Url>,
    /// Addresses beyond those named on the command line that may be fetched.
    pub allow: Vec<AllowEntry>,
    /// Bounds and timeouts.
    pub poll: PollSection,
}

impl Reading {
    /// As the plan has it.
    pub(super) fn by(plan: Option<&Plan>) -> Self {
        let by = |plan: &Plan| Self {
            allow: plan.net.allow.clone(),
            poll: plan.poll.clone(),
            ..Self::default()
        };
        plan.map(by).unwrap_or_default()
    }

    /// Reads `source`: `-`, an http or https URL, else a file.
    pub(super) async fn open(&self, source: &str) -> Result<Document, Unreadable> {
        let is_url = ["http://", "https://"].iter().any(|scheme| source.starts_with(scheme));
        let mut document = if is_url { self.fetch(source).await? } else { self.read(source)? };
        if self.content_type.is_some() {
            document.content_type.clone_from(&self.content_type);
        }
        if self.base.is_some() {
            document.url.clone_from(&self.base);
        }
        Ok(document)
    }

    fn read(&self, source: &str) -> Result<Document, Unreadable> {
        let limit = self.poll.max_decoded;
        let mut bytes = Vec::new();
        let result = if source == "-" {
            std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(Path::new(source))
                .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        };
        if let Err(error) = result {
            return Err(Unreadable { reason: Reason::Input, message: error.to_string() });
        }
        if bytes.len() as u64 > limit {
            let message = format!("larger than {limit} bytes ([poll] max_decoded)");
            return Err(Unreadable { reason: Reason::TooLarge, message });
        }
        Ok(Document { bytes, content_type: None, url: None })
    }

    async fn fetch(&self, source: &str) -> Result<Document, Unreadable> {
        let url = Url::parse(source)
            .map_err(|error| Unreadable { reason: Reason::BadUrl, message: error.to_string() })?;
        let feed = Feed::new(FeedId::new("input"), url);
        // Whoever names an address by hand may ask it; where it redirects to is guarded.
        let named = AllowEntry::parse(&feed.host());
        let guard = Guard::new(self.allow.iter().cloned().chain(named).collect());
        let network = Network::new(guard, client_options(&self.poll));
        let http = HttpFetch::new(Arc::new(network), fetch_limits(&self.poll));
        let validators = Validators::default();
        let now = Clock::System.now().wall;
        let request =
            Request { feed: &feed, url: &feed.url, validators: &validators, reload: false, now };
        let fetched = http.fetch(request).await?;
        let Answer::Body(body) = fetched.answer else {
            let message = "the server says that nothing has changed, though nothing was asked";
            return Err(FetchError::new(Reason::Protocol, message).into());
        };
        let content_type = body.content_type.clone();
        let bytes = body.decode(self.poll.max_decoded)?.into_owned();
        Ok(Document { bytes, content_type, url: Some(fetched.url) })
    }
}

impl From<FetchError> for Unreadable {
    fn from(error: FetchError) -> Self {
        Self { reason: error.reason, message: error.message }
    }
}

impl Document {
    fn input(&self) -> parse::Input<'_> {
        parse::Input {
            bytes: &self.bytes,
            content_type: self.content_type.as_deref(),
            url: self.url.as_ref(),
        }
    }

    /// What it says, if it is no feed: see [`parse::prose`].
    pub(super) fn prose(&self) -> Item {
        parse::prose(&self.input())
    }

    /// Its items.
    pub(super) fn parse(&self) -> Result<ParsedFeed, Unreadable> {
        parse::parse(&self.input())
            .map_err(|error| Unreadable { reason: error.reason(), message: error.to_string() })
    }
}

/// The feed of the config that a document comes from, by its URL or that of `source`.
pub(super) fn configured<'p>(
    plan: &'p Plan,
    source: &str,
    document: &Document,
) -> Option<&'p Arc<Feed>> {
    plan.feeds
        .iter()
        .find(|feed| Some(&feed.url) == document.url.as_ref() || feed.url.as_str() == source)
}

/// The feed that a document is taken for when no config names it: called by its title, else by its
/// host or file.
pub(super) fn stand_in(source: &str, document: &Document, parsed: &ParsedFeed) -> FeedId {
    let from_title = slug(parsed.title.as_deref().unwrap_or_default());
    let from_host = document.url.as_ref().and_then(|url| url.host_str()).map(slug);
    let stem = Path::new(source).file_stem().unwrap_or_default().to_string_lossy();
    [Some(from_title), from_host, Some(slug(&stem))]
        .into_iter()
        .flatten()
        .find(|id| !id.is_empty())
        .map_or_else(|| FeedId::new("stdin"), FeedId::new)
}
