"""Random histories, and what a store must say about them, recomputed naively."""

import pandas as pd
from hypothesis import strategies as st

EPOCH = pd.Timestamp("2020-01-01")
IDS = ["CPI", "JOBS", "claims"]
NAN = float("nan")


def frame(rows: list[tuple]) -> pd.DataFrame:
    """An observations frame of (series_id, date, realtime_start, value) rows, or with `estimated` as a fifth."""
    full = [row if len(row) == 5 else (*row, False) for row in rows]
    table = pd.DataFrame(full, columns=["series_id", "date", "realtime_start", "value", "estimated"])
    return table.astype(
        {"date": "datetime64[ns]", "realtime_start": "datetime64[ns]", "value": float, "estimated": bool}
    )


def _dated(facts: dict[tuple[str, int, int], float]) -> list[tuple]:
    return [
        (series_id, EPOCH + pd.DateOffset(months=month), EPOCH + pd.Timedelta(days=day), value)
        for (series_id, month, day), value in facts.items()
    ]


values = st.sampled_from([1.0, 2.0, 3.0, NAN])
keys = st.tuples(st.sampled_from(IDS), st.integers(0, 2), st.integers(0, 9))
histories = st.dictionaries(keys, values, min_size=1, max_size=40).map(_dated)


@st.composite
def deliveries(draw: st.DrawFn, rows: list[tuple]) -> list[pd.DataFrame]:
    """The rows in any order, cut into batches anywhere, some of them delivered again."""
    shuffled = draw(st.permutations(rows))
    replayed = draw(st.lists(st.sampled_from(rows), max_size=5))
    stream = [*shuffled, *replayed]
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    batches = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    return [frame(batch) for batch in batches if batch]


def known_on(rows: list[tuple], day: pd.Timestamp) -> dict[tuple[str, pd.Timestamp], float]:
    """The newest value published by `day` of each observation, those published as missing left out."""
    newest: dict[tuple[str, pd.Timestamp], float] = {}
    for series_id, date, start, value in sorted(rows, key=lambda row: row[2]):
        if start <= day:
            newest[series_id, date] = value
    return {key: value for key, value in newest.items() if value == value}


def step_functions(rows: list[tuple]) -> list[tuple]:
    """Canonical rows (series_id, date, realtime_start, realtime_end, value): one per change of value."""
    canonical: list[tuple] = []
    for series_id, date, start, value in sorted(rows, key=lambda row: row[:3]):
        last = canonical[-1] if canonical else None
        same = last is not None and last[:2] == (series_id, date)
        if same and repr(last[4]) == repr(value):
            continue
        if same:
            canonical[-1] = (*last[:3], start, last[4])
        canonical.append((series_id, date, start, None, value))
    return canonical
