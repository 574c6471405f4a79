//! State files that the program refuses, with place and remedy, and without showing a key.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{refused, run};

fn valid() -> Value {
    json!({
        "api_keys": ["secret-1"],
        "users": [
            { "application_key": "secret-2", "id": "jane" },
            { "application_key": "secret-3", "id": "john", "name": "John" }
        ],
        "projects": { "p": { "d": { "versions": [[]] } } }
    })
}

/// A folder with a state file and the ready file of another run, which stays as it is.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ready"), "of another run").unwrap();
        Self(folder)
    }

    fn refuses(&self, state: &str, words: &[&str]) {
        let [file, ready] = ["state.json", "ready"].map(|name| self.0.path().join(name));
        std::fs::write(&file, state).unwrap();
        let [name, ready_name] = [&file, &ready].map(|path| path.to_str().unwrap());
        let output = run(&["--state", name, "--ready-file", ready_name]);
        refused(&output, words);
        refused(&output, &[name]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(std::fs::read_to_string(&ready).unwrap(), "of another run");
    }
}

#[test]
fn a_missing_or_malformed_file_is_named() {
    let missing = run(&["--state", "/nowhere/state.json"]);
    refused(&missing, &["can't read /nowhere/state.json", "--state"]);
    let folder = Folder::new();
    folder.refuses("{\"users\": [}", &["line 1 column 12"]);
    folder.refuses(&(valid().to_string() + "x"), &["trailing characters"]);
}

#[test]
fn values_that_cannot_work_are_named() {
    let folder = Folder::new();
    let faulty: [(&str, Value, &[&str]); 12] = [
        ("/api_keys", json!([]), &["/api_keys", "add one"]),
        (
            "/api_keys",
            json!(["secret", "secret"]),
            &["api_keys: duplicate", "at 1", "remove"],
        ),
        ("/api_keys/0", json!(""), &["/api_keys/0: it is empty"]),
        (
            "/api_keys/0",
            json!("secret\n"),
            &["/api_keys/0", "isn't allowed", "write a key"],
        ),
        (
            "/api_keys/0",
            json!("s\u{e9}cret"),
            &["/api_keys/0", "isn't allowed", "write a key"],
        ),
        (
            "/api_keys/0",
            json!(" secret"),
            &["/api_keys/0", "blank", "write a key"],
        ),
        ("/users", json!([]), &["/users", "add one"]),
        (
            "/users/1/application_key",
            json!("secret-2"),
            &["/users/1/application_key", "/users/0", "a key of their own"],
        ),
        (
            "/users/1/id",
            json!("jane"),
            &["/users/1/id", "/users/0", "an id of their own"],
        ),
        ("/users/1/id", json!(""), &["/users/1/id", "write an id"]),
        (
            "/projects/p/d/versions",
            json!([]),
            &["/projects/p/d/versions", "add one"],
        ),
        (
            "/projects/p",
            json!({ "..": { "versions": [[]] } }),
            &["/projects/p/..", "another id"],
        ),
    ];
    for (pointer, value, words) in faulty {
        let mut state = valid();
        *state.pointer_mut(pointer).unwrap() = value;
        folder.refuses(&state.to_string(), words);
    }
    let mut state = valid();
    state["projects"]["p"]["d"]["lock"] = json!({ "user": "jim", "since": "2026-11-25T09:00:00Z" });
    folder.refuses(
        &state.to_string(),
        &["/projects/p/d/lock/user", "the id of a user"],
    );
}

#[test]
fn unknown_fields_and_duplicates_are_named() {
    let folder = Folder::new();
    let levels = [
        ("", "usres"),
        ("/users/0", "aplication_key"),
        ("/projects/p/d", "version"),
        ("/projects/p/d/lock", "sinse"),
    ];
    for (pointer, field) in levels {
        let mut state = valid();
        if field == "sinse" {
            state["projects"]["p"]["d"]["lock"] = json!({ "user": "jane" });
        }
        let object = state.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.insert(field.to_owned(), json!({}));
        let unknown = format!("unknown field `{field}`");
        folder.refuses(&state.to_string(), &[&unknown, "expected "]);
    }
    let text = valid().to_string();
    let dataset = text.replace("\"d\":", "\"d\":{\"versions\":[[]]},\"d\":");
    folder.refuses(&dataset, &["projects", "duplicate key \"d\"", "remove it"]);
    let project = text.replace("\"p\":", "\"p\":{},\"p\":");
    folder.refuses(&project, &["projects", "duplicate key \"p\"", "remove it"]);
}
