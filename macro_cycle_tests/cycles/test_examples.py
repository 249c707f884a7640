"""The definitions in `examples` are read as a user's own: from a folder beside the shipped ones, with their data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from macro_cycle.cycles import library
from macro_cycle.platform.settings import Settings
from macro_cycle.sources.sample import Sample

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def linked() -> pd.DataFrame:
    definition = library(Settings(cycles_path=EXAMPLES))["us_1939"]
    sample = Sample(definition.catalog(), definition.folder / "us_1939")
    assert set(definition.features.series_ids) <= set(sample.available())
    return sample.observations(sample.available()).pivot(index="date", columns="series_id", values="value")


def test_the_linked_series_are_the_american_sample_s_from_1959_on(linked):
    from macro_cycle.observations import Catalog

    sample = Sample(Catalog.load()).observations(list(linked)).pivot(index="date", columns="series_id", values="value")
    pd.testing.assert_frame_equal(linked["1959":], sample[list(linked)], check_freq=False)


def test_no_series_jumps_where_it_is_linked(linked):
    for name, column in linked.items():
        changes = np.log(column.dropna()).diff()
        around = changes["1957":"1960"].abs()
        assert abs(changes[pd.Timestamp("1959-01-01")]) <= around.max(), name
        assert abs(changes[pd.Timestamp("1959-01-01")]) < 0.05


def test_each_series_begins_where_its_note_says(linked):
    first = {name: f"{column.first_valid_index():%Y-%m}" for name, column in linked.items()}
    since_1939 = dict.fromkeys(("PAYEMS", "MANEMP", "USGOOD", "AWHMAN"), "1939-01")
    assert first == {"INDPRO": "1919-01", "UNRATE": "1948-01", **since_1939}
