//! `demo`: the daemon proper, in front of a newsroom that is bundled with it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::Exit;
use super::out::{Whose, complain, no_color, tell_problems};
use crate::app::App;
use crate::demo::{LENGTH, Newsroom};
use crate::engine::Pass;
use crate::engine::plan::{Plan, Surroundings};
use crate::lifecycle::{Signals, Systemd};
use crate::model::Clock;
use crate::observe::{self, LogStyle, Output};

/// The shipped rules.
const RULES: &str = include_str!("../../config/rules/ukraine.toml");

/// How long after the last item the demonstration goes on.
const AFTER: Duration = Duration::from_secs(4);

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Log as JSON lines instead of text
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<Exit> {
    let signals = Signals::listen().context("cannot listen to signals")?;
    let newsroom = Newsroom::start(Clock::System).await.context("cannot open the newsroom")?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let config = write_config(folder.path(), &newsroom)?;
    let around = Surroundings::default();
    let plan = match Plan::build(&config, &around) {
        Ok(plan) => plan,
        Err(problems) => {
            tell_problems(&problems, Whose::Config);
            return Ok(Exit::Trouble);
        }
    };
    complain(&format!(
        "DEMONSTRATION: everything below is invented. {} feeds on {} publish for {} seconds; the \
         daemon polls them every 2 seconds. State: {}, removed at the end.",
        plan.feeds.len(),
        newsroom.addr(),
        LENGTH.as_secs(),
        folder.path().display(),
    ));
    let log = observe::init(observe::Options {
        output: Output::Stdout,
        style: Some(if args.json { LogStyle::Json } else { LogStyle::Text }),
        color: no_color().then_some(false),
        filter: std::env::var("RUST_LOG").ok(),
        clock: Clock::System,
        limits: observe::Limits::default(),
    })?;
    let app = App::open(plan, around, Clock::System, log, Pass::Forever).await?;
    let end = signals.clone();
    let timer = tokio::spawn(async move {
        tokio::time::sleep(LENGTH + AFTER).await;
        end.end("the demonstration's end");
    });
    app.run(&signals, Systemd::none()).await;
    timer.abort();
    newsroom.stop().await;
    complain("the demonstration is over; `wirewatch run` watches real feeds");
    Ok(Exit::Ok)
}

/// Writes the config that the daemon of the demonstration runs on.
fn write_config(folder: &Path, newsroom: &Newsroom) -> anyhow::Result<std::path::PathBuf> {
    let mut text = format!(
        "rules = [\"rules.toml\"]\n\
         [poll]\ninterval = \"2s\"\nper_host = 8\nper_host_spacing = \"0s\"\nfirst_poll = \"alert\"\n\
         [net]\nallow = [\"{}\"]\n\
         [store]\npath = \"demo.db\"\n\
         [[sink]]\nkind = \"log\"\n",
        newsroom.addr(),
    );
    for feed in newsroom.feeds() {
        let title = feed.title.as_deref().unwrap_or_default();
        write!(
            text,
            "[[feed]]\nid = \"{}\"\nurl = \"{}\"\ntitle = \"{title}\"\n",
            feed.id, feed.url
        )?;
    }
    let config = folder.join("wirewatch.toml");
    std::fs::write(&config, text).context("cannot write the demonstration's config")?;
    std::fs::write(folder.join("rules.toml"), RULES).context("cannot write its rules")?;
    Ok(config)
}
