"""The page loads nothing, carries its data, says why something is empty, and draws no probability beyond [0, 1]."""

import base64
import csv
import io
import json
import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from macro_cycle.evaluation.report import Present, drawings, page
from macro_cycle.evaluation.rivals import simple_rivals
from macro_cycle.evaluation.track_record import Record
from macro_cycle_tests.evaluation.made_up import DEFINITION, made_up, said


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]


@pytest.fixture(scope="module")
def found():
    return made_up(said(), simple_rivals())


@pytest.fixture(scope="module")
def html(found) -> str:
    return page(found, DEFINITION.title, DEFINITION.chronology, present())


def present(**changes) -> Present:
    stands = {
        "as_of": date(2026, 9, 30),
        "reference_month": date(2026, 8, 1),
        "label": "Expansion",
        "recession_probability": 0.02,
        "months_behind": 1,
        "rests_on": "true vintages",
        "declared": "expansion",
        "since": date(2020, 7, 2),
    }
    return Present(**{**stands, **changes})


def test_the_page_loads_nothing_from_anywhere(html):
    seen = Seen()
    seen.feed(html)
    assert {"svg", "table"} <= set(seen.tags)
    assert not {"script", "link", "img", "iframe"} & set(seen.tags)
    assert all(source.startswith(("#", "data:")) for source in seen.sources)
    assert "url(" not in html


def test_every_download_holds_its_rows_in_both_forms(html):
    links = dict(re.findall(r'download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', html))
    names = {name.rsplit(".", 1)[0] for name in links}
    assert {"declarations", "figures", "tests", "reliability", "phases", "onsets", "answers", "since-2022"} <= names
    for name in names:
        rows = json.loads(base64.b64decode(links[f"{name}.json"]))
        table = list(csv.DictReader(io.StringIO(base64.b64decode(links[f"{name}.csv"]).decode())))
        assert len(rows) == len(table) > 0


def test_the_kind_of_history_is_said_and_no_more_is_claimed(html):
    assert "one vintage with publication lags" in html
    assert "Nothing published after" not in html


def test_text_from_outside_is_no_markup(found):
    document = {**found.document, "left_out": ["Term <b>spread</b>"]}
    told = page(type(found)(document, found.records), "<script>", DEFINITION.chronology)
    assert "Term &lt;b&gt;spread" in told
    assert "<script>" not in told


def test_a_record_too_short_for_a_figure_says_so_in_each_section():
    short = made_up(said("2026-01-01", "2026-06-01"))
    told = page(short, DEFINITION.title, DEFINITION.chronology, present())
    for line in (
        "Too few months are settled",
        "No rival can be compared yet",
        "No forecast is on file",
        "not explained",
    ):
        assert line in told
    assert "nan" not in re.sub(r"base64,[^\"]+", "", told).lower().replace("finance", "")


def test_nothing_that_moved_is_said_and_not_drawn(found):
    told = page(found, "x", DEFINITION.chronology, present(before=0.0199, parts=[("new data: INDPRO", 1e-6)]))
    assert "Nothing moved" in told


@pytest.mark.parametrize("steps", [[("up", 0.9), ("down", -0.95)], [("down", -0.9), ("up", 1.4)], [("a", 0.001)]])
def test_a_waterfall_stays_between_0_and_1_and_names_both_lines(steps):
    drawn = drawings.waterfall(0.4, steps, 0.35)
    left, right = drawings.STEPS, drawings.WIDTH - 60
    for x, width in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn):
        assert float(x) >= left - 0.1
        assert float(x) + float(width) <= right + 1.1
    assert "before 0.400" in drawn
    assert "after 0.350" in drawn


def test_shading_lies_behind_every_line_and_covers_no_legend(html):
    record = html[html.index('id="answers"') :]
    svg = record[record.index("<svg") : record.index("</svg>")]
    assert svg.rindex("var(--shade)") < svg.index("<polyline")
    tops = [float(y) for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', svg)]
    legend = float(re.search(r'<text x="\d+" y="(\d+)" font-size="13" fill="var\(--us\)"', svg)[1])
    assert min(tops) > legend


def test_no_line_is_drawn_over_a_hole_and_one_month_is_a_dot():
    months = pd.DatetimeIndex(["2001-01-31", "2001-02-28", "2001-03-31", "2010-06-30", "2022-01-31", "2022-02-28"])
    drawn = drawings.lines({"Model": pd.Series(0.1, months)}, [])
    lines = [line.split() for line in re.findall(r'<polyline points="([^"]+)"', drawn)]
    assert [len(points) for points in lines] == [3, 2]
    assert drawn.count("<circle") == 1


def test_names_of_lines_stay_on_the_drawing_and_above_the_lines():
    names = ["Macro Cycle", "Term spread a year before", "Activity index, real-time logit", "Sahm rule"]
    months = pd.date_range("2022-01-31", periods=9, freq="ME")
    drawn = drawings.lines({name: pd.Series(1.0, months) for name in names}, [])
    placed = re.findall(r'<text x="(\d+)" y="(\d+)" font-size="13" fill="[^"]+">([^<]+)</text>', drawn)
    boxes = [(int(x), int(x) + drawings.LETTER * len(name), int(y)) for x, y, name in placed]
    assert [name for _, _, name in placed] == names
    assert all(right <= drawings.WIDTH for _, right, _ in boxes)
    assert all(b[0] >= a[1] for a, b in pairwise(boxes) if a[2] == b[2])
    highest = min(float(y) for y in re.findall(r"[\d.]+,([\d.]+)", " ".join(re.findall(r'points="([^"]+)"', drawn))))
    assert highest > max(y for _, _, y in boxes)


def test_a_record_without_the_years_since_2022_says_why_nothing_is_drawn_and_what_fills_it():
    months = pd.date_range("2023-01-01", periods=9, freq="MS")
    rule = Record("rule", "Rule", pd.DataFrame({"reference_month": months, "score": 0.1}, months), probability=False)
    found = made_up(said("2000-06-01", "2002-06-01"), given=[rule])
    document = {**found.document, "commands": {"lately": "macro-cycle backfill --from 2022-01 --to 2026-10"}}
    told = page(type(found)(document, found.records), "x", DEFINITION.chronology)
    lately = told[told.index('id="lately"') : told.index('id="figures"')]
    assert "No answer of these years is in this record" in lately
    assert "backfill --from 2022-01 --to 2026-10" in lately
    assert "<svg" not in lately


def test_a_recession_outside_the_record_is_said_to_be_so_and_not_counted():
    found = made_up(said("2000-06-01", "2002-06-01"))
    told = page(found, "x", DEFINITION.chronology)
    days = told[told.index('id="days"') : told.index('id="lately"')]
    assert "Not in this record, so neither found nor missed" in days
    assert "2007-12 to 2009-06" in days
    assert "1 of 1" in days


def test_each_cell_of_a_wide_table_names_its_column_for_narrow_screens(html):
    for table in re.findall(r'<div class="scroll wide">(.*?)</div>', html, re.S):
        head = re.findall(r"<th>(.*?)</th>", table)
        for row in re.findall(r"<tr[^>]*>(<td.*?)</tr>", table):
            assert re.findall(r'data-of="(.*?)"', row) == head
