"""Variants compared are what each walk-forward by itself says, wherever it ran."""

import pandas as pd
import pytest

from macro_cycle.cycles import shipped
from macro_cycle.cycles.variants import variants
from macro_cycle.evaluation.comparison import Ground, compare
from macro_cycle.evaluation.metrics import auroc, brier
from macro_cycle.evaluation.walk_forward import walk_forward
from macro_cycle.sources.base import known_on
from macro_cycle.sources.sample import Sample

US = shipped()
CATALOG = US.catalog()
MONTHS = pd.date_range("2004-01-01", "2010-12-01", freq="MS")
DAY = pd.Timestamp("2015-01-01")


@pytest.fixture(scope="module")
def ground() -> Ground:
    rows = Sample(CATALOG).observations(US.features.series_ids)
    history = rows.assign(realtime_end=pd.NaT).sort_values(["series_id", "date"], ignore_index=True)
    return Ground(history, CATALOG, US.chronology, MONTHS, DAY, every=12)


def test_each_variant_has_the_figures_of_its_own_walk_forward(ground):
    wanted = variants(US, {"model.winsor": [3, 5]})
    frames = [(month, known_on(ground.history, month + pd.offsets.MonthEnd(0))) for month in MONTHS]
    for variant, row in zip(wanted, compare(wanted, ground), strict=True):
        said = walk_forward(frames, CATALOG, variant.features, variant.config, every=12)
        truth = US.chronology.recession_indicator(pd.DatetimeIndex(said["reference_month"]))
        assert (row["variant"], row["months"]) == (variant.name, said["reference_month"].nunique())
        assert row["auroc"] == pytest.approx(auroc(said["score"], truth), abs=1e-12)
        assert row["brier"] == pytest.approx(brier(said["score"], truth), abs=1e-12)
