//! The operations, as a plain HTTP client sees them.

use llmobs_sandbox::{Operation, Sandbox};
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::setup::{
    DATASET, OPERATIONS, PROJECT, body, call, holder, http, refused, request, url, version,
};

#[tokio::test]
async fn a_lock_has_one_holder() {
    let sandbox = Sandbox::start().await.unwrap();
    let jane = sandbox.users()[0].user.clone();

    let first: Value = request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(first["data"]["id"], DATASET);
    assert_eq!(first["data"]["type"], "draft_state_data");
    assert_eq!(first["data"]["attributes"]["user"], json!(jane));
    assert_eq!(holder(&sandbox), Some(jane.id.clone()));
    let lock = sandbox.dataset(PROJECT, DATASET).unwrap().lock.unwrap();

    // Again by the holder: the lock stays as it is.
    let again: Value = request(&sandbox, 0, Operation::Lock)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(
        sandbox.dataset(PROJECT, DATASET).unwrap().lock.unwrap(),
        lock
    );

    for operation in [Operation::Lock, Operation::Unlock] {
        let answer = refused(request(&sandbox, 1, operation).send().await.unwrap()).await;
        let detail = format!("The draft of the dataset is locked by user {}", jane.id);
        assert_eq!(answer, (409, detail, Value::Null));
    }
    assert_eq!(call(&sandbox, 1, Operation::Restore).await, 409);
    assert_eq!((holder(&sandbox), version(&sandbox)), (Some(jane.id), 2));

    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(holder(&sandbox), None);
    assert_eq!(call(&sandbox, 0, Operation::Unlock).await, 200);
    assert_eq!(call(&sandbox, 1, Operation::Lock).await, 200);
}

#[tokio::test]
async fn a_restore_adds_a_version() {
    let sandbox = Sandbox::start().await.unwrap();
    let before = sandbox.dataset(PROJECT, DATASET).unwrap();
    let answer = request(&sandbox, 0, Operation::Restore)
        .json(&body(1))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "");
    let after = sandbox.dataset(PROJECT, DATASET).unwrap();
    assert_eq!(after.version(), 3);
    assert_eq!(after.records(), before.versions[1]);
    assert_eq!(after.versions[..3], before.versions[..]);
    // The current version is the last that can be restored.
    assert_eq!(
        request(&sandbox, 0, Operation::Restore)
            .json(&body(3))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(version(&sandbox), 4);
}

#[tokio::test]
async fn a_body_at_fault_is_refused_at_its_place() {
    let sandbox = Sandbox::start().await.unwrap();
    let rows = [
        (
            body(3).to_string(),
            "/data/attributes/dataset_version",
            "between 0 and 2",
        ),
        (
            body(-1).to_string(),
            "/data/attributes/dataset_version",
            "between 0 and 2",
        ),
        (
            body(1 << 40).to_string(),
            "/data/attributes/dataset_version",
            "expected i32",
        ),
        (
            body(1).to_string().replace(DATASET, "other"),
            "/data/id",
            "not the one in the path",
        ),
        (
            body(1).to_string().replace("datasets", "projects"),
            "/data/type",
            "projects",
        ),
        (
            body(1).to_string().replace("dataset_version", "version"),
            "/data/attributes",
            "missing field",
        ),
        (
            r#"{"data":{"attributes":{"dataset_version":"1"}}}"#.to_owned(),
            "/data/attributes/dataset_version",
            "invalid type",
        ),
        ("{}".to_owned(), "", "missing field `data`"),
        ("[]".to_owned(), "", "must be an object"),
        (
            format!("[[[1],\"{DATASET}\",\"datasets\"]]"),
            "",
            "must be an object",
        ),
        ("{\"data\"".to_owned(), "", "EOF"),
        (String::new(), "", "EOF"),
    ];
    for (body, pointer, words) in rows {
        let response = request(&sandbox, 0, Operation::Restore)
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let (status, detail, found) = refused(response).await;
        assert_eq!((status, found), (400, json!(pointer)), "{body}");
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(version(&sandbox), 2);
}

#[tokio::test]
async fn keys_and_ids_are_checked() {
    let sandbox = Sandbox::start().await.unwrap();
    for operation in OPERATIONS {
        let (method, url) = url(&sandbox, operation);
        let send = |keys: &[(&'static str, &str)], url: &str| {
            let request = http().request(method.clone(), url).json(&body(1));
            let request = keys
                .iter()
                .fold(request, |request, (name, key)| request.header(*name, *key));
            async { refused(request.send().await.unwrap()).await.0 }
        };
        let api = ("dd-api-key", sandbox.api_key());
        let app = ("dd-application-key", sandbox.application_key());
        assert_eq!(send(&[], &url).await, 401);
        assert_eq!(send(&[api], &url).await, 401);
        assert_eq!(send(&[app], &url).await, 401);
        assert_eq!(send(&[("dd-api-key", "x"), app], &url).await, 401);
        assert_eq!(send(&[api, ("dd-application-key", "x")], &url).await, 401);
        assert_eq!(send(&[api, app], &url.replace(PROJECT, "x")).await, 404);
        assert_eq!(send(&[api, app], &url.replace(DATASET, "x")).await, 404);
        assert_eq!(send(&[api, app], &format!("{url}/x")).await, 404);
        // A method that no operation has.
        let wrong = http().request(Method::OPTIONS, &url);
        let wrong = refused(wrong.send().await.unwrap()).await;
        assert_eq!(wrong.0, 405);
    }
    assert_eq!((holder(&sandbox), version(&sandbox)), (None, 2));
}

#[tokio::test]
async fn requests_are_kept_without_the_keys() {
    let sandbox = Sandbox::start().await.unwrap();
    call(&sandbox, 0, Operation::Lock).await;
    call(&sandbox, 1, Operation::Restore).await;
    let (method, url) = url(&sandbox, Operation::Unlock);
    http().request(method, url).send().await.unwrap();

    let requests = sandbox.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.operation, request.user.is_some(), request.status))
        .collect();
    assert_eq!(
        seen,
        [
            (Operation::Lock, true, Some(200)),
            (Operation::Restore, true, Some(409)),
            (Operation::Unlock, false, Some(401)),
        ]
    );
    assert!(requests[0].path.ends_with("/draft_state/lock"));
    let key = ("dd-api-key".to_owned(), "[redacted]".to_owned());
    assert!(requests[0].headers.contains(&key));
    let text = format!("{requests:?}");
    for user in sandbox.users() {
        assert!(!text.contains(&user.application_key));
    }

    assert_eq!(sandbox.take_requests(), requests);
    assert_eq!(sandbox.requests(), []);
    assert!(!text.contains(sandbox.api_key()));
}

#[tokio::test]
async fn a_dropped_sandbox_is_gone() {
    let sandbox = Sandbox::start().await.unwrap();
    let (method, url) = url(&sandbox, Operation::Lock);
    drop(sandbox);
    // The task ends at its next step.
    tokio::task::yield_now().await;
    assert!(
        http()
            .request(method, url)
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
}

/// What the documentation and the assumptions say, in the fewest words.
#[derive(Debug, Default)]
struct Model {
    holder: Option<usize>,
    versions: usize,
}

impl Model {
    fn expect(&mut self, user: usize, operation: Operation) -> u16 {
        if self.holder.is_some_and(|holder| holder != user) {
            return 409;
        }
        match operation {
            Operation::Lock => self.holder = Some(user),
            Operation::Unlock => self.holder = None,
            Operation::Restore => self.versions += 1,
            other => panic!("add the effect of {other:?} here"),
        }
        200
    }
}

#[test]
fn any_sequence_of_calls_does_what_the_model_says() {
    let operations = proptest::sample::select(&OPERATIONS[..]);
    let calls = proptest::collection::vec((0..2_usize, operations), 1..40);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    };
    proptest!(config, |(calls in calls)| {
        runtime.block_on(async {
            let sandbox = Sandbox::start().await.unwrap();
            let mut model = Model::default();
            for (user, operation) in calls {
                prop_assert_eq!(call(&sandbox, user, operation).await, model.expect(user, operation));
                let holder = model.holder.map(|user| sandbox.users()[user].user.id.clone());
                prop_assert_eq!(self::holder(&sandbox), holder);
                prop_assert_eq!(version(&sandbox), 2 + model.versions);
            }
            Ok(())
        })?;
    });
}
