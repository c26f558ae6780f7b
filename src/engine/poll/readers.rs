//! Threads that read documents: as many as processors, and one for large documents.
//!
//! They are threads of our own, not those that the runtime lends to whatever blocks, so that few
//! threads ever hold a document: an allocator keeps for each thread what it once needed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// Some threads that do one job each at a time, in the order of asking. They end when this is
/// dropped and what they do is done.
#[derive(Debug)]
pub(super) struct Readers {
    jobs: mpsc::Sender<Job>,
}

impl Readers {
    /// So many threads, or fewer if the system gives no more.
    pub(super) fn start(threads: usize) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>(1);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            let next = move || queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            let work = move || {
                while let Some(job) = next() {
                    // Whoever asked hears of a panic by its answer not coming.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            if thread::Builder::new().name("reader".to_owned()).spawn(work).is_err() {
                break;
            }
        }
        Self { jobs }
    }

    /// Does `work` when a thread is free. `None` if it panicked, or if there is no thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move || drop(answer.send(work())));
        self.jobs.send(job).await.ok()?;
        done.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn every_job_is_done_by_few_threads_and_a_panic_ends_none() {
        let readers = Readers::start(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..50).map(|n| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            readers.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                assert!(n % 10 != 0, "told to panic");
                n
            })
        });
        let done = futures_util::future::join_all(jobs).await;
        let expected: Vec<Option<usize>> = (0..50).map(|n| (n % 10 != 0).then_some(n)).collect();
        assert_eq!(done, expected);
        assert!(most.load(Ordering::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn without_a_thread_the_answer_is_none() {
        assert_eq!(Readers::start(0).run(|| 1).await, None);
    }
}
