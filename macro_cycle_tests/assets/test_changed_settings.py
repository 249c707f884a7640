"""After a change of settings an asset run alone says what to run first; none but `regime_model` trains."""

import dagster as dg
import pytest
from sqlalchemy import func, select

from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse.tables import models
from macro_cycle_tests.assets.graph import CHAIN, failure, materialize

pytestmark = pytest.mark.slow

MONTH = "2007-06-01"


def trained(platform: Platform) -> int:
    with platform.warehouse.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(models)).scalar_one()


def test_what_follows_the_model_says_to_materialize_it_first_and_trains_nothing(store, platform, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, MONTH, platform=platform)
        monkeypatch.setenv("MACRO_CYCLE_MODEL__N_REGIMES", "3")
        changed = Platform.from_environment()
        for asset in ("regime_labels", "champion", "regime_news"):
            run = materialize(instance, [asset], MONTH, platform=changed, succeeds=False, checked=False)
            assert failure(run) == (
                "2007-06: regime_model was made under other settings or by an older release; "
                "materialize regime_model first"
            )
        assert trained(platform) == 1
        materialize(instance, ["regime_model"], MONTH, platform=changed)
        run = materialize(instance, ["champion"], MONTH, platform=changed, succeeds=False, checked=False)
        assert (
            failure(run)
            == "2007-06: regime_labels was made before what it is made from; materialize regime_labels first"
        )
        materialize(instance, ["regime_labels", "champion"], MONTH, platform=changed)
        assert trained(platform) == 2
