//! One task of one user at a time is under a draft lock, and no lock is left behind: through faults, late
//! effects and retries, and when calls are dropped at any point. The sandbox's history shows the facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use llmobs_datasets::{
    BaseUrl, Client, Credentials, Dataset, DraftLockError, Error, ErrorKind, LockedDataset,
    RetryPolicy,
};
use llmobs_sandbox::{Fault, Operation, Sandbox};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::at_most_once::{dataset, drops, sandbox, script, unless_dropped};
use crate::clock::TestClock;
use crate::documentation::PROJECT_ID;
use crate::draft_lock::restore;
use crate::sandbox::faults;
use crate::setup::reported_effect;

const TASKS: usize = 64;
const DATASETS: usize = 16;
const TURNS: usize = 4;

/// The attempt timeout. Late effects come within the same time, plus a margin for a busy machine.
const PATIENCE: Duration = Duration::from_millis(250);
const LATE: Duration = Duration::from_millis(100);

fn client(sandbox: &Sandbox, user: usize) -> Client {
    let key = &*sandbox.users()[user].application_key;
    let base_url: BaseUrl = sandbox.url().parse().unwrap();
    Client::builder(Credentials::new(sandbox.api_key(), key).unwrap())
        .endpoint(base_url)
        .http(reqwest::Client::builder().no_proxy().tls_certs_only([]))
        .retry(
            RetryPolicy::default()
                .max_attempts(16)
                .budget(None)
                .backoff(Duration::from_millis(1), Duration::from_millis(50)),
        )
        .attempt_timeout(PATIENCE)
        .lock_wait(Duration::from_secs(600))
        .max_response_bytes(1 << 16)
        .build()
        .unwrap()
}

/// Faults that a client survives by retrying.
fn passing() -> Vec<Fault> {
    vec![
        Fault::status(503),
        Fault::reset(),
        Fault::status(504).after_effect(),
        Fault::reset().after_effect(),
        Fault::rate_limited(Duration::ZERO),
        Fault::delay(PATIENCE + LATE),
        Fault::delay(PATIENCE + LATE).after_effect(),
        Fault::status(504).late_effect(LATE),
        Fault::reset().late_effect(LATE),
    ]
}

/// The work of a task in its turn.
#[derive(Clone, Copy, Debug)]
enum Turn {
    WithDraftLock,
    Guard,
    GuardDropped,
    GuardKept,
}

/// The results of the restores.
#[derive(Debug, Default)]
struct Count {
    applied: AtomicUsize,
    unknown: AtomicUsize,
    dropped: AtomicUsize,
}

struct Task {
    sandbox: Arc<Sandbox>,
    dataset: Dataset,
    user: String,
    inside: Arc<Vec<AtomicUsize>>,
    number: usize,
    restores: Arc<Count>,
    unlocks: Unlocks,
}

/// The faults of unlocks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unlocks {
    Succeed,
    /// Some unlocks are refused for good, and each task checks its lock.
    Refused,
}

/// Counts the tasks under the lock, as long as it lives.
struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Task {
    /// The number of the current lock of the dataset, which must be the user's.
    fn my_lock(&self) -> usize {
        let id = self.dataset.dataset_id().as_str();
        let history = self.sandbox.dataset(PROJECT_ID, id).unwrap().lock_history;
        let current = history.last().unwrap();
        let (holder, until) = (&current.user, current.until);
        assert_eq!((holder, until), (&self.user, None), "{id}: {current:?}");
        history.len()
    }

    async fn work(&self, locked: LockedDataset) -> Result<(), Error> {
        let inside = &self.inside[self.number];
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two are inside");
        let _inside = Inside(inside);
        let lock = self.my_lock();
        if self.unlocks == Unlocks::Refused
            && let Err(error) = locked.check().await
        {
            assert_ne!(error.kind(), ErrorKind::LockLost, "{error}");
        }
        self.restores.dropped.fetch_add(1, Ordering::SeqCst);
        let restored = restore(locked).await;
        self.restores.dropped.fetch_sub(1, Ordering::SeqCst);
        let counted = match reported_effect(&restored) {
            Some(true) => Some(&self.restores.applied),
            Some(false) => None,
            None => Some(&self.restores.unknown),
        };
        if let Some(count) = counted {
            count.fetch_add(1, Ordering::SeqCst);
        }
        // Nobody released it meanwhile.
        assert_eq!(self.my_lock(), lock);
        restored.map(drop)
    }

    /// One turn; `None` if there was no lock.
    async fn turn(&self, turn: Turn) -> Option<()> {
        let unlocked = match turn {
            Turn::WithDraftLock => {
                match self
                    .dataset
                    .with_draft_lock(|locked| self.work(locked))
                    .await
                {
                    Ok(()) => Ok(()),
                    Err(DraftLockError::Lock(_)) => return None,
                    Err(DraftLockError::Unlock { error, .. }) => Err(error),
                    Err(DraftLockError::Work(error)) => match error.unlock_error() {
                        None => Ok(()),
                        Some(_) => Err(error),
                    },
                    Err(other) => panic!("{other}"),
                }
            }
            Turn::Guard | Turn::GuardDropped | Turn::GuardKept => {
                let lock = self.dataset.draft_lock().await.ok()?;
                let _ = self.work(lock.locked().clone()).await;
                match turn {
                    Turn::Guard => lock.unlock().await.map(drop),
                    Turn::GuardKept => {
                        lock.keep();
                        // At the end, there may be no other task to release it.
                        loop {
                            if let Ok(again) = self.dataset.draft_lock().await {
                                break again.unlock().await.map(drop);
                            }
                        }
                    }
                    _ => Ok(()),
                }
            }
        };
        if let Err(error) = unlocked {
            let error = error.unlock_error().unwrap_or(&error);
            if self.unlocks == Unlocks::Refused {
                assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
                assert!(error.may_be_locked(), "{error}");
                return Some(());
            }
            // The first attempt succeeded, its response was lost, and another user acquired the lock.
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            assert!(error.to_string().contains("may or may not"), "{error}");
        }
        Some(())
    }
}

/// Runs all tasks, each with its client, and checks the sandbox's history.
async fn tasks_take_turns(
    users: usize,
    unlocks: Unlocks,
    client_of: impl Fn(&[Client], usize) -> (usize, Client),
) {
    let sandbox = Arc::new(sandbox(users, DATASETS).await);
    let mut runner = TestRunner::deterministic();
    let limited = Fault::rate_limited(Duration::from_secs(1));
    let lock_faults: Vec<_> = faults().into_iter().filter(|it| *it != limited).collect();
    let any_faults = [lock_faults, passing()].concat();
    // A conflict would make a check report a lost lock.
    let lock_faults = match unlocks {
        Unlocks::Succeed => any_faults.clone(),
        Unlocks::Refused => passing(),
    };
    let mut unlock_script = script(&mut runner, &passing(), 20_000);
    if unlocks == Unlocks::Refused {
        unlock_script
            .iter_mut()
            .step_by(3)
            .for_each(|fault| *fault = Fault::status(403));
    }
    sandbox.script(Operation::Lock, script(&mut runner, &lock_faults, 20_000));
    sandbox.script(Operation::Restore, script(&mut runner, &any_faults, 20_000));
    sandbox.script(Operation::Unlock, unlock_script);
    let clients: Vec<_> = (0..users).map(|user| client(&sandbox, user)).collect();
    let inside: Arc<Vec<_>> = Arc::new((0..DATASETS).map(|_| AtomicUsize::new(0)).collect());
    let restores = Arc::new(Count::default());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..TASKS {
        let (user, client) = client_of(&clients, number);
        let number = number % DATASETS;
        let task = Task {
            dataset: dataset(&client, number),
            sandbox: Arc::clone(&sandbox),
            user: format!("user-{user}"),
            inside: Arc::clone(&inside),
            number,
            restores: Arc::clone(&restores),
            unlocks,
        };
        let turns: Vec<_> = (0..100).map(|_| random_turn(&mut runner)).collect();
        let drops = drops(&mut runner, 100);
        tasks.spawn(async move {
            let (mut done, mut dropped) = (0, 0);
            for (turn, after) in turns.into_iter().zip(drops.iter()) {
                if done + dropped == TURNS {
                    break;
                }
                // A lock that is kept is not released by a drop.
                let after = after.filter(|_| !matches!(turn, Turn::GuardKept));
                match Box::pin(unless_dropped(after, task.turn(turn))).await {
                    None => dropped += 1,
                    Some(Some(())) => done += 1,
                    Some(None) => {}
                }
            }
            (done, dropped)
        });
    }
    let ended = tasks.join_all().await;
    let mut left = Vec::new();
    for client in &clients {
        let datasets = client.shutdown(Duration::from_secs(60)).await;
        left.extend(datasets.iter().map(|it| it.dataset_id().to_string()));
    }
    let sum = |of: fn(&(usize, usize)) -> usize| ended.iter().map(of).sum::<usize>();
    let (done, dropped) = (sum(|it| it.0), sum(|it| it.1));

    let (mut effects, mut locks, mut locked) = (0, 0, 0);
    for number in 0..DATASETS {
        let id = format!("dataset-{number}");
        let state = sandbox.dataset(PROJECT_ID, &id).unwrap();
        if state.lock.is_some() {
            assert!(left.contains(&id), "{id}: {:?}", state.lock_history.last());
            locked += 1;
        }
        effects += state.versions.len() - 3;
        locks += state.lock_history.len();
    }
    let [applied, unknown, in_dropped] = [&restores.applied, &restores.unknown, &restores.dropped]
        .map(|it| it.load(Ordering::SeqCst));
    println!(
        "{done} turns done, {dropped} dropped, {locks} locks, {locked} left of {} that may be; {effects} \
         restores took effect: {applied} applied, {unknown} unknown, {in_dropped} dropped",
        left.len()
    );
    match unlocks {
        Unlocks::Succeed => assert!(left.is_empty(), "{left:?}"),
        Unlocks::Refused => assert!(locked > 0, "no unlock was refused"),
    }
    assert!(done > 0 && dropped > 0 && unknown > 0 && in_dropped > 0);
    assert!(applied <= effects && effects <= applied + unknown + in_dropped);
}

fn random_turn(runner: &mut TestRunner) -> Turn {
    let turn = prop_oneof![
        3 => Just(Turn::WithDraftLock),
        1 => Just(Turn::Guard),
        1 => Just(Turn::GuardDropped),
        1 => Just(Turn::GuardKept),
    ];
    turn.new_tree(runner).unwrap().current()
}

#[tokio::test(start_paused = true)]
async fn tasks_of_one_client_take_turns() {
    let _running = TestClock::default().run_with_tasks();
    tasks_take_turns(1, Unlocks::Succeed, |clients, _| (0, clients[0].clone())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_on_several_threads_take_turns_and_know_what_is_left() {
    tasks_take_turns(1, Unlocks::Refused, |clients, _| (0, clients[0].clone())).await;
}

#[tokio::test(start_paused = true)]
async fn tasks_of_eight_users_take_turns() {
    let _running = TestClock::default().run_with_tasks();
    // The tasks of a user use one half of the datasets, so each dataset has eight users.
    tasks_take_turns(8, Unlocks::Succeed, |clients, task| {
        let user = task / DATASETS * 2 + task % 2;
        (user, clients[user].clone())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn tasks_of_several_clients_and_users_take_turns() {
    let _running = TestClock::default().run_with_tasks();
    tasks_take_turns(2, Unlocks::Succeed, |clients, task| {
        let user = usize::from(task >= TASKS / 2);
        (user, clients[user].clone())
    })
    .await;
}
