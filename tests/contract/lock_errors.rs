//! The errors of the draft lock in a service: `?`, reports, and access to the causes.

use std::error::Error as StdError;
use std::pin::Pin;
use std::time::Duration;

use llmobs_datasets::{
    Client, Dataset, DatasetVersion, DraftLock, DraftLockError, Error, ErrorKind, LockedDataset,
    Outcome,
};

use crate::draft_lock::{done, locked, restore, verbs};
use crate::server::{Server, Step};
use crate::setup::one_attempt;

type Boxed = Box<dyn StdError + Send + Sync>;

/// A value without `Debug`, and one that can't leave its thread.
struct Plain;
type Local = std::rc::Rc<()>;

/// An error of a caller, with a cause.
#[derive(Debug)]
struct Own(std::num::ParseIntError);

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no number")
    }
}

impl StdError for Own {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

fn own() -> Own {
    Own("x".parse::<u8>().unwrap_err())
}

async fn ours(_: LockedDataset) -> Result<Plain, Error> {
    Err("-1".parse::<DatasetVersion>().unwrap_err())
}

async fn anyhow(_: LockedDataset) -> Result<Plain, anyhow::Error> {
    Err(anyhow::Error::new(own()).context("at work"))
}

async fn boxed(_: LockedDataset) -> Result<Plain, Boxed> {
    Err(own().into())
}

async fn local(_: LockedDataset) -> Result<Local, Error> {
    Ok(Local::default())
}

/// Uses `?` on a lock and on work with each kind of error, in a function that returns another kind.
macro_rules! question_marks {
    ($name:ident, $error:ty) => {
        async fn $name(dataset: &Dataset, work: &str) -> Result<(), $error> {
            match work {
                "lock" => {
                    dataset.draft_lock().await?.unlock().await?;
                }
                "ours" => {
                    dataset.with_draft_lock(ours).await?;
                }
                "anyhow" => {
                    dataset.with_draft_lock(anyhow).await?;
                }
                _ => {
                    dataset.with_draft_lock(boxed).await?;
                }
            }
            Ok(())
        }
    };
}

question_marks!(into_ours, Error);
question_marks!(into_anyhow, anyhow::Error);
question_marks!(into_boxed, Boxed);

/// The report of an error by `anyhow`.
fn report(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}

#[tokio::test]
async fn a_question_mark_works_in_each_function_with_each_error_of_the_work() {
    let invalid_digit = "invalid digit found in string";
    for (work, line) in [
        ("lock", "403 Forbidden; check that".to_owned()),
        ("ours", "can't be a dataset version".to_owned()),
        ("anyhow", format!("at work: no number: {invalid_digit}")),
        ("boxed", format!("no number: {invalid_digit}")),
    ] {
        for into in ["ours", "anyhow", "boxed"] {
            let lock = if work == "lock" {
                Step::status(403)
            } else {
                locked()
            };
            let server = Server::start([lock, done()]).await;
            let dataset = one_attempt(&server);
            let text = match into {
                "ours" => report(into_ours(&dataset, work).await.unwrap_err()),
                "anyhow" => report(into_anyhow(&dataset, work).await.unwrap_err()),
                _ => report(anyhow::Error::from_boxed(
                    into_boxed(&dataset, work).await.unwrap_err(),
                )),
            };
            assert_eq!(
                text.matches(&*line).count(),
                1,
                "{work} into {into}: {text}"
            );
            // Each cause once.
            assert!(text.matches(invalid_digit).count() <= 1, "{text}");
        }
    }
    let server = Server::start([locked(), done()]).await;
    let into_ours = async |dataset: Dataset| Ok::<_, Error>(dataset.with_draft_lock(local).await?);
    into_ours(one_attempt(&server)).await.unwrap();
}

#[tokio::test]
async fn the_works_error_stays_primary_and_a_failed_unlock_reachable() {
    let script = || [locked(), Step::status(400), Step::status(403)];
    let server = Server::start(script()).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(error.error().kind(), ErrorKind::BadRequest);
    assert!(error.may_be_locked() && !error.is_conflict());
    let line = error.to_string();
    assert!(line.starts_with("restore dataset"), "{line}");
    assert!(
        line.contains("; unlocking failed, too: unlock dataset"),
        "{line}"
    );
    let error = Error::from(error);
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert_eq!(error.unlock_error().unwrap().kind(), ErrorKind::Forbidden);
    assert!(error.may_be_locked());
    assert_eq!(error.to_string(), line);

    server.script([locked(), Step::status(403)]);
    let error = one_attempt(&server)
        .with_draft_lock(boxed)
        .await
        .err()
        .unwrap();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.error().work_error().unwrap().is::<Own>() && error.may_be_locked());
    let line = error.to_string();
    let error = Error::from(error);
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Work, Outcome::Unknown)
    );
    assert!(error.may_be_locked());
    assert_eq!(error.to_string(), line);
    assert!(error.source().unwrap().is::<std::num::ParseIntError>());
}

#[tokio::test]
async fn the_value_of_work_that_succeeded_is_not_lost_with_the_unlock() {
    let script = || [locked(), done(), Step::status(403)];
    let server = Server::start(script()).await;
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::Applied);
    let line = error.to_string();
    assert!(
        line.starts_with("the work succeeded, but unlocking failed: unlock dataset"),
        "{line}"
    );
    let DraftLockError::Unlock { value, error, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((value, error.kind()), (1, ErrorKind::Forbidden));

    server.script(script());
    let error = one_attempt(&server)
        .with_draft_lock(restore)
        .await
        .unwrap_err();
    let error = Error::from(error);
    assert_eq!(error.to_string(), line);
    assert!(error.may_be_locked());
    assert_eq!(error.outcome(), Outcome::Applied, "the work is done");
}

#[tokio::test]
async fn a_handler_needs_no_match() {
    let limited = Step::response(429, &["retry-after: 7"], "");
    let server = Server::start([limited, Step::status(423)]).await;
    let dataset = one_attempt(&server);
    let error = dataset.with_draft_lock(restore).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(!error.is_conflict() && !error.may_be_locked());
    let error = dataset.with_draft_lock(restore).await.unwrap_err();
    assert!(error.is_conflict() && error.retry_after().is_none());
    assert_eq!(error.outcome(), Outcome::NotApplied);

    // Work that succeeded must not look as if it should be repeated.
    for unlock in [
        Step::response(429, &["retry-after: 7"], ""),
        Step::status(409),
    ] {
        server.script([locked(), done(), unlock]);
        let error = dataset.with_draft_lock(restore).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Applied);
        assert!(!error.is_conflict() && error.retry_after().is_none());
    }
}

#[tokio::test]
async fn work_may_be_boxed_generic_spawned_borrowed_or_a_function() {
    type Work = Box<
        dyn FnOnce(LockedDataset) -> Pin<Box<dyn Future<Output = Result<u32, Boxed>> + Send>>
            + Send,
    >;

    async fn spawned<F, Fut>(dataset: Dataset, work: F) -> u32
    where
        F: FnOnce(LockedDataset) -> Fut + Send + 'static,
        Fut: Future<Output = Result<u32, Boxed>> + Send,
    {
        let task = tokio::spawn(async move { dataset.with_draft_lock(work).await });
        task.await.unwrap().unwrap()
    }

    let script = [(); 4]
        .map(|()| [locked(), done(), done()])
        .into_iter()
        .flatten();
    let server = Server::start(script).await;
    let dataset = one_attempt(&server);
    dataset.with_draft_lock(restore).await.unwrap();
    let boxed: Work = Box::new(|locked| Box::pin(async { Ok(restore(locked).await?) }));
    spawned(dataset.clone(), boxed).await;
    let version = "1".to_owned();
    let generic = async move |locked: LockedDataset| {
        let restored = locked.restore(version.parse()?).await?;
        drop(version);
        Ok(restored.attempts())
    };
    spawned(dataset.clone(), generic).await;
    let mut seen = Vec::new();
    dataset
        .with_draft_lock(async |locked| {
            seen.push(locked.dataset().dataset_id().clone());
            restore(locked).await
        })
        .await
        .unwrap();
    assert_eq!(seen, [dataset.dataset_id().clone()]);
    assert_eq!(verbs(&server).len(), 12);
}

/// The test is that this compiles.
#[allow(dead_code, reason = "checked by the compiler")]
fn futures_and_types_fit_any_runtime(dataset: &Dataset, version: DatasetVersion, lock: DraftLock) {
    fn send<T: Send>(_: T) {}
    fn shared<T: Send + Sync + 'static>() {}
    send(dataset.lock());
    send(dataset.unlock());
    send(dataset.restore(version));
    send(dataset.draft_lock());
    send(dataset.client().shutdown(Duration::ZERO));
    send(lock.locked().check());
    send(dataset.with_draft_lock(async move |locked| locked.restore(version).await));
    // With what it needs borrowed, across an await; also by reference.
    let name = version.to_string();
    let work = async |locked: LockedDataset| {
        let restored = locked.restore(version).await;
        drop(name.clone());
        restored
    };
    send(dataset.with_draft_lock(&work));
    send(dataset.with_draft_lock(work));
    send(lock.unlock());
    shared::<Client>();
    shared::<Dataset>();
    shared::<DraftLock>();
    shared::<LockedDataset>();
    shared::<Error>();
    shared::<DraftLockError<u32>>();
}

#[tokio::test]
async fn the_unlock_of_a_nested_lock_is_not_that_of_the_outer_one() {
    // The nested lock is granted without a state, and its unlock fails. Then the outer unlock fails or succeeds.
    for outer in [200, 403] {
        let granted = Step::response(200, &[], "{}");
        let steps = [locked(), granted, Step::status(401), Step::status(outer)];
        let server = Server::start(steps).await;
        let dataset = one_attempt(&server);
        let other = dataset
            .client()
            .dataset("project".parse().unwrap(), "other".parse().unwrap());
        let error = dataset
            .with_draft_lock(async |_| other.draft_lock().await.map(drop))
            .await
            .unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        assert_eq!(error.may_be_locked(), outer == 403, "{error}");
        let line = error.to_string();
        assert!(
            line.contains("unlock dataset other of project project: 401"),
            "{line}"
        );
        assert_eq!(
            line.matches("unlock dataset 9f64e5c7").count(),
            usize::from(outer == 403)
        );
        let nested = error.error().work_error().unwrap();
        let nested = nested.downcast_ref::<Error>().unwrap();
        assert_eq!(
            nested.unlock_error().unwrap().kind(),
            ErrorKind::Unauthorized
        );
    }

    // The nested work succeeded, but not its unlock: the outer work failed.
    let steps = [locked(), locked(), done(), Step::status(403), done()];
    let server = Server::start(steps).await;
    let dataset = one_attempt(&server);
    let other = dataset
        .client()
        .dataset("project".parse().unwrap(), "other".parse().unwrap());
    let nested = async |_| Ok::<_, Error>(other.with_draft_lock(restore).await?);
    let error = dataset.with_draft_lock(nested).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert!(!error.may_be_locked(), "{error}");
}

#[tokio::test]
async fn work_that_failed_is_not_reported_as_applied() {
    // A lock request took effect, but its response can't be read.
    let granted = Step::response(200, &[], "{}");
    let server = Server::start([locked(), granted, done()]).await;
    let raw = async |locked: LockedDataset| locked.dataset().lock().await.map(drop);
    let error = one_attempt(&server).with_draft_lock(raw).await.unwrap_err();
    assert_eq!(error.error().outcome(), Outcome::Applied);
    assert_eq!(error.outcome(), Outcome::Unknown);
}
