"""`python -m benchmarks.peers.plain_fastapi <bundle> <port>`: the same model behind plain FastAPI and pydantic."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.training.bundle import Bundle


class Question(BaseModel):
    """Windows of features."""

    instances: list[list[list[float | None]]]


class Prediction(BaseModel):
    """One answer."""

    label: str
    recession_probability: float
    probabilities: dict[str, float]
    forecast: dict[str, float]
    log_likelihood: float
    model_version: str


class Predictions(BaseModel):
    """An answer for each window."""

    predictions: list[Prediction]


def application(bundle: Bundle) -> FastAPI:
    """One route, as a newcomer writes it."""
    app, model = FastAPI(), MacroCycleHMM.from_document(dict(bundle.model))

    @app.post("/predict")
    async def predict(question: Question) -> Predictions:
        return Predictions(predictions=[_answer(model, bundle, rows) for rows in question.instances])

    return app


def _answer(model: MacroCycleHMM, bundle: Bundle, rows: list[list[float | None]]) -> Any:
    window = np.array(rows, dtype=float)
    if window.ndim != 2 or window.shape[1] != len(model.columns):
        raise HTTPException(422, "send rows of the model's features")
    result = model.filter(window)
    forecast = model.forecast(window, 12).recession_probability
    filtered = result.filtered_probs[-1]
    return Prediction(
        label=model.labels[int(np.argmax(filtered))],
        recession_probability=float(model.recession_probability(filtered[None])[0]),
        probabilities=dict(zip(model.labels, map(float, filtered), strict=True)),
        forecast={str(months): float(forecast[months - 1]) for months in (1, 3, 6, 12)},
        log_likelihood=result.log_likelihood,
        model_version=bundle.meta["model_version"],
    )


if __name__ == "__main__":
    uvicorn.run(application(Bundle.read(Path(sys.argv[1]))), port=int(sys.argv[2]), access_log=False, log_level="error")
