"""The joint density of months and parameters: the EM objective with its gradient, for many parameters at once.

log p(y | parameters) is the forward recursion; its gradient in log emissions, log pi and log A are the smoothed
probabilities and expected transitions (Fisher's identity; Cappe, Moulines and Ryden, 2005, chapter 10). The discount
is a power on the emission density, as in EM.

The priors are those of `priors.py` without their normalising constants, so that `log_joint` equals the EM
objective with no constant between them. Not here: the coordinates in which it is climbed (`coordinates.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.inference import ManySmoothed, forward_backward_many
from macro_cycle.hmm.kernels.steps import DOF_RATE
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.posterior.emissions import Emissions, emissions
from macro_cycle.hmm.posterior.sites import ChainArrays, ParameterSites, Values
from macro_cycle.hmm.structure import transition_counts


class _Prior(NamedTuple):
    """(B,) log densities and their gradient, in arrays or in a site's values."""

    value: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class JointDensity:
    """log p(y, parameters) of a configuration and a sample; values of sites carry one batch axis (B,)."""

    config: HMMConfig
    observations: Observations

    @cached_property
    def sites(self) -> ParameterSites:
        """What is uncertain."""
        return ParameterSites(self.config, self.observations.columns, self.observations.covariates.shape[1])

    def log_joint(self, values: Values) -> np.ndarray:
        """(B,) the EM objective at these values."""
        arrays = self.sites.arrays(values)
        priors = (*self._array_priors(arrays).values(), *self._site_priors(values).values())
        smoothed = self.smoothed(arrays, self.transitions(arrays))
        return smoothed.log_likelihoods + sum(prior.value for prior in priors)

    @np.errstate(all="ignore")  # far from the mode it may overflow, and says so by its value
    def value_and_gradient(self, values: Values) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """(B,) `log_joint` plus `log_measure`, and the gradient in the values of each site."""
        arrays = self.sites.arrays(values)
        transitions, own = self.transitions(arrays), self._array_priors(arrays)
        smoothed = self.smoothed(arrays, transitions)
        at_sites = self._site_priors(values) | self._measures(values)
        total = smoothed.log_likelihoods + sum(prior.value for prior in (*own.values(), *at_sites.values()))
        months = self._months_gradient(arrays, transitions, smoothed)
        gradients = self.sites.pull_back(
            values, months._replace(**{name: getattr(months, name) + prior.gradient for name, prior in own.items()})
        )
        for name, prior in at_sites.items():
            gradients[name] = gradients[name] + prior.gradient
        return total, gradients

    def log_measure(self, values: Values) -> np.ndarray:
        """(B,) log |d Sigma / d (scales, loadings)|: the priors are densities of covariances, not of their roots."""
        return sum((each.value for each in self._measures(values).values()), np.zeros(values["means"].shape[:-1]))

    def log_emissions(self, arrays: ChainArrays) -> np.ndarray:
        """(B, T, K) log p(y_t | z_t = j) over the observed cells."""
        return self._emissions.log_densities(arrays)

    def transitions(self, arrays: ChainArrays) -> np.ndarray:
        """(B, K, K), or (B, T, K, K) into each month where transitions depend on covariates."""
        if arrays.slopes is None:
            return np.exp(arrays.log_transition)
        logits = np.einsum("bijc,tc->btij", arrays.slopes, self.observations.covariates)
        logits += arrays.log_transition[:, None]
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=-1, keepdims=True))

    def smoothed(self, arrays: ChainArrays, transitions: np.ndarray) -> ManySmoothed:
        """Forward and backward recursion of each with its `transitions`, emissions discounted."""
        densities = self.config.discount * self.log_emissions(arrays)
        return forward_backward_many(densities, np.exp(arrays.log_initial), transitions)

    @cached_property
    def _emissions(self) -> Emissions:
        return emissions(self.config, self.observations)

    def _months_gradient(self, arrays: ChainArrays, transitions: np.ndarray, smoothed: ManySmoothed) -> ChainArrays:
        """Of log p(y_1:T), emissions discounted."""
        emitted = self._emissions.gradients(arrays, self.config.discount * smoothed.smoothed_probs)
        expected, slopes = smoothed.expected_transitions, None
        if arrays.slopes is not None:  # each row of each month is a softmax
            taken = expected - transitions * expected.sum(axis=-1, keepdims=True)
            slopes = np.einsum("btij,tc->bijc", taken, self.observations.covariates)
            expected = taken.sum(axis=1)
        return ChainArrays(smoothed.smoothed_probs[:, 0], expected, emitted.means, emitted.spread, emitted.dof, slopes)

    def _array_priors(self, arrays: ChainArrays) -> dict[str, _Prior]:
        """Of what the arrays hold: pi, A and the spread, by the array's name."""
        counts, weight = transition_counts(self.config), self.config.initial_weight
        counted = np.where(counts > 0, arrays.log_transition, 0.0)  # what is not counted may not exist
        return {
            "log_initial": _Prior(weight * arrays.log_initial.sum(axis=-1), np.full(arrays.log_initial.shape, weight)),
            "log_transition": _Prior(
                (counts * counted).sum(axis=(-1, -2)), np.broadcast_to(counts, arrays.log_transition.shape)
            ),
            "spread": self._variance_prior(arrays.spread) if self.config.diagonal else self._root_prior(arrays.spread),
        }

    def _site_priors(self, values: Values) -> dict[str, _Prior]:
        """Of the sites' own numbers, by site."""
        priors = {"means": _normal(values["means"], self.config.mean_precision)}
        if "dof" in values:
            dof = values["dof"]
            priors["dof"] = _Prior((np.log(dof) - DOF_RATE * dof).sum(axis=-1), 1.0 / dof - DOF_RATE)
        if "slopes" in values:
            priors["slopes"] = _normal(values["slopes"], self.config.slope_precision)
        return priors

    def _measures(self, values: Values) -> dict[str, _Prior]:
        if self.config.diagonal:
            return {}
        D, scales = len(self.observations.columns), values["scales"]
        powers = np.tile(np.arange(D, 0, -1.0), scales.shape[-1] // D)
        return {"scales": _Prior((powers * np.log(scales) + math.log(2.0)).sum(axis=-1), powers / scales)}

    def _variance_prior(self, spread: np.ndarray) -> _Prior:
        weight, scale = self.config.variance_weight, self.config.variance_scale
        own = spread[..., : self._spreads, :]
        value = -0.5 * weight * (np.log(own) + scale / own).sum(axis=(-1, -2))
        return _Prior(value, self._of_own(spread, -0.5 * weight * (1.0 - scale / own) / own))

    def _root_prior(self, roots: np.ndarray) -> _Prior:
        weight, scale = self.config.variance_weight, self.config.variance_scale
        own = roots[..., : self._spreads, :, :]
        inverse = np.linalg.inv(own)
        precision = inverse.mT @ inverse
        log_determinant = 2.0 * np.log(np.diagonal(own, axis1=-2, axis2=-1)).sum(axis=(-1, -2))
        value = -0.5 * weight * (log_determinant + scale * (inverse**2).sum(axis=(-1, -2, -3)))
        gradient = np.tril(-weight * (precision - scale * precision @ precision) @ own)
        return _Prior(value, self._of_own(roots, gradient))

    @property
    def _spreads(self) -> int:
        """How many there are: regimes may share one."""
        return 1 if self.config.tied else self.config.n_regimes

    def _of_own(self, spread: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient in the spreads of all regimes, where one is shared in the first's."""
        whole = np.zeros(spread.shape)
        whole[:, : self._spreads] = gradient
        return whole


def _normal(values: np.ndarray, precision: float) -> _Prior:
    return _Prior(-0.5 * precision * (values**2).sum(axis=-1), -precision * values)
