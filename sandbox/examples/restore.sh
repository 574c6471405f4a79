#!/bin/sh
# Restores under the lock with curl, against a sandbox that ends with this script.
set -eu
folder=$(mktemp -d) && trap 'rm -r "$folder"' EXIT
mkfifo "$folder/input"
"${LLMOBS_SANDBOX:-llmobs-sandbox}" --until-eof --ready-file "$folder/ready" \
    <"$folder/input" >"$folder/output" 2>"$folder/log" &
exec 3>"$folder/input" # the sandbox ends when this shell does
until [ -e "$folder/ready" ]; do sleep 0.05; done
. "$folder/ready"

call() {
    curl -sS -f -H "DD-API-KEY: $DD_API_KEY" -H "DD-APPLICATION-KEY: $DD_APP_KEY" "$@"
}
dataset=$LLMOBS_SANDBOX_PROJECT_ID/datasets/$LLMOBS_SANDBOX_DATASET_ID
url=$LLMOBS_DATASETS_BASE_URL/api/v2/llm-obs/v1/$dataset
version='{"data":{"attributes":{"dataset_version":1},"id":"'$LLMOBS_SANDBOX_DATASET_ID'","type":"datasets"}}'
call -X PATCH "$url/draft_state/lock" >"$folder/lock"
call -X POST -H 'Content-Type: application/json' -d "$version" "$url/restore"
call -X PATCH "$url/draft_state/unlock"
curl -sS -f "$LLMOBS_SANDBOX_CONTROL_URL/state/$LLMOBS_SANDBOX_PROJECT_ID/$LLMOBS_SANDBOX_DATASET_ID" |
    grep -q '"holder":null.*"version":3'
