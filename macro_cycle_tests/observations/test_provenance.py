"""What a claim is said to rest on follows from how its values came by their days."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.observations.provenance import KINDS, Provenance, Publications

DAYS = pd.date_range("2020-01-01", periods=6, freq="MS")
VALUE = st.tuples(
    st.sampled_from(["UNRATE", "INDPRO"]), st.integers(0, 4), st.integers(1, 3), st.booleans(), st.sampled_from(KINDS)
)


def rows(*values: tuple) -> pd.DataFrame:
    """series, month known from, months for which it holds, whether it still holds, kind."""
    frame = pd.DataFrame(
        [
            {
                "series_id": series,
                "realtime_start": DAYS[begun],
                "realtime_end": pd.NaT if current else DAYS[begun] + pd.DateOffset(months=held),
                "estimated_on": pd.Timestamp("2021-05-05") if kind == "one_vintage" else pd.NaT,
                "witnessed": kind == "sightings",
            }
            for series, begun, held, current, kind in values
        ]
    )
    return frame.astype(dict.fromkeys(("realtime_start", "realtime_end", "estimated_on"), "datetime64[ns]"))


def counted(values: list[tuple], days: list[pd.Timestamp]) -> dict[str, float]:
    """Shares by looking at each value on each day."""
    by_day = []
    for day in days:
        known = [v for v in rows(*values).itertuples() if v.realtime_start <= day and not v.realtime_end <= day]
        kinds = [
            "sightings" if v.witnessed else "one_vintage" if v.estimated_on is not pd.NaT else "true_vintages"
            for v in known
        ]
        by_day += [{kind: kinds.count(kind) / len(kinds) for kind in KINDS}] if kinds else []
    return {kind: sum(d[kind] for d in by_day) / len(by_day) if by_day else 0 for kind in KINDS}


@given(values=st.lists(VALUE, min_size=1, max_size=12), asked=st.lists(st.sampled_from(list(DAYS)), min_size=1))
def test_shares_are_those_of_the_values_known_on_each_day(values, asked):
    found = Publications(rows(*values)).provenance(asked)
    expected = counted(values, asked)
    assert {kind: getattr(found, kind) for kind in KINDS} == pytest.approx(expected)
    assert sum(expected.values()) == pytest.approx(1) or found == Provenance()


def test_one_kind_is_said_in_full_and_several_with_their_shares():
    vintage, sighting, revised = (("UNRATE", 0, 1, True, kind) for kind in KINDS)
    alone = Publications(rows(revised)).provenance([DAYS[1]])
    assert alone.kind == "one_vintage"
    assert "values as revised until 2021-05-05" in alone.in_words
    assert "earlier revisions are not in them" in alone.in_words
    both = Publications(rows(vintage, vintage, vintage, ("INDPRO", 0, 1, True, "one_vintage"))).provenance([DAYS[1]])
    assert both.in_words == "75 % true vintages, 25 % one vintage with publication lags (revised until 2021-05-05)"
    assert both.by_series == {"UNRATE": "true_vintages", "INDPRO": "one_vintage"}
    assert Publications(rows(vintage, sighting)).provenance([DAYS[1]]).by_series == {"UNRATE": "mixed"}


def test_a_small_share_is_never_rounded_away():
    many = [("UNRATE", 0, 1, True, "true_vintages")] * 999
    found = Publications(rows(*many, ("UNRATE", 0, 1, True, "one_vintage"))).provenance([DAYS[1]])
    assert found.in_words.startswith("over 99 % true vintages, under 1 % one vintage")


def test_claims_together_count_the_same():
    first, second = Provenance(true_vintages=1, by_series={"A": "true_vintages"}), Provenance(sightings=1)
    together = Provenance.average([first, second])
    assert (together.true_vintages, together.sightings, together.kind) == (0.5, 0.5, "mixed")
    assert Provenance.average([]).in_words == "no observation"
