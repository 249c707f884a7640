"""Whether the newest model still fits the world: checks that warn and never stop an answer."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain
from macro_cycle.assets.checks import months_of
from macro_cycle.assets.model import stored_model
from macro_cycle.assets.shown import rounded
from macro_cycle.evaluation.drift import ALARM, Statistic, drift
from macro_cycle.evaluation.track_record import settled_scores
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Model
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

CHECKS: dict[str, tuple[tuple[str, ...], str]] = {
    "not_surprised": (("surprise",), "The last three months are not among the least probable of the model's history."),
    "occupancy_as_expected": (("occupancy",), "The last ten years were spent in the regimes as the model expects."),
    "durations_as_expected": (
        ("stay", "turns"),
        "The present stay, and the turns of ten years, have the length and number expected.",
    ),
    "calibrated": (("calibration",), "Probabilities given agree on average with what was then settled."),
}


def regime_drift(chain: Chain) -> dg.AssetChecksDefinition:
    """The checks of drift on `regime_labels`."""
    platform = chain.platform

    @dg.multi_asset_check(
        name=chain.own("regime_drift"),
        specs=[
            dg.AssetCheckSpec(name, asset=chain.key("regime_labels"), description=text, partitions_def=chain.months)
            for name, (_, text) in CHECKS.items()
        ],
        can_subset=True,
    )
    @made_again_after_an_outage
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """Statistics of the run's newest month."""
        month = months_of(context, platform)[-1]
        trained = stored_model(platform, platform.records.one("regime_model", Model, month))
        statistics = drift(trained.model, trained.panel, _settled(platform, month))
        for name in sorted(key.name for key in context.selected_asset_check_keys):
            prefixes, _ = CHECKS[name]
            yield _result(month, name, [each for each in statistics if each.name.startswith(prefixes)])

    return checks


def _result(month: str, name: str, found: list[Statistic]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=not any(statistic.alarming for statistic in found),
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(f"{month[:7]}: {statistic.text}" for statistic in found) or "not enough settled months",
        metadata=rounded(
            {statistic.name: statistic.value for statistic in found}
            | {f"p_{statistic.name}": statistic.p_value for statistic in found}
            | {"alarm_below": f"p = {ALARM}"}
        ),
    )


def _settled(platform: Platform, month: str) -> pd.DataFrame:
    """The calls of the month ends up to `month`, about what was settled at its end."""
    from macro_cycle.evaluation.scoring import model_record

    scores = model_record(platform.regimes.calls()).scores
    return settled_scores(scores[:month], as_of_day(month), platform.chronology)
