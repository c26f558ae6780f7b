//! The prune engine: what a plan's sinks have to do with what is kept.

use std::sync::Arc;
use std::time::Duration;

use wirewatch::engine::{Pass, PruneEngine};
use wirewatch::model::Level;
use wirewatch::store::Store;

use super::bench::{Bench, HOUR, config};

#[tokio::test]
async fn what_waits_is_kept_past_retention_unless_its_sink_was_removed() {
    let text = config(1, "") + "[store]\nretention = \"1d\"\n";
    let mut bench = Bench::new(&text, Pass::Forever).await;
    bench.raise("A flood", Level::High, &["file"]).await;
    bench.clock.advance(Duration::from_secs(3 * 24 * 3600));
    let waiting = async |bench: &Bench| -> u64 {
        bench.store.outbox().await.unwrap().iter().map(|sink| sink.waiting).sum()
    };
    let dyn_store: Arc<dyn Store> = bench.store.clone();
    let mut prune = PruneEngine::new(dyn_store, bench.clock.clone());
    prune.finish(&bench.plan).await;
    assert_eq!(waiting(&bench).await, 1, "the sink is there");
    bench.reload(&text.replace("kind = \"file\"", "kind = \"file\"\nname = \"other\"")).await;
    bench.clock.advance(HOUR);
    prune.finish(&bench.plan).await;
    assert_eq!(waiting(&bench).await, 0);
    assert!(bench.events().contains(&"pruned".to_owned()), "{:?}", bench.events());
}
