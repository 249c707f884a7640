"""A repository of one's own is one that Feast's command line takes."""

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.feature_store import create_feast_repo, define_macro_entities_and_features
from macro_cycle_tests.feature_store.command_line import feast_in


@pytest.mark.slow
def test_feast_applies_and_materializes_a_created_repository(tmp_path):
    repository = create_feast_repo(tmp_path / "repository")
    feast_in(repository, "apply")
    said = feast_in(repository, "feature-views", "list")
    assert "macro_features" in said
    assert "regime_probabilities" in said
    feast_in(repository, "materialize-incremental", "2026-01-01T00:00:00")


def test_a_repository_that_is_there_is_left_alone(tmp_path):
    create_feast_repo(tmp_path)
    (tmp_path / "feature_store.yaml").write_text("mine")
    with pytest.raises(MacroCycleError, match="choose another folder"):
        create_feast_repo(tmp_path)
    assert (tmp_path / "feature_store.yaml").read_text() == "mine"


def test_defining_again_keeps_the_history(tmp_path):
    definitions = define_macro_entities_and_features(tmp_path)
    history = tmp_path / "data" / "macro_features.parquet"
    history.write_bytes(b"a history")
    assert define_macro_entities_and_features(tmp_path) == definitions
    assert history.read_bytes() == b"a history"


def test_the_platform_fills_a_repository_s_history(placement, clock, tmp_path):
    from dataclasses import replace

    import pyarrow.parquet as pq

    from macro_cycle_tests.feature_store.months import open_store, row

    repository = create_feast_repo(tmp_path)
    open_store(replace(placement, parquet=repository / "data"), clock).write_offline([row("2008-02-29", 0.2)])
    assert pq.read_table(repository / "data" / "macro_features.parquet")["INDPRO"].to_pylist() == [0.2]
