"""The page loads nothing, carries its data, says why something is empty, and draws no probability beyond [0, 1]."""

import base64
import csv
import io
import json
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from macro_cycle.evaluation.report import Present, drawings, page
from macro_cycle.evaluation.rivals import simple_rivals
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
