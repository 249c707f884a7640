"""The series of a source, an asset each: what the store holds of it, with every revision.

Whatever is fetched is fetched here. A series is materialized when the source had something new of it; else it is
observed, so that people see when it was last looked at. What was known at a month's end, `fred_series` says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.charts import as_metadata, revisions_chart
from macro_cycle.assets.features import transformation_of
from macro_cycle.automation.conditions import looked_at_daily
from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.dagster_internals import DATA_VERSION_TAG, own_events, version_tags
from macro_cycle.observations import Catalog
from macro_cycle.observations.calendar import GRACE_DAYS, LONGEST_STEP_DAYS, due_after
from macro_cycle.observations.catalog import SeriesSpec
from macro_cycle.observations.frequencies import Frequency
from macro_cycle.observations.revisions import revisions
from macro_cycle.platform.versions import content_version
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.sources import Source
from macro_cycle.warehouse import IngestReport, Warehouse

CODE = "1"
RANGE_TAG = "dagster/asset_partition_range_start"
HISTORY = dg.TableSchema(
    columns=[
        dg.TableColumn("date", "date", "first day of the reference period"),
        dg.TableColumn("value", "double precision", "in the series' units; empty where it was withdrawn"),
        dg.TableColumn("realtime_start", "date", "day from which this value was known"),
        dg.TableColumn("realtime_end", "date", "day from which another was"),
    ]
)
FRED = ("sample", "fred", "fred_postgres", "fred_md", "alfred_file")
FRED_PAGE = "https://fred.stlouisfed.org/series/{}"
CHARTED = pd.DateOffset(months=24)
FREQUENCIES: Mapping[Frequency, str] = {
    "D": "daily",
    "W": "weekly",
    "M": "monthly",
    "Q": "quarterly",
    "S": "twice a year",
    "A": "yearly",
}


@dataclass(frozen=True)
class SharedSource:
    """A source, and the platforms of the cycles that read it: those that name one of their own share it with nobody."""

    name: str
    platforms: tuple[Platform, ...]

    @classmethod
    def all_of(cls, platforms: Sequence[Platform]) -> "list[SharedSource]":
        """The sources of some cycles."""
        names = dict.fromkeys(platform.source_key for platform in platforms)
        return [cls(name, tuple(p for p in platforms if p.source_key == name)) for name in names]

    @cached_property
    def catalog(self) -> Catalog:
        """The series of every cycle; of one that two describe, the first counts."""
        return Catalog(series={k: v for p in reversed(self.platforms) for k, v in p.catalog.series.items()})

    @property
    def platform(self) -> Platform:
        """One that reaches the store and the source."""
        return self.platforms[0]


def source_series(source: SharedSource) -> dg.AssetsDefinition:
    """The assets of a source: `<source>/<series>` for each series of its cycles' catalogues."""
    by_key = {dg.AssetKey([source.name, series_id]): spec for series_id, spec in source.catalog.series.items()}

    @dg.multi_asset(
        name=f"{source.name}_series",
        specs=[_spec(key, spec) for key, spec in by_key.items()],
        can_subset=True,
        pool=f"{source.name}_source",
    )
    @made_again_after_an_outage
    def assets(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """Read what the source has new of the selected series, and keep it.

        A range of months is about the past, and asks the source for what was never fetched alone.
        """
        asked = {by_key[key].series_id: key for key in context.selected_asset_keys}
        if RANGE_TAG in context.run.tags:
            asked = {name: key for name, key in asked.items() if _last_version(context.instance, key) is None}
        for event in _fetched(context, source, asked) if asked else ():
            context.log_event(event)
        with own_events(context):
            yield from (dg.MaterializeResult(asset_key=key) for key in context.selected_asset_keys)

    return assets


def _fetched(
    context: dg.AssetExecutionContext, source: SharedSource, asked: Mapping[str, dg.AssetKey]
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
    """An event for each series that the source holds, as soon as what was read of it is kept."""
    platform = source.platform
    reading, store = platform.source(catalog=source.catalog), platform.warehouse
    held = sorted(set(reading.available()) & asked.keys())
    for series_ids, report in ingested(store, reading, held, platform.clock.now()) if held else ():
        context.log.info(f"{reading.name}: {', '.join(series_ids)}: {report}")
        history = store.history(series_ids)
        for series_id in series_ids:
            own = history[history["series_id"] == series_id].reset_index(drop=True)
            spec, today = source.catalog.spec(series_id), platform.clock.today()
            yield _event(context.instance, asked[series_id], own, spec, today)
    context.instance.add_run_tags(context.run_id, {FETCHED_TAG: source.name})


def _spec(key: dg.AssetKey, spec: SeriesSpec) -> dg.AssetSpec:
    frequency = spec.frequency or "M"
    late_after = timedelta(days=LONGEST_STEP_DAYS[frequency] + GRACE_DAYS[frequency])
    link = spec.link or (FRED_PAGE.format(spec.series_id) if key.path[0] in FRED else None)
    about = {
        "transformation": transformation_of(spec),
        "units": spec.units,
        "frequency": FREQUENCIES[frequency],
        "publication_lag_days": spec.publication_lag_days,
    }
    return dg.AssetSpec(
        key,
        description=f"{spec.title}, in {spec.units}: every value with the day from which it was known.",
        group_name="sources",
        owners=["team:data-engineering"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        code_version=CODE,
        automation_condition=looked_at_daily(),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=late_after),
        metadata={
            "dagster/column_schema": HISTORY,
            "dagster/table_name": "warehouse.observations",
            "title": spec.title,
            **about,
            **({"publisher": dg.MetadataValue.url(link)} if link else {}),
        },
    )


def ingested(
    store: Warehouse, source: Source, series_ids: list[str], now: pd.Timestamp | None = None
) -> Iterator[tuple[list[str], IngestReport]]:
    """Ingest the series together, or from an incremental source one by one, so that what was read is kept."""
    if not source.incremental:
        made_on, looked_at = getattr(source, "made_on", None), [] if source.has_vintages else series_ids
        with store.exclusively() as ingest:
            everything = source.observations(series_ids)
            report = ingest(everything, source=source.name, loaded_at=now, seen_on=made_on, looked_at=looked_at)
        yield series_ids, report
        return
    for series_id in series_ids:
        news = source.observations([series_id], since=store.newest_release(series_id, source.name))
        yield [series_id], store.ingest(news, source=source.name, loaded_at=now)


def _event(
    instance: dg.DagsterInstance, key: dg.AssetKey, history: pd.DataFrame, spec: SeriesSpec, today: pd.Timestamp
) -> dg.AssetMaterialization | dg.AssetObservation:
    """A materialization where the history is another than that of the last one."""
    version = content_version(history.drop(columns="series_id"))
    if version == _last_version(instance, key):
        return dg.AssetObservation(key, description="The source has nothing new.")
    tags = version_tags(version, CODE, {}, {})
    return dg.AssetMaterialization(key, metadata=_described(history, spec, today), tags=tags)


def _last_version(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    last = instance.get_latest_materialization_event(key)
    made = last.asset_materialization if last else None
    return made.tags.get(DATA_VERSION_TAG) if made and made.tags else None


def _described(history: pd.DataFrame, spec: SeriesSpec, today: pd.Timestamp) -> dict[str, Any]:
    """What people ask of a series: its newest value, its last and next release, and how much it is revised."""
    known = history[history["value"].notna() & history["realtime_end"].isna()]
    if known.empty:
        return {"dagster/row_count": len(history)}
    newest, due = known.iloc[-1], due_after(pd.DatetimeIndex(known["date"]), spec)
    revised = revisions(history)
    recent = revised[revised["realtime_start"] > today - CHARTED]
    late = ", late" if due.late_from <= today else ""
    return {
        "dagster/row_count": len(history),
        "newest_value": f"{newest['value']:,.6g} {spec.units}",
        "newest_period": spec.period_name(newest["date"]),
        "last_release": f"{history['realtime_start'].max():%Y-%m-%d}",
        "next_release": f"{due.expected:%Y-%m-%d} (expected, for {spec.period_name(due.period)}{late})",
        "revised_values": f"{len(recent):,} in the last two years, {len(revised):,} in all",
        **({"chart_of_revisions": as_metadata(revisions_chart(recent, today))} if len(recent) else {}),
    }
