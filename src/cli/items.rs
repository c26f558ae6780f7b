//! `items`: what wirewatch reads in a document.

use clap::Args;
use serde::Serialize;
use url::Url;

use super::Exit;
use super::input::{Reading, Unreadable};
use super::out::Out;
use crate::model::{FeedKind, Item, ParsedFeed, Reason, Repair, Timestamp, json_line};

#[derive(Debug, Args)]
pub(super) struct ItemsArgs {
    /// The Content-Type to take the documents for, instead of what a server says
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The URL that links in the documents are relative to
    #[arg(long, value_name = "BASE")]
    url: Option<Url>,
    /// Feed documents: files, `-` for standard input, or http(s) URLs
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
}

#[derive(Serialize)]
struct FeedLine<'a> {
    source: &'a str,
    feed: FeedFacts<'a>,
}

#[derive(Serialize)]
struct FeedFacts<'a> {
    title: Option<&'a str>,
    kind: FeedKind,
    items: usize,
    repairs: &'a [Repair],
}

#[derive(Serialize)]
struct ItemLine<'a> {
    source: &'a str,
    item: ItemFacts<'a>,
}

#[derive(Serialize)]
struct ItemFacts<'a> {
    id: &'a str,
    title: &'a str,
    link: Option<&'a str>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    authors: &'a [String],
    language: Option<&'a str>,
    summary: &'a str,
    content: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    source: &'a str,
    error: ErrorFacts<'a>,
}

#[derive(Serialize)]
struct ErrorFacts<'a> {
    reason: Reason,
    message: &'a str,
}

pub(super) async fn run(args: ItemsArgs) -> anyhow::Result<Exit> {
    let reading = Reading { content_type: args.content_type, base: args.url, ..Reading::default() };
    let mut out = Out::new();
    let mut exit = Exit::Ok;
    for source in &args.inputs {
        let parsed = match reading.open(source).await {
            Ok(document) => document.parse(),
            Err(error) => Err(error),
        };
        match parsed {
            Ok(parsed) => print(&mut out, source, &parsed)?,
            Err(Unreadable { reason, message }) => {
                let error = ErrorFacts { reason, message: &message };
                out.line(&json_line(&ErrorLine { source, error })?)?;
                exit = Exit::No;
            }
        }
    }
    out.flush()?;
    Ok(exit)
}

fn print(out: &mut Out, source: &str, parsed: &ParsedFeed) -> anyhow::Result<()> {
    let feed = FeedFacts {
        title: parsed.title.as_deref(),
        kind: parsed.kind,
        items: parsed.items.len(),
        repairs: &parsed.repairs,
    };
    out.line(&json_line(&FeedLine { source, feed })?)?;
    for item in &parsed.items {
        let text = item.text();
        out.line(&json_line(&ItemLine { source, item: facts(item, &text) })?)?;
    }
    Ok(())
}

fn facts<'a>(item: &'a Item, text: &'a str) -> ItemFacts<'a> {
    ItemFacts {
        id: &item.id,
        title: &item.title,
        link: item.link.as_deref(),
        published: item.published,
        updated: item.updated,
        authors: &item.authors,
        language: item.language.as_deref(),
        summary: &item.summary,
        content: &item.content,
        text,
    }
}
