// What the examples in the docs start from: a sandbox, and a dataset in it.

use llmobs_datasets::{BaseUrl, Client, Credentials, Dataset};
use llmobs_sandbox::{InitialState, Sandbox};

type Done = Result<(), Box<dyn std::error::Error>>;

fn run(example: impl AsyncFnOnce(&Sandbox, Dataset) -> Done) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let sandbox = Sandbox::start().await?;
        let keys = Credentials::new(sandbox.api_key(), sandbox.application_key())?;
        let url: BaseUrl = sandbox.url().parse()?;
        let client = Client::builder(keys).endpoint(url).build()?;
        let (project, dataset) = (InitialState::PROJECT_ID, InitialState::DATASET_ID);
        example(&sandbox, client.dataset(project.parse()?, dataset.parse()?)).await
    })
}
