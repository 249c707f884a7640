"""Whether the newest model still fits the world: checks that warn and never stop an answer."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from macro_cycle.assets.model import trained_models
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.evaluation.drift import ALARM, Statistic, drift
from macro_cycle.evaluation.track_record import settled_scores
from macro_cycle.platform.months import as_of_day, open_month
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource

CHECKS: dict[str, tuple[tuple[str, ...], str]] = {
    "not_surprised": (("surprise",), "The last three months are not among the least probable of the model's history."),
    "occupancy_as_expected": (("occupancy",), "The last ten years were spent in the regimes as the model expects."),
    "durations_as_expected": (
        ("stay", "turns"),
        "The present stay, and the turns of ten years, have the length and number expected.",
    ),
    "calibrated": (("calibration",), "Probabilities given agree on average with what the NBER then settled."),
}


@dg.multi_asset_check(
    specs=[dg.AssetCheckSpec(name, asset=regime_labels, description=text) for name, (_, text) in CHECKS.items()]
)
def regime_drift(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, panels: PanelResource
) -> Iterator[dg.AssetCheckResult]:
    """Statistics of the run's newest month; those of the open month go to Prometheus too."""
    month = context.op_execution_context.partition_keys[-1]
    trained = next(trained_models(warehouse, panels, [month]))
    statistics = drift(trained.model, trained.panel, _settled(warehouse, month))
    if month == open_month():
        _publish(statistics)
    for name, (prefixes, _) in CHECKS.items():
        found = [statistic for statistic in statistics if statistic.name.startswith(prefixes)]
        yield dg.AssetCheckResult(
            check_name=name,
            passed=not any(statistic.alarming for statistic in found),
            severity=dg.AssetCheckSeverity.WARN,
            description="\n".join(f"{month[:7]}: {statistic.text}" for statistic in found)
            or "not enough settled months",
            metadata={statistic.name: statistic.value for statistic in found}
            | {f"p_{statistic.name}": statistic.p_value for statistic in found}
            | {"alarm_below": ALARM},
        )


def _settled(warehouse: WarehouseResource, month: str) -> pd.DataFrame:
    """The calls of the month ends up to `month`, about what was settled at its end."""
    from macro_cycle.evaluation.scoring import model_record

    scores = model_record(warehouse.regimes().calls()).scores
    return settled_scores(scores[:month], as_of_day(month))


def _publish(statistics: list[Statistic]) -> None:
    from macro_cycle.monitoring.files import use_metric_files

    settings = load_settings()
    use_metric_files(settings)
    from macro_cycle.monitoring.metrics import describe_drift

    describe_drift(settings.kserve.model_name, {s.name: (s.value, s.p_value) for s in statistics})
