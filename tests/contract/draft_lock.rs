//! The draft lock keeps tasks apart, and no result leaves the dataset locked without saying so.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::BoxFuture;
use llmobs_datasets::{
    Dataset, DatasetVersion, DraftLock, Error, ErrorKind, LockedDataset, Outcome, Result,
    RetryPolicy,
};
use tokio::sync::oneshot;

use crate::clock::{Running, TestClock, pass};
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{LOCKED, builder, dataset, one_attempt, runtime};

pub(crate) const LOCK: &str = "draft_state/lock";
pub(crate) const UNLOCK: &str = "draft_state/unlock";
const RESTORE: &str = "restore";

pub(crate) fn locked() -> Step {
    Step::response(200, &[], LOCKED)
}

pub(crate) fn done() -> Step {
    Step::status(200)
}

/// The last path segments of the requests so far.
pub(crate) fn verbs(server: &Server) -> Vec<String> {
    let prefix = format!("/api/v2/llm-obs/v1/{PROJECT_ID}/datasets/{DATASET_ID}/");
    let lines = server.lines().into_iter();
    lines
        .map(|line| line.split_once(&prefix).unwrap().1.to_owned())
        .collect()
}

/// The attempt timeout, which is also the wait for late effects.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);

/// The attempt timeout in real time, for tests with several runtimes: no response takes that long.
const LONG: Duration = Duration::from_secs(2);

/// A dataset whose calls make one attempt, with a timeout that only a request without a response meets.
fn patient(server: &Server) -> Dataset {
    let client = builder(&server.url()).retry(RetryPolicy::none());
    dataset(&client.attempt_timeout(LONG).build().unwrap())
}

/// A dataset of a client with a short timeout and no backoff, and a clock that runs for it.
pub(crate) fn impatient(server: &Server, attempts: u32) -> (Dataset, Running) {
    let clock = TestClock::default();
    let retry = RetryPolicy::default().max_attempts(attempts);
    let client = clock
        .watch(builder(&server.url()))
        .retry(retry.backoff(Duration::ZERO, Duration::ZERO))
        .attempt_timeout(PATIENCE);
    (dataset(&client.build().unwrap()), clock.run(server))
}

/// Lets all other tasks run until they only wait for the server.
pub(crate) async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn restore(locked: LockedDataset) -> Result<u32> {
    Ok(locked.restore(DatasetVersion::new(1)?).await?.attempts())
}

/// Work that reports its start, and then never ends.
async fn never(begun: oneshot::Sender<()>) -> Result<()> {
    begun.send(()).unwrap();
    std::future::pending().await
}

#[tokio::test]
async fn success_unlocks_and_returns_the_value() {
    let server = Server::start([locked(), done(), done()]).await;
    let value = one_attempt(&server).with_draft_lock(restore).await.unwrap();
    assert_eq!(value, 1);
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);
}

#[tokio::test]
async fn a_panic_continues_after_the_unlock() {
    let server = Server::start([locked(), done()]).await;
    let dataset = one_attempt(&server);
    let work = async move {
        dataset
            .with_draft_lock(async |_| -> Result<()> { resume_unwind(Box::new("payload")) })
            .await
    };
    let panic = tokio::spawn(work).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"payload"));
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_dropped_during_the_work_is_released() {
    let server = Server::start([locked(), done()]).await;
    let dataset = one_attempt(&server);
    let (begun, has_begun) = oneshot::channel();
    let task =
        tokio::spawn(async move { dataset.with_draft_lock(async |_| never(begun).await).await });
    has_begun.await.unwrap();
    task.abort();
    server.arrived(2).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_dropped_in_flight_is_released_once_it_is_granted() {
    let (lock, respond) = locked().held();
    let server = Server::start([lock, done()]).await;
    let dataset = one_attempt(&server);
    let task = tokio::spawn(async move { dataset.with_draft_lock(restore).await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    settle().await;
    // An unlock sent now could overtake the lock, and the dataset would stay locked.
    assert_eq!(verbs(&server), [LOCK]);
    respond.notify_one();
    server.arrived(2).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_dropped_in_flight_is_not_released_if_it_is_refused() {
    let (lock, respond) = Step::status(409).held();
    let server = Server::start([lock]).await;
    let dataset = one_attempt(&server);
    let task = tokio::spawn(async move { dataset.draft_lock().await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    respond.notify_one();
    settle().await;
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_lock_is_not_requested_again() {
    let (refused, respond) = Step::status(429).held();
    let server = Server::start([refused]).await;
    let (dataset, _running) = impatient(&server, 4);
    let task = tokio::spawn(async move { dataset.draft_lock().await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    respond.notify_one();
    settle().await;
    assert_eq!(verbs(&server), [LOCK], "nothing is left to release");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_lock_that_may_be_held_is_released_and_not_requested_again() {
    let (unknown, respond) = Step::status(503).held();
    let server = Server::start([unknown, done(), done()]).await;
    let (dataset, _running) = impatient(&server, 4);
    let task = tokio::spawn(async move { dataset.draft_lock().await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    respond.notify_one();
    server.arrived(3).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_dropped_before_it_is_requested_is_not_requested() {
    let server = Server::start([]).await;
    let dataset = one_attempt(&server);
    let mut locking = Box::pin(dataset.draft_lock());
    let polled = std::future::poll_fn(|context| Poll::Ready(locking.as_mut().poll(context)));
    assert!(polled.await.is_pending());
    drop(locking);
    settle().await;
    assert_eq!(verbs(&server), [""; 0]);
}

#[tokio::test]
async fn a_release_continues_if_its_future_is_dropped() {
    let (unlock, respond) = done().held();
    let server = Server::start([locked(), done(), unlock, locked(), done()]).await;
    let dataset = one_attempt(&server);
    let locking = dataset.clone();
    let task = tokio::spawn(async move { locking.with_draft_lock(restore).await });
    server.arrived(3).await;
    task.abort();
    task.await.unwrap_err();
    // The release still has the turn: it would release a lock that overtook it.
    let again =
        tokio::spawn(async move { dataset.with_draft_lock(async |_| Ok::<_, Error>(())).await });
    settle().await;
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);
    respond.notify_one();
    again.await.unwrap().unwrap();
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK, LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_refused_lock_needs_no_unlock() {
    let server = Server::start([Step::status(409)]).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert!(error.is_conflict() && !error.may_be_locked());
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_may_take_effect_late_is_released_twice_before_the_next_turn() {
    for lock in [Step::Stall(Vec::new()), Step::reset(), Step::status(502)] {
        let steps = [lock, done(), done(), locked(), done()];
        let server = Server::start(steps).await;
        let (dataset, _running) = impatient(&server, 1);
        let error = dataset.draft_lock().await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(error.may_be_locked(), "{error}");
        let line = error.to_string();
        let known = "; the lock may still take effect, so another unlock follows in 0.05 s; \
                     wait for it with `Client::shutdown`";
        assert!(line.ends_with(known), "{line}");
        assert_eq!(verbs(&server), [LOCK, UNLOCK]);

        dataset.draft_lock().await.unwrap().unlock().await.unwrap();
        assert_eq!(verbs(&server), [LOCK, UNLOCK, UNLOCK, LOCK, UNLOCK]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_whose_first_attempt_may_take_effect_late_is_released_twice() {
    let server = Server::start([Step::status(503), locked(), done(), done()]).await;
    let (dataset, _running) = impatient(&server, 2);
    dataset.draft_lock().await.unwrap().unlock().await.unwrap();
    assert_eq!(verbs(&server), [LOCK, LOCK, UNLOCK]);
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK, LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn an_unlock_that_may_take_effect_late_ends_before_the_next_turn() {
    // An unconfirmed unlock is repeated.
    let steps = [locked(), Step::Stall(Vec::new()), done(), locked(), done()];
    let server = Server::start(steps).await;
    let (dataset, running) = impatient(&server, 1);
    let error = dataset
        .draft_lock()
        .await
        .unwrap()
        .unlock()
        .await
        .unwrap_err();
    assert!(error.may_be_locked(), "{error}");
    let lock = dataset.draft_lock().await.unwrap();
    assert_eq!(verbs(&server), [LOCK, UNLOCK, UNLOCK, LOCK]);
    lock.unlock().await.unwrap();

    // After a confirmed second attempt, the first one is waited for: it may release the next lock.
    let (lock, respond) = locked().held();
    server.script([locked(), Step::Stall(Vec::new()), done(), lock, done()]);
    drop(running);
    let (dataset, running) = impatient(&server, 2);
    dataset.draft_lock().await.unwrap().unlock().await.unwrap();
    let clock = running.stop();
    let next = dataset.clone();
    let next = tokio::spawn(async move { next.draft_lock().await?.unlock().await });
    settle().await;
    assert_eq!(verbs(&server)[5..], [LOCK, UNLOCK, UNLOCK]);
    let _running = clock.run(&server);
    respond.notify_one();
    next.await.unwrap().unwrap();
    assert_eq!(verbs(&server)[5..], [LOCK, UNLOCK, UNLOCK, LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_granted_lock_without_a_state_is_released() {
    let lock = Step::response(200, &[], "{}");
    let server = Server::start([lock.clone(), done(), lock, Step::status(403)]).await;
    let dataset = one_attempt(&server);
    let error = dataset.draft_lock().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Applied);
    assert!(!error.may_be_locked() && error.unlock_error().is_none());
    assert!(
        error.to_string().ends_with("; unlocked as a precaution"),
        "{error}"
    );

    let error = dataset.with_draft_lock(restore).await.unwrap_err();
    assert!(error.may_be_locked());
    assert!(
        error
            .to_string()
            .contains("; unlocking failed, too: unlock dataset"),
        "{error}"
    );
    let unlock = error.error().unlock_error().unwrap();
    assert_eq!(unlock.kind(), ErrorKind::Forbidden);
    assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, UNLOCK]);
    // `shutdown` still returns a lock that was left behind.
    let left = dataset.client().shutdown(Duration::ZERO).await;
    assert_eq!(left[0].dataset_id(), dataset.dataset_id());
}

#[tokio::test]
async fn work_is_done_under_a_lock_whose_response_lacks_a_documented_part() {
    let state = r#"{"data":{"type":"draft_state_data","attributes":{"user":null}}}"#;
    let server = Server::start([Step::response(200, &[], state), done(), done()]).await;
    let work = async |locked: LockedDataset| {
        assert!(locked.state().is_none());
        restore(locked).await
    };
    one_attempt(&server).with_draft_lock(work).await.unwrap();
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);
}

#[tokio::test]
async fn the_guard_unlocks_keeps_or_drops() {
    let steps = [locked(), Step::status(403), locked(), locked(), done()];
    let server = Server::start(steps).await;
    let dataset = one_attempt(&server);

    let lock = dataset.draft_lock().await.unwrap();
    let name = lock.locked().state().unwrap().user.name.as_deref();
    assert_eq!(name, Some("Jane Doe"));
    assert_eq!(lock.locked().dataset().dataset_id().as_str(), DATASET_ID);
    assert_eq!(
        lock.unlock().await.unwrap_err().kind(),
        ErrorKind::Forbidden
    );

    dataset.draft_lock().await.unwrap().keep();
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());

    drop(dataset.draft_lock().await.unwrap());
    server.arrived(5).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, LOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn an_unlock_that_finds_somebody_elses_lock_reports_the_loss() {
    let server = Server::start([locked(), Step::status(409)]).await;
    let lock = one_attempt(&server).draft_lock().await.unwrap();
    let error = lock.unlock().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockLost);
    assert_eq!(error.status().unwrap().as_u16(), 409);
    assert!(!error.may_be_locked());

    // A conflict isn't a loss if an earlier attempt may have released the lock.
    server.script([locked(), Step::status(503), Step::status(409)]);
    let (dataset, _running) = impatient(&server, 2);
    let error = dataset
        .draft_lock()
        .await
        .unwrap()
        .unlock()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(!error.may_be_locked());
}

#[tokio::test]
async fn shutdown_waits_for_all_releases_and_returns_what_may_be_locked() {
    let (unlock, respond) = done().held();
    let server = Server::start([locked(), unlock]).await;
    let dataset = one_attempt(&server);
    drop(dataset.draft_lock().await.unwrap());
    let left = dataset.client().shutdown(Duration::from_millis(20)).await;
    assert_eq!(left.len(), 1, "the unlock is in flight");
    assert_eq!(left[0].dataset_id(), dataset.dataset_id());

    // Dropping `shutdown` doesn't stop the releases.
    let client = dataset.client().clone();
    let dropped = tokio::spawn(async move { client.shutdown(Duration::MAX).await });
    settle().await;
    dropped.abort();
    respond.notify_one();
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[test]
fn dropped_in_synchronous_code_it_unlocks_on_the_runtime_of_the_lock() {
    let runtime = runtime();
    let (server, lock) = runtime.block_on(async {
        let server = Server::start([locked(), done()]).await;
        let lock = one_attempt(&server).draft_lock().await.unwrap();
        (server, lock)
    });
    drop(lock);
    runtime.block_on(server.arrived(2));
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[test]
fn dropped_in_synchronous_code_in_flight_it_unlocks_there_too() {
    let runtime = runtime();
    let (lock, respond) = locked().held();
    let server = runtime.block_on(Server::start([lock, done()]));
    let dataset = one_attempt(&server);
    let mut locking = Box::pin(dataset.draft_lock());
    runtime.block_on(async {
        tokio::select! {
            biased;
            _ = &mut locking => panic!("the lock is not granted yet"),
            () = server.arrived(1) => {}
        }
    });
    drop(locking);
    respond.notify_one();
    runtime.block_on(server.arrived(2));
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

/// Locks on a runtime that ends.
async fn lock_on_another_runtime(dataset: &Dataset) -> DraftLock {
    let dataset = dataset.clone();
    let lock = move || runtime().block_on(dataset.draft_lock());
    tokio::task::spawn_blocking(lock).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_lock_outlives_its_runtime() {
    let steps = [locked(), done()].into_iter().cycle().take(8);
    // The last unlock panics on its runtime, so that it counts as sent, and is made twice on the thread.
    let server = Server::start(steps.chain([done()]).collect::<Vec<_>>()).await;
    let threads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&threads);
    let client = builder(&server.url()).before_attempt(move |_, _| {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        seen.lock().unwrap().push(name);
    });
    let dataset = dataset(&client.attempt_timeout(LONG).build().unwrap());
    drop(lock_on_another_runtime(&dataset).await);
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());

    let lock = lock_on_another_runtime(&dataset).await;
    lock.unlock().await.unwrap();

    // The current runtime has neither time nor I/O.
    let ends: [fn(DraftLock) -> BoxFuture<'static, ()>; 2] = [
        |lock| Box::pin(async { drop(lock) }),
        |lock| Box::pin(async { drop(lock.unlock().await.unwrap()) }),
    ];
    for end in ends {
        let lock = lock_on_another_runtime(&dataset).await;
        let bare = move || {
            let bare = tokio::runtime::Builder::new_current_thread().build();
            bare.unwrap().block_on(end(lock));
        };
        tokio::task::spawn_blocking(bare).await.unwrap();
        assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
    }
    let turns = [LOCK, UNLOCK].repeat(4);
    assert_eq!(verbs(&server), [&turns[..], &[UNLOCK]].concat());
    let threads = threads.lock().unwrap();
    let released = threads.iter().filter(|it| *it == "draft-unlock").count();
    assert_eq!(released, 4, "{threads:?}");
}

#[tokio::test]
async fn a_release_that_its_runtime_cuts_off_is_repeated() {
    let server = Server::start([locked(), Step::Stall(Vec::new()), done(), done()]).await;
    let server = Arc::new(server);
    let dataset = patient(&server);
    let client = dataset.client().clone();
    let watched = Arc::clone(&server);
    let cut_off = move || {
        runtime().block_on(async {
            drop(dataset.draft_lock().await.unwrap());
            while watched.lines().len() < 2 {
                tokio::task::yield_now().await;
            }
        });
    };
    tokio::task::spawn_blocking(cut_off).await.unwrap();
    assert!(client.shutdown(Duration::MAX).await.is_empty());
    // The first unlock may take effect late, so it is waited for, too.
    assert_eq!(verbs(&server), [LOCK, UNLOCK, UNLOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_that_its_runtime_cuts_off_is_released_twice() {
    let server = Server::start([Step::Stall(Vec::new()), done(), done()]).await;
    let server = Arc::new(server);
    let dataset = patient(&server);
    let client = dataset.client().clone();
    let watched = Arc::clone(&server);
    let cut_off = move || {
        let runtime = runtime();
        runtime.spawn(async move { dataset.draft_lock().await });
        runtime.block_on(async {
            while watched.lines().is_empty() {
                tokio::task::yield_now().await;
            }
        });
    };
    tokio::task::spawn_blocking(cut_off).await.unwrap();
    assert!(client.shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_left_behind_is_not_forgotten_because_the_next_is_refused() {
    let steps = [locked(), Step::status(403), Step::status(401)];
    let server = Server::start(steps).await;
    let dataset = one_attempt(&server);
    let lock = dataset.draft_lock().await.unwrap();
    lock.unlock().await.unwrap_err();
    dataset.draft_lock().await.unwrap_err();
    assert_eq!(dataset.client().shutdown(Duration::MAX).await.len(), 1);
    server.script([locked(), done()]);
    dataset.draft_lock().await.unwrap().unlock().await.unwrap();
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kept_lock_that_may_take_effect_late_keeps_its_turn_until_then() {
    let clock = TestClock::default();
    let server = Server::start([Step::Stall(Vec::new()), locked(), locked(), done()]).await;
    let retry = RetryPolicy::default().max_attempts(2).without_waits();
    let client = clock.watch(builder(&server.url())).retry(retry);
    let dataset = dataset(&client.attempt_timeout(PATIENCE).build().unwrap());
    let kept = dataset.clone();
    let kept = tokio::spawn(async move { kept.draft_lock().await });
    server.arrived(1).await;
    clock.time_out().await;
    kept.await.unwrap().unwrap().keep();
    let next = tokio::spawn(async move { dataset.draft_lock().await?.unlock().await });
    settle().await;
    pass(PATIENCE.saturating_sub(Duration::from_millis(1))).await;
    settle().await;
    assert_eq!(verbs(&server), [LOCK, LOCK]);
    pass(Duration::from_millis(1)).await;
    next.await.unwrap().unwrap();
    assert_eq!(verbs(&server), [LOCK, LOCK, LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_whose_runtime_is_not_driven_is_released_on_the_current_one() {
    let server = Server::start([locked(), done(), done()]).await;
    let dataset = patient(&server);
    let (send, lock) = oneshot::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let locking = dataset.clone();
    let still = std::thread::spawn(move || {
        let runtime = runtime();
        let _ = send.send(runtime.block_on(locking.draft_lock()));
        // Alive, but not driven.
        let _ = ended.recv();
    });
    let lock = lock.await.unwrap().unwrap();
    // The pooled connection isn't driven either, so the first request may never be sent.
    let _ = tokio::time::timeout(LONG * 10, lock.unlock())
        .await
        .unwrap();
    assert!(dataset.client().shutdown(LONG * 10).await.is_empty());
    drop(end);
    still.join().unwrap();
    assert_eq!(verbs(&server).last().unwrap(), UNLOCK);
}
