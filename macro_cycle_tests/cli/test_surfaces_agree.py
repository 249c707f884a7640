"""One question has one answer, to the digit, wherever it is asked and however its day is written."""

import json
from dataclasses import replace

import dagster as dg
import pandas as pd
import pytest

from macro_cycle.assets.shown import rounded
from macro_cycle.platform.clock import Clock
from macro_cycle.resources.deployments import earlier_answers
from macro_cycle.serving.answering import Answering
from macro_cycle.serving.questions import as_of as asked_of_endpoint
from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample
from macro_cycle_tests.conftest import bundle_as_of

pytestmark = pytest.mark.slow
MONTH_END = ("2008-09", "2008-09-30", "2008-10-15", "2008-10-01")
"""The month, its last day, and days on which its answer still stands."""


@pytest.fixture
def ui(platform) -> dict[str, dict]:
    """What the pages of the assets show of September 2008."""
    with_the_sample(platform)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, [*CHAIN, "regime_news"], "2008-08-01", "2008-09-01", checked=False)
        return {
            asset: {
                name: shown.value
                for name, shown in instance.get_latest_data_version_record(
                    dg.AssetKey(["us", asset]), partition_key="2008-09-01"
                ).asset_materialization.metadata.items()
            }
            for asset in ("regime_labels", "regime_news")
        }


@pytest.fixture
def command(told):
    """What a command prints with --json."""

    def run(*arguments: str) -> dict:
        code, out, lines = told(*arguments, "--json")
        assert code == 0, lines
        return json.loads(out)

    return run


def test_command_page_export_and_endpoint_give_the_same_digits(platform, ui, command, told, tmp_path):
    shown, answers = ui["regime_labels"], {}
    later = bundle_as_of("2008-10-01")
    endpoint = Answering(replace(later, history=earlier_answers(platform, later_than(later))), "v")
    for text in MONTH_END:
        replayed, out = command("replay", "--as-of", text), tmp_path / f"{text}.csv"
        answers[f"replay {text}"] = answer(replayed["said"])
        assert told("export", "calls", "--as-of", text, "--out", str(out))[0] == 0
        answers[f"export {text}"] = answer(pd.read_csv(out, float_precision="round_trip").iloc[0])
        answers[f"endpoint {text}"] = answer(endpoint.answer(asked_of_endpoint(text), later_than(later)))
    [(label, probability)] = set(answers.values())
    assert (shown["label"], shown["recession_probability"]) == (label, short(probability))


def test_news_have_the_same_parts_and_the_same_error_everywhere(ui, command, told, tmp_path):
    shown = ui["regime_news"]
    out = tmp_path / "news.csv"
    assert told("export", "news", "--as-of", "2008-09", "--out", str(out))[0] == 0
    exported = pd.read_csv(out, float_precision="round_trip", keep_default_na=False)
    for text in MONTH_END[:2]:
        news = command("news", "--as-of", text)
        assert (short(news["change"]), short(news["standard_error"])) == (shown["change"], shown["standard_error"])
        parts = pd.DataFrame(news["parts"])
        assert parts["contribution"].tolist() == exported["contribution"].tolist()
        assert set(exported["standard_error"]) == {news["standard_error"]}
        assert short(parts.groupby("kind")["contribution"].sum()["new data"]) == shown["new_data"]


def test_a_day_that_looks_like_a_partition_s_key_is_pointed_out(ui, told):
    _, _, lines = told("replay", "--as-of", "2008-10-01", "--json")
    assert "2008-10-01 is read as that day" in " ".join(lines)
    assert "write 2008-10" in " ".join(lines)


def test_every_way_to_write_the_open_month_is_taken_by_everybody(bundle, tmp_path):
    (tmp_path / "today").write_text("2026-11-28")
    clock = Clock(pd.Timestamp("1970-01-01").date(), tmp_path / "today")
    endpoint, today = Answering(bundle, "v"), clock.today().date()
    newest = endpoint.answer(asked_of_endpoint("latest"), today)
    for text in ("2026-11", "2026-11-30", "2026-11-28", "2026-11-01"):
        assert clock.as_of(text, "--as-of") <= pd.Timestamp("2026-11-30")
        assert answer(endpoint.answer(asked_of_endpoint(text), today)) == answer(newest)
    assert {clock.parse_month(text) for text in ("2026-11", "2026-11-30", "2026-11-01")} == {"2026-11-01"}


def short(number: float) -> float:
    """The number as Dagster's page shows it."""
    return rounded({"number": float(number)})["number"]


def answer(document) -> tuple[str, float]:
    return document["label"], document["recession_probability"]


def later_than(bundle):
    return pd.Timestamp(bundle.meta["as_of"]).date()
