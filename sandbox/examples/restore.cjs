const assert = require("node:assert");
const { spawn } = require("node:child_process");
const readline = require("node:readline");
const test = require("node:test");
const { client, v2 } = require("@datadog/datadog-api-client");

test("a lost response is not a failure", async (t) => {
  const program = spawn(process.env.LLMOBS_SANDBOX ?? "llmobs-sandbox", ["--json", "--until-eof"]);
  t.after(() => program.stdin.end());
  const [line] = await require("node:events").once(readline.createInterface(program.stdout), "line");
  const sandbox = JSON.parse(line);
  const { control_url, project_id: projectId, dataset_id: datasetId } = sandbox;

  const config = client.createConfiguration({
    authMethods: { apiKeyAuth: sandbox.api_key, appKeyAuth: sandbox.application_key },
    baseServer: new client.BaseServerConfiguration(sandbox.base_url, {}),
  });
  config.unstableOperations["v2.restoreLLMObsDatasetVersion"] = true;
  const api = new v2.AgentObservabilityApi(config);

  const fault = { operation: "restore", fault: "after:reset" };
  await fetch(`${control_url}/faults`, { method: "POST", body: JSON.stringify(fault) });
  const body = { data: { id: datasetId, type: "datasets", attributes: { datasetVersion: 1 } } };
  await assert.rejects(api.restoreLLMObsDatasetVersion({ projectId, datasetId, body }));
  const state = await (await fetch(`${control_url}/state/${projectId}/${datasetId}`)).json();
  assert.equal(state.version, 3); // it took effect
});
