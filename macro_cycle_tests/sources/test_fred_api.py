"""FRED's history arrives whole and once, whatever the windows, the pages and the faults; the key goes nowhere else."""

import contextlib
import itertools
import logging
import threading
import traceback
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from macro_cycle.observations import Catalog
from macro_cycle.sources import SourceError, known_on
from macro_cycle.sources.fred_api import FredApi
from macro_cycle.sources.fred_client import FredClient, Patience, RateLimiter, shared_limiter
from macro_cycle_tests.sources import worlds
from macro_cycle_tests.sources.fred_server import FAULTS, KEY, FredServer, serving

CATALOG = Catalog.load()
CALM = Patience(timeout=20, attempts=4, first_wait=0, longest_wait=0)
HASTY = Patience(timeout=0.2, attempts=4, first_wait=0, longest_wait=0)
TRANSIENT = ("429", "500", "503", "silence", "cut off")
property_test = settings(max_examples=15, deadline=None)
DAYS = [worlds.FIRST + pd.Timedelta(days=n) for n in range(10)]
REVISED = {"UNRATE": {day: {worlds.FIRST: float(n % 3), DAYS[1]: 7.0} for n, day in enumerate(DAYS)}}


def api(server: FredServer, patience: Patience = CALM, key: str = KEY, **limits: int) -> FredApi:
    return FredApi(client_of(server.url, patience, key), CATALOG, **limits)


@cache
def client_of(url: str, patience: Patience = CALM, key: str = KEY) -> FredClient:
    return FredClient(SecretStr(key), url, RateLimiter(per_second=1e6), patience)


def assert_known(facts: pd.DataFrame, world: worlds.World) -> None:
    for day in worlds.days_around(world):
        seen = known_on(facts, day)
        assert dict(zip(zip(seen["series_id"], seen["date"], strict=True), seen["value"], strict=True)) == (
            worlds.known_on(world, day)
        ), day


@pytest.fixture(scope="module")
def server():
    with serving(FredServer({})) as server:
        yield server


@property_test
@given(world=worlds.worlds(missing=True), most_vintages=st.integers(2, 7), most_rows=st.integers(1, 9))
def test_windows_and_pages_of_any_size_are_stitched_to_the_same_history(server, world, most_vintages, most_rows):
    server.world, server.most_vintages, server.most_rows = world, most_vintages, most_rows
    stitched = api(server, most_vintages=most_vintages, most_rows=most_rows).observations(worlds.IDS)
    assert_known(stitched, world)
    server.most_vintages, server.most_rows = 2000, 100_000
    pd.testing.assert_frame_equal(stitched, api(server).observations(worlds.IDS))


@property_test
@given(world=worlds.worlds(missing=True), seen=st.integers(0, worlds.VINTAGES - 1), most_vintages=st.integers(2, 4))
def test_what_is_new_since_a_day_completes_what_was_read_before(server, world, seen, most_vintages):
    day = worlds.month_end(seen)
    server.world = {s: {v: snapshot for v, snapshot in history.items() if v <= day} for s, history in world.items()}
    known = [series_id for series_id, history in server.world.items() if history]
    before = [api(server).observations(known)] if known else []
    server.world = world
    new = api(server, most_vintages=most_vintages).observations(worlds.IDS, since=day)
    assert (new["realtime_start"] >= day).all()
    assert_known(pd.concat([*before, new]).drop_duplicates(), world)


def test_more_vintages_than_fred_gives_at_a_time_are_read_in_windows():
    days = pd.date_range("1990-01-01", periods=4500)
    week = days[0] - pd.Timedelta(weeks=1)
    world = {"ICSA": {day: {week: float(n // 3), days[0]: 1.0} for n, day in enumerate(days)}}
    with serving(FredServer(world)) as server:
        facts = api(server).observations(["ICSA"])
        assert server.requests == {"series/vintagedates": 1, "series/observations": 3}
    assert facts["realtime_start"].tolist() == [*days[::3], days[0]]
    assert facts["value"].tolist()[:-1] == [float(n) for n in range(1500)]


def test_a_series_without_news_costs_one_request_and_yields_nothing():
    with serving(FredServer(REVISED)) as server:
        assert api(server).observations(["UNRATE"], since=DAYS[-1] + pd.Timedelta(days=1)).empty
        assert server.requests.total() == 1


def test_progress_is_told_series_by_series(server):
    server.world, told = dict.fromkeys(worlds.IDS, REVISED["UNRATE"]), []
    FredApi(client_of(server.url), CATALOG, lambda done, total: told.append((done, total))).observations(worlds.IDS)
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("fault", FAULTS)
def test_only_what_may_pass_is_asked_again(fault):
    with serving(FredServer(REVISED, fault_rate=1, faults=(fault,))) as server:
        with pytest.raises(SourceError) as refused:
            api(server, HASTY if fault == "silence" else CALM).observations(["UNRATE"])
        assert server.requests.total() == (HASTY.attempts if fault in TRANSIENT else 1)
    assert "\n" not in str(refused.value)
    assert "FRED (series/vintagedates" in str(refused.value)


def test_a_wait_that_the_server_asks_for_is_granted_up_to_the_longest():
    from macro_cycle.sources.fred_client import _Outcome

    waits = []
    client = FredClient(SecretStr(KEY), "http://127.0.0.1:1", RateLimiter(1e6), Patience(attempts=3, first_wait=0))
    retrying = client._retrying().copy(sleep=waits.append)
    retrying(lambda: _Outcome(fault="busy", transient=True, retry_after=(7.0, 999.0)[len(waits) % 2]))
    assert waits == [7.0, 60.0]


@pytest.mark.parametrize(
    ("series_id", "key", "said"),
    [
        ("NOSUCH", KEY, "series/vintagedates NOSUCH): answered 400: Bad Request. The series does not exist."),
        ("UNRATE", KEY[::-1], "set MACRO_CYCLE_FRED_API_KEY to a key of your own"),
        ("EMPTY", KEY, "no vintages"),
    ],
)
def test_what_fred_refuses_is_one_clear_line(series_id, key, said):
    with serving(FredServer({**REVISED, "EMPTY": {}})) as server:
        with pytest.raises(SourceError) as refused:
            api(server, key=key).observations([series_id])
        assert server.requests.total() == 1
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_asking_for_too_many_vintages_at_once_is_refused_in_fred_s_words():
    with serving(FredServer(REVISED, most_vintages=4)) as server, pytest.raises(SourceError, match="10 vintage dates"):
        api(server).observations(["UNRATE"])


def test_threads_share_one_pace():
    slept, limiter = [], RateLimiter(per_second=2, clock=lambda: 100.0, sleep=lambda seconds: slept.append(seconds))
    threads = [threading.Thread(target=limiter.wait) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [n / 2 for n in range(1, 10)]
    one, other = (FredClient(SecretStr(KEY), "http://127.0.0.1:1/fred") for _ in range(2))
    assert one._limiter is other._limiter is shared_limiter("http://127.0.0.1:1/fred")


@pytest.mark.parametrize("fault", [*FAULTS, "wrong key", "nobody there", None])
def test_the_key_is_in_no_error_log_chain_or_repr(fault, caplog):
    for logger in (None, "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger)
    faults = {"fault_rate": 1, "faults": (fault,)} if fault in FAULTS else {}
    key = KEY[::-1] if fault == "wrong key" else KEY
    server = FredServer(REVISED, **faults)
    source = api(server, HASTY, key)
    said = [repr(source), repr(source._client), repr(vars(source._client))]
    if fault == "nobody there":
        server.server_close()
    with serving(server) if fault != "nobody there" else contextlib.nullcontext():
        try:
            source.observations(["UNRATE"])
            assert fault is None
        except SourceError as error:
            said += ["".join(traceback.format_exception(error)), *map(repr, chain(error))]
    written = "\n".join([*said, caplog.text, *(repr(vars(record)) for record in caplog.records)])
    assert "HTTP Request" in written or fault in ("silence", "nobody there", "cut off")
    assert key not in written


def chain(error: BaseException | None):
    """The error and everything that it came from, shown or suppressed."""
    while error is not None:
        yield error
        error = error.__context__ or error.__cause__


def test_the_token_is_the_newest_update_of_the_catalogue_s_series(server):
    server.updates = [
        {"id": "ELSEWHERE", "last_updated": "2026-11-24 08:00:00-06"},
        {"id": "UNRATE", "last_updated": "2026-11-06 07:54:01-06"},
        {"id": "PAYEMS", "last_updated": "2026-11-06 07:53:01-06"},
    ]
    before = api(server).last_updated()
    assert before == "UNRATE 2026-11-06 07:54:01-06"
    server.updates.insert(0, {"id": "ALSOELSEWHERE", "last_updated": "2026-11-24 09:00:00-06"})
    assert api(server).last_updated() == before
    server.updates.insert(0, {"id": "PAYEMS", "last_updated": "2026-11-24 09:10:00-06"})
    assert api(server).last_updated() != before


@pytest.mark.parametrize("ahead", [0, 1, 3, 4, 9])
def test_an_update_of_the_catalogue_is_found_behind_any_number_of_others(server, ahead):
    others = [{"id": f"ELSEWHERE{n}", "last_updated": "2026-11-24 08:00:00-06"} for n in range(12)]
    ours = {"id": "UNRATE", "last_updated": "2026-11-24 07:54:01-06"}
    server.updates = [*others[:ahead], ours, *others[ahead:]]
    asked = server.requests.total()
    assert api(server, most_updates=4).last_updated() == "UNRATE 2026-11-24 07:54:01-06"
    assert server.requests.total() - asked == ahead // 4 + 1
    server.updates = others
    assert api(server, most_updates=4).last_updated() == ""


def test_what_was_updated_since_a_token_is_named_and_nothing_else(server):
    def updated(*rows: tuple[str, int]) -> list[dict[str, str]]:
        return [{"id": series_id, "last_updated": f"2026-11-24 08:{minute:02}:00-06"} for series_id, minute in rows]

    server.updates = updated(("INDPRO", 50), ("ELSEWHERE", 45), ("UNRATE", 40), ("PAYEMS", 30), ("ICSA", 20))
    api_now = api(server, most_updates=2)
    assert api_now.updated_since("INDPRO 2026-11-24 08:50:00-06") == []
    assert api_now.updated_since("UNRATE 2026-11-24 08:40:00-06") == ["INDPRO"]
    assert api_now.updated_since("UNRATE 2026-11-24 14:40:00+00") == ["INDPRO", "UNRATE"]
    assert api_now.updated_since("UNRATE 2026-11-24 08:35:00-06") == ["INDPRO", "UNRATE"]
    assert api_now.updated_since("ICSA 2026-11-24 08:20:00-06") == ["INDPRO", "PAYEMS", "UNRATE"]
    assert api_now.updated_since("ICSA 2026-11-17 08:20:00-06") is None


@pytest.mark.slow
def test_a_thousand_requests_with_faults_ingest_everything_once_or_nothing(warehouse):
    world = {
        series_id: {
            day: {worlds.FIRST + pd.Timedelta(days=m): float((n * m + k) % 4) for m in range(6) if (n + m) % 5}
            for n, day in enumerate(DAYS)
        }
        for k, series_id in enumerate(worlds.IDS)
    }
    limits = {"most_vintages": 4, "most_rows": 4}
    with serving(FredServer(world, **limits)) as calm:
        undisturbed = {s: api(calm, **limits).observations([s]) for s in worlds.IDS}
    refusals = 0
    with serving(FredServer(world, **limits, fault_rate=0.1, seed=4)) as server:
        source = api(server, HASTY, **limits)
        for series_id in itertools.cycle(worlds.IDS):
            if server.requests.total() >= 1000 and series_id == worlds.IDS[0]:
                break
            if series_id == worlds.IDS[0]:
                with warehouse.engine.begin() as connection:
                    connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
            refusals += ingest_at_last(warehouse, source, series_id)
            assert warehouse.ingest(undisturbed[series_id], source="fred_api").changed == 0
            if series_id == worlds.IDS[-1]:
                worlds.assert_tells(warehouse, world)
    assert refusals > 10
    assert set(server.met) == set(FAULTS)


def ingest_at_last(warehouse, source: FredApi, series_id: str) -> int:
    """Ingest the series as soon as it can be read; how often it could not, and then nothing had changed."""
    refusals = 0
    while True:
        before = warehouse.history()
        with contextlib.suppress(SourceError):
            warehouse.ingest(source.observations([series_id]), source="fred_api")
            return refusals
        pd.testing.assert_frame_equal(warehouse.history(), before)
        refusals += 1
