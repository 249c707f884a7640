"""Fitting many windows: the backfill's path, with the same bits as fitting them one after another."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.model import MacroCycleHMM, prepare
from macro_cycle.hmm.observations import Observations, read_panel
from macro_cycle.hmm.options import whole_number
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.search import Named, choose, cold_runs, warm_run

Window = pd.DataFrame | np.ndarray


def fit_windows(
    panels: Sequence[Window] | tuple[Window, Sequence[int]],
    config: HMMConfig,
    warm_start: HMMParameters | None = None,
    chain: bool = True,
    n_threads: int = 1,
) -> list[MacroCycleHMM]:
    """One fitted model per window.

    panels: the windows' panels, or one panel and the ends of its windows: each takes so many periods from the panel's
    first on.
    chain: warm-start each window from the one before it; `warm_start` starts the first. The windows' own
    starts do not depend on one another and run on `n_threads` threads; results are the same for any number
    of threads.
    """
    prepared = [prepare(panel, config) for panel in _windows(panels)]
    cold = _cold([window.observations for window in prepared], config, n_threads)
    models: list[MacroCycleHMM] = []
    for window, own in zip(prepared, cold, strict=True):
        start = models[-1].parameters if models and chain else warm_start
        if models and chain and models[-1].columns != window.panel.columns:
            start = None
        warm = warm_run(window.observations, config, start)
        models.append(MacroCycleHMM(config).adopt(window, *choose(window.observations, config, own, warm)))
    return models


def _cold(samples: list[Observations], config: HMMConfig, n_threads: int) -> list[list[Named]]:
    """Every window's own starts, run to their ends."""
    with ThreadPoolExecutor(max_workers=whole_number("n_threads", n_threads, 1)) as threads:
        return list(threads.map(lambda sample: cold_runs(sample, config), samples))


def _windows(panels: Sequence[Window] | tuple[Window, Sequence[int]]) -> Sequence[Window]:
    if isinstance(panels, tuple) and len(panels) == 2 and not isinstance(panels[1], pd.DataFrame | np.ndarray):
        panel, ends = panels
        frame = read_panel(panel).frame
        return [frame.iloc[: whole_number("the end of a window", end, 1)] for end in ends]
    return panels
