"""A frame that breaks a rule is named with its column; a sound one passes."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.features.schema import panel_schema, regimes_schema, violations

LABELS = ["Expansion", "Contraction"]
MONTHS = pd.date_range("2000-01-01", periods=60, freq="MS", name="reference_month")


@pytest.fixture
def panel() -> pd.DataFrame:
    return pd.DataFrame({"A": np.arange(60.0), "B": np.arange(60.0) ** 2}, index=MONTHS)


@pytest.fixture
def regimes() -> pd.DataFrame:
    kinds = ("filtered", "smoothed", "predicted", "phase")
    shares = {f"{kind}_{label}": 0.5 for kind in kinds for label in LABELS}
    answers = {"label": "Expansion", "recession_probability": 0.5, "most_likely_regime": "Expansion"}
    return pd.DataFrame({**answers, **shares}, index=MONTHS)


def test_many_missing_cells_stop_no_month_for_the_model_integrates_them_out(panel):
    sparse = panel.assign(B=panel["B"].where(panel.index >= "2004-06"))
    assert sparse["B"].notna().sum() == 7
    assert violations(panel_schema(["A", "B"]), sparse) == []


def test_sound_frames_pass(panel, regimes):
    assert violations(panel_schema(["A", "B"]), panel) == []
    assert violations(regimes_schema(LABELS), regimes) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p.assign(A=np.inf, B=p["B"].where(p.index > "2002")), "A holds an infinite value"),
        (lambda p: p.assign(B=1.0), "B never changes"),
        (lambda p: p.assign(B=p["A"]), "B says the same as another"),
        (lambda p: p.drop(index=p.index[5]), "the frame skips a month"),
        (lambda p: p.iloc[:5], "the frame has fewer than 24 months"),
        (lambda p: p[["A"]], "the frame does not have the columns"),
        (lambda p: p.assign(A="x"), "the frame holds something other than numbers"),
    ],
)
def test_a_spoilt_panel_is_described(panel, spoil, said):
    assert any(line.startswith(said) for line in violations(panel_schema(["A", "B"]), spoil(panel)))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r: r.assign(recession_probability=1.2), "recession_probability is not a probability"),
        (lambda r: r.assign(recession_probability=np.nan), "the frame holds a missing value"),
        (lambda r: r.assign(label="Boom"), "the frame holds a label other than"),
        (lambda r: r.assign(smoothed_Expansion=0.7), "the frame smoothed probabilities do not sum to one"),
    ],
)
def test_spoilt_regimes_are_described(regimes, spoil, said):
    assert any(line.startswith(said) for line in violations(regimes_schema(LABELS), spoil(regimes)))
