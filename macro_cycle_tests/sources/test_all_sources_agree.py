"""The same facts through every source give the same store and the same panels."""

import itertools

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from macro_cycle.features import build_panel, feature_set_for
from macro_cycle.observations import Catalog
from macro_cycle.sources import Source
from macro_cycle.sources.alfred_file import AlfredFile
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.sources.fred_postgres import FredPostgres
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.sources import worlds
from macro_cycle_tests.sources.fred_server import FredServer, serving
from macro_cycle_tests.sources.mirrors import DATED, dated_rows, fill, make_mirror
from macro_cycle_tests.sources.test_fred_api import api

CATALOG = Catalog.load()
property_test = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def stored(store: Warehouse, source: Source) -> pd.DataFrame:
    """The store's history after nothing but the source's facts; a cell that never had a value is not in it."""
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    store.ingest(source.observations(worlds.IDS), source=source.name)
    history = store.history()
    begun = history["value"].notna().groupby([history["series_id"], history["date"]]).cummax()
    return history[begun].reset_index(drop=True)


@pytest.fixture(scope="module")
def server():
    with serving(FredServer({})) as server:
        yield server


@property_test
@given(world=worlds.worlds())
def test_server_mirror_folder_and_file_give_one_store(warehouse, database_url, server, tmp_path_factory, world):
    server.world = world
    folder, file = tmp_path_factory.mktemp("fred_md"), tmp_path_factory.mktemp("alfred") / "facts.parquet"
    worlds.write_fred_md(folder, world)
    worlds.alfred_frame(world).to_parquet(file)
    mirror_schema = f"mirror_{next(NUMBERS)}"
    make_mirror(database_url, worlds.IDS, mirror_schema, DATED)
    fill(database_url, dated_rows(world), mirror_schema)
    sources = [
        api(server),
        FredPostgres(database_url, mirror_schema, CATALOG),
        FredMd(folder, CATALOG),
        AlfredFile(file, CATALOG),
    ]
    first, *others = [stored(warehouse, source) for source in sources]
    for other in others:
        pd.testing.assert_frame_equal(other, first)
    worlds.assert_tells(warehouse, world)


NUMBERS = itertools.count()


def test_panels_as_of_each_vintage_are_the_same_from_every_source(warehouse, database_url, server, tmp_path):
    world = {
        series_id: {
            pd.Timestamp("2015-01-31") + pd.offsets.MonthEnd(v): {
                month: 100 + 3.0 * n + v + k
                for n, month in enumerate(pd.date_range("2012-01-01", periods=36 + v, freq="MS"))
                if (n + v + k) % 11
            }
            for v in range(4)
        }
        for k, series_id in enumerate(worlds.IDS)
    }
    server.world = world
    worlds.write_fred_md(tmp_path, world, first=pd.Timestamp("2012-01-01"))
    worlds.alfred_frame(world).to_csv(tmp_path / "facts.csv", index=False)
    make_mirror(database_url, worlds.IDS, columns=DATED)
    fill(database_url, dated_rows(world))
    sources = [
        api(server),
        FredPostgres(database_url, "public", CATALOG),
        FredMd(tmp_path, CATALOG),
        AlfredFile(tmp_path / "facts.csv", CATALOG),
    ]
    features = feature_set_for(worlds.IDS, CATALOG)
    panels: dict[pd.Timestamp, list[pd.DataFrame]] = {}
    for source in sources:
        stored(warehouse, source)
        for day in worlds.vintage_days(world):
            panels.setdefault(day, []).append(build_panel(warehouse.as_of(day), CATALOG, features))
    for day, (first, *others) in panels.items():
        assert len(first) > 30, day
        for other in others:
            pd.testing.assert_frame_equal(other, first)
