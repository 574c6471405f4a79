//! Effects that are later than the response, or than the patience of the client.

use std::time::Duration;

use llmobs_sandbox::{Fault, Operation, Sandbox};
use reqwest::Client;

use crate::setup::{body, hang_up, holder, request, state, until, url, version};

#[tokio::test]
async fn a_delayed_call_takes_effect_although_its_client_hung_up() {
    let sandbox = Sandbox::start().await.unwrap();
    for operation in [Operation::Lock, Operation::Restore, Operation::Unlock] {
        sandbox.script(operation, [Fault::delay(Duration::from_millis(100))]);
        let before = state(&sandbox);
        hang_up(&sandbox, operation).await;
        assert_eq!(state(&sandbox), before);
        let received = sandbox.requests().pop().unwrap();
        assert_eq!((received.took_effect, received.status), (false, None));

        until(|| sandbox.requests()[usize::try_from(received.id).unwrap()].took_effect).await;
        assert_ne!(state(&sandbox), before);
        assert_eq!(sandbox.requests().pop().unwrap().status, Some(200));
    }
    assert_eq!((holder(&sandbox), version(&sandbox)), (None, 3));
}

#[tokio::test]
async fn an_effect_may_be_later_than_the_response() {
    let late = Duration::from_millis(100);
    for fault in [
        Fault::status(504),
        Fault::reset(),
        Fault::truncated(),
        Fault::delay(Duration::ZERO),
    ] {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.script(Operation::Restore, [fault.clone().late_effect(late)]);
        let request = request(&sandbox, 0, Operation::Restore).json(&body(1));
        let response = request.send().await;
        let received = sandbox.requests().pop().unwrap();
        if fault == Fault::delay(Duration::ZERO) {
            assert_eq!((received.took_effect, version(&sandbox)), (true, 3));
            continue;
        }
        let status = response.ok().map(|response| response.status().as_u16());
        assert_eq!((received.status, received.took_effect), (status, false));
        assert_eq!(version(&sandbox), 2);

        until(|| version(&sandbox) == 3).await;
        let received = sandbox.requests().pop().unwrap();
        assert_eq!((received.status, received.took_effect), (status, true));
    }
}

#[tokio::test]
async fn a_late_effect_ends_with_the_sandbox() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let idle = tasks();
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.script(Operation::Lock, [Fault::delay(Duration::from_secs(3600))]);
    // With a client of its own, whose tasks end with it.
    let client = Client::builder().no_proxy().build().unwrap();
    let (method, url) = url(&sandbox, Operation::Lock);
    tokio::select! {
        response = client.request(method, url).send() => panic!("{response:?}"),
        () = until(|| !sandbox.requests().is_empty()) => {}
    }
    drop(client);
    assert!(tasks() > idle);
    drop(sandbox);
    until(|| tasks() == idle).await;
}
