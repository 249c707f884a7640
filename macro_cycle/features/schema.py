"""What a panel must look like before a model may be trained on it."""

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

MIN_MONTHS = 24
MAX_MISSING_SHARE = 0.5


def panel_schema(columns: list[str]) -> "DataFrameSchema":
    """Float columns in this order, finite where known, on a gapless monthly index, with enough to learn from."""
    import pandera.pandas as pa

    finite = pa.Check(lambda s: s.abs() < float("inf"), ignore_na=True, error="holds an infinite value")
    known = pa.Check(
        lambda s: s.isna().mean() <= MAX_MISSING_SHARE,
        error=f"is missing in more than {MAX_MISSING_SHARE:.0%} of months",
    )
    return pa.DataFrameSchema(
        {name: pa.Column(float, [finite, known], nullable=True) for name in columns},
        index=pa.Index("datetime64[ns]", unique=True, name="reference_month"),
        checks=[
            pa.Check(lambda frame: len(frame) >= MIN_MONTHS, error=f"has fewer than {MIN_MONTHS} months"),
            pa.Check(lambda frame: _gapless(frame.index), error="skips a month"),
        ],
        strict=True,
        ordered=True,
    )


def regimes_schema(labels: list[str]) -> "DataFrameSchema":
    """Probabilities between 0 and 1 that sum to one for each kind, and a label that is one of the regimes'."""
    import pandera.pandas as pa

    probability = pa.Check.in_range(0, 1, error="is not a probability")
    kinds = ("filtered", "smoothed", "predicted")
    columns = {
        "label": pa.Column(str, pa.Check.isin(labels)),
        "recession_probability": pa.Column(float, probability),
    }
    columns |= {f"{kind}_{label}": pa.Column(float, probability) for kind in kinds for label in labels}
    sums = [
        pa.Check(
            lambda frame, kind=kind: _sums_to_one(frame, kind),
            error=f"{kind} probabilities do not sum to one",
        )
        for kind in kinds
    ]
    return pa.DataFrameSchema(columns, checks=sums, strict=True)


def violations(schema: "DataFrameSchema", frame: pd.DataFrame) -> list[str]:
    """One plain line per violated rule, none when the frame is as it must be."""
    import pandera.errors

    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check"]].astype(str).drop_duplicates()
        return [f"{column} {check}" for column, check in cases.itertuples(index=False)]
    return []


def _gapless(index: pd.Index) -> bool:
    months = pd.DatetimeIndex(index)
    return bool(months.equals(pd.date_range(months[0], periods=len(months), freq="MS")))


def _sums_to_one(frame: pd.DataFrame, kind: str) -> bool:
    total = frame.filter(like=f"{kind}_").sum(axis=1)
    return bool(((total - 1).abs() < 1e-9).all())
