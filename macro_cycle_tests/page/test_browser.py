"""In a browser, from disk: at both sizes and in both themes the page shows what the record says, of any chosen day."""

import importlib.util
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from macro_cycle.page import words
from macro_cycle.page.site import site
from macro_cycle.page.words import SPACE
from macro_cycle_tests.page.browser import Tab, browser, chromium
from macro_cycle_tests.page.worlds import ENDS, recorded, without_answers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium: apt-get install chromium"),
]

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
CRISIS = 32  # September 2008
AXE = ("wcag2a", "wcag2aa", "wcag21aa", "best-practice")

each_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
each_theme = pytest.mark.parametrize("theme", ["light", "dark"])
each_page = pytest.mark.parametrize("name", ["index.html", "us/index.html", "us/card.html", "xx/index.html"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    for name, content in site([recorded(), without_answers("xx")]).items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def tab(shared: Tab) -> Tab:
    """The browser's tab, in which nobody has chosen a theme."""
    shared.run("try { localStorage.clear() } catch { 0 }")
    return shared


@pytest.fixture
def page(folder: Path) -> str:
    return (folder / "us" / "index.html").as_uri()


def said(tab: Tab) -> str:
    return tab.run("document.querySelector('.sentence').textContent")


@each_page
@each_size
@each_theme
def test_it_opens_from_disk_without_complaint_and_asks_nobody(tab, folder, name, size, theme):
    tab.open((folder / name).as_uri(), *size, theme)
    assert tab.complaints == []
    assert {url.split(":")[0] for url in tab.requests} <= {"file", "data"}
    assert tab.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing is wider than the window"
    assert tab.run("getComputedStyle(document.documentElement).colorScheme") == theme
    beyond = (
        "[...document.querySelectorAll('section')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    assert tab.run(beyond) == [], "nothing is wider than its panel"


@each_size
def test_the_slider_goes_to_a_past_day_by_keyboard_and_everything_follows(tab, page, size):
    tab.open(page, *size)
    contents = recorded()
    assert said(tab) == contents.newest.sentence
    tab.run("document.getElementById('travel').focus()")
    tab.press("Home")
    assert said(tab) == contents.answers[0].sentence
    tab.press("ArrowRight", CRISIS)
    crisis = contents.answers[CRISIS]
    assert tab.text("#travel-day") == "30 September 2008"
    assert said(tab) == crisis.sentence
    assert tab.text("#label") == "Contraction"
    assert "Contraction 93.0" in tab.run("document.querySelector('#clock svg').getAttribute('aria-label')")
    assert tab.run("document.getElementById('travel').getAttribute('aria-valuetext')").startswith("As of 30 September")
    assert tab.text("#model") == crisis.model_version
    assert "20.0" in tab.text("#moved-lead")
    assert "50.0" in tab.text("#moved-lead")
    tab.press("End")
    assert said(tab) == contents.newest.sentence


def test_on_a_past_day_nothing_is_shown_that_was_not_known_on_it(tab, page):
    def shading() -> int:
        return tab.run("document.querySelectorAll('#history .shade').length")

    def seen(selector: str) -> int:
        return tab.run(
            f"[...document.querySelectorAll({json.dumps(selector)})].filter(e => e.checkVisibility()).length"
        )

    tab.open(page)
    assert (shading(), seen("#fan svg"), seen("#radar-title"), seen("#declared-title ~ table")) == (1, 1, 1, 0)
    assert seen("[data-from]") == 2
    tab.open(f"{page}#2008-09-30")
    assert (shading(), seen("#fan svg"), seen("#radar-title"), seen("[data-from]")) == (0, 0, 0, 1)
    assert seen(".now-line") == 0
    tab.open(f"{page}#2008-12-05")
    assert shading() == 1, "the NBER said on 1 December 2008 that a recession had begun"
    assert tab.text("#travel-day") == "5 December 2008"
    assert said(tab) == recorded().answers[ENDS.index(ENDS[CRISIS + 2])].sentence
    tab.run("document.getElementById('travel-today').click()")
    tab.settle()
    assert (shading(), seen("#fan svg")) == (1, 1)


def test_within_a_gap_of_the_record_nothing_is_drawn_and_the_page_says_so(tab, tmp_path):
    whole = recorded()
    kept = [i for i, end in enumerate(ENDS) if not date(2009, 3, 1) < end < date(2010, 10, 1)]
    series = [each.model_copy(update={"newest": tuple(each.newest[i] for i in kept)}) for each in whole.series]
    gapped = whole.model_copy(update={"answers": tuple(whole.answers[i] for i in kept), "series": tuple(series)})
    for name, content in site([gapped]).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    page = (tmp_path / "us" / "index.html").as_uri()
    tab.open(page)
    assert tab.run("document.querySelectorAll('#history .said-line').length") == 2
    assert tab.run("document.querySelectorAll('#clock .trail').length") == 2, "October, November and December 2010"
    tab.open(f"{page}#2009-12-15")
    assert tab.text("#standing") == "As known on 28 February 2009"
    assert tab.text("#caveat").startswith(
        "The record has no answer between 28 February 2009 and 31 October 2010: this is the last one before 15 December"
    )
    assert tab.text("#ages tbody tr td:nth-of-type(2)") == next(
        words.age(each.newest[kept.index(37)], each.frequency, ENDS[37]) for each in whole.series
    )
    tab.open(f"{page}#2009-03-15")
    assert tab.text("#standing") == "As known on 15 March 2009"
    assert "no answer" not in tab.text("#caveat")


def test_a_day_can_be_typed_and_a_press_in_the_history_chooses_one(tab, page):
    tab.open(page)
    typed = "field.value = '2008-10-15'; field.dispatchEvent(new Event('change'))"
    tab.run(f"{{ const field = document.getElementById('travel-date'); {typed} }}")
    tab.settle()
    assert tab.text("#travel-day") == "15 October 2008"
    assert tab.text("#label") == "Contraction"
    box = tab.run("(b => [b.left + 60, b.top + 80])(document.querySelector('#history svg').getBoundingClientRect())")
    tab.run(f"window.scrollTo(0, {box[1]} - 300)")
    tab.settle()
    x, y = tab.run("(b => [b.left + 60, b.top + 80])(document.querySelector('#history svg').getBoundingClientRect())")
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        tab.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    tab.settle()
    assert tab.text("#travel-day").endswith("2006")


def test_the_theme_is_chosen_and_kept(tab, page):
    tab.open(page, theme="light")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    tab.run("document.getElementById('theme').focus()")
    tab.press("Enter")
    assert tab.run(scheme) == "dark"
    tab.open(page, theme="light")
    assert tab.run(scheme) == "dark"


@each_theme
def test_on_paper_it_is_dark_on_white_without_controls(tab, page, theme):
    tab.open(page, theme=theme, medium="print")
    assert tab.run("getComputedStyle(document.body).color") == "rgb(26, 29, 33)"
    shown = "[...document.querySelectorAll('button, input, nav, .downloads')].filter(e => e.checkVisibility()).length"
    assert tab.run(shown) == 0
    tab.run("document.documentElement.dataset.theme = 'dark'")
    assert tab.run("getComputedStyle(document.body).color") == "rgb(26, 29, 33)"


def test_every_control_is_reached_by_the_tab_key(tab, page):
    tab.open(page)
    reached = set()
    for _ in range(60):
        tab.press("Tab")
        reached.add(tab.run("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"theme", "travel", "travel-date", "All", "20 years", "CSV", "JSON", "card"} <= reached


@pytest.mark.skipif(importlib.util.find_spec("axe_core_python") is None, reason="pip install axe-core-python")
@each_page
@each_size
@each_theme
def test_axe_finds_nothing_that_keeps_anybody_out(tab, folder, name, size, theme):
    tab.open((folder / name).as_uri(), *size, theme)
    tab.run(_axe())
    options = {"runOnly": {"type": "tag", "values": list(AXE)}}
    found: list[dict[str, Any]] = tab.run(f"axe.run(document, {json.dumps(options)}).then(found => found.violations)")
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found] == []


def _axe() -> str:
    found = importlib.util.find_spec("axe_core_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8") + "; 1"


def test_numbers_on_the_page_are_those_of_the_record(tab, page):
    tab.open(page)
    shown = tab.run("[...document.querySelectorAll('#bars b')].map(e => e.textContent)")
    assert [text.replace(SPACE, " ") for text in shown] == ["95.0 %", "5.0 %", "under 0.1 %", "under 0.1 %"]
