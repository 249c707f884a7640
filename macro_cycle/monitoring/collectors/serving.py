"""The model server's own metrics; while it does not answer, the counts that it wrote last and no figure of a model."""

from collections.abc import Iterator
from pathlib import Path

import httpx
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from macro_cycle.monitoring.counters import kept_counts
from macro_cycle.monitoring.metrics import COUNTS, FAMILIES

ANSWER_SECONDS = 3.0


class ServingCollector:
    """Relays what `url`, the model server's `/metrics`, says; `counts` is the file that the server keeps."""

    name = "serving"

    def __init__(self, url: str, counts: Path) -> None:
        self._url, self._counts = url, counts

    def metrics(self) -> Iterator[Metric]:
        """The platform's families of the server, and no others."""
        try:
            response = httpx.get(self._url, timeout=ANSWER_SECONDS, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            yield from kept_counts(COUNTS, self._counts)
            return
        for family in text_string_to_metric_families(response.text):
            if family.name in FAMILIES:
                yield family
