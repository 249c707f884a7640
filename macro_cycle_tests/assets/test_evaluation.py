"""The track record is made when the calls, the history or the day are new, and is shown as it stands when none is."""

import dagster as dg
import pytest

from macro_cycle.evaluation import scoring
from macro_cycle_tests.assets.graph import CHAIN, materialize

pytestmark = pytest.mark.slow
ASSET = "real_time_evaluation"


def shown(result: dg.ExecuteInProcessResult) -> dict:
    [materialization] = result.asset_materializations_for_node(f"us__{ASSET}")
    return dict(materialization.metadata)


def test_the_same_calls_are_evaluated_once_a_day_and_new_ones_again(store, platform, monkeypatch):
    evaluated, honest = [], scoring.evaluate_calls

    def counted(*arguments, **options):
        evaluated.append(platform.clock.today())
        return honest(*arguments, **options)

    monkeypatch.setattr(scoring, "evaluate_calls", counted)
    with dg.DagsterInstance.ephemeral() as instance:
        first = shown(materialize(instance, [*CHAIN, ASSET], "2008-08-01", "2008-09-01", platform=platform))
        again = shown(materialize(instance, [*CHAIN, ASSET], "2008-08-01", "2008-09-01", platform=platform))
        assert len(evaluated) == 1
        assert again == first
        assert "chart_of_calls" in again
        later = shown(materialize(instance, [*CHAIN, ASSET], "2008-10-01", platform=platform))
        assert len(evaluated) == 2
        assert later["made_from"] != first["made_from"]
