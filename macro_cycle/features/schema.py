"""What a panel must look like before a model may be trained on it, and regimes before they are an answer."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

MIN_MONTHS = 24
ROUNDING = 1e-9
KINDS = ("filtered", "smoothed", "predicted", "phase")
ANSWERS = ["label", "recession_probability", "most_likely_regime"]

Rule = Callable[[pd.DataFrame], Iterator[str]]
"""Gives a plain line for each thing that is wrong with a frame."""


def panel_schema(columns: Sequence[str]) -> tuple[Rule, ...]:
    """Float columns in this order, finite where known, on a gapless monthly index, with enough to learn from.

    The model integrates missing cells out, so they may be many: what a column has must vary, and if it has nothing the
    model says that it does not count. Two columns that say the same would count one piece of evidence twice.
    """
    return (_has_columns(columns), _holds_numbers, _is_finite, _varies, _says_nothing_twice, _is_long_enough, _gapless)


def regimes_schema(labels: Sequence[str]) -> tuple[Rule, ...]:
    """Probabilities between 0 and 1 that sum to one for each kind, and a label that is one of the regimes'."""
    columns = [*ANSWERS, *(f"{kind}_{label}" for kind in KINDS for label in labels)]
    return (_has_columns(columns), _has_labels(labels), _is_complete, _is_probable, *map(_sums_to_one, KINDS))


def violations(schema: Sequence[Rule], frame: pd.DataFrame) -> list[str]:
    """One plain line per violated rule and column, none when the frame is as it must be."""
    return [line for rule in schema for line in rule(frame)]


def _has_columns(columns: Sequence[str]) -> Rule:
    def rule(frame: pd.DataFrame) -> Iterator[str]:
        if list(frame.columns) != list(columns):
            yield f"the frame does not have the columns {list(columns)}"

    return rule


def _holds_numbers(panel: pd.DataFrame) -> Iterator[str]:
    if not all(pd.api.types.is_float_dtype(dtype) for dtype in panel.dtypes):
        yield "the frame holds something other than numbers"


def _is_finite(panel: pd.DataFrame) -> Iterator[str]:
    for name, values in _numbers(panel):
        if np.isinf(values).any():
            yield f"{name} holds an infinite value"


def _varies(panel: pd.DataFrame) -> Iterator[str]:
    for name, values in _numbers(panel):
        known = values[~np.isnan(values)]
        if len(known) and (known == known[0]).all():
            yield f"{name} never changes"


def _says_nothing_twice(panel: pd.DataFrame) -> Iterator[str]:
    seen: set[bytes] = set()
    for name, values in _numbers(panel):
        content = np.where(np.isnan(values), np.nan, values + 0.0).tobytes()
        if content in seen and not np.isnan(values).all():
            yield f"{name} says the same as another"
        seen.add(content)


def _is_long_enough(panel: pd.DataFrame) -> Iterator[str]:
    if len(panel) < MIN_MONTHS:
        yield f"the frame has fewer than {MIN_MONTHS} months"


def _gapless(panel: pd.DataFrame) -> Iterator[str]:
    months = pd.DatetimeIndex(panel.index)
    if not months.equals(pd.date_range(months[0], periods=len(months), freq="MS")):
        yield "the frame skips a month"


def _numbers(frame: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    for name in frame.select_dtypes("number"):
        yield str(name), frame[name].to_numpy(float)


def _has_labels(labels: Sequence[str]) -> Rule:
    def rule(regimes: pd.DataFrame) -> Iterator[str]:
        if not regimes["label"].isin(labels).all():
            yield f"the frame holds a label other than {list(labels)}"

    return rule


def _is_complete(regimes: pd.DataFrame) -> Iterator[str]:
    if regimes.isna().to_numpy().any():
        yield "the frame holds a missing value"


def _is_probable(regimes: pd.DataFrame) -> Iterator[str]:
    for name, values in _numbers(regimes):
        if not ((values >= -ROUNDING) & (values <= 1 + ROUNDING)).all():
            yield f"{name} is not a probability"


def _sums_to_one(kind: str) -> Rule:
    def rule(regimes: pd.DataFrame) -> Iterator[str]:
        total = regimes[[name for name in regimes if str(name).startswith(f"{kind}_")]].to_numpy(float).sum(axis=1)
        if not (np.abs(total - 1) < ROUNDING).all():
            yield f"the frame {kind} probabilities do not sum to one"

    return rule
