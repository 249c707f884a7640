"""Every asset and every check, executed alone as the buttons of Dagster's page do, works or says why in a line."""

import json

import httpx
import pytest

from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.stack.running import Stack

pytestmark = pytest.mark.slow

LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on InvalidSubsetError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
EVENTS = """query($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events {
    __typename
    ... on ExecutionStepFailureEvent { error { causes { message } } }
    ... on AssetCheckEvaluationEvent { evaluation { checkName description } }
    ... on MaterializationEvent { metadataEntries { __typename label } }
  } } }
}"""
MONTHLY = (
    *("fred_series", "macro_features", "regime_model", "regime_labels", "regime_news"),
    *("champion", "feast_materialization", "kserve_deployment"),
)
CHECKS = {
    "fred_series": {"releases_are_on_time", "revisions_are_ordinary", "snapshot_is_usable"},
    "macro_features": {"panel_is_trainable"},
    "regime_model": {"model_converged"},
    "regime_labels": {
        *("calibrated", "durations_as_expected", "not_surprised", "occupancy_as_expected"),
        "probabilities_are_probabilities",
    },
}


class Page:
    """What the page asks of the web server."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"{stack.url('dagster')}/graphql"

    def ask(self, query: str, **variables: object) -> dict:
        answer = httpx.post(self._url, json={"query": query, "variables": variables}, timeout=PATIENCE).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def launch(self, assets: tuple = (), checks: tuple = (), month: str | None = None, config: object = None) -> dict:
        """What the page is answered when somebody executes these."""
        selector = {
            "repositoryName": "__repository__",
            "repositoryLocationName": "macro_cycle",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": ["us", asset]} for asset in assets],
            "assetCheckSelection": [{"assetKey": {"path": ["us", asset]}, "name": name} for asset, name in checks],
        }
        tags = [{"key": "dagster/partition", "value": month}] if month else []
        params = {
            "selector": selector,
            "mode": "default",
            "runConfigData": json.dumps(config or {}),
            "executionMetadata": {"tags": tags},
        }
        return self.ask(LAUNCH, params=params)["launchPipelineExecution"]

    def execute(self, **chosen: object) -> tuple[str, list[dict]]:
        """How the run ended, and its events."""
        launched = self.launch(**chosen)
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run = launched["run"]["runId"]
        wait_until(lambda: self._status(run) in ("SUCCESS", "FAILURE", "CANCELED"))
        return self._status(run), self.ask(EVENTS, run=run)["logsForRun"]["events"]

    def _status(self, run: str) -> str:
        return self.ask("query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }", run=run)[
            "runOrError"
        ]["status"]


@pytest.fixture(scope="module")
def dagster(stack, first_run):
    return Page(stack)


@pytest.fixture
def month(first_run) -> str:
    return f"{first_run['as_of'][:7]}-01"


def of_kind(events: list[dict], kind: str) -> list[dict]:
    return [event for event in events if event["__typename"] == kind]


@pytest.mark.parametrize("asset", [*MONTHLY, "current", "real_time_evaluation"])
def test_an_asset_is_materialized_alone(dagster, month, asset):
    status, events = dagster.execute(assets=(asset,), month=month if asset in MONTHLY else None)
    assert status == "SUCCESS"
    [materialization] = of_kind(events, "MaterializationEvent")
    kinds = {entry["__typename"] for entry in materialization["metadataEntries"]}
    assert kinds
    assert not kinds & {"JsonMetadataEntry", "NullMetadataEntry"}, "no raw dumps"


@pytest.mark.parametrize("asset", CHECKS)
def test_all_checks_of_an_asset_are_executed_without_a_partition_as_the_page_does(dagster, month, asset):
    chosen = tuple((asset, name) for name in sorted(CHECKS[asset]))
    status, events = dagster.execute(checks=chosen)
    assert status == "SUCCESS"
    evaluations = [event["evaluation"] for event in of_kind(events, "AssetCheckEvaluationEvent")]
    assert {evaluation["checkName"] for evaluation in evaluations} == CHECKS[asset]
    assert all(evaluation["description"] for evaluation in evaluations)


def test_one_check_of_several_is_executed_alone_for_a_month(dagster, month):
    status, events = dagster.execute(checks=(("regime_labels", "calibrated"),), month=month)
    assert status == "SUCCESS"
    assert len(of_kind(events, "AssetCheckEvaluationEvent")) == 1


def test_what_cannot_be_made_yet_says_in_a_line_what_to_run_first(dagster):
    for chosen, missing in (
        ({"assets": ("regime_labels",)}, "macro_features"),
        ({"checks": (("regime_model", "model_converged"),)}, "regime_model"),
    ):
        status, events = dagster.execute(**chosen, month="2008-09-01")
        assert status == "FAILURE"
        [failed] = of_kind(events, "ExecutionStepFailureEvent")
        said = failed["error"]["causes"][-1]["message"].strip()
        assert said.endswith(f"there is no {missing} for 2008-09; materialize {missing} for that month first")
        assert "\n" not in said


def test_a_decision_that_the_launchpad_does_not_know_starts_no_run(dagster, month):
    config = {
        "ops": {"us__champion": {"config": {"decision": {"by_hand": {"outcome": "perhaps", "reason": "because"}}}}}
    }
    refused = dagster.launch(assets=("champion",), month=month, config=config)
    assert refused["__typename"] == "RunConfigValidationInvalid"
    assert "perhaps" in refused["errors"][0]["message"]
