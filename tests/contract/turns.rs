//! Who waits for whom: tasks of this process for each other, and all of them for other users.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use llmobs_datasets::{
    Client, Credentials, Dataset, Error, ErrorKind, LockedDataset, Outcome, Result, RetryPolicy,
};

use crate::clock::{TestClock, pass};
use crate::documentation::PROJECT_ID;
use crate::draft_lock::{LOCK, PATIENCE, UNLOCK, done, impatient, locked, restore, settle, verbs};
use crate::server::{Server, Step};
use crate::setup::{builder, dataset, one_attempt};
use crate::telemetry::Recorder;

async fn nothing(_: LockedDataset) -> Result<()> {
    Ok(())
}

#[tokio::test]
async fn tasks_take_turns_in_order_of_arrival_across_clients() {
    let (lock, respond) = locked().held();
    let steps = [
        lock,
        done(),
        locked(),
        done(),
        done(),
        locked(),
        done(),
        done(),
    ];
    let server = Server::start(steps).await;
    let datasets = [0; 3].map(|_| one_attempt(&server));
    let mut tasks = Vec::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    for (number, dataset) in datasets.into_iter().enumerate() {
        let order = Arc::clone(&order);
        let work = async move |locked: LockedDataset| {
            order.lock().unwrap().push(number);
            match number {
                0 => Ok(0),
                _ => restore(locked).await,
            }
        };
        tasks.push(tokio::spawn(
            async move { dataset.with_draft_lock(work).await },
        ));
        settle().await;
    }
    assert_eq!(verbs(&server), [LOCK]);
    respond.notify_one();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
    let turn = [LOCK, "restore", UNLOCK];
    assert_eq!(
        verbs(&server),
        [&[LOCK, UNLOCK], &turn[..], &turn[..]].concat()
    );
}

#[tokio::test]
async fn a_turn_is_for_one_user_one_dataset_and_one_endpoint() {
    let server = Server::start(std::iter::repeat_n(locked(), 4)).await;
    let elsewhere = Server::start([locked()]).await;
    let client = builder(&server.url()).build().unwrap();
    let others = Credentials::new("an-api-key", "another-application-key").unwrap();
    let base_url: llmobs_datasets::BaseUrl = server.url().parse().unwrap();
    let theirs = Client::builder(others).endpoint(base_url).build().unwrap();
    let all = [
        dataset(&client),
        dataset(&theirs),
        client.dataset(PROJECT_ID.parse().unwrap(), "another".parse().unwrap()),
        client.dataset("another".parse().unwrap(), "another".parse().unwrap()),
        one_attempt(&elsewhere),
    ];
    let mut held = Vec::new();
    for dataset in &all {
        held.push(
            dataset
                .clone()
                .lock_wait(Duration::ZERO)
                .draft_lock()
                .await
                .unwrap(),
        );
    }
    for lock in held {
        lock.keep();
    }
}

#[tokio::test]
async fn a_waiter_that_is_dropped_leaves_the_queue() {
    let server = Server::start([locked(), done(), locked(), done()]).await;
    let dataset = one_attempt(&server);
    let lock = dataset.draft_lock().await.unwrap();
    let [dropped, next] = [0; 2].map(|_| {
        let dataset = dataset.clone();
        tokio::spawn(async move { dataset.with_draft_lock(nothing).await })
    });
    settle().await;
    dropped.abort();
    dropped.await.unwrap_err();
    assert_eq!(verbs(&server), [LOCK]);
    lock.unlock().await.unwrap();
    next.await.unwrap().unwrap();
    assert_eq!(verbs(&server), [LOCK, UNLOCK, LOCK, UNLOCK]);
}

#[tokio::test]
async fn a_wait_for_another_task_ends_with_lock_wait() {
    let server = Server::start([locked(), done()]).await;
    let dataset = one_attempt(&server);
    let lock = dataset.draft_lock().await.unwrap();
    for wait in [Duration::ZERO, Duration::from_millis(20)] {
        let waiting = dataset.clone().lock_wait(wait);
        let error = waiting.with_draft_lock(nothing).await.unwrap_err();
        assert!(error.is_conflict() && !error.may_be_locked(), "{error:?}");
        let error = Error::from(error);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Busy, 0));
        assert!(error.waited().unwrap() >= wait);
        let line = error.to_string();
        assert!(
            line.contains(": another task of this process holds or is releasing the draft lock"),
            "{line}"
        );
    }
    assert_eq!(verbs(&server), [LOCK]);
    lock.unlock().await.unwrap();
}

/// The refusal for another user's lock, with the service's message.
fn held_by_john() -> Step {
    Step::response(409, &[], r#"{"errors":["Locked by John Roe since 09:20"]}"#)
}

fn waiting(server: &Server, wait: Duration) -> Dataset {
    let retry = RetryPolicy::none().backoff(Duration::ZERO, Duration::ZERO);
    dataset(
        &builder(&server.url())
            .retry(retry)
            .lock_wait(wait)
            .build()
            .unwrap(),
    )
}

#[tokio::test]
async fn another_users_lock_is_waited_for_only_with_lock_wait() {
    let server = Server::start([held_by_john()]).await;
    let error = one_attempt(&server).draft_lock().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(verbs(&server), [LOCK]);

    server.script([held_by_john(), held_by_john(), locked(), done()]);
    let dataset = waiting(&server, Duration::from_secs(3600));
    dataset.with_draft_lock(nothing).await.unwrap();
    assert_eq!(verbs(&server)[1..], [LOCK, LOCK, LOCK, UNLOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_user_ends_with_lock_wait() {
    let server = Server::start(std::iter::repeat_n(held_by_john(), 100)).await;
    let (dataset, _running) = impatient(&server, 1);
    let wait = Duration::from_millis(20);
    let error = dataset.lock_wait(wait).draft_lock().await.unwrap_err();
    assert!(server.lines().len() > 1);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.waited(), Some(wait));
    let line = error.to_string();
    assert!(
        line.contains("Locked by John Roe since 09:20 (waited "),
        "{line}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_deadline_ends_the_wait_at_once() {
    let _clock = TestClock::default();
    let later = Step::response(423, &["retry-after: 3600"], "");
    let server = Server::start([later, locked()]).await;
    let waiting = waiting(&server, Duration::from_secs(60));
    let error = waiting.draft_lock().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(error.waited(), Some(Duration::ZERO));
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_request_is_repeated_after_ten_milliseconds_even_without_backoff() {
    let clock = TestClock::default();
    let server = Server::start(std::iter::repeat_n(held_by_john(), 10)).await;
    let retry = RetryPolicy::none().backoff(Duration::ZERO, Duration::ZERO);
    let client = clock.watch(builder(&server.url())).retry(retry);
    let dataset = dataset(&client.lock_wait(Duration::MAX).build().unwrap());
    let waiting = tokio::spawn(async move { dataset.draft_lock().await });
    for asked in 1..=5 {
        while clock.ended() < asked {
            tokio::task::yield_now().await;
        }
        pass(Duration::from_millis(9)).await;
        settle().await;
        assert_eq!(server.lines().len(), asked);
        pass(Duration::from_millis(1)).await;
    }
    // A request in flight would be followed by an unlock that nobody answers.
    while clock.ended() < 6 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_lock_request_is_repeated_with_backoff_and_jitter() {
    for asked_for in [0, 3] {
        let hint = format!("retry-after: {asked_for}");
        let held = Step::response(409, &[&hint], "");
        let server = Server::start(std::iter::repeat_n(held, 100)).await;
        let backoff = Duration::from_secs(1);
        let clock = TestClock::default();
        let client = clock
            .watch(builder(&server.url()))
            .retry(RetryPolicy::none().backoff(backoff, backoff))
            .lock_wait(Duration::MAX);
        let dataset = dataset(&client.build().unwrap());
        let waiting = tokio::spawn(async move { dataset.draft_lock().await });
        let running = clock.run(&server);
        while clock.ended() < 12 {
            tokio::task::yield_now().await;
        }
        drop(running);
        waiting.abort();
        let asked = clock.begun();
        let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]);
        let (shortest, longest) = (pauses.clone().min().unwrap(), pauses.max().unwrap());
        let least = backoff + Duration::from_secs(asked_for);
        assert!(least <= shortest && shortest < longest, "{asked:?}");
        let step = Duration::from_millis(1);
        assert!(longest <= least + backoff + step, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_waits_for_tasks_and_for_users_share_one_deadline() {
    let clock = TestClock::default();
    let held = std::iter::repeat_n(held_by_john(), 100);
    let server = Server::start([locked(), done()].into_iter().chain(held)).await;
    let pause = Duration::from_secs(1);
    let retry = RetryPolicy::none().backoff(pause, pause).jitter(false);
    let client = clock.watch(builder(&server.url())).retry(retry);
    let dataset = dataset(&client.build().unwrap());
    let lock = dataset.draft_lock().await.unwrap();
    let waiting = dataset.lock_wait(pause * 45);
    let waiting = tokio::spawn(async move { waiting.draft_lock().await });
    settle().await;
    pass(pause * 30).await;
    lock.unlock().await.unwrap();
    for ended in 3..=18 {
        while clock.ended() < ended {
            tokio::task::yield_now().await;
        }
        pass(pause).await;
    }
    settle().await;
    assert!(waiting.is_finished());
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.waited(), Some(pause * 45));
    assert!(error.to_string().contains("(waited 45 s)"), "{error}");
}

#[tokio::test]
async fn a_dropped_wait_for_another_user_sends_nothing_more() {
    let server = Server::start(std::iter::repeat_n(held_by_john(), 4)).await;
    let retry = RetryPolicy::none().backoff(Duration::from_secs(3600), Duration::from_secs(3600));
    let client = builder(&server.url())
        .retry(retry)
        .lock_wait(Duration::MAX)
        .build()
        .unwrap();
    let dataset = dataset(&client);
    let task = tokio::spawn(async move { dataset.draft_lock().await });
    server.arrived(1).await;
    settle().await;
    task.abort();
    task.await.unwrap_err();
    // The turn is free again at once.
    assert!(client.shutdown(Duration::MAX).await.is_empty());
    assert_eq!(verbs(&server), [LOCK]);
}

#[tokio::test]
async fn a_nested_lock_is_refused_and_never_hangs() {
    let server = Server::start([locked(), locked(), done(), done()]).await;
    let dataset = one_attempt(&server);
    let other = dataset
        .client()
        .dataset(PROJECT_ID.parse().unwrap(), "another".parse().unwrap());
    dataset
        .with_draft_lock(async |locked| {
            // A different lock.
            other
                .with_draft_lock(async |_| {
                    let error = locked.dataset().draft_lock().await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Reentrant);
                    Ok::<_, Error>(())
                })
                .await?;
            let nested = async || locked.dataset().with_draft_lock(nothing).await.unwrap_err();
            let (first, second) = tokio::join!(nested(), nested());
            for error in [first, second].map(Error::from) {
                assert_eq!(error.kind(), ErrorKind::Reentrant);
                let line = error.to_string();
                assert!(
                    line.contains("this task already holds the draft lock"),
                    "{line}"
                );
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_may_take_effect_late_is_released_even_if_another_user_has_it_by_then() {
    let held = std::iter::repeat_n(held_by_john(), 10_000);
    let server = Server::start([Step::Stall(Vec::new())].into_iter().chain(held)).await;
    let (dataset, _running) = impatient(&server, 2);
    let dataset = dataset.lock_wait(PATIENCE * 2);
    let error = dataset.draft_lock().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Conflict, Outcome::Unknown)
    );
    assert!(
        error.may_be_locked() && error.unlock_error().is_none(),
        "{error}"
    );
    let unlocks = || verbs(&server).iter().filter(|verb| *verb == UNLOCK).count();
    assert_eq!(unlocks(), 1);
    dataset.client().shutdown(Duration::MAX).await;
    assert_eq!(unlocks(), 2);
}

/// The events of a wait: who holds the lock.
fn waits() -> Vec<String> {
    let events = Recorder::our_events().into_iter();
    let waits = events.filter(|event| event.fields["message"] == "waiting for the draft lock");
    let waits = waits.map(|event| {
        assert_eq!(event.fields["llmobs.project_id"], PROJECT_ID);
        assert!(event.fields["waited"].ends_with(" s"), "{event:?}");
        event.fields["holder"].clone()
    });
    waits.collect()
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_task_is_logged_after_half_a_second_and_every_half_minute() {
    let _clock = TestClock::default();
    let server = Server::start([locked(), done(), locked(), done()]).await;
    let dataset = one_attempt(&server);
    let lock = dataset.draft_lock().await.unwrap();
    Recorder::start();
    let waiting = tokio::spawn(async move { dataset.with_draft_lock(nothing).await });
    settle().await;
    pass(Duration::from_millis(490)).await;
    assert_eq!(waits(), [""; 0]);
    for logged in 1..4 {
        pass(Duration::from_millis(20)).await;
        assert_eq!(waits(), vec!["another task of this process"; logged]);
        pass(Duration::from_millis(29_980)).await;
    }
    lock.unlock().await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_user_is_logged_with_the_services_message() {
    let clock = TestClock::default();
    let server = Server::start(std::iter::repeat_n(held_by_john(), 1000)).await;
    let pause = Duration::from_secs(1);
    let retry = RetryPolicy::none().backoff(pause, pause).jitter(false);
    let client = clock.watch(builder(&server.url())).retry(retry);
    let dataset = dataset(&client.lock_wait(pause * 45).build().unwrap());
    Recorder::start();
    let waiting = tokio::spawn(async move { dataset.draft_lock().await });
    for asked in 1..=46 {
        while clock.ended() < asked {
            tokio::task::yield_now().await;
        }
        settle().await;
        pass(pause).await;
    }
    assert!(waiting.await.unwrap().unwrap_err().is_conflict());
    let waits = waits();
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert!(
        waits[0].contains("Locked by John Roe since 09:20"),
        "{waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_lock_after_one_that_may_take_effect_late_is_unknown_even_if_its_unlock_fails() {
    for unlock in [404, 403] {
        // The second call is refused, with no time for a third one.
        let refused = Step::response(423, &["retry-after: 3600"], "");
        let steps = [Step::Stall(Vec::new()), held_by_john(), refused];
        let unlocks = [Step::status(unlock), Step::status(unlock)];
        let server = Server::start(steps.into_iter().chain(unlocks)).await;
        let (dataset, _running) = impatient(&server, 2);
        let dataset = dataset.lock_wait(Duration::from_secs(60));
        let error = dataset.draft_lock().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        assert!(error.may_be_locked(), "{error}");
        let failed = error.unlock_error().unwrap();
        assert_eq!(failed.status().unwrap().as_u16(), unlock);
    }
}

#[tokio::test]
async fn ids_that_differ_in_letter_case_are_one_queue() {
    let server = Server::start([locked(), done(), locked(), done()]).await;
    let dataset = one_attempt(&server);
    let [project, id] = [PROJECT_ID, crate::documentation::DATASET_ID].map(str::to_uppercase);
    let upper = dataset
        .client()
        .dataset(project.parse().unwrap(), id.parse().unwrap());
    let lock = dataset.draft_lock().await.unwrap();
    let no_wait = upper.clone().lock_wait(Duration::ZERO);
    assert_eq!(
        no_wait.draft_lock().await.unwrap_err().kind(),
        ErrorKind::Busy
    );
    lock.unlock().await.unwrap();
    dataset
        .with_draft_lock(async |_| {
            let nested = upper.draft_lock().await.unwrap_err();
            assert_eq!(nested.kind(), ErrorKind::Reentrant);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
