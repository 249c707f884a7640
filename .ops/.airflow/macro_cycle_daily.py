"""An Airflow DAG that has Dagster materialize each cycle's whole graph for its open month, and follows the runs.

It speaks Dagster's GraphQL and needs nothing but Airflow; what the assets do is Dagster's. DAGSTER_URL is where its web
server answers, MACRO_CYCLE_CYCLES names the cycles, with commas between. One that fails holds no other up.
"""

import json
import os
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, PokeReturnValue, get_current_context, task

URL = os.environ.get("DAGSTER_URL", "http://127.0.0.1:3000").rstrip("/") + "/graphql"
CYCLES = os.environ.get("MACRO_CYCLE_CYCLES", "us,br").replace(" ", "").split(",")
JOB, NEWEST_ASSET = "{cycle}_whole_graph", "kserve_deployment"
OWN_TAG = "airflow/run_id"
SECONDS = 30

MONTHS = """
query ($asset: AssetKeyInput!) { assetNodeOrError(assetKey: $asset) {
  __typename ... on AssetNode { partitionKeys } } }
"""
RUNS = """
query ($job: String!, $tags: [ExecutionTag!]) { runsOrError(filter: {pipelineName: $job, tags: $tags}, limit: 1) {
  __typename ... on Runs { results { runId status } } } }
"""
LAUNCH = """
mutation ($run: ExecutionParams!) { launchRun(executionParams: $run) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }
"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }"


def ask(query: str, **variables: Any) -> dict[str, Any]:
    """The one answer of a GraphQL document; an error of Dagster's raises."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(URL, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        document = json.load(response)
    if "errors" in document:
        raise RuntimeError(f"Dagster refused: {document['errors'][0]['message']}")
    (answer,) = document["data"].values()
    return answer


with DAG(
    "macro_cycle_daily",
    description="The open month of every asset of each cycle, by Dagster",
    schedule="0 15 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["macro-cycle"],
):

    @task(retries=3, retry_delay=timedelta(minutes=1))
    def launch(cycle: str) -> str:
        """Launch the cycle's run, unless an earlier try has; its id."""
        job, own = JOB.format(cycle=cycle), {"key": OWN_TAG, "value": get_current_context()["run_id"]}
        earlier = ask(RUNS, job=job, tags=[own])["results"]
        if earlier:
            return earlier[0]["runId"]
        month = ask(MONTHS, asset={"path": [cycle, NEWEST_ASSET]})["partitionKeys"][-1]
        places = {"repositoryLocationName": "macro_cycle", "repositoryName": "__repository__", "jobName": job}
        tags = [own, {"key": "dagster/partition", "value": month}]
        answer = ask(LAUNCH, run={"selector": places, "executionMetadata": {"tags": tags}, "mode": "default"})
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"Dagster did not launch {job} for {month}: {json.dumps(answer)}")
        return answer["run"]["runId"]

    @task.sensor(poke_interval=5, timeout=2 * 3600, mode="reschedule")
    def finished(dagster_run: str) -> PokeReturnValue:
        """Until the run has ended; one that did not succeed fails here too."""
        status = ask(STATUS, id=dagster_run).get("status", "MISSING")
        if status in ("FAILURE", "CANCELED", "MISSING"):
            raise RuntimeError(f"Dagster's run {dagster_run} ended as {status}; its log is in Dagster")
        return PokeReturnValue(is_done=status == "SUCCESS", xcom_value=dagster_run)

    finished.expand(dagster_run=launch.expand(cycle=CYCLES))
