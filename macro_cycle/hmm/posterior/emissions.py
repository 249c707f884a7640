"""log p(y_t | z_t = j) for many parameters at once, and its gradient: what differs between kinds of emissions.

Shapes: B parameters, T months, K regimes, D columns. `gradients` is that of the weighted sum of log densities, weights
(B, T, K), in means (B, K, D), in the spread as `ChainArrays` has it, and in the degrees of freedom (B, D). A kind is
made from the observations; not here: `hmm.emissions`, the compiled densities of one set of parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from scipy.special import digamma, gammaln

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.posterior.sites import ChainArrays

LOG_2PI = math.log(2.0 * math.pi)


class Gradients(NamedTuple):
    """In means (B, K, D), in the spread, in the degrees of freedom (B, D) where there are some."""

    means: np.ndarray
    spread: np.ndarray
    dof: np.ndarray | None = None


class Emissions(Protocol):
    """One kind of emission over given observations; missing cells are integrated out."""

    def log_densities(self, arrays: ChainArrays) -> np.ndarray:
        """(B, T, K)."""
        ...

    def gradients(self, arrays: ChainArrays, weights: np.ndarray) -> Gradients:
        """Of the weighted sum of log densities."""
        ...


def emissions(config: HMMConfig, observations: Observations) -> Emissions:
    """Those of a configuration."""
    if not config.diagonal:
        return Correlated(observations)
    return Independent(observations) if config.emission == "gaussian" else IndependentT(observations)


class Independent:
    """Normal cells, independent of each other: sums over months are products of matrices."""

    def __init__(self, observations: Observations) -> None:
        self._x, self._seen = _cells(observations)
        self._square = self._x**2

    def log_densities(self, arrays: ChainArrays) -> np.ndarray:
        """Of x in 1, x and x^2."""
        precision = 1.0 / arrays.spread
        constant = -0.5 * (LOG_2PI + np.log(arrays.spread) + arrays.means**2 * precision)
        return self._x @ (arrays.means * precision).mT + self._square @ (-0.5 * precision).mT + self._seen @ constant.mT

    def gradients(self, arrays: ChainArrays, weights: np.ndarray) -> Gradients:
        """From the weighted numbers, sums and squares of the cells seen."""
        precision, means, by_regime = 1.0 / arrays.spread, arrays.means, weights.mT
        seen, total, square = (by_regime @ each for each in (self._seen, self._x, self._square))
        around = square - 2.0 * means * total + means**2 * seen
        return Gradients(precision * (total - means * seen), 0.5 * precision * (precision * around - seen))


class IndependentT:
    """Student t cells, independent of each other, each column with its own degrees of freedom."""

    def __init__(self, observations: Observations) -> None:
        self._x, self._seen = _cells(observations)

    def log_densities(self, arrays: ChainArrays) -> np.ndarray:
        """Constant minus (nu + 1) / 2 log(1 + (x - mean)^2 / (nu variance))."""
        dof = _dof_of(arrays)[:, None]
        constant = _t_constant(dof, 1) - 0.5 * np.log(arrays.spread)
        tails = 0.5 * (dof[:, None] + 1.0) * np.log1p(self._ratio(arrays)) * self._seen[:, None]
        return self._seen @ constant.mT - tails.sum(axis=-1)

    def gradients(self, arrays: ChainArrays, weights: np.ndarray) -> Gradients:
        """By the ratio u = (x - mean)^2 / (nu variance) of every cell."""
        dof = _dof_of(arrays)[:, None]
        weight = weights[..., None] * self._seen[:, None]
        ratio, number = self._ratio(arrays), weight.sum(axis=1)
        pull = weight * (dof[:, None] + 1.0) / (1.0 + ratio)
        away = (pull * (self._x[:, None] - arrays.means[:, None])).sum(axis=1)
        tail = 0.5 * (pull * ratio).sum(axis=1)
        own = _t_constant_slope(dof, 1) * number - 0.5 * (weight * np.log1p(ratio)).sum(axis=1) + tail / dof
        return Gradients(
            away / (dof * arrays.spread), (tail - 0.5 * number) / arrays.spread, np.asarray(own.sum(axis=1))
        )

    def _ratio(self, arrays: ChainArrays) -> np.ndarray:
        scale = (_dof_of(arrays)[:, None] * arrays.spread)[:, None]
        return np.asarray((self._x[:, None] - arrays.means[:, None]) ** 2 / scale)


class _Pattern(NamedTuple):
    """Months (n,) in which the same cells (c,) are seen, their values (n, c) and all products of two (n, c * c)."""

    months: np.ndarray
    cells: np.ndarray
    x: np.ndarray
    products: np.ndarray


class _Shape(NamedTuple):
    """Of a pattern's cells: precision (B, K, c, c), log |root| (B, K), squared distances (B, K, n) of its months."""

    precision: np.ndarray
    log_root: np.ndarray
    distance: np.ndarray


class Correlated:
    """Normal or Student t months with a full covariance: per pattern of missing cells, products of matrices."""

    def __init__(self, observations: Observations) -> None:
        self._patterns = list(_patterns(observations))

    def log_densities(self, arrays: ChainArrays) -> np.ndarray:
        """Elliptical: of the squared Mahalanobis distance alone."""
        found = np.zeros((*arrays.means.shape[:-1], sum(len(each.months) for each in self._patterns)))
        for pattern, shape in self._shapes(arrays):
            found[..., pattern.months] = _elliptical(shape, len(pattern.cells), arrays.dof)
        return found.mT

    def gradients(self, arrays: ChainArrays, weights: np.ndarray) -> Gradients:
        """In the covariance it is symmetric; in its root L, twice that times L."""
        means, by_regime = np.zeros(arrays.means.shape), weights.mT
        covariance = np.zeros((*arrays.means.shape, arrays.means.shape[-1]))
        dof = None if arrays.dof is None else np.zeros(arrays.dof.shape)
        for pattern, shape in self._shapes(arrays):
            weight, n = by_regime[..., pattern.months], len(pattern.cells)
            own = arrays.means[..., pattern.cells]
            pull = weight if arrays.dof is None else weight * _t_pull(shape.distance, n, arrays.dof)
            count, total = pull.sum(axis=-1)[..., None], pull @ pattern.x
            cross = own[..., :, None] * total[..., None, :]
            around = (pull @ pattern.products).reshape(cross.shape) - cross - cross.mT
            around += count[..., None] * own[..., :, None] * own[..., None, :]
            means[..., pattern.cells] += (shape.precision @ (total - count * own)[..., None])[..., 0]
            place = (..., pattern.cells[:, None], pattern.cells)
            number = weight.sum(axis=-1)[..., None, None]
            covariance[place] += 0.5 * (shape.precision @ around @ shape.precision - number * shape.precision)
            if dof is not None:
                dof[:, 0] += _t_dof_slope(shape.distance, weight, n, _dof_of(arrays)).sum(axis=1)
        return Gradients(means, np.tril(2.0 * covariance @ arrays.spread), dof)

    def _shapes(self, arrays: ChainArrays) -> Iterator[tuple[_Pattern, _Shape]]:
        covariances = arrays.spread @ arrays.spread.mT
        for pattern in self._patterns:
            root = np.linalg.cholesky(covariances[..., pattern.cells[:, None], pattern.cells])
            inverse = np.linalg.inv(root)
            precision = inverse.mT @ inverse
            log_root = np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
            means = arrays.means[..., pattern.cells]
            yield pattern, _Shape(precision, log_root, _squared_distances(pattern, means, precision))


def _cells(observations: Observations) -> tuple[np.ndarray, np.ndarray]:
    """(T, D) values with zero where missing, and 1 where observed."""
    return observations.filled, observations.observed.astype(float)


def _patterns(observations: Observations) -> Iterator[_Pattern]:
    patterns, pattern_of = observations.patterns
    for p, pattern in enumerate(patterns):
        months, cells = np.flatnonzero(pattern_of == p), np.flatnonzero(pattern)
        x = observations.filled[months[:, None], cells]
        yield _Pattern(months, cells, x, (x[:, :, None] * x[:, None, :]).reshape(len(x), -1))


def _squared_distances(pattern: _Pattern, means: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """(B, K, n) squared Mahalanobis distances of the pattern's months."""
    linear = (precision @ means[..., None])[..., 0]
    level = (linear * means).sum(axis=-1, keepdims=True)
    flat = precision.reshape(*precision.shape[:-2], -1)
    return np.asarray(flat @ pattern.products.T - 2.0 * linear @ pattern.x.T + level)


def _elliptical(shape: _Shape, n: int, dof: np.ndarray | None) -> np.ndarray:
    """(B, K, T) log density of n cells."""
    if dof is None:
        return -0.5 * (shape.distance + n * LOG_2PI) - shape.log_root[..., None]
    nu = dof[:, :1]
    constant = _t_constant(nu, n) - shape.log_root
    return constant[..., None] - 0.5 * (nu + n)[..., None] * np.log1p(shape.distance / nu[..., None])


def _dof_of(arrays: ChainArrays) -> np.ndarray:
    """(B, D) degrees of freedom, of a t."""
    assert arrays.dof is not None
    return arrays.dof


def _t_constant(nu: np.ndarray, n: int) -> np.ndarray:
    """Log of the normalising constant of an n-variate t, without its scale matrix."""
    return np.asarray(gammaln(0.5 * (nu + n)) - gammaln(0.5 * nu) - 0.5 * n * np.log(nu * math.pi))


def _t_constant_slope(nu: np.ndarray, n: int) -> np.ndarray:
    """Its derivative in nu."""
    return np.asarray(0.5 * (digamma(0.5 * (nu + n)) - digamma(0.5 * nu) - n / nu))


def _t_pull(distance: np.ndarray, n: int, dof: np.ndarray) -> np.ndarray:
    """(B, K, T) weight of a month in a t relative to that in a Normal."""
    nu = dof[:, :1, None]
    return np.asarray((nu + n) / (nu + distance))


def _t_dof_slope(distance: np.ndarray, weight: np.ndarray, n: int, dof: np.ndarray) -> np.ndarray:
    """(B, K) derivative of the weighted log densities in nu."""
    nu = dof[:, :1, None]
    slope = (
        _t_constant_slope(nu, n) - 0.5 * np.log1p(distance / nu) + 0.5 * (nu + n) * distance / (nu * (nu + distance))
    )
    return np.asarray((weight * slope).sum(axis=-1))
