"""What a newcomer does first in Dagster's page, done there by mouse and keyboard: docs/dagster-ui.md, step by step.

A retraining that a release causes, and a refusal by hand upon it, are in `automation/test_daemon.py`, where releases
come.
"""

import re

import httpx
import pytest

from macro_cycle_tests.page.browser import browser, chromium
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.stack.dagster_page import DagsterPage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium: apt-get install chromium"),
]

NOT_FOR_PEOPLE = re.compile(r"\bNaT\b|\bnan\b|\binf\b|\bnull\b|\d\.\d{8,}|\d{4}-\d\d-\d\d[ T]00:00")
OF_THE_MONTH = {
    "us/fred_series": ("Industrial Production Index (INDPRO)", "releases", "newest_values"),
    "us/macro_features": ("newest_row", "TERM_SPREAD"),
    "us/regime_model": ("mlflow", "version 1", "expected_months_in_expansion"),
    "us/regime_labels": ("the open month", "a_recession_begins", "ten_years", "chart_of_regimes"),
    "us/declared_phase": ("declared_phase", "answers_by_day"),
    "us/regime_news": ("There is no answer for the month end before", "materialize that month first"),
    "us/champion": ("mlflow", "version 1", "every condition holds", "any number"),
    "us/feast_materialization": ("feature_views", "economy = US"),
    "us/kserve_deployment": ("endpoint", "mlflow", "version 1", "V1 and V2 answered"),
    "br/regime_labels": ("the open month", "a_recession_begins", "ten_years", "chart_of_regimes"),
}
WITHOUT_MONTHS = {
    "sample/UNRATE": ("Unemployment Rate", "first difference", "Percent", "monthly", "fred.stlouisfed.org"),
    "us/real_time_evaluation": ("No call is about a month that is settled yet",),
    "us/published_record": ("entries",),
    "us/current": ("probability of a recession", "ten_years", "endpoint", "mlflow", "page"),
}
FIRST, LAST, DAY = "2008-01-01", "2008-02-01", "2008-02-29"
TYPED = "document.getElementById('travel-date')"


@pytest.fixture(scope="module")
def dagster(stack, first_run, tmp_path_factory):
    with browser(tmp_path_factory.mktemp("browser") / "profile") as tab:
        yield DagsterPage(tab, stack.url("dagster"))


@pytest.fixture(scope="module")
def month(first_run) -> str:
    return f"{first_run['as_of'][:7]}-01"


def test_the_graph_is_shown_by_its_groups(dagster):
    dagster.go("/asset-groups")
    dagster.reads("sources", "features", "model", "regimes", "serving")


def test_all_checks_of_an_asset_can_be_executed(dagster):
    dagster.go("/assets/us/regime_labels?view=checks")
    dagster.reads("Execute all")


@pytest.mark.parametrize("asset", OF_THE_MONTH)
def test_a_month_of_an_asset_says_what_people_look_for_and_nothing_raw(dagster, month, asset):
    dagster.go(f"/assets/{asset}?view=partitions&partition={month}")
    name = asset.split("/")[1]
    assert NOT_FOR_PEOPLE.findall(dagster.reads(name, "Latest materialization", *OF_THE_MONTH[asset])) == []


@pytest.mark.parametrize("asset", WITHOUT_MONTHS)
def test_an_asset_without_months_says_what_people_look_for_and_nothing_raw(dagster, asset):
    dagster.go(f"/assets/{asset}")
    name = asset.split("/")[1]
    assert NOT_FOR_PEOPLE.findall(dagster.reads(name, "Latest materialization", *WITHOUT_MONTHS[asset])) == []


def test_the_page_says_what_a_partition_is_and_how_to_decide_by_hand(dagster):
    dagster.go("/assets/us/champion")
    dagster.reads("what was known at the end of November 2026", "outcome: refuse, reason")


def test_a_chart_is_shown_without_a_click(dagster):
    dagster.go("/assets/us/current")
    dagster.reads("probability of a recession")
    dagster.tab.until("[...document.images].some(i => i.alt === 'recession probability' && i.naturalWidth > 200)")
    dagster.picture("current")


def test_an_asset_is_materialized(dagster):
    dagster.go("/assets/us/current")
    dagster.reads("The present")
    dagster.press("Materialize")
    dagster.launched()
    dagster.reads("Succeeded (1)")
    dagster.picture("run")


def test_lineage_leads_from_a_series_to_the_endpoint(dagster):
    dagster.go("/assets/sample/UNRATE?view=lineage&lineageScope=downstream&lineageDepth=9")
    dagster.reads("UNRATE", *("fred_series", "macro_features", "regime_model", "champion", "kserve_deployment"))
    dagster.picture("lineage")


def test_past_months_are_backfilled_and_the_page_shows_a_past_day(stack, dagster):
    dagster.go("/locations/macro_cycle/jobs/us_whole_graph")
    dagster.reads("Every asset, for one month")
    dagster.press("Materialize all…")
    dagster.choose_months(FIRST, LAST)
    dagster.reads("2 partitions")
    dagster.picture("backfill")
    dagster.press("Launch backfill")
    dagster.launched()

    dagster.go(f"/assets/us/regime_labels?view=partitions&partition={LAST}")
    dagster.reads("2008-02, a closed month: what was known then")
    dagster.picture("partition")

    said = httpx.get(f"{stack.url('page')}/us/data/answers.json", timeout=PATIENCE).raise_for_status().json()
    assert {"2008-01-31", DAY} <= {answer["as_of"] for answer in said}
    [then] = [answer for answer in said if answer["as_of"] == DAY]
    dagster.tab.open(f"{stack.url('page')}/us/")
    dagster.tab.until("!!document.getElementById('travel-date')")
    dagster.tab.run(f"(f => {{ f.value = '{DAY}'; f.dispatchEvent(new Event('change')); }})({TYPED})")
    dagster.tab.until("document.getElementById('travel-day').innerText === '29 February 2008'")
    assert dagster.tab.text("#label") == then["label"]
