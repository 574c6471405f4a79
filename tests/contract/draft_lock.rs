//! Work under the draft lock ends with the lock given back, whatever came of the work.

use std::panic::resume_unwind;

use llmobs_datasets::{
    Client, Dataset, DatasetVersion, DraftLock, DraftLockError, Error, ErrorKind, Outcome, Result,
};

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{LOCKED, one_attempt, runtime};

fn locked() -> Step {
    Step::answer(200, &[], LOCKED)
}

fn done() -> Step {
    Step::status(200)
}

/// The requests that have come, by the last words of their paths.
fn verbs(server: &Server) -> Vec<String> {
    let prefix = format!("/api/v2/llm-obs/v1/{PROJECT_ID}/datasets/{DATASET_ID}/");
    let lines = server.lines().into_iter();
    lines
        .map(|line| line.split_once(&prefix).unwrap().1.to_owned())
        .collect()
}

const LOCK: &str = "draft_state/lock";
const UNLOCK: &str = "draft_state/unlock";
const RESTORE: &str = "restore";

/// How many errors are behind one.
fn sources(error: &dyn std::error::Error) -> usize {
    std::iter::successors(error.source(), |error| error.source()).count()
}

async fn restore(dataset: Dataset) -> Result<u32> {
    Ok(dataset.restore(DatasetVersion::new(1)?).await?.attempts())
}

/// Work that waits for ever, once it has begun.
async fn never(begun: tokio::sync::oneshot::Sender<()>) -> Result<()> {
    begun.send(()).unwrap();
    std::future::pending().await
}

#[tokio::test]
async fn success_unlocks_and_gives_the_value() {
    let server = Server::start([locked(), done(), done()]).await;
    let value = one_attempt(&server).with_draft_lock(restore).await.unwrap();
    assert_eq!(value, 1);
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);
}

#[tokio::test]
async fn a_closure_may_borrow() {
    let server = Server::start([locked(), done(), done()]).await;
    let version = DatasetVersion::new(1).unwrap();
    let mut seen = Vec::new();
    one_attempt(&server)
        .with_draft_lock(async |dataset| {
            seen.push(dataset.dataset_id().clone());
            dataset.restore(version).await
        })
        .await
        .unwrap();
    assert_eq!(seen[0].as_str(), DATASET_ID);
}

#[tokio::test]
async fn the_error_of_the_work_is_the_main_one() {
    let server = Server::start([locked(), Step::status(400), done()]).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert_eq!(sources(&error), 0, "the line shows all");
    let DraftLockError::Work {
        error,
        unlock: None,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);

    let server = Server::start([locked(), Step::status(400), Step::status(500)]).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with("restore dataset"), "{line}");
    assert!(
        line.contains("; then the dataset could not be unlocked: unlock dataset"),
        "{line}"
    );
    let DraftLockError::Work {
        error,
        unlock: Some(unlock),
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(
        (error.kind(), unlock.kind()),
        (ErrorKind::BadRequest, ErrorKind::ServerError)
    );
}

#[tokio::test]
async fn work_that_is_done_is_not_lost_with_the_unlock() {
    let server = Server::start([locked(), done(), Step::status(500)]).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the work is done, but then: unlock dataset"),
        "{error}"
    );
    assert_eq!(sources(&error), 0, "the line shows all");
    let DraftLockError::Unlock { value, error, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((value, error.kind()), (1, ErrorKind::ServerError));
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);
}

#[tokio::test]
async fn a_panic_goes_on_after_the_unlock() {
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
async fn dropped_during_the_work_it_unlocks_in_the_background() {
    let server = Server::start([locked(), done()]).await;
    let dataset = one_attempt(&server);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let task =
        tokio::spawn(async move { dataset.with_draft_lock(async |_| never(begun).await).await });
    has_begun.await.unwrap();
    task.abort();
    server.arrived(2).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

/// Lets everything else go on until nothing is left to do but wait for the server.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dropped_while_it_locks_it_unlocks_once_the_lock_is_answered() {
    let (lock, answer) = locked().held();
    let server = Server::start([lock, done()]).await;
    let dataset = one_attempt(&server);
    let task = tokio::spawn(async move { dataset.with_draft_lock(restore).await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    settle().await;
    // An unlock by now could overtake the lock, which nothing would give back then.
    assert_eq!(verbs(&server), [LOCK]);
    answer.notify_one();
    server.arrived(2).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[tokio::test]
async fn dropped_while_it_locks_it_leaves_a_lock_that_is_refused() {
    let (lock, answer) = Step::status(409).held();
    let server = Server::start([lock]).await;
    let dataset = one_attempt(&server);
    let task = tokio::spawn(async move { dataset.draft_lock().await });
    server.arrived(1).await;
    task.abort();
    task.await.unwrap_err();
    answer.notify_one();
    settle().await;
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test]
async fn dropped_while_it_unlocks_it_unlocks_again() {
    let server = Server::start([locked(), done(), Step::Stall(Vec::new()), done()]).await;
    let dataset = one_attempt(&server);
    let task = tokio::spawn(async move { dataset.with_draft_lock(restore).await });
    server.arrived(3).await;
    task.abort();
    server.arrived(4).await;
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK, UNLOCK]);
}

#[tokio::test]
async fn a_lock_that_is_refused_needs_no_unlock() {
    let server = Server::start([Step::status(409)]).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert_eq!(sources(&error), 0, "the line shows all");
    let DraftLockError::Lock(refused) = error else {
        panic!("{error:?}")
    };
    assert!(refused.error.is_conflict());
    assert!(refused.unlock.is_none());
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test]
async fn a_lock_that_may_be_held_is_unlocked() {
    for (lock, outcome) in [
        (Step::reset(), Outcome::Unknown),
        (Step::status(502), Outcome::Unknown),
        (Step::answer(200, &[], "{}"), Outcome::Applied),
    ] {
        let steps = [
            lock.clone(),
            done(),
            lock.clone(),
            Step::status(409),
            lock,
            done(),
        ];
        let server = Server::start(steps).await;
        let dataset = one_attempt(&server);
        let refused = dataset.draft_lock().await.unwrap_err();
        assert_eq!(refused.error.outcome(), outcome);
        assert!(
            refused.to_string().ends_with("; then it was unlocked"),
            "{refused}"
        );
        assert!(matches!(refused.unlock, Some(Ok(()))));

        let refused = dataset.draft_lock().await.unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("; then it could not be unlocked: unlock"),
            "{refused}"
        );
        assert!(refused.unlock.unwrap().unwrap_err().is_conflict());

        let refused = dataset.with_draft_lock(restore).await.unwrap_err();
        assert!(matches!(refused, DraftLockError::Lock(_)), "{refused}");
        assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, UNLOCK, LOCK, UNLOCK]);
    }
}

#[tokio::test]
async fn work_is_done_under_a_lock_whose_answer_lacks_a_documented_part() {
    let state = r#"{"data":{"type":"draft_state_data","attributes":{"user":null}}}"#;
    let locked = Step::answer(200, &[], state);
    let server = Server::start([locked.clone(), done(), done(), locked, done()]).await;
    let dataset = one_attempt(&server);
    dataset.with_draft_lock(restore).await.unwrap();
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK]);

    let refused = dataset.draft_lock().await.unwrap_err();
    assert_eq!(refused.error.outcome(), Outcome::Applied);
    assert!(matches!(refused.unlock, Some(Ok(()))));
    assert_eq!(verbs(&server), [LOCK, RESTORE, UNLOCK, LOCK, UNLOCK]);
}

#[tokio::test]
async fn the_guard_unlocks_keeps_or_drops() {
    let server = Server::start([locked(), Step::status(500), locked(), locked(), done()]).await;
    let dataset = one_attempt(&server);

    let guard = dataset.draft_lock().await.unwrap();
    assert_eq!(guard.state().user().name.as_deref(), Some("Jane Doe"));
    assert_eq!(guard.dataset().dataset_id().as_str(), DATASET_ID);
    assert_eq!(
        guard.unlock().await.unwrap_err().kind(),
        ErrorKind::ServerError
    );

    let state = dataset.draft_lock().await.unwrap().keep();
    assert_eq!(state.user().name.as_deref(), Some("Jane Doe"));

    drop(dataset.draft_lock().await.unwrap());
    server.arrived(5).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, LOCK, UNLOCK]);
}

#[test]
fn dropped_in_synchronous_code_it_unlocks_on_the_runtime_of_the_lock() {
    let runtime = runtime();
    let (server, guard) = runtime.block_on(async {
        let server = Server::start([locked(), done()]).await;
        let guard = one_attempt(&server).draft_lock().await.unwrap();
        (server, guard)
    });
    drop(guard);
    runtime.block_on(server.arrived(2));
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[test]
fn dropped_in_synchronous_code_while_it_locks_it_unlocks_there_too() {
    let runtime = runtime();
    let (lock, answer) = locked().held();
    let server = runtime.block_on(Server::start([lock, done()]));
    let dataset = one_attempt(&server);
    let mut locking = Box::pin(dataset.draft_lock());
    runtime.block_on(async {
        tokio::select! {
            biased;
            _ = &mut locking => panic!("the lock is not answered yet"),
            () = server.arrived(1) => {}
        }
    });
    drop(locking);
    answer.notify_one();
    runtime.block_on(server.arrived(2));
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

#[tokio::test]
async fn dropped_on_another_runtime_it_unlocks_there() {
    let server = Server::start([locked(), done()]).await;
    let dataset = one_attempt(&server);
    // That of the lock has ended by then.
    let lock = move || runtime().block_on(dataset.draft_lock());
    let guard = tokio::task::spawn_blocking(lock).await.unwrap().unwrap();
    drop(guard);
    server.arrived(2).await;
    assert_eq!(verbs(&server), [LOCK, UNLOCK]);
}

/// That it compiles is the test.
#[allow(dead_code, reason = "checked by the compiler")]
fn futures_and_types_fit_any_runtime(dataset: &Dataset, version: DatasetVersion, lock: DraftLock) {
    fn send<T: Send>(_: T) {}
    fn shared<T: Send + Sync + 'static>() {}
    send(dataset.lock());
    send(dataset.unlock());
    send(dataset.restore(version));
    send(dataset.draft_lock());
    send(dataset.with_draft_lock(async move |dataset| dataset.restore(version).await));
    // With what it needs borrowed, across an await.
    let name = version.to_string();
    send(dataset.with_draft_lock(async |dataset| {
        let restored = dataset.restore(version).await;
        drop(name.clone());
        restored
    }));
    send(lock.unlock());
    shared::<Client>();
    shared::<Dataset>();
    shared::<DraftLock>();
    shared::<Error>();
    shared::<DraftLockError<u32, Error>>();
}
