"""`python .ops/.grafana/generate.py [FOLDER]` writes the dashboards; a test holds the committed files to it."""

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from model_monitoring import model_monitoring
from regime_analysis import regime_analysis

FOLDER = Path(__file__).with_name("dashboards")


def dashboards() -> dict[str, str]:
    """The content of each file by its name."""
    built = {"model_monitoring": model_monitoring(), "regime_analysis": regime_analysis()}
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{name}.json": encoder.encode(dashboard.build()) + "\n" for name, dashboard in built.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, content in dashboards().items():
        (folder / name).write_text(content)
