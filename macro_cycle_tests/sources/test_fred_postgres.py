"""A mirror is only read; one with realtime days tells them, one that overwrites gets vintages once it is attached."""

import pandas as pd
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Catalog
from macro_cycle.sources import SourceError, fred_postgres, known_on
from macro_cycle.sources.fred_postgres import FredPostgres
from macro_cycle_tests.sources.mirrors import DATED, UNDATED, fill, make_mirror

CATALOG = Catalog.load()
JUNE, JULY = "2020-06-01", "2020-07-01"


def test_a_mirror_that_overwrites_has_real_vintages_from_the_day_it_is_attached(database_url, warehouse):
    make_mirror(database_url, ["UNRATE"], schema="economics")
    source = FredPostgres(database_url, "economics", CATALOG)

    def load(day: str, *rows: tuple) -> None:
        fill(database_url, rows, schema="economics")
        warehouse.ingest(source.observations(["UNRATE"]), source=source.name, loaded_at=pd.Timestamp(day))

    load("2020-09-01", ("UNRATE", JUNE, 11.1), ("UNRATE", JULY, 10.2))
    load("2020-09-02", ("UNRATE", JUNE, 11.1), ("UNRATE", JULY, 10.2))
    load("2020-09-08", ("UNRATE", JUNE, 11.0), ("UNRATE", JULY, 10.2))
    history = warehouse.history(["UNRATE"])
    june = history[history["date"] == JUNE]
    lag = CATALOG.spec("UNRATE").publication_lag_days
    assert june["realtime_start"].tolist() == [
        pd.Timestamp("2020-06-30") + pd.Timedelta(days=lag),
        pd.Timestamp("2020-09-08"),
    ]
    assert june["value"].tolist() == [11.1, 11.0]
    assert june["estimated"].tolist() == [True, False]
    assert warehouse.as_of("2020-09-07", ["UNRATE"])["value"].tolist() == [11.1, 10.2]
    assert warehouse.as_of("2020-09-08", ["UNRATE"])["value"].tolist() == [11.0, 10.2]


def test_days_of_download_are_not_taken_for_withdrawals(database_url):
    """FRED answers who asks for no history with rows that begin and end on the day of the question."""
    make_mirror(database_url, ["UNRATE"], columns=DATED)
    day, later = "2020-09-01", "2020-09-08"
    fill(
        database_url,
        [("UNRATE", JUNE, 11.1, day, day), ("UNRATE", JUNE, 11.0, later, later), ("UNRATE", JULY, 10.2, day, day)],
    )
    facts = FredPostgres(database_url, "public", CATALOG).observations(["UNRATE"])
    assert not facts["estimated"].any()
    assert known_on(facts, pd.Timestamp("2020-08-31")).empty
    assert known_on(facts, pd.Timestamp("2020-09-07"))["value"].tolist() == [11.1, 10.2]
    assert known_on(facts, pd.Timestamp("2020-12-31"))["value"].tolist() == [11.0, 10.2]


def test_rows_without_realtime_days_among_others_are_dated_by_the_lag(database_url):
    make_mirror(database_url, ["UNRATE"], columns=DATED)
    fill(database_url, [("UNRATE", JUNE, 11.1, "2020-07-02", "infinity"), ("UNRATE", JULY, 10.2, None, None)])
    facts = FredPostgres(database_url, "public", CATALOG).observations(["UNRATE"]).set_index("date")
    assert facts.loc[JUNE, "realtime_start"] == pd.Timestamp("2020-07-02")
    assert facts["estimated"].to_dict() == {pd.Timestamp(JUNE): False, pd.Timestamp(JULY): True}


def test_the_session_cannot_write(database_url):
    make_mirror(database_url, ["UNRATE"])
    source = FredPostgres(database_url, "public", CATALOG)
    with pytest.raises(SourceError, match="read-only transaction"):
        source._read(psycopg.sql.SQL("DELETE FROM {} RETURNING 1").format(source._table("series")))
    assert source.available() == ["UNRATE"]


def test_a_stalled_mirror_is_given_up(database_url, monkeypatch):
    make_mirror(database_url, ["UNRATE"])
    source = FredPostgres(database_url, "public", CATALOG)
    with monkeypatch.context() as hasty, psycopg.connect(database_url) as holder:
        hasty.setattr(fred_postgres, "LONGEST_STATEMENT", "50ms")
        holder.execute("LOCK TABLE time_series, series")
        with pytest.raises(SourceError, match=r"a statement took longer than 50ms; is it locked"):
            source.available()
    assert source.available() == ["UNRATE"]


def test_the_token_changes_with_the_mirror_alone(database_url):
    make_mirror(database_url, ["UNRATE"])
    source = FredPostgres(database_url, "public", CATALOG)
    before = source.last_updated()
    assert source.last_updated() == before
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE series SET last_updated = '2020-02-01'")
    assert source.last_updated() != before


def test_values_that_cannot_be_read_refuse_the_mirror_and_are_named(database_url):
    make_mirror(database_url, ["UNRATE"], columns=UNDATED.replace("double precision", "text"))
    fill(database_url, [("UNRATE", JUNE, "11.1"), ("UNRATE", JULY, "ten")])
    with pytest.raises(SourceError, match=r"1 fault.*time_series: UNRATE 2020-07-01 ten"):
        FredPostgres(database_url, "public", CATALOG).observations(["UNRATE"])


@pytest.mark.parametrize(
    ("url", "schema", "said"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/d", "public", "does not answer"),
        ("mysql://u:hunter2@127.0.0.1/d", "public", "needs MACRO_CYCLE_SOURCE_PATH=postgresql://"),
        ("postgresql://u:hunter2@[/d", "public", "needs MACRO_CYCLE_SOURCE_PATH=postgresql://"),
        (None, "nowhere", "schema nowhere lacks series or time_series"),
    ],
)
def test_a_mirror_that_cannot_be_read_is_one_clear_line_without_the_password(database_url, url, schema, said):
    with pytest.raises(SourceError) as refused:
        FredPostgres(url or database_url, schema, CATALOG).available()
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


WRITTEN = st.one_of(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=8),
    st.sampled_from(["5.0", ".", "NaN", "1e999", "2020-06-01", "2062-09-01", "2020-02-30", "infinity", "\x1b[31m"]),
)


def test_whatever_a_mirror_holds_is_a_frame_or_one_line(database_url):
    make_mirror(database_url, ["UNRATE"], columns="series_id text, date text, value text")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(["UNRATE", "x\ny"]), WRITTEN, WRITTEN), max_size=3), WRITTEN)
    def holds(rows, schema):
        fill(database_url, rows)
        said = ""
        for named in ("public", schema):
            try:
                frame = FredPostgres(database_url, named, CATALOG).observations(["UNRATE"])
                assert frame["date"].notna().all()
            except MacroCycleError as error:
                said = str(error)
            assert said.isprintable()
            assert len(said) < 600

    holds()
