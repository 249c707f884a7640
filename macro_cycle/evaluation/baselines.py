"""What anybody could have said without the model: rules and textbook models, from the same as-of data.

A baseline is estimated on what was known on one day and then read off what was known on that or a later day.
Its score is higher where a recession is likelier; months whose inputs were not yet published have no score.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from macro_cycle.errors import MacroCycleError
from macro_cycle.features import Feature, FeatureSet, build_panel
from macro_cycle.observations import Catalog
from macro_cycle.observations.robust import NORMAL_IQR, WINSOR

if TYPE_CHECKING:
    from types import ModuleType

Rule = Callable[[pd.DataFrame], pd.Series]

COINCIDENT = ("INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN")
MARKOV_SERIES = "INDPRO"
PROBIT = (-0.5333, -0.6330)
SERIES = tuple(sorted({*COINCIDENT, MARKOV_SERIES, "UNRATE", "GS10", "TB3MS"}))
"""Everything that some baseline reads."""


@dataclass(frozen=True)
class Baseline:
    """A rival of the model.

    estimate: as-of frame (`series_id, date, value`) -> rule; a rule gives, for an as-of frame of the same or a
    later day, the score of each reference month (month starts, ascending; NaN where the package's estimate
    failed). Both raise MacroCycleError when the frame lacks a series.
    threshold: a recession is called above it. probability: whether scores are probabilities, so that a Brier
    score means something. series_ids: what it reads. requires: a package of the `dev` extra without which it cannot be
    estimated.
    """

    name: str
    title: str
    threshold: float
    probability: bool
    estimate: Callable[[pd.DataFrame], Rule]
    series_ids: tuple[str, ...]
    requires: str | None = None


def baselines(catalog: Catalog) -> tuple[Baseline, ...]:
    """The baselines whose series are in this catalogue: those of another economy say nothing of this one."""
    every = (
        Baseline("sahm_rule", "Sahm rule", 0.5, False, lambda _: partial(sahm_rule, catalog=catalog), ("UNRATE",)),
        Baseline(
            "term_spread",
            "Term spread a year before",
            0.5,
            True,
            lambda _: partial(term_spread, catalog=catalog),
            ("GS10", "TB3MS"),
        ),
        Baseline("activity_index", "Activity index", 0.7, False, partial(activity_index, catalog=catalog), COINCIDENT),
        Baseline(
            "hmmlearn",
            "hmmlearn GaussianHMM",
            0.5,
            True,
            partial(hmmlearn_default, catalog=catalog),
            COINCIDENT,
            "hmmlearn",
        ),
        Baseline(
            "markov_regression",
            "statsmodels MarkovRegression",
            0.5,
            True,
            partial(markov_regression, catalog=catalog),
            (MARKOV_SERIES,),
            "statsmodels",
        ),
    )
    return tuple(rival for rival in every if all(name in catalog for name in rival.series_ids))


def scores_in_real_time(
    baseline: Baseline, frames: Iterable[tuple[pd.Timestamp, pd.DataFrame]], every: int = 12
) -> pd.DataFrame:
    """What the baseline said of the newest month it could score on each day, estimated at every `every`-th.

    `frames` are as-of months (ascending) and their as-of frames. One row per as-of month: `reference_month`,
    `score`, NaN where it gave none.
    """
    said, rule = {}, None
    for number, (as_of, frame) in enumerate(frames):
        if rule is None or number % every == 0:
            rule = baseline.estimate(frame)
        newest = rule(frame).iloc[-1:]
        said[as_of] = (newest.index[0], float(newest.iloc[0]))
    return pd.DataFrame.from_dict(said, orient="index", columns=["reference_month", "score"])


def sahm_rule(as_of: pd.DataFrame, catalog: Catalog) -> pd.Series:
    """Percentage points of unemployment (three-month mean) above its low of the twelve months before.

    Sahm (2019), "Direct Stimulus Payments to Individuals", in Recession Ready; a recession is called at 0.5.
    """
    smooth = _levels(as_of, catalog, "UNRATE")["UNRATE"].rolling(3, min_periods=2).mean()
    return (smooth - smooth.shift(1).rolling(12, min_periods=10).min()).dropna().rename("score")


def term_spread(as_of: pd.DataFrame, catalog: Catalog) -> pd.Series:
    """Probability of recession by the probit on the term spread twelve months before.

    Estrella and Mishkin (1998, RES 80:45) with the coefficients that the Federal Reserve Bank of New York
    publishes; the spread is the 10-year yield less the 3-month bill's bond-equivalent yield.
    """
    yields = _levels(as_of, catalog, "GS10", "TB3MS")
    bill = 365 * yields["TB3MS"] / (360 - 0.91 * yields["TB3MS"])
    spread = (yields["GS10"] - bill).shift(12).dropna()
    constant, slope = PROBIT
    return pd.Series(norm.cdf(constant + slope * spread), index=spread.index, name="score")


def activity_index(as_of: pd.DataFrame, catalog: Catalog) -> Rule:
    """Minus the three-month mean of the coincident series' robustly standardised changes.

    In the manner of the Chicago Fed's CFNAI-MA3 (Evans, Liu and Pham-Kanter, 2002), which calls a recession below -0.7.
    The constants of standardisation are those of the day of the estimate.
    """
    sample = _features(as_of, catalog, COINCIDENT)
    low, center, high = (sample.quantile(q) for q in (0.25, 0.5, 0.75))
    scale = (high - low) / NORMAL_IQR

    def rule(frame: pd.DataFrame) -> pd.Series:
        changes = (_features(frame, catalog, COINCIDENT) - center) / scale
        activity = changes.clip(-WINSOR, WINSOR).mean(axis=1).rolling(3, min_periods=2).mean()
        return -activity.dropna().rename("score")

    return rule


def hmmlearn_default(as_of: pd.DataFrame, catalog: Catalog) -> Rule:
    """Two states of `hmmlearn.hmm.GaussianHMM`, all else its defaults, on standardised coincident series.

    It takes no missing value, so each one is filled with the month before it. The recession state has the
    lower mean. Filtered: each month's probability is read off a panel that ends there.
    """
    hmm = _package("hmmlearn.hmm")

    def panel(frame: pd.DataFrame) -> pd.DataFrame:
        return _features(frame, catalog, COINCIDENT).ffill().dropna()

    sample = panel(as_of)
    mean, std = sample.mean(), sample.std()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = hmm.GaussianHMM(2, random_state=0).fit(((sample - mean) / std).to_numpy())
    low = int(model.means_.mean(axis=1).argmin())

    def rule(frame: pd.DataFrame) -> pd.Series:
        values = (panel(frame) - mean) / std
        return pd.Series(_filtered(model, values.to_numpy())[:, low], index=values.index, name="score")

    return rule


def markov_regression(as_of: pd.DataFrame, catalog: Catalog) -> Rule:
    """Two means of industrial production's growth by `statsmodels.tsa.MarkovRegression`.

    Hamilton (1989, Econometrica 57:357) without lags. The recession regime has the lower mean; probabilities are
    filtered.
    """
    tsa = _package("statsmodels.tsa.regime_switching.markov_regression")

    def model(frame: pd.DataFrame) -> tuple[Any, pd.Series]:
        growth = 100 * _features(frame, catalog, (MARKOV_SERIES,))[MARKOV_SERIES].dropna()
        return tsa.MarkovRegression(growth.to_numpy(), k_regimes=2), growth

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parameters = model(as_of)[0].fit(disp=False).params
    low = int(np.argmin(parameters[2:4]))

    def rule(frame: pd.DataFrame) -> pd.Series:
        later, growth = model(frame)
        filtered = later.filter(parameters).filtered_marginal_probabilities
        return pd.Series(filtered[:, low], index=growth.index, name="score")

    return rule


def _levels(as_of: pd.DataFrame, catalog: Catalog, *series_ids: str) -> pd.DataFrame:
    """Monthly levels of the series."""
    level = {"tcode": 1, "sign": 1}
    specs = {s: catalog.spec(s).model_copy(update=level) for s in series_ids}
    return _features(as_of, Catalog(series=specs), series_ids)


def _features(as_of: pd.DataFrame, catalog: Catalog, series_ids: tuple[str, ...]) -> pd.DataFrame:
    """Monthly transformed values of the series; raises MacroCycleError naming one that the frame lacks."""
    features = tuple(Feature(name=s, series_ids=(s,), role="activity") for s in series_ids)
    panel = build_panel(as_of, catalog, FeatureSet(features=features))
    empty = [s for s in series_ids if panel[s].isna().all()]
    if empty:
        raise MacroCycleError(f"The baseline needs {', '.join(empty)}: add the series to the source.")
    return panel


def _filtered(model: Any, values: np.ndarray) -> np.ndarray:
    """(T, K) p(z_t | y_1:t) of a fitted hmmlearn model, which itself only smooths."""
    from macro_cycle.hmm.inference import filter_forward

    return filter_forward(model._compute_log_likelihood(values), model.startprob_, model.transmat_).filtered_probs


def _package(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        package = name.split(".")[0]
        raise MacroCycleError(f"This baseline needs {package}: install it (it is in the `dev` extra).") from None
