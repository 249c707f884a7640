"""However large the store, an as-of query and an ingestion reach their rows by index."""

import pandas as pd
import pytest
from sqlalchemy import event, text

from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.observations import AS_OF
from macro_cycle_tests.warehouse.histories import frame

SERIES, PERIODS, VINTAGES = 30, 300, 16
DAY = pd.Timedelta(days=1)

pytestmark = pytest.mark.slow


@pytest.fixture
def large(warehouse) -> Warehouse:
    """Each observation revised yearly after its first release."""
    fill = """
    INSERT INTO warehouse.observations (series_id, date, realtime_start, realtime_end, value, source)
    SELECT 'S' || s, day, day + 40 + 365 * v, CASE WHEN v = :vintages - 1 THEN 'infinity' ELSE day + 405 + 365 * v END,
           v, 'test'
    FROM generate_series(1, :series) s, generate_series(0, :vintages - 1) v, generate_series(0, :periods - 1) p,
         LATERAL (SELECT (date '1990-01-01' + make_interval(months => p))::date AS day) d
    """
    with warehouse.engine.begin() as connection:
        connection.execute(text(fill), {"series": SERIES, "periods": PERIODS, "vintages": VINTAGES})
        connection.execute(text("ANALYZE warehouse.observations"))
    return warehouse


def plan(warehouse: Warehouse, query: str, day: str) -> str:
    with warehouse.engine.connect() as connection, connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}", {"ids": [f"S{n}" for n in range(1, 13)], "day": day})
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("day", ["1995-06-30", "2008-09-30", "2040-01-31"])
def test_an_as_of_query_scans_an_index_for_each_series(large, day):
    found = plan(large, AS_OF, day)
    assert "Seq Scan on observations" not in found
    assert "Index Cond: ((series_id = w.series_id)" in found
    assert "Seq Scan on observations" in plan(large, AS_OF.replace("OFFSET 0", ""), "1995-06-30")


def test_the_newest_view_goes_by_the_as_of_index(large):
    assert "observations_as_of" in plan(large, AS_OF, "2040-01-31")


def test_an_ingestion_reads_only_what_its_facts_reach(large):
    plans = []

    @event.listens_for(large.engine, "before_cursor_execute", retval=True)
    def explain(connection, cursor, statement, parameters, context, executemany):
        if "FROM warehouse.observations" in statement and "TEMPORARY" in statement:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return statement, parameters

    day = pd.Timestamp("2041-01-01")
    facts = frame([(f"S{n}", pd.Timestamp("2014-12-01"), day, 99.0) for n in range(1, 13)])
    revised = [large.ingest(facts.assign(realtime_start=when), source="test").revised for when in (day, day - DAY)]
    large.ingest(facts.assign(value=98.0, estimated=True), source="test", seen_on=day + DAY)
    assert revised == [12, 12]
    assert len(plans) == 5
    assert all("Index Cond: ((series_id = n.series_id)" in found or "_current_pkey" in found for found in plans)
    assert not any("Seq Scan on observations" in found for found in plans)
    assert sum("observations_as_of" in found for found in plans) == 2
