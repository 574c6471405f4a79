//! Scripted faults.

use std::time::Duration;

use llmobs_sandbox::{Fault, Operation, Sandbox};

use crate::setup::{body, call, holder, request, version};

#[tokio::test]
async fn faults_come_in_their_order_and_then_the_service_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let faults = [
        Fault::status(503).header("retry-after", "1").body("busy"),
        Fault::rate_limited(Duration::from_secs(9)),
        Fault::html(),
        Fault::empty(),
        Fault::redirect("http://127.0.0.1:1/x"),
        Fault::huge(100_000),
        Fault::delay(Duration::from_millis(1)),
    ];
    sandbox.script(Operation::Lock, faults);
    let mut answers = Vec::new();
    for _ in 0..8 {
        let answer = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        answers.push((status, headers, answer.text().await.unwrap()));
    }
    assert_eq!((answers[0].0, answers[0].2.as_str()), (503, "busy"));
    assert_eq!(answers[0].1["retry-after"], "1");
    assert_eq!(
        (answers[1].0, &answers[1].1["x-ratelimit-reset"]),
        (429, &"9".parse().unwrap())
    );
    assert_eq!(answers[1].2, r#"{"errors":["Too many requests"]}"#);
    assert_eq!(
        (answers[2].0, &answers[2].1["content-type"]),
        (200, &"text/html".parse().unwrap())
    );
    assert!(answers[2].2.starts_with("<!DOCTYPE html>"));
    assert_eq!((answers[3].0, answers[3].2.as_str()), (200, ""));
    assert_eq!(
        (answers[4].0, &answers[4].1["location"]),
        (307, &"http://127.0.0.1:1/x".parse().unwrap())
    );
    assert_eq!((answers[5].0, answers[5].2.len()), (200, 100_000));
    for (status, _, body) in &answers[6..] {
        assert_eq!(*status, 200);
        assert!(body.contains("draft_state_data"));
    }
}

#[tokio::test]
async fn an_answer_may_be_late_after_the_effect() {
    let sandbox = Sandbox::start().await.unwrap();
    let late = Fault::delay(Duration::from_secs(3600)).after_effect();
    sandbox.script(Operation::Lock, [late]);
    let locked = async {
        while holder(&sandbox).is_none() {
            tokio::task::yield_now().await;
        }
    };
    // The timeout ends the test where nothing takes effect.
    let request = request(&sandbox, 0, Operation::Lock).timeout(Duration::from_secs(30));
    tokio::select! {
        answer = request.send() => panic!("{answer:?}"),
        () = locked => {}
    }
}

#[tokio::test]
async fn a_fault_takes_effect_only_if_told_to() {
    let faults = [
        Fault::status(500),
        Fault::reset(),
        Fault::truncated(),
        Fault::html(),
        Fault::empty(),
    ];
    for fault in faults {
        for after in [false, true] {
            let sandbox = Sandbox::start().await.unwrap();
            let fault = if after {
                fault.clone().after_effect()
            } else {
                fault.clone()
            };
            for operation in [Operation::Lock, Operation::Restore] {
                sandbox.script(operation, [fault.clone()]);
                let request = request(&sandbox, 0, operation).json(&body(1));
                // Whatever comes of it: only the state tells.
                drop(request.send().await);
            }
            assert_eq!(
                (holder(&sandbox).is_some(), version(&sandbox)),
                (after, 2 + usize::from(after)),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn broken_connections_are_broken() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.script(
        Operation::Lock,
        [Fault::reset(), Fault::truncated(), Fault::endless()],
    );
    request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap_err();
    assert_eq!(sandbox.requests()[0].status, None);

    let truncated = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
    assert_eq!(truncated.status(), 200);
    truncated.bytes().await.unwrap_err();

    let mut endless = request(&sandbox, 0, Operation::Lock).send().await.unwrap();
    let mut read = 0;
    while read < 10_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_fault_after_the_effect_of_a_refused_call_has_none() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    sandbox.script(Operation::Unlock, [Fault::status(500).after_effect()]);
    assert_eq!(call(&sandbox, 1, Operation::Unlock).await, 500);
    assert!(holder(&sandbox).is_some());
}

#[test]
fn faults_can_be_written_as_text() {
    let second = Duration::from_secs(1);
    let rows = [
        ("status:503", Fault::status(503)),
        ("rate-limited:1", Fault::rate_limited(second)),
        ("delay:1000", Fault::delay(second)),
        ("reset", Fault::reset()),
        ("truncated", Fault::truncated()),
        ("endless", Fault::endless()),
        ("huge:9", Fault::huge(9)),
        ("html", Fault::html()),
        ("empty", Fault::empty()),
        ("redirect:http://a/b", Fault::redirect("http://a/b")),
        ("after:reset", Fault::reset().after_effect()),
        ("after:status:500", Fault::status(500).after_effect()),
        (
            "late:1000:status:504",
            Fault::status(504).late_effect(second),
        ),
        ("late:1000:reset", Fault::reset().late_effect(second)),
    ];
    for (text, fault) in rows {
        assert_eq!(text.parse::<Fault>().unwrap(), fault, "{text}");
    }
    for text in [
        "",
        "rest",
        "status",
        "status:x",
        "status:99",
        "after",
        "after:",
        "after:after:reset",
        "after:late:1:reset",
        "late:1",
        "late:x:reset",
        "late:reset",
        "huge:-1",
        "reset:1",
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert!(
            error.contains(&format!("{text:?} is not a fault")) && error.contains("status:503"),
            "{error}"
        );
    }
}
