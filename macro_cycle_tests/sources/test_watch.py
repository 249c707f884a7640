"""A release is fetched once and soon; a storm of releases is one fetch; a silent source is none."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.sources import SourceError
from macro_cycle.sources.factory import answer_within
from macro_cycle.sources.watch import PATIENCE, Watch

MONTH = "2026-11-01"


def looks(tokens, watch: Watch | None = None) -> tuple[Watch, list[bool]]:
    """The watch after a look at each token, kept as a cursor in between, and which looks fetched."""
    watch, fetched = watch or Watch(), []
    for token in tokens:
        watch, fetch = Watch.from_cursor(watch.cursor).look(MONTH, token)
        fetched.append(fetch)
    return watch, fetched


def test_twenty_releases_in_a_minute_are_one_fetch():
    at_rest, _ = looks(["before"] * 3)
    every_five_seconds = [f"release {n}" for n in (2, 3, 5, 7, 8, 10, 12, 13, 20)]
    _, fetched = looks(every_five_seconds + ["release 20"] * 10, at_rest)
    assert sum(fetched) == 1
    assert fetched.index(True) == len(every_five_seconds)


def test_a_source_that_never_rests_is_fetched_all_the_same():
    _, fetched = looks(map(str, range(3 * (PATIENCE + 1))))
    assert sum(fetched) == 3


def test_the_token_of_the_last_request_is_kept_whole():
    assert Watch().token == ""
    assert looks(["UNRATE 2026-11-24 08:40:00-06"] * 2)[0].token == "UNRATE 2026-11-24 08:40:00-06"
    assert looks(["first", "first", "second"])[0].token == "first"


def test_a_silent_source_is_not_fetched_again():
    _, fetched = looks(["same"] * 50)
    assert fetched == [False, True] + [False] * 48


def test_a_new_month_is_fetched_though_the_source_is_silent():
    watch, _ = looks(["same"] * 3)
    watch, _ = watch.look("2026-12-01", "same")
    watch, fetch = watch.look("2026-12-01", "same")
    assert fetch
    assert watch.requested == "2026-12-01:same"


@given(st.lists(st.sampled_from("ab"), max_size=40))
def test_whatever_came_last_is_fetched_and_no_request_repeats_a_key(tokens):
    watch, keys = Watch(), []
    for token in [*tokens, "last", "last"]:
        watch, fetch = watch.look(MONTH, token)
        keys += [watch.run_key] if fetch else []
    assert watch.requested == f"{MONTH}:last"
    assert len(set(keys)) == len(keys)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20))
def test_a_look_repeated_after_a_crash_makes_the_same_request(tokens):
    watch, _ = looks(tokens)
    again = [watch.look(MONTH, "new") for _ in range(2)]
    assert again[0] == again[1]
    assert again[0][0].run_key == again[1][0].run_key


def test_a_source_that_never_answers_is_given_up_in_time():
    answered = threading.Event()
    with pytest.raises(SourceError, match=r"no answer within 0\.05 s"):
        answer_within(0.05, lambda: str(answered.wait(60)))
    answered.set()
    assert answer_within(5, lambda: "token") == "token"
    with pytest.raises(SourceError, match="ZeroDivisionError"):
        answer_within(5, lambda: str(1 / 0))
