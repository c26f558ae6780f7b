//! Around the client's connector: whether a request needed a new connection, and how long that took.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::trace::Trace;

tokio::task_local! {
    static DIALED: Cell<bool>;
}

/// Runs a request to its head, and answers also whether a connection was made for it; if not, it
/// went out on one that was kept from before, be it that another became free while one was being
/// made.
pub async fn noting_dials<F: Future>(request: F) -> (F::Output, bool) {
    let noted = async {
        let output = request.await;
        (output, DIALED.with(Cell::get))
    };
    DIALED.scope(Cell::new(false), noted).await
}

/// Watches connections being made.
#[derive(Clone, Debug)]
pub(super) struct Watch(pub Option<Arc<Trace>>);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Watched { inner, trace: self.0.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Watched<S> {
    inner: S,
    trace: Option<Arc<Trace>>,
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let trace = self.trace.clone();
        if let Some(trace) = &trace {
            trace.began();
        }
        Box::pin(async move {
            let result = connecting.await;
            if result.is_ok() {
                // A connection that is finished in the background belongs to no request.
                let _ = DIALED.try_with(|dialed| dialed.set(true));
                if let Some(trace) = trace {
                    trace.ready();
                }
            }
            result
        })
    }
}
