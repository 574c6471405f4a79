"""Restores version 1 with Datadog's own client, under the lock that `llmobs-datasets with-lock` holds."""

import os

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.agent_observability_api import AgentObservabilityApi
from datadog_api_client.v2.model.llm_obs_dataset_restore_version_request import (
    LLMObsDatasetRestoreVersionRequest,
)

project = os.environ["LLMOBS_DATASETS_PROJECT_ID"]
dataset = os.environ["LLMOBS_DATASETS_DATASET_ID"]
assert os.environ["LLMOBS_DATASETS_LOCK_USER"]

# The client reads DD_API_KEY and DD_APP_KEY itself.
configuration = Configuration(host=os.environ["LLMOBS_DATASETS_BASE_URL"])
configuration.unstable_operations["restore_llm_obs_dataset_version"] = True
data = {"attributes": {"dataset_version": 1}, "id": dataset, "type": "datasets"}
body = LLMObsDatasetRestoreVersionRequest(data=data)
with ApiClient(configuration) as client:
    AgentObservabilityApi(client).restore_llm_obs_dataset_version(project, dataset, body=body)
