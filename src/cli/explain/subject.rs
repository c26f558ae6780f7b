//! What is to be explained: given by hand, stored, or read from a document.

use std::collections::HashSet;
use std::path::Path;

use super::ExplainArgs;
use crate::cli::Exit;
use crate::cli::daemon::store_exit;
use crate::cli::input::{Document, Reading, Unreadable, configured, stand_in};
use crate::cli::out::complain;
use crate::engine::plan::Plan;
use crate::model::{FeedId, Item, Reason};
use crate::store::{ItemQuery, OpenMode, SqliteStore, Store, StoreError, StoredItem};

/// An item to be explained.
pub(super) struct Asked {
    pub item: Item,
    /// Its feed; `None` if it is not known.
    pub feed: Option<FeedId>,
    pub tags: Vec<String>,
}

/// All of them.
pub(super) struct Found {
    pub asked: Vec<Asked>,
    /// How many more there are.
    pub left_out: usize,
}

/// There is nothing to explain, which is told already.
pub(super) struct Refusal(pub Exit);

impl Refusal {
    fn trouble(message: &str) -> Self {
        complain(message);
        Self(Exit::Trouble)
    }
}

fn is_url(input: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| input.starts_with(scheme))
}

/// Whether the input can only be the name of something stored.
pub(super) fn is_name(input: &str) -> bool {
    input != "-" && !is_url(input) && !Path::new(input).exists()
}

/// What the command line asks about.
pub(super) async fn find(args: &ExplainArgs, plan: Option<&Plan>) -> Result<Found, Refusal> {
    let mut found = match &args.what.input {
        None => {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let item = Item {
                title: text(&args.what.text),
                summary: text(&args.what.summary),
                content: text(&args.what.content),
                ..Item::default()
            };
            Found { asked: vec![Asked { item, feed: None, tags: Vec::new() }], left_out: 0 }
        }
        Some(input) => of_input(args, plan, input).await?,
    };
    for asked in &mut found.asked {
        if let Some(id) = &args.feed {
            let id = FeedId::new(id);
            asked.tags = tags(plan, &id);
            asked.feed = Some(id);
        }
        if args.language.is_some() {
            asked.item.language.clone_from(&args.language);
        }
    }
    Ok(found)
}

fn tags(plan: Option<&Plan>, id: &FeedId) -> Vec<String> {
    let feed = plan.and_then(|plan| plan.feeds.iter().find(|feed| feed.id == *id));
    feed.map_or_else(Vec::new, |feed| feed.tags.clone())
}

async fn of_input(args: &ExplainArgs, plan: Option<&Plan>, input: &str) -> Result<Found, Refusal> {
    if let Some(plan) = plan
        && (is_url(input) || is_name(input))
    {
        let stored = stored(plan, input, args).await?;
        if !stored.asked.is_empty() {
            return Ok(stored);
        }
    }
    if is_name(input) && input.contains(char::is_whitespace) {
        let item = Item { title: input.to_owned(), ..Item::default() };
        let asked = Asked { item, feed: None, tags: Vec::new() };
        return Ok(Found { asked: vec![asked], left_out: 0 });
    }
    if is_name(input) {
        return Err(Refusal::trouble(&format!(
            "{input}: no such file, and no stored item or alert of that id; a text is given by --text"
        )));
    }
    let told = |error: Unreadable| {
        Refusal::trouble(&format!("{input}: {}: {}", error.reason, error.message))
    };
    let document = Reading::by(plan).open(input).await.map_err(told)?;
    of_document(args, plan, input, &document).map_err(told)
}

/// What the plan's store has under that name.
async fn stored(plan: &Plan, name: &str, args: &ExplainArgs) -> Result<Found, Refusal> {
    let nothing = Found { asked: Vec::new(), left_out: 0 };
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(StoreError::Missing { .. }) => return Ok(nothing),
        Err(error) if is_url(name) => {
            complain(&format!("the store is not looked into: {error}"));
            return Ok(nothing);
        }
        Err(error) => {
            return Err(Refusal(store_exit(&error)));
        }
    };
    let query = ItemQuery {
        name: name.to_owned(),
        feed: args.feed.as_ref().map(FeedId::new),
        limit: args.limit.saturating_add(1),
    };
    let items = store.items_named(query).await;
    let items = items.map_err(|error| Refusal::trouble(&format!("{name}: {error}")))?;
    let ask = |StoredItem { feed, item, .. }: StoredItem| Asked {
        item,
        tags: tags(Some(plan), &feed),
        feed: Some(feed),
    };
    let left_out = items.len().saturating_sub(args.limit);
    Ok(Found { asked: items.into_iter().take(args.limit).map(ask).collect(), left_out })
}

fn of_document(
    args: &ExplainArgs,
    plan: Option<&Plan>,
    input: &str,
    document: &Document,
) -> Result<Found, Unreadable> {
    let parsed = match document.parse() {
        Ok(parsed) => parsed,
        Err(error) if is_prose(error.reason) => {
            let asked = Asked { item: document.prose(), feed: None, tags: Vec::new() };
            return Ok(Found { asked: vec![asked], left_out: 0 });
        }
        Err(error) => return Err(error),
    };
    let configured = plan.and_then(|plan| configured(plan, input, document));
    let (feed, tags) = match configured {
        Some(feed) => (feed.id.clone(), feed.tags.clone()),
        None => (stand_in(input, document, &parsed), Vec::new()),
    };
    let mut seen = HashSet::new();
    let items: Vec<&Item> =
        parsed.whole_items().iter().filter(|item| seen.insert(item.id.as_str())).collect();
    let ask = |item: &&Item| Asked {
        item: (*item).clone(),
        feed: Some(feed.clone()),
        tags: tags.clone(),
    };
    Ok(Found {
        asked: items.iter().take(args.limit).map(ask).collect(),
        left_out: items.len().saturating_sub(args.limit),
    })
}

/// Whether what was read is no feed, but has something to say.
fn is_prose(reason: Reason) -> bool {
    matches!(reason, Reason::Html | Reason::Blocked | Reason::NotAFeed)
}
