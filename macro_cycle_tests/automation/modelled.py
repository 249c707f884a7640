"""A model on record as a run leaves it, and a process in which nothing can be fitted."""

import pytest

from macro_cycle.features import build_panel
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.platform.months import as_of_day
from macro_cycle.records import Model
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import train
from macro_cycle.warehouse.models import StoredModel


def with_a_model(platform: Platform, month: str) -> StoredModel:
    """Train the platform's model on what was known at the month's end, and record it."""
    day = as_of_day(month)
    known = platform.warehouse.as_of(day, platform.features.series_ids)
    stored = train(build_panel(known, platform.catalog, platform.features), platform.model_config)
    platform.models.save([stored])
    record = Model(
        cycle=platform.cycle,
        as_of=day.date(),
        version=stored.model_version,
        made_by="1",
        config_version=stored.config_version,
        labels=("Expansion", "Peak", "Contraction", "Trough"),
        metrics=stored.metrics,
        expected_durations={},
        registry_version="1",
        run_id="r",
        reused=False,
    )
    platform.records.append("regime_model", [record])
    return stored


def no_fits(patch: pytest.MonkeyPatch) -> None:
    """Have every fit fail."""

    def refused(*_arguments: object, **_options: object) -> None:
        raise AssertionError("something fits a model")

    patch.setattr("macro_cycle.hmm.fit_windows", refused)
    patch.setattr(MacroCycleHMM, "fit", refused)
