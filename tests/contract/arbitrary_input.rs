//! Any input, as a response or as configuration, is read or refused without a panic.

use std::process::Command;
use std::time::Duration;

use llmobs_datasets::{
    BaseUrl, Credentials, DatasetId, DatasetVersion, Error, Operation, ProjectId, Site,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::clock::TestClock;
use crate::server::{Server, Step};
use crate::setup::{LOCKED, OPERATIONS, builder, call, dataset, runtime_with_clock};

/// A runner that writes no file for a failed case.
fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    })
}

/// A text with some bytes replaced.
fn spliced(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let position = 0..=text.len();
    let bytes = vec(any::<u8>(), 0..4);
    (position.clone(), position, bytes).prop_map(|(one, other, bytes)| {
        let (start, end) = (one.min(other), one.max(other));
        let text = text.as_bytes();
        [&text[..start], &bytes, &text[end..]].concat()
    })
}

/// JSON of any form, with the names that the client reads.
fn json() -> impl Strategy<Value = Vec<u8>> {
    let names = "errors|error|title|detail|message|status|source|pointer|meta|code|data|attributes";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let value = leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            vec((names, inner), 0..4).prop_map(|fields| {
                let field = |(name, value)| format!("{name:?}:{value}");
                let fields: Vec<String> = fields.into_iter().map(field).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    });
    value.prop_map(String::into_bytes)
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        json(),
        spliced(LOCKED),
        spliced(include_str!("documentation/error-objects.json")),
        spliced(include_str!("documentation/error-strings.json")),
    ]
}

/// Any header value, often nearly a number or a date.
fn header_values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(
            prop_oneof![Just(b'\t'), 0x20..0x7f_u8, 0x80..=0xff_u8],
            0..40
        ),
        "-?[0-9]{1,40}(\\.[0-9]{0,20})?(e[0-9]{1,4})?".prop_map(String::into_bytes),
        "(Tue|Foo), [0-9]{1,3} (Jan|Bar) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
            .prop_map(String::into_bytes),
    ]
}

type Response = (u16, Vec<(&'static str, Vec<u8>)>, Vec<u8>);

fn responses() -> impl Strategy<Value = Response> {
    let status = prop_oneof![Just(200_u16), Just(429_u16), Just(503_u16), 200..=599_u16]
        // These statuses have no body, even if one is written.
        .prop_filter("no body", |status| ![204, 205, 304].contains(status));
    let names = prop::sample::select(vec![
        "retry-after",
        "date",
        "content-type",
        "location",
        "x-ratelimit-limit",
        "x-ratelimit-period",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-name",
    ]);
    (status, vec((names, header_values()), 0..6), bodies())
}

/// Checks the texts of an error.
fn check_message(error: &Error) -> Result<(), TestCaseError> {
    let line = error.to_string();
    prop_assert!(!line.contains(char::is_control), "{line:?}");
    let _ = format!("{error:?}");
    let _ = (error.rate_limit(), error.retry_after());
    Ok(())
}

#[test]
fn any_response_ends_a_call_in_time() {
    let runtime = runtime_with_clock(true);
    let _context = runtime.enter();
    let server = runtime.block_on(Server::start([]));
    let property = |(response, operation): (Response, Operation)| {
        let (status, headers, body) = response;
        let head = format!("HTTP/1.1 {status} S\r\ncontent-length: {}\r\n", body.len());
        let mut response = head.into_bytes();
        for (name, value) in headers {
            response.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        response.extend([b"\r\n", &body[..]].concat());
        server.script(vec![Step::Response(response); 6]);
        let clock = TestClock::default();
        let client = clock
            .watch(
                builder(&server.url())
                    .http(reqwest::Client::builder().no_proxy().tls_certs_only([])),
            )
            .build()
            .unwrap();
        let start = clock.now();
        let result = runtime.block_on(call(&dataset(&client), operation));
        prop_assert!(clock.now() - start <= Duration::from_secs(60));
        match result {
            Ok(_) => prop_assert!((200..300).contains(&status)),
            Err(error) => {
                prop_assert_eq!(error.status().unwrap().as_u16(), status);
                prop_assert_eq!(error.raw_body(), Some(&body[..]));
                check_message(&error)?;
            }
        }
        Ok(())
    };
    let operations = prop::sample::select(OPERATIONS.to_vec());
    runner(512)
        .run(&(responses(), operations), property)
        .unwrap();
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9.:/?#@\\[\\]%\\\\ \"'-]{0,30}",
        "(https?://)?(api\\.|app\\.)?[a-z0-9.-]{0,8}(datadoghq\\.com|datadoghq\\.eu|ddog-gov\\.com)[/:0-9a-z]{0,6}",
        "https?://[a-z0-9.\\[\\]:%-]{0,20}(/[ -~]{0,10})?",
        "-?[0-9]{0,25}",
    ]
}

#[test]
fn any_text_is_accepted_or_refused() {
    let property = |text: String| {
        let refused =
            |result: Result<(), Error>| result.err().map_or(Ok(()), |error| check_message(&error));
        refused(text.parse::<ProjectId>().map(drop))?;
        refused(text.parse::<DatasetId>().map(drop))?;
        refused(text.parse::<DatasetVersion>().map(drop))?;
        match text.parse::<Site>() {
            Ok(site) => {
                // Its URL has the host of the site, and nothing else.
                let url = format!("https://api.{site}");
                let parsed = reqwest::Url::parse(&url).unwrap();
                prop_assert_eq!(parsed.as_str(), format!("{url}/"));
            }
            Err(error) => check_message(&error)?,
        }
        refused(text.parse::<BaseUrl>().map(drop))?;
        refused(BaseUrl::with_plain_http(&text).map(drop))?;
        match Credentials::new(text.clone(), "application-key") {
            // An accepted key can be sent.
            Ok(keys) => drop(
                llmobs_datasets::Client::builder(keys)
                    .http(reqwest::Client::builder().no_proxy().tls_certs_only([]))
                    .build()
                    .unwrap(),
            ),
            Err(error) => check_message(&error)?,
        }
        Ok(())
    };
    runner(512).run(&texts(), property).unwrap();
}

#[test]
fn any_environment_is_read_or_refused() {
    let property = |(api_key, application_key, site): (String, String, String)| {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("configuration::from_env_in_a_child")
            .env_clear()
            .envs([
                ("DD_API_KEY", api_key),
                ("DD_APP_KEY", application_key),
                ("DD_SITE", site),
            ])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout).into_owned();
        prop_assert!(child.status.success(), "{text}");
        prop_assert!(
            text.contains("built ") || text.contains("refused "),
            "{text}"
        );
        Ok(())
    };
    // An environment variable can't contain NUL.
    let value = || texts().prop_map(|text| text.replace('\0', ""));
    runner(32)
        .run(&(value(), value(), value()), property)
        .unwrap();
}
