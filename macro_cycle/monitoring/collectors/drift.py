"""The drift statistics of the open month, as the checks of the regimes found them last."""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg
from prometheus_client.core import Metric

from macro_cycle.monitoring.collectors.collector import gauges, of_cycle

CHECKED = "regime_labels"
CHECKS = ("not_surprised", "occupancy_as_expected", "durations_as_expected", "calibrated")
LOOKED_AT = 50
MONTH_TAGS = ("dagster/partition", "dagster/asset_partition_range_end")
P_VALUE = "p_"


class DriftCollector:
    """`open_month` gives the key of the month whose statistics are shown; there are none until it was checked."""

    def __init__(
        self, instance: Callable[[], dg.DagsterInstance], cycle: str, model_name: str, open_month: Callable[[], str]
    ) -> None:
        self.name = of_cycle("drift", cycle)
        self._instance, self._open_month = instance, open_month
        self._labels = (cycle, model_name)

    def metrics(self) -> Iterator[Metric]:
        """Value and p-value by statistic."""
        instance, month = self._instance(), self._open_month()
        found: dict[str, float] = {}
        for check in CHECKS:
            found |= _newest(instance, dg.AssetCheckKey(dg.AssetKey([self._labels[0], CHECKED]), check), month)
        values = {(*self._labels, name): value for name, value in found.items() if P_VALUE + name in found}
        p_values = {(*self._labels, name): found[P_VALUE + name] for _, _, name in values}
        by = ["cycle", "model_name", "statistic"]
        yield gauges("hmm_drift", "Drift statistic of the open month's model", by, values)
        text = "Probability of a drift statistic as extreme without drift"
        yield gauges("hmm_drift_p_value", text, by, p_values)


def _newest(instance: dg.DagsterInstance, check: dg.AssetCheckKey, month: str) -> Mapping[str, float]:
    """The numbers of the newest evaluation about `month`: Dagster keeps the month with the run, not with the event."""
    for record in instance.event_log_storage.get_asset_check_execution_history(check, limit=LOOKED_AT):
        event = record.event.dagster_event if record.event else None
        if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        run = instance.get_run_by_id(record.run_id)
        if run is not None and month in (run.tags.get(tag) for tag in MONTH_TAGS):
            metadata = event.asset_check_evaluation_data.metadata
            numbers = {name: each.value for name, each in metadata.items() if isinstance(each, dg.FloatMetadataValue)}
            return {name: number for name, number in numbers.items() if number is not None}
    return {}
