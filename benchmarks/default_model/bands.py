"""Does the band of an answer hold what is believed of its month two years later, where that was in doubt?"""

import numpy as np
import pandas as pd

from benchmarks.default_model.walk_forward import WalkForward
from benchmarks.figures import Figure, figure
from macro_cycle.hmm.hindsight import MONTHS, believed_later
from macro_cycle.hmm.revisions import RevisionSizes

CONTESTED = (0.05, 0.95)
TAILS = (0.05, 0.95)
DRAWS = 400
ROUNDING = 1e-3


def band_figures(run: WalkForward, revisions: RevisionSizes, every: int = 1) -> list[Figure]:
    """Share of the contested months whose 90 % band holds the later value, with and without hindsight in it.

    A month is contested whose recession probability lay between 5 and 95 % at the time or two years later. The later
    value is the smoothed probability by the model and the panel of two years later. every: of how many contested
    months one is asked about.
    """
    now = run.calls["probability"].to_numpy()[:-MONTHS]
    later = np.array([_later(run, i) for i in range(len(now))])
    contested = np.flatnonzero(_in_doubt(now) | _in_doubt(later))[::every]
    bands = np.array([_bands(run, int(i), revisions) for i in contested])
    low, high = np.minimum(bands[..., 0], now[contested, None]), np.maximum(bands[..., 1], now[contested, None])
    held = (low - ROUNDING <= later[contested, None]) & (later[contested, None] <= high + ROUNDING)
    (full, parameters), (width, narrow) = held.mean(axis=0), (high - low).mean(axis=0)
    note = f"of {len(contested)} contested months"
    return [
        figure("90 % band holds the value of two years later", float(full), note, ">= 0.85"),
        figure("width of that band", float(width), ""),
        figure("90 % band of the parameters alone holds it", float(parameters), note),
        figure("width of the parameters' band", float(narrow), ""),
    ]


def _later(run: WalkForward, i: int) -> float:
    model, panel, month = run.models[i + MONTHS], run.panels[i + MONTHS], run.panels[i].index[-1]
    place = pd.DatetimeIndex(panel.index).get_loc(month)
    return float(model.recession_probability(model.smooth(panel).smoothed_probs)[place])


def _bands(run: WalkForward, i: int, revisions: RevisionSizes) -> np.ndarray:
    """Low and high ends (2, 2): of what may be believed later, and of the filter under doubt about the parameters."""
    model, panel = run.models[i], run.panels[i]
    posterior = model.posterior(panel, n_draws=DRAWS)
    parameters = model.recession_probability(posterior.filtered(panel)[:, -1])
    return np.quantile(np.stack([believed_later(posterior, panel, revisions), parameters]), TAILS, axis=1).T


def _in_doubt(probability: np.ndarray) -> np.ndarray:
    return np.asarray((probability > CONTESTED[0]) & (probability < CONTESTED[1]))
