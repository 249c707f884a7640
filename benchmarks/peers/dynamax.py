"""dynamax's Gaussian hidden Markov model as a peer of ours: same parameters, same prior, double precision.

Every work is one function that XLA has compiled as a whole and that returns numpy arrays.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")  # read when jax is imported

import jax
import jax.numpy as jnp
import numpy as np
from dynamax.hidden_markov_model import GaussianHMM, hmm_filter

from macro_cycle.hmm import HMMConfig, HMMParameters

jax.config.update("jax_enable_x64", True)
FLAT = 1.0 + 1e-9  # concentration of a flat Dirichlet prior; at 1 its mode is undefined where a count is zero


class DynamaxPeer:
    """dynamax's model of free full covariances at given parameters, with the covariance prior of a configuration."""

    def __init__(self, config: HMMConfig, parameters: HMMParameters) -> None:
        K, D = parameters.means.shape
        self._model = GaussianHMM(
            K,
            D,
            initial_probs_concentration=FLAT,
            transition_matrix_concentration=FLAT,
            emission_prior_concentration=0.0,
            emission_prior_scale=config.variance_weight * config.variance_scale,
            emission_prior_extra_df=config.variance_weight - 2 * D - 2,
        )
        self._parameters, self._properties = self._model.initialize(
            initial_probs=jnp.asarray(parameters.initial_probs),
            transition_matrix=jnp.asarray(parameters.transition_matrix),
            emission_means=jnp.asarray(parameters.means),
            emission_covariances=jnp.asarray(parameters.covariances),
        )

    def fit(self, iterations: int) -> Callable[[np.ndarray], HMMParameters]:
        """EM of so many iterations from the parameters, as a function of the panel (T, D)."""
        run = self._compiled(
            lambda start, values: self._model.fit_em(
                start, self._properties, values, num_iters=iterations, verbose=False
            )[0]
        )

        def fitted(values: np.ndarray) -> HMMParameters:
            p = run(values)
            return HMMParameters(
                p.initial.probs, p.transitions.transition_matrix, p.emissions.means, p.emissions.covs, "full"
            )

        return fitted

    def smooth(self) -> Callable[[np.ndarray], Any]:
        """Smoothed probabilities and log-likelihood as a function of the panel (T, D)."""
        return self._compiled(self._model.smoother)

    def decode(self) -> Callable[[np.ndarray], np.ndarray]:
        """The most probable path (T,) as a function of the panel (T, D)."""
        return self._compiled(self._model.most_likely_states)

    def _compiled(self, work: Callable[..., Any]) -> Callable[[np.ndarray], Any]:
        compiled = jax.jit(work)
        return lambda values: jax.device_get(compiled(self._parameters, values))


def filter_steps(initial: np.ndarray, transition: np.ndarray) -> Callable[[np.ndarray], Any]:
    """The forward recursion as a function of log emissions (T, K)."""
    compiled = jax.jit(hmm_filter)
    return lambda log_emissions: jax.device_get(compiled(initial, transition, log_emissions))
