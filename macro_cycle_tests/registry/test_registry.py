"""MLflow holds one run and one version per trained month, of ours alone; what it cannot do it says in one line."""

import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import psycopg
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.registry import registry as registry_module
from macro_cycle.registry.registry import CHALLENGER, CHAMPION, Registry
from macro_cycle.training.bundle import Bundle
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.registry.conftest import EXPERIMENT, NAME, identity, of_month

pytestmark = pytest.mark.slow


@pytest.fixture
def logged(registry, bundle):
    return registry.log_month(bundle, {"dagster.run_id": "r1"})


def sql(uri: str, statement: str) -> None:
    """Do to MLflow's tables what nobody should."""
    with psycopg.connect(uri.replace("postgresql+psycopg2", "postgresql")) as connection:
        connection.execute(statement)


def test_a_logged_month_is_found_by_month_and_content(registry, bundle, logged):
    assert registry.versions() == {identity(bundle): logged}


def test_the_bundle_comes_back_as_it_was(registry, bundle, logged):
    back = registry.bundle(logged)
    pd.testing.assert_frame_equal(back.panel, bundle.panel, check_freq=False)
    assert back.model == bundle.model
    assert back.expected == bundle.expected
    assert back.meta["mlflow_version"] == logged.version


def test_mlflow_loads_the_version_and_it_answers_as_expected(registry, uri, bundle, logged, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)  # another test may have set one, and it would count before the variable
    mlflow.set_registry_uri(uri)
    loaded = mlflow.pyfunc.load_model(f"models:/{registry.name}/{logged.version}")
    newest = loaded.predict(bundle.panel).iloc[-1]
    assert newest["label"] == bundle.expected["label"]
    for label, probability in bundle.expected["probabilities"].items():
        assert newest[f"filtered_{label}"] == pytest.approx(probability, abs=1e-12)


def test_no_artifact_is_a_pickle(tmp_path, logged):
    names = {path.name for path in (tmp_path / "artifacts").rglob("*") if path.is_file()}
    assert names == {"MLmodel", "requirements.txt", "model.json", "panel.json", "expected.json", "meta.json"}


def test_aliases_move_are_read_back_and_removed(registry, logged):
    assert registry.champion() is None
    registry.set_alias(CHALLENGER, logged)
    assert registry.challenger() == logged
    registry.remove_alias(CHALLENGER)
    registry.remove_alias(CHALLENGER)
    assert registry.challenger() is None


def test_only_a_missing_alias_reads_as_none(registry, uri, logged):
    registry.set_alias(CHAMPION, logged)
    sql(uri, "ALTER TABLE mlflow.registered_model_aliases RENAME TO mislaid")
    with pytest.raises(MacroCycleError, match=r"^MLflow cannot read the alias champion: [^\n]+$"):
        registry.champion()


@pytest.mark.parametrize("tags", [{}, {"as_of": "2007-12-31"}, {"as_of": "soon", "model_version": "x"}])
def test_versions_that_others_registered_are_left_alone_and_counted(registry, bundle, logged, tags, caplog):
    registry._client.create_model_version(NAME, "file:///elsewhere", tags=tags)
    assert registry.versions() == {identity(bundle): logged}
    assert caplog.messages == [f"1 versions of {NAME} were registered by others and are left alone"]
    again = registry.log_month(of_month(bundle, "2008-01-31"), {})
    assert again.version == "3"


def test_an_alias_moved_to_another_s_version_is_an_error_not_no_model(registry, logged):
    registry._client.create_model_version(NAME, "file:///elsewhere")
    registry._client.set_registered_model_alias(NAME, CHAMPION, "2")
    with pytest.raises(MacroCycleError, match="the alias champion of macro-cycle-hmm points to version 2, which"):
        registry.champion()


def test_what_release_0_1_0_registered_is_read(registry, bundle):
    old = {"as_of": "2001-03-31", "model_version": "abc", "data_version": "d", "dagster.run_id": "r"}
    run = registry._client.create_run(registry._experiment_id, tags=old)
    registry._client.create_model_version(NAME, "file:///old", run.info.run_id, tags=old)
    found = registry.versions()["2001-03-31", "abc"]
    assert (found.version, found.run_id) == ("1", run.info.run_id)


def test_versions_are_listed_whole_whatever_fits_on_a_page(registry, bundle, monkeypatch):
    days = [f"2007-{month:02d}-28" for month in range(1, 8)]
    made = {day: registry.log_month(of_month(bundle, day), {}) for day in days}
    monkeypatch.setattr(registry_module, "PAGE", 2)
    assert {as_of: version for (as_of, _), version in registry.versions().items()} == made


def test_a_verdict_stands_on_the_version_in_words_and_on_the_run_in_figures(registry, logged):
    registry.record_verdict(logged, {"verdict": "refuse", "reasons": "no"}, {"auroc": 0.5})
    tags = registry._client.get_model_version(NAME, logged.version).tags
    assert {name: tags[f"macro_cycle.gate.{name}"] for name in ("verdict", "reasons", "auroc")} == {
        "verdict": "refuse",
        "reasons": "no",
        "auroc": "0.5",
    }
    assert registry._client.get_run(logged.run_id).data.metrics["gate.auroc"] == 0.5


def test_every_tag_of_ours_has_the_prefix(registry, logged):
    run, version = registry._client.get_run(logged.run_id), registry._client.get_model_version(NAME, logged.version)
    assert all(name.startswith(("macro_cycle.", "mlflow.")) for name in {**run.data.tags, **version.tags})
    assert version.tags["macro_cycle.dagster.run_id"] == "r1"


def test_two_registries_live_in_one_process_and_mlflow_s_globals_are_left_alone(
    registry, bundle, logged, new_uri, tmp_path
):
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    other = Registry(new_uri(), tmp_path / "other", EXPERIMENT, NAME)
    month = of_month(bundle, "2001-01-31")
    there = other.log_month(month, {})
    assert other.versions() == {identity(month): there}
    assert registry.versions() == {identity(bundle): logged}
    assert other.bundle(there).meta["as_of"] == "2001-01-31"
    assert registry.bundle(logged).meta["as_of"] == bundle.meta["as_of"]
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before


REGISTER = """
import sys
from dataclasses import replace
from pathlib import Path
from macro_cycle.registry.registry import Registry
from macro_cycle.training.bundle import Bundle

uri, folder, source = sys.argv[1:]
registry, bundle = Registry(uri, Path(folder), "test", "macro-cycle-hmm"), Bundle.read(Path(source))
registry.versions()
print("ready", flush=True)
sys.stdin.readline()
for month in range(1, 13):
    meta = {**bundle.meta, "as_of": f"2007-{month:02d}-28"}
    print(registry.log_month(replace(bundle, meta=meta), {}).version, flush=True)
"""


def test_two_processes_that_register_the_same_months_at_once_leave_one_version_each(registry, uri, bundle, tmp_path):
    source = bundle.write(tmp_path / "bundle")
    command = [sys.executable, "-W", "ignore", "-c", REGISTER, uri, str(tmp_path / "artifacts"), str(source)]
    both = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=PATIENCE)[0].split() for process in both]
    assert len(answers[0]) == 12
    assert answers[0] == answers[1], "both know each month by the same version"
    assert {version.version for version in registry.versions().values()} == set(answers[0])
    assert len(list(registry._client.search_model_versions(f"name = '{NAME}'"))) == 12
    runs = registry._client.search_runs([registry._experiment_id])
    assert {run.info.run_id for run in runs} == {version.run_id for version in registry.versions().values()}
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_version_whose_files_are_gone_is_refused_in_one_line(registry, logged, tmp_path):
    for path in (tmp_path / "artifacts").rglob("*.json"):
        path.unlink()
    with pytest.raises(MacroCycleError, match="lacks"):
        registry.bundle(logged)
    registry._client.delete_model_version(NAME, logged.version)
    with pytest.raises(MacroCycleError, match=r"^MLflow cannot give the bundle of version 1: [^\n]*not found$"):
        registry.bundle(logged)


def test_the_bundle_of_the_version_is_the_bundle_on_disk(registry, logged, tmp_path):
    [folder] = (tmp_path / "artifacts").rglob("model.json")
    assert Bundle.read(Path(folder).parent).meta == {
        name: value for name, value in registry.bundle(logged).meta.items() if name not in ("mlflow_version", "run_id")
    }
