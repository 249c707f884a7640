"""How many regimes, and which covariance: candidates compared out of sample or by information criteria.

The walk-forward log score is the mean log predictive density of a month given the months before it, with
parameters estimated before it too (Dawid, 1984): it needs no penalty, since nothing is judged on data it was
fitted to. It is measured in panel units, so that scaling cannot flatter a candidate; candidates with different
`winsor` see different data and are not comparable. AIC and BIC lean on the maximised likelihood; with a
discount below 1 the fit maximises something else, and the log score is the one to trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.batch import fit_windows
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.model import MacroCycleHMM
from macro_cycle.hmm.observations import read_panel
from macro_cycle.hmm.options import whole_number

Criterion = Literal["log_score", "aic", "bic"]
CRITERIA = ("log_score", "aic", "bic")


@dataclass(frozen=True)
class Candidate:
    """One configuration and its figures on the panel.

    log_scores: (months,) walk-forward log predictive densities in panel units, empty if not asked for.
    aic, bic, log_likelihood: of the model fitted to the whole panel, in standardised units.
    """

    config: HMMConfig
    model: MacroCycleHMM
    log_scores: np.ndarray
    log_likelihood: float
    aic: float
    bic: float


@dataclass(frozen=True)
class Selection:
    """Candidates from best to worst by `criterion`."""

    criterion: Criterion
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """The winner; its model is fitted to the whole panel."""
        return self.candidates[0]

    @property
    def table(self) -> pd.DataFrame:
        """One row per candidate, best first.

        log_score: mean per month; behind: by how much it falls short of the best, per month; behind_std_error:
        of that mean difference, months taken as independent.
        """
        rows = []
        for candidate in self.candidates:
            config, behind = candidate.config, self.best.log_scores - candidate.log_scores
            rows.append(
                {
                    "n_regimes": config.n_regimes,
                    "covariance_type": config.covariance_type,
                    "emission": config.emission,
                    "n_parameters": candidate.model.n_parameters,
                    "log_likelihood": candidate.log_likelihood,
                    "aic": candidate.aic,
                    "bic": candidate.bic,
                    "log_score": _mean(candidate.log_scores),
                    "behind": _mean(behind),
                    "behind_std_error": behind.std(ddof=1) / np.sqrt(len(behind)) if len(behind) > 1 else np.nan,
                    "converged": candidate.model.convergence.converged,
                }
            )
        return pd.DataFrame(rows)


def select(
    panel: pd.DataFrame | np.ndarray,
    config: HMMConfig,
    n_regimes: Sequence[int] = (2, 3, 4),
    covariance_types: Sequence[str] = ("tied_diag", "diag", "tied", "full"),
    criterion: Criterion = "log_score",
    first: int | None = None,
    every: int = 12,
    n_threads: int = 1,
) -> Selection:
    """Fit every pair of n_regimes and covariance_type, all else as in `config`, and rank them by the criterion.

    first, every: as in `walk_forward_log_scores`, which is skipped unless it is the criterion.
    """
    if criterion not in CRITERIA:
        raise MacroCycleError(f"criterion is {criterion!r}: choose one of {', '.join(CRITERIA)}")
    variants = [config.replace(n_regimes=k, covariance_type=c) for k in n_regimes for c in covariance_types]
    if not variants:
        raise MacroCycleError("nothing to select from: give at least one n_regimes and one covariance_type")
    candidates = []
    for variant in variants:
        scores = np.empty(0)
        if criterion == "log_score":
            scores = walk_forward_log_scores(panel, variant, first, every, n_threads)
        model = MacroCycleHMM(variant).fit(panel)
        candidates.append(Candidate(variant, model, scores, model.score(panel), model.aic(panel), model.bic(panel)))
    return Selection(criterion, tuple(_ranked(candidates, criterion)))


def walk_forward_log_scores(
    panel: pd.DataFrame | np.ndarray,
    config: HMMConfig,
    first: int | None = None,
    every: int = 12,
    n_threads: int = 1,
) -> np.ndarray:
    """(T - first,) log p(y_t | y_1:t-1) in panel units, parameters re-estimated before every `every` months.

    first: months of the first fit, half of the panel by default. Raises MacroCycleError when nothing is left
    to predict.
    """
    checked = read_panel(panel)
    T = len(checked.values)
    first = T // 2 if first is None else whole_number("first", first, 1)
    every = whole_number("every", every, 1)
    if first >= T:
        raise MacroCycleError(f"first is {first}, every is {every}: leave months of the {T} to predict")
    frame = checked.frame
    ends = range(first, T, every)
    models = fit_windows((frame, ends), config, n_threads=n_threads)
    return np.concatenate(
        [model.log_scores(frame.iloc[: end + every])[end:] for model, end in zip(models, ends, strict=True)]
    )


def _ranked(candidates: Iterable[Candidate], criterion: Criterion) -> list[Candidate]:
    if criterion == "log_score":
        return sorted(candidates, key=lambda c: -_mean(c.log_scores))
    return sorted(candidates, key=lambda c: getattr(c, criterion))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
