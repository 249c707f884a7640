"""The feature store as the assets use it."""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from macro_cycle.features import default_feature_set
from macro_cycle.platform.settings import load_settings
from macro_cycle.warehouse.regimes import Call

if TYPE_CHECKING:
    from macro_cycle.feature_store.store import EconomyStore, MonthRow


class FeatureStoreResource(dg.ConfigurableResource):
    """Feast on the platform's database."""

    def store(self) -> "EconomyStore":
        """The store of this process, its tables and views registered."""
        return _store()

    def row(self, newest: pd.Series, regimes: pd.Series, call: Call) -> "MonthRow":
        """What Feast keeps of a month end: its newest panel row and the newest row of its regimes."""
        from macro_cycle.feature_store.store import MonthRow

        origin: dict[str, Any] = {
            "reference_month": _utc(pd.Timestamp(str(newest.name))),
            "data_version": call.data_version,
        }
        numbers = {str(name): None if pd.isna(value) else float(value) for name, value in newest.items()}
        answer = {str(name): value if isinstance(value, str) else float(value) for name, value in regimes.items()}
        return MonthRow(
            as_of=pd.Timestamp(call.as_of),
            data_version=call.data_version,
            features=origin | numbers,
            regimes=origin | {"model_version": call.model_version} | answer,
        )


def _utc(month: pd.Timestamp) -> datetime:
    return month.tz_localize("UTC").to_pydatetime()


@lru_cache(maxsize=1)
def _store() -> "EconomyStore":
    from macro_cycle.feature_store.store import EconomyStore
    from macro_cycle.hmm.labels import label_names
    from macro_cycle.stack.postgres import database_url

    settings = load_settings()
    store = EconomyStore(
        database_url(settings),
        settings.feast.project,
        settings.feast.economy,
        default_feature_set().names,
        label_names(settings.model.n_regimes),
    )
    store.apply()
    return store
