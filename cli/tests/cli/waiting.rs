//! The picture of a wait for the lock: what `with-lock` writes on a terminal.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use llmobs_sandbox::{InitialState, Sandbox};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::picture::assert_shown;
use crate::setup::{PROGRAM, Service, end};

const CLEARED: &str = "\r\x1b[2K";

const STATE: &str = r#"{
    "api_keys": ["an-api-key"],
    "users": [
        { "application_key": "key-of-john", "id": "john" },
        { "application_key": "key-of-jane", "id": "jane" }
    ],
    "projects": { "demo": { "cities": {
        "versions": [[], []],
        "lock": { "user": "jane", "since": "2026-11-25T09:00:00Z" }
    } } }
}"#;

/// Runs a command on a terminal of its own, and sends what is shown there.
fn on_terminal(mut command: Command) -> (Child, UnboundedReceiver<String>) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let screen = openpt(flags).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = File::from(rustix::fs::open(name, flags, Mode::empty()).unwrap());
    command.stdout(terminal.try_clone().unwrap());
    let child = command.stderr(terminal).spawn().unwrap();
    let (shown, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        let (mut screen, mut bytes) = (File::from(screen), [0; 4096]);
        // Linux reports an error at the end, other systems nothing.
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            let _ = shown.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
        }
    });
    (child, receiver)
}

#[tokio::test]
async fn a_wait_is_the_picture_in_the_readme() {
    let state: InitialState = serde_json::from_str(STATE).unwrap();
    let service = Service::with(Sandbox::builder().state(state)).await;
    let edit = "llmobs-datasets restore 1\n";
    fs::write(service.folder.path().join("edit.sh"), edit).unwrap();
    let programs = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let ids = [
        ("LLMOBS_DATASETS_PROJECT_ID", "demo"),
        ("LLMOBS_DATASETS_DATASET_ID", "cities"),
        ("PATH", &path),
    ];
    let args = ["with-lock", "--wait", "5m", "--", "sh", "edit.sh"];
    let mut command = service.cli(&args);
    command.envs(ids).current_dir(service.folder.path());
    let (_running, mut screen) = on_terminal(command);

    let (mut shown, mut unlocked) = (String::new(), false);
    while let Some(more) = screen.recv().await {
        shown += &more;
        if !unlocked && shown.contains("waiting") {
            let mut unlock = service.cli(&["unlock"]);
            let unlock = unlock.envs(ids).env("DD_APP_KEY", "key-of-jane");
            assert_eq!(end(unlock).await.code, 0);
            unlocked = true;
        }
    }
    let (waiting, after) = shown.rsplit_once(CLEARED).unwrap();
    let (_, waiting) = waiting.split_once(CLEARED).unwrap();
    let (holder, waited) = waiting.split_once("\r\n").unwrap();
    assert!(holder.starts_with("waiting: "), "{shown}");
    assert!(waited.contains("waited "), "{shown}");
    let picture = format!(
        "\x1b[1m$ llmobs-datasets {}\x1b[0m\n\
         {holder}\n\
         waited 12 s\n\n\
         \x1b[2m# Jane unlocks. The last line is cleared, and edit.sh runs:\x1b[0m\n\
         {}",
        args.join(" "),
        after.replace("\r\n", "\n"),
    );
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    assert_shown(root, "with_lock", "README.md", &picture);
}
