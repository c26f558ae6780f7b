//! The command line: one verb, one file. Data goes to stdout, messages to stderr.

mod alerts;
mod backtest;
mod check;
mod daemon;
mod demo;
mod explain;
mod feeds;
mod fetch;
mod input;
mod items;
mod memory;
mod out;
mod outbox;
mod scan;
mod silence;
mod sink;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::config::Overlay;
use crate::engine::plan::{Draft, Plan, Surroundings};
use crate::model::Problem;
use crate::observe::LogStyle;
use crate::sinks::INHERITED;

/// Watches news feeds and tells you of every new item that matches your rules.
#[derive(Debug, Parser)]
#[command(
    name = "wirewatch",
    version,
    after_help = "Exit codes: 0 all is well; 1 a negative answer (scan: nothing matched; test: an example \
        failed; explain: no rule fires; check --strict: a warning; backtest: no item in that time; items, poll: \
        something could not be read or delivered; fetch: no feed came; outbox, silence: nothing by that \
        number or name); 2 trouble, or a wrong \
        command line; 75 what may pass by itself: another wirewatch uses the store, or the disk is full; 78 a bad config, or a state \
        folder or database that cannot be used."
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the daemon: poll every feed when it is due, deliver every alert, until told to end
    Run(daemon::RunArgs),
    /// Poll every feed once, now; deliver the alerts, print a summary, and end
    Poll(daemon::PollArgs),
    /// Match feed documents against the rules; keeps no state
    Scan(scan::ScanArgs),
    /// Print the items of feed documents as wirewatch reads them, as JSON lines
    Items(items::ItemsArgs),
    /// Fetch a feed once and show the whole conversation with its server; keeps no state
    Fetch(fetch::FetchArgs),
    /// Check the config, or rule files alone, and run the rules' own examples; warn of odd rules
    Check(check::CheckArgs),
    /// Run the rules' own examples and tell which fail, and why
    Test(test::TestArgs),
    /// Say why each rule fires on a text or an item, or how near it came
    Explain(explain::ExplainArgs),
    /// Replay the stored items: what other rules would have alerted of
    Backtest(backtest::BacktestArgs),
    /// Print stored alerts, oldest first
    Alerts(alerts::AlertsArgs),
    /// Print how each feed is doing
    Feeds(feeds::FeedsArgs),
    /// Show what waits for the sinks and what they refused; try it again, or drop it
    Outbox(outbox::OutboxArgs),
    /// Keep alerts from the sinks for a while
    Silence(silence::SilenceArgs),
    /// Try a sink with a test alert; print sinks, kinds and examples
    Sink(sink::SinkArgs),
    /// Show it all without a network: half a minute of invented news on this machine
    Demo(demo::DemoArgs),
}

/// Where an installed config lies.
const INSTALLED: &str = "/etc/wirewatch/wirewatch.toml";

/// Which config to use.
#[derive(Clone, Debug, Args)]
struct ConfigArgs {
    /// The config file [default: config/wirewatch.toml here, else /etc/wirewatch/wirewatch.toml]
    #[arg(long, value_name = "FILE", env = "WIREWATCH_CONFIG")]
    config: Option<PathBuf>,
    /// Set one key over file and environment, such as poll.interval=5m (may be repeated)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as poll.interval=5m".to_owned()),
    }
}

/// How to write the log.
#[derive(Clone, Copy, Debug, Args)]
struct LogArgs {
    /// Log as JSON lines, or as text for people [default: text on a terminal, else JSON]
    #[arg(long, value_name = "FORMAT", value_parser = log_style())]
    log_format: Option<LogStyle>,
}

fn log_style() -> impl TypedValueParser<Value = LogStyle> {
    PossibleValuesParser::new(["json", "text"]).try_map(|name| name.parse::<LogStyle>())
}

/// The form in which alerts are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum AlertFormat {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// For people.
    Text,
}

/// How a verb ended, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Ok,
    /// A negative answer.
    No,
    Trouble,
    /// Come back later: the store is in use, or the disk full.
    Later,
    BadConfig,
    /// Ended by a second signal.
    Killed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::No => 1,
            Exit::Trouble => 2,
            Exit::Later => 75,
            Exit::BadConfig => 78,
            Exit::Killed => 130,
        })
    }
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.verb, Verb::Run(_) | Verb::Poll(_)) {
        memory::keep_small();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::complain(&format!("cannot start: {error}"));
            return Exit::Trouble.into();
        }
    };
    let exit = runtime.block_on(async {
        match cli.verb {
            Verb::Run(args) => daemon::run(args).await,
            Verb::Poll(args) => daemon::poll(args).await,
            Verb::Scan(args) => scan::run(args).await,
            Verb::Items(args) => items::run(args).await,
            Verb::Fetch(args) => fetch::run(args).await,
            Verb::Check(args) => check::run(&args),
            Verb::Test(args) => test::run(&args),
            Verb::Explain(args) => explain::run(args).await,
            Verb::Backtest(args) => backtest::run(args).await,
            Verb::Alerts(args) => alerts::run(args).await,
            Verb::Feeds(args) => feeds::run(args).await,
            Verb::Outbox(args) => outbox::run(args).await,
            Verb::Silence(args) => silence::run(args).await,
            Verb::Sink(args) => sink::run(args).await,
            Verb::Demo(args) => demo::run(args).await,
        }
    });
    // Look-ups and reads that hang on foreign machines are no reason to stay.
    runtime.shutdown_background();
    match exit {
        Ok(exit) => exit.into(),
        Err(error) if out::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            out::complain(&format!("{error:#}"));
            Exit::Trouble.into()
        }
    }
}

impl ConfigArgs {
    /// Whether anything of a config is asked for, by flag or environment.
    fn is_given(&self) -> bool {
        self.config.is_some() || !self.set.is_empty()
    }

    fn path(&self) -> PathBuf {
        if let Some(path) = &self.config {
            return path.clone();
        }
        let here = PathBuf::from("config/wirewatch.toml");
        if here.exists() { here } else { PathBuf::from(INSTALLED) }
    }

    fn surroundings(&self) -> Surroundings {
        let vars = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let mut overlay = Overlay::from_env(vars);
        for (key, value) in &self.set {
            overlay.push_flag(key, value);
        }
        let folder =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let inherited =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)));
        Surroundings {
            overlay,
            credentials: folder("CREDENTIALS_DIRECTORY"),
            state: folder("STATE_DIRECTORY"),
            logs: folder("LOGS_DIRECTORY"),
            inherited: inherited.collect(),
            from_outside: false,
            without_secrets: false,
        }
    }

    /// The plan; or nothing, and every problem told on stderr.
    fn plan(&self) -> Option<Plan> {
        self.plan_in(&self.surroundings())
    }

    /// As [`ConfigArgs::plan`], for verbs that poll nothing.
    fn plan_to_look_at(&self) -> Option<Plan> {
        self.plan_in(&Surroundings { from_outside: true, ..self.surroundings() })
    }

    /// The plan as the installed service has it, with its secrets as far as they can be had here.
    fn plan_with_secrets(&self) -> Option<Plan> {
        let mut around = self.surroundings();
        if self.path() == Path::new(INSTALLED) {
            let there = |folder: &str| Some(PathBuf::from(folder)).filter(|path| path.is_dir());
            around.state = around.state.or_else(|| there("/var/lib/wirewatch"));
            around.logs = around.logs.or_else(|| there("/var/log/wirewatch"));
        }
        self.plan_in(&around)
    }

    /// As [`ConfigArgs::plan_to_look_at`], or all problems.
    fn plan_or_problems(&self) -> Result<Plan, Vec<Problem>> {
        let around = Surroundings { from_outside: true, ..self.surroundings() };
        Plan::build(&self.path(), &around)
    }

    /// The plan as the installed service has it, for verbs that look into its store from outside.
    /// No secret is read, so that they work where one is lost.
    fn plan_of_service(&self) -> Option<Plan> {
        self.plan_in(&self.around_service())
    }

    /// The same as far as it goes, for verbs that need to know little but where the store is: a
    /// mistake elsewhere in the config, which is told, does not keep an operator from it.
    fn plan_of_operator(&self) -> Option<Plan> {
        let Draft { plan, problems, store_is_sure } =
            match Plan::draft(&self.path(), &self.around_service()) {
                Ok(draft) => draft,
                Err(problems) => {
                    out::tell_problems(&problems, out::Whose::Config);
                    return None;
                }
            };
        if !problems.is_empty() {
            out::tell_problems(&problems, out::Whose::Config);
        }
        let goes = problems.is_empty() || (store_is_sure && plan.store_path.exists());
        goes.then_some(plan)
    }

    fn around_service(&self) -> Surroundings {
        let seen = self.surroundings();
        let mut around = Surroundings { from_outside: true, without_secrets: true, ..seen };
        let state = PathBuf::from("/var/lib/wirewatch");
        if self.path() == Path::new(INSTALLED) && around.state.is_none() && state.is_dir() {
            around.state = Some(state);
        }
        around
    }

    fn plan_in(&self, around: &Surroundings) -> Option<Plan> {
        match Plan::build(&self.path(), around) {
            Ok(plan) => Some(plan),
            Err(problems) => {
                out::tell_problems(&problems, out::Whose::Config);
                None
            }
        }
    }
}

impl LogArgs {
    fn style(self, plan: &Plan) -> Option<LogStyle> {
        self.log_format.or(plan.log.format)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
