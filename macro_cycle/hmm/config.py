"""Everything that defines a model before it sees data: one frozen, serialisable configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.options import take_types

Covariance = Literal["full", "diag", "tied", "tied_diag"]
Emission = Literal["gaussian", "student_t"]
Structure = Literal["cycle", "free"]
COVARIANCE_TYPES: tuple[Covariance, ...] = get_args(Covariance)
EMISSIONS: tuple[Emission, ...] = get_args(Emission)
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
ROLES = ("activity", "momentum", "free", "transition")
REGIMES = ("Expansion", "Peak", "Contraction", "Trough")
SCALINGS = ("robust", "none")
MOST_ITERATIONS = 1_000_000  # of which a search keeps the history


@dataclass(frozen=True)
class HMMConfig:
    """Model class, priors and search of a `MacroCycleHMM`; all prior scales are in standardised units.

    n_regimes: number of hidden regimes, 2 to 4.
    covariance_type: `full` and `diag` give each regime its own covariance, `tied` and `tied_diag` share one.
    emission: `gaussian` or `student_t`; the t is per cell for diagonal covariances, multivariate otherwise.
    dof: degrees of freedom of the t, or "estimated".
    structure: `cycle` ties means by role and forbids turns against the clock; `free` is a plain HMM.
    roles: column -> `activity`, `momentum`, `free` (a mean per regime) or `transition` (a covariate of the transitions,
      not emitted); unnamed columns are `activity`.
    varying_from: regimes whose transitions depend on the covariates, by name; structure `free`: all regimes.
    covariate_lag: months from a covariate's reference month to the transition it enters, at least 1.
    slope_precision: precision of the Normal(0, 1/precision) prior on every slope, a change of log odds for each robust
      standard deviation of a covariate.
    discount: power on the emission density that pays for series moving together within a regime (1 = none).
    winsor: observations are held at this many robust standard deviations (None = never).
    scaling: `robust` (median and interquartile range) or `none`.
    n_restarts: starts tried beside a warm start; seed: seed of those starts.
    max_iter: largest number of EM iterations; tol: least gain of the objective per month to go on.
    transition_strength: multiplies the Dirichlet pseudo-counts of the transition matrix.
    stickiness: pseudo-count of staying in a regime, for structure `free`.
    initial_weight: pseudo-count of each regime in the first month.
    variance_weight, variance_scale: pseudo-observations of the variance prior and their mean square.
    mean_precision: precision of the Normal(0, 1/precision) prior on every distinct mean.
    """

    n_regimes: int = 4
    covariance_type: Covariance = "tied_diag"
    emission: Emission = "gaussian"
    dof: float | Literal["estimated"] = 10.0
    structure: Structure = "cycle"
    roles: Mapping[str, str] = field(default_factory=dict)
    discount: float = 0.4
    winsor: float | None = 3.75
    scaling: Literal["robust", "none"] = "robust"
    n_restarts: int = 8
    seed: int = 0
    max_iter: int = 300
    tol: float = 1e-6
    transition_strength: float = 0.5
    stickiness: float = 5.0
    initial_weight: float = 0.5
    variance_weight: float = 10.0
    variance_scale: float = 0.1
    mean_precision: float = 0.01
    varying_from: tuple[str, ...] = ("Expansion", "Contraction", "Trough")
    covariate_lag: int = 1
    slope_precision: float = 1.0

    def __post_init__(self) -> None:
        take_types(self)
        self._check_choices()
        self._check_numbers()
        object.__setattr__(self, "roles", dict(sorted(self.roles.items())))

    def _check_choices(self) -> None:
        for name, value, allowed in (
            ("covariance_type", self.covariance_type, COVARIANCE_TYPES),
            ("emission", self.emission, EMISSIONS),
            ("structure", self.structure, STRUCTURES),
            ("scaling", self.scaling, SCALINGS),
            *((f"the role of {column}", role, ROLES) for column, role in self.roles.items()),
            *(("varying_from", name, REGIMES) for name in self.varying_from),
        ):
            if value not in allowed:
                raise MacroCycleError(f"{name} is {value!r}: choose one of {', '.join(allowed)}")

    def _check_numbers(self) -> None:
        rules = (
            ("n_regimes", self.n_regimes in (2, 3, 4), "2, 3 or 4"),
            ("dof", self.dof == "estimated" or _number(self.dof) > 2, "'estimated' or a number above 2"),
            ("discount", 0 < _number(self.discount) <= 1, "above 0 and at most 1"),
            ("winsor", self.winsor is None or _number(self.winsor) > 0, "a positive number or None"),
            ("n_restarts", self.n_restarts >= 1, "at least 1"),
            ("seed", self.seed >= 0, "zero or a positive whole number"),
            ("max_iter", 1 <= self.max_iter <= MOST_ITERATIONS, f"from 1 to {MOST_ITERATIONS}"),
            ("tol", _number(self.tol) >= 0, "zero or positive"),
            ("transition_strength", _number(self.transition_strength) >= 0, "zero or positive"),
            ("stickiness", _number(self.stickiness) >= 0, "zero or positive"),
            ("initial_weight", _number(self.initial_weight) >= 0, "zero or positive"),
            ("variance_weight", _number(self.variance_weight) >= 0, "zero or positive"),
            ("variance_scale", _number(self.variance_scale) > 0, "positive"),
            ("mean_precision", _number(self.mean_precision) >= 0, "zero or positive"),
            ("covariate_lag", self.covariate_lag >= 1, "at least 1: a month's own covariate is published after it"),
            ("slope_precision", _number(self.slope_precision) > 0, "positive"),
        )
        for name, holds, rule in rules:
            if not holds:
                raise MacroCycleError(f"{name} is {getattr(self, name)!r}: it must be {rule}")

    @property
    def diagonal(self) -> bool:
        """Whether cells are independent given the regime."""
        return self.covariance_type in ("diag", "tied_diag")

    @property
    def tied(self) -> bool:
        """Whether all regimes share one covariance."""
        return self.covariance_type in ("tied", "tied_diag")

    def replace(self, **changes: Any) -> HMMConfig:
        """A copy with some options changed."""
        return replace(self, **_known(changes))

    def to_document(self) -> dict[str, Any]:
        """All options as a JSON-able dict."""
        return {**asdict(self), "varying_from": list(self.varying_from)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> HMMConfig:
        """The configuration that `to_document` wrote; raises MacroCycleError for an unknown option."""
        return cls(**_known(document))


def _known(options: Mapping[str, Any]) -> dict[str, Any]:
    names = [f.name for f in fields(HMMConfig)]
    if not isinstance(options, Mapping):
        raise MacroCycleError("the model options are no mapping from names to values")
    unknown = sorted(str(name) for name in options if name not in names)
    if unknown:
        raise MacroCycleError(f"unknown model option {', '.join(unknown)}: the options are {', '.join(names)}")
    return dict(options)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
