"""The joint density as a Pyro model, and what Pyro does with it: variational inference and NUTS.

Both start from the Laplace approximation: the guide as that Normal, NUTS in coordinates in which it is a
standard Normal, so that neither has to find the posterior's place and shape first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import pyro
import pyro.distributions as dist
import torch
from pyro.infer import MCMC, NUTS, SVI, Trace_ELBO
from pyro.infer.autoguide import AutoMultivariateNormal
from pyro.infer.autoguide.initialization import init_to_value
from pyro.infer.mcmc.util import initialize_model
from pyro.ops.stats import effective_sample_size, split_gelman_rubin

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.posterior.coordinates import LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.laplace import LaplaceFit
from macro_cycle.hmm.posterior.progress import Progress


def pyro_model(density: JointDensity) -> dict[str, torch.Tensor]:
    """Pyro program of parameters and months; returns the parameters by site.

    Sites carry their support and a flat measure; priors and likelihood enter as factors, because some priors
    are improper where their weight is zero.
    """
    values = {
        site.name: pyro.sample(site.name, dist.ImproperUniform(site.support, (), site.shape))
        for site in density.sites.sites
    }
    batched = {name: value[None] for name, value in values.items()}
    arrays = density.sites.arrays(batched)
    pyro.factor("prior", density.log_prior(arrays, batched)[0])
    pyro.factor("measure", density.log_measure(batched)[0])
    pyro.factor("months", density.log_likelihood(arrays)[0])
    return values


def variational(
    posterior: LogPosterior,
    laplace: LaplaceFit,
    n_draws: int,
    seed: int,
    steps: int,
    learning_rate: float,
    progress: Progress,
) -> tuple[np.ndarray, dict[str, float]]:
    """(n_draws, P) from the multivariate Normal of least Kullback-Leibler divergence, and its ELBO.

    Raises MacroCycleError when the divergence grows beyond every number.
    """
    with _private_state(seed):
        guide = AutoMultivariateNormal(pyro_model, init_loc_fn=init_to_value(values=_values(posterior, laplace)))
        guide(posterior.density)
        root = torch.from_numpy(np.linalg.cholesky(laplace.covariance))
        guide.scale = torch.diagonal(root).clone()
        guide.scale_tril = root / torch.diagonal(root)[:, None]
        decay = pyro.optim.ClippedAdam({"lr": learning_rate, "lrd": 0.1 ** (1.0 / steps)})
        svi = SVI(pyro_model, guide, decay, Trace_ELBO())
        losses = []
        for step in range(1, steps + 1):
            losses.append(svi.step(posterior.density))
            progress(step, steps)
        if not np.isfinite(losses).all():
            raise MacroCycleError("the variational inference ran away: lower learning_rate, or choose another method")
        draws = guide.get_posterior().sample((n_draws,)).detach().numpy()
    tail = losses[-max(steps // 5, 1) :]
    return draws, {"elbo": -float(np.mean(tail)), "elbo_gain": float(np.mean(losses[: len(tail)]) - np.mean(tail))}


def nuts(
    posterior: LogPosterior,
    laplace: LaplaceFit,
    n_draws: int,
    seed: int,
    warmup: int,
    n_chains: int,
    progress: Progress,
) -> tuple[np.ndarray, dict[str, float]]:
    """(n_draws, P) from the posterior by the No-U-Turn sampler (Hoffman and Gelman, 2014), and its diagnostics.

    Diagnostics: the largest split R-hat, the smallest effective sample size, the number of divergences.
    """
    root = torch.from_numpy(np.linalg.cholesky(laplace.covariance))
    mode = torch.from_numpy(laplace.mode)
    names = [site.name for site in posterior.density.sites.sites]
    sizes = [site.size for site in posterior.density.sites.sites]
    per_chain = -(-n_draws // n_chains)
    chains, divergences = [], 0
    moves, of = count(1), n_chains * (warmup + per_chain)
    with _private_state(seed):
        start_at = init_to_value(values=_values(posterior, laplace))
        _, potential, _, _ = initialize_model(
            pyro_model, (posterior.density,), max_plate_nesting=0, init_strategy=start_at
        )

        def whitened(position: dict[str, torch.Tensor]) -> Any:
            theta = mode + root @ position["z"]
            return potential(dict(zip(names, theta.split(sizes), strict=True)))

        for _ in range(n_chains):
            start = {"z": torch.randn(len(mode), dtype=torch.float64)}
            kernel = NUTS(potential_fn=whitened, adapt_mass_matrix=False)
            sampler = MCMC(
                kernel,
                per_chain,
                warmup,
                initial_params=start,
                hook_fn=lambda *_: progress(next(moves), of),
                disable_progbar=True,
            )
            sampler.run()
            chains.append(mode + sampler.get_samples()["z"] @ root.T)
            divergences += len(sampler.diagnostics()["divergences"]["chain 0"])
    stacked = torch.stack(chains)
    diagnostics = {
        "largest_r_hat": float(split_gelman_rubin(stacked).max()),
        "smallest_effective_sample_size": float(effective_sample_size(stacked).min()),
        "divergences": float(divergences),
    }
    return stacked.flatten(0, 1).numpy()[:n_draws], diagnostics


def _values(posterior: LogPosterior, laplace: LaplaceFit) -> dict[str, torch.Tensor]:
    return posterior.values(torch.from_numpy(laplace.mode))


@contextmanager
def _private_state(seed: int) -> Iterator[None]:
    """Seeded, and without a trace in the caller's random numbers or parameter store."""
    with torch.random.fork_rng(devices=[]), pyro.get_param_store().scope():
        torch.manual_seed(seed)
        yield
