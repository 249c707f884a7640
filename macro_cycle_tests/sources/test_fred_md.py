"""A FRED-MD folder says at each month's end what its vintage says, and a broken file is refused whole."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.assets.series import ingested
from macro_cycle.observations import Catalog
from macro_cycle.sources import Progress, SourceError, known_on
from macro_cycle.sources.base import no_progress
from macro_cycle.sources.fred_md import FredMd
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.batches import in_batches
from macro_cycle_tests.patience import PATIENCE, wait_until
from macro_cycle_tests.sources import worlds
from macro_cycle_tests.warehouse.test_concurrent_and_killed_ingestions import waiting_backends

REAL = Path(__file__).parents[3] / "shared" / "data" / "fred_md"
CATALOG = Catalog.load()
property_test = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def folder_of(world: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fred_md")
    worlds.write_fred_md(folder, world)
    return folder


def misprinted(world: worlds.World, other: worlds.World) -> worlds.World:
    """The days of `world` with the values of `other`."""
    return {s: {day: other[s].get(day, {}) for day in history} for s, history in world.items()}


def delivered(
    tmp_path_factory: pytest.TempPathFactory,
    warehouse: Warehouse,
    batches: list[tuple[worlds.World, list[pd.Timestamp]]],
) -> Iterator[FredMd]:
    """One batch of vintages after the other, each in a folder of its own; batches without any are left out."""
    for world, days in batches:
        folder = tmp_path_factory.mktemp("batch")
        worlds.write_fred_md(folder, world, days)
        if list(folder.iterdir()):
            yield FredMd(folder, CATALOG, known=warehouse.facts)


@property_test
@given(world=worlds.worlds())
def test_each_vintage_is_what_was_known_at_its_month_s_end(warehouse, tmp_path_factory, world):
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    source = FredMd(folder_of(world, tmp_path_factory), CATALOG)
    warehouse.ingest(source.observations(source.available()), source="fred_md")
    worlds.assert_tells(warehouse, world)


@property_test
@given(data=st.data(), world=worlds.worlds(), other=worlds.worlds())
def test_vintages_in_any_order_and_batches_misprinted_or_not_tell_the_same(
    warehouse, tmp_path_factory, data, world, other
):
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    days = worlds.vintage_days(world)
    misprint = misprinted(world, other)
    wrong = data.draw(st.lists(st.sampled_from(days), unique=True))
    order = data.draw(st.permutations(days))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(days)), max_size=3)))
    batches = [(misprint, sorted(wrong))]
    batches += [(world, order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(days)], strict=True)]
    batches += [(world, sorted(wrong))]
    for source in delivered(tmp_path_factory, warehouse, batches):
        warehouse.ingest(source.observations(source.available()), source="fred_md")
    worlds.assert_tells(warehouse, world)


@property_test
@given(data=st.data(), world=worlds.worlds(), other=worlds.worlds())
def test_an_import_stopped_between_portions_goes_on_when_it_is_repeated(
    warehouse, tmp_path_factory, data, world, other
):
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    days = worlds.vintage_days(world)
    misprint = misprinted(world, other)
    wrong = data.draw(st.lists(st.sampled_from(days), unique=True, max_size=2))
    batches = [(misprint, sorted(wrong)), (world, data.draw(st.lists(st.sampled_from(days), unique=True)))]
    batches.append((world, [day for day in days if day not in batches[1][1]]))
    for source in delivered(tmp_path_factory, warehouse, batches):
        for parts_written in (data.draw(st.integers(0, 3)), None):
            facts = source.observations(source.available())
            for part in in_batches(facts, warehouse.newest_fact(source.available()), 3)[:parts_written]:
                warehouse.ingest(part, source="fred_md")
    worlds.assert_tells(warehouse, world)


def test_a_corrected_vintage_leaves_later_ones_as_they_were_though_its_import_was_stopped(warehouse, tmp_path):
    rows = ("sasdate,INDPRO", "Transform:,5", "1/1/2015,100", "2/1/2015,101")
    later = (*rows, "3/1/2015,102")
    for name, written in (("2015-03.csv", rows), ("2015-04.csv", later), ("2015-03.csv", (*rows[:3], "2/1/2015,999"))):
        for file in tmp_path.iterdir():
            file.unlink()
        vintage(tmp_path, name, *written)
        source = FredMd(tmp_path, CATALOG, known=warehouse.facts)
        for parts_written in (1, None):
            facts = source.observations(["INDPRO"])
            for part in in_batches(facts, warehouse.newest_fact(["INDPRO"]), 1)[:parts_written]:
                warehouse.ingest(part, source="fred_md")
    assert warehouse.as_of("2015-03-31")["value"].tolist() == [100.0, 999.0]
    assert warehouse.as_of("2015-04-30")["value"].tolist() == [100.0, 101.0, 102.0]


def test_vintages_fetched_at_once_find_their_place_beside_each_other(warehouse, tmp_path_factory):
    first, second = worlds.month_end(0), worlds.month_end(1)
    months = [worlds.FIRST - pd.DateOffset(months=1), worlds.FIRST]
    world = {"UNRATE": {first: dict.fromkeys(months[:1], 1.0), second: dict.fromkeys(months[1:], 2.0)}}
    reading, go_on = threading.Event(), threading.Event()

    def fetch(day: pd.Timestamp, progress: Progress) -> threading.Thread:
        folder = tmp_path_factory.mktemp("vintage")
        worlds.write_fred_md(folder, world, [day], months[0])
        source = FredMd(folder, CATALOG, progress, known=warehouse.facts)
        thread = threading.Thread(target=lambda: list(ingested(warehouse, source, ["UNRATE"])))
        thread.start()
        return thread

    fetches = [fetch(first, lambda done, total: (reading.set(), go_on.wait(PATIENCE)))]
    assert reading.wait(PATIENCE)
    fetches.append(fetch(second, no_progress))
    wait_until(lambda: waiting_backends(warehouse) == 1)
    go_on.set()
    for thread in fetches:
        thread.join(PATIENCE)
    worlds.assert_tells(warehouse, world)


def vintage(folder: Path, name: str, *rows: str) -> None:
    (folder / name).write_text("\n".join(rows) + "\n")


GOOD = ("sasdate,INDPRO,CLAIMSx", "Transform:,5,5", "1/1/2015,100,299", "2/1/2015,101.5,")


def test_a_file_s_quirks_are_read_as_what_they_mean(tmp_path):
    rows = ("sasdate, INDPRO ,CLAIMSx", "Transform:,5, 5", "01/01/2015,  100.0,299", "2/1/2015,101.5,", ",,", "")
    (tmp_path / "2015-03-md.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    (tmp_path / "current.csv").write_text("passed over, for its name tells no vintage")
    source = FredMd(tmp_path, CATALOG)
    assert source.available() == ["ICSA", "INDPRO"]
    facts = source.observations(["CLAIMSx", "INDPRO"])
    assert set(facts["realtime_start"]) == {pd.Timestamp("2015-03-31")}
    assert known_on(facts, pd.Timestamp("2015-03-30")).empty
    seen = known_on(facts, pd.Timestamp("2015-03-31"))
    assert seen["series_id"].tolist() == ["ICSA", "INDPRO", "INDPRO"]
    assert seen["value"].tolist() == [299.0, 100.0, 101.5]


def test_a_column_that_goes_keeps_its_last_values_and_a_blank_cell_loses_its_value(tmp_path):
    vintage(tmp_path, "2015-02.csv", "sasdate,AMBSL,INDPRO", "Transform:,6,5", "1/1/2015,7,100")
    vintage(tmp_path, "2015-03.csv", "sasdate,INDPRO", "Transform:,5", "1/1/2015,", "2/1/2015,101")
    vintage(tmp_path, "2015-04.csv", "sasdate,INDPRO", "Transform:,5", "1/1/2015,100", "2/1/2015,101", "3/1/2015,")
    facts = FredMd(tmp_path, CATALOG).observations(["AMBSL", "INDPRO"])
    seen = {
        month: known_on(facts, pd.Timestamp(month) + pd.offsets.MonthEnd(0))["value"].tolist()
        for month in ("2015-02", "2015-03", "2015-04")
    }
    assert seen == {"2015-02": [7.0, 100.0], "2015-03": [7.0, 101.0], "2015-04": [7.0, 100.0, 101.0]}


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("2015-03.csv", ("date,INDPRO", "1/1/2015,100", "2/1/2015,101"), "is not one of FRED-MD"),
        (
            "2015-03.csv",
            ("sasdate,INDPRO", "1/1/2015,100", "2/1/2015,101"),
            "lacks the row of transformation codes below the names; put it back, Transform:,5",
        ),
        ("2015-03.csv", ("",), "is empty"),
        ("2015-03.csv", ("sasdate,INDPRO", "Transform:,9", "1/1/2015,100"), "transformation code '9'"),
        ("2015-03.csv", ("sasdate,ICSA,CLAIMSx", "Transform:,5,5", "1/1/2015,1,2"), "in two columns"),
        ("2015-03.csv", (*GOOD[:3], "2/1/2015,10l.5,"), "row 4: INDPRO 10l.5 is no number"),
        ("2015-03.csv", (*GOOD[:3], "2/1/2015,101.5"), "line 4: 2 cells instead of 3"),
        ("2015-03.csv", (*GOOD[:3], "1/1/2015,1,2"), "row 4: 1/1/2015 is no month, or there twice"),
        ("2015-03.csv", (*GOOD[:3], "2/15/2015,1,2"), "row 4: 2/15/2015 is no month"),
        ("2015-03.csv", (*GOOD[:3], "February,1,2"), "row 4: February is no month"),
        (
            "2015-03.csv",
            (*GOOD[:3], "2/1/2015,inf,2"),
            "INDPRO 2015-02-01 known from 2015-03-31: the value is infinite",
        ),
        ("2014-11.csv", GOOD, "end at 2015-02, which a vintage of 2014-11 cannot"),
        ("2016-11.csv", GOOD, "is it cut off or misnamed?"),
        ("2098-03.csv", (*GOOD[:2], "2/1/2098,1,2"), "it is known only in the future"),
        ("march.csv", GOOD, "holds no FRED-MD vintage"),
    ],
)
def test_a_broken_file_is_refused_and_the_offending_rows_are_named(tmp_path, name, rows, said):
    vintage(tmp_path, "2015-01.csv" if name != "march.csv" else "april.csv", *GOOD[:2], "12/1/2014,99,298")
    vintage(tmp_path, name, *rows)
    source = FredMd(tmp_path, CATALOG)
    with pytest.raises(SourceError) as refused:
        source.observations(source.available())
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_files_of_one_month_are_refused(tmp_path):
    vintage(tmp_path, "2015-03.csv", *GOOD)
    vintage(tmp_path, "2015-03-md.csv", *GOOD)
    with pytest.raises(SourceError, match="are both the vintage of 2015-03"):
        FredMd(tmp_path, CATALOG).available()


def test_the_token_changes_with_the_files_alone(tmp_path):
    vintage(tmp_path, "2015-03.csv", *GOOD)
    before = FredMd(tmp_path, CATALOG).last_updated()
    assert FredMd(tmp_path, CATALOG).last_updated() == before
    vintage(tmp_path, "2015-04.csv", *GOOD, "3/1/2015,102,281")
    assert FredMd(tmp_path, CATALOG).last_updated() != before


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real vintages are not at {REAL}")
class TestRealVintages:
    """Six real vintages: every cell is known at its month's end exactly as the file has it."""

    @pytest.mark.slow
    def test_every_cell_is_as_in_its_file(self):
        source = FredMd(REAL, CATALOG)
        facts = source.observations(source.available())
        for file in sorted(REAL.glob("*.csv")):
            day = pd.Timestamp(file.stem) + pd.offsets.MonthEnd(0)
            cells = (
                pd.read_csv(file, skiprows=[1], float_precision="round_trip")
                .dropna(how="all")
                .set_index("sasdate")
                .stack()
            )
            dates = pd.to_datetime(cells.index.get_level_values(0), format="%m/%d/%Y")
            names = [CATALOG.canonical_id(name) for name in cells.index.get_level_values(1)]
            written = dict(zip(zip(names, dates, strict=True), cells, strict=True))
            seen = known_on(facts[facts["series_id"].isin(set(names))], day)
            assert dict(zip(zip(seen["series_id"], seen["date"], strict=True), seen["value"], strict=True)) == written

    def test_the_shutdown_the_new_unit_and_the_rebased_index_are_seen_when_they_came(self):
        facts = FredMd(REAL, CATALOG).observations(["UNRATE", "ICSA", "INDPRO"])
        seen = {
            day: known_on(facts, pd.Timestamp(day)).set_index(["series_id", "date"])["value"]
            for day in ("2014-12-31", "2015-01-31", "2026-02-28")
        }
        assert ("UNRATE", pd.Timestamp("2025-10-01")) not in seen["2026-02-28"]
        november = ("ICSA", pd.Timestamp("2014-11-01"))
        assert seen["2014-12-31"][november] == 299
        assert seen["2015-01-31"][november] > 299_000
        base = ("INDPRO", pd.Timestamp("2014-11-01"))
        assert seen["2026-02-28"][base] != seen["2014-12-31"][base]
