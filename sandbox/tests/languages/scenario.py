"""Runs scenario.json with Datadog's own client, in several worlds at once."""

import json
import pathlib
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.agent_observability_api import AgentObservabilityApi
from datadog_api_client.v2.model.llm_obs_dataset_restore_version_request import (
    LLMObsDatasetRestoreVersionRequest,
)

start = json.loads(sys.argv[1])
scenario = json.loads(pathlib.Path(__file__).with_name("scenario.json").read_text())
project, dataset = start["project_id"], start["dataset_id"]


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(start["control_url"] + path, data, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def api(world, user):
    keys = {
        "apiKeyAuth": world["api_keys"][0],
        "appKeyAuth": world["users"][user]["application_key"],
    }
    configuration = Configuration(host=start["base_url"], api_key=keys)
    for operation in ["lock_llm_obs_dataset_draft_state", "unlock_llm_obs_dataset_draft_state"]:
        configuration.unstable_operations[operation] = True
    configuration.unstable_operations["restore_llm_obs_dataset_version"] = True
    return AgentObservabilityApi(ApiClient(configuration))


def call(api, step):
    """Returns the status, or None if there is no response."""
    try:
        if step["call"] == "lock":
            state = api.lock_llm_obs_dataset_draft_state(project, dataset)
            assert state.data.id == dataset, state
        elif step["call"] == "unlock":
            api.unlock_llm_obs_dataset_draft_state(project, dataset)
        else:
            attributes = {"dataset_version": step["version"]}
            data = {"attributes": attributes, "id": dataset, "type": "datasets"}
            body = LLMObsDatasetRestoreVersionRequest(data=data)
            api.restore_llm_obs_dataset_version(project, dataset, body=body)
    except ApiException as error:
        return error.status
    except Exception:
        return None
    return 200


def run(_):
    world = control("POST", "/worlds", {})
    name = world["world"]
    users = [api(world, user) for user in (0, 1)]
    for step in scenario:
        if "call" in step:
            status = call(users[step["user"]], step)
            assert status == step["status"], (name, step, status)
        elif "state" in step:
            state = control("GET", f"/state/{project}/{dataset}?world={name}")
            holder = step["state"]["holder"]
            holder = None if holder is None else world["users"][holder]["id"]
            expected = (step["state"]["version"], holder)
            assert (state["version"], state["holder"]) == expected, (name, step, state)
        elif "fault" in step:
            control("POST", f"/faults?world={name}", step["fault"])
        elif "wait" in step:
            found = control("GET", f"/requests?{step['wait']}&world={name}")
            assert len(found["requests"]) == step["count"], (name, step, found)
        else:
            reset = control("POST", f"/reset?world={name}", {})
            assert reset["unmet_faults"] == step["reset"], (name, step, reset)


with ThreadPoolExecutor(8) as pool:
    list(pool.map(run, range(8)))
assert control("GET", "/requests")["requests"] == []
