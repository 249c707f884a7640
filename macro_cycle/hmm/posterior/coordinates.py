"""Flat unconstrained coordinates of all sites, and the log posterior in them.

The density in these coordinates carries the Jacobians, so it is the posterior itself and not only the EM
objective: its mode lies inside even where EM puts a probability on its boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

    def coordinates(self, values: Values) -> np.ndarray:
        """(..., P) from the sites' values."""
        sites = self.density.sites.sites
        return np.concatenate([site.transform.coordinates(values[site.name]) for site in sites], axis=-1)

    def values(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """The sites' values at theta (..., P)."""
        return {site.name: site.transform.value(part) for site, part in self._parts(theta)}

    def value_and_gradient(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B,) log densities and their gradients (B, P) at theta (B, P)."""
        parts = [self._value_and_gradient(theta[start : start + CHUNK]) for start in range(0, len(theta), CHUNK)]
        values, gradients = zip(*parts, strict=True)
        return np.concatenate(values), np.concatenate(gradients)

    @np.errstate(all="ignore")
    def _value_and_gradient(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, in_values = self.density.value_and_gradient(self.values(theta))
        gradients = []
        for site, part in self._parts(theta):
            value = value + site.transform.log_jacobian(part)
            gradients.append(site.transform.pull_back(part, in_values[site.name]))
        return value, np.concatenate(gradients, axis=-1)

    def _parts(self, theta: np.ndarray) -> list[tuple[Site, np.ndarray]]:
        sites = self.density.sites.sites
        ends = np.cumsum([site.size for site in sites])
        return list(zip(sites, np.split(theta, ends[:-1], axis=-1), strict=True))
