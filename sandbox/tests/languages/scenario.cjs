// Runs scenario.json with Datadog's own client, in several worlds at once.
const assert = require("node:assert");
const { client, v2 } = require("@datadog/datadog-api-client");

const start = JSON.parse(process.argv[2]);
const scenario = require("./scenario.json");
const { project_id: projectId, dataset_id: datasetId } = start;

async function control(method, path, body) {
  const init = { method, body: body && JSON.stringify(body) };
  const response = await fetch(start.control_url + path, init);
  assert(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

function api(world, user) {
  const configuration = client.createConfiguration({
    authMethods: {
      apiKeyAuth: world.api_keys[0],
      appKeyAuth: world.users[user].application_key,
    },
    baseServer: new client.BaseServerConfiguration(start.base_url, {}),
  });
  for (const operation of ["lockLLMObsDatasetDraftState", "unlockLLMObsDatasetDraftState", "restoreLLMObsDatasetVersion"]) {
    configuration.unstableOperations[`v2.${operation}`] = true;
  }
  return new v2.AgentObservabilityApi(configuration);
}

// Returns the status, or null if there is no response.
async function call(api, step) {
  const ids = { projectId, datasetId };
  try {
    if (step.call === "lock") {
      const state = await api.lockLLMObsDatasetDraftState(ids);
      assert.equal(state.data.id, datasetId);
    } else if (step.call === "unlock") {
      await api.unlockLLMObsDatasetDraftState(ids);
    } else {
      const attributes = { datasetVersion: step.version };
      const body = { data: { attributes, id: datasetId, type: "datasets" } };
      await api.restoreLLMObsDatasetVersion({ ...ids, body });
    }
  } catch (error) {
    return error.code > 0 ? error.code : null;
  }
  return 200;
}

async function run() {
  const world = await control("POST", "/worlds", {});
  const name = world.world;
  const users = [0, 1].map((user) => api(world, user));
  for (const step of scenario) {
    const about = `${name} ${JSON.stringify(step)}`;
    if (step.call) {
      assert.equal(await call(users[step.user], step), step.status, about);
    } else if (step.state) {
      const state = await control("GET", `/state/${projectId}/${datasetId}?world=${name}`);
      const holder = step.state.holder;
      assert.equal(state.version, step.state.version, about);
      assert.equal(state.holder, holder === null ? null : world.users[holder].id, about);
    } else if (step.fault) {
      await control("POST", `/faults?world=${name}`, step.fault);
    } else if (step.wait) {
      const found = await control("GET", `/requests?${step.wait}&world=${name}`);
      assert.equal(found.requests.length, step.count, about);
    } else {
      const reset = await control("POST", `/reset?world=${name}`, {});
      assert.deepEqual(reset.unmet_faults, step.reset, about);
    }
  }
}

(async () => {
  await Promise.all(Array.from({ length: 8 }, run));
  assert.deepEqual((await control("GET", "/requests")).requests, []);
})();
