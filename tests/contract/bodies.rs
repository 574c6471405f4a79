//! Reading a body of any size and speed ends, in bounded memory, and keeps the status.

use std::time::Duration;

use llmobs_datasets::{BaseUrl, Client, Dataset, ErrorKind, Operation, Outcome, RetryPolicy};

use crate::clock::TestClock;
use crate::server::{Server, Step};
use crate::setup::{LOCKED, Names, OPERATIONS, builder, call, credentials, dataset, one_attempt};

const CAP: usize = 4096;

fn capped(server: &Server) -> Dataset {
    let client = builder(&server.url())
        .max_response_bytes(CAP)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    dataset(&client)
}

#[tokio::test]
async fn a_body_beyond_the_cap_ends_with_its_status() {
    let head = |status: u16| format!("HTTP/1.1 {status} S\r\n\r\n").into_bytes();
    for operation in OPERATIONS {
        for (status, kind) in [
            (200, ErrorKind::UnreadableSuccess),
            (403, ErrorKind::Forbidden),
            (500, ErrorKind::ServerError),
        ] {
            for step in [
                Step::response(status, &[], " ".repeat(CAP + 1)),
                Step::response(status, &[], "x".repeat(10 << 20)),
                Step::Endless(head(status), b"endless ".repeat(1000)),
            ] {
                let server = Server::start([step]).await;
                let error = call(&capped(&server), operation).await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.status().unwrap().as_u16()),
                    (kind, status)
                );
                assert_eq!(error.raw_body().unwrap().len(), CAP);
                if status == 200 {
                    assert_eq!(error.outcome(), Outcome::Unknown);
                    assert!(
                        error
                            .to_string()
                            .contains("200 OK, but the response is too large"),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_of_the_cap_is_read() {
    let default: (usize, fn(&Server) -> Dataset) = (1 << 20, one_attempt);
    for (cap, dataset) in [(CAP, capped as fn(&Server) -> Dataset), default] {
        let padded = |length: usize| {
            let body = format!("{LOCKED}{}", " ".repeat(length - LOCKED.len()));
            Step::response(200, &[], body)
        };
        let server = Server::start([padded(cap), padded(cap + 1)]).await;
        let dataset = dataset(&server);
        assert_eq!(call(&dataset, Operation::Lock).await.unwrap(), 1);
        let error = call(&dataset, Operation::Lock).await.unwrap_err();
        assert_eq!(error.raw_body().unwrap().len(), cap);
    }
}

#[tokio::test]
async fn a_body_in_many_pieces_is_one_body() {
    let (first, second) = LOCKED.split_at(60);
    let chunked = format!(
        "HTTP/1.1 200 S\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let server = Server::start([Step::Response(chunked.into_bytes())]).await;
    let state = capped(&server).lock().await.unwrap();
    assert_eq!(state.user().id, "00000000-0000-0000-0000-000000000010");
}

#[tokio::test]
async fn a_byte_order_mark_is_not_part_of_a_body() {
    let marked = format!("\u{feff}{LOCKED}");
    let server = Server::start([Step::response(200, &[], marked)]).await;
    assert_eq!(call(&capped(&server), Operation::Lock).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_ends_with_its_status() {
    for operation in OPERATIONS {
        for (status, start) in [(403, ""), (200, "{\"data\": {"), (200, "<html>"), (200, "")] {
            let bytes = format!("HTTP/1.1 {status} S\r\ncontent-length: 900\r\n\r\n{start}");
            let server = Server::start([Step::Stall(bytes.into_bytes())]).await;
            let clock = TestClock::default();
            let client = clock
                .watch(builder(&server.url()).retry(RetryPolicy::none()))
                .build()
                .unwrap();
            let dataset = dataset(&client);
            let (result, ()) = tokio::join!(call(&dataset, operation), async {
                server.arrived(1).await;
                clock.time_out().await;
            });
            let error = result.unwrap_err();
            let expected = match status {
                200 => (ErrorKind::UnreadableSuccess, Outcome::Unknown),
                _ => (ErrorKind::Forbidden, Outcome::NotApplied),
            };
            assert_eq!((error.kind(), error.outcome()), expected);
        }
    }
}

#[tokio::test]
async fn real_timeouts_end_a_call_that_gets_no_response() {
    // The one test on real time: that the default clock is wired up, and so are a time out of the HTTP
    // client that is handed in, and the time to connect. It asserts no duration.
    let timeout = Duration::from_millis(20);
    let theirs = reqwest::Client::builder().no_proxy().timeout(timeout);
    let server = Server::start(vec![Step::Stall(Vec::new()); 2]).await;
    for builder in [
        builder(&server.url()).attempt_timeout(timeout),
        builder(&server.url()).http(theirs),
    ] {
        let client = builder.retry(RetryPolicy::none()).build().unwrap();
        let error = call(&dataset(&client), Operation::Restore)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
    }

    let http = reqwest::Client::builder().no_proxy();
    let nowhere = BaseUrl::with_plain_http("http://nowhere.invalid").unwrap();
    let client = Client::builder(credentials())
        .endpoint(nowhere)
        .http(http.dns_resolver(Names(false)))
        .connect_timeout(timeout)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = call(&dataset(&client), Operation::Restore)
        .await
        .unwrap_err();
    // Nothing was sent yet.
    assert_eq!(error.kind(), ErrorKind::NotSent, "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
}
