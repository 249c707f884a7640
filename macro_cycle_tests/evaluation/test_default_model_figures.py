"""What the suite of the default model prints is what other packages make of the same answers, beside the best rival."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from benchmarks.default_model.forecasts import forecast_figures
from benchmarks.default_model.walk_forward import END, NBER, WalkForward, sample_observations

MONTHS = pd.date_range("1975-01-01", "2024-06-01", freq="MS")  # half a year after each is settled


@pytest.fixture(scope="module")
def run() -> WalkForward:
    """A walk of somebody who knows a recession a little before it comes."""
    rng = np.random.default_rng(0)
    low = NBER.recession_indicator(MONTHS).to_numpy(float)
    soon = pd.Series(low[::-1]).rolling(4, min_periods=1).max().to_numpy()[::-1]
    noise = rng.uniform(0.02, 0.3, (4, len(MONTHS), 12))
    told = {"begins": 0.5 * soon, "recession": 0.6 * low, "chain_begins": 0.2 * soon, "chain_recession": 0.3 * low}
    calls = pd.DataFrame({"reference_month": MONTHS, "probability": 0.7 * low + 0.1}, MONTHS + pd.DateOffset(months=1))
    walk = WalkForward(calls, [], [], [])
    walk.__dict__["foreseen"] = {
        name: pd.DataFrame(said[:, None] + more, MONTHS, range(1, 13))
        for (name, said), more in zip(told.items(), noise, strict=True)
    }
    return walk


def test_scores_of_a_recession_ahead_are_sklearns(run):
    found = {row.figure: row for row in forecast_figures(run, sample_observations(), pd.Timestamp(END), 60)}
    y = NBER.recession_indicator(pd.DatetimeIndex(MONTHS + pd.DateOffset(months=6))).to_numpy(bool)
    said = {name: run.foreseen[name][6].to_numpy() for name in ("recession", "chain_recession")}
    unchanged = run.calls["probability"].to_numpy()
    for title, score in (
        ("AUROC", roc_auc_score),
        ("Brier score", brier_score_loss),
        ("log score", lambda y, p: -log_loss(y, p)),
    ):
        ours, rivals = score(y, said["recession"]), (score(y, said["chain_recession"]), score(y, unchanged))
        row = found[f"recession in 6 months: {title}"]
        assert row.value == pytest.approx(ours)
        assert found[f"recession in 6 months: {title} of stationary chain"].value == pytest.approx(rivals[0])
        assert found[f"recession in 6 months: {title} of no change"].value == pytest.approx(rivals[1])
        best = min(rivals) if title == "Brier score" else max(rivals)
        assert row.peer_value == pytest.approx(best)
        assert row.met == (ours <= round(best, 4) if title == "Brier score" else ours >= round(best, 4))
