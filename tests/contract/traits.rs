//! The traits that users expect of public types (the Rust API guidelines: C-COMMON-TRAITS,
//! C-CONV-TRAITS, C-SERDE).

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;
use std::time::Duration;

use llmobs_datasets::{
    ApiError, BaseUrl, Client, ClientBuilder, Credentials, Dataset, DatasetId, DatasetVersion,
    DraftState, Error, ErrorKind, Operation, Outcome, ProjectId, RateLimit, Response, RetryPolicy,
    Site, VersionOutOfRange,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::server::{Server, Step};
use crate::setup::{LOCKED, builder, dataset, one_attempt};

fn threads<T: Send + Sync + Unpin + Debug + 'static>() {}

fn value<T: Clone + Eq + Hash + Serialize + DeserializeOwned>() {}

fn text<T>()
where
    T: AsRef<str> + Display + FromStr<Err = Error> + TryFrom<&'static str> + TryFrom<String>,
    String: From<T>,
{
}

#[test]
fn types_have_the_common_traits() {
    text::<ProjectId>();
    text::<DatasetId>();
    text::<Site>();
    text::<BaseUrl>();
    text::<ErrorKind>();
    text::<Outcome>();
    text::<Operation>();
    value::<ProjectId>();
    value::<DatasetId>();
    value::<Site>();
    value::<BaseUrl>();
    value::<ErrorKind>();
    value::<Outcome>();
    value::<Operation>();
    value::<DatasetVersion>();
    value::<RateLimit>();
    threads::<ApiError>();
    threads::<Client>();
    threads::<ClientBuilder>();
    threads::<Credentials>();
    threads::<Dataset>();
    threads::<Error>();
    threads::<Response<DraftState>>();
    threads::<RetryPolicy>();
    threads::<VersionOutOfRange>();
}

/// Asserts the JSON form of a value, and that parsing it returns the same value.
#[track_caller]
fn is_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), json);
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), *value);
}

#[test]
fn values_are_plain_in_serde_and_are_checked() {
    is_json::<DatasetId>(&"a b".parse().unwrap(), json!("a b"));
    is_json(&DatasetVersion::new(7).unwrap(), json!(7));
    is_json(&Site::EU1, json!("datadoghq.eu"));
    let url: BaseUrl = "https://example.com/x/".parse().unwrap();
    is_json(&url, json!("https://example.com/x"));
    is_json(&ErrorKind::UnreadableSuccess, json!("unreadable_success"));
    is_json(&Outcome::NotApplied, json!("not_applied"));
    is_json(&Operation::Lock, json!("lock"));
    for (faulty, type_) in [
        (serde_json::from_value::<DatasetId>(json!("..")).err(), "id"),
        (serde_json::from_value::<Site>(json!("US1")).err(), "site"),
        (
            serde_json::from_value::<BaseUrl>(json!("http://example.com")).err(),
            "URL",
        ),
        (
            serde_json::from_value::<DatasetVersion>(json!(-1)).err(),
            "version",
        ),
        (
            serde_json::from_value::<ErrorKind>(json!("no_such")).err(),
            "kind",
        ),
    ] {
        let error = faulty.unwrap().to_string();
        assert!(error.contains(type_), "{error}");
    }
}

#[tokio::test]
async fn the_results_of_a_call_are_serializable() {
    let headers = ["x-ratelimit-limit: 5", "x-ratelimit-reset: 7"];
    let body = json!({"errors": [{ "title": "No", "code": "c", "source": { "pointer": "/p" } }]});
    let server = Server::start([Step::response(400, &headers, body.to_string())]).await;
    let error = one_attempt(&server).lock().await.unwrap_err();
    let item = serde_json::to_value(&error.errors()[0]).unwrap();
    assert_eq!(
        (&item["title"], &item["pointer"]),
        (&json!("No"), &json!("/p"))
    );
    assert_eq!(
        serde_json::from_value::<ApiError>(item).unwrap(),
        error.errors()[0]
    );
    let limit = error.rate_limit().unwrap();
    let json = serde_json::to_value(&limit).unwrap();
    assert_eq!((&json["limit"], &json["name"]), (&json!(5), &Value::Null));
    assert_eq!(serde_json::from_value::<RateLimit>(json).unwrap(), limit);
}

#[test]
fn names_are_those_of_metric_labels() {
    for kind in ErrorKind::ALL {
        let name = kind.as_str();
        assert_eq!(
            (kind.to_string(), name.parse().unwrap()),
            (name.to_owned(), *kind)
        );
        let snake = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.chars().all(snake), "{name}");
        // The variant and its name can only change together.
        let variant = format!("{kind:?}").to_lowercase();
        assert_eq!(name.replace('_', ""), variant);
    }
}

#[test]
fn a_version_can_be_a_constant() {
    const SECOND: DatasetVersion = match DatasetVersion::new(1) {
        Ok(version) => version,
        Err(_) => panic!("1 is a version"),
    };
    assert_eq!(SECOND, DatasetVersion::try_from(1).unwrap());
    assert_eq!(SECOND, DatasetVersion::try_from(1_u32).unwrap());
    assert_eq!(i32::from(SECOND), 1);
}

#[tokio::test]
async fn a_response_gives_access_to_its_value() {
    let server = Server::start([Step::response(200, &[], LOCKED)]).await;
    let state = one_attempt(&server).lock().await.unwrap();
    assert_eq!(state.user(), &state.value().user);
    assert_eq!(state.drafting_since(), state.value().drafting_since);
    let copy = state.clone();
    assert_eq!(copy.into_inner(), *state.value());
}

#[test]
fn a_client_has_what_its_builder_set() {
    let seconds = Duration::from_secs;
    let policy = RetryPolicy::default().max_attempts(2);
    let client = builder("http://127.0.0.1:1")
        .connect_timeout(seconds(1))
        .attempt_timeout(seconds(2))
        .call_timeout(seconds(3))
        .max_response_bytes(4)
        .retry(policy.clone())
        .build()
        .unwrap();
    let url: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
    let settings = client.settings();
    assert_eq!(settings.endpoint, url);
    assert_eq!(settings.retry, policy);
    assert_eq!(settings.connect_timeout, seconds(1));
    assert_eq!(settings.attempt_timeout, seconds(2));
    assert_eq!(settings.call_timeout, seconds(3));
    assert_eq!(settings.max_response_bytes, 4);
    assert_eq!(dataset(&client).client().settings(), settings);
}
