"""What bad data do to a hidden Markov model: ours, hmmlearn's and statsmodels'.

Every library gets the same simulated panel of a known cycle with one fault at a time and is judged by its
answer: `correct` (low-activity months found), `wrong`, `clear error`, `silent NaN`, or `crash` (an error that
does not say what is wrong with the data). hmmlearn runs with full covariances, statsmodels on the column that
bears the fault, for it is univariate.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, figure
from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMParameters, MacroCycleHMM
from macro_cycle.hmm.simulation import simulate

COLUMNS = ("output", "jobs", "income", "sales", "orders", "permits")
ROLES = {"orders": "momentum", "permits": "momentum"}
TRANSITION = np.array([[0.95, 0.05, 0, 0], [0.05, 0.88, 0.07, 0], [0, 0, 0.88, 0.12], [0.2, 0, 0.05, 0.75]])
ACTIVITY, MOMENTUM = np.array([0.4, 0.4, -1.6, -1.6]), np.array([0.8, -0.8, -0.8, 0.8])
MONTHS, SPOILT = 480, 240
ENOUGH = 0.9  # share of months on the right side
CORRECT, WRONG, ERROR, NAN, CRASH = "correct", "wrong", "clear error", "silent NaN", "crash"
# Words of errors that tell a user what is wrong with the data.
TELLING = ("nan", "missing", "infinite", "finite", "few", "should be", "constant", "samples")

logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Case:
    """A panel with a fault, the truth of its months, and the column that bears the fault."""

    fault: str
    panel: pd.DataFrame
    low: np.ndarray
    column: str = "output"


def measure() -> list[Figure]:
    """Faults answered rightly (a correct fit or a clear error), of all; prints the whole table."""
    found = answers()
    Console().print(_table(found))
    right = {library: float(found[library].isin([CORRECT, ERROR]).sum()) for library in found}
    best = max((library for library in right if library != "macro_cycle"), key=right.__getitem__)
    return [
        figure("bad panels answered rightly", right["macro_cycle"], f"of {len(found)}", f">= {len(found)}"),
        *(
            figure(f"bad panels answered rightly by {library}", value, f"of {len(found)}")
            for library, value in right.items()
            if library != "macro_cycle"
        ),
        figure("silent NaN", float((found["macro_cycle"] == NAN).sum()), "panels", "<= 0", best, _silent(found, best)),
    ]


def answers() -> pd.DataFrame:
    """Fault x library: the kind of answer."""
    libraries: dict[str, Callable[[Case], np.ndarray]] = {
        "macro_cycle": _ours,
        "hmmlearn": _hmmlearn,
        "statsmodels": _statsmodels,
    }
    return pd.DataFrame(
        {name: {case.fault: _judge(fit, case) for case in cases()} for name, fit in libraries.items()},
    )


def cases() -> Iterator[Case]:
    """The panels, a clean one first."""
    panel, low = _cycle()
    rng = np.random.default_rng(1)
    yield Case("none", panel, low)
    yield Case("3 % of cells missing", panel.mask(rng.random(panel.shape) < 0.03), low)
    yield Case("a constant column", panel.assign(output=1.0), low)
    yield Case("a duplicated column", panel.assign(copy=panel["output"]), low, "copy")
    yield Case("fewer months than regimes", panel.iloc[:3], low[:3])
    yield Case("one value of 1e6", _changed(panel, SPOILT, 1e6), low)
    yield Case("a month like April 2020", _like_april_2020(panel), low)
    yield Case("a column in other units", panel.assign(output=panel["output"] * 1e6), low)
    yield Case("a series that ends years early", panel.assign(output=panel["output"].where(panel.index < "1990")), low)


def _cycle(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A panel (months x columns) of activity and momentum over the clock; whether activity was low (months,)."""
    means = np.stack([MOMENTUM if c in ROLES else ACTIVITY for c in COLUMNS], axis=1)
    variances = np.full(len(COLUMNS), 0.25)
    truth = HMMParameters(np.array([1.0, 0.0, 0.0, 0.0]), TRANSITION, means, variances, "tied_diag")
    states, values = simulate(truth, MONTHS, np.random.default_rng(seed))
    index = pd.date_range("1960-01-01", periods=MONTHS, freq="MS", name="reference_month")
    return pd.DataFrame(values, index=index, columns=list(COLUMNS)), states >= 2


def _changed(panel: pd.DataFrame, month: int, value: float) -> pd.DataFrame:
    panel = panel.copy()
    panel.iloc[month, 0] = value
    return panel


def _like_april_2020(panel: pd.DataFrame) -> pd.DataFrame:
    """All series collapse by dozens of standard deviations in one month and rebound in the next."""
    panel = panel.copy()
    panel.iloc[SPOILT] -= 40.0
    panel.iloc[SPOILT + 1] += 25.0
    return panel


def _judge(fit: Callable[[Case], np.ndarray], case: Case) -> str:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            probability = fit(case)
        except MacroCycleError:
            return ERROR
        except Exception as error:
            return ERROR if any(word in str(error).lower() for word in TELLING) else CRASH
    if np.isnan(probability).any():
        return NAN
    return CORRECT if np.mean((probability > 0.5) == case.low) >= ENOUGH else WRONG


def _ours(case: Case) -> np.ndarray:
    model = MacroCycleHMM(roles=ROLES).fit(case.panel)
    return model.recession_probability(model.smooth(case.panel).smoothed_probs)


def _hmmlearn(case: Case) -> np.ndarray:
    """Smoothed probability of the states whose mean of the first four columns is below the middle."""
    from hmmlearn.hmm import GaussianHMM

    values = case.panel.to_numpy()
    model = GaussianHMM(4, "full", n_iter=200, random_state=0).fit(values)
    activity = model.means_[:, :4].mean(axis=1)
    low = activity < (activity.min() + activity.max()) / 2
    return model.predict_proba(values)[:, low].sum(axis=1)


def _statsmodels(case: Case) -> np.ndarray:
    """Smoothed probability of the regime with the lower mean."""
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    fitted = MarkovRegression(case.panel[case.column].to_numpy(), k_regimes=2).fit(disp=False)
    low = int(np.argmin(fitted.params[2:4]))
    return fitted.smoothed_marginal_probabilities[:, low]


def _silent(found: pd.DataFrame, library: str) -> float:
    return float((found[library] == NAN).sum())


def _table(found: pd.DataFrame) -> Table:
    table = Table("fault", *found.columns, title="answers to bad data")
    for fault, row in found.iterrows():
        table.add_row(str(fault), *row)
    return table


if __name__ == "__main__":
    Console().print(_table(answers()))
