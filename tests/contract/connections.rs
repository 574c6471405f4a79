//! Failures before a response: connecting, proxies, TLS, and connections that end. Each failure
//! is named as itself, and nothing that was certainly not sent has an unknown outcome.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use llmobs_datasets::reqwest::{Certificate, Proxy};
use llmobs_datasets::{
    BaseUrl, Client, ClientBuilder, Dataset, Error, ErrorKind, Operation, Outcome, RetryPolicy,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::clock::TestClock;
use crate::server::{Server, Step};
use crate::setup::{LOCKED, Names, OPERATIONS, call, chain, closed_port, credentials, dataset};

const SECOND: Duration = Duration::from_secs(1);

/// Starts a listener that handles each connection, and returns its address.
async fn listener<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    address
}

/// Keeps a connection, and never responds.
async fn hang(socket: TcpStream) {
    let _socket = socket;
    pending::<()>().await;
}

/// Reads something, writes these bytes, and closes the connection.
async fn respond(mut socket: TcpStream, bytes: &[u8]) {
    let _ = socket.read(&mut [0; 4096]).await;
    let _ = socket.write_all(bytes).await;
}

fn http() -> reqwest::ClientBuilder {
    let cert = Certificate::from_der(include_bytes!("tls/cert.der")).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([cert])
}

fn builder(url: &str, http: reqwest::ClientBuilder) -> ClientBuilder {
    Client::builder(credentials())
        .endpoint(BaseUrl::with_plain_http(url).unwrap())
        .http(http)
}

async fn one_error(dataset: &Dataset, operation: Operation) -> Error {
    let error = call(dataset, operation).await.unwrap_err();
    assert_eq!((error.attempts(), error.status()), (1, None));
    // Nothing appears twice, neither in the message nor in a report that also shows the sources.
    let (line, all) = (error.to_string(), chain(&error));
    assert_eq!(line, all);
    error
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_established_in_time_is_not_sent() {
    type Http = fn(Proxy) -> reqwest::ClientBuilder;
    type Limited = fn(ClientBuilder) -> ClientBuilder;
    let hangs = listener(hang).await;
    let proxy = Proxy::all(format!("http://{hangs}")).unwrap();
    let ways: [(&str, Http); 3] = [
        // No name, no TLS handshake, no response of a proxy.
        ("http://nowhere.invalid", |_| {
            http().dns_resolver(Names(false))
        }),
        ("https://HANGS", |_| http()),
        ("https://example.invalid", |proxy| http().proxy(proxy)),
    ];
    for (url, http) in ways {
        let url = url.replace("HANGS", &hangs);
        let limits: [(&str, Limited); 3] = [
            ("5 s", |builder| builder),
            ("1 s", |builder| builder.attempt_timeout(2 * SECOND)),
            ("1.5 s", |builder| builder.call_timeout(3 * SECOND)),
        ];
        for (limit, limited) in limits {
            for operation in OPERATIONS {
                let clock = TestClock::default();
                let builder = limited(builder(&url, http(proxy.clone())));
                let builder = clock.watch(builder.retry(RetryPolicy::none()));
                let dataset = dataset(&builder.build().unwrap());
                let (error, ()) = tokio::join!(one_error(&dataset, operation), clock.time_out());
                assert_eq!(error.kind(), ErrorKind::NotSent, "{url} {limit}: {error}");
                assert_eq!(error.outcome(), Outcome::NotApplied);
                let text = format!(": connecting timed out after {limit}");
                assert!(error.to_string().ends_with(&text), "{error}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_connection_is_retried_for_every_operation() {
    let hangs = format!("https://{}", listener(hang).await);
    for operation in OPERATIONS {
        let clock = TestClock::default();
        let policy = RetryPolicy::default().max_attempts(2).jitter(false);
        let builder = builder(&hangs, http())
            .attempt_timeout(SECOND)
            .retry(policy);
        let dataset = dataset(&clock.watch(builder).build().unwrap());
        let time_out = async {
            clock.time_out().await;
            clock.time_out().await;
        };
        let (error, ()) = tokio::join!(call(&dataset, operation), time_out);
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotSent, 2));
        assert_eq!(error.outcome(), Outcome::NotApplied);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_on_the_connection_of_another_call_may_have_been_sent() {
    // The first call has the connection; the second waits for one of its own, which never comes, and gets
    // that of the first as soon as it is free.
    let (held, release) = Step::response(200, &[], LOCKED).held();
    let server = Server::start([held, Step::Stall(Vec::new())]).await;
    let address = server.url().replace("http://", "").parse().unwrap();
    let once = Arc::new(tokio::sync::Semaphore::new(1));
    let once = tower::util::MapFutureLayer::new(move |connecting| {
        let once = Arc::clone(&once);
        async move {
            once.acquire().await.unwrap().forget();
            connecting.await
        }
    });
    let http = http()
        .resolve("datasets.invalid", address)
        .connector_layer(once);
    let clock = TestClock::default();
    let url = format!("http://datasets.invalid:{}", address.port());
    let builder = clock.watch(builder(&url, http).retry(RetryPolicy::none()));
    let dataset = dataset(&builder.connect_timeout(99 * SECOND).build().unwrap());
    let (first, second, ()) = tokio::join!(
        call(&dataset, Operation::Lock),
        call(&dataset, Operation::Restore),
        async {
            server.arrived(1).await;
            release.notify_one();
            server.arrived(2).await;
            clock.time_out().await;
        }
    );
    first.unwrap();
    let error = second.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn a_failing_proxy_is_named_in_the_error() {
    let refuses = |response: &'static str| listener(move |it| respond(it, response.as_bytes()));
    let unauthorized = refuses("HTTP/1.1 407 No\r\n\r\n").await;
    let bad_gateway = refuses("HTTP/1.1 502 No\r\n\r\n").await;
    let silent = refuses("").await;
    let closed = closed_port().replace("http://", "");
    for (address, why) in [
        (unauthorized, "407 Proxy Authentication Required"),
        (
            bad_gateway,
            "it refused with a status that reqwest doesn't report",
        ),
        (silent, "unexpected end of file"),
        (closed, "Connection refused"),
    ] {
        let proxy = Proxy::all(format!("http://user:hunter2@{address}")).unwrap();
        let builder = builder("https://example.invalid", http().proxy(proxy));
        let client = builder.retry(RetryPolicy::none()).build().unwrap();
        for operation in OPERATIONS {
            let error = one_error(&dataset(&client), operation).await;
            assert_eq!(error.kind(), ErrorKind::NotSent);
            let line = error.to_string();
            let blame = ": the request could not be sent: the proxy did not connect to \
                         example.invalid: ";
            assert!(line.contains(&format!("{blame}{why}")), "{line}");
            assert!(!line.contains("hunter2"), "{line}");
        }
    }
}

#[tokio::test]
async fn the_error_of_a_request_that_cannot_be_built_has_the_reason() {
    let only_https = builder("http://example.invalid", http().https_only(true));
    let client = only_https.build().unwrap();
    for operation in OPERATIONS {
        let error = call(&dataset(&client), operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            (error.outcome(), error.attempts()),
            (Outcome::NotApplied, 0)
        );
        let why =
            ": the `http` client allows only https URLs (`https_only`); use one as the base URL";
        assert!(error.to_string().ends_with(why), "{error}");
    }
}

#[tokio::test]
async fn the_error_of_a_lost_connection_has_the_reason() {
    let header = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    // The settings frame that an HTTP/2 server sends first.
    let http_2 = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64".to_vec();
    let rows: [(&[u8], &str); 6] = [
        (b"", "connection closed before message completed"),
        (
            b"HTTP/1.1 200",
            "connection closed before message completed",
        ),
        (header.as_bytes(), "message head is too large"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "invalid HTTP version parsed"),
        (
            b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
            "invalid HTTP header parsed",
        ),
        (&http_2, "invalid HTTP version parsed"),
    ];
    for (bytes, why) in rows {
        for operation in OPERATIONS {
            let server = Server::start([Step::Cut(bytes.to_vec())]).await;
            let builder = builder(&server.url(), http()).retry(RetryPolicy::none());
            let error = one_error(&dataset(&builder.build().unwrap()), operation).await;
            assert_eq!(error.kind(), ErrorKind::ConnectionLost);
            assert_eq!(error.outcome(), Outcome::Unknown);
            let line = error.to_string();
            let why = format!(
                ": connection lost before a response arrived: {why}; it may or may not have taken effect"
            );
            assert!(line.ends_with(&why), "{line}");
            assert!(error.http_error().unwrap().is_request());
        }
    }
}

/// The address of a TLS server that asks for a certificate, which the client doesn't have.
async fn asks_for_certificate() -> String {
    let cert = include_bytes!("tls/cert.der").to_vec();
    let mut roots = RootCertStore::empty();
    roots.add(cert.clone().into()).unwrap();
    let verifier = WebPkiClientVerifier::builder(roots.into()).build().unwrap();
    let key = PrivateKeyDer::try_from(include_bytes!("tls/key.der").to_vec()).unwrap();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![cert.into()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    listener(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            acceptor.accept(socket).await.unwrap_err();
        }
    })
    .await
}

#[tokio::test]
async fn tls_that_fails_after_the_handshake_is_named() {
    let url = format!("https://{}", asks_for_certificate().await);
    for operation in OPERATIONS {
        let builder = builder(&url, http()).retry(RetryPolicy::none());
        let error = one_error(&dataset(&builder.build().unwrap()), operation).await;
        assert_eq!(error.kind(), ErrorKind::ConnectionLost);
        assert_eq!(error.outcome(), Outcome::Unknown);
        let line = error.to_string();
        let why = ": TLS failed after the handshake: received fatal alert: ";
        assert!(line.contains(why), "{line}");
    }
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_before_the_request_is_not_sent() {
    for operation in OPERATIONS {
        let server = Server::start([Step::CloseIdle(
            b"HTTP/1.1 200 S\r\ncontent-length: 0\r\n\r\n".to_vec(),
        )])
        .await;
        let builder = builder(&server.url(), http()).retry(RetryPolicy::none());
        let dataset = dataset(&builder.build().unwrap());
        dataset.unlock().await.unwrap();
        server.closed().await;
        // Nobody listens any more.
        drop(server);
        tokio::task::yield_now().await;
        let error = one_error(&dataset, operation).await;
        assert_eq!(error.kind(), ErrorKind::NotSent, "{error}");
        assert_eq!(error.outcome(), Outcome::NotApplied);
    }
}

#[tokio::test]
async fn a_new_connection_that_was_closed_before_the_request_is_not_sent() {
    for reset in [true, false] {
        for operation in OPERATIONS {
            let closed = Arc::new(tokio::sync::Notify::new());
            let address = listener({
                let closed = Arc::clone(&closed);
                move |socket| {
                    let closed = Arc::clone(&closed);
                    async move {
                        if reset {
                            socket.set_zero_linger().unwrap();
                        }
                        drop(socket);
                        closed.notify_one();
                    }
                }
            })
            .await;
            // hyper gets the connection once it is closed.
            let once_closed = tower::util::MapFutureLayer::new(move |connecting| {
                let closed = Arc::clone(&closed);
                async move {
                    let connected = connecting.await;
                    closed.notified().await;
                    connected
                }
            });
            let http = http().connector_layer(once_closed);
            let builder = builder(&format!("http://{address}"), http).retry(RetryPolicy::none());
            let error = one_error(&dataset(&builder.build().unwrap()), operation).await;
            assert_eq!(error.kind(), ErrorKind::NotSent, "{reset} {error:?}");
            assert_eq!(error.outcome(), Outcome::NotApplied);
        }
    }
}

/// A measurement: `cargo test -p llmobs-datasets --test contract keep_alive -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "measures, in real time"]
async fn restores_lost_to_the_keep_alive_race() {
    /// The idle timeout of the server; common values are 5 to 75 s.
    const SERVER: Duration = Duration::from_millis(5);
    const RESTORES: usize = 600;
    for (name, idle) in [("reqwest", 18 * SERVER), ("here", SERVER / 3)] {
        let address = listener(|mut socket| async move {
            let mut request = [0; 4096];
            while let Ok(Ok(1..)) = timeout(SERVER, socket.read(&mut request)).await {
                let empty = b"HTTP/1.1 200 S\r\ncontent-length: 0\r\n\r\n";
                socket.write_all(empty).await.unwrap();
            }
        })
        .await;
        let http = http().pool_idle_timeout(idle);
        let client = builder(&format!("http://{address}"), http).build().unwrap();
        let dataset = dataset(&client);
        let mut lost = 0;
        for _ in 0..RESTORES {
            // Where the two meet.
            tokio::time::sleep(SERVER * 19 / 20 + Duration::from_micros(fastrand::u64(..500)))
                .await;
            lost += usize::from(call(&dataset, Operation::Restore).await.is_err());
        }
        println!("idle timeout of {name}: {lost} of {RESTORES} restores lost");
    }
}
