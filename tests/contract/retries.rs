//! Attempts and waits, exactly, on a clock that only records: the table of `llmobs_datasets::retry`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use llmobs_datasets::{ErrorKind, Operation, Outcome, RetryPolicy};

use crate::clock::{TestClock, pass};
use crate::server::{Server, Step};
use crate::setup::{LOCKED, OPERATIONS, builder, call, closed_port, dataset};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn exact() -> RetryPolicy {
    RetryPolicy::default().jitter(false)
}

fn success() -> Step {
    Step::response(200, &[], LOCKED)
}

/// The attempts or the error of a call that meets a script, with the requests and the waits that it
/// took.
async fn run(
    operation: Operation,
    policy: RetryPolicy,
    script: Vec<Step>,
) -> (Result<u32, llmobs_datasets::Error>, usize, Vec<Duration>) {
    let server = Server::start(script).await;
    let clock = TestClock::default();
    let client = clock
        .watch(builder(&server.url()).retry(policy))
        .build()
        .unwrap();
    let result = call(&dataset(&client), operation).await;
    (result, server.received().len(), clock.waits())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_taken_effect_is_retried_unless_it_is_a_restore() {
    let causes = [
        Step::status(408),
        Step::status(500),
        Step::status(502),
        Step::status(503),
        Step::status(504),
        Step::reset(),
    ];
    for cause in causes {
        let script = vec![cause.clone(), cause.clone(), success()];
        for operation in OPERATIONS
            .into_iter()
            .filter(|it| *it != Operation::Restore)
        {
            let (result, requests, waits) = run(operation, exact(), script.clone()).await;
            assert_eq!(result.unwrap(), 3, "{operation} {cause:?}");
            assert_eq!((requests, waits), (3, vec![ms(250), ms(500)]));
        }
        let (result, requests, waits) = run(Operation::Restore, exact(), script.clone()).await;
        let error = result.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{cause:?}");
        assert_eq!((error.attempts(), requests, waits), (1, 1, vec![]));

        let asked_for = exact().repeat_restore(true);
        let (result, requests, _) = run(Operation::Restore, asked_for, script).await;
        assert_eq!((result.unwrap(), requests), (3, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_retried_unless_the_call_is_a_restore() {
    for operation in OPERATIONS {
        let server = Server::start([Step::Stall(Vec::new()), success()]).await;
        let clock = TestClock::default();
        let client = clock
            .watch(builder(&server.url()).retry(exact()))
            .build()
            .unwrap();
        let dataset = dataset(&client);
        let (result, ()) = tokio::join!(call(&dataset, operation), async {
            server.arrived(1).await;
            clock.time_out().await;
        });
        if operation == Operation::Restore {
            assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
            assert_eq!((server.received().len(), clock.waits()), (1, vec![]));
        } else {
            assert_eq!(result.unwrap(), 2);
            assert_eq!(clock.waits(), [ms(250)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_retried_for_each_operation() {
    let limited =
        |headers: &[&str]| Step::response(429, headers, r#"{"errors":["Too many requests"]}"#);
    let rows: [(&[&str], Duration); 14] = [
        (&["retry-after: 7"], ms(7000)),
        (&["x-ratelimit-reset: 9"], ms(9000)),
        (&["x-ratelimit-reset: 9", "retry-after: 7"], ms(9000)),
        (
            &[
                "date: Tue, 20 Jan 2026 09:20:00 GMT",
                "retry-after: Tue, 20 Jan 2026 09:20:04 GMT",
            ],
            ms(4000),
        ),
        (&["retry-after: 7, 7"], ms(7000)),
        (&["retry-after: 7s"], ms(7000)),
        (&["retry-after: 7", "retry-after: 8"], ms(7000)),
        (
            &[
                "date: Tue, 20 Jan 2026 09:20:00 GMT",
                "x-ratelimit-reset: 1768900804",
            ],
            ms(4000),
        ),
        (&["retry-after: 99999999999"], ms(250)),
        // No wait, or an unreadable one: the backoff.
        (&["retry-after: 0"], ms(250)),
        (&["retry-after: Tue, 20 Jan 2015 09:20:00 GMT"], ms(250)),
        (&["retry-after: -3"], ms(250)),
        (&["retry-after: soon"], ms(250)),
        (&[], ms(250)),
    ];
    for operation in OPERATIONS {
        for (headers, wait) in &rows {
            let (result, requests, waits) =
                run(operation, exact(), vec![limited(headers), success()]).await;
            assert_eq!((result.unwrap(), requests), (2, 2), "{headers:?}");
            assert_eq!(waits, [*wait], "{headers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_is_too_long_ends_the_call_at_once() {
    // The first hint is within the call timeout, but above the maximum.
    for (hint, expected) in [
        ("31", ms(31_000)),
        ("2121", ms(2_121_000)),
        ("31536000", ms(31_536_000_000)),
    ] {
        let header = format!("x-ratelimit-reset: {hint}");
        let script = vec![Step::response(429, &[&header], ""), success()];
        let (result, requests, waits) = run(Operation::Restore, exact(), script).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.outcome(), Outcome::NotApplied);
        assert_eq!(error.retry_after(), Some(expected));
        let remedy = format!("; retry after {} s", expected.as_secs());
        assert!(error.to_string().ends_with(&remedy), "{error}");
        assert_eq!((requests, waits), (1, vec![]));
    }
    let patient = exact().max_hint(Duration::from_secs(40));
    let script = vec![Step::response(429, &["retry-after: 40"], ""), success()];
    let (result, _, waits) = run(Operation::Lock, patient, script).await;
    assert_eq!((result.unwrap(), waits), (2, vec![ms(40_000)]));
}

#[tokio::test(start_paused = true)]
async fn everything_else_is_final() {
    for status in [301, 400, 401, 403, 404, 409, 412, 418, 423, 501, 505] {
        for operation in OPERATIONS {
            let (result, requests, waits) =
                run(operation, exact(), vec![Step::status(status), success()]).await;
            assert_eq!(result.unwrap_err().status().unwrap().as_u16(), status);
            assert_eq!((requests, waits), (1, vec![]), "{operation} {status}");
        }
    }
    let unreadable = vec![Step::response(200, &[], "{}"), success()];
    let (result, requests, _) = run(Operation::Lock, exact(), unreadable).await;
    assert_eq!(result.unwrap_err().outcome(), Outcome::Applied);
    assert_eq!(requests, 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_sent_is_retried_for_each_operation() {
    let closed = closed_port();
    for operation in OPERATIONS {
        let clock = TestClock::default();
        let client = clock
            .watch(builder(&closed).retry(exact()))
            .build()
            .unwrap();
        let error = call(&dataset(&client), operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSent);
        assert_eq!(error.outcome(), Outcome::NotApplied);
        assert_eq!(error.attempts(), 4);
        assert_eq!(clock.waits(), [ms(250), ms(500), ms(1000)]);
        assert!(error.to_string().ends_with(" (4 attempts)"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_and_backoff_are_bounded() {
    let script = vec![Step::status(503); 20];
    let (result, requests, waits) = run(Operation::Lock, exact(), script.clone()).await;
    let error = result.unwrap_err();
    assert_eq!((error.attempts(), requests), (4, 4));
    assert_eq!(error.status().unwrap().as_u16(), 503);
    assert_eq!(waits, [ms(250), ms(500), ms(1000)]);

    let many = exact().max_attempts(8);
    let (_, requests, waits) = run(Operation::Lock, many, script.clone()).await;
    assert_eq!(requests, 8);
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000].map(ms));

    let quick = exact().backoff(ms(1), ms(2));
    let (_, _, waits) = run(Operation::Lock, quick, script.clone()).await;
    assert_eq!(waits, [1, 2, 2].map(ms));
    // A maximum below the initial backoff is raised to it.
    let even = exact().backoff(ms(300), ms(100));
    let (_, _, waits) = run(Operation::Lock, even, script.clone()).await;
    assert_eq!(waits, [ms(300); 3]);

    for one in [RetryPolicy::none(), exact().max_attempts(0)] {
        let (_, requests, waits) = run(Operation::Lock, one, script.clone()).await;
        assert_eq!((requests, waits), (1, vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_beyond_its_timeout() {
    let server = Server::start(vec![Step::response(503, &["retry-after: 20"], ""); 9]).await;
    let clock = TestClock::default();
    let policy = exact().max_attempts(9);
    let client = clock
        .watch(builder(&server.url()).retry(policy))
        .build()
        .unwrap();
    let error = call(&dataset(&client), Operation::Lock).await.unwrap_err();
    // Two waits of 20 s are in the 60 s of a call; a third would leave no time. The last cause is what
    // is told.
    assert_eq!(clock.waits(), [ms(20_000), ms(20_000)]);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::ServerError, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_leaves_no_time_is_not_begun() {
    // A wait that leaves no time to connect isn't started either.
    for (milliseconds, attempts) in [(349, 1), (350, 2)] {
        let server = Server::start(vec![Step::status(503); 9]).await;
        let clock = TestClock::default();
        let client = clock
            .watch(
                builder(&server.url())
                    .retry(exact())
                    .connect_timeout(ms(100))
                    .call_timeout(ms(milliseconds)),
            )
            .build()
            .unwrap();
        let error = call(&dataset(&client), Operation::Lock).await.unwrap_err();
        assert_eq!(
            (error.attempts(), server.received().len()),
            (attempts, attempts as usize)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn timeouts_saturate() {
    let a_year = Step::response(429, &["retry-after: 31536000"], "");
    let server = Server::start([a_year, success()]).await;
    let clock = TestClock::default();
    let client = clock
        .watch(
            builder(&server.url())
                .retry(exact().max_hint(Duration::MAX))
                .attempt_timeout(Duration::MAX)
                .call_timeout(Duration::MAX),
        )
        .build()
        .unwrap();
    let dataset = dataset(&client);
    assert_eq!(call(&dataset, Operation::Lock).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn jitter_adds_at_most_100_percent() {
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let script = vec![Step::status(503), Step::status(503), success()];
        let (_, _, waits) = run(Operation::Lock, RetryPolicy::default(), script).await;
        assert!(waits[0] >= ms(250) && waits[0] <= ms(500), "{waits:?}");
        assert!(waits[1] >= ms(500) && waits[1] <= ms(1000), "{waits:?}");
        seen.insert(waits[0]);
    }
    assert!(seen.len() > 1, "the waits are not spread");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_may_have_taken_effect_is_not_forgotten() {
    for last in [
        Step::status(404),
        Step::status(409),
        Step::response(429, &["retry-after: 999"], ""),
    ] {
        let script = vec![Step::reset(), last.clone()];
        let (result, requests, _) = run(Operation::Lock, exact(), script).await;
        let error = result.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{last:?}");
        assert_eq!((error.attempts(), requests), (2, 2));
    }
    let script = vec![Step::response(429, &[], ""), Step::status(404)];
    let (result, ..) = run(Operation::Lock, exact(), script).await;
    assert_eq!(result.unwrap_err().outcome(), Outcome::NotApplied);
}

#[tokio::test]
async fn without_waits_a_call_retries_at_once() {
    let script = [
        Step::status(503),
        Step::response(429, &["retry-after: 29"], ""),
        success(),
        Step::response(429, &["retry-after: 31"], ""),
    ];
    let server = Server::start(script).await;
    let policy = exact().without_waits();
    // A wait would be longer than the call timeout.
    let client = builder(&server.url())
        .retry(policy)
        .call_timeout(ms(20_000))
        .build()
        .unwrap();
    let dataset = dataset(&client);
    assert_eq!(call(&dataset, Operation::Lock).await.unwrap(), 3);
    let error = call(&dataset, Operation::Lock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
}

#[tokio::test(start_paused = true)]
async fn clients_that_got_one_hint_do_not_return_in_the_same_instant() {
    const TASKS: usize = 512;
    let script = vec![Step::response(429, &["x-ratelimit-reset: 7"], ""); TASKS];
    let server = Server::start(script.into_iter().chain(vec![success(); TASKS])).await;
    let _clock = TestClock::default();
    let waits = Arc::new(Mutex::new(Vec::new()));
    let begun = Arc::clone(&waits);
    let client = builder(&server.url())
        .retry(RetryPolicy::default().budget(None))
        .after_attempt(move |_, result| begun.lock().unwrap().extend(result.retry_in))
        .build()
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let dataset = dataset(&client);
        tasks.spawn(async move { call(&dataset, Operation::Lock).await.unwrap() });
    }
    while waits.lock().unwrap().len() < TASKS {
        tokio::task::yield_now().await;
    }
    pass(ms(8000)).await;
    assert!(tasks.join_all().await.iter().all(|attempts| *attempts == 2));
    let waits = waits.lock().unwrap().clone();
    assert_eq!(waits.len(), TASKS);
    // Never earlier than the hint, and spread over the time after it.
    assert!(waits.iter().all(|wait| *wait >= ms(7000)), "{waits:?}");
    let mut buckets = [0; 5];
    for wait in &waits {
        let later = (wait.as_millis() - 7000) / 100;
        buckets[usize::try_from(later).unwrap()] += 1;
    }
    assert!(
        buckets.iter().all(|tasks| *tasks < TASKS / 2),
        "{buckets:?}"
    );
}

/// The number of requests of consecutive calls that all fail.
async fn requests_of(policy: RetryPolicy, calls: usize) -> usize {
    let server = Server::start(vec![Step::status(503); 4 * calls]).await;
    let client = builder(&server.url()).retry(policy.without_waits());
    let client = client.build().unwrap();
    for call_ in 0..calls {
        // Clones share their budget.
        let error = call(&dataset(&client.clone()), Operation::Lock).await;
        let error = error.unwrap_err();
        let exhausted = "; not retried, because the client's retry budget is exhausted";
        let said = error.to_string().contains(exhausted);
        assert_eq!(said, error.attempts() < 4, "call {call_}: {error}");
    }
    server.received().len()
}

#[tokio::test(start_paused = true)]
async fn under_a_total_outage_the_budget_ends_retries() {
    let _clock = TestClock::default();
    assert_eq!(requests_of(exact(), 30).await, 120);
    // The budget of 100 retries, and then none.
    assert_eq!(requests_of(exact(), 1000).await, 1100);
    assert_eq!(requests_of(exact().budget(7), 100).await, 107);
    assert_eq!(requests_of(exact().budget(0), 100).await, 100);
    assert_eq!(requests_of(exact().budget(None), 100).await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_budget_fills_with_time_and_success() {
    let _clock = TestClock::default();
    let server = Server::start([]).await;
    let policy = exact().budget(2).without_waits();
    let client = builder(&server.url()).retry(policy).build().unwrap();
    let dataset = dataset(&client);
    let attempts = async || {
        server.script(vec![Step::status(503); 4]);
        let error = call(&dataset, Operation::Lock).await.unwrap_err();
        error.attempts()
    };
    assert_eq!((attempts().await, attempts().await), (3, 1));
    // A first failure after a quiet time is always retried, and the budget never exceeds its size.
    pass(ms(1000)).await;
    assert_eq!((attempts().await, attempts().await), (2, 1));
    pass(ms(3_600_000)).await;
    assert_eq!((attempts().await, attempts().await), (3, 1));
    // A tenth for each success, which is also what a restore gets that isn't retried otherwise.
    for _ in 0..10 {
        server.script([success()]);
        call(&dataset, Operation::Lock).await.unwrap();
    }
    server.script([limited(), success()]);
    assert_eq!(call(&dataset, Operation::Restore).await.unwrap(), 2);
    server.script([limited()]);
    let error = call(&dataset, Operation::Restore).await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.kind()),
        (1, ErrorKind::RateLimited)
    );
}

fn limited() -> Step {
    Step::response(429, &[], "")
}
