//! A title and a body that make one message. Both may be left empty by a config, not both at once:
//! services refuse a message of nothing.

use std::sync::Arc;

use super::{Part, Template};
use crate::document::Table;
use crate::model::{Batch, Level, SinkName};
use crate::sinks::Reading;
use crate::sinks::message::{Sample, samples};

/// Takes the templates of `title` and `body` out of a table. `None` if they are wrong, or come to
/// nothing for whatever alert; that is noted.
pub(in crate::sinks) fn read_both(
    table: &mut Table<'_>,
    around: &Reading<'_>,
    title: Part,
    body: Part,
) -> Option<(Template, Template)> {
    let keys = [body.key, body.file_key, title.key, title.file_key];
    let place = keys.into_iter().find_map(|key| table.place_of(key));
    let title = Template::read(table, around, title);
    let body = Template::read(table, around, body);
    let (title, body) = (title?, body?);
    let says_something = |batch: &Batch| {
        [&title, &body].iter().any(|template| !template.is_blank(&template.sample(batch)))
    };
    // What asks for something may find it in an alert that is no sample.
    let asks = [&title, &body].iter().any(|t| t.own.as_ref().is_some_and(|own| own.asks));
    let mut samples = samples(around.health).into_iter().map(|Sample { batch, .. }| batch);
    let at_any =
        |batch: &Batch| Level::ALL.iter().any(|level| says_something(&at_level(batch, *level)));
    if asks || samples.any(|batch| at_any(&batch)) {
        return Some((title, body));
    }
    let source = place.unwrap_or_else(|| table.source().clone());
    let message = format!("`{}` and `{}` come to nothing", title.part.key, body.part.key);
    let problem = table.document().problem(&source, message);
    table.note(problem.hint("leave one of them out: what is built in takes its place"));
    None
}

/// `batch` with alerts of this level.
fn at_level(batch: &Batch, level: Level) -> Batch {
    let mut batch = batch.clone();
    for delivery in &mut batch.deliveries {
        Arc::make_mut(&mut delivery.alert).level = level;
    }
    batch
}

/// The texts for `batch`, which `sink` sends. Should both come to nothing, the title is the one that
/// is built in.
pub(in crate::sinks) fn render_both(
    title: &Template,
    body: &Template,
    batch: &Batch,
    sink: &SinkName,
) -> (String, String) {
    let texts = (title.render(batch, sink), body.render(batch, sink));
    if title.is_blank(&texts.0) && body.is_blank(&texts.1) {
        return (title.render_default(batch, ""), texts.1);
    }
    texts
}
