"""Where the metrics of all processes are kept. Must be set before `prometheus_client` is first imported."""

import os
from pathlib import Path

from macro_cycle.platform.settings import Settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def use_metric_files(settings: Settings) -> Path:
    """Have `prometheus_client` keep this process's metrics in the files that the exporter reads."""
    folder = settings.home / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(folder)
    return folder
