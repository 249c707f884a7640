"""The page of a running stack shows what the endpoint answers, to the digit, and whoever has it is told so."""

import httpx
import pytest

from macro_cycle_tests.page.browser import browser, chromium
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.stack.running import Stack

pytestmark = pytest.mark.slow


def shown(stack: Stack, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{stack.url('page')}{path}", headers=headers, timeout=PATIENCE)


def test_the_page_says_what_the_endpoint_says_to_the_digit(stack, first_run):
    served = stack.predict()
    newest = shown(stack, "/us/data/answers.json").raise_for_status().json()[-1]
    assert newest["recession_probability"] == served["recession_probability"] == first_run["recession_probability"]
    assert newest["label"] == served["label"]
    assert newest["model_version"] == first_run["model_version"]
    assert {f"p_{label.lower()}": p for label, p in served["probabilities"].items()}.items() <= newest.items()
    forecast = {row["months_ahead"]: row["recession"] for row in shown(stack, "/us/data/forecast.json").json()}
    assert {int(h): p for h, p in served["forecast"].items()}.items() <= forecast.items()


def test_a_page_that_stands_is_not_sent_again(stack, first_run):
    etag = shown(stack, "/us/").raise_for_status().headers["etag"]
    assert shown(stack, "/us/", **{"if-none-match": etag}).status_code == 304


@pytest.mark.skipif(chromium() is None, reason="needs Debian's chromium: apt-get install chromium")
def test_the_browser_shows_the_answer_and_asks_nobody_else(stack, first_run, tmp_path):
    with browser(tmp_path / "profile") as tab:
        tab.open(f"{stack.url('page')}/us/")
        assert tab.text("#label") == first_run["label"]
        assert tab.complaints == []
        assert {url for url in tab.requests if not url.startswith((stack.url("page"), "data:"))} == set()
