//! A restore takes effect at most once, and one user at a time holds the lock, which is never left
//! behind: of many tasks, through faults and retries, and when calls are dropped on the way.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use llmobs_datasets::{
    BaseUrl, Client, Credentials, Dataset, DatasetVersion, DraftLockError, Outcome, RetryPolicy,
};
use llmobs_sandbox::{Fault, InitialState, Operation as Scripted, Sandbox};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::sandbox::{faults, random_fault};
use crate::setup::told;

const TASKS: usize = 64;

fn client(sandbox: &Sandbox, user: usize, retry: RetryPolicy, timeout: Duration) -> Client {
    let key = &*sandbox.users()[user].application_key;
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    Client::builder(Credentials::new(sandbox.api_key(), key).unwrap())
        .endpoint(base_url)
        // No roots to load, which takes longer than all the rest.
        .http(reqwest::Client::builder().no_proxy().tls_certs_only([]))
        .retry(retry.without_waits())
        .attempt_timeout(timeout)
        .max_response_bytes(1 << 16)
        .build()
        .unwrap()
}

/// A sandbox with this many users and copies of the documentation's dataset.
async fn sandbox(users: usize, datasets: usize) -> Sandbox {
    let mut state = InitialState::default();
    let mut user = state.users[0].clone();
    let numbered = (0..users).map(|number| {
        user.application_key = format!("key-{number}");
        user.user.id = format!("user-{number}");
        user.clone()
    });
    state.users = numbered.collect();
    let project = state.projects.get_mut(PROJECT_ID).unwrap();
    let dataset = project.remove(DATASET_ID).unwrap();
    for number in 0..datasets {
        project.insert(format!("dataset-{number}"), dataset.clone());
    }
    Sandbox::builder().state(state).start().await.unwrap()
}

fn dataset(client: &Client, number: usize) -> Dataset {
    let id = format!("dataset-{number}");
    client.dataset(PROJECT_ID.parse().unwrap(), id.parse().unwrap())
}

fn script(runner: &mut TestRunner, faults: &[Fault], count: usize) -> Vec<Fault> {
    (0..count).map(|_| random_fault(runner, faults)).collect()
}

/// After how many polls a call is dropped; most are not.
fn drops(runner: &mut TestRunner, count: usize) -> Arc<[Option<usize>]> {
    (0..count)
        .map(|_| {
            let number = (0..40_usize).new_tree(runner).unwrap().current();
            (number < 8).then_some(number)
        })
        .collect()
}

/// What a future gives, unless it is to be dropped after some polls and needs more of them.
async fn unless_dropped<F: Future>(after: Option<usize>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if after.is_some_and(|after| polls > after) {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Restores; gives the attempts of a success.
async fn restore(dataset: Dataset) -> llmobs_datasets::Result<u32> {
    Ok(dataset.restore(DatasetVersion::new(1)?).await?.attempts())
}

#[tokio::test]
async fn each_of_ten_thousand_restores_takes_effect_at_most_once() {
    const CALLS: usize = 10_000;
    // A dataset for each call, so that the truth is known of each.
    let sandbox = sandbox(1, CALLS).await;
    let mut runner = TestRunner::deterministic();
    let timeout = Duration::from_millis(250);
    let more = [Fault::endless().after_effect(), Fault::delay(2 * timeout)];
    let met = [&faults()[..], &more].concat();
    sandbox.script(Scripted::Restore, script(&mut runner, &met, 2 * CALLS));
    let drops = drops(&mut runner, CALLS);
    let client = client(&sandbox, 0, RetryPolicy::default(), timeout);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (client, next, drops) = (client.clone(), Arc::clone(&next), Arc::clone(&drops));
        tasks.spawn(async move {
            let mut results = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= CALLS {
                    return results;
                }
                let call = restore(dataset(&client, number));
                results.push((number, unless_dropped(drops[number], call).await));
            }
        });
    }
    let results: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();

    let (mut effects, mut applied, mut not_applied, mut unknown, mut dropped) = (0, 0, 0, 0, 0);
    for (number, result) in &results {
        let id = format!("dataset-{number}");
        let versions = sandbox.dataset(PROJECT_ID, &id).unwrap().versions.len();
        let effect = versions - 3;
        assert!(effect <= 1, "{effect} effects of {result:?}");
        effects += effect;
        match result.as_ref().map(told) {
            Some(Some(true)) => applied += 1,
            Some(Some(false)) => not_applied += 1,
            Some(None) => unknown += 1,
            None => dropped += 1,
        }
        let told = result.as_ref().and_then(told);
        assert!(
            told.is_none_or(|told| told == (effect == 1)),
            "{effect} effects of {result:?}"
        );
    }
    let repeated = results
        .iter()
        .filter(|(_, result)| matches!(result, Some(Ok(2..))))
        .count();
    println!(
        "{CALLS} restores, {effects} effects: {applied} applied ({repeated} of them after a retry), \
         {not_applied} not applied, {unknown} unknown, {dropped} dropped"
    );
    assert_eq!(results.len(), CALLS);
    for count in [applied, repeated, not_applied, unknown, dropped] {
        assert!(count > 0, "the faults don't reach all outcomes");
    }
    assert!(applied <= effects && effects <= applied + unknown + dropped);
}

/// Counts who is inside for as long as it lives.
struct Inside<'a>(&'a AtomicUsize);

impl<'a> Inside<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "two are inside");
        Self(count)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_lock_has_one_holder_and_is_not_left_behind() {
    const DATASETS: usize = 16;
    const TURNS: usize = 10;
    const USERS: usize = TASKS * (TURNS + 1);
    let sandbox = Arc::new(sandbox(USERS, DATASETS).await);
    let mut runner = TestRunner::deterministic();
    let met = faults();
    for operation in [Scripted::Lock, Scripted::Restore] {
        sandbox.script(operation, script(&mut runner, &met, 20_000));
    }
    // Those that a retry of unlock gets over: a lock whose unlock is refused for good is left behind.
    let passing = [
        Fault::status(503),
        Fault::reset(),
        Fault::status(504).after_effect(),
        Fault::reset().after_effect(),
        Fault::rate_limited(Duration::from_secs(1)),
    ];
    sandbox.script(Scripted::Unlock, script(&mut runner, &passing, 20_000));
    let patient = RetryPolicy::default().max_attempts(16);
    let inside: Arc<Vec<AtomicUsize>> =
        Arc::new((0..DATASETS).map(|_| AtomicUsize::new(0)).collect());
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let drops = drops(&mut runner, 10_000);
        let (sandbox, inside, patient) =
            (Arc::clone(&sandbox), Arc::clone(&inside), patient.clone());
        tasks.spawn(async move {
            let (mut done, mut dropped) = (0, 0);
            let mut drops = drops.iter();
            // A user whose work was dropped may be unlocking yet, so another one comes after it.
            for user in (task * (TURNS + 1)..).take(TURNS) {
                let client = client(&sandbox, user, patient.clone(), Duration::from_secs(60));
                let number = task % DATASETS;
                let dataset = dataset(&client, number);
                let id = dataset.dataset_id().to_string();
                let mine = || {
                    let state = sandbox.dataset(PROJECT_ID, &id).unwrap();
                    assert_eq!(state.holder(), Some(&*format!("user-{user}")));
                };
                let work = async |dataset: Dataset| {
                    let _inside = Inside::enter(&inside[number]);
                    mine();
                    let restored = restore(dataset).await;
                    mine();
                    restored
                };
                loop {
                    let after = drops.next().unwrap();
                    match unless_dropped(*after, dataset.with_draft_lock(work)).await {
                        None => {
                            dropped += 1;
                            break;
                        }
                        Some(Ok(_) | Err(DraftLockError::Work { unlock: None, .. })) => {
                            done += 1;
                            break;
                        }
                        // The first attempt worked, but its answer was lost, and somebody else came.
                        Some(Err(
                            DraftLockError::Unlock { error, .. }
                            | DraftLockError::Work {
                                unlock: Some(error),
                                ..
                            },
                        )) if error.is_conflict() && error.outcome() == Outcome::Unknown => {
                            done += 1;
                            break;
                        }
                        Some(Err(DraftLockError::Lock(refused))) => {
                            // Where the lock was not had, somebody else may have it by now.
                            if let Some(Err(error)) = refused.unlock {
                                assert!(error.is_conflict(), "{error}");
                            }
                        }
                        Some(Err(other)) => panic!("{other}"),
                    }
                }
            }
            (done, dropped)
        });
    }
    let (done, dropped) = tasks
        .join_all()
        .await
        .into_iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{done} turns done, {dropped} dropped");
    assert!(done > 0 && dropped > 0);

    // What is unlocked in the background ends soon, or never.
    for _ in 0..500 {
        if held(&sandbox, DATASETS) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(held(&sandbox, DATASETS), 0, "locks are left behind");
}

/// How many of the datasets are locked.
fn held(sandbox: &Sandbox, datasets: usize) -> usize {
    (0..datasets)
        .filter(|number| {
            let id = format!("dataset-{number}");
            sandbox.dataset(PROJECT_ID, &id).unwrap().lock.is_some()
        })
        .count()
}
