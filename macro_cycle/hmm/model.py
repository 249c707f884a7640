"""`MacroCycleHMM`: the public face of the model, with the contract of scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import dynamics, inference, labels, phases
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.covariates import CovariateProcess, covariate_values, split
from macro_cycle.hmm.document import FORMAT, frequency_entry, read_document
from macro_cycle.hmm.emissions import log_densities
from macro_cycle.hmm.frequency import Frequency
from macro_cycle.hmm.kernels.forward_backward import mix
from macro_cycle.hmm.observations import Observations, Panel, check_for_fit, read_panel, warnings_about
from macro_cycle.hmm.options import as_type, whole_number
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.results import Convergence, FilterResult, ForecastResult, PathResult, PresentResult, SmoothResult
from macro_cycle.hmm.search import search
from macro_cycle.hmm.simulation import simulate
from macro_cycle.hmm.standardizer import Standardizer
from macro_cycle.hmm.structure import allowed_transitions, covariates_of, mean_groups, tilted_transitions
from macro_cycle.hmm.time_index import periods_after

if TYPE_CHECKING:
    from macro_cycle.hmm.outlook import Outlook
    from macro_cycle.hmm.posterior.posterior import Posterior
    from macro_cycle.hmm.revisions import RevisionSizes

N_PATHS = 32  # of the covariates, in a forecast


class MacroCycleHMM:
    """Hidden Markov model of the business cycle.

    A panel is a DataFrame (months x features) or an array (T, D); NaN is a missing cell and is integrated
    out. Rows may come in any order of a dated index; an answer has one row for each period from the panel's first to
    its last, ascending, whether or not the panel has one (`time_index.py`). A fit is a function of the panel, the
    configuration and the warm start alone. Options are those of `HMMConfig`.

    Density: z_1 ~ pi, z_t ~ A_t[z_t-1], y_t | z_t = j ~ Normal(mu_j, Sigma_j) or Student-t, on robustly scaled values;
    A_t is A unless columns have the role `transition` (`dynamics.tilted`).
    Estimation: MAP-EM (Dempster, Laird and Rubin, 1977; priors in `priors.py`), best of several starts.
    """

    def __init__(self, config: HMMConfig | None = None, **options: Any) -> None:
        config = as_type("config", HMMConfig() if config is None else config, HMMConfig)
        self.config: HMMConfig = config.replace(**options) if options else config
        self._parameters: HMMParameters | None = None
        self._standardizer: Standardizer | None = None
        self._process: CovariateProcess | None = None
        self._convergence: Convergence | None = None
        self._columns: tuple[str, ...] = ()
        self._frequency: Frequency | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All options by name, as scikit-learn's estimators give theirs; none of them holds another estimator."""
        return {option.name: getattr(self.config, option.name) for option in fields(self.config)}

    def set_params(self, **options: Any) -> MacroCycleHMM:
        """Change options; estimates, if there are any, stay until the next fit. Returns self.

        Raises MacroCycleError for an unknown option or a value it does not allow.
        """
        self.config = self.config.replace(**options)
        self.__dict__.pop("n_parameters", None)
        return self

    def __sklearn_clone__(self) -> MacroCycleHMM:
        """What `sklearn.base.clone` returns: an unfitted model with the same options."""
        return type(self)(self.config)

    def fit(self, panel: pd.DataFrame | np.ndarray, warm_start: HMMParameters | None = None) -> MacroCycleHMM:
        """Estimate by MAP-EM from `config.n_restarts` own starts and, if given, a warm one; returns self.

        Raises MacroCycleError when nothing can be estimated from the panel.
        """
        prepared = prepare(panel, self.config)
        return self.adopt(prepared, *search(prepared.observations, self.config, warm_start))

    def adopt(self, prepared: Prepared, parameters: HMMParameters, convergence: Convergence) -> MacroCycleHMM:
        """Take over estimates found elsewhere (a backfill's batch) as if `fit` had found them."""
        self._columns, self._standardizer = prepared.panel.columns, prepared.standardizer
        self._process, self._parameters = prepared.process, parameters
        self._convergence = convergence.with_warnings(warnings_about(prepared.panel))
        self._frequency = prepared.panel.frequency
        self.__dict__.pop("n_parameters", None)
        return self

    @property
    def parameters(self) -> HMMParameters:
        """Estimates in standardised units, regimes in the order of `labels`."""
        return _fitted(self._parameters)

    @property
    def standardizer(self) -> Standardizer:
        """The scaling constants of the sample the model was fitted to, of all columns."""
        return _fitted(self._standardizer)

    @property
    def process(self) -> CovariateProcess:
        """How the covariates of the transitions move."""
        return _fitted(self._process)

    @property
    def convergence(self) -> Convergence:
        """How the search for the estimates went."""
        return _fitted(self._convergence)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the panel's columns, in order."""
        return self._columns

    @property
    def frequency(self) -> Frequency | None:
        """What one step of the chain is; None when the index of the panel it was fitted to only counts."""
        return self._frequency

    @property
    def emitted(self) -> tuple[str, ...]:
        """Names of the columns with a distribution in each regime: all but the covariates of the transitions."""
        return tuple(c for c in self._columns if c not in self.covariates)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the columns on which the transitions depend."""
        return tuple(c for c in self._columns if self.config.roles.get(c) == "transition")

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each regime (defined in `labels.py`)."""
        return labels.label_names(self.config.n_regimes)

    @property
    def expected_durations(self) -> np.ndarray:
        """(K,) mean stay in each regime, in months; where transitions vary, at covariates of zero."""
        return dynamics.expected_durations(self.parameters.transition_matrix)

    @property
    def stationary_distribution(self) -> np.ndarray:
        """(K,) long-run share of months in each regime; where transitions vary, at covariates of zero."""
        return dynamics.stationary_distribution(self.parameters.transition_matrix)

    @cached_property
    def n_parameters(self) -> int:
        """Free parameters: pi, allowed transitions, slopes, distinct means, covariances, estimated dof."""
        return count_parameters(self.config, self.columns)

    def observations(self, panel: pd.DataFrame | np.ndarray) -> Observations:
        """The emitted columns in the model's standardised units, with the covariates of each month's transition."""
        return self._emitted(self._table(panel))

    def _emitted(self, table: Observations) -> Observations:
        return table if self.parameters.slopes is None else split(table, self.config, self.process)

    def _table(self, panel: pd.DataFrame | np.ndarray) -> Observations:
        """All columns in standardised units."""
        return self.standardizer.observe(read_panel(panel, self.columns, self.frequency))

    def filter(self, panel: pd.DataFrame | np.ndarray) -> FilterResult:
        """p(z_t | y_1:t), what could be said at each month of the panel with these parameters."""
        return self._filtered(self.observations(panel))

    def _filtered(self, observations: Observations) -> FilterResult:
        densities = log_densities(self.parameters, observations)
        filtered = inference.filter_forward(*self._chain(densities, observations))
        scores = _predictive_scores(filtered, densities, self.config.discount)
        return FilterResult(filtered.filtered_probs, filtered.predicted_probs, scores, observations.index)

    def present(self, panel: pd.DataFrame | np.ndarray, steps: int = 12) -> PresentResult:
        """What `filter`, `phases` and `forecast` say of the panel's last month, without what they say of the others."""
        table = self._table(panel)
        observations, known = self._emitted(table), covariate_values(table, self.config)
        found, reach = self._filtered(observations), phases.AROUND_TROUGH + 1
        filtered, transitions = found.filtered_probs[-reach:], self._transitions_into(observations, reach)
        steps_to = phases.filter_steps(filtered, found.predicted_probs[-reach:], transitions)
        in_phase = phases.phase_probs(filtered, steps_to, self._expected_after(known, 1))
        ahead = dynamics.step_ahead(found.filtered_probs[-1], self._transitions_after(known, steps)).mean(axis=0)
        return PresentResult(**vars(found), phases=in_phase[-1], recession_ahead=self.recession_probability(ahead))

    def nowcast(self, panel: pd.DataFrame | np.ndarray) -> np.ndarray:
        """(K,) filtered probabilities of the panel's last month: `filter` without the rest of its answer."""
        observations = self.observations(panel)
        densities = log_densities(self.parameters, observations)
        return inference.filter_forward(*self._chain(densities, observations)).filtered_probs[-1]

    def smooth(self, panel: pd.DataFrame | np.ndarray) -> SmoothResult:
        """p(z_t | y_1:T), with hindsight over the whole panel."""
        observations = self.observations(panel)
        densities = log_densities(self.parameters, observations)
        posterior = inference.forward_backward(*self._chain(densities, observations))
        return SmoothResult(
            posterior.filtered_probs,
            posterior.predicted_probs,
            _predictive_scores(posterior, densities, self.config.discount),
            observations.index,
            posterior.smoothed_probs,
            posterior.expected_transitions,
        )

    def predict(self, panel: pd.DataFrame | np.ndarray) -> np.ndarray:
        """(T,) label of each month by the filter (`labels.label_positions`): nothing later than the month is used."""
        return self.labels_of(self.filter(panel).filtered_probs)

    def labels_of(self, probs: np.ndarray) -> np.ndarray:
        """(T,) labels of consecutive months with probabilities (T, K), by the rule of `labels.label_positions`."""
        return self._named(labels.label_positions(probs))

    def phases(self, panel: pd.DataFrame | np.ndarray, hindsight: bool = False) -> np.ndarray:
        """(T, K) probability of each phase (`phases.py`), by what was known in the month or, with hindsight, by all."""
        ahead = self._expected_after(self._covariates(panel))
        if not hindsight:
            return self._phases(self.filter(panel), ahead, self.transitions(panel))
        smooth = self.smooth(panel)
        steps = phases.smoother_steps(smooth.smoothed_probs, smooth.predicted_probs, self.transitions(panel))
        after = np.broadcast_to(ahead[-1], (phases.BEFORE_PEAK + 1, *steps.shape[1:]))
        return phases.phase_probs(smooth.smoothed_probs, steps, phases.within_sample(steps, after))

    def _phases(self, found: FilterResult, ahead: np.ndarray, transitions: np.ndarray) -> np.ndarray:
        steps = phases.filter_steps(found.filtered_probs, found.predicted_probs, transitions)
        return phases.phase_probs(found.filtered_probs, steps, ahead)

    def _expected_after(self, known: np.ndarray, newest: int = 0) -> np.ndarray:
        """(T, H, K, K) into the H months after each, with covariates as expected in that month; T is 1 if constant.

        newest: how many of the last months are wanted; 0: all.
        """
        p, H = self.parameters, phases.BEFORE_PEAK + 1
        if p.slopes is None:
            return np.broadcast_to(p.transition_matrix, (1, H, *p.transition_matrix.shape))
        return dynamics.tilted(p.transition_matrix, p.slopes, self.process.expected_ahead(known, H)[-newest:])

    def decode(self, panel: pd.DataFrame | np.ndarray) -> PathResult:
        """The most probable path of regimes (Viterbi, 1967)."""
        observations = self.observations(panel)
        densities = log_densities(self.parameters, observations)
        states, log_probability = inference.most_probable_path(*self._chain(densities, observations))
        return PathResult(states, self.labels, log_probability, observations.index)

    def regimes(self, panel: pd.DataFrame | np.ndarray) -> pd.DataFrame:
        """One row per month: label, recession_probability and most_likely_regime by the filter, and all probabilities.

        The label is on the side of the cycle that the recession probability says; the most likely of all regimes may
        lie on the other. The probabilities are named filtered_<Label>, smoothed_<Label> and predicted_<Label>; those of
        the phases by what was known in the month (`phases.py`), phase_<Label>.
        """
        smooth = self.smooth(panel)
        columns = {
            "label": self.labels_of(smooth.filtered_probs),
            "recession_probability": self.recession_probability(smooth.filtered_probs),
            "most_likely_regime": self._named(smooth.filtered_probs.argmax(axis=1)),
        }
        in_phase = self._phases(smooth, self._expected_after(self._covariates(panel)), self.transitions(panel))
        for kind, probs in (
            ("filtered", smooth.filtered_probs),
            ("smoothed", smooth.smoothed_probs),
            ("predicted", smooth.predicted_probs),
            ("phase", in_phase),
        ):
            columns |= {f"{kind}_{label}": probs[:, j] for j, label in enumerate(self.labels)}
        return pd.DataFrame(columns, smooth.index.rename("reference_month"))

    def forecast(self, panel: pd.DataFrame | np.ndarray, steps: int = 12) -> ForecastResult:
        """Regimes and features 1 to `steps` months after the panel's last."""
        steps = whole_number("steps", steps, 1)
        now = self.filter(panel)
        transitions, recession = self.transitions_ahead(panel, steps), labels.recession_side(self.config.n_regimes)
        probs = dynamics.step_ahead(now.filtered_probs[-1], transitions).mean(axis=0)
        begins = dynamics.onset_probability(now.filtered_probs[-1], transitions, recession).mean(axis=0)
        mean, std = self._feature_moments(probs)
        index = periods_after(now.index, steps, self.frequency)
        return ForecastResult(probs, self.recession_probability(probs), begins, mean, std, index)

    def recession_ahead(self, panel: pd.DataFrame | np.ndarray, steps: int = 12) -> np.ndarray:
        """(T, steps) recession probability 1 to `steps` months after each month, as its own `forecast` says it."""
        now, known = self.filter(panel).filtered_probs, self._covariates(panel)
        probs = [
            dynamics.step_ahead(at, self._transitions_after(known[: t + 1], steps)).mean(axis=0)
            for t, at in enumerate(now)
        ]
        return self.recession_probability(np.stack(probs))

    def transitions(self, panel: pd.DataFrame | np.ndarray) -> np.ndarray:
        """(T, K, K) transition matrices, the t-th into month t of the panel (the first stands for none)."""
        return self._transitions_into(self.observations(panel))

    def _transitions_into(self, observations: Observations, newest: int = 0) -> np.ndarray:
        """(T, K, K) into each month, or each of the `newest`."""
        p, K, T = self.parameters, len(self.labels), len(observations.values[-newest:])
        tilted = dynamics.tilted(p.transition_matrix, p.slopes, observations.covariates[-newest:])
        return np.broadcast_to(tilted, (T, K, K))

    def transitions_ahead(self, panel: pd.DataFrame | np.ndarray, steps: int) -> np.ndarray:
        """(R, steps, K, K) transitions into the months after the panel's last, on R simulated paths of the covariates.

        R is 1 where transitions are constant.
        """
        return self._transitions_after(self._covariates(panel), steps)

    def _transitions_after(self, known: np.ndarray, steps: int) -> np.ndarray:
        p = self.parameters
        if p.slopes is None:
            return np.broadcast_to(p.transition_matrix, (1, steps, *p.transition_matrix.shape))
        return dynamics.tilted(p.transition_matrix, p.slopes, self._paths_after(known, steps))

    def covariate_paths(self, panel: pd.DataFrame | np.ndarray, steps: int) -> np.ndarray:
        """(R, steps, C) simulated covariates of the transitions after the panel's last month, always the same."""
        return self._paths_after(self._covariates(panel), steps)

    def _paths_after(self, known: np.ndarray, steps: int) -> np.ndarray:
        return self.process.paths(known, steps, N_PATHS, self.config.winsor, self.config.seed)

    def _covariates(self, panel: pd.DataFrame | np.ndarray) -> np.ndarray:
        """(T, C) covariates of the transitions, in their own months; C is 0 where transitions are constant."""
        return covariate_values(self._table(panel), self.config)

    def posterior(
        self, panel: pd.DataFrame | np.ndarray, method: Literal["laplace", "svi", "nuts"] = "laplace", **options: Any
    ) -> Posterior:
        """What the panel the model was fitted to leaves open about its parameters, regimes and forecasts.

        method: `laplace` takes a fraction of a second; `svi` and `nuts` run in Pyro, for seconds to minutes.
        Options are those of `posterior.infer`: n_draws, seed, and the method's own.
        """
        from macro_cycle.hmm.posterior.posterior import infer

        return infer(self, self.observations(panel), method, **options)

    def outlook(
        self,
        panel: pd.DataFrame | np.ndarray,
        level: float = 0.9,
        n_draws: int = 400,
        revisions: RevisionSizes | None = None,
    ) -> Outlook:
        """The record of the months ahead with doubt about the parameters, by the Laplace approximation on the panel.

        revisions: how much the newest cells may still be revised; where none is given, as they usually are.
        """
        from macro_cycle.hmm.outlook import outlook

        return outlook(self.posterior(panel, n_draws=n_draws, seed=self.config.seed), panel, level, revisions)

    def recession_probability(self, probs: np.ndarray) -> np.ndarray:
        """(T,) mass of the contraction side of the cycle in probs (T, K), defined in `labels.py`."""
        return labels.recession_probability(np.asarray(probs))

    def score(self, panel: pd.DataFrame | np.ndarray) -> float:
        """log p(y) in standardised units: the sum of one-step predictive log densities, not discounted."""
        return self.filter(panel).log_likelihood

    def log_scores(self, panel: pd.DataFrame | np.ndarray) -> np.ndarray:
        """(T,) log p(y_t | y_1:t-1) in the panel's units, which models scaled by other constants have in common."""
        result, emitted = self.filter(panel), ~covariates_of(self.config, self.columns)
        observed = self.observations(panel).observed
        return result.log_likelihoods - observed @ np.log(self.standardizer.scale[emitted])

    def aic(self, panel: pd.DataFrame | np.ndarray) -> float:
        """Akaike's criterion, 2 n_parameters - 2 score; lower is better."""
        return 2.0 * self.n_parameters - 2.0 * self.score(panel)

    def bic(self, panel: pd.DataFrame | np.ndarray) -> float:
        """Schwarz's criterion, n_parameters log T - 2 score, T the months with data; lower is better."""
        months = int(self.observations(panel).observed.any(axis=1).sum())
        return float(self.n_parameters * np.log(max(months, 1)) - 2.0 * self.score(panel))

    def sample(self, n_months: int, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
        """Simulated states (T,) and panel (T, D) in the panel's units."""
        n_months, seed = whole_number("n_months", n_months, 1), whole_number("seed", seed, 0)
        rng, p = np.random.default_rng(seed), self.parameters
        is_covariate = covariates_of(self.config, self.columns)
        values = np.empty((n_months, len(self.columns)))
        values[:, is_covariate] = self.process.simulate(n_months, rng)
        transitions = dynamics.tilted(p.transition_matrix, p.slopes, self.process.entering(values[:, is_covariate]))
        states, values[:, ~is_covariate] = simulate(p, n_months, rng, transitions)
        return states, pd.DataFrame(self.standardizer.inverse(values), columns=list(self.columns))

    def to_document(self) -> dict[str, Any]:
        """Everything needed to rebuild the model, as a JSON-able dict; equal fits give equal documents."""
        return {
            "format": FORMAT,
            "config": self.config.to_document(),
            "columns": list(self.columns),
            **frequency_entry(self.frequency),
            "labels": list(self.labels),
            "standardizer": self.standardizer.to_document(),
            "parameters": self.parameters.to_document(),
            **({} if self.parameters.slopes is None else {"covariates": self.process.to_document()}),
            "convergence": self.convergence.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> MacroCycleHMM:
        """The model that `to_document` wrote; raises MacroCycleError when it cannot be read or contradicts itself."""
        read = read_document(document)
        model = cls(read.config)
        model._columns, model._frequency = read.columns, read.frequency
        model._standardizer, model._parameters = read.standardizer, read.parameters
        model._process, model._convergence = read.process, read.convergence
        return model

    def _chain(self, densities: np.ndarray, observations: Observations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        p, discount = self.parameters, self.config.discount
        transitions = dynamics.tilted(p.transition_matrix, p.slopes, observations.covariates)
        return densities if discount == 1.0 else discount * densities, p.initial_probs, transitions

    def _named(self, states: np.ndarray) -> np.ndarray:
        return np.array(self.labels, dtype=object)[states]

    def _feature_moments(self, probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (h, D) of the mixture over regimes, in panel units."""
        p = self.parameters
        spread = 1.0 if p.dof is None else p.dof / (p.dof - 2.0)
        mean = probs @ p.means
        second = probs @ (p.variances * spread + p.means**2)
        is_covariate = covariates_of(self.config, self.columns)
        center, scale = self.standardizer.center[~is_covariate], self.standardizer.scale[~is_covariate]
        return mean * scale + center, np.sqrt(second - mean**2) * scale


class Prepared(NamedTuple):
    """A checked panel, what its columns' scale and covariates are taken to be, and what the estimation sees of it."""

    panel: Panel
    standardizer: Standardizer
    process: CovariateProcess
    observations: Observations


def prepare(panel: pd.DataFrame | np.ndarray, config: HMMConfig) -> Prepared:
    """A panel made ready for estimation; raises MacroCycleError when nothing could be estimated from it."""
    checked = read_panel(panel)
    standardizer = Standardizer.fit(checked.values, config)
    table = standardizer.observe(checked)
    process = CovariateProcess.fit(covariate_values(table, config), config.covariate_lag)
    observations = split(table, config, process)
    check_for_fit(observations, config.n_regimes)
    return Prepared(checked, standardizer, process, observations)


def count_parameters(config: HMMConfig, columns: tuple[str, ...]) -> int:
    """Free parameters of a configuration on these columns."""
    K, D = config.n_regimes, len(columns)
    is_covariate = covariates_of(config, columns)
    transitions = (
        int(allowed_transitions(config).sum()) - K + int(is_covariate.sum() * tilted_transitions(config).sum())
    )
    columns, D = (
        tuple(c for c, covariate in zip(columns, is_covariate, strict=True) if not covariate),
        D - int(is_covariate.sum()),
    )
    means = sum(len(set(row)) for row in mean_groups(config, columns).tolist())
    one_covariance = D if config.diagonal else D * (D + 1) // 2
    dof = 0
    if config.emission == "student_t" and config.dof == "estimated":
        dof = D if config.diagonal else 1
    return (K - 1) + transitions + means + one_covariance * (1 if config.tied else K) + dof


def _predictive_scores(filtered: inference.Filtered, densities: np.ndarray, discount: float) -> np.ndarray:
    """(T,) log p(y_t | y_1:t-1): the predicted mixture of undiscounted densities."""
    if discount == 1.0:
        return filtered.log_likelihoods
    return np.asarray(mix(densities, filtered.predicted_probs, (0,) * densities.shape[1]))


def _fitted(value: Any) -> Any:
    if value is None:
        raise MacroCycleError("the model has not been fitted: call fit(panel) first")
    return value
