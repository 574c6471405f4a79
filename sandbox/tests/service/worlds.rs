//! Worlds: apart from each other, and reset in one step.

use std::time::Duration;

use llmobs_sandbox::{
    Assumptions, Fault, InitialDataset, InitialState, OnConflict, Operation, Sandbox, World,
};
use reqwest::RequestBuilder;

use crate::setup::{DATASET, PROJECT, body, http, url};

fn request(sandbox: &Sandbox, world: &World, user: usize, operation: Operation) -> RequestBuilder {
    let (method, url) = url(sandbox, operation);
    let request = http()
        .request(method, url)
        .header("dd-api-key", world.api_key())
        .header("dd-application-key", &world.users()[user].application_key);
    match operation {
        Operation::Restore => request.json(&body(1)),
        _ => request,
    }
}

async fn call(sandbox: &Sandbox, world: &World, user: usize, operation: Operation) -> u16 {
    let response = request(sandbox, world, user, operation).send().await;
    response.unwrap().status().as_u16()
}

fn seen(world: &World) -> (Option<String>, usize, usize) {
    let dataset = world.dataset(PROJECT, DATASET).unwrap();
    let holder = dataset.holder().map(str::to_owned);
    (holder, dataset.version(), world.requests().len())
}

#[tokio::test]
async fn worlds_know_nothing_of_each_other() {
    let sandbox = Sandbox::start().await.unwrap();
    let worlds: Vec<World> = (0..16).map(|_| sandbox.create_world()).collect();
    let all = worlds.iter().enumerate().map(|(number, world)| {
        let sandbox = &sandbox;
        async move {
            if number % 2 == 0 {
                world.script(Operation::Restore, [Fault::status(503)]);
            }
            assert_eq!(call(sandbox, world, 0, Operation::Lock).await, 200);
            assert_eq!(call(sandbox, world, 1, Operation::Lock).await, 409);
            let status = if number % 2 == 0 { 503 } else { 200 };
            assert_eq!(call(sandbox, world, 0, Operation::Restore).await, status);
            if number % 3 == 0 {
                assert_eq!(world.reset(), []);
            }
        }
    });
    futures_util::future::join_all(all).await;
    for (number, world) in worlds.iter().enumerate() {
        let jane = world.users()[0].user.id.clone();
        let expected = match number {
            _ if number % 3 == 0 => (None, 2, 0),
            _ if number % 2 == 0 => (Some(jane), 2, 3),
            _ => (Some(jane), 3, 3),
        };
        assert_eq!(seen(world), expected, "{number}");
    }
    assert_eq!(seen(sandbox.world()), (None, 2, 0));

    // The application keys of one world are not valid in another.
    let (method, url) = url(&sandbox, Operation::Lock);
    let mixed = http()
        .request(method, url)
        .header("dd-api-key", worlds[0].api_key())
        .header("dd-application-key", worlds[1].application_key());
    assert_eq!(mixed.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_reset_leaves_no_trace_of_requests_in_progress() {
    let sandbox = Sandbox::start().await.unwrap();
    let world = sandbox.world();
    let late = Duration::from_millis(100);
    world.script(Operation::Lock, [Fault::delay(late)]);
    world.script(
        Operation::Restore,
        [
            Fault::status(504).late_effect(late),
            Fault::html().times(2),
            Fault::reset().times(0),
        ],
    );
    assert_eq!(call(&sandbox, world, 0, Operation::Restore).await, 504);
    let lock = request(&sandbox, world, 0, Operation::Lock).send();
    let reset = async {
        world.wait_for(|requests| requests.len() == 2).await;
        let unmet = world.reset();
        assert_eq!(unmet, [(Operation::Restore, Fault::html().times(2))]);
        assert_eq!(seen(world), (None, 2, 0));
    };
    let (locked, ()) = tokio::join!(lock, reset);
    // It ends with the old state, at least when the late restore is due.
    assert_eq!(locked.unwrap().status(), 200);
    assert_eq!(seen(world), (None, 2, 0));
    assert_eq!(world.unmet_faults(), []);
    // The next run begins anew.
    assert_eq!(call(&sandbox, world, 1, Operation::Lock).await, 200);
    assert_eq!(world.requests()[0].id, 0);
}

#[tokio::test]
async fn settings_last_beyond_a_reset() {
    let sandbox = Sandbox::start().await.unwrap();
    let allow = Assumptions::default().lock_of_another(OnConflict::Allow);
    sandbox.world().set_assumptions(allow);
    sandbox.world().set_strict(true);
    let world = sandbox.create_world();
    world.set_strict(false);
    for world in [sandbox.world(), &world] {
        world.reset();
        assert_eq!(call(&sandbox, world, 0, Operation::Lock).await, 200);
        assert_eq!(call(&sandbox, world, 1, Operation::Lock).await, 200);
        let with_body = request(&sandbox, world, 1, Operation::Lock).body("x");
        let status = with_body.send().await.unwrap().status().as_u16();
        assert_eq!(status, if world.id() == "default" { 400 } else { 200 });
    }
}

#[tokio::test]
async fn a_world_has_a_state_of_its_own_and_can_be_deleted() {
    let sandbox = Sandbox::start().await.unwrap();
    let shared = sandbox
        .create_world_with(InitialState::default())
        .unwrap_err();
    assert!(
        shared
            .to_string()
            .contains("/api_keys: world default has one"),
        "{shared}"
    );

    let state = InitialState {
        api_keys: ["mine".to_owned()].into(),
        ..InitialState::default()
    };
    let world = sandbox.create_world_with(state.clone()).unwrap();
    sandbox.create_world_with(state).unwrap_err();
    let locked = InitialDataset::new([vec![]]).locked_by(
        &*world.users()[1].user.id,
        "2026-11-25T09:00:00Z".parse().unwrap(),
    );
    world.set_dataset(PROJECT, DATASET, &locked).unwrap();
    assert_eq!(call(&sandbox, &world, 0, Operation::Lock).await, 409);
    let nobody = locked.locked_by("nobody", chrono::Utc::now());
    world.set_dataset(PROJECT, DATASET, &nobody).unwrap_err();
    assert_eq!(seen(&world).0, Some(world.users()[1].user.id.clone()));
    // A reset returns to the state that the world was created with.
    world.reset();
    assert_eq!(call(&sandbox, &world, 0, Operation::Lock).await, 200);

    let handle = world.clone();
    world.delete();
    assert_eq!(call(&sandbox, &handle, 0, Operation::Lock).await, 401);
    sandbox.world().clone().delete();
    assert_eq!(
        call(&sandbox, sandbox.world(), 0, Operation::Lock).await,
        200
    );
}

#[tokio::test]
async fn the_oldest_requests_and_locks_are_forgotten() {
    let sandbox = Sandbox::builder().remember(3).start().await.unwrap();
    let world = sandbox.world();
    for _ in 0..4 {
        call(&sandbox, world, 0, Operation::Lock).await;
        call(&sandbox, world, 0, Operation::Lock).await;
        call(&sandbox, world, 0, Operation::Unlock).await;
    }
    let ids: Vec<u64> = world.requests().iter().map(|request| request.id).collect();
    assert_eq!(ids, [9, 10, 11]);
    let history = world.dataset(PROJECT, DATASET).unwrap().lock_history;
    let acquired: Vec<_> = history.iter().map(|period| period.acquired_by).collect();
    assert_eq!(acquired, [Some(3), Some(6), Some(9)]);
    assert!(world.requests()[2].took_effect);
}
