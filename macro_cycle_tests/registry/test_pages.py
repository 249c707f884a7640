"""What people read in MLflow: an experiment of the right kind, descriptions in words, links to Dagster and back."""

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE
from requests.exceptions import RetryError
from sqlalchemy.exc import OperationalError, ProgrammingError

from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.registry.descriptions import Pages, of_version
from macro_cycle.registry.errors import in_one_line
from macro_cycle.registry.homes import KIND_TAG, NOTE_TAG
from macro_cycle.registry.registry import Registry
from macro_cycle_tests.conftest import free_port
from macro_cycle_tests.registry.conftest import EXPERIMENT, NAME

DAGSTER, MLFLOW = "http://127.0.0.1:3000", "http://127.0.0.1:55000"


def test_the_description_of_a_version_says_month_answer_and_panel(bundle):
    said = of_version(bundle, "the US business cycle", None)
    label, probability = bundle.expected["label"], bundle.expected["recession_probability"]
    assert said.startswith(f"{label}, recession probability {100 * probability:.1f} %: the US business cycle in 2007-1")
    assert "as known on 2007-12-31" in said
    assert f"Trained on {len(bundle.panel)} months" in said
    assert f"of {len(bundle.panel.columns)} features: {bundle.panel.columns[0]}, " in said
    assert bundle.meta["model_version"] in said


def test_links_are_made_only_to_pages_whose_address_is_known():
    assert Pages().dagster_run("r") is Pages().run("1", "r") is Pages().version("m", "1") is None
    pages = Pages(DAGSTER + "/", MLFLOW)
    assert pages.dagster_run("r") == f"{DAGSTER}/runs/r"
    assert pages.dagster_run(None) is None
    assert pages.run("1", "r") == f"{MLFLOW}/#/experiments/1/runs/r?workflowType=machine_learning"
    assert pages.version("a model", "3") == f"{MLFLOW}/#/models/a%20model/versions/3?workflowType=machine_learning"


@pytest.mark.parametrize(
    "uri", ["http://me:secret@127.0.0.1:{port}", "postgresql+psycopg2://me:secret@127.0.0.1:{port}/x?connect_timeout=5"]
)
def test_an_mlflow_that_is_not_there_is_said_at_once_in_one_line_without_the_password(uri, tmp_path):
    with pytest.raises(OutageError, match=r"^MLflow cannot be reached at [^\n]+$") as refused:
        Registry(uri.format(port=free_port()), tmp_path, EXPERIMENT, NAME)
    assert "secret" not in str(refused.value)


def behind_a_server(error: Exception) -> MlflowException:
    """What MLflow's client makes of what its server did not answer."""
    told = MlflowException("API request failed")
    told.__context__ = error
    return told


TOLD = {
    "MLflow's word for an outage": (MlflowException("server closed the connection", TEMPORARILY_UNAVAILABLE), True),
    "an outage": (OperationalError("SELECT 1", None, Exception("server closed the connection")), True),
    "an outage behind a server": (behind_a_server(RetryError("too many 503 error responses")), True),
    "MLflow's refusal": (MlflowException("no such model", RESOURCE_DOES_NOT_EXIST), False),
    "the database's refusal": (ProgrammingError("SELECT 1", None, Exception("no such table")), False),
}


@pytest.mark.parametrize(("error", "is_outage"), TOLD.values(), ids=TOLD)
def test_an_outage_under_mlflow_is_told_from_what_mlflow_refuses(error, is_outage):
    with pytest.raises(MacroCycleError, match=r"^MLflow cannot list the runs: ") as said, in_one_line("list the runs"):
        raise error
    assert isinstance(said.value, OutageError) is is_outage


@pytest.mark.slow
def test_experiment_and_model_are_of_the_right_kind_and_described(registry):
    experiment = registry._client.get_experiment(registry._experiment_id)
    assert experiment.tags[KIND_TAG] == "custom_model_development"
    assert "Models of the US business cycle, one run a month" in experiment.tags[NOTE_TAG]
    assert "one version a month" in registry._client.get_registered_model(NAME).description


@pytest.mark.slow
def test_what_a_person_chose_is_kept_and_a_guess_of_mlflow_s_is_not(opened, registry):
    client, experiment = registry._client, registry._experiment_id
    client.set_experiment_tag(experiment, KIND_TAG, "genai_development_inferred")
    client.set_experiment_tag(experiment, NOTE_TAG, "ours")
    client.update_registered_model(NAME, "ours too")
    opened()
    assert client.get_experiment(experiment).tags[KIND_TAG] == "custom_model_development"
    client.set_experiment_tag(experiment, KIND_TAG, "regression")
    opened()
    assert client.get_experiment(experiment).tags[KIND_TAG] == "regression"
    assert client.get_experiment(experiment).tags[NOTE_TAG] == "ours"
    assert client.get_registered_model(NAME).description == "ours too"


@pytest.mark.slow
def test_a_deleted_experiment_is_said_with_what_brings_it_back(opened, registry):
    registry._client.delete_experiment(registry._experiment_id)
    with pytest.raises(MacroCycleError, match=f"restore --experiment-id {registry._experiment_id}"):
        opened()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../outside", "..", "a/b"])
def test_an_experiment_is_a_name_and_not_a_path(uri, tmp_path, name):
    with pytest.raises(MacroCycleError, match="cannot name an experiment"):
        Registry(uri, tmp_path / "artifacts", name, NAME)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_month_and_range_link_to_their_dagster_run_and_the_version_has_a_page(opened, bundle):
    registry = opened(pages=Pages(DAGSTER, MLFLOW))
    tags = {"dagster.run_id": "r1"}
    with registry.range_run("backfill 2007-12 to 2007-12", tags) as parent:
        version = registry.log_month(bundle, tags, parent)
    listed = registry._client.get_model_version(NAME, version.version)
    runs = [registry._client.get_run(run_id).data.tags for run_id in (parent, version.run_id)]
    assert f"[Dagster run]({DAGSTER}/runs/r1)" in listed.description
    assert all(f"({DAGSTER}/runs/r1)" in tags[NOTE_TAG] for tags in runs)
    assert {tags["macro_cycle.dagster.url"] for tags in [listed.tags, *runs]} == {f"{DAGSTER}/runs/r1"}
    assert (
        registry.version_page(version)
        == f"{MLFLOW}/#/models/{NAME}/versions/{version.version}?workflowType=machine_learning"
    )
    assert f"/runs/{version.run_id}?" in registry.run_page(version.run_id)
    assert f"/experiments/{registry._experiment_id}?" in registry.experiment_page()


@pytest.mark.slow
def test_mlflow_s_start_page_sets_what_a_new_browser_shows_before_its_own_script_runs():
    from mlflow.server import app

    from macro_cycle.registry.server_app import start_page

    page = start_page().get_data(as_text=True)
    assert app.view_functions["serve"] is start_page
    for name in ("mlflow.workflowType", "mlflow.assistant.fab.autoOpenedOnFirstLoad"):
        assert 0 < page.index(f'"{name}_v1"') < page.index("<script defer")
        scripts = Path(app.static_folder).glob("static/js/main.*.js")
        assert any(f'key:"{name}",version:1' in script.read_text() for script in scripts), "MLflow renamed it"
