"""Flat unconstrained coordinates of all sites, and the log posterior in them.

The density in these coordinates carries the Jacobians, so it is the posterior itself and not only the EM
objective: its mode lies inside even where EM puts a probability on its boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from macro_cycle.hmm.posterior.density import JointDensity
from macro_cycle.hmm.posterior.sites import Site, Values

CHUNK = 16  # points evaluated at once: what they take stays in the processor's cache


@dataclass(frozen=True)
class LogPosterior:
    """log p(theta | y) up to log p(y), theta (B, P) unconstrained."""

    density: JointDensity

    @property
    def names(self) -> tuple[str, ...]:
        """(P,) site and place of each coordinate."""
        sites = self.density.sites.sites
        return tuple(f"{site.name}[{i}]" for site in sites for i in range(site.size))

    def coordinates(self, values: Values) -> Tensor:
        """(..., P) from the sites' values."""
        return torch.cat([site.transform.inv(values[site.name]) for site in self.density.sites.sites], dim=-1)

    def values(self, theta: Tensor) -> dict[str, Tensor]:
        """The sites' values at theta (..., P)."""
        return {site.name: site.transform(part) for site, part in self._parts(theta)}

    def log_density(self, theta: Tensor) -> Tensor:
        """(B,) at theta (B, P)."""
        values = self.values(theta)
        total = self.density.log_joint(values) + self.density.log_measure(values)
        for site, part in self._parts(theta):
            total = total + site.transform.log_abs_det_jacobian(part, values[site.name])
        return total

    def value_and_gradient(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B,) log densities and their gradients (B, P) at theta (B, P)."""
        values, gradients = [], []
        for start in range(0, len(theta), CHUNK):
            point = torch.from_numpy(theta[start : start + CHUNK].copy()).requires_grad_()
            value = self.log_density(point)
            gradients.append(torch.autograd.grad(value.sum(), point)[0].numpy())
            values.append(value.detach().numpy())
        return np.concatenate(values), np.concatenate(gradients)

    def _parts(self, theta: Tensor) -> list[tuple[Site, Tensor]]:
        sites = self.density.sites.sites
        return list(zip(sites, theta.split([site.size for site in sites], dim=-1), strict=True))
