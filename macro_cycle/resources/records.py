"""The IO manager of records: an asset receives those of its months by name, and cannot receive anything else."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from macro_cycle.errors import MacroCycleError
from macro_cycle.records import Answer, Decision, Declared, Deployment, Explanation, Model, Panel, Record, Snapshot
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

KINDS: dict[str, type[Record]] = {
    "fred_series": Snapshot,
    "macro_features": Panel,
    "regime_model": Model,
    "regime_labels": Answer,
    "declared_phase": Declared,
    "regime_news": Explanation,
    "champion": Decision,
    "kserve_deployment": Deployment,
}


class RecordIOManager(dg.IOManager):
    """Reads records from the warehouse, by cycle, asset and month; `platforms` are by cycle."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = dict(platforms)

    @made_again_after_an_outage
    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Keep what an asset hands on; the monthly assets have kept each month's record before they report it."""
        if obj is not None:
            made = list(obj.values()) if isinstance(obj, dict) else [obj]
            cycle, asset = context.asset_key.path
            self._platforms[cycle].records.append(asset, made)

    @made_again_after_an_outage
    def load_input(self, context: dg.InputContext) -> dict[str, Record]:
        """The records of the run's months, as `received` gives them."""
        cycle, asset = context.asset_key.path
        return received(self._platforms[cycle], asset, list(context.asset_partition_keys))


def received(platform: Platform, asset: str, months: Sequence[str]) -> dict[str, Record]:
    """The records of an asset, by month. In a range those that could not be made are left out.

    Raises:
        MacroCycleError: none of the months has a record; the line says what to materialize first.
    """
    kind = KINDS[asset]
    if len(months) == 1:
        return {months[0]: platform.records.one(asset, kind, months[0])}
    found: dict[str, Record] = dict(platform.records.load(asset, kind, months))
    if not found:
        raise MacroCycleError(f"no month has {asset}; materialize {asset} for {months[0][:7]} and later first")
    return found
