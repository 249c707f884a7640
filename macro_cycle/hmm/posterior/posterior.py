"""`Posterior`: parameters, regimes and forecasts of a fitted model with the doubt the data leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.dynamics import step_ahead
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.options import as_type, whole_number
from macro_cycle.hmm.posterior.coordinates import LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.draws import ParameterDraws
from macro_cycle.hmm.posterior.laplace import LaplaceFit, laplace
from macro_cycle.hmm.posterior.progress import Progress, untold
from macro_cycle.hmm.posterior.summary import parameter_table
from macro_cycle.hmm.results import Band, ForecastBands, RegimeBands

if TYPE_CHECKING:
    from macro_cycle.hmm.model import MacroCycleHMM

Method = Literal["laplace", "svi", "nuts"]
METHODS = ("laplace", "svi", "nuts")
LARGEST_R_HAT = 1.05
LEAST_SAMPLE = 100.0  # independent draws that a band's ends rest on


class Ahead(NamedTuple):
    """Of s draws: now (s, 1, K), filtered probabilities of the panel's last month; transitions (s, R, steps, K, K) into
    the months after it, on R paths of the covariates; later (s, 1, K, K), into all months after those.
    """

    now: np.ndarray
    transitions: np.ndarray
    later: np.ndarray


@dataclass(frozen=True)
class Posterior:
    """S draws from p(parameters | y), or from an approximation of it.

    method: how they were drawn. laplace: the Normal in unconstrained coordinates that every method starts
    from. diagnostics: the method's own figures. warnings: plain words, empty when all is well.
    """

    model: MacroCycleHMM
    method: Method
    draws: ParameterDraws
    laplace: LaplaceFit
    diagnostics: dict[str, float]
    warnings: tuple[str, ...]

    def parameters(self, level: float = 0.9) -> pd.DataFrame:
        """One row per number of the model: estimate, std_error, low and high end of its credible interval."""
        return parameter_table(self.model, self.draws, _tails(level))

    def regimes(self, panel: pd.DataFrame | np.ndarray, level: float = 0.9) -> RegimeBands:
        """Credible bands of the regime probabilities of the panel's months."""
        density = self._density(panel)
        with collapse_in_one_line():
            filtered, smoothed = self.draws.regime_probs(density)
        tails = _tails(level)
        return RegimeBands(
            level,
            _band(filtered, tails),
            _band(smoothed, tails),
            _band(self.model.recession_probability(filtered), tails),
            _band(self.model.recession_probability(smoothed), tails),
            density.observations.index,
        )

    def forecast(self, panel: pd.DataFrame | np.ndarray, steps: int = 12, level: float = 0.9) -> ForecastBands:
        """Regimes 1 to `steps` months after the panel's last, doubt about the parameters included."""
        index = self.model.forecast(panel, steps).index
        path = np.concatenate([step_ahead(now, into).mean(axis=1) for now, into, _ in self.ahead(panel, steps)])
        tails = _tails(level)
        return ForecastBands(level, _band(path, tails), _band(self.model.recession_probability(path), tails), index)

    def ahead(self, panel: pd.DataFrame | np.ndarray, steps: int) -> Iterator[Ahead]:
        """Where some of the draws after others stand in the panel's last month, and what leads on from there."""
        now, paths = self.filtered(panel, newest=1), self._paths(panel, steps)
        for part in self.draws.parts:
            transitions = np.stack([self.draws.transitions(s, paths) for s in range(part.start, part.stop)])
            yield Ahead(now[part], transitions, self.draws.transition_matrix[part, None])

    def on_a_path_each(self, panel: pd.DataFrame | np.ndarray, steps: int) -> np.ndarray:
        """(S, steps, K, K) transitions of each draw into the months after the panel's last, on one of the paths."""
        paths = self._paths(panel, steps)
        return np.stack([self.draws.transitions(s, paths[s % len(paths)]) for s in range(len(self.draws))])

    def filtered(self, panel: pd.DataFrame | np.ndarray, newest: int = 0) -> np.ndarray:
        """(S, T, K) filtered probabilities of each draw, or of so many of the newest months."""
        return self.draws.regime_probs(self._density(panel), newest)[0]

    def _paths(self, panel: pd.DataFrame | np.ndarray, steps: int) -> np.ndarray:
        """(R, steps, C) covariates, the same for all draws; one path of none where transitions are constant."""
        if self.draws.slopes is None:
            return np.empty((1, steps, 0))
        return self.model.covariate_paths(panel, steps)

    def _density(self, panel: pd.DataFrame | np.ndarray) -> JointDensity:
        return JointDensity(self.model.config, self.model.observations(panel))


def infer(
    model: MacroCycleHMM,
    observations: Observations,
    method: Method = "laplace",
    n_draws: int = 500,
    seed: int = 0,
    svi_steps: int = 1000,
    learning_rate: float = 0.01,
    warmup: int = 300,
    n_chains: int = 2,
    progress: Progress = untold,
) -> Posterior:
    """The posterior of a fitted model given the observations it was fitted to; options as in `pyro_model.py`.

    progress: told how many steps of `svi` or moves of `nuts` are done.
    Raises MacroCycleError for an unknown method, a number of draws below 2, or an inference that ran away.
    """
    if method not in METHODS:
        raise MacroCycleError(f"method is {method!r}: choose one of {', '.join(METHODS)}")
    n_draws, seed = whole_number("n_draws", n_draws, 2), whole_number("seed", seed, 0)
    svi_steps, warmup = whole_number("svi_steps", svi_steps, 1), whole_number("warmup", warmup, 1)
    n_chains = whole_number("n_chains", n_chains, 1)
    posterior = LogPosterior(JointDensity(model.config, observations))
    diagnostics: dict[str, float] = {}
    with collapse_in_one_line():
        normal = laplace(posterior, model.parameters)
        if method == "laplace":
            theta, diagnostics = normal.draws(n_draws, seed), {"inflation": normal.inflation}
        else:
            from macro_cycle.hmm.posterior.pyro_model import nuts, variational

            if method == "svi":
                theta, diagnostics = variational(posterior, normal, n_draws, seed, svi_steps, learning_rate, progress)
            else:
                theta, diagnostics = nuts(posterior, normal, n_draws, seed, warmup, n_chains, progress)
        draws = ParameterDraws.at(posterior, theta)
    if model.config.structure == "free" and method == "nuts":
        draws = draws.aligned(model.parameters.means)
    return Posterior(model, method, draws, normal, diagnostics, normal.warnings + _doubts(diagnostics))


@contextmanager
def collapse_in_one_line() -> Iterator[None]:
    """A covariance without a Cholesky root, said in plain words."""
    try:
        yield
    except np.linalg.LinAlgError:
        raise MacroCycleError(
            "a regime's covariance collapses under the doubt about it: raise variance_weight, or use fewer regimes"
        ) from None


def _doubts(diagnostics: dict[str, float]) -> tuple[str, ...]:
    words = []
    if not diagnostics.get("largest_r_hat", 1.0) <= LARGEST_R_HAT:  # nor is what is no number
        words.append("the chains have not mixed: raise warmup and n_draws")
    if not diagnostics.get("smallest_effective_sample_size", LEAST_SAMPLE) >= LEAST_SAMPLE:
        words.append(f"the draws are worth fewer than {LEAST_SAMPLE:.0f} independent ones: raise n_draws")
    if diagnostics.get("divergences", 0.0) > 0:
        words.append(f"{diagnostics['divergences']:.0f} moves diverged: the tails may be drawn too rarely")
    return tuple(words)


def _tails(level: float) -> tuple[float, float]:
    if not 0.0 < as_type("level", level, float) < 1.0:
        raise MacroCycleError(f"level is {level}: it must lie between 0 and 1")
    return (1.0 - level) / 2.0, (1.0 + level) / 2.0


def _band(draws: np.ndarray, tails: tuple[float, float]) -> Band:
    low, median, high = np.quantile(draws, [tails[0], 0.5, tails[1]], axis=0)
    return Band(low, median, high, draws.mean(axis=0))
