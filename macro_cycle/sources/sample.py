"""Bundled samples: real data beside the code, a folder for each economy.

A bundle is a folder of `bundle.yaml` (see `Description`), `latest.csv` (a column for each series: one vintage, dated by
publication lags) and, where there are real vintages, `vintages.csv` (series_id, date, realtime_start, value: a row for
each value that was new or revised on a day). A series is in one of the two.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SourceName
from macro_cycle.platform.yaml_files import read_yaml
from macro_cycle.sources.base import COLUMNS, SourceError, refuse_unknown
from macro_cycle.sources.schema import checked
from macro_cycle.sources.text_files import readable
from macro_cycle.sources.undated import with_publication_lags

UNITED_STATES = Path(__file__).resolve().parent / "sample"
DESCRIPTION, LATEST, VINTAGES = "bundle.yaml", "latest.csv", "vintages.csv"


class Description(BaseModel):
    """What `bundle.yaml` says: its title, the day on which it was made, the month of its newest value (YYYY-MM).

    newer: a sentence on how to come by newer data. stand_ins: series that are used for others, which it lacks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    made_on: date
    ends: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    newer: str
    stand_ins: dict[str, str] = {}


class Sample:
    """The bundle in `folder`; by default that of the United States.

    Raises:
        SourceError: the folder is no bundle.
    """

    name: ClassVar[SourceName] = "sample"
    has_vintages: ClassVar[bool] = False  # not of every series
    incremental: ClassVar[bool] = False

    def __init__(self, catalog: Catalog, folder: str | Path | None = None) -> None:
        self._catalog = catalog
        self._folder = Path(folder) if folder is not None else UNITED_STATES
        self.about = _description(self._folder)

    @property
    def made_on(self) -> pd.Timestamp:
        """The day on which the bundle was made."""
        return pd.Timestamp(self.about.made_on)

    @property
    def cure(self) -> str:
        """What to say to whom its newest data are too old."""
        return f"{self.about.title} holds what had been published by {self.about.made_on}. {self.about.newer}"

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """Series that are used for others which the bundle lacks."""
        return self.about.stand_ins

    def available(self) -> list[str]:
        """The series of both files."""
        return sorted({*self._latest.columns, *self._vintages["series_id"].unique()})

    def observations(self, series_ids: Sequence[str], *, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """Published vintages, and values dated by publication lags; see `Source.observations`."""
        wanted = [self._catalog.canonical_id(name) for name in series_ids]
        refuse_unknown(wanted, self.available(), self.about.title)
        undated = self._latest[[s for s in dict.fromkeys(wanted) if s in self._latest]]
        values = undated.melt(ignore_index=False, var_name="series_id").dropna().reset_index()
        parts = [self._vintages[self._vintages["series_id"].isin(wanted)]]
        if len(values):
            parts.append(with_publication_lags(values, self._catalog, self.made_on))
        dated = checked(pd.concat([part[list(COLUMNS)] for part in parts if len(part)]), self.about.title)
        return dated if since is None else dated[dated["realtime_start"] >= since].reset_index(drop=True)

    def last_updated(self) -> str:
        """A hash of the files."""
        content = [(self._folder / name).read_bytes() for name in (LATEST, VINTAGES) if (self._folder / name).exists()]
        return hashlib.sha256(b"\0".join(content)).hexdigest()[:16]

    @cached_property
    def _latest(self) -> pd.DataFrame:
        with readable(str(self._folder / LATEST)):
            return pd.read_csv(self._folder / LATEST, index_col="date", parse_dates=["date"])

    @cached_property
    def _vintages(self) -> pd.DataFrame:
        path = self._folder / VINTAGES
        if not path.exists():
            return pd.DataFrame(columns=list(COLUMNS))
        with readable(str(path)):
            return pd.read_csv(path, parse_dates=["date", "realtime_start"]).assign(estimated=False)


def _description(folder: Path) -> Description:
    path = folder / DESCRIPTION
    if not path.exists():
        raise SourceError(f"{folder} is no bundled sample: it has no {DESCRIPTION}; name a folder that has one")
    try:
        return Description.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SourceError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
