//! Each documented example, from JSON to the model, field by field, and back to the same JSON.

use chrono::{DateTime, Utc};
use llmobs_datasets::generated::types;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::documentation::{DATASET_ID, json};

fn read<T: DeserializeOwned + Serialize>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), json(text));
    value
}

#[test]
fn draft_state() {
    let text = include_str!("documentation/lock-200.json");
    let types::LlmObsDatasetDraftStateResponse { data } = read(text);
    let types::LlmObsDatasetDraftStateData {
        attributes,
        id,
        type_,
    } = data;
    let types::LlmObsDatasetDraftStateDataAttributes {
        drafting_since,
        user,
    } = attributes;
    let types::LlmObsDatasetDraftStateUser {
        email,
        handle,
        icon,
        id: user_id,
        name,
    } = user;
    assert_eq!(
        drafting_since,
        "2024-01-15T10:30:00Z".parse::<DateTime<Utc>>().unwrap()
    );
    assert_eq!(email.as_deref(), Some("jane.doe@example.com"));
    assert_eq!(handle.as_deref(), Some("jane.doe@example.com"));
    assert_eq!(icon.as_deref(), Some(""));
    assert_eq!(user_id, "00000000-0000-0000-0000-000000000010");
    assert_eq!(name.as_deref(), Some("Jane Doe"));
    assert_eq!(id, DATASET_ID);
    assert_eq!(
        type_,
        types::LlmObsDatasetDraftStateType::Known(
            types::LlmObsDatasetDraftStateTypeKnown::DraftStateData
        )
    );
}

#[test]
fn restore_request() {
    let text = include_str!("documentation/restore-request.json");
    let types::LlmObsDatasetRestoreVersionRequest { data } = read(text);
    let types::LlmObsDatasetRestoreVersionDataRequest {
        attributes,
        id,
        type_,
    } = data;
    let types::LlmObsDatasetRestoreVersionDataAttributesRequest { dataset_version } = attributes;
    assert_eq!(dataset_version, 1_i32);
    assert_eq!(id, DATASET_ID);
    assert_eq!(type_, types::LlmObsDatasetType::Datasets);
}

#[test]
fn error_objects() {
    let text = include_str!("documentation/error-objects.json");
    let types::JsonapiErrorResponse { errors } = read(text);
    let [error] = <[types::JsonapiErrorItem; 1]>::try_from(errors).unwrap();
    let types::JsonapiErrorItem {
        detail,
        meta,
        source,
        status,
        title,
    } = error;
    let types::JsonapiErrorItemSource {
        header,
        parameter,
        pointer,
    } = source.unwrap();
    assert_eq!(
        detail.as_deref(),
        Some("Missing required attribute in body")
    );
    assert_eq!(meta, Some(serde_json::Map::new()));
    assert_eq!(header.as_deref(), Some("Authorization"));
    assert_eq!(parameter.as_deref(), Some("limit"));
    assert_eq!(pointer.as_deref(), Some("/data/attributes/title"));
    assert_eq!(status.as_deref(), Some("400"));
    assert_eq!(title.as_deref(), Some("Bad Request"));
}

#[test]
fn error_strings() {
    let text = include_str!("documentation/error-strings.json");
    let types::ApiErrorResponse { errors } = read(text);
    assert_eq!(errors, ["Bad Request"]);
}
