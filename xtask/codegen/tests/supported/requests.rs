//! Code that builds the requests of a generated client from the examples of its spec, and checks them.

use serde_json::Value;
use syn::{FnArg, ImplItem, ImplItemFn, Item, Pat};
use xtask_spec::fields::METHODS;
use xtask_spec::names;

/// Compares a request with what the spec documents.
pub(crate) const CHECK: &str = r#"
fn arg<T: serde::de::DeserializeOwned>(text: &str) -> T {
    from_str(text).unwrap()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://a/?{query}")).unwrap();
    let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
    pairs.sort();
    pairs
}

type Texts<'t> = &'t [(&'t str, &'t str)];

fn check_request(
    name: &str,
    request: Result<reqwest::Request, String>,
    (method, path): (&str, &str),
    (query, headers): (Texts<'_>, Texts<'_>),
    (media_type, body): (&str, &str),
    wrong: &mut i32,
) {
    let mut sent = String::new();
    let matches = request.as_ref().is_ok_and(|request| {
        let header = |name: &str| request.headers().get(name).map_or("", |it| it.to_str().unwrap());
        let mut expected: Vec<_> = query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        expected.sort();
        let bytes = request.body().and_then(|it| it.as_bytes()).unwrap_or_default();
        sent = String::from_utf8(bytes.to_owned()).unwrap();
        let object = |text| from_str::<Value>(text).unwrap();
        let is_body = match media_type {
            "application/json" => object(&sent) == object(body),
            "application/x-www-form-urlencoded" => {
                let object = object(body);
                let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
                let mut expected: Vec<_> = object.as_object().unwrap().iter().map(|(name, it)| (name.clone(), text(it))).collect();
                expected.sort();
                pairs(&sent) == expected
            }
            _ => sent == body,
        };
        request.method().as_str() == method
            && request.url().path() == path
            && pairs(request.url().query().unwrap_or_default()) == expected
            && headers.iter().all(|(name, value)| header(name) == *value)
            && header("accept") == "application/json"
            && header("content-type") == media_type
            && is_body
    });
    if !matches {
        eprintln!("{name}: {request:?} with {sent} isn't {method} {path} {query:?} {headers:?} {body}");
        *wrong += 1;
    }
}
"#;

/// The checks of all requests of a spec, for its module.
pub(crate) fn checks(module: &str, code: &str, spec: &Value) -> Vec<String> {
    let file = syn::parse_file(code).unwrap();
    let blocks = file.items.into_iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block.items),
        _ => None,
    });
    let methods = blocks.flatten().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    let methods: Vec<ImplItemFn> = methods.collect();
    let mut checks = Vec::new();
    for (path, item) in spec["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                let id = operation["operationId"].as_str().unwrap();
                let name = format!("{}_request", names::of_method(id));
                let built = methods.iter().find(|it| it.sig.ident == name);
                // A method whose name is a keyword of Rust gets an underscore.
                let built = built.unwrap_or_else(|| {
                    methods
                        .iter()
                        .find(|it| it.sig.ident == format!("{}__request", names::of_method(id)))
                        .unwrap()
                });
                checks.push(check(
                    module,
                    built,
                    (path, &item["parameters"]),
                    (method, operation),
                ));
            }
        }
    }
    checks
}

fn check(
    module: &str,
    built: &ImplItemFn,
    (path, shared): (&str, &Value),
    (method, operation): (&str, &Value),
) -> String {
    let text = squeezed(built);
    let parameters = [shared, &operation["parameters"]].map(|it| it.as_array().unwrap());
    let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
    let (media_type, body) = match operation.get("requestBody") {
        Some(body) => body["content"].as_object().unwrap().iter().next().unwrap(),
        None => (&String::new(), &Value::Null),
    };
    let arguments = built.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    let arguments: Vec<String> = arguments
        .map(|argument| {
            let Pat::Ident(name) = &*argument.pat else {
                panic!("{text}")
            };
            let name = name.ident.to_string();
            let parameter = parameters.iter().find(|it| is_written(&text, it, &name));
            let example = parameter.map_or(&body["example"], |it| &it["example"]);
            value(&squeezed(&argument.ty), example)
        })
        .collect();
    let values = |place: &str| {
        let placed = parameters.iter().filter(|it| it["in"] == place);
        let values = placed.flat_map(|it| {
            let texts = it["example"]
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![it["example"].clone()]);
            texts
                .into_iter()
                .map(|text| (it["name"].as_str().unwrap().to_owned(), plain(&text)))
        });
        values.collect::<Vec<_>>()
    };
    let mut path = path.to_owned();
    for (name, value) in values("path") {
        path = path.replace(&format!("{{{name}}}"), &value.replace(' ', "%20"));
    }
    let body = match media_type.as_str() {
        "text/plain" | "application/octet-stream" => plain(&body["example"]),
        "" => String::new(),
        _ => body["example"].to_string(),
    };
    let (name, method) = (&built.sig.ident, method.to_uppercase());
    format!(
        "check_request({:?}, {module}::Client::new_with_client(base.clone(), http.clone()).{name}({})\
         .map_err(|it| it.to_string()), ({method:?}, {path:?}), (&{:?}, &{:?}), ({media_type:?}, {body:?}), &mut wrong);",
        format!("{module} {name}"),
        arguments.join(", "),
        values("query"),
        values("header"),
    )
}

/// The tokens of code, without space between them.
fn squeezed(code: &impl quote::ToTokens) -> String {
    code.to_token_stream()
        .to_string()
        .split_whitespace()
        .collect()
}

/// Whether a method writes a parameter of the spec from an argument.
fn is_written(method: &str, parameter: &Value, argument: &str) -> bool {
    let name: String = parameter["name"]
        .as_str()
        .unwrap()
        .split_whitespace()
        .collect();
    let writes = match parameter["in"].as_str().unwrap() {
        "path" => return argument == "thing_id",
        "query" => vec![format!("QueryParam::new(\"{name}\",&{argument})")],
        _ => vec![
            format!("header_map.append(\"{name}\",{argument}.to_string()"),
            format!("Some(value)={argument}{{header_map.append(\"{name}\","),
        ],
    };
    writes
        .iter()
        .any(|it| method.to_lowercase().contains(&it.to_lowercase()))
}

/// An argument of a type.
fn value(kind: &str, example: &Value) -> String {
    if let Some(kind) = kind
        .strip_prefix("Option<")
        .and_then(|it| it.strip_suffix('>'))
    {
        return format!("Some({})", value(kind, example));
    }
    match kind {
        "&'astr" | "B" => format!("{:?}", plain(example)),
        _ if kind.starts_with('&') => format!("&arg({:?})", example.to_string()),
        _ => format!("arg({:?})", example.to_string()),
    }
}

/// A scalar as it is written outside of JSON.
fn plain(example: &Value) -> String {
    example
        .as_str()
        .map_or_else(|| example.to_string(), str::to_owned)
}
