"""A month says the same whether it was read on its last day or years later, from every kind of source."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.observations import Catalog
from macro_cycle.sources import Source
from macro_cycle.sources.alfred_file import AlfredFile
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.fred_postgres import FredPostgres
from macro_cycle.sources.past import SeenOn
from macro_cycle.sources.sample import Sample
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.sources import worlds
from macro_cycle_tests.sources.fred_server import FredServer, serving
from macro_cycle_tests.sources.mirrors import UNDATED, fill, make_mirror
from macro_cycle_tests.sources.test_fred_api import api

CATALOG = Catalog.load()
WITH_VINTAGES = ("fred_api", "fred_md", "alfred_file")
property_test = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def opened(database_url, tmp_path_factory):
    """Opens a kind of source as it stood on a day of a world."""
    make_mirror(database_url, worlds.IDS, columns=UNDATED)
    with serving(FredServer({})) as server:

        def source(kind: str, world: worlds.World, day: pd.Timestamp) -> Source:
            past = {s: {v: told for v, told in history.items() if v <= day} for s, history in world.items()}
            if kind == "fred_api":
                server.world = past
                return api(server)
            place = tmp_path_factory.mktemp(kind)
            if kind == "fred_md":
                worlds.write_fred_md(place, past)
                return FredMd(place, CATALOG)
            if kind == "alfred_file":
                worlds.alfred_frame(past).to_csv(place / "facts.csv", index=False)
                return AlfredFile(place / "facts.csv", CATALOG)
            fill(database_url, [(*cell, value) for cell, value in worlds.known_on(past, day).items()])
            return FredPostgres(database_url, "public", CATALOG)

        yield source


def read(store: Warehouse, source: Source, day: pd.Timestamp) -> None:
    ids = source.available() if source.name != "fred_api" else worlds.IDS
    looked_at = [] if source.has_vintages else ids
    store.ingest(source.observations(ids), source=source.name, loaded_at=day, looked_at=looked_at)


def views_of(store: Warehouse, days: list[pd.Timestamp]) -> list[list[tuple]]:
    return [list(store.as_of(day).itertuples(index=False, name=None)) for day in days]


def emptied(store: Warehouse) -> Warehouse:
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    return store


def whole(world: worlds.World) -> worlds.World:
    """The world with every series known from the first day, as FRED's server wants it."""
    first = min(worlds.vintage_days(world))
    return {s: {first: {worlds.FIRST: 1.0}, **history} for s, history in world.items()}


@pytest.mark.parametrize("kind", [*WITH_VINTAGES, "fred_postgres"])
@property_test
@given(data=st.data(), world=worlds.worlds().map(whole))
def test_a_month_read_on_its_last_day_says_so_ever_after(warehouse, opened, kind, data, world):
    days = worlds.vintage_days(world)
    on_the_day = []
    emptied(warehouse)
    for day in days:
        read(warehouse, opened(kind, world, day), day)
        on_the_day += views_of(warehouse, [day])
    assert views_of(warehouse, days) == on_the_day
    if kind in WITH_VINTAGES:
        emptied(warehouse)
        for day in data.draw(st.permutations(days)):
            read(warehouse, opened(kind, world, day), day)
        assert views_of(warehouse, days) == on_the_day


def test_a_month_of_the_rehearsed_sample_says_so_ever_after(warehouse):
    days = [pd.Timestamp(day) for day in ("1985-05-31", "1985-06-30", "1985-07-31", "1985-08-31")]
    on_the_day: list[list[tuple]] = []
    for day in days:
        read(warehouse, SeenOn(Sample(CATALOG), day), day)
        on_the_day += views_of(warehouse, [day])
    assert views_of(warehouse, days) == on_the_day
