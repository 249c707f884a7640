"""A day is written in one way at every door: what one surface prints as its as-of, any other takes and reads alike."""

import inspect
from typing import get_args, get_type_hints

import pandas as pd
import pytest

from macro_cycle.cli import as_of as command_line
from macro_cycle.cli.app import app
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.months import keys_between, parse
from macro_cycle.queries.session import asked_day
from macro_cycle.serving import questions

TODAY = "2026-11-28"
READ_AS = {
    "2008-09": "2008-09-30",
    "2008-09-30": "2008-09-30",
    "2008-09-15": "2008-09-15",
    "2008-09-01": "2008-09-01",
    "2024-02": "2024-02-29",
    "2026-11": "2026-11-30",
    "2026-11-30": "2026-11-30",
    "2026-11-28": "2026-11-28",
}
REFUSED = (
    "",
    "today",
    "2008",
    "2008-13",
    "2008-02-30",
    "2008-9-1",
    "08-09-15",
    "2008/09/15",
    "2008-09-15T00:00",
    "٢٠٠٨-٠٩",
)
LATER = ("2026-11-29", "2026-12", "2026-12-01", "2999-01-01")


@pytest.fixture
def clock(tmp_path) -> Clock:
    (tmp_path / "today").write_text(TODAY)
    return Clock(pd.Timestamp("1970-01-01").date(), tmp_path / "today")


@pytest.fixture
def doors(clock):
    """What each surface makes of a text."""
    return {
        "command line": lambda text: command_line.asked(text, clock),
        "endpoint": lambda text: pd.Timestamp(questions.as_of(text).day),
        "agents": lambda text: asked_day(text, "as_of", clock),
    }


@pytest.mark.parametrize(("text", "day"), READ_AS.items())
def test_every_door_reads_a_day_alike(doors, text, day):
    assert {name: f"{read(text):%Y-%m-%d}" for name, read in doors.items()} == dict.fromkeys(doors, day)


@pytest.mark.parametrize("text", REFUSED)
def test_every_door_refuses_what_is_no_day_in_one_line(doors, text):
    for read in doors.values():
        with pytest.raises(MacroCycleError, match="YYYY-MM-DD") as caught:
            read(text)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", LATER)
def test_nobody_answers_about_the_future(doors, text):
    for name in ("command line", "agents"):
        with pytest.raises(MacroCycleError):
            doors[name](text)


def test_a_bound_session_takes_no_later_day_than_its_own(clock):
    until = pd.Timestamp("2008-09-15")
    assert asked_day(None, "as_of", clock, until) == until
    assert asked_day("2008-08", "as_of", clock, until) == pd.Timestamp("2008-08-31")
    for text in ("2008-09", "2008-09-16", "2026-11-30"):
        with pytest.raises(MacroCycleError, match="after 2008-09-15"):
            asked_day(text, "as_of", clock, until)


def test_what_is_as_of_a_partition_names_the_partition_to_commands_about_months(clock):
    for key in keys_between("2007-01-01", "2026-11-01"):
        end = pd.Timestamp(key) + pd.offsets.MonthEnd(0)
        assert {parse(key), parse(key[:7]), parse(f"{end:%Y-%m-%d}")} == {key}
        assert command_line.asked(key[:7], clock) == end


def test_every_command_that_asks_about_a_day_asks_in_the_same_words():
    asking = {}
    for command in app.registered_commands:
        hints = get_type_hints(command.callback, include_extras=True)
        if "as_of" in inspect.signature(command.callback).parameters:
            name = command.name or command.callback.__name__
            asking[name] = next(each for each in get_args(hints["as_of"])[1:] if hasattr(each, "help")).help
    assert {"news", "replay", "flip", "what-if", "series", "export", "train"} <= set(asking)
    for name, said in asking.items():
        assert "YYYY-MM-DD, or at the end of this month, YYYY-MM" in said, name
