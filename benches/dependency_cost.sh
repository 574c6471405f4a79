#!/usr/bin/env bash
# What a user pays to depend on this crate: clean builds of a minimal program, beside the same program
# on bare reqwest.
#
#   benches/dependency_cost.sh [PROGRAM…]
#
# Programs, by default the first two:
#   wrapper          this crate as it comes
#   reqwest          reqwest with the same TLS
#   wrapper-plain    this crate without TLS
#   wrapper-ring     this crate with rustls on ring instead of aws-lc
#   reqwest-plain    reqwest without TLS
#   reqwest-default  reqwest with its default features
#   reqwest-ring     reqwest with rustls on ring instead of aws-lc, with the roots of the platform
#   reqwest-webpki   the same with the roots of webpki-roots
#   official         datadog-api-client as it comes, with the TLS of the platform; takes more than 10
#                    minutes and 10 GB
#
# CPU seconds are user and system time of `cargo build`, all processes, after `cargo fetch`. Memory is
# that of the largest process, and needs GNU time. Crates are those that are built for the program,
# itself left out.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -x /usr/bin/time ] || echo 'skipped: peak memory, as /usr/bin/time is not installed'

readonly SERDE='serde = { version = "1", features = ["derive"] }
serde_json = "1"'
readonly RING='rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12"] }'

dependencies() {
  echo 'tokio = { version = "1", features = ["macros", "rt"] }'
  case $1 in
    wrapper) echo "llmobs-datasets = { path = \"$root\" }" ;;
    wrapper-ring)
      echo "llmobs-datasets = { path = \"$root\", default-features = false, features = [\"rustls-no-provider\"] }"
      echo "$RING"
      ;;
    wrapper-plain) echo "llmobs-datasets = { path = \"$root\", default-features = false }" ;;
    reqwest)
      echo 'reqwest = { version = "0.13", default-features = false, features = ["json", "rustls"] }'
      echo "$SERDE"
      ;;
    reqwest-plain)
      echo 'reqwest = { version = "0.13", default-features = false, features = ["json"] }'
      echo "$SERDE"
      ;;
    reqwest-default)
      echo 'reqwest = { version = "0.13", features = ["json"] }'
      echo "$SERDE"
      ;;
    reqwest-ring | reqwest-webpki)
      echo 'reqwest = { version = "0.13", default-features = false, features = ["json", "rustls-no-provider"] }'
      echo "$RING"
      [ "$1" = reqwest-ring ] || echo 'webpki-roots = "1"'
      echo "$SERDE"
      ;;
    official) echo 'datadog-api-client = "0.38"' ;;
    *)
      echo "error: no program $1; see the first lines of $0" >&2
      exit 2
      ;;
  esac
}

# The client of a program on reqwest.
http() {
  case $1 in
    reqwest-webpki)
      echo 'let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let http = reqwest::Client::builder().tls_backend_preconfigured(tls);'
      ;;
    *) echo 'let http = reqwest::Client::builder();' ;;
  esac
}

program() {
  echo '#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {'
  case $1 in
    *-ring) echo 'rustls::crypto::ring::default_provider().install_default().map_err(|_| "installed twice")?;' ;;
  esac
  case $1 in
    wrapper*) echo '
    let client = llmobs_datasets::Client::from_env()?;
    let dataset = client.dataset("p".parse()?, "d".parse()?);
    println!("{}", dataset.lock().await?.user.id);
    dataset.restore(llmobs_datasets::DatasetVersion::new(1)?).await?;
    dataset.unlock().await?;
    Ok(())
}' ;;
    official) echo '
    use datadog_api_client::datadog::Configuration;
    use datadog_api_client::datadogV2::api_agent_observability::AgentObservabilityAPI;
    use datadog_api_client::datadogV2::model::{
        LLMObsDatasetRestoreVersionDataAttributesRequest as Attributes,
        LLMObsDatasetRestoreVersionDataRequest as Data,
        LLMObsDatasetRestoreVersionRequest as Request, LLMObsDatasetType as Type,
    };
    let mut configuration = Configuration::new();
    for operation in [
        "v2.lock_llm_obs_dataset_draft_state",
        "v2.unlock_llm_obs_dataset_draft_state",
        "v2.restore_llm_obs_dataset_version",
    ] {
        configuration.set_unstable_operation_enabled(operation, true);
    }
    let api = AgentObservabilityAPI::with_config(configuration);
    let (project, dataset) = ("p".to_owned(), "d".to_owned());
    let locked = api.lock_llm_obs_dataset_draft_state(project.clone(), dataset.clone()).await?;
    println!("{}", locked.data.attributes.user.id);
    let body = Request::new(Data::new(Attributes::new(1), dataset.clone(), Type::DATASETS));
    api.restore_llm_obs_dataset_version(project.clone(), dataset.clone(), body).await?;
    api.unlock_llm_obs_dataset_draft_state(project, dataset).await?;
    Ok(())
}' ;;
    *)
      http "$1"
      echo '
    use std::env::var;
    let mut keys = reqwest::header::HeaderMap::new();
    keys.insert("dd-api-key", var("DD_API_KEY")?.parse()?);
    keys.insert("dd-application-key", var("DD_APP_KEY")?.parse()?);
    let http = http.default_headers(keys).build()?;
    let base = format!("https://api.{}/api/v2/llm-obs/v1/p/datasets/d", var("DD_SITE")?);
    let locked = http.patch(format!("{base}/draft_state/lock")).send().await?.error_for_status()?;
    println!("{}", locked.json::<Locked>().await?.data.attributes.user.id);
    let data = RestoreData { attributes: RestoreAttributes { dataset_version: 1 }, id: "d", r#type: "datasets" };
    let restored = http.post(format!("{base}/restore")).json(&Restore { data }).send().await?;
    restored.error_for_status()?.bytes().await?;
    let unlocked = http.patch(format!("{base}/draft_state/unlock")).send().await?;
    unlocked.error_for_status()?.bytes().await?;
    Ok(())
}
#[derive(serde::Deserialize)]
struct Locked { data: LockedData }
#[derive(serde::Deserialize)]
struct LockedData { attributes: DraftState }
#[derive(serde::Deserialize)]
struct DraftState { user: User }
#[derive(serde::Deserialize)]
struct User { id: String }
#[derive(serde::Serialize)]
struct Restore<'"'a"'> { data: RestoreData<'"'a"'> }
#[derive(serde::Serialize)]
struct RestoreData<'"'a"'> { attributes: RestoreAttributes, id: &'"'a"' str, r#type: &'"'a"' str }
#[derive(serde::Serialize)]
struct RestoreAttributes { dataset_version: i32 }'
      ;;
  esac
}

# Builds a program from nothing and says `CPU-seconds peak-in-MB`.
build() {
  local log=$scratch/log cost=$scratch/cost
  local timed=(bash -c 'TIMEFORMAT="%U %S 0"; time "$@" >"$0" 2>&1' "$log")
  if [ -x /usr/bin/time ]; then
    timed=(/usr/bin/time --format '%U %S %M' --output "$cost")
  fi
  if ! "${timed[@]}" cargo build --offline "$@" >"$log" 2>"$cost.bash"; then
    cat "$log" "$cost.bash" >&2
    exit 1
  fi
  [ -x /usr/bin/time ] || cp "$cost.bash" "$cost"
  tail -n 1 "$cost" | awk '{ printf "%.0f %.0f\n", $1 + $2, $3 / 1024 }'
}

[ $# -gt 0 ] || set -- wrapper reqwest
printf '%-16s %7s %11s %10s %13s %12s %13s\n' \
  program crates 'debug CPU s' 'debug MB' 'release CPU s' 'release MB' 'stripped KiB'
for program in "$@"; do
  package=$scratch/$program
  mkdir -p "$package/src"
  {
    printf '[package]\nname = "minimal"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
    printf '[profile.release]\nstrip = true\n\n[dependencies]\n'
    dependencies "$program"
  } >"$package/Cargo.toml"
  program "$program" >"$package/src/main.rs"
  (
    cd "$package"
    export CARGO_TARGET_DIR=$package/target
    # The versions of this workspace where it has them.
    [ "$program" = official ] || cp "$root/Cargo.lock" .
    cargo fetch --quiet
    crates=$(cargo tree --offline --edges normal,build --prefix none --format '{p}' |
      sed 's/ (.*//' | sort -u | wc -l)
    # In steps, so that a build that fails ends the script.
    debug=$(build)
    read -r debug debug_mb <<<"$debug"
    release=$(build --release)
    read -r release release_mb <<<"$release"
    size=$(($(wc -c <target/release/minimal) / 1024))
    printf '%-16s %7d %11d %10d %13d %12d %13d\n' \
      "$program" "$((crates - 1))" "$debug" "$debug_mb" "$release" "$release_mb" "$size"
  )
  rm -rf "$package"
done
