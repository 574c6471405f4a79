//! Proof that the contract tests can fail: each mutation of the spec is found, with its place.

use serde_json::{Value, json};

use crate::{schemas, spec};

/// A change to the spec, and the text that a finding about it must contain.
struct Mutation {
    spec: Value,
    what: String,
    place: String,
}

fn mutation(what: &str, place: &str, change: impl FnOnce(&mut Value)) -> Mutation {
    let mut spec = spec::load();
    let before = spec.clone();
    change(&mut spec);
    assert_ne!(spec, before, "{what} at {place} changes nothing");
    Mutation {
        spec,
        what: what.to_owned(),
        place: place.to_owned(),
    }
}

fn survivors(mutations: Vec<Mutation>, findings: fn(&Value) -> Vec<String>) -> Vec<String> {
    assert!(!mutations.is_empty());
    mutations
        .into_iter()
        .filter(|mutation| {
            let found = findings(&mutation.spec);
            !found
                .iter()
                .any(|finding| finding.contains(&mutation.place))
        })
        .map(|mutation| format!("{} at {}", mutation.what, mutation.place))
        .collect()
}

/// Every property of every schema: renamed, retyped, its required mark inverted.
fn properties() -> Vec<Mutation> {
    let spec = spec::load();
    let mut mutations = Vec::new();
    for (schema, described) in spec["components"]["schemas"].as_object().unwrap() {
        for name in described["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|it| it.0)
        {
            let at = format!("/components/schemas/{schema}");
            mutations.push(mutation("rename", name, |spec| {
                let properties = spec.pointer_mut(&format!("{at}/properties")).unwrap();
                let property = properties.as_object_mut().unwrap().remove(name).unwrap();
                properties["renamed"] = property;
            }));
            mutations.push(mutation("retype", name, |spec| {
                let properties = spec.pointer_mut(&format!("{at}/properties")).unwrap();
                properties[name] = json!({ "type": "boolean" });
            }));
            mutations.push(mutation("turn required", name, |spec| {
                let schema = spec.pointer_mut(&at).unwrap();
                let mut names = schema["required"].as_array().cloned().unwrap_or_default();
                match names.iter().position(|it| it == name) {
                    Some(index) => drop(names.remove(index)),
                    None => names.push(json!(name)),
                }
                schema["required"] = names.into();
            }));
        }
    }
    mutations
}

/// Every enum and every format.
fn words() -> Vec<Mutation> {
    let schema = |name: &str| format!("/components/schemas/{name}");
    let since = schema("LLMObsDatasetDraftStateDataAttributes/properties/drafting_since/format");
    let version = schema(
        "LLMObsDatasetRestoreVersionDataAttributesRequest/properties/dataset_version/format",
    );
    let set = |what, place: &str, pointer: &str, value: Value| {
        mutation(what, place, |spec| {
            *spec.pointer_mut(pointer).unwrap() = value;
        })
    };
    vec![
        set(
            "enum value",
            "draft_state",
            &schema("LLMObsDatasetDraftStateType/enum/0"),
            json!("draft_state"),
        ),
        set(
            "enum value",
            "dataset",
            &schema("LLMObsDatasetType/enum/0"),
            json!("dataset"),
        ),
        set(
            "enum added",
            "projects",
            &schema("LLMObsDatasetType/enum"),
            json!(["datasets", "projects"]),
        ),
        set("format", "drafting_since", &since, json!("date")),
        set("format", "dataset_version", &version, json!("int64")),
    ]
}

/// Every operation, with its parameters and its responses.
fn operations() -> Vec<Mutation> {
    let mut mutations = Vec::new();
    let spec = spec::load();
    for (path, method, _, operation) in spec::operations(&spec) {
        let id = operation["operationId"].as_str().unwrap();
        mutations.push(mutation("path", id, |spec| {
            let paths = spec["paths"].as_object_mut().unwrap();
            let item = paths.remove(path).unwrap();
            paths.insert(format!("{path}s"), item);
        }));
        mutations.push(mutation("method", id, |spec| {
            let item = spec["paths"][path].as_object_mut().unwrap();
            let operation = item.remove(method).unwrap();
            item.insert("put".to_owned(), operation);
        }));
        mutations.push(mutation("operationId", id, |spec| {
            spec["paths"][path][method]["operationId"] = json!("Renamed");
        }));
        mutations.push(mutation("operation removed", id, |spec| {
            spec["paths"].as_object_mut().unwrap().remove(path);
        }));
        mutations.push(mutation("preview mark removed", id, |spec| {
            spec["paths"][path][method]
                .as_object_mut()
                .unwrap()
                .remove("x-unstable");
        }));
        mutations.push(mutation("own security", id, |spec| {
            spec["paths"][path][method]["security"] = json!([]);
        }));
        for parameter in 0..2 {
            mutations.push(mutation("parameter removed", id, |spec| {
                spec["paths"][path]["parameters"]
                    .as_array_mut()
                    .unwrap()
                    .remove(parameter);
            }));
        }
        mutations.push(mutation("status added", id, |spec| {
            spec["paths"][path][method]["responses"]["409"] = json!({ "description": "" });
        }));
        for (status, response) in operation["responses"].as_object().unwrap() {
            mutations.push(mutation("status removed", id, |spec| {
                spec["paths"][path][method]["responses"]
                    .as_object_mut()
                    .unwrap()
                    .remove(status);
            }));
            mutations.push(mutation("response swapped", id, |spec| {
                let other = if status == "429" {
                    "NotFound"
                } else {
                    "TooManyRequests"
                };
                let swapped = json!({ "$ref": format!("#/components/responses/{other}") });
                assert_ne!(*response, swapped);
                spec["paths"][path][method]["responses"][status] = swapped;
            }));
        }
    }
    mutations
}

/// Keys and sites.
fn security_and_servers() -> Vec<Mutation> {
    let mut mutations = Vec::new();
    let spec = spec::load();
    for scheme in ["apiKeyAuth", "appKeyAuth"] {
        mutations.push(mutation("header", "security", |spec| {
            spec["components"]["securitySchemes"][scheme]["name"] = json!("X-Key");
        }));
        mutations.push(mutation("key in query", "security", |spec| {
            spec["components"]["securitySchemes"][scheme]["in"] = json!("query");
        }));
        mutations.push(mutation("key not needed", "security", |spec| {
            spec["security"][0].as_object_mut().unwrap().remove(scheme);
        }));
    }
    mutations.push(mutation("keys are alternatives", "security", |spec| {
        spec["security"] = json!([{ "apiKeyAuth": [] }, { "appKeyAuth": [] }]);
    }));
    for site in 0..8 {
        let name = spec["servers"][0]["variables"]["site"]["enum"][site]
            .as_str()
            .unwrap();
        mutations.push(mutation("site removed", name, |spec| {
            let sites = &mut spec["servers"][0]["variables"]["site"]["enum"];
            sites.as_array_mut().unwrap().remove(site);
        }));
    }
    mutations.push(mutation("site added", "example.com", |spec| {
        let sites = &mut spec["servers"][0]["variables"]["site"]["enum"];
        sites.as_array_mut().unwrap().push(json!("example.com"));
    }));
    mutations.push(mutation("default site", "default site", |spec| {
        spec["servers"][0]["variables"]["site"]["default"] = json!("datadoghq.eu");
    }));
    mutations
}

/// Parameters, bodies and examples.
fn contents() -> Vec<Mutation> {
    let mut mutations = Vec::new();
    let spec = spec::load();
    for name in ["ProjectId", "DatasetId"] {
        mutations.push(mutation(
            "parameter example",
            "parameter examples",
            |spec| {
                spec["components"]["parameters"][name]["example"] = json!("another");
            },
        ));
        mutations.push(mutation("parameter retyped", "path: ", |spec| {
            spec["components"]["parameters"][name]["schema"] = json!({ "type": "integer" });
        }));
    }
    for name in spec["components"]["examples"].as_object().unwrap().keys() {
        mutations.push(mutation("example", "example: ", |spec| {
            spec["components"]["examples"][name]["value"] = json!({ "another": 1 });
        }));
    }
    mutations.push(mutation(
        "field example",
        "JSONAPIErrorItem.title",
        |spec| {
            spec["components"]["schemas"]["JSONAPIErrorItem"]["properties"]["title"]["example"] =
                json!("Another");
        },
    ));
    mutations.push(mutation(
        "optional body",
        "request body is required",
        |spec| {
            let path = "/api/v2/llm-obs/v1/{project_id}/datasets/{dataset_id}/restore";
            spec["paths"][path]["post"]["requestBody"]["required"] = json!(false);
        },
    ));
    mutations.push(mutation("no minimum", "dataset_version", |spec| {
        let schema = "LLMObsDatasetRestoreVersionDataAttributesRequest";
        let version = &mut spec["components"]["schemas"][schema]["properties"]["dataset_version"];
        version.as_object_mut().unwrap().remove("minimum");
    }));
    mutations.push(mutation("closed object", "source", |spec| {
        spec["components"]["schemas"]["JSONAPIErrorItemSource"]["additionalProperties"] =
            json!(false);
    }));
    mutations
}

#[test]
fn a_spec_that_differs_from_the_pages_is_found() {
    let mutations = [
        properties(),
        words(),
        operations(),
        security_and_servers(),
        contents(),
    ];
    assert_eq!(
        survivors(mutations.into_iter().flatten().collect(), spec::findings),
        Vec::<String>::new()
    );
}

#[test]
fn a_schema_that_differs_from_its_model_is_found() {
    let mutations = [properties(), words()].into_iter().flatten();
    assert_eq!(
        survivors(mutations.collect(), schemas::findings),
        Vec::<String>::new()
    );
}
