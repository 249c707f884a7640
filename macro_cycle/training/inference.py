"""How sure a trained model is, by the inference that was asked for: the part that is printed, logged and shown."""

import math
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from macro_cycle.errors import MacroCycleError

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM
    from macro_cycle.hmm.results import Band

Inference = Literal["em", "laplace", "svi", "nuts"]
INFERENCES: tuple[Inference, ...] = get_args(Inference)
MEANING: dict[str, str] = {
    "em": "Estimates alone, without bands.",
    "laplace": "A Normal at the posterior's mode, within a second.",
    "svi": "The Normal of least Kullback-Leibler divergence, fitted by Pyro within a minute.",
    "nuts": "Draws from the posterior itself by Pyro's No-U-Turn sampler; minutes.",
}
LEVEL = 0.9
DRAWS, FEWEST_DRAWS, MOST_DRAWS = 500, 100, 10_000


@dataclass(frozen=True)
class Posterior:
    """What an inference says of a model's parameters and of the panel's newest month.

    level: share of the posterior between the low and the high end of a band. recession_probability, and probabilities
    by label: filtered, as low, median, high and mean. parameters: rows of parameter, estimate, std_error, low and
    high, in standardised units. diagnostics: the method's own, None where one is no number.
    """

    inference: str
    draws: int
    level: float
    recession_probability: dict[str, float]
    probabilities: dict[str, dict[str, float]]
    parameters: list[dict[Hashable, Any]]
    diagnostics: dict[str, float | None]
    warnings: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return {**asdict(self), "warnings": list(self.warnings)}

    @property
    def figures(self) -> dict[str, float]:
        """The band of the recession probability and the diagnostics, named after the inference."""
        band = {f"recession_probability_{name}": value for name, value in self.recession_probability.items()}
        known = {name: value for name, value in self.diagnostics.items() if value is not None}
        return {f"{self.inference}_{name}": value for name, value in {**band, **known}.items()}


def posterior_of(
    model: "MacroCycleHMM",
    panel: pd.DataFrame,
    inference: Inference,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Posterior | None:
    """The posterior given the panel that the model was trained on, or None for `em`; equal arguments give equal bits.

    Raises:
        MacroCycleError: the number of draws is out of bounds, or the inference fails.
    """
    check_draws(draws)
    if inference == "em":
        return None
    found = model.posterior(panel, inference, n_draws=draws, seed=model.config.seed, progress=progress)
    bands, parameters = found.regimes(panel, LEVEL), found.parameters(LEVEL)
    return Posterior(
        inference=inference,
        draws=len(found.draws),
        level=LEVEL,
        recession_probability=_newest(bands.recession_filtered),
        probabilities={label: _newest(bands.filtered_probs, j) for j, label in enumerate(model.labels)},
        parameters=parameters.reset_index().to_dict("records"),
        diagnostics={name: x if math.isfinite(x) else None for name, x in found.diagnostics.items()},
        warnings=found.warnings,
    )


def check_draws(draws: int) -> None:
    """Raises MacroCycleError where an inference is not to make so many draws."""
    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise MacroCycleError(f"draws is {draws}: it must be from {FEWEST_DRAWS} to {MOST_DRAWS}")


def _newest(band: "Band", *regime: int) -> dict[str, float]:
    return {name: float(np.asarray(x)[(-1, *regime)]) for name, x in asdict(band).items()}
