"""Choosing among starts: run EM from each, keep the best fit that makes economic sense, and say how it went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.em import EMOutcome, run_em
from macro_cycle.hmm.labels import economic_order
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.results import Convergence, StartOutcome
from macro_cycle.hmm.starts import starts

Named = tuple[str, EMOutcome]


def search(
    observations: Observations, config: HMMConfig, warm_start: HMMParameters | None
) -> tuple[HMMParameters, Convergence]:
    """Best parameters, regimes in canonical order, and the report; a warm start runs beside the own ones."""
    return choose(observations, config, cold_runs(observations, config), warm_run(observations, config, warm_start))


def cold_runs(observations: Observations, config: HMMConfig) -> list[Named]:
    """EM from the starts that the data and the seed alone define."""
    named = starts(observations, config)
    outcomes = run_em(observations, config, [parameters for _, parameters in named])
    return [(name, outcome) for (name, _), outcome in zip(named, outcomes, strict=True)]


def warm_run(observations: Observations, config: HMMConfig, warm_start: HMMParameters | None) -> list[Named]:
    """EM from given parameters; empty when there are none."""
    if warm_start is None:
        return []
    _check_warm_start(warm_start, observations, config)
    return [("warm", run_em(observations, config, [warm_start])[0])]


def choose(
    observations: Observations, config: HMMConfig, cold: Sequence[Named], warm: Sequence[Named]
) -> tuple[HMMParameters, Convergence]:
    """The best outcome; for the clock, among those whose regimes kept their economic order if any did."""
    named = [*warm, *cold]
    order = [economic_order(o.parameters, config, observations.columns) for _, o in named]
    in_place = [bool((o == np.arange(config.n_regimes)).all()) for o in order]
    sensible = config.structure == "free" or not any(in_place)
    candidates = [i for i in range(len(named)) if sensible or in_place[i]]
    best = max(candidates, key=lambda i: named[i][1].objective)
    lost_order = config.structure == "cycle" and not in_place[best]
    return named[best][1].parameters.permuted(order[best]), _report(named, best, candidates, lost_order)


def _report(named: Sequence[Named], best: int, candidates: Sequence[int], lost_order: bool) -> Convergence:
    kept = named[best][1]
    first = named[0][1].objective if 0 in candidates else min(named[i][1].objective for i in candidates)
    warnings = []
    if not kept.converged:
        warnings.append(f"the fit stopped after {len(kept.history)} iterations before it converged: raise max_iter")
    if lost_order:
        warnings.append("no start kept the order of the cycle: regimes were named by their means alone")
    return Convergence(
        kept.converged,
        len(kept.history),
        kept.objective,
        kept.history,
        tuple(StartOutcome(name, o.objective, len(o.history), o.converged) for name, o in named),
        kept.objective - first,
        tuple(warnings),
    )


def _check_warm_start(warm_start: HMMParameters, observations: Observations, config: HMMConfig) -> None:
    shape = (config.n_regimes, len(observations.columns))
    if warm_start.means.shape != shape or warm_start.covariance_type != config.covariance_type:
        own = (*warm_start.means.shape, warm_start.covariance_type)
        raise MacroCycleError(
            f"the warm start has {own[0]} regimes, {own[1]} columns and {own[2]} covariance; "
            f"the model has {shape[0]}, {shape[1]} and {config.covariance_type}"
        )
    if (warm_start.dof is None) != (config.emission == "gaussian"):
        raise MacroCycleError(f"the warm start's emission is not {config.emission}: fit it with the same configuration")
