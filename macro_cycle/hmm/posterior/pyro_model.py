"""The joint density as a Pyro model, and what Pyro does with it: variational inference and NUTS.

Nothing else of the posterior needs torch, which costs a second and 200 MB: the density brings its own gradient, and
Pyro takes it as one function of all sites.

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
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.distributions import constraints

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.posterior.coordinates import LogPosterior
from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.laplace import LaplaceFit
from macro_cycle.hmm.posterior.progress import Progress
from macro_cycle.hmm.posterior.sites import Site
from macro_cycle.hmm.posterior.transforms import Interval, Positive, Simplex


def pyro_model(density: JointDensity) -> dict[str, Tensor]:
    """Pyro program of parameters and months; returns the parameters by site.

    Sites carry their support and a flat measure; priors and likelihood enter as one factor, because some priors
    are improper where their weight is zero.
    """
    values = {
        site.name: pyro.sample(site.name, dist.ImproperUniform(_support(site), (), (site.length,)))
        for site in density.sites.sites
    }
    pyro.factor("months and parameters", LogJoint.apply(density, *values.values()))
    return values


class LogJoint(torch.autograd.Function):
    """`JointDensity.value_and_gradient` at the values of all sites, in their order."""

    @staticmethod
    def forward(ctx: Any, density: JointDensity, *values: Tensor) -> Tensor:
        """The value; its gradient is kept."""
        names = [site.name for site in density.sites.sites]
        at = {name: value.detach().numpy()[None] for name, value in zip(names, values, strict=True)}
        value, gradients = density.value_and_gradient(at)
        ctx.save_for_backward(*(torch.from_numpy(gradients[name][0].copy()) for name in names))
        return torch.tensor(value[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """What was kept."""
        return None, *(upstream * gradient for gradient in ctx.saved_tensors)


def _support(site: Site) -> constraints.Constraint:
    match site.transform:
        case Simplex():
            return constraints.simplex
        case Positive():
            return constraints.independent(constraints.positive, 1)
        case Interval(low, high):
            return constraints.independent(constraints.interval(low, high), 1)
        case _:
            return constraints.real_vector


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

        def whitened(position: dict[str, Tensor]) -> Any:
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


def _values(posterior: LogPosterior, laplace: LaplaceFit) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value) for name, value in posterior.values(laplace.mode).items()}


@contextmanager
def _private_state(seed: int) -> Iterator[None]:
    """Seeded, on one thread, and without a trace in the caller's random numbers, threads or parameter store.

    The matrices are small: threads that wait for each other cost more than they give.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]), pyro.get_param_store().scope():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
