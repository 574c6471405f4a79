//! Initial states.

use std::collections::BTreeMap;

use llmobs_sandbox::{InitialDataset, InitialState, Operation, Profile, Sandbox};
use serde_json::Value;

use crate::setup::{DATASET, PROJECT, call, holder, request, state};

#[tokio::test]
async fn a_dataset_may_start_locked() {
    let mut state = InitialState::default();
    let jane = state.users[0].user.clone();
    let since = "2026-11-25T09:00:00.123456789Z".parse().unwrap();
    let dataset = InitialDataset::new([vec![], vec![]]).locked_by(&jane.id, since);
    let project = state.projects.get_mut(PROJECT).unwrap();
    project.insert(DATASET.to_owned(), dataset);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<InitialState>(&text).unwrap(), state);
    for profile in [Profile::Documented, Profile::Observed] {
        let builder = Sandbox::builder().profile(profile).state(state.clone());
        let sandbox = builder.start().await.unwrap();
        let before = self::state(&sandbox);
        assert_eq!(before.holder(), Some(&*jane.id));
        assert_eq!(before.lock_history[0].from, since);
        assert_eq!(before.lock_history[0].acquired_by, None);

        assert_eq!(call(&sandbox, 1, Operation::Lock).await, 409);
        let locked = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let locked: Value = locked.json().await.unwrap();
        let shown = locked["data"]["attributes"]["drafting_since"].as_str();
        assert_eq!(
            shown.unwrap(),
            match profile {
                Profile::Observed => "2026-11-25T09:00:00.123456789Z",
                _ => "2026-11-25T09:00:00Z",
            }
        );
        assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
        assert_eq!(holder(&sandbox), None);
    }

    let project = state.projects.get_mut(PROJECT).unwrap();
    let lock = project.get_mut(DATASET).unwrap().lock.as_mut().unwrap();
    lock.user = "nobody".to_owned();
    let error = Sandbox::builder().state(state).start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/lock/user: there is no such user"),
        "{error}"
    );
}

#[tokio::test]
async fn a_state_of_ones_own_is_used() {
    let mut state = InitialState::default();
    let projects = BTreeMap::from([("d".to_owned(), InitialDataset::new([vec![]]))]);
    state.projects = BTreeMap::from([("p".to_owned(), projects)]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<InitialState>(&text).unwrap(), state);
    let sandbox = Sandbox::builder()
        .state(state.clone())
        .start()
        .await
        .unwrap();
    assert_eq!(sandbox.dataset("p", "d").unwrap().version(), 0);
    assert!(sandbox.dataset(PROJECT, DATASET).is_none());

    state
        .projects
        .get_mut("p")
        .unwrap()
        .get_mut("d")
        .unwrap()
        .versions
        .clear();
    let error = Sandbox::builder().state(state).start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "/projects/p/d/versions: there is no version; add one, such as []"
    );
}
