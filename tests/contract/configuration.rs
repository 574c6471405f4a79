//! The error of a client that can't be built names the fault and the remedy.

use std::process::Command;

use llmobs_datasets::{BaseUrl, Client, ClientBuilder, Credentials, ErrorKind, RetryPolicy, Site};
use tokio::io::AsyncReadExt as _;

use crate::clock::{TestClock, pass};
use crate::documentation::sites;
use crate::server::{Server, Step};
use crate::setup::{LOCKED, NO_NAMES, builder, chain, closed_port, credentials, dataset};

#[test]
fn the_documented_sites_are_known() {
    let documented: Vec<&str> = sites()
        .into_iter()
        .map(|site| site.strip_prefix("https://api.").unwrap())
        .collect();
    let mut known: Vec<String> = Site::ALL.iter().map(ToString::to_string).collect();
    known.sort();
    let mut sorted = documented.clone();
    sorted.sort_unstable();
    assert_eq!(known, sorted);
    for site in documented {
        assert_eq!(site.parse::<Site>().unwrap().domain(), site);
    }
    assert_eq!(Site::default(), Site::US1);
}

#[test]
fn a_new_site_is_accepted() {
    for site in [
        "uk1.datadoghq.com",
        "us9.ddog-gov.com",
        "x-1.datadoghq.eu",
        "eu2.datadoghq.eu",
    ] {
        assert_eq!(site.parse::<Site>().unwrap().domain(), site);
    }
}

#[test]
fn a_wrong_site_suggests_the_right_one() {
    for (text, meant) in [
        ("https://app.datadoghq.eu", "datadoghq.eu"),
        ("app.datadoghq.com", "datadoghq.com"),
        ("api.datadoghq.eu", "datadoghq.eu"),
        ("www.datadoghq.com", "datadoghq.com"),
        ("https://api.us3.datadoghq.com/api/v2", "us3.datadoghq.com"),
        ("\"datadoghq.com\"", "datadoghq.com"),
        (" datadoghq.com\n", "datadoghq.com"),
        ("US1", "datadoghq.com"),
        ("us3", "us3.datadoghq.com"),
        ("us5", "us5.datadoghq.com"),
        ("ap1", "ap1.datadoghq.com"),
        ("AP2", "ap2.datadoghq.com"),
        ("EU", "datadoghq.eu"),
        ("US1-FED", "ddog-gov.com"),
        ("us2_fed", "us2.ddog-gov.com"),
        ("Datadoghq.EU", "datadoghq.eu"),
        // These look like sites, but have no API.
        ("us1.datadoghq.com", "datadoghq.com"),
        ("eu1.datadoghq.eu", "datadoghq.eu"),
        ("eu1.datadoghq.com", "datadoghq.eu"),
        ("app.us1.datadoghq.com", "datadoghq.com"),
        ("us1.ddog-gov.com", "ddog-gov.com"),
        ("agent.datadoghq.com", "datadoghq.com"),
        ("agent.us5.datadoghq.com", "us5.datadoghq.com"),
        ("trace.agent.datadoghq.eu", "datadoghq.eu"),
        ("http-intake.logs.us3.datadoghq.com", "us3.datadoghq.com"),
        ("docs.datadoghq.com", "datadoghq.com"),
        ("uk1", "uk1.datadoghq.com"),
    ] {
        let error = text.parse::<Site>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let expected = format!("{text:?} is not a Datadog site; did you mean {meant:?}?");
        assert_eq!(error.to_string(), expected);
    }
    for text in [
        "",
        "example.com",
        "datadoqhq.com",
        "evil-datadoghq.com",
        "datadoghq.com.evil.com",
        ".datadoghq.com",
        "-.datadoghq.com",
        "-x.datadoghq.com",
        "x-.datadoghq.com",
        "us3 .datadoghq.com",
        "user@datadoghq.com",
    ] {
        let error = text.parse::<Site>().unwrap_err().to_string();
        assert!(
            error.contains("is not a Datadog site; use a site such as"),
            "{error}"
        );
    }
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    for url in [
        "https://proxy.example.com/datadog/",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://127.8.8.8:1",
        "http://[::1]:9",
    ] {
        url.parse::<BaseUrl>().unwrap();
    }
    for url in [
        "http://example.com",
        "http://128.0.0.1",
        "http://localhost.example.com",
        "http://[::2]",
    ] {
        let error = url.parse::<BaseUrl>().unwrap_err().to_string();
        assert!(
            error.contains("would send the keys in cleartext; use https, or"),
            "{error}"
        );
        BaseUrl::with_plain_http(url).unwrap();
    }
}

#[test]
fn a_base_url_has_no_user_query_or_fragment() {
    for (url, fault) in [
        ("", "it is not a URL"),
        ("datadoghq.com", "it is not a URL"),
        ("ftp://example.com", "its scheme is not http or https"),
        ("data:text/plain,x", "its scheme is not http or https"),
        // The part before the colon is the scheme.
        ("localhost:8080", "its scheme is not http or https"),
        (
            "https://user:hunter2@example.com",
            "it contains a user name or password",
        ),
        ("https://hunter2@example.com", "a user name or password"),
        ("https://:hunter2@example.com", "a user name or password"),
        (
            "https://example.com/?key=hunter2",
            "it has a query or a fragment",
        ),
        (
            "https://example.com/#hunter2",
            "it has a query or a fragment",
        ),
    ] {
        let error = url.parse::<BaseUrl>().unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn keys_are_visible_ascii() {
    for key in ["k", "ddapp_x", "!#$%&'*+-.^_`|~\"x\"", &"x".repeat(5000)] {
        Credentials::new(key, key).unwrap();
    }
    for (key, fault) in [
        ("", "is blank; use the key that Datadog shows"),
        (" \t", "is blank"),
        (
            "s3cr3t\n",
            "contains a line break (U+000A) at position 7; remove it",
        ),
        ("s3c\rr3t", "contains a line break (U+000D) at position 4"),
        (
            "s3c\0r3t",
            "contains a control character (U+0000) at position 4",
        ),
        (
            "s3cr3t\u{7f}",
            "contains a control character (U+007F) at position 7",
        ),
        (" s3cr3t", "contains a space (U+0020) at position 1"),
        ("s3cr3t\t", "contains a tab (U+0009) at position 7"),
        (
            "\u{feff}s3cr3t",
            "contains a byte order mark (U+FEFF) at position 1",
        ),
        (
            "s3\u{200b}cr3t",
            "contains a zero-width character (U+200B) at position 3",
        ),
        (
            "s3\u{2060}cr3t",
            "contains a zero-width character (U+2060) at position 3",
        ),
        (
            "s3cr3t\u{a0}",
            "contains a non-breaking space (U+00A0) at position 7",
        ),
        (
            "s3\u{2013}cr3t",
            "contains a typographic dash (U+2013) at position 3",
        ),
        (
            "\u{201c}s3cr3t",
            "contains a typographic quote (U+201C) at position 1",
        ),
        (
            "s3\u{e9}cr3t",
            "contains a character that is not ASCII (U+00E9) at position 3",
        ),
        (
            "s3\u{1f511}cr3t",
            "contains a character that is not ASCII (U+1F511) at position 3",
        ),
    ] {
        let api = Credentials::new(key, "fine").unwrap_err().to_string();
        assert!(api.starts_with(&format!("the API key {fault}")), "{api}");
        let app = Credentials::new("fine", key).unwrap_err().to_string();
        assert!(
            app.starts_with(&format!("the application key {fault}")),
            "{app}"
        );
        assert!(!api.contains("s3") && !app.contains("r3t"), "{api} {app}");
    }
}

/// Run in a child process: the environment can't be set in a process with other tests.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn from_env_in_a_child() {
    match Client::from_env() {
        Ok(client) => println!("built {client:?}"),
        Err(error) => println!("refused {error}"),
    }
}

#[tokio::test]
async fn the_environment_is_read_and_its_faults_are_named() {
    const API: (&str, &str) = ("DD_API_KEY", "secret-api");
    const APP: (&str, &str) = ("DD_APP_KEY", "secret-app");
    const URL: &str = "LLMOBS_DATASETS_BASE_URL";
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[API, APP], "built Client { host: \"api.datadoghq.com\""),
        (
            &[API, APP, ("DD_SITE", "us3.datadoghq.com")],
            "built Client { host: \"api.us3.datadoghq.com\"",
        ),
        (
            &[APP],
            "refused the environment variable DD_API_KEY is not set; set it to an API key",
        ),
        (
            &[API],
            "refused the environment variable DD_APP_KEY is not set; set it to an application key",
        ),
        (
            &[("DD_API_KEY", ""), APP],
            "refused the environment variable DD_API_KEY is blank; use the key",
        ),
        (
            &[API, ("DD_APP_KEY", "  ")],
            "refused the environment variable DD_APP_KEY is blank; use the key",
        ),
        (
            &[("DD_API_KEY", "\"secret-api\""), APP],
            "refused the value of the environment variable DD_API_KEY is in quotes; remove the quotes",
        ),
        (
            &[API, ("DD_APP_KEY", "'secret-app'")],
            "refused the value of the environment variable DD_APP_KEY is in quotes",
        ),
        (
            &[
                ("DD_API_KEY", "\"secret-api"),
                ("DD_APP_KEY", "secret-app'"),
            ],
            "built ",
        ),
        (&[("DD_API_KEY", "\""), ("DD_APP_KEY", "'")], "built "),
        (
            &[API, ("DD_APP_KEY", "secret-app\n")],
            "refused the environment variable DD_APP_KEY contains a line break (U+000A) at position 11; remove it",
        ),
        (
            &[API, APP, ("DD_SITE", "https://app.datadoghq.eu")],
            "DD_SITE: \"https://app.datadoghq.eu\" is not a Datadog site; did you mean \"datadoghq.eu\"?",
        ),
        (
            &[API, APP, ("DD_SITE", "US1")],
            "DD_SITE: \"US1\" is not a Datadog site; did you mean \"datadoghq.com\"?",
        ),
        (
            &[API, APP, ("DD_SITE", "\"datadoghq.com\"")],
            "the value of the environment variable DD_SITE is in quotes; remove the quotes",
        ),
        // Empty is unset.
        (
            &[API, APP, ("DD_SITE", ""), (URL, "")],
            "built Client { host: \"api.datadoghq.com\"",
        ),
        (
            &[API, APP, ("DD_SITE", " ")],
            "DD_SITE: \" \" is not a Datadog site",
        ),
        // The base URL replaces the site.
        (
            &[
                API,
                APP,
                ("DD_SITE", "us3.datadoghq.com"),
                (URL, "http://127.0.0.1:8080/x"),
            ],
            "built Client { host: \"127.0.0.1:8080\"",
        ),
        (
            &[API, APP, (URL, "https://proxy.example.com")],
            "built Client { host: \"proxy.example.com\"",
        ),
        (
            &[API, APP, (URL, "http://proxy.example.com")],
            "LLMOBS_DATASETS_BASE_URL: the base URL with the host \"proxy.example.com\" is plain http, \
             which would send the keys in cleartext; use https",
        ),
        (
            &[API, APP, (URL, "https://secret@proxy.example.com")],
            "LLMOBS_DATASETS_BASE_URL: the base URL can't be used: it contains a user name",
        ),
    ];
    for (variables, expected) in rows {
        let text = in_a_child("configuration::from_env_in_a_child", variables).await;
        assert!(text.contains(expected), "{variables:?} gave {text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

/// Run in a child process with keys in its environment and a server in `SERVER`.
#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn a_refused_call_in_a_child() {
    let base_url: BaseUrl = std::env::var("SERVER").unwrap().parse().unwrap();
    let client = ClientBuilder::from_env()
        .unwrap()
        .endpoint(base_url)
        .build()
        .unwrap();
    println!("refused {}", dataset(&client).lock().await.unwrap_err());
}

#[tokio::test]
async fn refused_keys_are_named_by_their_variables() {
    let server = Server::start([Step::status(401)]).await;
    let text = in_a_child(
        "configuration::a_refused_call_in_a_child",
        &[
            ("DD_API_KEY", "a"),
            ("DD_APP_KEY", "b"),
            ("SERVER", &server.url()),
        ],
    )
    .await;
    let host = server.url().replace("http://", "");
    let remedy =
        format!("401 Unauthorized; check the keys in DD_API_KEY and DD_APP_KEY for {host}");
    assert!(text.contains(&remedy), "{text}");
}

/// Runs one ignored test in a process with only these variables, and returns its output.
async fn in_a_child(test: &'static str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env_clear()
        .envs(variables.iter().copied());
    // On another thread: the child calls a server that runs on this one.
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_user_agent_names_the_service_and_this_crate() {
    let ours = concat!("llmobs-datasets/", env!("CARGO_PKG_VERSION"));
    for (prefix, expected) in [
        (None, ours.to_owned()),
        (Some("editor/2.1"), format!("editor/2.1 {ours}")),
    ] {
        let server = Server::start([Step::response(200, &[], LOCKED)]).await;
        let builder = builder(&server.url());
        let builder = match prefix {
            Some(prefix) => builder.user_agent(prefix),
            None => builder,
        };
        dataset(&builder.build().unwrap()).lock().await.unwrap();
        let head = server.received()[0].head.clone();
        assert!(
            head.contains(&format!("user-agent: {expected}\r\n")),
            "{head}"
        );
    }
    let error = builder("http://localhost")
        .user_agent("a\nb")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let version = env!("CARGO_PKG_VERSION");
    let why = "contains a character that isn't allowed in an HTTP header; remove it";
    let expected = format!("the user agent \"a\\nb llmobs-datasets/{version}\" {why}");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_error_of_an_http_client_that_cannot_be_built_has_the_reason() {
    let theirs = || reqwest::Client::builder().user_agent("a\nb");
    let error = builder("http://localhost")
        .http(theirs())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    // With reqwest's own message, down to the last source.
    let why = format!("can't be built: {}", chain(&theirs().build().unwrap_err()));
    assert!(error.to_string().ends_with(&why), "{error}");
}

#[tokio::test]
async fn a_passed_http_client_keeps_its_settings() {
    let server = Server::start([Step::response(302, &["location: http://127.0.0.1:1/"], "")]).await;
    let address = server
        .url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve("datadog.internal", address)
        .redirect(reqwest::redirect::Policy::limited(5))
        .default_headers(
            [(reqwest::header::VIA, "1.1 mine".parse().unwrap())]
                .into_iter()
                .collect(),
        );
    let base_url =
        BaseUrl::with_plain_http(&format!("http://datadog.internal:{}", address.port())).unwrap();
    let client = Client::builder(credentials())
        .endpoint(base_url)
        .http(http)
        .build()
        .unwrap();
    let error = dataset(&client).lock().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 302);
    let head = server.received()[0].head.clone();
    for header in [
        "via: 1.1 mine",
        "dd-api-key: an-api-key",
        "dd-application-key: an-application-key",
    ] {
        assert!(head.contains(header), "{head}");
    }
}

/// Run in a child process with `HTTP_PROXY` set.
#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn a_call_in_a_child() {
    // Nobody listens there: only a proxy can respond.
    let closed = std::env::var("CLOSED").unwrap();
    let closed = BaseUrl::with_plain_http(&closed).unwrap();
    let builder = match std::env::var("ASK_FOR_PROXY").as_deref() {
        Ok("http") => Client::builder(credentials()).http(reqwest::Client::builder()),
        Ok(_) => ClientBuilder::from_env().unwrap(),
        Err(_) => Client::builder(credentials()),
    };
    let client = builder
        .endpoint(closed)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let result = dataset(&client).unlock().await;
    println!("proxied: {}", result.is_ok());
    println!(
        "{}",
        result.map_or_else(|it| it.to_string(), |_| String::new())
    );
}

#[tokio::test]
async fn proxies_are_used_only_if_asked_for_and_never_for_plain_http_to_this_machine() {
    // This machine by a name that doesn't count as loopback, and by one that does.
    const OTHER: &str = "http://[::ffff:127.0.0.1]:1";
    const LOOPBACK: &str = "http://127.0.0.1:1";
    let proxy = Server::start(vec![Step::status(200); 6]).await;
    let variables = [("HTTP_PROXY", proxy.url()), ("http_proxy", proxy.url())];
    let [upper, lower] = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let keys = [("DD_API_KEY", "a"), ("DD_APP_KEY", "b")];
    for (ask, closed, proxied) in [
        (None, OTHER, "proxied: false"),
        (Some("http"), OTHER, "proxied: true"),
        (Some("from_env"), OTHER, "proxied: true"),
        (None, LOOPBACK, "proxied: false"),
        (Some("http"), LOOPBACK, "proxied: false"),
        (Some("from_env"), LOOPBACK, "proxied: false"),
    ] {
        let mut variables = vec![upper, lower, keys[0], keys[1], ("CLOSED", closed)];
        variables.extend(ask.map(|ask| ("ASK_FOR_PROXY", ask)));
        let text = in_a_child("configuration::a_call_in_a_child", &variables).await;
        assert!(text.contains(proxied), "{ask:?} {closed}: {text}");
    }
    assert_eq!(proxy.received().len(), 2);
}

#[tokio::test]
async fn a_proxy_of_the_environment_that_cannot_be_reached_is_named() {
    const OTHER: &str = "http://[::ffff:127.0.0.1]:1";
    let proxy = closed_port().replace("//", "//user:hunter2@");
    let address = proxy.split('@').next_back().unwrap();
    let through = format!("[::ffff:7f00:1]:1 through the proxy {address}: Connection refused");
    for (no_proxy, why) in [
        ("", &*through),
        ("::ffff:127.0.0.1", "[::ffff:7f00:1]:1: Connection refused"),
    ] {
        let variables = [
            ("HTTP_PROXY", &*proxy),
            ("NO_PROXY", no_proxy),
            ("DD_API_KEY", "a"),
            ("DD_APP_KEY", "b"),
            ("CLOSED", OTHER),
            ("ASK_FOR_PROXY", "from_env"),
        ];
        let text = in_a_child("configuration::a_call_in_a_child", &variables).await;
        let line = format!(": the request could not be sent to {why}");
        assert!(text.contains(&line) && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn localhost_is_this_machine_even_if_a_resolver_disagrees() {
    let server = Server::start([Step::response(200, &[], LOCKED)]).await;
    let elsewhere = Server::start([Step::response(200, &[], LOCKED)]).await;
    let address = |server: &Server| -> std::net::SocketAddr {
        server
            .url()
            .strip_prefix("http://")
            .unwrap()
            .parse()
            .unwrap()
    };
    let url = format!("http://localhost:{}", address(&server).port());
    let http = reqwest::Client::builder()
        .dns_resolver(NO_NAMES)
        .resolve("localhost", address(&elsewhere));
    let client = builder(&url).http(http).build().unwrap();
    dataset(&client).lock().await.unwrap();
    assert_eq!(
        (server.received().len(), elsewhere.received().len()),
        (1, 0)
    );
}

/// Run in a child process without root certificates.
#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn clients_without_roots_in_a_child() {
    for url in ["http://127.0.0.1:1", "http://localhost:1"] {
        builder(url).build().unwrap();
        builder(url)
            .http(reqwest::Client::builder())
            .build()
            .unwrap();
    }
    println!("built all for loopback");
    println!(
        "refused {}",
        Client::builder(credentials()).build().unwrap_err()
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_root_certificates_only_tls_is_refused() {
    let nowhere = [
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    let text = in_a_child("configuration::clients_without_roots_in_a_child", &nowhere).await;
    assert!(text.contains("built all for loopback"), "{text}");
    assert!(
        text.contains("refused the HTTP client can't be built: "),
        "{text}"
    );
    assert!(
        text.contains("; install the root certificates of the system"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_dropped_before_servers_do() {
    let response = || Step::response(200, &[], LOCKED);
    for (idle, connections) in [(19, 1), (21, 2)] {
        let clock = TestClock::default();
        let server = Server::start([response(), response()]).await;
        let client = clock.watch(builder(&server.url())).build().unwrap();
        let dataset = dataset(&client);
        dataset.lock().await.unwrap();
        pass(std::time::Duration::from_secs(idle)).await;
        dataset.lock().await.unwrap();
        assert_eq!(server.connections(), connections, "after {idle} s");
    }
}

/// The first bytes that a client sends to an `https` URL.
async fn client_hello(http: Option<reqwest::ClientBuilder>) -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let base_url: BaseUrl = format!("https://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let builder = Client::builder(credentials()).endpoint(base_url);
    let builder = match http {
        Some(http) => builder.http(http),
        None => builder,
    };
    let client = builder.retry(RetryPolicy::none()).build().unwrap();
    let dataset = dataset(&client);
    let (_, hello) = tokio::join!(dataset.lock(), async {
        let mut hello = vec![0; 4096];
        let (mut socket, _) = listener.accept().await.unwrap();
        let length = socket.read(&mut hello).await.unwrap();
        hello.truncate(length);
        hello
    });
    hello
}

#[tokio::test]
async fn only_a_passed_http_client_offers_http_2() {
    // The tests enable reqwest's feature `http2`, same as another crate may.
    let offers_http_2 = |hello: &[u8]| hello.windows(3).any(|protocol| protocol == b"\x02h2");
    assert!(!offers_http_2(&client_hello(None).await));
    assert!(offers_http_2(
        &client_hello(Some(reqwest::Client::builder())).await
    ));
}
