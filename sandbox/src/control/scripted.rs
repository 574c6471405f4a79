//! Faults in JSON.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Failure, Result};
use crate::fault::{Fault, Operation};

/// A scripted fault in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scripted {
    operation: Operation,
    fault: String,
    #[serde(default = "once")]
    times: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

fn once() -> u32 {
    1
}

pub(super) fn scripted(faults: Vec<Scripted>) -> Result<Vec<(Operation, Fault)>> {
    let faults = faults.into_iter().map(|scripted| {
        let mut fault: Fault = scripted
            .fault
            .parse()
            .map_err(|error| Failure(400, error))?;
        fault.times = scripted.times;
        fault.dataset = scripted.dataset;
        fault.body = scripted.body;
        fault.headers = scripted.headers.into_iter().collect();
        for (name, value) in &fault.headers {
            if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
                return Err(Failure(
                    400,
                    format!("{name:?} can't be a header with this value"),
                ));
            }
        }
        Ok((scripted.operation, fault))
    });
    faults.collect()
}

pub(super) fn shown(faults: &[(Operation, Fault)]) -> Value {
    let faults = faults.iter().map(|(operation, fault)| Scripted {
        operation: *operation,
        fault: fault.to_string(),
        times: fault.times,
        dataset: fault.dataset.clone(),
        headers: fault.headers.iter().cloned().collect(),
        body: fault.body.clone(),
    });
    json!(faults.collect::<Vec<_>>())
}
