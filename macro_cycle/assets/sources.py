"""What was known of the series at each month end, cut from the store; what is fetched into it, `series` says."""

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, each, never_kept
from macro_cycle.assets.charts import as_metadata, revisions_chart
from macro_cycle.assets.shown import table
from macro_cycle.automation.conditions import on_new_series
from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Catalog
from macro_cycle.observations.calendar import release_calendar
from macro_cycle.observations.catalog import SeriesSpec
from macro_cycle.observations.quality import Rule, findings, holding_on
from macro_cycle.observations.revisions import revisions
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.versions import content_version
from macro_cycle.records import Snapshot
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.observations import as_of_view

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("series_id", "text", "FRED id of the series"),
        dg.TableColumn("date", "date", "first day of the reference period"),
        dg.TableColumn("value", "double precision", "value as known at the end of the month, in the series' units"),
        dg.TableColumn("realtime_start", "date", "day from which this value was known"),
    ]
)


def fred_series(chain: Chain) -> dg.AssetsDefinition:
    """The asset `fred_series`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("fred_series", "sources") | {"automation_condition": on_new_series()},
        deps=[dg.AssetKey(key) for key in platform.series_keys],
        owners=["team:data-engineering"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        metadata={"dagster/column_schema": COLUMNS, "dagster/table_name": "warehouse.observations"},
    )
    @made_again_after_an_outage
    def asset(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """All observations known at the end of the month for the catalogue's series.

        The data version is a hash of the snapshot, so a fetch without news changes nothing downstream.
        """
        months = Months(context, chain)
        stored = [series_id for series_id in platform.warehouse.series_ids() if series_id in platform.catalog]
        snapshots = _Snapshots(platform, months, stored)
        yield from months.report(lambda keys: each(keys, snapshots.make), _figures, never_kept)

    return asset


class _Snapshots:
    """What was known at each month end, cut from one read of the history, and what is to be found fault with."""

    def __init__(self, platform: Platform, months: Months, series_ids: list[str]) -> None:
        self._platform, self._months, self._series_ids = platform, months, series_ids
        self._history = platform.warehouse.history(series_ids)
        used = list(platform.features.series_ids)
        self._found = findings(self._history[self._history["series_id"].isin(used)], platform.catalog, used)

    def make(self, month: str) -> Made:
        day = as_of_day(month)
        known = as_of_view(self._history, day)
        if known.empty:
            raise MacroCycleError(self._nothing_known(month))
        by_rule = holding_on(self._found, day).groupby("rule", sort=False)["message"]
        found = {Rule(str(rule)): tuple(messages) for rule, messages in by_rule}
        record = Snapshot(
            cycle=self._platform.cycle,
            as_of=day.date(),
            version=content_version(known[["series_id", "date", "value"]]),
            **self._months.made_by_and_from(month),
            problems=tuple(line for rule, lines in found.items() if rule.blocks for line in lines),
            series=known["series_id"].nunique(),
            rows=len(known),
            newest_reference_date=known.loc[known["date"] <= known["realtime_start"], "date"].max().date(),
            newest_release=known["realtime_start"].max().date(),
            findings={rule.value: lines for rule, lines in found.items()},
        )
        return record, self._charts(month) if month == self._months.keys[-1] else {}

    def _charts(self, month: str) -> Metadata:
        """What was due in the month and what came, and how much was revised in the two years before its end."""
        day = min(as_of_day(month), self._platform.clock.today())
        due = release_calendar(self._history, self._platform.catalog, self._series_ids, month, day)
        charts: Metadata = {"newest_values": self._newest(day), "releases": _release_table(due, self._platform.catalog)}
        revised = revisions(self._history[self._history["realtime_start"] <= day])
        if (revised["realtime_start"] > day - pd.DateOffset(months=24)).any():
            charts["chart_of_revised_values"] = as_metadata(revisions_chart(revised, day))
        return charts

    def _newest(self, day: pd.Timestamp) -> dg.MetadataValue:
        """The newest value of each series as known on the day, and how long it had been known."""
        known = as_of_view(self._history, day).dropna(subset="value")
        past = known[known["date"] <= known["realtime_start"]].sort_values("date", kind="stable")
        newest = past.groupby("series_id").tail(1).sort_values("series_id")
        specs = [self._platform.catalog.spec(series_id) for series_id in newest["series_id"]]
        shown = {
            "series": [_titled(spec) for spec in specs],
            "newest value": [f"{v:,.12g} {spec.units}" for v, spec in zip(newest["value"], specs, strict=True)],
            "of": [spec.period_name(day) for day, spec in zip(newest["date"], specs, strict=True)],
            "days since release": (day - newest["realtime_start"]).dt.days.tolist(),
        }
        return table(pd.DataFrame(shown))

    def _nothing_known(self, month: str) -> str:
        first = self._history["realtime_start"].min()
        begins = "holds nothing yet" if pd.isna(first) else f"begins on {first:%Y-%m-%d}"
        return f"nothing was known at the end of {month[:7]}: the history of the source {begins}; take a later month"


def _release_table(due: pd.DataFrame, catalog: Catalog) -> dg.MetadataValue:
    """A row a series: the oldest release that has not come and how many more have not, or the newest that came."""
    rows = [_release(of_series, catalog.spec(str(name))) for name, of_series in due.groupby("series_id", sort=False)]
    return table(pd.DataFrame(rows, columns=["series", "period", "expected", "status"]))


def _release(of_series: pd.DataFrame, spec: SeriesSpec) -> tuple[str, str, pd.Timestamp, str]:
    missing = of_series[of_series["arrived"].isna()]
    row = missing.iloc[0] if len(missing) else of_series.iloc[-1]
    status = row["status"] if len(missing) else f"{row['status']} {row['arrived']:%Y-%m-%d}"
    more = f", and {len(missing) - 1} after it" if len(missing) > 1 else ""
    return _titled(spec), spec.period_name(row["period"]), row["expected"], f"{status}{more}"


def _titled(spec: SeriesSpec) -> str:
    return f"{spec.title} ({spec.series_id})"


def _figures(snapshot: Snapshot) -> Metadata:
    return {
        "series": snapshot.series,
        "dagster/row_count": snapshot.rows,
        "newest_reference_month": f"{snapshot.newest_reference_date:%Y-%m}",
        "newest_release": str(snapshot.newest_release),
    }


def as_of_frames(
    store: Warehouse, months: Sequence[str], series_ids: Sequence[str] | None = None
) -> Iterator[tuple[str, pd.DataFrame]]:
    """What was known at the end of each month, cut from one read of the history."""
    history = store.history(series_ids)
    for month in months:
        yield month, as_of_view(history, as_of_day(month))
