"""Real coordinates of numbers that are bound: of shares, positive numbers, numbers in an interval.

The coordinates are those of `torch.distributions.biject_to`, which Pyro uses (`pyro_model.py`). Leading axes are batch
axes. `pull_back` is the gradient in coordinates of f(value) + log |d value / d coordinates|, given that of f.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, logit


class Transform(Protocol):
    """From coordinates theta (..., P) to values (..., N) and back."""

    def value(self, theta: np.ndarray) -> np.ndarray:
        """Values at theta."""
        ...

    def coordinates(self, value: np.ndarray) -> np.ndarray:
        """Theta of values inside the support."""
        ...

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """(...) log |d value / d theta|."""
        ...

    def pull_back(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """(..., P) gradient of f + log_jacobian, from that of f in the values."""
        ...


class Real:
    """Numbers that are their own coordinates."""

    def value(self, theta: np.ndarray) -> np.ndarray:
        """Theta itself."""
        return theta

    def coordinates(self, value: np.ndarray) -> np.ndarray:
        """The value itself."""
        return value

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Zero."""
        return np.zeros(theta.shape[:-1])

    def pull_back(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient itself."""
        return gradient


class Positive:
    """Logarithms."""

    def value(self, theta: np.ndarray) -> np.ndarray:
        """exp(theta)."""
        return np.exp(theta)

    def coordinates(self, value: np.ndarray) -> np.ndarray:
        """log(value)."""
        return np.log(value)

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """The sum of theta."""
        return np.asarray(theta.sum(axis=-1))

    def pull_back(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient in logarithms, and one."""
        return gradient * np.exp(theta) + 1.0


@dataclass(frozen=True)
class Interval:
    """Log-odds of the place between low and high."""

    low: float
    high: float

    def value(self, theta: np.ndarray) -> np.ndarray:
        """low + (high - low) / (1 + exp(-theta))."""
        return self.low + (self.high - self.low) * expit(theta)

    def coordinates(self, value: np.ndarray) -> np.ndarray:
        """Log-odds."""
        return logit((value - self.low) / (self.high - self.low))

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Of the logistic curve, its slope p (1 - p) times the width."""
        slopes = np.log(self.high - self.low) - np.logaddexp(0.0, theta) - np.logaddexp(0.0, -theta)
        return np.asarray(slopes.sum(axis=-1))

    def pull_back(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient times the slope, and the slope's own."""
        place = expit(theta)
        return gradient * (self.high - self.low) * place * (1.0 - place) + 1.0 - 2.0 * place


class Simplex:
    """Shares, by breaking a stick: z_j = 1 / (1 + exp(-theta_j + log(N - 1 - j))) of what is left is the j-th.

    The N-th is what remains; theta = 0 are equal shares (Stan reference manual, "Unit simplex").
    """

    def value(self, theta: np.ndarray) -> np.ndarray:
        """Shares, one more than coordinates."""
        broken = expit(self._shifted(theta))
        one = np.ones((*theta.shape[:-1], 1))
        left = np.cumprod(1.0 - broken, axis=-1)
        return np.concatenate([broken, one], axis=-1) * np.concatenate([one, left], axis=-1)

    def coordinates(self, value: np.ndarray) -> np.ndarray:
        """Log-odds of each share against all that follow, equal shares at zero."""
        after = 1.0 - np.cumsum(value[..., :-1], axis=-1)
        return np.log(value[..., :-1]) - np.log(after) + _pieces_after(value.shape[-1] - 1)

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Of each break, the share times what it leaves."""
        kept = -np.logaddexp(0.0, self._shifted(theta))
        return np.asarray((kept + np.log(self.value(theta)[..., :-1])).sum(axis=-1))

    def pull_back(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Log share i grows with theta_j by 1{i = j} - z_j 1{i >= j}; log (1 - z_j) by -z_j."""
        broken = expit(self._shifted(theta))
        in_logs = gradient * self.value(theta)
        in_logs[..., :-1] += 1.0
        from_here = np.cumsum(in_logs[..., ::-1], axis=-1)[..., ::-1]
        return in_logs[..., :-1] - broken * (from_here[..., :-1] + 1.0)

    def _shifted(self, theta: np.ndarray) -> np.ndarray:
        return theta - _pieces_after(theta.shape[-1])


def _pieces_after(breaks: int) -> np.ndarray:
    """(breaks,) log of how many pieces follow each."""
    return np.log(np.arange(breaks, 0, -1))
