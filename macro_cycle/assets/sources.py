"""Observations from the outside world, as known at each month end."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from macro_cycle.assets.charts import as_metadata, revisions_chart
from macro_cycle.assets.monthly import MonthResult, report_months
from macro_cycle.automation.conditions import refetch_while_stale
from macro_cycle.automation.freshness import FETCH_DAILY
from macro_cycle.automation.partitions import MONTHS
from macro_cycle.errors import MacroCycleError
from macro_cycle.features.store import content_version
from macro_cycle.observations import Catalog
from macro_cycle.observations.calendar import release_calendar
from macro_cycle.observations.revisions import revisions
from macro_cycle.platform.months import as_of_day, now
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.sources import Source, open_source
from macro_cycle.warehouse import IngestReport, Warehouse
from macro_cycle.warehouse.observations import as_of_view

OBSERVATION_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("series_id", "text", "FRED id of the series"),
        dg.TableColumn("date", "date", "first day of the reference period"),
        dg.TableColumn("value", "double precision", "value as known at the end of the month, in the series' units"),
        dg.TableColumn("realtime_start", "date", "day from which this value was known"),
    ]
)


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="sources",
    owners=["team:data-engineering"],
    kinds={"postgres", "python"},
    tags={"domain": "macro"},
    metadata={"dagster/column_schema": OBSERVATION_COLUMNS, "dagster/table_name": "warehouse.observations"},
    freshness_policy=FETCH_DAILY,
    automation_condition=refetch_while_stale(),
)
def fred_series(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """All observations known at the end of the month for the catalogue's series.

    Ingests what the source has and the bitemporal store lacks; the data version is a hash of the snapshot, so a
    refresh without news changes nothing downstream.
    """
    settings = load_settings()
    store, catalog = warehouse.observations(), Catalog.load(settings.data.catalog_path)
    source = open_source(settings, catalog, told=store.facts)
    wanted = [series_id for series_id in source.available() if series_id in catalog]
    report = IngestReport(0, 0, 0)
    for done, found in _ingested(store, source, wanted):
        report += found
        context.log.info(f"{source.name}: {done}: {found}")
    snapshots = _snapshots(store, wanted, context.partition_keys, report.inserted)
    shown = {context.partition_keys[-1]: _charts(store.history(wanted), catalog, wanted, context.partition_keys[-1])}
    yield from report_months(context, ((month, _with(result, shown.get(month, {}))) for month, result in snapshots))


def _charts(history: pd.DataFrame, catalog: Catalog, series_ids: list[str], month: str) -> dict[str, dg.MetadataValue]:
    """What was due in the month and what came, and how much was revised in the two years before its end."""
    day = min(as_of_day(month), now().normalize())
    due = release_calendar(history, catalog, series_ids, month, day)
    table = due[["expected", "series_id", "period", "status", "arrived"]].to_markdown(index=False)
    charts: dict[str, dg.MetadataValue] = {"releases": dg.MetadataValue.md(table)}
    revised = revisions(history[history["realtime_start"] <= day])
    if (revised["realtime_start"] > day - pd.DateOffset(months=24)).any():
        charts["revised_values"] = as_metadata(revisions_chart(revised, day))
    return charts


def _with(result: dg.MaterializeResult, charts: dict[str, dg.MetadataValue]) -> dg.MaterializeResult:
    return result._replace(metadata={**(result.metadata or {}), **charts})


def _ingested(store: Warehouse, source: Source, series_ids: list[str]) -> Iterator[tuple[str, IngestReport]]:
    """Ingest the series together, or from an incremental source one by one, so that what was read is kept."""
    if not source.incremental:
        made_on = getattr(source, "made_on", None)
        with store.exclusively() as ingest:
            everything = source.observations(series_ids)
            report = ingest(everything, source=source.name, loaded_at=now(), seen_on=made_on)
        yield f"{len(series_ids)} series", report
        return
    for number, series_id in enumerate(series_ids, start=1):
        news = source.observations([series_id], since=store.newest_release(series_id, source.name))
        report = store.ingest(news, source=source.name, loaded_at=now())
        yield f"{series_id}, {number} of {len(series_ids)} series", report


def _snapshots(store: Warehouse, series_ids: list[str], months: list[str], ingested: int) -> Iterator[MonthResult]:
    for month, known in as_of_frames(store, months, series_ids):
        if known.empty:
            raise MacroCycleError(_nothing_known(store, series_ids, month))
        yield (
            month,
            dg.MaterializeResult(
                data_version=dg.DataVersion(content_version(known[["series_id", "date", "value"]])),
                metadata={
                    "series": known["series_id"].nunique(),
                    "dagster/row_count": len(known),
                    "newest_reference_date": str(known["date"].max().date()),
                    "newest_release": str(known["realtime_start"].max().date()),
                    "rows_ingested_by_this_run": ingested,
                },
            ),
        )


def _nothing_known(store: Warehouse, series_ids: list[str], month: str) -> str:
    first = store.history(series_ids)["realtime_start"].min()
    begins = "holds nothing yet" if pd.isna(first) else f"begins on {first:%Y-%m-%d}"
    return f"nothing was known at the end of {month[:7]}: the history of the source {begins}; take a later month"


def as_of_frames(
    store: Warehouse, months: list[str], series_ids: list[str] | None = None
) -> Iterator[tuple[str, pd.DataFrame]]:
    """What was known at the end of each month; many months are cut from one read of the history."""
    if len(months) == 1:
        yield months[0], store.as_of(as_of_day(months[0]), series_ids)
        return
    history = store.history(series_ids)
    for month in months:
        yield month, as_of_view(history, as_of_day(month))
