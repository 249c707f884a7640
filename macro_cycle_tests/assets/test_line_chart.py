"""The drawing that Dagster's page shows without a click: short enough, well-formed, and where the shares are."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.assets.line_chart import HEIGHT, LONGEST, STEP, line_chart
from macro_cycle.cycles import shipped

SVG = "{http://www.w3.org/2000/svg}"
probabilities = st.lists(st.floats(0, 1), min_size=2, max_size=300)


def drawing(shares: pd.Series) -> ElementTree.Element:
    address = re.fullmatch(r"!\[p\]\((\S+)\)", line_chart("p", shares, shipped().chronology).md_str)
    assert address is not None
    return ElementTree.fromstring(unquote(address[1].removeprefix("data:image/svg+xml,")))  # noqa: S314 - our own


def monthly(values: list[float], end: str) -> pd.Series:
    return pd.Series(values, index=pd.date_range(end=end, periods=len(values), freq="MS"))


def heights(path: str) -> list[int]:
    """The height of each month along a path of flat stretches and steps."""
    found = [int(path.split("h")[0].split("l")[0].removeprefix("M0,"))]
    for flat, step in re.findall(r"h(\d+)|l1,(-?\d+)", path):
        found += [found[-1]] * int(flat) if flat else [found[-1] + int(step)]
    return found


@given(probabilities, st.sampled_from(["1976-01-01", "2009-08-01", "2026-07-01"]))
def test_it_is_shown_without_a_click_and_draws_the_last_ten_years(values, end):
    shares = monthly(values, end)
    assert len(line_chart("p", shares, shipped().chronology).md_str) < LONGEST
    line = drawing(shares).find(f"{SVG}g/{SVG}path")
    drawn = heights(line.get("d"))
    assert np.allclose(1 - np.array(drawn) / HEIGHT, values[-120:], atol=0.5 / HEIGHT + 1e-9)


def test_it_shades_the_recessions_and_names_its_ends():
    root = drawing(monthly([0.5] * 120, "2009-12-01"))
    shaded = re.findall(r"M(\d+),0h(\d+)v", root.find(f"{SVG}path").get("d"))
    months = pd.date_range(end="2009-12-01", periods=120, freq="MS")
    recessions = [(str(months[int(at) // STEP])[:7], int(wide) // STEP) for at, wide in shaded]
    assert recessions == [("2001-04", 8), ("2008-01", 18)]
    assert [text.text for text in root.iter(f"{SVG}text")] == ["2000-01", "2009-12"]
