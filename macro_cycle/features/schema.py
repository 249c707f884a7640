"""What a panel must look like before a model may be trained on it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

MIN_MONTHS = 24
ROUNDING = 1e-9


def panel_schema(columns: list[str]) -> "DataFrameSchema":
    """Float columns in this order, finite where known, on a gapless monthly index, with enough to learn from.

    The model integrates missing cells out, so they may be many: what a column has must vary, and if it has nothing the
    model says that it does not count. Two columns that say the same would count one piece of evidence twice.
    """
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        checks=[
            pa.Check(lambda frame: list(frame.columns) == columns, error=f"does not have the columns {columns}"),
            pa.Check(
                lambda frame: bool(frame.dtypes.map(pd.api.types.is_float_dtype).all()),
                error="holds something other than numbers",
            ),
            pa.Check(lambda frame: frame.isna() | np.isfinite(frame), error="holds an infinite value", ignore_na=False),
            pa.Check(lambda frame: _each(~_is_constant(frame), frame), error="never changes", ignore_na=False),
            pa.Check(
                lambda frame: _each(~_is_repeated(frame), frame), error="says the same as another", ignore_na=False
            ),
            pa.Check(lambda frame: len(frame) >= MIN_MONTHS, error=f"has fewer than {MIN_MONTHS} months"),
            pa.Check(lambda frame: _gapless(frame.index), error="skips a month"),
        ],
    )


def regimes_schema(labels: list[str]) -> "DataFrameSchema":
    """Probabilities between 0 and 1 that sum to one for each kind, and a label that is one of the regimes'."""
    import pandera.pandas as pa

    kinds = ("filtered", "smoothed", "predicted")
    answers = ["label", "recession_probability", "most_likely_regime"]
    columns = [*answers, *(f"{kind}_{label}" for kind in kinds for label in labels)]
    sums = [
        pa.Check(
            lambda frame, kind=kind: _sums_to_one(frame, kind),
            error=f"{kind} probabilities do not sum to one",
        )
        for kind in kinds
    ]
    return pa.DataFrameSchema(
        checks=[
            pa.Check(lambda frame: list(frame.columns) == columns, error=f"does not have the columns {columns}"),
            pa.Check(lambda frame: bool(frame["label"].isin(labels).all()), error=f"holds a label other than {labels}"),
            pa.Check(lambda frame: bool(frame.notna().all(axis=None)), error="holds a missing value"),
            pa.Check(lambda frame: _within_unit_interval(frame), error="is not a probability", ignore_na=False),
            *sums,
        ],
    )


def violations(schema: "DataFrameSchema", frame: pd.DataFrame) -> list[str]:
    """One plain line per violated rule, none when the frame is as it must be."""
    import pandera.errors

    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        named = (f"{name} {case.check}" for case in cases.itertuples() for name in _columns_of(case.failure_case))
        return list(dict.fromkeys(named))
    return []


def _columns_of(failure_case: object) -> list[str]:
    """The columns of the cells that a row fails by; the frame where a rule concerns it as a whole."""
    return [str(name) for name in failure_case] if isinstance(failure_case, dict) else ["the frame"]


def _each(verdicts: pd.Series, frame: pd.DataFrame) -> pd.DataFrame:
    """A verdict per column, spread over its cells."""
    return pd.DataFrame(np.broadcast_to(verdicts.to_numpy(), frame.shape), frame.index, frame.columns)


def _is_constant(frame: pd.DataFrame) -> pd.Series:
    return frame.nunique() == 1


def _is_repeated(frame: pd.DataFrame) -> pd.Series:
    return frame.T.duplicated() & frame.notna().any()


def _within_unit_interval(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.select_dtypes("number")
    within = (numbers >= -ROUNDING) & (numbers <= 1 + ROUNDING)
    return within.reindex(columns=frame.columns, fill_value=True)


def _gapless(index: pd.Index) -> bool:
    months = pd.DatetimeIndex(index)
    return bool(months.equals(pd.date_range(months[0], periods=len(months), freq="MS")))


def _sums_to_one(frame: pd.DataFrame, kind: str) -> bool:
    total = frame.filter(like=f"{kind}_").sum(axis=1)
    return bool(((total - 1).abs() < ROUNDING).all())
