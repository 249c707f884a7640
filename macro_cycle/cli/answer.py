"""Today's answer, for people and for programs."""

from typing import Any

import pandas as pd
from rich.table import Table

from macro_cycle.cli.console import answers
from macro_cycle.cli.stores import regime_store
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import Settings, load_settings

STALE_MONTHS = 2


def of_month(month: str, *, retrained: bool) -> dict[str, Any]:
    """The call of the month with what a reader needs to judge it."""
    call = regime_store().last_call(as_of_day(month).date())
    behind = (pd.Timestamp(call.as_of).to_period("M") - pd.Timestamp(call.reference_month).to_period("M")).n
    return {
        "as_of": call.as_of,
        "reference_month": f"{call.reference_month:%Y-%m}",
        "label": call.label,
        "recession_probability": call.recession_probability,
        "probabilities": dict(call.probabilities),
        "model_version": call.model_version,
        "data_version": call.data_version,
        "retrained": retrained,
        "months_behind": behind,
        "addresses": addresses(load_settings()),
    }


def addresses(settings: Settings) -> dict[str, str]:
    """Where each service of the stack answers."""
    base = {
        "Dagster": (settings.dagster.host, settings.dagster.port, ""),
        "MLflow": (settings.mlflow.host, settings.mlflow.port, ""),
        "metrics": (settings.prometheus.host, settings.prometheus.exporter_port, "/metrics"),
        "predictions": (
            settings.kserve.host,
            settings.kserve.port,
            f"/v1/models/{settings.kserve.model_name}:predict",
        ),
    }
    return {name: f"http://{host}:{port}{path}" for name, (host, port, path) in base.items()}


def show(answer: dict[str, Any]) -> None:
    """Print the answer, a bar per regime, and the addresses."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("as of", f"{answer['as_of']:%Y-%m} (open month)")
    table.add_row("newest reference month", answer["reference_month"])
    table.add_row("regime", f"[bold]{answer['label']}[/]")
    table.add_row("recession probability", f"{answer['recession_probability']:.1%}")
    for label, probability in answer["probabilities"].items():
        table.add_row(f"  {label}", f"{probability:6.1%}  {'█' * round(30 * probability)}")
    table.add_row(
        "model",
        answer["model_version"] + ("" if answer["retrained"] else "  (nothing retrained: no new data)"),
    )
    answers.print(table)
    if answer["months_behind"] > STALE_MONTHS:
        answers.print(
            f"[yellow]The newest data are {answer['months_behind']} months old; the bundled sample ends in July 2026. "
            "Set MACRO_CYCLE_SOURCE=fred_api and a key for today's data.[/]"
        )
    answers.print()
    for name, url in answer["addresses"].items():
        answers.print(f"{name:12} {url}", highlight=False)
    predict = answer["addresses"]["predictions"]
    answers.print(
        f'\ncurl -s {predict} -d \'{{"instances": [{{"as_of": "latest"}}]}}\'',
        highlight=False,
        soft_wrap=True,
    )
