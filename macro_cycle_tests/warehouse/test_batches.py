"""A long load is cut so that each batch can be kept by itself."""

from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.warehouse.batches import in_batches
from macro_cycle_tests.warehouse.histories import EPOCH, frame, histories

ROWS = [("A", EPOCH, EPOCH + pd.Timedelta(days=3), 1.0)]
stated_days = st.one_of(st.none(), st.integers(-1, 10).map(lambda day: EPOCH + pd.Timedelta(days=day)))


@settings(deadline=None)
@given(rows=histories, newest_seen=stated_days, size=st.integers(1, 12))
def test_batches_hold_every_fact_once_in_the_order_of_their_days(rows, newest_seen, size):
    facts = frame(rows)
    parts = in_batches(facts, newest_seen, size)
    pd.testing.assert_frame_equal(pd.concat(parts).sort_index(), facts)
    spans = [(part["realtime_start"].min(), part["realtime_start"].max()) for part in parts]
    assert all(last < first for (_, last), (first, _) in pairwise(spans))
    assert newest_seen is None or not any(first <= newest_seen < last for first, last in spans[1:])
    early = 0 if newest_seen is None else int((facts["realtime_start"] <= newest_seen).sum())
    assert newest_seen is None or not early or len(parts[0]) == early
    per_day = facts["realtime_start"].value_counts().max()
    assert all(len(part) < size + per_day for part in (parts[1:] if early else parts))


def test_a_day_that_was_only_estimated_was_not_heard(warehouse):
    warehouse.ingest(frame([(*row, True) for row in ROWS]), source="test")
    assert warehouse.newest_fact(["A"]) is None
    warehouse.ingest(frame(ROWS), source="test")
    assert warehouse.newest_fact(["A"]) == ROWS[0][2]
