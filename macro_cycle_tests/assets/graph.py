"""Materializing parts of the graph in this process, and reading back what a month then holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from macro_cycle.definitions import build
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.versions import content_version
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse import Warehouse

CHAIN = ("fred_series", "macro_features", "regime_model", "regime_labels")


def with_the_sample(platform: Platform) -> Warehouse:
    """The platform's warehouse, holding what the sample has of the catalogue's series."""
    source = Sample(platform.catalog)
    platform.warehouse.ingest(source.observations(source.available()), source="sample")
    return platform.warehouse


def materialize(
    instance: dg.DagsterInstance,
    assets: Sequence[str],
    first: str,
    last: str | None = None,
    *,
    succeeds: bool = True,
    platform: Platform | None = None,
    checked: bool = True,
    fetched: bool = True,
    **config: object,
) -> dg.ExecuteInProcessResult:
    """Run assets and their checks for one month, or for a range in one run; `config` is that of assets by name.

    fetched: whether the series are asked for along with the snapshot.
    """
    platform = platform or Platform.from_environment()
    defs = build(platform)
    tags = {"dagster/partition": first}
    if last is not None:
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    selected = frozenset(dg.AssetKey([platform.cycle, asset]) for asset in assets)
    if "fred_series" in assets and fetched:
        selected |= {dg.AssetKey(key) for key in platform.series_keys}
    result = job.get_subset(
        asset_selection=selected, asset_check_selection=None if checked else frozenset()
    ).execute_in_process(
        instance=instance,
        tags=tags,
        raise_on_error=succeeds,
        partition_key=first if last is None else None,
        run_config={"ops": {f"{platform.cycle}__{asset}": {"config": value} for asset, value in config.items()}},
    )
    assert result.success is succeeds
    return result


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The first line of the error that failed a run."""
    [event] = [event for event in result.all_events if event.is_step_failure]
    message = event.step_failure_data.error.cause.message.strip().splitlines()[0]
    return message.removeprefix("macro_cycle.errors.MacroCycleError: ")


@dataclass(frozen=True)
class Month:
    """Everything that a month's partition holds, as versions of content."""

    snapshot: str
    panel: str
    model: str
    regimes: str
    answer: tuple


def stored(month: str, platform: Platform) -> Month:
    """What the stores hold of the month."""
    day, regimes = as_of_day(month), platform.regimes
    call = regimes.last_call(day.date())
    return Month(
        snapshot=content_version(platform.warehouse.as_of(day)[["series_id", "date", "value"]]),
        panel=content_version(platform.panels.read(month)),
        model=call.model_version,
        regimes=content_version(regimes.load(day.date())),
        answer=(call.label, call.recession_probability, tuple(call.probabilities.items())),
    )


def data_versions(instance: dg.DagsterInstance, asset: str) -> dict[str, str]:
    """Newest data version of each materialized month of an asset."""
    records = instance.fetch_materializations(dg.AssetKey(["us", asset]), limit=10_000, ascending=True).records
    return {r.partition_key: r.asset_materialization.tags["dagster/data_version"] for r in records}


def shifted(observations: pd.DataFrame, after: pd.Timestamp, factor: float) -> pd.DataFrame:
    """Revisions of every observation known by `after`, published the day after it."""
    revised = observations[observations["realtime_start"] <= after]
    return revised.assign(value=revised["value"] * factor, realtime_start=after + pd.Timedelta(days=1), estimated=False)
