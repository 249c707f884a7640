"""The catalogue of series: what each one is, when it is published and how it enters the model."""

from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations.frequencies import Frequency, infer_frequency, period_end, period_name
from macro_cycle.platform.yaml_files import parse_yaml, read_utf8

Role = Literal["coincident", "leading", "price", "rate"]
UsualPrint = Literal["level", "change", "percent"]

LONGEST_ID = 64
ID_FORM = f"1 to {LONGEST_ID} printable characters"


def is_series_id(name: object) -> bool:
    """Whether a series can have this id."""
    return isinstance(name, str) and bool(name.strip()) and len(name) <= LONGEST_ID and name.isprintable()


class CatalogError(MacroCycleError):
    """The catalogue file is wrong, or a series is not in it."""


class SeriesSpec(BaseModel):
    """One series. `frequency` and `tcode` are None for a series outside the catalogue: then its data decide.

    `sign` is -1 where a rise is bad news for activity. `publication_lag_days` counts from the last day of the
    reference period to the day of its first release. `units` are the publisher's, before the transformation. `bounds`
    are the lowest and highest value, in those units, that can be true. `link` is where its publisher has it.
    `begins` is the first month (YYYY-MM) that there is of it: a day before its first release lacks nothing of it.
    `usual_print` says how people speak of a new value: as the level, as its change from the period before, or as that
    change in percent; None where nobody said. It changes no number, so that no version of the catalogue holds it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    series_id: str
    title: str
    frequency: Frequency | None
    units: str
    tcode: int | None = Field(ge=1, le=7)
    sign: Literal[-1, 1] = 1
    publication_lag_days: int = Field(ge=0, le=400)
    role: Role
    aliases: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    begins: str | None = Field(default=None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    link: str | None = Field(default=None, pattern=r"^https?://\S+$")
    usual_print: UsualPrint | None = Field(default=None, exclude=True)

    @field_validator("bounds")
    @classmethod
    def _ascending(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not bounds[0] < bounds[1]:
            raise ValueError("give the lowest plausible value first, then the highest")
        return bounds

    @field_validator("series_id")
    @classmethod
    def _usable(cls, series_id: str) -> str:
        if not is_series_id(series_id):
            raise ValueError(f"an id is {ID_FORM}")
        return series_id

    @classmethod
    def guess(cls, series_id: str) -> "SeriesSpec":
        """What is assumed of a series that nobody described: up is good, released a month late.

        Raises:
            CatalogError: no series can have that id.
        """
        if not is_series_id(series_id):
            raise CatalogError(f"'{series_id[:LONGEST_ID]}' is no series: an id is {ID_FORM}")
        return cls(
            series_id=series_id,
            title=series_id,
            frequency=None,
            units="unknown",
            tcode=None,
            publication_lag_days=30,
            role="coincident",
        )

    def period_name(self, date: pd.Timestamp) -> str:
        """What people call the period that FRED dates `date`; the day itself where no frequency is declared."""
        return period_name(date, self.frequency or "D")

    def release_dates(self, dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Estimated day of first release of the observations that FRED dates `dates` (ascending)."""
        frequency = infer_frequency(dates, self.frequency)
        return period_end(dates, frequency) + pd.Timedelta(days=self.publication_lag_days)


class Catalog(BaseModel):
    """Series by their FRED id; aliases (FRED-MD's names) lead to the same series."""

    model_config = ConfigDict(frozen=True)

    series: dict[str, SeriesSpec]

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        base: Path | None = None,
        more: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Catalog":
        """The shipped catalogue, or the file `base` in its place; entries of `more` and of the user's file at `path`
        add to it or replace it, field by field and in this order.

        Raises `CatalogError`, naming series and field, for anything that `SeriesSpec` does not allow.
        """
        entries = _read(_shipped(), "catalog.yaml") if base is None else _read(_text(base), str(base))
        users = {} if path is None else _read(_text(Path(path)), str(path))
        for overrides in (more or {}, users):
            for series_id, override in overrides.items():
                entries[series_id] = {**entries.get(series_id, {}), **override}
        catalog = cls(series={series_id: _spec(series_id, entry) for series_id, entry in entries.items()})
        _ = catalog._canonical
        return catalog

    @cached_property
    def _canonical(self) -> dict[str, str]:
        names = {series_id: series_id for series_id in self.series}
        for spec in self.series.values():
            for alias in spec.aliases:
                if names.setdefault(alias, spec.series_id) != spec.series_id:
                    raise CatalogError(f"Catalogue: the name {alias} stands for two series; keep one of them.")
        return names

    def canonical_id(self, name: str) -> str:
        """The FRED id behind `name` (an id or an alias); an unknown name is returned as it is."""
        return self._canonical.get(name, name)

    def spec(self, name: str) -> SeriesSpec:
        """The series behind an id or alias; `SeriesSpec.guess` for one that is not in the catalogue."""
        series_id = self.canonical_id(name)
        return self.series.get(series_id) or SeriesSpec.guess(series_id)

    def __contains__(self, name: str) -> bool:
        return name in self._canonical


def _shipped() -> str:
    return resources.files(__package__).joinpath("catalog.yaml").read_text(encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return read_utf8(path)
    except MacroCycleError as error:
        raise CatalogError(f"The catalogue {error}.") from None


def _read(text: str, where: str) -> dict[str, dict[str, Any]]:
    try:
        document = parse_yaml(text, where) or {}
    except MacroCycleError as error:
        raise CatalogError(f"{error}.") from None
    if not isinstance(document, dict) or not all(isinstance(entry, dict) for entry in document.values()):
        raise CatalogError(f"{where} must map each series id to its fields, e.g. 'UNRATE: {{tcode: 2, sign: -1}}'.")
    return {str(series_id): entry for series_id, entry in document.items()}


def _spec(series_id: str, entry: dict[str, Any]) -> SeriesSpec:
    try:
        return SeriesSpec.model_validate({"series_id": series_id, **entry})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "entry"
        raise CatalogError(f"Catalogue: {series_id}: {field}: {first['msg']}.") from None
