"""Choosing among starts: run EM from each, keep the best fit that makes economic sense, and say how it went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.em import EMOutcome, run_em
from macro_cycle.hmm.labels import economic_order
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.options import as_type
from macro_cycle.hmm.parameters import HMMParameters
from macro_cycle.hmm.results import Convergence, StartOutcome
from macro_cycle.hmm.starts import starts
from macro_cycle.hmm.validity import fault_of_start, mismatch_of

Named = tuple[str, EMOutcome]


def search(
    observations: Observations, config: HMMConfig, warm_start: HMMParameters | None
) -> tuple[HMMParameters, Convergence]:
    """Best parameters, regimes in canonical order, and the report; a warm start runs beside the own ones."""
    return choose(observations, config, cold_runs(observations, config), warm_run(observations, config, warm_start))


def cold_runs(observations: Observations, config: HMMConfig) -> list[Named]:
    """EM from the starts that the data and the seed alone define."""
    return _run(observations, config, starts(observations, config))


def warm_run(observations: Observations, config: HMMConfig, warm_start: HMMParameters | None) -> list[Named]:
    """EM from given parameters; empty when there are none.

    Raises MacroCycleError when they are those of another model.
    """
    if warm_start is None:
        return []
    as_type("warm_start", warm_start, HMMParameters)
    if mismatch := mismatch_of(warm_start, config, len(observations.columns), observations.covariates.shape[1]):
        raise MacroCycleError(f"the warm start has {mismatch}: fit it with the same configuration and columns")
    return _run(observations, config, [("warm", warm_start)])


def _run(observations: Observations, config: HMMConfig, named: Sequence[tuple[str, HMMParameters]]) -> list[Named]:
    """EM from the starts that are models at all; the others fail unrun."""
    faults = [fault_of_start(start, config) for _, start in named]
    sound = [start for (_, start), fault in zip(named, faults, strict=True) if not fault]
    outcomes = iter(run_em(observations, config, sound))
    return [
        (name, EMOutcome(start, (), False, fault) if fault else next(outcomes))
        for (name, start), fault in zip(named, faults, strict=True)
    ]


def choose(
    observations: Observations, config: HMMConfig, cold: Sequence[Named], warm: Sequence[Named]
) -> tuple[HMMParameters, Convergence]:
    """The best outcome; for the clock, among those whose regimes kept their economic order if any did.

    Raises MacroCycleError when every start failed.
    """
    tried = [*warm, *cold]
    named = [(name, outcome) for name, outcome in tried if not outcome.failure]
    if not named:
        raise MacroCycleError(
            f"none of the {len(tried)} starts of the search led to a fit ({_failures(tried)}): "
            "raise variance_weight, set winsor, or change the seed"
        )
    order = [economic_order(o.parameters, config, observations.columns) for _, o in named]
    in_place = [bool((o == np.arange(config.n_regimes)).all()) for o in order]
    sensible = config.structure == "free" or not any(in_place)
    candidates = [i for i in range(len(named)) if sensible or in_place[i]]
    best = max(candidates, key=lambda i: named[i][1].objective)
    first = named[0][1].objective if 0 in candidates else min(named[i][1].objective for i in candidates)
    lost_order = config.structure == "cycle" and not in_place[best]
    return named[best][1].parameters.permuted(order[best]), _report(tried, named[best][1], first, lost_order)


def _report(tried: Sequence[Named], kept: EMOutcome, first: float, lost_order: bool) -> Convergence:
    """How the search went that kept an outcome; first: the objective that the basin gap is measured from."""
    warnings = []
    if not kept.converged:
        warnings.append(f"the fit stopped after {len(kept.history)} iterations before it converged: raise max_iter")
    if lost_order:
        warnings.append("no start kept the order of the cycle: regimes were named by their means alone")
    if failed := sum(bool(outcome.failure) for _, outcome in tried):
        warnings.append(f"{failed} of {len(tried)} starts of the search failed and were left aside: {_failures(tried)}")
    return Convergence(
        kept.converged,
        len(kept.history),
        kept.objective,
        kept.history,
        tuple(_told(name, outcome) for name, outcome in tried),
        kept.objective - first,
        tuple(warnings),
    )


def _told(name: str, outcome: EMOutcome) -> StartOutcome:
    objective = None if outcome.failure else outcome.objective
    return StartOutcome(name, objective, len(outcome.history), outcome.converged, outcome.failure)


def _failures(tried: Sequence[Named]) -> str:
    """Reasons of failure, each with the starts that it stopped."""
    starts_by_reason: dict[str, list[str]] = {}
    for name, outcome in tried:
        if outcome.failure:
            starts_by_reason.setdefault(outcome.failure, []).append(name)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in starts_by_reason.items())
