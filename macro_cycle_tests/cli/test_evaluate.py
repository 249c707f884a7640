"""`evaluate` as a person asks it of a folder of vintages: the figures, and what they rest on."""

import json
from pathlib import Path

import pandas as pd
import pytest

from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample

COLUMNS = {"INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN", "HOUST", "PERMIT", "GS10", "FEDFUNDS"}


@pytest.fixture
def vintages(tmp_path) -> Path:
    """A folder of two vintages made of the sample's months from 1994 on, as FRED-MD writes them."""
    folder, sample = tmp_path / "vintages", Sample(Catalog.load())
    folder.mkdir()
    facts = sample.observations(sorted(COLUMNS))
    monthly = facts.assign(month=facts["date"].dt.to_period("M")).groupby(["month", "series_id"])["value"].mean()
    table = monthly.unstack()["1994-01":].rename(columns={"ICSA": "CLAIMSx", "CMRMTSPL": "CMRMTSPLx"})
    for vintage in ("2001-11", "2002-02"):
        rows = table[: pd.Period(vintage, "M") - 1]
        rows = rows.set_axis([f"{m.month}/1/{m.year}" for m in rows.index]).rename_axis("sasdate")
        codes = ",".join(["Transform:", *("1" for _ in rows)])
        head, *body = rows.to_csv().splitlines()
        (folder / f"{vintage}.csv").write_text("\n".join([head, codes, *body]) + "\n")
    return folder


def test_a_folder_of_vintages_is_walked_forward_and_says_what_it_rests_on(told, vintages):
    code, output, errors = told("evaluate", "--vintages", str(vintages), "--every", "12", "--json")
    assert code == 0, errors
    found = json.loads(output)
    assert found["last_as_of"] == "2002-02"
    assert found["rests_on"].startswith("over 99 % one vintage with publication lags")
    assert "under 1 % true vintages" in found["rests_on"]
    assert found["figures"][0]["months"] > 24
    assert found["declarations"][0]["peak"]["turning_points"] == 1
