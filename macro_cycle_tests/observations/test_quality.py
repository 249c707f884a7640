"""Each fault of a history is found on the days on which it was one, and said with series, date and what to do."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.observations import Catalog
from macro_cycle.observations.quality import Rule, findings, holding_on
from macro_cycle_tests.features.histories import growing, history, monthly

CATALOG = Catalog.load()
FIRST, SECOND, THIRD = "2010-01-15", "2010-02-15", "2010-03-15"
INDPRO = growing(120)


def found(told: pd.DataFrame, series_id: str, day: str, *rules: Rule) -> list[str]:
    """Messages that hold on the day, of some rules (all but lateness, unless asked for)."""
    holding = holding_on(findings(told, CATALOG, [series_id]), pd.Timestamp(day))
    wanted = rules or tuple(rule for rule in Rule if rule not in (Rule.late, Rule.discontinued))
    return holding.loc[holding["rule"].isin(wanted), "message"].tolist()


def test_a_sound_history_gives_no_finding():
    told = history("INDPRO", (FIRST, INDPRO), (SECOND, INDPRO * 1.0001))
    assert found(told, "INDPRO", "2010-01-31", *Rule) == []
    assert found(told, "INDPRO", "2010-02-20", *Rule) == []


def test_a_series_is_unpublished_before_its_first_value_and_for_good_without_one():
    told = history("INDPRO", (FIRST, INDPRO))
    (message,) = found(told, "INDPRO", "2010-01-14")
    assert message.startswith("INDPRO was first published on 2010-01-15; begin later")
    assert found(told, "INDPRO", FIRST) == []
    (message,) = found(told, "PAYEMS", "2030-01-01")
    assert message.startswith("PAYEMS has no observation")


def test_a_series_that_begins_later_than_others_is_not_missing_before_unless_its_own_beginning_is():
    told = history("INDPRO", (FIRST, INDPRO))
    begins = f"{INDPRO.index[0]:%Y-%m}"
    for first_there_is, missing in ((begins, False), ("1990-01", True)):
        spec = CATALOG.spec("INDPRO").model_copy(update={"begins": first_there_is})
        held = holding_on(findings(told, Catalog(series={"INDPRO": spec}), ["INDPRO"]), pd.Timestamp("2010-01-14"))
        assert (Rule.unpublished in set(held["rule"])) is missing


@pytest.mark.parametrize(
    ("series_id", "value", "said"),
    [
        ("UNRATE", 1470.0, "UNRATE 2009-12 is 1470: outside 0 to 50"),
        ("UNRATE", -1.0, "UNRATE 2009-12 is -1: outside 0 to 50"),
        ("INDPRO", 0.0, "INDPRO 2009-12 is 0: not positive"),
    ],
)
def test_an_impossible_value_blocks_until_it_is_corrected(series_id, value, said):
    sound = monthly("2000-01-01", np.full(120, 5.0))
    broken = sound.copy()
    broken.iloc[-1] = value
    told = history(series_id, (FIRST, broken), (SECOND, sound))
    (message,) = found(told, series_id, "2010-01-31", Rule.implausible)
    assert message.startswith(said)
    assert Rule.implausible.blocks
    assert found(told, series_id, "2010-02-28", Rule.implausible) == []


def test_a_break_of_base_blocks_until_the_whole_vintage_is_there():
    half = INDPRO.copy()
    half.iloc[60:] *= 0.75
    told = history("INDPRO", (FIRST, INDPRO), (SECOND, half), (THIRD, INDPRO * 0.75))
    (message,) = found(told, "INDPRO", "2010-02-28", Rule.mixed_base)
    assert message.startswith("INDPRO: on 2010-02-15 60 values were put on another base (x 0.75) and 60 were left")
    assert found(told, "INDPRO", "2010-01-31", Rule.mixed_base) == []
    assert found(told, "INDPRO", "2010-03-31", Rule.mixed_base) == []


def test_a_new_base_and_new_units_are_told_once_and_are_no_large_revision():
    told = history("INDPRO", (FIRST, INDPRO), (SECOND, INDPRO * 0.75), (THIRD, INDPRO * 750))
    (message,) = found(told, "INDPRO", "2010-02-28")
    assert "put on another base (x 0.75)" in message
    (message,) = found(told, "INDPRO", "2010-03-31")
    assert "put on other units (x 1000)" in message
    assert found(told, "INDPRO", "2010-04-30") == []


def test_two_values_for_one_period_block_and_name_both():
    twice = pd.concat([INDPRO, pd.Series([101.0], [pd.Timestamp("2005-03-31")])]).sort_index()
    told = history("INDPRO", (FIRST, INDPRO), (SECOND, twice))
    (message,) = found(told, "INDPRO", "2010-02-28", Rule.repeated_period)
    assert message.startswith("INDPRO has two values for one period, 2005-03-01 and 2005-03-31")
    assert found(told, "INDPRO", "2010-01-31", Rule.repeated_period) == []


def test_monthly_means_among_weeks_are_told():
    weeks = pd.Series(300.0, pd.date_range("2005-01-01", "2010-01-09", freq="W-SAT"))
    mixed = pd.concat([weeks, pd.Series([300.0], [pd.Timestamp("2005-02-01")])]).sort_index()
    (message,) = found(history("ICSA", (FIRST, mixed)), "ICSA", "2010-01-31", Rule.foreign_dates)
    assert message.startswith("ICSA 2005-02-01 lies between two weeks that follow each other: taken for a monthly mean")


def test_a_late_series_is_told_then_called_discontinued():
    told = history("INDPRO", (FIRST, INDPRO))
    (message,) = found(told, "INDPRO", "2010-02-28", Rule.late)
    assert message.startswith("INDPRO 2010-01 was expected by 2010-02-16 and has not come")
    assert found(told, "INDPRO", "2010-02-26", Rule.late) == []
    assert found(told, "INDPRO", "2012-01-31", Rule.late) == []
    (message,) = found(told, "INDPRO", "2012-01-31", Rule.discontinued)
    assert "did not come for a year" in message


def test_a_month_that_was_never_published_is_a_gap():
    told = history("INDPRO", (FIRST, INDPRO.drop(pd.Timestamp("2009-10-01"))))
    assert found(told, "INDPRO", FIRST)[0].startswith("INDPRO 2009-10 is missing between periods that are known")


def test_a_withdrawal_is_told_by_the_month_end_that_follows():
    told = history("INDPRO", (FIRST, INDPRO), (SECOND, INDPRO.iloc[:-2]))
    (message,) = found(told, "INDPRO", "2010-02-28", Rule.withdrawn)
    assert message.startswith("INDPRO 2009-11 (and 1 more) was withdrawn on 2010-02-15")
    assert found(told, "INDPRO", "2010-03-31", Rule.withdrawn) == []


def test_a_revision_beyond_the_usual_names_its_worst_month():
    revised = INDPRO.copy()
    revised.iloc[100] *= 1.1
    (message,) = found(
        history("INDPRO", (FIRST, INDPRO), (SECOND, revised)), "INDPRO", "2010-02-28", Rule.large_revision
    )
    assert message.startswith("INDPRO: the release of 2010-02-15 revised 2008-05 from")
    usual = history("INDPRO", (FIRST, INDPRO), (SECOND, INDPRO * 1.002))
    assert found(usual, "INDPRO", "2010-02-28", Rule.large_revision) == []


def test_an_extraordinary_month_is_told_when_it_is_news_not_when_old_history_is_loaded():
    crash = INDPRO.copy()
    crash.iloc[-1] *= 0.7
    (message,) = found(history("INDPRO", (FIRST, crash)), "INDPRO", "2010-01-31", Rule.jump)
    assert message.startswith("INDPRO 2009-12 is")
    old = INDPRO.copy()
    old.iloc[20:] *= 0.7
    assert found(history("INDPRO", (FIRST, old)), "INDPRO", "2010-01-31", Rule.jump) == []


def test_a_new_base_with_a_benchmark_revision_is_one_and_a_corrupt_stretch_is_not():
    """A whole history whose ratio drifts is on another base; one of which some years are multiplied is in error."""
    drifting = INDPRO * 0.9 * np.exp(np.linspace(0, 0.05, 120))
    (message,) = found(history("INDPRO", (FIRST, INDPRO), (SECOND, drifting)), "INDPRO", "2010-02-28")
    assert "put on another base" in message
    corrupt = INDPRO.copy()
    corrupt.iloc[12:40] *= 2.5
    (message,) = found(history("INDPRO", (FIRST, INDPRO), (SECOND, corrupt)), "INDPRO", "2010-02-28")
    assert "robust deviations" in message
    assert "(and 27 more)" in message


def test_the_few_values_of_a_blanked_column_are_seen_to_be_on_another_base():
    blanked = INDPRO.iloc[-8:] * 1.07
    messages = found(history("INDPRO", (FIRST, INDPRO), (SECOND, blanked)), "INDPRO", "2010-02-28")
    assert [message.split(":")[0].split(" ")[0] for message in messages] == ["INDPRO", "INDPRO"]
    assert any("8 values were put on another base (x 1.07)" in message for message in messages)
    assert any("was withdrawn" in message for message in messages)


def test_values_published_before_their_period_began_are_named_as_projections():
    ahead = monthly("2009-01-01", np.arange(1.0, 37.0))
    (message,) = found(history("PAYEMS", (FIRST, ahead)), "PAYEMS", "2010-01-31", Rule.foreseen)
    assert message.startswith("PAYEMS runs to 2011-12: 23 values published on 2010-01-15, before what they stand for")
    assert not Rule.foreseen.blocks
