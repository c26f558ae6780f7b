//! Reading the config again while the daemon runs.

use std::sync::Arc;
use std::time::Duration;

use super::{App, Reading, counts, fetcher, tell, warn};
use crate::engine::plan::Plan;
use crate::lifecycle::Systemd;
use crate::model::{Place, Problem};
use crate::observe::events::{PlanLoaded, ReloadFailed};

/// How long running polls may hold up a reload. One that is cut off is made again right away.
const RELOAD_GRACE: Duration = Duration::from_secs(2);

impl App {
    /// Reads the config again. All that can fail comes first; if anything does, the old plan stays
    /// in force.
    pub(super) async fn reload(&mut self, systemd: Systemd) {
        systemd.reloading();
        match self.try_reload().await {
            Ok(()) => self.reading = Reading { at: self.clock.now().wall, well: true },
            Err(count) => {
                self.reading.well = false;
                ReloadFailed { problems: count }.log();
            }
        }
        systemd.ready(&self.status());
    }

    async fn try_reload(&mut self) -> Result<(), usize> {
        let (config, around) = (self.config.clone(), self.around.clone());
        let build = move || {
            let plan = Plan::build(&config, &around)?;
            // A rule that does not do what it says is a mistake; the rules in force do.
            let failed = plan.check_examples();
            if failed.is_empty() { Ok(plan) } else { Err(failed) }
        };
        let built = tokio::task::spawn_blocking(build).await;
        let plan = match built {
            Ok(Ok(plan)) => plan,
            Ok(Err(problems)) => {
                problems.iter().for_each(tell);
                return Err(problems.len());
            }
            Err(_) => return Err(1),
        };
        if plan.store_path != self.plan.store_path {
            let place = Place::File(self.config.clone());
            let problem = Problem::new(place, "`[store] path` cannot change by a reload");
            tell(&problem.hint("restart wirewatch"));
            return Err(1);
        }
        let plan = Arc::new(plan);
        self.rest(RELOAD_GRACE).await;
        let replanned = self.poll.replan(Arc::clone(&plan), fetcher(&plan)).await;
        replanned.map_err(|error| {
            tell(&Problem::new(Place::File(plan.store_path.clone()), error.to_string()));
            1_usize
        })?;
        self.deliver.replan(&plan);
        self.plan = plan;
        self.window.open(self.plan.metrics.listen).await;
        let (feeds, rules, sinks) = counts(&self.plan);
        let config = self.config.display().to_string();
        PlanLoaded { config: &config, feeds, rules, sinks }.log();
        self.plan.warnings.iter().for_each(warn);
        self.warn_of_orphans().await;
        Ok(())
    }
}
