"""The share of labels that changed, computed in the database, is that of the stored regimes."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from macro_cycle.evaluation.metrics import label_change_share
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.regimes import Call, RegimeStore

LABELS = np.array(["Expansion", "Contraction"], dtype=object)
ENDS = [date(2008, 8, 31), date(2008, 9, 30), date(2008, 11, 30), date(2008, 12, 31)]


def regimes_at(end: date, generator: np.random.Generator) -> pd.DataFrame:
    """Five years of labels drawn at random."""
    months = pd.date_range(end=pd.Timestamp(end), periods=60, freq="MS", name="reference_month")
    probability = generator.random(60)
    return pd.DataFrame(
        {
            "label": LABELS[(probability > 0.5).astype(int)],
            "recession_probability": probability,
            "filtered_Expansion": 1 - probability,
            "filtered_Contraction": probability,
        },
        index=months,
    )


def test_label_changes_are_those_of_consecutive_stored_month_ends(database_url):
    warehouse = Warehouse(database_url)
    warehouse.migrate()
    store, generator = RegimeStore(warehouse.engine, "us"), np.random.default_rng(0)
    frames = {end: regimes_at(end, generator) for end in ENDS}
    for end, frame in frames.items():
        store.save(frame, Call.newest_of(frame, end, "m", "d"))
    found = store.label_changes()
    assert [day.date() for day in found.index] == [ENDS[1], ENDS[3]]
    for before, now in ((ENDS[0], ENDS[1]), (ENDS[2], ENDS[3])):
        expected = label_change_share(frames[before]["label"], frames[now]["label"], pd.Timestamp(now))
        assert found[pd.Timestamp(now)] == pytest.approx(expected, abs=1e-12)
        assert 0.2 < expected < 0.8
