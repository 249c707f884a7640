"""How fast the model is beside hmmlearn, statsmodels and dynamax: EM, backfill, inference, standard errors.

Both sides get the same data, start and number of iterations, and must reach the same log-likelihood. They take
turns on one thread of the same processor (linear algebra included: idle threads that spin would be charged to
the peer as CPU time), so that their ratio stands even where the machine is busy with other things. Both sides
are compiled before they are timed. dynamax is optional: `pip install 'macro-cycle[peers]'`.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from hmmlearn.hmm import GaussianHMM
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression
from threadpoolctl import threadpool_limits

from benchmarks.figures import Figure, figure, median_cpu_seconds
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM
from macro_cycle.hmm.dynamics import stationary_distribution
from macro_cycle.hmm.em import run_em
from macro_cycle.hmm.emissions import log_densities
from macro_cycle.hmm.inference import filter_forward, forward_backward
from macro_cycle.hmm.observations import Observations
from macro_cycle.hmm.starts import starts

T, D, K = 720, 8, 4
ITERATIONS, BACKFILL_ITERATIONS = 100, 50
FIRST_WINDOW, STARTS, SAMPLED = 121, 8, 20
TIMES = 20  # calls of a work too short to be timed alone
PLAIN = HMMConfig(
    covariance_type="full",
    structure="free",
    discount=1.0,
    winsor=None,
    scaling="none",
    stickiness=0.0,
    initial_weight=0.0,
    variance_weight=2.0,
    variance_scale=0.5,
    mean_precision=0.0,
    tol=0.0,
    n_restarts=STARTS,
)
logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)


def measure() -> list[Figure]:
    """Every speed figure of the model that needs no database."""
    values = _panel()
    with threadpool_limits(1):
        return [
            *_one_fit(values),
            *_backfill(values),
            *_inference(values),
            _filter_step(),
            *_univariate(values[:, 0]),
            *_beside_dynamax(values),
            *_standard_errors(values),
        ]


def _panel(seed: int = 1) -> np.ndarray:
    """(T, D) months of four regimes that overlap so much that EM has work to do for all its iterations."""
    rng = np.random.default_rng(seed)
    states = np.zeros(T, dtype=int)
    transition = np.full((K, K), 0.025) + 0.9 * np.eye(K)
    for t in range(1, T):
        states[t] = rng.choice(K, p=transition[states[t - 1]])
    mixing = rng.normal(size=(K, D, D)) * 0.05 + np.eye(D)
    noise = np.einsum("tab,tb->ta", mixing[states], rng.normal(size=(T, D)))
    return rng.normal(size=(K, D))[states] * 0.3 + noise


def _peer(start: HMMParameters, iterations: int, implementation: str = "scaling") -> GaussianHMM:
    """hmmlearn's model with the same start and covariance prior, and no early end."""
    peer = GaussianHMM(
        K,
        "full",
        n_iter=iterations,
        tol=-np.inf,
        init_params="",
        covars_prior=PLAIN.variance_weight * PLAIN.variance_scale * np.eye(D),
        covars_weight=PLAIN.variance_weight + D,
        implementation=implementation,
    )
    peer.startprob_, peer.transmat_, peer.means_, peer.covars_ = (
        start.initial_probs,
        start.transition_matrix,
        start.means,
        start.covariances,
    )
    return peer


def _one_fit(values: np.ndarray) -> list[Figure]:
    observations = Observations.of(values)
    config = PLAIN.replace(max_iter=ITERATIONS + 1)
    start = starts(observations, config)[1][1]
    holes = np.where(np.random.default_rng(1).random(values.shape) < 0.03, np.nan, values)
    default = HMMConfig(max_iter=ITERATIONS + 1, tol=0.0)
    ragged = Observations.of(holes)
    default_start = starts(ragged, default)[1][1]
    student = default.replace(emission="student_t")
    student_start = starts(ragged, student)[1][1]
    ours, theirs, tied, t_cells = median_cpu_seconds(
        [
            lambda: run_em(observations, config, [start]),
            lambda: _peer(start, ITERATIONS).fit(values),
            lambda: run_em(ragged, default, [default_start]),
            lambda: run_em(ragged, student, [student_start]),
        ],
        rounds=7,
    )
    outcome = run_em(observations, config, [start])[0]
    peer = _peer(start, ITERATIONS).fit(values)
    gap = _gap(outcome.parameters, peer, values)
    return [
        figure("iterations of our fit", len(outcome.history) - 1, "", f">= {ITERATIONS}"),
        figure("log-likelihood gap after the fit", gap, "relative", "<= 1e-8", "hmmlearn"),
        figure("one EM fit, full covariance", theirs / ours, "x CPU", ">= 10", "hmmlearn scaling", theirs),
        figure(
            "default emission with missing cells", theirs / tied, "x CPU", ">= 1", "hmmlearn, complete data", theirs
        ),
        figure(
            "Student-t cells with missing cells", theirs / t_cells, "x CPU", ">= 1", "hmmlearn, complete data", theirs
        ),
    ]


def _backfill(values: np.ndarray) -> list[Figure]:
    """600 windows of growing length from STARTS starts each; the peer runs SAMPLED of the windows in between, one start
    each.
    """
    config = PLAIN.replace(max_iter=BACKFILL_ITERATIONS + 1)
    ends, sampled = range(FIRST_WINDOW, T + 1), set(np.linspace(FIRST_WINDOW, T, SAMPLED, dtype=int).tolist())
    run_em(Observations.of(values[:FIRST_WINDOW]), config, _starts(values[:FIRST_WINDOW], config))  # compiled now
    seconds, theirs, gaps = 0.0, [], []
    for end in ends:
        began = time.process_time()
        starting = _starts(values[:end], config)
        outcomes = run_em(Observations.of(values[:end]), config, starting)
        seconds += time.process_time() - began
        if end in sampled:
            done = len(outcomes[1].history) - 1
            began = time.process_time()
            peer = _peer(starting[1], done).fit(values[:end])
            theirs.append((time.process_time() - began) * BACKFILL_ITERATIONS / done)
            gaps.append(_gap(outcomes[1].parameters, peer, values[:end]))
    ours = seconds / (len(ends) * STARTS)
    peer_seconds = float(np.mean(theirs))
    return [
        figure(
            "600-window backfill, 8 starts each",
            peer_seconds / ours,
            "x CPU per fit",
            ">= 33",
            "hmmlearn",
            peer_seconds,
        ),
        figure("log-likelihood gap in the backfill", max(gaps), "relative", "<= 1e-8", "hmmlearn"),
    ]


def _gap(parameters: HMMParameters, peer: GaussianHMM, values: np.ndarray) -> float:
    """Relative difference of both sides' log-likelihoods after their fits."""
    own = _log_likelihood(parameters, values)
    return abs(own - peer.score(values)) / abs(own)


def _log_likelihood(parameters: HMMParameters, values: np.ndarray) -> float:
    densities = log_densities(parameters, values)
    return filter_forward(densities, parameters.initial_probs, parameters.transition_matrix).log_likelihood


def _starts(values: np.ndarray, config: HMMConfig) -> list[HMMParameters]:
    return [parameters for _, parameters in starts(Observations.of(values), config)]


def _inference(values: np.ndarray) -> list[Figure]:
    """Through the public methods of both sides; hmmlearn's default is `log`, `scaling` its quicker recursion."""
    model = MacroCycleHMM(PLAIN.replace(n_restarts=1)).fit(values)
    scaling, default = _peer(model.parameters, 1), _peer(model.parameters, 1, "log")
    smooth, by_scaling, by_log, decode, peer_decode = (
        seconds / TIMES
        for seconds in median_cpu_seconds(
            [
                _repeatedly(model.smooth, values),
                _repeatedly(scaling.predict_proba, values),
                _repeatedly(default.predict_proba, values),
                _repeatedly(model.decode, values),
                _repeatedly(default.decode, values),
            ],
            rounds=15,
        )
    )
    gap = abs(model.smooth(values).smoothed_probs - scaling.predict_proba(values)).max()
    same = float((model.decode(values).states == default.decode(values)[1]).mean())
    return [
        figure("smoothing, T=720", by_scaling / smooth, "x CPU", ">= 10", "hmmlearn scaling", by_scaling),
        figure("smoothing, T=720, peer's default", by_log / smooth, "x CPU", "", "hmmlearn log", by_log),
        figure("largest gap of smoothed probabilities", gap, "", "<= 1e-8", "hmmlearn"),
        figure("Viterbi, T=720", peer_decode / decode, "x CPU", ">= 13", "hmmlearn log", peer_decode),
        figure("months with the same Viterbi state", same, "share", ">= 1", "hmmlearn"),
    ]


def _repeatedly(answer: Callable[[np.ndarray], Any], values: np.ndarray) -> Callable[[], None]:
    """A work that asks TIMES times and drops each answer before the next, as a service does."""

    def work() -> None:
        for _ in range(TIMES):
            answer(values)

    return work


def _filter_step() -> Figure:
    """One month's update of p(z_t | y_1:t) in compiled code, emission included in the input."""
    chain = _long_chain()
    (seconds,) = median_cpu_seconds([lambda: filter_forward(*chain)], rounds=5)
    return figure("one filter step, compiled", seconds / len(chain[0]) * 1e6, "us", "<= 1")


def _long_chain(steps: int = 200_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log emissions (steps, K), initial_probs and transition_matrix."""
    log_emissions = np.random.default_rng(0).normal(size=(steps, K))
    return log_emissions, np.full(K, 1 / K), np.full((K, K), 0.02) + 0.92 * np.eye(K)


def _univariate(y: np.ndarray) -> list[Figure]:
    """Two regimes of one series: statsmodels' own fit, and its smoother at our estimates with the chain's long run."""
    config = PLAIN.replace(n_regimes=2, covariance_type="diag", tol=1e-7, max_iter=500, n_restarts=2)
    model = MacroCycleHMM(config).fit(y[:, None])
    p, observations = model.parameters, model.observations(y[:, None])
    chain = (stationary_distribution(p.transition_matrix), p.transition_matrix)
    peer = MarkovRegression(y, k_regimes=2, switching_variance=True)
    theirs = np.r_[p.transition_matrix[:, 0], p.means[:, 0], p.covariances[:, 0]]
    smooth, peer_smooth, fit, peer_fit = median_cpu_seconds(
        [
            lambda: forward_backward(log_densities(p, observations), *chain),
            lambda: peer.smooth(theirs),
            lambda: MacroCycleHMM(config).fit(y[:, None]),
            lambda: peer.fit(),
        ],
        rounds=5,
    )
    own = forward_backward(log_densities(p, observations), *chain).log_likelihood
    gap = abs(own - peer.smooth(theirs).llf) / abs(own)
    return [
        figure("smoothing, one series, two regimes", peer_smooth / smooth, "x CPU", "", "statsmodels", peer_smooth),
        figure("fit from two starts, one series", peer_fit / fit, "x CPU", "", "statsmodels, one start", peer_fit),
        figure("log-likelihood gap, one series", gap, "relative", "<= 1e-8", "statsmodels"),
    ]


def _beside_dynamax(values: np.ndarray) -> list[Figure]:
    """The same work in dynamax, if it is installed; its CPU time is that of all its threads."""
    if find_spec("dynamax") is None:
        print("dynamax is left out: to measure it too, pip install 'macro-cycle[peers]'", file=sys.stderr)
        return []
    from benchmarks.peers.dynamax import DynamaxPeer, filter_steps

    # dynamax adds 2 D + 2 to the weight of its covariance prior
    config = PLAIN.replace(variance_weight=2.0 * D + 3.0, n_restarts=1, max_iter=ITERATIONS + 1)
    observations = Observations.of(values)
    start = starts(observations, config)[0][1]
    model = MacroCycleHMM(config).fit(values)
    at_start, at_mode, chain = DynamaxPeer(config, start), DynamaxPeer(config, model.parameters), _long_chain()
    peer_fit, peer_smooth, peer_decode = at_start.fit(ITERATIONS), at_mode.smooth(), at_mode.decode()
    peer_filter = filter_steps(*chain[1:])
    seconds = median_cpu_seconds(
        [
            lambda: run_em(observations, config, [start]),
            lambda: peer_fit(values),
            _repeatedly(model.smooth, values),
            _repeatedly(peer_smooth, values),
            _repeatedly(model.decode, values),
            _repeatedly(peer_decode, values),
            lambda: filter_forward(*chain),
            lambda: peer_filter(chain[0]),
        ],
        rounds=9,
    )
    works = (
        ("one EM fit, full covariance", 1),
        ("smoothing, T=720", TIMES),
        ("Viterbi, T=720", TIMES),
        ("one filter step, compiled", len(chain[0])),
    )
    own, theirs = run_em(observations, config, [start])[0].parameters, peer_fit(values)
    gap = abs(_log_likelihood(own, values) / _log_likelihood(theirs, values) - 1.0)
    smooth, other = model.smooth(values), peer_smooth(values)
    return [
        *(
            figure(f"{work}, beside dynamax", theirs / ours, "x CPU", "", "dynamax", theirs / times)
            for (work, times), ours, theirs in zip(works, seconds[::2], seconds[1::2], strict=True)
        ),
        figure("log-likelihood gap after the fit, dynamax", gap, "relative", "<= 1e-8", "dynamax"),
        figure(
            "log-likelihood gap of smoothing, dynamax",
            abs(smooth.log_likelihood / float(other.marginal_loglik) - 1.0),
            "relative",
            "<= 1e-8",
            "dynamax",
        ),
        figure(
            "largest gap of smoothed probabilities, dynamax",
            abs(smooth.smoothed_probs - other.smoothed_probs).max(),
            "",
            "<= 1e-8",
            "dynamax",
        ),
    ]


def _standard_errors(values: np.ndarray) -> list[Figure]:
    """Mode and covariance of all parameters, of the default model and of free full covariances."""
    figures = []
    for name, config in (
        ("default model", HMMConfig()),
        ("full covariance", PLAIN.replace(tol=1e-6, max_iter=300, variance_weight=10.0)),
    ):
        model = MacroCycleHMM(config).fit(values)
        (seconds,) = median_cpu_seconds([lambda of=model: of.posterior(values, n_draws=2)], rounds=5)
        figures.append(figure(f"Laplace standard errors, {name}", seconds, "CPU s", "<= 0.5"))
    return figures
