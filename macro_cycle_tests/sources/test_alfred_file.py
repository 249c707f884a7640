"""A file in ALFRED's layout says what held when, in any order of its rows; a broken one is refused whole."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from macro_cycle.observations import Catalog
from macro_cycle.sources import SourceError
from macro_cycle.sources.alfred_file import AlfredFile
from macro_cycle.sources.factory import open_file
from macro_cycle.sources.fred_md import FredMd
from macro_cycle_tests.sources import worlds

CATALOG = Catalog.load()
HEAD = "series_id,date,value,realtime_start,realtime_end"
APRIL = "UNRATE,2020-04-01,14.7,2020-05-08,2020-06-04"
property_test = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@property_test
@given(data=st.data(), world=worlds.worlds(missing=True))
def test_any_order_of_rows_and_any_split_by_series_tells_the_same(warehouse, tmp_path_factory, data, world):
    with warehouse.engine.begin() as connection:
        connection.execute(text("TRUNCATE warehouse.observations, warehouse.looks"))
    frame = worlds.alfred_frame(world)
    frame = frame.iloc[data.draw(st.permutations(range(len(frame))))]
    for number, (_, part) in enumerate(frame.groupby(frame["series_id"] == data.draw(st.sampled_from(worlds.IDS)))):
        path = tmp_path_factory.mktemp("alfred") / f"rows.{data.draw(st.sampled_from(['csv', 'parquet']))}"
        part.to_csv(path, index=False) if path.suffix == ".csv" else part.to_parquet(path)
        source = AlfredFile(path, CATALOG)
        warehouse.ingest(source.observations(source.available()), source=f"alfred{number}")
    worlds.assert_tells(warehouse, world)


def test_typed_parquet_and_text_are_read_alike(tmp_path):
    rows = pd.DataFrame([APRIL.split(",")], columns=HEAD.split(","))
    rows.to_csv(tmp_path / "a.csv", index=False)
    typed = rows.assign(
        value=rows["value"].astype(float),
        date=pd.to_datetime(rows["date"]),
        realtime_start=pd.to_datetime(rows["realtime_start"]).dt.date,
        realtime_end=[pd.Timestamp("2020-06-04").date()],
    )
    typed.to_parquet(tmp_path / "a.parquet")
    one, other = (AlfredFile(tmp_path / f"a.{kind}", CATALOG).observations(["UNRATE"]) for kind in ("csv", "parquet"))
    pd.testing.assert_frame_equal(one, other)


def test_rows_that_end_where_the_file_was_cut_are_current(tmp_path):
    rows = (
        HEAD,
        "A,2020-01-01,1,2020-02-01,2020-03-31",
        "A,2020-02-01,2,2020-03-01,2020-03-31",
        "B,2020-01-01,5,2020-02-01,2020-02-29",
        "B,2020-02-01,6,2020-02-15,",
    )
    (tmp_path / "cut.csv").write_text("\n".join(rows))
    facts = AlfredFile(tmp_path / "cut.csv", CATALOG).observations(["A", "B"])
    withdrawn = facts[facts["value"].isna()]
    assert withdrawn[["series_id", "date"]].to_numpy().tolist() == [["B", pd.Timestamp("2020-01-01")]]
    assert withdrawn["realtime_start"].tolist() == [pd.Timestamp("2020-03-01")]


def test_a_cell_in_quotes_may_hold_commas_and_ends_of_lines(tmp_path):
    (tmp_path / "a.csv").write_text(f'{HEAD},notes\n{APRIL},"two\nlines, one cell"\n')
    assert AlfredFile(tmp_path / "a.csv", CATALOG).observations(["UNRATE"])["value"].tolist() == [14.7]


def test_values_are_read_to_the_last_bit(tmp_path):
    value = "656.0796047276315"
    (tmp_path / "a.csv").write_text(f"{HEAD}\n{APRIL.replace('14.7', value)}\n")
    assert AlfredFile(tmp_path / "a.csv", CATALOG).observations(["UNRATE"])["value"].tolist() == [float(value)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((HEAD.replace("value", "val"), APRIL), "lacks the column(s) value"),
        ((HEAD, APRIL.replace("14.7", "14.7%")), "row 1: value 14.7%"),
        ((HEAD, APRIL, APRIL.replace("2020-04-01", "2020-13-01")), "row 2: date 2020-13-01"),
        ((HEAD, APRIL.replace("2020-06-04", "soon")), "row 1: realtime_end soon"),
        ((HEAD, APRIL.replace("2020-06-04", "2020-01-01")), "row 1: realtime_end lies before realtime_start"),
        ((HEAD, APRIL.replace("UNRATE", "")), "row 1: series_id"),
        ((HEAD, APRIL, APRIL.replace("14.7,2020-05-08", "14.8,2020-05-20")), "known from 2020-05-20: an earlier row"),
        ((HEAD, "UNRATE,2020-04-01,14.7,2999-05-08,9999-12-31"), "row 1: realtime_start 2999-05-08"),
        ((HEAD, "UNRATE,2020-04-01,14.7,2199-05-08,9999-12-31"), "it is known only in the future"),
        ((HEAD, APRIL.replace("14.7", "inf")), "the value is infinite"),
        (
            (HEAD, APRIL + ",1,2,3"),
            "nothing of it was written: 1 fault(s): line 2: 8 cells instead of 5",
        ),
        ((HEAD, APRIL + ",", APRIL + ","), "line 2: 6 cells instead of 5; line 3: 6 cells instead of 5"),
        ((HEAD, APRIL, APRIL.rpartition(",")[0]), "line 3: 4 cells instead of 5"),
        ((HEAD + ",notes", APRIL + ',"two\nlines, one cell"', APRIL), "line 4: 5 cells instead of 6"),
        (("",), "cannot be read"),
    ],
)
def test_a_broken_file_is_refused_and_the_offending_rows_are_named(tmp_path, rows, said):
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    source = AlfredFile(tmp_path / "a.csv", CATALOG)
    with pytest.raises(SourceError) as refused:
        source.observations(source.available())
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_s_kind_is_told_by_its_name_and_columns(tmp_path):
    (tmp_path / "a.csv").write_text(f"{HEAD}\n{APRIL}\n")
    (tmp_path / "2015-03.csv").write_text("sasdate,INDPRO\nTransform:,5\n2/1/2015,100\n")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "c.parquet").write_text("not Parquet")
    assert isinstance(open_file(tmp_path / "a.csv", CATALOG), AlfredFile)
    assert isinstance(open_file(tmp_path / "2015-03.csv", CATALOG), FredMd)
    assert isinstance(open_file(tmp_path, CATALOG), FredMd)
    for name, said in (("b.csv", "is neither"), ("c.parquet", "cannot be read")):
        with pytest.raises(SourceError, match=said):
            open_file(tmp_path / name, CATALOG)
    with pytest.raises(SourceError, match="does not exist"):
        open_file(tmp_path / "nowhere", CATALOG)
    with pytest.raises(SourceError, match="cannot be read"):
        open_file(tmp_path / "c.parquet", CATALOG, "alfred").available()
