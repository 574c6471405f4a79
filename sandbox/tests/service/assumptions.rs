//! Each switch of the assumptions.

use std::time::Duration;

use llmobs_sandbox::{
    Assumptions, InitialDataset, InitialState, OnConflict, OnRelock, Operation, Sandbox,
};

use crate::setup::{DATASET, PROJECT, call, holder, state, version};

#[tokio::test]
async fn assumptions_can_be_switched() {
    let allow = OnConflict::Allow;
    let sandbox = Sandbox::builder()
        .assumptions(
            Assumptions::default()
                .lock_of_another(allow)
                .unlock_of_another(allow)
                .restore_under_another(allow),
        )
        .start()
        .await
        .unwrap();
    for user in [0, 1] {
        assert_eq!(call(&sandbox, user, Operation::Lock).await, 200);
        assert_eq!(holder(&sandbox).unwrap(), sandbox.users()[user].user.id);
    }
    assert_eq!(call(&sandbox, 0, Operation::Restore).await, 200);
    assert_eq!(
        (holder(&sandbox).unwrap(), version(&sandbox)),
        (sandbox.users()[1].user.id.clone(), 3)
    );
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(holder(&sandbox), None);

    let refuse = Assumptions::default()
        .lock_of_another(OnConflict::Refuse(423))
        .unlock_of_another(OnConflict::Refuse(403))
        .restore_under_another(OnConflict::Refuse(412));
    let sandbox = Sandbox::builder()
        .assumptions(refuse)
        .start()
        .await
        .unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    assert_eq!(call(&sandbox, 1, Operation::Lock).await, 423);
    assert_eq!(call(&sandbox, 1, Operation::Unlock).await, 403);
    assert_eq!(call(&sandbox, 1, Operation::Restore).await, 412);
}

#[tokio::test]
async fn a_relock_keeps_the_time_or_starts_anew() {
    for rule in [OnRelock::KeepSince, OnRelock::StartAnew] {
        let sandbox = Sandbox::builder()
            .assumptions(Assumptions::default().relock(rule))
            .start()
            .await
            .unwrap();
        call(&sandbox, 0, Operation::Lock).await;
        let first = state(&sandbox).lock.unwrap();
        call(&sandbox, 0, Operation::Lock).await;
        let second = state(&sandbox);
        assert_eq!(
            second.lock.unwrap().since > first.since,
            rule == OnRelock::StartAnew
        );
        let [period] = &second.lock_history[..] else {
            panic!("{:?}", second.lock_history)
        };
        assert_eq!((period.from, period.until), (first.since, None));
    }
}

#[tokio::test]
async fn unlock_and_restore_may_need_a_lock() {
    let refuse = Assumptions::default()
        .unlock_of_unlocked(OnConflict::Refuse(404))
        .restore_of_unlocked(OnConflict::Refuse(409));
    let builder = Sandbox::builder().assumptions(refuse);
    let sandbox = builder.start().await.unwrap();
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 404);
    assert_eq!(call(&sandbox, 0, Operation::Restore).await, 409);
    assert!(
        sandbox
            .requests()
            .iter()
            .all(|request| !request.took_effect)
    );
    assert_eq!(call(&sandbox, 0, Operation::Lock).await, 200);
    assert_eq!(call(&sandbox, 0, Operation::Restore).await, 200);
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
}

#[tokio::test]
async fn a_lock_may_expire() {
    let expiry = Duration::from_secs(60);
    let mut state = InitialState::default();
    let jane = state.users[0].user.id.clone();
    let now = chrono::Utc::now();
    let project = state.projects.get_mut(PROJECT).unwrap();
    for (id, seconds) in [(DATASET, 60), ("younger", 30)] {
        let since = now - chrono::TimeDelta::seconds(seconds);
        let dataset = InitialDataset::new([vec![], vec![]]).locked_by(&*jane, since);
        project.insert(id.to_owned(), dataset);
    }
    let sandbox = Sandbox::builder()
        .assumptions(Assumptions::default().lock_expiry(expiry))
        .state(state)
        .start()
        .await
        .unwrap();
    let younger = sandbox.dataset(PROJECT, "younger").unwrap();
    assert_eq!(younger.holder(), Some(&*jane));
    let expired = self::state(&sandbox);
    assert_eq!(
        (expired.holder(), expired.lock_history[0].released_by),
        (None, None)
    );
    assert_eq!(expired.lock_history[0].until, Some(now));

    assert_eq!(call(&sandbox, 1, Operation::Lock).await, 200);
    assert_eq!(self::state(&sandbox).lock_history.len(), 2);
}

#[test]
fn the_readme_lists_each_switch_with_its_default() {
    let readme = include_str!("../../README.md");
    let defaults = serde_json::to_value(Assumptions::default()).unwrap();
    for (name, default) in defaults.as_object().unwrap() {
        let default = default
            .as_str()
            .map_or_else(|| default.to_string(), str::to_owned);
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("the README has no row for {name}"));
        assert!(
            row.contains(&format!("| `{default}` |")),
            "{name}: {default}"
        );
    }
}
