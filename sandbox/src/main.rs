//! The sandbox as a program.

mod start;

use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};

use clap::{Parser, ValueEnum};
use llmobs_sandbox::{
    Assumptions, Fault, InitialState, LogEntry, Operation, Profile, Sandbox, SandboxBuilder,
};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use start::Start;

/// A stateful fake of Datadog LLM Observability dataset locking and versioning.
///
/// Prints its URL, keys and default ids on standard output, as `export` lines for a shell, and logs
/// requests on standard error. The control API is under /__sandbox/v1/ on the same port.
#[derive(Parser)]
#[command(
    name = "llmobs-sandbox",
    version,
    after_help = "\
Exit codes:
  0  stopped by Ctrl-C, SIGTERM, POST /__sandbox/v1/shutdown, or --until-eof
  2  bad usage, a state file that can't be used, or an address that can't be listened on"
)]
struct Args {
    /// Address to listen on, such as `localhost:8080`; use port 0 for any free port.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT")]
    listen: String,
    /// Which source the responses follow.
    #[arg(long, value_enum, default_value_t = ProfileName::Documented)]
    profile: ProfileName,
    /// Keys, users and datasets, as JSON [default: the documentation's example].
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Inject a fault into the next call to an operation, such as `restore=after:reset`,
    /// `lock=status:503` or `unlock=late:500:status:504`; repeat the option to queue more.
    #[arg(long, value_name = "OPERATION=FAULT", value_parser = scripted)]
    fault: Vec<(Operation, Fault)>,
    /// Change an assumption, such as `lock_of_another=423` or `relock=start_anew`; repeat the option to
    /// change more. The README lists all.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assumption)]
    assume: Vec<(String, Value)>,
    /// Refuse requests that deviate from the documented ones: media type, body, Host header.
    #[arg(long)]
    strict: bool,
    /// Number of requests to remember, and of periods in each lock history.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    remember: usize,
    /// Print one line of JSON instead of the `export` lines.
    #[arg(long)]
    json: bool,
    /// Write the same lines to this file once the sandbox serves, in one step; the file is removed at
    /// the end.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Stop when standard input ends, so that no sandbox outlives its test run.
    #[arg(long)]
    until_eof: bool,
}

fn scripted(text: &str) -> Result<(Operation, Fault), String> {
    let (operation, fault) = text
        .split_once('=')
        .ok_or("write an operation, `=` and a fault")?;
    Ok((operation.parse()?, fault.parse()?))
}

fn assumption(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write a name, `=` and a value")?;
    let number = value.parse::<u32>().map(Value::from);
    let entry = (name.to_owned(), number.unwrap_or_else(|_| value.into()));
    // Reports a mistake at once, and for this option.
    assumptions(vec![entry.clone()])?;
    Ok(entry)
}

fn assumptions(entries: Vec<(String, Value)>) -> Result<Assumptions, String> {
    let value = Value::Object(Map::from_iter(entries));
    serde_path_to_error::deserialize(value).map_err(|error| error.to_string())
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    /// The documentation pages.
    Documented,
    /// Recordings of the service.
    Observed,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let state = match &args.state {
        Some(path) => read(path)?,
        None => InitialState::default(),
    };
    let profile = match args.profile {
        ProfileName::Documented => Profile::Documented,
        ProfileName::Observed => Profile::Observed,
    };
    // So that a file of an earlier run isn't taken for this one's.
    if let Some(file) = &args.ready_file {
        start::remove(file)?;
    }
    let (log, entries) = sync_channel(1024);
    let builder = Sandbox::builder()
        .profile(profile)
        .assumptions(assumptions(args.assume)?)
        .strict(args.strict)
        .remember(args.remember)
        .state(state.clone())
        .log(log);
    let sandbox = listen(&args.listen, builder).await?;
    for (operation, fault) in args.fault {
        sandbox.script(operation, [fault]);
    }
    std::thread::spawn(move || write_log(&entries));

    // Before anybody knows that there is a process to signal.
    let signals = signals()?;
    let lines = Start::new(&sandbox, &state).lines(args.json);
    // Before standard output, so that whoever reads the first line finds the file.
    if let Some(file) = &args.ready_file {
        start::write(file, &lines)?;
    }
    // Whoever closed it doesn't want to know.
    let _ = std::io::stdout().write_all(lines.as_bytes());
    let _ = std::io::stdout().flush();
    until_the_end(&sandbox, signals, args.until_eof).await;
    if let Some(file) = &args.ready_file {
        start::remove(file)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<InitialState, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("can't read {name}: {error}; check --state"))?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let invalid = |error: &dyn Error| format!("{name} is not a valid state file: {error}");
    let state: InitialState =
        serde_path_to_error::deserialize(&mut json).map_err(|error| invalid(&error))?;
    json.end().map_err(|error| invalid(&error))?;
    state.check().map_err(|error| invalid(&error))?;
    Ok(state)
}

async fn listen(address: &str, builder: SandboxBuilder) -> Result<Sandbox, String> {
    let invalid =
        |error| format!("can't listen on {address}: {error}; choose another with --listen");
    let addresses = address.to_socket_addrs().map_err(invalid)?;
    // Whatever the resolver says, localhost is this machine.
    let localhost = address.starts_with("localhost:");
    let mut usable = addresses.filter(|it: &SocketAddr| !localhost || it.ip().is_loopback());
    let Some(address) = usable.next() else {
        return Err(invalid(ErrorKind::AddrNotAvailable.into()));
    };
    builder.listen(address).start().await.map_err(invalid)
}

/// Writes the log in a thread of its own: standard error may block, or be closed.
fn write_log(entries: &Receiver<LogEntry>) {
    let mut stderr = std::io::stderr();
    for entry in entries {
        let _ = writeln!(stderr, "{entry}");
    }
}

async fn until_the_end(sandbox: &Sandbox, signals: impl Future<Output = ()>, until_eof: bool) {
    let (sender, end_of_input) = oneshot::channel::<()>();
    let mut sender = Some(sender);
    if until_eof {
        let sender = sender.take();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while std::io::stdin()
                .read(&mut buffer)
                .is_ok_and(|read| read > 0)
            {}
            drop(sender);
        });
    }
    tokio::select! {
        () = signals => {}
        () = sandbox.stopped() => {}
        _ = end_of_input => {}
    }
}

/// Waits for Ctrl-C or SIGTERM, which no longer end the process by themselves.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
