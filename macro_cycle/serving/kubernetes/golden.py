"""Golden windows: what a model must answer, computed here and asked there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.serving.questions import LATEST
from macro_cycle.training.bundle import Bundle

TOLERANCE = 1e-6
"""Of a probability: another machine adds up in another order."""
TIMEOUT = httpx.Timeout(30, connect=5)
WINDOWS = 5


@dataclass(frozen=True)
class GoldenWindow:
    """A panel cut at a month, and the filtered probabilities of its last row."""

    rows: list[list[float | None]]
    probabilities: Mapping[str, float]


def golden_windows(bundle: Bundle, count: int = WINDOWS) -> Iterator[GoldenWindow]:
    """The bundle's panel cut at `count` months spread over its second half, the last one included."""
    from macro_cycle.hmm import MacroCycleHMM

    model = MacroCycleHMM.from_document(dict(bundle.model))
    ends = np.unique(np.linspace(len(bundle.panel) // 2, len(bundle.panel), count).astype(int))
    for end in ends:
        window = bundle.panel.iloc[:end]
        last = model.regimes(window).iloc[-1].filter(like="filtered_")
        values = [[None if np.isnan(x) else float(x) for x in row] for row in window.to_numpy(float)]
        yield GoldenWindow(values, {str(name).removeprefix("filtered_"): float(p) for name, p in last.items()})


def replay(url: str, name: str, bundle: Bundle) -> int:
    """Ask a server for the newest month on both protocols and for the golden windows; how many windows agreed.

    Raises:
        DeploymentError: it does not answer, answers with another model, or differs by more than `TOLERANCE`.
    """
    newest = _ask(f"{url}/v1/models/{name}:predict", {"instances": [{"as_of": LATEST}]})["predictions"][0]
    if newest["model_version"] != bundle.meta["model_version"]:
        served = newest["model_version"]
        raise DeploymentError(f"{url} answers with model {served} instead of {bundle.meta['model_version']}")
    _compare(url, newest["probabilities"], bundle.expected["probabilities"])
    tensor = {"name": "as_of", "shape": [1], "datatype": "BYTES", "data": [LATEST]}
    outputs = _ask(f"{url}/v2/models/{name}/infer", {"inputs": [tensor]})["outputs"]
    v2 = {output["name"]: output["data"] for output in outputs}
    _compare(url, dict(zip(v2["labels"], v2["probabilities"], strict=True)), bundle.expected["probabilities"])
    windows = list(golden_windows(bundle))
    for window in windows:
        answer = _ask(f"{url}/v1/models/{name}:predict", {"instances": [window.rows]})["predictions"][0]
        _compare(url, answer["probabilities"], window.probabilities)
    return len(windows)


def _ask(url: str, body: Any) -> Any:
    try:
        response = httpx.post(url, json=body, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        raise DeploymentError(f"{url} does not answer ({type(error).__name__})") from None
    if response.status_code != 200:
        raise DeploymentError(f"{url} refused a golden window: {response.status_code} {response.text[:200]}")
    return response.json()


def _compare(url: str, answered: Mapping[str, float], expected: Mapping[str, float]) -> None:
    for label, probability in expected.items():
        if not abs(answered.get(label, float("nan")) - probability) <= TOLERANCE:
            raise DeploymentError(f"{url} answers {answered.get(label)} for {label} instead of {probability}")
