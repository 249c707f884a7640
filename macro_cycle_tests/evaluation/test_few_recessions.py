"""Limits for small counts are the exact ones of the tables."""

import pytest

from macro_cycle.evaluation.few_recessions import limits, sentence


def test_none_missed_is_the_rule_of_three_made_exact():
    found = limits(8, 8, 0, 56)
    assert found.most_missed == pytest.approx(1 - 0.05 ** (1 / 8))
    assert found.most_alarms * 56 == pytest.approx(2.9957, abs=1e-4)  # Garwood's table: 0 events


def test_counts_have_garwoods_and_clopper_pearsons_limits():
    assert limits(10, 9, 3, 1).most_missed == pytest.approx(0.3942, abs=1e-4)
    assert limits(10, 9, 3, 1).most_alarms == pytest.approx(7.7537, abs=1e-4)
    assert limits(3, 0, 0, 10).most_missed == 1


def test_the_sentence_fits_what_is_there():
    assert "8 of 8" in sentence(limits(8, 8, 0, 56, 22))
    assert "cannot be told apart" in sentence(limits(8, 8, 0, 56, 22))
    assert "settles nothing" in sentence(limits(0, 0, 0, 3))
    assert "settles nothing" in sentence(limits(0, 0, 0, 0))
    assert "1 false alarm in" in sentence(limits(3, 3, 1, 20, None))
