"""A session sees what was known on its day and nothing later, writes nothing, and refuses in one line."""

import re
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.exc import DBAPIError

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
from macro_cycle.queries.session import Session
from macro_cycle.resources.platform import Platform
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse.regimes import Call
from macro_cycle_tests.page.worlds import regimes_frame

DAY = pd.Timestamp("2008-08-31")
QUESTIONS = {
    "answer": {},
    "replay": {},
    "news": {},
    "news since June": {"since": "2008-06-15"},
    "series": {"series_id": "UNRATE"},
    "series as of July": {"series_id": "PAYEMS", "as_of": "2008-07-20", "last": 3},
    "forecast": {},
    "flip": {},
    "radar": {},
    "what_if": {"assumptions": ["PAYEMS=-150"]},
    "series that nobody knows": {"series_id": "GDP"},
    "series that begins later": {"series_id": "MANEMP"},
    "what_if of a series that begins later": {"assumptions": ["MANEMP=1"]},
}


def asked(session: Session, *names: str) -> dict:
    """The reply to each question, or the line that refuses it."""
    replies = {}
    for name in names or QUESTIONS:
        try:
            replies[name] = getattr(session, name.split(" ")[0])(**QUESTIONS[name])
        except MacroCycleError as error:
            replies[name] = str(error)
    return replies


@pytest.fixture
def facts(platform) -> pd.DataFrame:
    """The sample of the model's series, as stated facts."""
    source = Sample(platform.catalog)
    return source.observations([*platform.features.series_ids, "MANEMP"]).assign(estimated=False)


@pytest.mark.slow
def test_whatever_comes_later_no_reply_changes(platform, facts):
    begun = facts[(facts["realtime_start"] <= DAY) & (facts["series_id"] != "MANEMP")]
    platform.warehouse.ingest(begun, source="test")
    then = asked(Session(platform, DAY))
    replies = {name: reply for name, reply in then.items() if isinstance(reply, dict)}
    assert {name.split(" ")[0] for name in replies} == {name.split(" ")[0] for name in QUESTIONS}
    for name, reply in replies.items():
        assert_says_what_it_rests_on(name, reply["about"])

    later = facts[(facts["realtime_start"] > DAY) | (facts["series_id"] == "MANEMP")]
    revised = begun.assign(value=begun["value"] * 1.7, realtime_start=DAY + pd.Timedelta(days=1))
    spoiled = later.assign(
        value=later["value"] * 3.0, realtime_start=later["realtime_start"].clip(lower=DAY + pd.Timedelta(days=2))
    ).drop_duplicates(["series_id", "date", "realtime_start"], keep="last")
    newer = Platform(platform.installation)
    newer.warehouse.ingest(revised, source="test")
    newer.warehouse.ingest(spoiled, source="test")
    end = date(2008, 9, 30)
    newer.regimes.save(regimes_frame(end), Call.newest_of(regimes_frame(end), end, "later", "later"))
    assert asked(Session(newer, DAY)) == then
    free = Session(Platform(platform.installation))
    assert free.answer("2008-08-31") == then["answer"]
    assert free.radar(as_of="2008-08-31") == then["radar"]
    assert free.answer() != then["answer"]


def test_a_question_of_a_later_day_is_refused(platform, facts):
    platform.warehouse.ingest(facts[facts["realtime_start"] <= DAY], source="test")
    session = Session(platform, DAY)
    for question, arguments in QUESTIONS.items():
        with pytest.raises(MacroCycleError, match="after 2008-08-31, the newest day that may be asked of"):
            getattr(session, question.split(" ")[0])(**{**arguments, "as_of": "2008-09-01"})
    with pytest.raises(MacroCycleError, match="since 2008-09-01 is after"):
        session.news(since="2008-09-01")


def test_the_database_refuses_whatever_a_session_would_write(platform, facts):
    platform.warehouse.ingest(facts[facts["realtime_start"] <= DAY], source="test")
    session = Session(platform, DAY)
    counted = counts(platform)
    asked(session, "answer", "replay", "series", "flip", "what_if")
    assert counts(platform) == counted
    with platform.warehouse.engine.connect() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        connection.execute(text("DELETE FROM warehouse.observations"))


def counts(platform) -> dict[str, int]:
    tables = MetaData(schema="warehouse")
    with platform.warehouse.engine.connect() as connection:
        tables.reflect(connection)
        found = tables.tables.items()
        return {name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in found}


def test_every_reply_says_what_it_rests_on(platform, facts, monkeypatch):
    monkeypatch.setattr(Clock, "now", lambda self: DAY)
    platform.warehouse.ingest(facts[facts["realtime_start"] <= DAY], source="test")
    for name, reply in asked(Session(platform), "answer", "series", "what_if").items():
        assert_says_what_it_rests_on(name, reply["about"])


def assert_says_what_it_rests_on(name: str, about: dict) -> None:
    assert about["cycle"] == "us", name
    assert re.fullmatch(r"[0-9a-f]{12}", about["model_version"])
    assert about["data_version"]
    assert about["software"].startswith("macro-cycle ")
    assert about["months_behind"] in (0, 1)
    assert about["newest"]["UNRATE"] <= "2008-07-01"
    assert about["provenance"]["in_words"].startswith("true vintages")


@pytest.mark.parametrize(
    ("question", "arguments", "said"),
    [
        ("answer", {"as_of": "yesterday"}, "as_of is 'yesterday': write a day as YYYY-MM-DD"),
        ("news", {"since": "2008-08-31"}, "must lie before"),
        ("series", {"series_id": "UNRATE", "last": 0}, "ask for 1 to 1000 values"),
        ("what_if", {"assumptions": []}, "assume something"),
        ("what_if", {"assumptions": ["PAYEMS"]}, "is no assumption"),
    ],
)
def test_what_cannot_be_asked_is_one_line(platform, facts, question, arguments, said):
    platform.warehouse.ingest(facts[facts["realtime_start"] <= DAY], source="test")
    with pytest.raises(MacroCycleError, match=re.escape(said)) as caught:
        getattr(Session(platform, DAY), question)(**arguments)
    assert "\n" not in str(caught.value)
