"""A month that has ended tells the same ever after, however late, rewritten, withdrawn or back-filled a mirror is."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.observations import Catalog
from macro_cycle.sources.fred_postgres import FredPostgres
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.observations import as_of_view
from macro_cycle_tests.sources.mirrors import fill, make_mirror

CATALOG = Catalog.load()
FIRST_LOOK = pd.Timestamp("2020-06-10")
CELLS = [(series_id, f"2020-{month:02}-01") for series_id in ("UNRATE", "INDPRO") for month in range(1, 5)]
View = dict[tuple[str, pd.Timestamp], float]

property_test = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
held = st.dictionaries(st.sampled_from(CELLS), st.sampled_from([1.0, 2.0, None]))
looks = st.dictionaries(st.integers(0, 60), held, min_size=2, max_size=6)


@st.composite
def without_withdrawals(draw: st.DrawFn) -> dict[int, dict]:
    """Looks at a mirror in which every value once there stays, though rewritten."""
    mirror, begun = draw(looks), {}
    for day in sorted(mirror):
        begun |= mirror[day]
        mirror[day] = dict(begun)
    return mirror


class Attached:
    """A store and the mirror that it is attached to, both emptied."""

    def __init__(self, url: str, store: Warehouse) -> None:
        self._url, self._store = url, store
        self._source = FredPostgres(url, "public", CATALOG)
        with store.engine.begin() as connection:
            connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))

    def look(self, day: int, mirror: dict) -> None:
        """What the mirror holds on the day goes into the store."""
        fill(self._url, [(*cell, value) for cell, value in mirror.items()])
        ids = self._source.available()
        self._store.ingest(
            self._source.observations(ids),
            source=self._source.name,
            loaded_at=FIRST_LOOK + pd.Timedelta(days=day),
            looked_at=ids,
        )

    def views(self, last: int) -> dict[int, View]:
        """What was known at the end of each day from before the first estimate to `last`."""
        history = self._store.history()
        return {day: _view(history, day) for day in (*range(-160, 0, 5), *range(last + 1))}

    def view(self, day: int) -> list[float]:
        """The values known at the end of a day."""
        return list(_view(self._store.history(), day).values())


def _view(history: pd.DataFrame, day: int) -> View:
    known = as_of_view(history, FIRST_LOOK + pd.Timedelta(days=day))
    return dict(zip(zip(known["series_id"], known["date"], strict=True), known["value"], strict=True))


@pytest.fixture
def mirror_url(database_url):
    make_mirror(database_url, ["UNRATE", "INDPRO"])
    return database_url


@pytest.mark.slow
@property_test
@given(mirror=looks)
def test_days_up_to_a_look_never_change_after_it(mirror_url, warehouse, mirror):
    attached = Attached(mirror_url, warehouse)
    told: dict[int, View] = {}
    for day in sorted(mirror):
        attached.look(day, mirror[day])
        now = attached.views(day)
        assert {then: now[then] for then in told} == told
        told = now


def test_the_guard_sees_a_late_release_that_is_backdated(mirror_url, warehouse):
    attached = Attached(mirror_url, warehouse)
    attached.look(0, {})
    attached.look(20, {})
    before = attached.views(20)
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.looks"))
    attached.look(21, {("UNRATE", "2020-04-01"): 14.7})
    assert attached.views(20) != before


@pytest.mark.slow
@property_test
@given(data=st.data(), mirror=without_withdrawals())
def test_looks_in_any_order_tell_what_they_tell_in_their_own(mirror_url, warehouse, data, mirror):
    def told(days: list[int]) -> dict[int, View]:
        attached = Attached(mirror_url, warehouse)
        for day in days:
            attached.look(day, mirror[day])
        return attached.views(max(days))

    assert told(data.draw(st.permutations(sorted(mirror)))) == told(sorted(mirror))


@property_test
@given(data=st.data(), mirror=looks)
def test_nothing_that_a_look_lacked_is_known_by_then_unless_an_earlier_one_held_it(mirror_url, warehouse, data, mirror):
    attached = Attached(mirror_url, warehouse)
    for day in data.draw(st.permutations(sorted(mirror))):
        attached.look(day, mirror[day])
    held: set[tuple[str, pd.Timestamp]] = set()
    for day in sorted(mirror):
        held |= {(series_id, pd.Timestamp(date)) for series_id, date in mirror[day]}
        assert set(_view(warehouse.history(), day)) <= held


def test_a_late_release_is_known_from_the_day_after_the_last_look_that_lacked_it(mirror_url, warehouse):
    attached = Attached(mirror_url, warehouse)
    june = {("UNRATE", "2020-04-01"): 14.7}
    may = {("UNRATE", "2020-05-01"): 13.3}
    for day, mirror in [(0, june), (15, june), (25, june | may)]:
        attached.look(day, mirror)
    rows = warehouse.history(["UNRATE"]).set_index("date")["realtime_start"]
    lag = pd.Timedelta(days=CATALOG.spec("UNRATE").publication_lag_days)
    assert rows.loc["2020-04-01"] == pd.Timestamp("2020-04-30") + lag
    assert rows.loc["2020-05-01"] == FIRST_LOOK + pd.Timedelta(days=16)


def test_two_looks_of_one_day_date_what_came_between_them_by_that_day(mirror_url, warehouse):
    attached = Attached(mirror_url, warehouse)
    attached.look(0, {})
    attached.look(0, {("UNRATE", "2020-04-01"): 14.7})
    assert warehouse.history()["realtime_start"].tolist() == [FIRST_LOOK]


def test_a_sighting_between_a_value_and_its_restatement_ends_at_the_restatement(mirror_url, warehouse):
    attached = Attached(mirror_url, warehouse)
    cell = CELLS[0]
    for day, value in [(0, 1.0), (20, 1.0), (10, 2.0)]:
        attached.look(day, {cell: value})
    assert [attached.view(day) for day in (9, 10, 19, 20)] == [[1.0], [2.0], [2.0], [1.0]]


def test_a_published_value_between_an_estimate_and_its_restatement_ends_at_the_restatement(mirror_url, warehouse):
    attached = Attached(mirror_url, warehouse)
    attached.look(0, {CELLS[0]: 1.0})
    attached.look(20, {CELLS[0]: 1.0})
    published = {"series_id": "UNRATE", "date": pd.Timestamp("2020-01-01"), "value": 2.0, "estimated": False}
    facts = pd.DataFrame([{**published, "realtime_start": FIRST_LOOK + pd.Timedelta(days=10)}])
    warehouse.ingest(facts, source="alfred_file")
    assert [attached.view(day) for day in (9, 10, 19, 20)] == [[1.0], [2.0], [2.0], [1.0]]
