//! The sandbox as a program.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use llmobs_sandbox::{Fault, InitialState, Operation, Profile, ReceivedRequest, Sandbox};

/// A stateful fake of Datadog LLM Observability dataset locking and versioning.
#[derive(Parser)]
#[command(
    name = "llmobs-sandbox",
    after_help = "\
Exit codes:
  0  stopped by Ctrl-C
  2  bad usage, a state file that can't be used, or an address that can't be listened on"
)]
struct Args {
    /// The address to listen on; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Whose word the answers follow.
    #[arg(long, value_enum, default_value_t = ProfileName::Documented)]
    profile: ProfileName,
    /// Keys, users and datasets, as JSON [default: the documentation's example].
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What the next call to an operation meets, such as `restore=after:reset` or `lock=status:503`;
    /// once for each such call.
    #[arg(long, value_name = "OPERATION=FAULT", value_parser = scripted)]
    fault: Vec<(Operation, Fault)>,
}

fn scripted(text: &str) -> Result<(Operation, Fault), String> {
    let (operation, fault) = text
        .split_once('=')
        .ok_or("write an operation, `=` and a fault")?;
    Ok((operation.parse()?, fault.parse()?))
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
    let sandbox = Sandbox::builder()
        .listen(args.listen)
        .profile(profile)
        .state(state)
        .log(log)
        .start()
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => format!("the state can't be used: {error}"),
            _ => format!(
                "{} can't be listened on: {error}; choose another with --listen",
                args.listen
            ),
        })?;
    for (operation, fault) in args.fault {
        sandbox.script(operation, [fault]);
    }
    println!("listening on {}", sandbox.url());
    println!("export DD_API_KEY={}", sandbox.api_key());
    println!("export DD_APP_KEY={}", sandbox.application_key());
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn read(path: &Path) -> Result<InitialState, String> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{name} can't be read: {error}"))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("{name} is not a state of the sandbox: {error}"))
}

fn log(request: &ReceivedRequest) {
    let user = request.user.as_deref().unwrap_or("nobody");
    let status = request
        .status
        .map_or("closed".to_owned(), |status| status.to_string());
    println!("{:?} by {user}: {status}", request.operation);
}
