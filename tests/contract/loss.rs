//! The detection of locks that this user held before, or has lost.

use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;
use llmobs_datasets::{Dataset, DraftLock, Error, ErrorKind, Outcome, RetryPolicy};
use serde_json::json;

use crate::clock::TestClock;
use crate::documentation::DATASET_ID;
use crate::draft_lock::{LOCK, PATIENCE, UNLOCK, done, impatient, locked, restore, verbs};
use crate::server::{Server, Step};
use crate::setup::{builder, dataset, one_attempt};
use crate::telemetry::Recorder;

/// A granted lock that began some seconds before its response, by the server's clock.
fn locked_for(seconds: u64) -> Step {
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let since = chrono::DateTime::<chrono::Utc>::from(date - Duration::from_secs(seconds));
    let state = json!({ "data": {
        "attributes": { "drafting_since": since, "user": { "id": "jane" } },
        "id": DATASET_ID,
        "type": "draft_state_data",
    } });
    let date = format!("date: {}", fmt_http_date(date));
    Step::response(200, &[&date], state.to_string())
}

#[tokio::test]
async fn a_lock_that_was_held_before_the_call_is_reported_and_adopted() {
    for (seconds, held_before) in [(0, false), (2, false), (3, true), (86_400, true)] {
        let server = Server::start([locked_for(seconds), done()]).await;
        Recorder::start();
        let lock = one_attempt(&server).draft_lock().await.unwrap();
        assert_eq!(lock.locked().held_before(), held_before, "{seconds} s");
        lock.unlock().await.unwrap();
        assert_eq!(verbs(&server), [LOCK, UNLOCK]);
        let events = Recorder::our_events();
        assert_eq!(events.len(), usize::from(held_before));
        for event in events {
            assert_eq!(event.name, "WARN llmobs_datasets::draft_lock::lease");
            assert!(
                event.fields["drafting_since"].starts_with("2027-01-1"),
                "{event:?}"
            );
            assert!(event.fields["called"].starts_with("2027-01-15 07:59:59"));
        }
    }
    // Without a date, such a lock can't be detected.
    let server = Server::start([locked(), done()]).await;
    let lock = one_attempt(&server).draft_lock().await.unwrap();
    assert!(!lock.locked().held_before());
    lock.unlock().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_was_held_before_the_call_is_refused_if_asked_and_stays() {
    let server = Server::start([locked_for(60), locked_for(0), done()]).await;
    let client = builder(&server.url())
        .adopt_held_lock(false)
        .build()
        .unwrap();
    let dataset = dataset(&client);
    let error = dataset.draft_lock().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::HeldBefore, Outcome::NotApplied)
    );
    assert!(error.is_conflict() && error.may_be_locked());
    let line = error.to_string();
    assert!(
        line.contains("held the draft lock since 2027-01-15 07:59:00 UTC"),
        "{line}"
    );
    assert_eq!(client.shutdown(Duration::MAX).await.len(), 1);
    assert_eq!(verbs(&server), [LOCK], "the lock is another process's");
    dataset.draft_lock().await.unwrap().unlock().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_a_check_acquired_anew_stays_ours_to_release() {
    let server = Server::start([locked_for(60), locked_for(0), locked_for(0), done()]).await;
    let lock = one_attempt(&server).draft_lock().await.unwrap();
    is_lost(lock.locked().check().await);
    // The lock of the first check is older by now than the tolerance.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(10)).await;
    tokio::time::resume();
    is_lost(lock.locked().check().await);
    lock.unlock().await.unwrap();
    assert_eq!(verbs(&server), [LOCK, LOCK, LOCK, UNLOCK]);
}

/// Asserts that a check reported a lost lock.
fn is_lost(checked: Result<(), Error>) {
    let error = checked.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockLost, "{error}");
    assert!(
        error.to_string().contains(": the draft lock was lost"),
        "{error}"
    );
}

/// Locks, checks, and unlocks.
async fn check(dataset: &Dataset) -> (Result<(), Error>, Result<(), Error>) {
    let lock = dataset.draft_lock().await.unwrap();
    let checked = lock.locked().check().await;
    (checked, lock.unlock().await.map(drop))
}

#[tokio::test]
async fn a_lock_is_known_to_be_lost_if_it_began_anew_or_is_another_users() {
    // The lock is unchanged.
    let server = Server::start([locked_for(0), locked_for(0), done()]).await;
    let (checked, unlocked) = check(&one_attempt(&server)).await;
    checked.unwrap();
    unlocked.unwrap();

    // The lock was free, and the check acquired it again: ours to release.
    server.script([locked_for(1), locked_for(0), done()]);
    let (checked, unlocked) = check(&one_attempt(&server)).await;
    is_lost(checked);
    unlocked.unwrap();

    // The response names another user.
    let before = server.lines().len();
    server.script([locked_for(0), locked()]);
    let (checked, unlocked) = check(&one_attempt(&server)).await;
    is_lost(checked);
    assert_eq!(unlocked.unwrap_err().kind(), ErrorKind::LockLost);
    assert_eq!(verbs(&server)[before..], [LOCK, LOCK]);

    // Another process of this user acquired it before the check, or another user: not ours to release.
    for theirs in [locked_for(60), Step::status(409)] {
        let before = server.lines().len();
        server.script([locked_for(0), theirs]);
        let (checked, unlocked) = check(&one_attempt(&server)).await;
        is_lost(checked);
        let error = unlocked.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockLost);
        assert!(!error.may_be_locked());
        assert_eq!(verbs(&server)[before..], [LOCK, LOCK]);
    }
}

#[tokio::test]
async fn a_lock_is_not_known_to_be_lost_if_nothing_can_be_compared() {
    let incomplete = r#"{"data":{"type":"draft_state_data","attributes":{}}}"#;
    let incomplete = || Step::response(200, &[], incomplete);
    for (first, second) in [(incomplete(), locked()), (locked(), incomplete())] {
        let server = Server::start([first, second, done()]).await;
        let (checked, unlocked) = check(&one_attempt(&server)).await;
        checked.unwrap();
        unlocked.unwrap();
    }
    let server = Server::start([locked(), Step::status(403), done()]).await;
    let (checked, unlocked) = check(&one_attempt(&server)).await;
    assert_eq!(checked.unwrap_err().kind(), ErrorKind::Forbidden);
    unlocked.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_check_that_may_take_effect_late_is_released_though_the_lock_is_lost() {
    let steps = [
        locked(),
        Step::Stall(Vec::new()),
        Step::status(409),
        done(),
        done(),
    ];
    let server = Server::start(steps).await;
    let (dataset, _running) = impatient(&server, 1);
    let lock = dataset.draft_lock().await.unwrap();
    let error = lock.locked().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    is_lost(lock.locked().check().await);
    lock.unlock().await.unwrap();
    dataset.client().shutdown(Duration::MAX).await;
    assert_eq!(verbs(&server), [LOCK, LOCK, LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_may_take_effect_late_is_released_as_well() {
    let server = Server::start([locked(), Step::Stall(Vec::new()), done(), done()]).await;
    let (dataset, _running) = impatient(&server, 1);
    let lock = dataset.draft_lock().await.unwrap();
    let locked = lock.locked().clone();
    let check = tokio::spawn(async move { locked.check().await });
    server.arrived(2).await;
    check.abort();
    check.await.unwrap_err();
    lock.unlock().await.unwrap();
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK, LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test]
async fn after_the_release_or_keep_nothing_is_requested() {
    let server = Server::start([locked(), done(), locked(), locked(), done()]).await;
    let dataset = one_attempt(&server);
    let ends: [fn(DraftLock); 3] = [drop, DraftLock::keep, |lock| drop(lock.unlock())];
    for end in ends {
        let before = server.lines().len();
        let lock = dataset.draft_lock().await.unwrap();
        let locked = lock.locked().clone();
        end(lock);
        // At once, before any other task runs.
        for refused in [locked.check().await, restore(locked).await.map(drop)] {
            let error = refused.unwrap_err();
            assert_eq!(
                (error.kind(), error.outcome(), error.may_be_locked()),
                (ErrorKind::Released, Outcome::NotApplied, false)
            );
        }
        dataset.client().shutdown(Duration::MAX).await;
        assert!(
            verbs(&server)[before..]
                .iter()
                .all(|verb| *verb != "restore")
        );
    }
    assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, LOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_release_hangs_up_a_check_and_unlocks_twice() {
    // The check never gets a response: the release of the guard must end it.
    let server = Server::start([locked(), Step::Stall(Vec::new()), done(), done()]).await;
    let (dataset, _running) = impatient(&server, 1);
    let lock = dataset.draft_lock().await.unwrap();
    let locked = lock.locked().clone();
    let check = tokio::spawn(async move { locked.check().await });
    server.arrived(2).await;
    lock.unlock().await.unwrap();
    let error = check.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Released, Outcome::Unknown)
    );
    assert_eq!(verbs(&server), [LOCK, LOCK, UNLOCK]);
    assert!(dataset.client().shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK, LOCK, UNLOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_lock_keeps_its_turn_until_no_earlier_attempt_can_take_effect() {
    let server = Server::start([Step::Stall(Vec::new()), locked_for(60)]).await;
    let clock = TestClock::default();
    let _running = clock.run(&server);
    let client = clock
        .watch(builder(&server.url()))
        .retry(RetryPolicy::default().max_attempts(2).without_waits())
        .attempt_timeout(PATIENCE)
        .adopt_held_lock(false)
        .build()
        .unwrap();
    let dataset = dataset(&client);
    let error = dataset.draft_lock().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::HeldBefore, Outcome::Unknown)
    );
    let no_wait = dataset.clone().lock_wait(Duration::ZERO);
    let next = no_wait.draft_lock().await.unwrap_err();
    assert_eq!(next.kind(), ErrorKind::Busy);
    assert_eq!(client.shutdown(Duration::MAX).await.len(), 1);
    assert_eq!(
        verbs(&server),
        [LOCK, LOCK],
        "the lock is another process's"
    );
}
