"""Materializing parts of the graph in this process, and reading back what a month then holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from macro_cycle.definitions import defs
from macro_cycle.features.store import PanelStore, content_version
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import load_settings
from macro_cycle.sources.sample import Sample
from macro_cycle.stack.postgres import database_url
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.regimes import RegimeStore

CHAIN = ("macro_features", "regime_model", "regime_labels")


def warehouse() -> Warehouse:
    """The platform's warehouse, its tables up to date."""
    store = Warehouse(database_url(load_settings()))
    store.migrate()
    return store


def with_the_sample() -> Warehouse:
    """The platform's warehouse, holding what the sample has of the catalogue's series."""
    store, source = warehouse(), Sample(Catalog.load())
    store.ingest(source.observations(source.available()), source="sample")
    return store


def materialize(
    instance: dg.DagsterInstance, assets: Sequence[str], first: str, last: str | None = None, *, succeeds: bool = True
) -> dg.ExecuteInProcessResult:
    """Run assets and their checks for one month, or for a range in one run."""
    selection = dg.AssetSelection.assets(*assets)
    tags = {"dagster/partition": first}
    if last is not None:
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    keys = list(selection.resolve(defs.resolve_asset_graph()))
    result = job.execute_in_process(
        asset_selection=keys,
        instance=instance,
        tags=tags,
        raise_on_error=succeeds,
        partition_key=first if last is None else None,
    )
    assert result.success is succeeds
    return result


@dataclass(frozen=True)
class Month:
    """Everything that a month's partition holds, as versions of content."""

    snapshot: str
    panel: str
    model: str
    regimes: str
    answer: tuple


def stored(month: str, store: Warehouse) -> Month:
    """What the stores hold of the month."""
    day = as_of_day(month)
    regimes = RegimeStore(store.engine)
    call = regimes.last_call(day.date())
    return Month(
        snapshot=content_version(store.as_of(day)[["series_id", "date", "value"]]),
        panel=content_version(PanelStore(load_settings().panel_path).read(month)),
        model=call.model_version,
        regimes=content_version(regimes.load(day.date())),
        answer=(call.label, call.recession_probability, tuple(call.probabilities.items())),
    )


def data_versions(instance: dg.DagsterInstance, asset: str) -> dict[str, str]:
    """Newest data version of each materialized month of an asset."""
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=10_000, ascending=True).records
    return {r.partition_key: r.asset_materialization.tags["dagster/data_version"] for r in records}


def shifted(observations: pd.DataFrame, after: pd.Timestamp, factor: float) -> pd.DataFrame:
    """Revisions of every observation known by `after`, published the day after it."""
    revised = observations[observations["realtime_start"] <= after]
    return revised.assign(value=revised["value"] * factor, realtime_start=after + pd.Timedelta(days=1), estimated=False)
