//! A restore takes effect at most once: of many tasks, through faults and retries, and when calls are
//! dropped while in progress.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset, DatasetVersion, RetryPolicy};
use llmobs_sandbox::{Fault, InitialState, Operation as Scripted, Sandbox};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::clock::TestClock;
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::sandbox::{faults, random_fault};
use crate::setup::reported_effect;

const TASKS: usize = 64;

fn client(sandbox: &Sandbox, user: usize, retry: RetryPolicy, timeout: Duration) -> Client {
    let key = &*sandbox.users()[user].application_key;
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    Client::builder(Credentials::new(sandbox.api_key(), key).unwrap())
        .endpoint(base_url)
        // Loading root certificates would take longer than all the rest.
        .http(reqwest::Client::builder().no_proxy().tls_certs_only([]))
        .retry(retry.without_waits())
        .attempt_timeout(timeout)
        .max_response_bytes(1 << 16)
        .build()
        .unwrap()
}

/// A sandbox with this many users and copies of the documentation's dataset.
pub(crate) async fn sandbox(users: usize, datasets: usize) -> Sandbox {
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

pub(crate) fn dataset(client: &Client, number: usize) -> Dataset {
    let id = format!("dataset-{number}");
    client.dataset(PROJECT_ID.parse().unwrap(), id.parse().unwrap())
}

pub(crate) fn script(runner: &mut TestRunner, faults: &[Fault], count: usize) -> Vec<Fault> {
    (0..count).map(|_| random_fault(runner, faults)).collect()
}

/// The number of polls after which each call is dropped; most are not dropped.
pub(crate) fn drops(runner: &mut TestRunner, count: usize) -> Arc<[Option<usize>]> {
    (0..count)
        .map(|_| {
            let number = (0..40_usize).new_tree(runner).unwrap().current();
            (number < 8).then_some(number)
        })
        .collect()
}

/// The output of a future; `None` if it needs more polls than it may get before it is dropped.
pub(crate) async fn unless_dropped<F: Future>(
    after: Option<usize>,
    future: F,
) -> Option<F::Output> {
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

/// Restores, and returns the number of attempts of a success.
async fn restore(dataset: Dataset) -> llmobs_datasets::Result<u32> {
    Ok(dataset.restore(DatasetVersion::new(1)?).await?.attempts())
}

#[tokio::test(start_paused = true)]
async fn each_of_ten_thousand_restores_takes_effect_at_most_once() {
    const CALLS: usize = 10_000;
    let _running = TestClock::default().run_with_tasks();
    // One dataset per call, so that the effect of each call is known.
    let sandbox = sandbox(1, CALLS).await;
    let mut runner = TestRunner::deterministic();
    let timeout = Duration::from_millis(250);
    let more = [Fault::endless().after_effect(), Fault::delay(2 * timeout)];
    let script_faults = [&faults()[..], &more].concat();
    sandbox.script(
        Scripted::Restore,
        script(&mut runner, &script_faults, 2 * CALLS),
    );
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
        match result.as_ref().map(reported_effect) {
            Some(Some(true)) => applied += 1,
            Some(Some(false)) => not_applied += 1,
            Some(None) => unknown += 1,
            None => dropped += 1,
        }
        let reported = result.as_ref().and_then(reported_effect);
        assert!(
            reported.is_none_or(|reported| reported == (effect == 1)),
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
