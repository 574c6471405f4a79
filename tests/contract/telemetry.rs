//! Spans and events of a call, with the names that OpenTelemetry gives their fields.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use llmobs_datasets::{ErrorKind, Operation, Result, RetryPolicy};

use crate::clock::TestClock;
use crate::documentation::{DATASET_ID, PROJECT_ID};
use crate::server::{Server, Step};
use crate::setup::{LOCKED, OPERATIONS, builder, call, chain, dataset, one_attempt};
use crate::spec;

/// The name, or level and target, and the fields of a span or an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<String, String>,
    id: u64,
    parent: Option<u64>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields
            .insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.fields.insert(field.name().to_owned(), chain(value));
    }
}

thread_local! {
    static SPANS: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
    static EVENTS: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// Records spans and events, separately for each thread: a test runs on one. It is the subscriber of the
/// whole process, because tracing caches that a call site has no subscriber.
pub(crate) struct Recorder;

impl Recorder {
    /// Begins to record. The test must be on a runtime of one thread.
    pub(crate) fn start() {
        static SUBSCRIBER: OnceLock<()> = OnceLock::new();
        SUBSCRIBER.get_or_init(|| {
            let subscriber = tracing_subscriber::registry().with(Self);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        SPANS.take();
        EVENTS.take();
    }

    /// All spans since the start.
    pub(crate) fn spans() -> Vec<Seen> {
        SPANS.with_borrow(Vec::clone)
    }

    /// All events since the start.
    pub(crate) fn events() -> Vec<Seen> {
        EVENTS.with_borrow(Vec::clone)
    }

    fn our_spans() -> Vec<Seen> {
        let spans = Self::spans().into_iter();
        spans
            .filter(|seen| seen.name.contains("llmobs_datasets"))
            .collect()
    }

    fn our_span() -> Seen {
        let [span] = <[Seen; 1]>::try_from(Self::our_spans()).unwrap();
        span
    }

    pub(crate) fn our_events() -> Vec<Seen> {
        let events = Self::events().into_iter();
        events
            .filter(|seen| seen.name.contains("llmobs_datasets"))
            .collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).and_then(|span| span.parent());
        let mut seen = Seen {
            name: attributes.metadata().name().to_owned(),
            id: id.into_u64(),
            parent: parent.map(|parent| parent.id().into_u64()),
            ..Seen::default()
        };
        attributes.record(&mut seen);
        SPANS.with_borrow_mut(|spans| spans.push(seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        SPANS.with_borrow_mut(|spans| {
            if let Some(span) = spans.iter_mut().rfind(|span| span.id == id.into_u64()) {
                values.record(span);
            }
        });
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seen = Seen {
            name: format!("{} {}", event.metadata().level(), event.metadata().target()),
            ..Seen::default()
        };
        event.record(&mut seen);
        EVENTS.with_borrow_mut(|events| events.push(seen));
    }
}

#[tokio::test]
async fn a_call_is_a_span() {
    let server = Server::start([Step::response(200, &[], LOCKED)]).await;
    let dataset = dataset(&builder(&server.url()).build().unwrap());
    Recorder::start();
    call(&dataset, Operation::Lock).await.unwrap();

    let span = Recorder::our_span();
    assert_eq!(span.name, "llmobs_datasets.call");
    let field = |name: &str| span.fields.get(name).map(String::as_str);
    assert_eq!(field("otel.name"), Some("lock"));
    assert_eq!(field("otel.kind"), Some("\"client\""));
    assert_eq!(field("http.request.method"), Some("PATCH"));
    let template = "\"/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/draft_state/lock\"";
    assert_eq!(field("url.template"), Some(template));
    assert_eq!(field("server.address"), Some("\"127.0.0.1\""));
    assert_eq!(field("server.port"), server.url().split(':').next_back());
    assert_eq!(field("llmobs.project_id"), Some(PROJECT_ID));
    assert_eq!(field("llmobs.dataset_id"), Some(DATASET_ID));
    assert_eq!(field("http.response.status_code"), Some("200"));
    assert_eq!(field("http.request.resend_count"), None);
    assert_eq!(
        (field("error.type"), field("otel.status_code")),
        (None, None)
    );
    assert!(Recorder::our_events().is_empty());
}

#[tokio::test]
async fn a_call_that_fails_is_a_span_with_its_kind() {
    for (step, kind) in [
        (Step::status(404), "not_found"),
        (Step::reset(), "connection_lost"),
        (Step::response(200, &[], "<html>"), "unreadable_success"),
    ] {
        let server = Server::start([step]).await;
        Recorder::start();
        let dataset = one_attempt(&server);
        call(&dataset, Operation::Restore).await.unwrap_err();
        let span = Recorder::our_span();
        assert_eq!(span.fields["error.type"], format!("{kind:?}"));
        assert_eq!(span.fields["otel.status_code"], "\"ERROR\"");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_an_event() {
    let server = Server::start([
        Step::status(503),
        Step::response(429, &["retry-after: 2"], ""),
        Step::status(404),
    ])
    .await;
    let client = TestClock::default()
        .watch(builder(&server.url()).retry(RetryPolicy::default().jitter(false)))
        .build()
        .unwrap();
    Recorder::start();
    call(&dataset(&client), Operation::Unlock)
        .await
        .unwrap_err();

    let events = Recorder::our_events();
    let [first, second] = <[Seen; 2]>::try_from(events).unwrap();
    assert_eq!(first.name, "INFO llmobs_datasets::call");
    assert_eq!(first.fields["message"], "retrying");
    assert_eq!(first.fields["attempt"], "1");
    assert!(
        first.fields["reason"].contains("503 Service Unavailable"),
        "{first:?}"
    );
    assert_eq!(second.fields["attempt"], "2");
    assert_eq!(second.fields["wait_ms"], "2000");
    let span = Recorder::our_span();
    assert_eq!(span.fields["http.response.status_code"], "404");
    assert_eq!(span.fields["http.request.resend_count"], "2");
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_span_is_that_of_the_last_attempt() {
    let server = Server::start([Step::status(503), Step::reset()]).await;
    let policy = RetryPolicy::default().max_attempts(2);
    let client = TestClock::default()
        .watch(builder(&server.url()).retry(policy))
        .build()
        .unwrap();
    Recorder::start();
    call(&dataset(&client), Operation::Lock).await.unwrap_err();
    assert_eq!(
        Recorder::our_span().fields.get("http.response.status_code"),
        None
    );
}

#[tokio::test]
async fn a_lock_that_is_left_behind_is_a_warning() {
    let server = Server::start([Step::response(200, &[], LOCKED), Step::status(409)]).await;
    let dataset = dataset(&builder(&server.url()).build().unwrap());
    Recorder::start();
    drop(dataset.draft_lock().await.unwrap());
    server.arrived(2).await;
    while Recorder::our_events().len() < 2 {
        tokio::task::yield_now().await;
    }
    let events = Recorder::our_events();
    assert_eq!(events[0].name, "WARN llmobs_datasets::draft_lock::lease");
    assert_eq!(
        events[0].fields["message"],
        "draft lock dropped: unlocking in the background"
    );
    assert_eq!(
        events[0].fields["llmobs.project_id"],
        dataset.project_id().as_str()
    );
    assert_eq!(
        events[0].fields["llmobs.dataset_id"],
        dataset.dataset_id().as_str()
    );
    assert_eq!(
        events[1].fields["message"],
        "unlocking in the background failed"
    );
    assert!(events[1].fields["error"].contains("the draft lock was lost"));
    // The unlock was not cut off, so there is no other event.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Recorder::our_events().len(), 2);
}

#[tokio::test]
async fn a_lock_that_a_panic_leaves_behind_is_a_warning() {
    let server = Server::start([Step::response(200, &[], LOCKED), Step::status(409)]).await;
    let dataset = dataset(&builder(&server.url()).build().unwrap());
    Recorder::start();
    let work = tokio::spawn(async move {
        dataset
            .with_draft_lock(async |_| -> Result<()> { resume_unwind(Box::new("payload")) })
            .await
    });
    assert!(work.await.unwrap_err().is_panic());
    let [event] = <[Seen; 1]>::try_from(Recorder::our_events()).unwrap();
    assert_eq!(event.name, "WARN llmobs_datasets::draft_lock");
    assert_eq!(
        event.fields["message"],
        "unlocking failed after the work panicked"
    );
    assert!(event.fields["error"].contains("the draft lock was lost"));
}

#[tokio::test]
async fn the_calls_of_a_draft_lock_are_within_its_span() {
    let server = Server::start([Step::response(200, &[], LOCKED), Step::status(200)]).await;
    let dataset = one_attempt(&server);
    Recorder::start();
    drop(dataset.draft_lock().await.unwrap());
    dataset.client().shutdown(std::time::Duration::MAX).await;
    let [lock, calls @ ..] = &Recorder::our_spans()[..] else {
        panic!("no span")
    };
    assert_eq!(lock.name, "llmobs_datasets.draft_lock");
    assert_eq!(lock.fields["llmobs.project_id"], PROJECT_ID);
    assert_eq!(lock.fields["llmobs.dataset_id"], DATASET_ID);
    let names: Vec<_> = calls
        .iter()
        .map(|call| &*call.fields["otel.name"])
        .collect();
    assert_eq!(names, ["lock", "unlock"]);
    assert!(calls.iter().all(|call| call.parent == Some(lock.id)));
}

#[test]
fn methods_and_templates_are_those_of_the_spec() {
    let spec = spec::load();
    let mut described: Vec<_> = spec::operations(&spec)
        .into_iter()
        .map(|(path, method, ..)| (path.to_owned(), method.to_uppercase()))
        .collect();
    let mut known: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| {
            (
                operation.url_template().to_owned(),
                operation.method().to_string(),
            )
        })
        .collect();
    described.sort();
    known.sort();
    assert_eq!(known, described);
}

#[tokio::test]
async fn the_hooks_see_each_attempt() {
    let server = Server::start([
        Step::status(503),
        Step::reset(),
        Step::response(200, &[], LOCKED),
        Step::status(404),
    ])
    .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let after = Arc::clone(&seen);
    let client = builder(&server.url())
        .retry(RetryPolicy::default().without_waits())
        .before_attempt(|attempt, headers| {
            // The keys are added later.
            assert!(!headers.contains_key("dd-api-key"));
            headers.insert("x-attempt", attempt.number.into());
        })
        .after_attempt(move |attempt, result| {
            let ids = (attempt.project_id.as_str(), attempt.dataset_id.as_str());
            assert_eq!(ids, (PROJECT_ID, DATASET_ID));
            let status = result.status.map(|status| status.as_u16());
            let retry = result.retry_in.is_some();
            let row = (
                attempt.operation,
                attempt.number,
                status,
                result.error,
                retry,
            );
            after.lock().unwrap().push(row);
        })
        .build()
        .unwrap();
    let dataset = dataset(&client);
    call(&dataset, Operation::Lock).await.unwrap();
    call(&dataset, Operation::Restore).await.unwrap_err();
    let expected = [
        (
            Operation::Lock,
            1,
            Some(503),
            Some(ErrorKind::ServerError),
            true,
        ),
        (
            Operation::Lock,
            2,
            None,
            Some(ErrorKind::ConnectionLost),
            true,
        ),
        (Operation::Lock, 3, Some(200), None, false),
        (
            Operation::Restore,
            1,
            Some(404),
            Some(ErrorKind::NotFound),
            false,
        ),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    for (request, number) in server.received().iter().zip([1, 2, 3, 1]) {
        let header = format!("x-attempt: {number}\r\n");
        assert!(request.head.contains(&header), "{}", request.head);
    }

    // A request that can't be sent is not an attempt.
    let id = "x".repeat(1 << 16).parse().unwrap();
    let dataset = client.dataset("p".parse().unwrap(), id);
    call(&dataset, Operation::Lock).await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), expected.len());
}
