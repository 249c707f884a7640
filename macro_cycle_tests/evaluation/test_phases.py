"""Phases are judged by the windows that their definitions name, and by nothing that was not settled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from macro_cycle.evaluation.phases import PHASES, changes_of_label, phase_scores, phase_truths
from macro_cycle_tests.evaluation.chronologies import NBER

DAY = pd.Timestamp("2026-07-31")
MONTHS = pd.date_range("1970-01-01", "2026-06-01", freq="MS", name="reference_month")


def months_of(mask: np.ndarray) -> set[str]:
    return {f"{month:%Y-%m}" for month in MONTHS[mask]}


def test_windows_around_the_recession_of_2008_are_those_of_the_definitions():
    truths = phase_truths(MONTHS, DAY, NBER)
    peak, trough = months_of(truths["Peak"].true), months_of(truths["Trough"].true)
    assert {"2006-12", "2007-12"} <= peak
    assert not {"2006-11", "2008-01"} & peak
    assert {"2009-04", "2009-06", "2009-09"} <= trough
    assert not {"2009-03", "2009-10"} & trough
    assert {"2008-01", "2009-03"} <= months_of(truths["Contraction"].true)
    assert not {"2007-12", "2009-04", "2009-09"} & months_of(truths["Contraction"].true)
    assert {"2006-11", "2009-10"} <= months_of(truths["Expansion"].true)


def test_populations_are_those_of_the_definitions():
    truths, recession = phase_truths(MONTHS, DAY, NBER), NBER.recession_indicator(MONTHS).to_numpy()
    assert not (truths["Peak"].judged & recession).any()
    assert (truths["Trough"].judged == (recession | truths["Trough"].true)).all()
    for truth in truths.values():
        assert (truth.judged | ~truth.true).all()


def test_a_month_whose_following_year_is_not_settled_is_not_judged():
    judged = phase_truths(MONTHS, DAY, NBER)["Peak"].judged
    assert months_of(judged) & {"2024-07"}
    assert not months_of(judged) & {"2024-08", "2025-06", "2026-06"}
    then = phase_truths(MONTHS[MONTHS < "2008"], pd.Timestamp("2008-06-30"), NBER)
    assert not then["Peak"].true[-12:].any()


def test_a_peak_that_was_not_yet_announced_is_not_known():
    index = MONTHS[(MONTHS >= "2006-01") & (MONTHS < "2007-12")]
    truth = phase_truths(index, pd.Timestamp("2008-11-30"), NBER)["Peak"]
    later = phase_truths(index, pd.Timestamp("2008-12-01"), NBER)["Peak"]
    assert not truth.judged[-12:].any()
    assert later.true[-11:].all()


def test_scores_equal_sklearns_on_the_months_judged():
    rng = np.random.default_rng(0)
    probabilities = pd.DataFrame(rng.dirichlet(np.ones(4), len(MONTHS)), MONTHS, PHASES)
    labels = probabilities.idxmax(axis=1)
    for score, (phase, truth) in zip(
        phase_scores(probabilities, labels, DAY, NBER), phase_truths(MONTHS, DAY, NBER).items(), strict=True
    ):
        y, p = truth.true[truth.judged], probabilities[phase].to_numpy()[truth.judged]
        said = (labels == phase).to_numpy()[truth.judged]
        assert score.phase == phase
        assert (score.months, score.positives, score.labelled) == (len(y), y.sum(), said.sum())
        assert score.auroc == pytest.approx(roc_auc_score(y, p))
        assert score.precision == pytest.approx(precision_score(y, said))
        assert score.recall == pytest.approx(recall_score(y, said))


def test_the_truth_itself_scores_perfectly():
    truths = phase_truths(MONTHS, DAY, NBER)
    probabilities = pd.DataFrame({phase: truth.true.astype(float) for phase, truth in truths.items()}, MONTHS)
    for phase, score in zip(PHASES, phase_scores(probabilities, pd.Series("", MONTHS), DAY, NBER), strict=True):
        assert score.auroc == 1.0, phase
        assert score.precision is None
        assert score.recall == 0.0


def test_changes_of_label_are_counted_between_neighbours():
    months = pd.DatetimeIndex(["2000-01-01", "2000-02-01", "2000-03-01", "2000-04-01", "2007-01-01"])
    assert changes_of_label(pd.Series(["a", "a", "b", "a", "b"], months)) == pytest.approx(2 / 3)
    assert np.isnan(changes_of_label(pd.Series(["a", "b"], months[-2:])))
