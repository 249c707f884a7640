"""Switching models of other packages, with their defaults; probabilities are filtered.

Panels hold the stationary changes of coincident series, (T, D) by reference month.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.evaluation.rivals.rival import Rule, package
from macro_cycle.observations.robust import NORMAL_IQR, WINSOR

JUMP_PENALTY = 20.0

Read = Callable[[pd.DataFrame], pd.DataFrame]


def hmmlearn_default(sample: pd.DataFrame, _: pd.Timestamp) -> Rule:
    """Two states of `hmmlearn.hmm.GaussianHMM`, all else its defaults, on standardised coincident series.

    The recession state has the lower mean. Each month's probability is read off a panel that ends there.
    """
    return _hidden_markov(sample, _standardised(sample))


def first_component(sample: pd.DataFrame, _: pd.Timestamp) -> Rule:
    """A two-state hidden Markov model of the coincident series' first principal component.

    Stock and Watson's (1989) single index with Hamilton's (1989) regimes; the component points to where activity rises.
    """
    standardised = _robustly(sample)
    weights = np.linalg.svd(standardised(sample).to_numpy(), full_matrices=False)[2][0]
    weights *= np.sign(weights.sum()) or 1.0

    def component(panel: pd.DataFrame) -> pd.DataFrame:
        values = standardised(panel)
        return pd.DataFrame(values.to_numpy() @ weights, values.index)

    values = component(sample)
    return _hidden_markov(sample, component, values.quantile([0.1, 0.6]).to_numpy())


def markov_regression(sample: pd.DataFrame, _: pd.Timestamp) -> Rule:
    """Two means of the growth of the panel's one series by `statsmodels.tsa.MarkovRegression`.

    Hamilton (1989, Econometrica 57:357) without lags. The recession regime has the lower mean.
    """
    tsa = package("statsmodels.tsa.regime_switching.markov_regression")

    def model(panel: pd.DataFrame) -> tuple[Any, pd.Series]:
        growth = 100 * panel.iloc[:, 0].dropna()
        return tsa.MarkovRegression(growth.to_numpy(), k_regimes=2), growth

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parameters = model(sample)[0].fit(disp=False).params
    low = int(np.argmin(parameters[2:4]))

    def rule(panel: pd.DataFrame) -> pd.Series:
        later, growth = model(panel)
        filtered = later.filter(parameters).filtered_marginal_probabilities
        return pd.Series(filtered[:, low], index=growth.index, name="score").clip(0, 1)

    return rule


def jump_model(sample: pd.DataFrame, _: pd.Timestamp) -> Rule:
    """The continuous statistical jump model of `jumpmodels`, two states, on standardised coincident series.

    Aydinhan, Kolm, Mulvey and Shu (2024, Annals of Operations Research). Online: each month's probability is the state
    at the end of the path until then.
    """
    jump, read = package("jumpmodels.jump"), _robustly(sample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = jump.JumpModel(2, jump_penalty=JUMP_PENALTY, cont=True, random_state=0).fit(read(sample), sort_by=None)
    low = int(model.centers_.mean(axis=1).argmin())
    return lambda panel: model.predict_proba_online(read(panel)).iloc[:, low].rename("score")


def _standardised(sample: pd.DataFrame) -> Read:
    """A panel in deviations by the mean and the deviation of the day of the estimate.

    The packages take no missing value: each one is filled with the month before it.
    """
    filled = sample.ffill().dropna()
    mean, std = filled.mean(), filled.std()
    return lambda panel: (panel.ffill().dropna() - mean) / std


def _robustly(sample: pd.DataFrame) -> Read:
    """As `_standardised`, by median and interquartile range, held at `WINSOR` deviations: 2020 sets no scale."""
    filled = sample.ffill().dropna()
    scale = (filled.quantile(0.75) - filled.quantile(0.25)) / NORMAL_IQR
    return lambda panel: ((panel.ffill().dropna() - filled.median()) / scale).clip(-WINSOR, WINSOR)


def _hidden_markov(sample: pd.DataFrame, read: Read, means: np.ndarray | None = None) -> Rule:
    """The filtered probability of the state with the lower mean; hmmlearn itself only smooths.

    means: (2, D) where its EM begins; by default where its k-means puts them.
    """
    from macro_cycle.hmm.inference import filter_forward

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = package("hmmlearn.hmm").GaussianHMM(2, random_state=0, init_params="stmc" if means is None else "stc")
        if means is not None:
            model.means_ = means
        model.fit(read(sample).to_numpy())
    low = int(model.means_.mean(axis=1).argmin())

    def rule(panel: pd.DataFrame) -> pd.Series:
        values = read(panel)
        likelihood = model._compute_log_likelihood(values.to_numpy())
        filtered = filter_forward(likelihood, model.startprob_, model.transmat_).filtered_probs
        return pd.Series(filtered[:, low].clip(0, 1), index=values.index, name="score")  # sums round beyond 1

    return rule
