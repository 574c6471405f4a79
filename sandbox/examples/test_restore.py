import json, os, subprocess, urllib.request
import pytest
from datadog_api_client import ApiClient, Configuration, exceptions
from datadog_api_client.v2.api.agent_observability_api import AgentObservabilityApi

@pytest.fixture
def sandbox():
    program = [os.environ.get("LLMOBS_SANDBOX", "llmobs-sandbox"), "--json", "--until-eof"]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield json.loads(process.stdout.readline())
    process.communicate()

def api(sandbox, key):
    keys = {"apiKeyAuth": sandbox["api_key"], "appKeyAuth": sandbox[key]}
    config = Configuration(host=sandbox["base_url"], api_key=keys)
    config.unstable_operations["lock_llm_obs_dataset_draft_state"] = True
    return AgentObservabilityApi(ApiClient(config))

def test_one_user_locks_the_other_out(sandbox):
    dataset = sandbox["project_id"], sandbox["dataset_id"]
    api(sandbox, "application_key").lock_llm_obs_dataset_draft_state(*dataset)
    with pytest.raises(exceptions.ApiException) as refused:
        api(sandbox, "second_application_key").lock_llm_obs_dataset_draft_state(*dataset)
    assert refused.value.status == 409
    state = json.load(urllib.request.urlopen("/".join([sandbox["control_url"], "state", *dataset])))
    assert state["holder"] == sandbox["users"][0]["id"]
