"""MLflow holds one run and one version per trained month, whatever happened in between; nothing is pickled."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.training.bundle import Bundle
from macro_cycle.warehouse.urls import DatabaseUrl
from macro_cycle_tests.conftest import create_database

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def registry(postgres_url, tmp_path_factory):
    import psycopg

    from macro_cycle.registry.registry import Registry

    url = create_database(postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA mlflow")
    uri = DatabaseUrl(url).sqlalchemy("psycopg2", schema="mlflow")
    return Registry(uri, tmp_path_factory.mktemp("artifacts"), "test", "macro-cycle-hmm")


@pytest.fixture(scope="module")
def logged(registry, bundle):
    return registry.log_month(bundle, {"dagster.run_id": "r1"})


def test_a_logged_month_is_found_by_month_and_content(registry, bundle, logged):
    assert registry.versions()[bundle.meta["as_of"], bundle.meta["model_version"]] == logged


def test_the_bundle_comes_back_as_it_was(registry, bundle, logged):
    back = registry.bundle(logged)
    pd.testing.assert_frame_equal(back.panel, bundle.panel, check_freq=False)
    assert back.model == bundle.model
    assert back.expected == bundle.expected
    assert back.meta["mlflow_version"] == logged.version


def test_mlflow_loads_the_version_and_it_answers_as_expected(registry, bundle, logged):
    import mlflow

    loaded = mlflow.pyfunc.load_model(f"models:/{registry.name}/{logged.version}")
    newest = loaded.predict(bundle.panel).iloc[-1]
    assert newest["label"] == bundle.expected["label"]
    for label, probability in bundle.expected["probabilities"].items():
        assert newest[f"filtered_{label}"] == pytest.approx(probability, abs=1e-12)


def test_no_artifact_is_a_pickle(registry, logged):
    import mlflow

    source = registry._client.get_model_version(registry.name, logged.version).source
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=source))
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    text = {"MLmodel", "registered_model_meta", "requirements.txt"}
    assert names - text == {"model.json", "panel.json", "expected.json", "meta.json"}


def test_a_run_cut_short_is_continued_not_repeated(registry, bundle):
    cut = replace(bundle, meta={**bundle.meta, "as_of": "2007-11-30"})
    identity = {"as_of": "2007-11-30", "model_version": bundle.meta["model_version"]}
    run_id = registry._create_run(identity, None).info.run_id
    assert registry.unfinished()["2007-11-30", bundle.meta["model_version"]] == run_id
    version = registry.log_month(cut, {}, unfinished_run_id=run_id)
    assert version.run_id == run_id
    assert ("2007-11-30", bundle.meta["model_version"]) not in registry.unfinished()


def test_aliases_move_and_are_read_back(registry, logged):
    from macro_cycle.registry.registry import CHALLENGER

    assert registry.champion() is None
    registry.set_alias(CHALLENGER, logged)
    assert registry.challenger() == logged


@pytest.mark.parametrize("name", ["model", "panel", "expected", "meta"])
def test_a_bundle_without_a_file_is_refused_by_name(bundle, tmp_path, name):
    bundle.write(tmp_path)
    (tmp_path / f"{name}.json").unlink()
    with pytest.raises(MacroCycleError, match=f"lacks {name}.json"):
        Bundle.read(tmp_path)


def test_a_truncated_bundle_is_refused(bundle, tmp_path):
    bundle.write(tmp_path)
    (tmp_path / "panel.json").write_text('{"columns": [')
    with pytest.raises(MacroCycleError, match="is broken"):
        Bundle.read(tmp_path)


def test_missing_cells_survive_the_bundle(bundle, tmp_path):
    back = Bundle.read(bundle.write(tmp_path))
    np.testing.assert_array_equal(back.panel.isna().to_numpy(), bundle.panel.isna().to_numpy())
