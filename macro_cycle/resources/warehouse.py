"""The warehouse of the database that the settings name."""

from functools import lru_cache
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.platform.settings import load_settings

if TYPE_CHECKING:
    from macro_cycle.warehouse import Warehouse
    from macro_cycle.warehouse.models import ModelStore
    from macro_cycle.warehouse.records import EvaluationStore, NewsStore, ServedStore
    from macro_cycle.warehouse.regimes import RegimeStore


class WarehouseResource(dg.ConfigurableResource):
    """Observations, models, regimes and calls; the URL stays in settings, out of the launchpad."""

    def observations(self) -> "Warehouse":
        """The bitemporal store of observations."""
        return _warehouse()

    def models(self) -> "ModelStore":
        """Trained models."""
        from macro_cycle.warehouse.models import ModelStore

        return ModelStore(_warehouse().engine)

    def regimes(self) -> "RegimeStore":
        """Regimes and calls."""
        from macro_cycle.warehouse.regimes import RegimeStore

        return RegimeStore(_warehouse().engine)

    def news(self) -> "NewsStore":
        """Why the calls moved."""
        from macro_cycle.warehouse.records import NewsStore

        return NewsStore(_warehouse().engine)

    def served(self) -> "ServedStore":
        """What the endpoint was seen to answer."""
        from macro_cycle.warehouse.records import ServedStore

        return ServedStore(_warehouse().engine)

    def evaluations(self) -> "EvaluationStore":
        """How well the calls did."""
        from macro_cycle.warehouse.records import EvaluationStore

        return EvaluationStore(_warehouse().engine)


@lru_cache(maxsize=1)
def _warehouse() -> "Warehouse":
    from macro_cycle.stack.postgres import database_url
    from macro_cycle.warehouse import Warehouse

    warehouse = Warehouse(database_url(load_settings()))
    warehouse.migrate()
    return warehouse
