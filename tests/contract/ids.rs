//! Ids arrive unchanged or are refused; version numbers outside their range are refused.

use llmobs_datasets::{DatasetId, DatasetVersion, Error, ErrorKind, Outcome, ProjectId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{builder, runtime};

#[test]
fn an_id_that_would_change_the_path_is_refused() {
    let rows = [
        ("", "it is empty"),
        (".", "it would change the path of the request"),
        ("..", "it would change the path of the request"),
        ("a/b", "it contains `/` or `\\`"),
        ("/", "it contains `/` or `\\`"),
        ("..\\x", "it contains `/` or `\\`"),
        ("a\nb", "it contains a control character"),
        ("\0", "it contains a control character"),
        ("a\u{85}b", "it contains a control character"),
    ];
    for (text, why) in rows {
        for (error, what, example) in [
            (
                text.parse::<ProjectId>().unwrap_err(),
                "project",
                PROJECT_ID,
            ),
            (
                DatasetId::try_from(text.to_owned()).unwrap_err(),
                "dataset",
                DATASET_ID,
            ),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.outcome(), Outcome::NotApplied);
            assert_eq!(error.attempts(), 0);
            assert_eq!(
                error.to_string(),
                format!("{text:?} can't be the id of a {what}: {why}; use one such as {example:?}")
            );
        }
    }
}

#[tokio::test]
async fn an_id_too_long_for_a_url_is_not_sent() {
    let server = Server::start([]).await;
    let client = builder(&server.url()).build().unwrap();
    let id = "x".repeat(1 << 16);
    let dataset = client.dataset("p".parse().unwrap(), id.parse().unwrap());
    let error = dataset.lock().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.outcome(), Outcome::NotApplied);
    assert_eq!(error.attempts(), 0);
    assert!(server.received().is_empty());
    let message = error.to_string().replace(id.split_at(300).0, "ID");
    let expected = "lock dataset ID… of project p: the request URL is not valid (it may be too long); \
                    use shorter ids or another base URL";
    assert_eq!(message, expected);
}

#[test]
fn versions_are_from_0_to_i32_max() {
    for number in [0, 1, 2_147_483_647] {
        assert_eq!(
            i64::from(DatasetVersion::new(number).unwrap().get()),
            i64::from(number)
        );
    }
    for number in [2_147_483_648, u32::MAX] {
        let out_of_range = DatasetVersion::new(number).unwrap_err();
        let error = Error::from(out_of_range);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let message =
            format!("{number} can't be a dataset version; use a whole number from 0 to 2147483647");
        assert_eq!(out_of_range.to_string(), message);
        assert_eq!(error.to_string(), message);
    }
    DatasetVersion::try_from(-1).unwrap_err();
    DatasetVersion::try_from(u32::MAX).unwrap_err();
    DatasetVersion::try_from(i64::MIN).unwrap_err();
    assert_eq!("7".parse::<DatasetVersion>().unwrap().to_string(), "7");
    for text in ["", "-1", "1.0", "one", "99999999999999999999"] {
        text.parse::<DatasetVersion>().unwrap_err();
    }
}

/// Texts with many of the characters that are special in URLs.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z./\\\\%?#;:@{}\\[\\]+&= é\u{1f600}~|^`\"<>-]{1,12}",
        Just("%2e%2e".to_owned()),
        Just("%2F".to_owned()),
        Just("..%00".to_owned()),
        Just("...".to_owned()),
    ]
}

#[test]
fn every_id_that_is_accepted_arrives_as_it_is() {
    let runtime = runtime();
    let server = runtime.block_on(Server::start(vec![Step::status(200); 300]));
    let client = builder(&server.url()).build().unwrap();
    let property = |(project, dataset): (String, String)| {
        let (Ok(project_id), Ok(dataset_id)) =
            (project.parse::<ProjectId>(), dataset.parse::<DatasetId>())
        else {
            return Ok(());
        };
        let handle = client.dataset(project_id, dataset_id);
        runtime
            .block_on(handle.restore(DatasetVersion::new(1).unwrap()))
            .unwrap();

        let request = server.received().pop().unwrap();
        let url = reqwest::Url::parse("http://host").unwrap();
        let target = request.line().strip_prefix("POST ").unwrap();
        let url = url.join(target).unwrap();
        prop_assert_eq!(url.path(), target);
        let segments: Vec<String> = url
            .path_segments()
            .unwrap()
            .map(|segment| {
                percent_encoding::percent_decode_str(segment)
                    .decode_utf8()
                    .unwrap()
                    .into_owned()
            })
            .collect();
        let expected = [
            "api", "v2", "llm-obs", "v1", &project, "datasets", &dataset, "restore",
        ];
        prop_assert_eq!(segments, expected);
        // The id in the body is the one in the path.
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        prop_assert_eq!(&body["data"]["id"], &dataset);
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(256));
    runner.run(&(texts(), texts()), property).unwrap();
    let sent = server.received().len();
    assert!(sent > 50, "only {sent} ids were accepted");
}
