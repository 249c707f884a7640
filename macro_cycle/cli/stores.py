"""The stores that commands read from, opened from the settings."""

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.features.store import PanelStore
from macro_cycle.platform.months import as_of_day, parse_month
from macro_cycle.platform.settings import load_settings
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.records import NewsStore
from macro_cycle.warehouse.regimes import RegimeStore


def warehouse() -> Warehouse:
    """The warehouse, its tables up to date."""
    store = Warehouse(database_url(load_settings()))
    store.migrate()
    return store


def regime_store() -> RegimeStore:
    """Regimes and calls."""
    return RegimeStore(warehouse().engine)


def news_store() -> NewsStore:
    """Why the calls moved."""
    return NewsStore(warehouse().engine)


def panel_store() -> PanelStore:
    """Panels by month."""
    return PanelStore(load_settings().panel_path)


def month_end(month: str | None, regimes: RegimeStore) -> pd.Timestamp:
    """Month end of `YYYY-MM`, or the newest with a call.

    Raises:
        MacroCycleError: the month is malformed, or nothing is stored yet.
    """
    if month is not None:
        return as_of_day(parse_month(month))
    newest = regimes.newest()
    if newest is None:
        raise MacroCycleError("nothing is stored yet; run `macro-cycle run` first")
    return pd.Timestamp(newest)
