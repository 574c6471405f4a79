//! The description of the control API.

use std::collections::BTreeSet;

use llmobs_sandbox::Sandbox;
use reqwest::Method;
use xtask_codegen::validate;
use xtask_spec::Document;

use crate::setup::http;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document() -> Document {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
    Document::read(file.as_ref()).unwrap()
}

#[test]
fn it_is_valid() {
    let document = document();
    validate::openapi(&document).unwrap();
}

#[tokio::test]
async fn it_lists_exactly_the_methods_of_each_path() {
    let sandbox = Sandbox::start().await.unwrap();
    let value = document().root.to_value();
    for (path, item) in value["paths"].as_object().unwrap() {
        let listed = METHODS.iter().filter(|method| item.get(**method).is_some());
        let listed: BTreeSet<String> = listed.map(|method| method.to_uppercase()).collect();
        // No path has it, and the response names those that it has.
        let url = format!("{}/__sandbox/v1{path}", sandbox.url());
        let options = http().request(Method::OPTIONS, url).send().await.unwrap();
        assert_eq!(options.status(), 405, "{path}");
        let allow = options.headers()["allow"].to_str().unwrap().split(',');
        let served = allow.filter(|method| *method != "HEAD").map(str::to_owned);
        assert_eq!(served.collect::<BTreeSet<_>>(), listed, "{path}");
    }
    let routes = include_str!("../../src/control.rs")
        .matches(".route(")
        .count();
    assert_eq!(value["paths"].as_object().unwrap().len(), routes);
}
