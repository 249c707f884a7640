"""The bundled sample: real US data, one vintage, dated by publication lags."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import ClassVar

import pandas as pd

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.sources.base import refuse_unknown
from macro_cycle.sources.schema import checked
from macro_cycle.sources.undated import with_publication_lags

FILE = files("macro_cycle.sources") / "sample" / "us.csv"


class Sample:
    """`sample/us.csv`, one column per series."""

    name: ClassVar[SourceName] = "sample"
    has_vintages: ClassVar[bool] = False
    incremental: ClassVar[bool] = False
    stand_ins: ClassVar[Mapping[str, str]] = {"GDP": "GDPC1"}
    made_on: ClassVar[pd.Timestamp] = pd.Timestamp("2026-08-31")

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def available(self) -> list[str]:
        """The series of the file."""
        return sorted(_table().columns)

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Values of the file, dated by publication lags; see `Source.observations`."""
        wanted = [self._catalog.canonical_id(name) for name in series_ids]
        refuse_unknown(wanted, self.available(), "the bundled sample")
        values = _table()[wanted].melt(ignore_index=False, var_name="series_id").dropna().reset_index()
        dated = checked(with_publication_lags(values, self._catalog, self.made_on), "the bundled sample")
        return dated if since is None else dated[dated["realtime_start"] >= since].reset_index(drop=True)

    def last_updated(self) -> str:
        """A hash of the file."""
        return hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]


@cache
def _table() -> pd.DataFrame:
    with FILE.open("rb") as file:
        return pd.read_csv(file, index_col="date", parse_dates=["date"])
