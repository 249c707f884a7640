"""What a collector is, and gauges in one line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric

Labels = TypeVar("Labels", bound=tuple[str, ...])


class RecordCollector(Protocol):
    """Reads one place; `name` is its label in `macro_cycle_collector_up`."""

    name: str

    def metrics(self) -> Iterator[Metric]:
        """What is found now; raises where it cannot be found out."""
        ...


def of_cycle(name: str, cycle: str) -> str:
    """The name of a collector that reads one of a cycle's places."""
    return f"{cycle}/{name}"


def gauge(name: str, text: str, value: float, **labels: str) -> Metric:
    """A gauge with one value."""
    return gauges(name, text, tuple(labels), {tuple(labels.values()): value})


def gauges(name: str, text: str, labels: Iterable[str], values: Mapping[Labels, float]) -> Metric:
    """A gauge with a value for each combination of labels."""
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for combination, value in values.items():
        family.add_metric(combination, value)
    return family
