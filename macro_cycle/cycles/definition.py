"""What defines a cycle: an economy, its series and features, its model, its chronology and how it is served."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from macro_cycle.declared.rule import Rule
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.features.feature_set import FeatureSet
from macro_cycle.hmm.config import HMMConfig
from macro_cycle.hmm.labels import label_names
from macro_cycle.observations.catalog import Catalog
from macro_cycle.platform.months import parse
from macro_cycle.platform.settings import ModelSettings, SourceName
from macro_cycle.platform.yaml_files import Marked, read_marked

CODE = re.compile(r"[a-z][a-z0-9_]{0,15}")
COMPONENT = "defs.yaml"
ECONOMY = re.compile(r"[A-Za-z0-9_-]{1,32}")


class DefinitionError(MacroCycleError):
    """A definition cannot be used; the line names its file, the line in it and the key."""


class Part(BaseModel):
    """A part of a definition; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SourceChoice(Part):
    """Where the cycle's observations come from, in place of the source in the settings.

    path: folder, file or database URL of the source; a relative one starts in the folder of the definition.
    """

    name: SourceName
    path: str | None = None


class CatalogueChoice(Part):
    """The cycle's catalogue of series: the shipped one, or the file at `path`, with entries added or changed."""

    path: str | None = None
    series: dict[str, dict[str, Any]] = {}


class Serving(Part):
    """Names by which the cycle's model is registered and served; by default those of the settings, with the code."""

    registered_model: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")
    endpoint: str | None = Field(default=None, pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")


def _first_day(value: Any) -> Any:
    try:
        return date.fromisoformat(parse(value)) if isinstance(value, str) else value
    except MacroCycleError as error:
        raise ValueError(str(error)) from None


class CycleDefinition(Part):
    """One cycle. `code` is the name of its file: it begins asset keys and metrics, and names whatever is the cycle's.

    title: in words that follow "of". economy: the entity of its rows in the feature store. first_month: the first as-of
    month. phases: what each label means. model: options of `HMMConfig`, without the roles, which the features give.
    declared: the rule by which its phase is declared.
    """

    code: str
    title: str = Field(min_length=1, max_length=80)
    economy: str
    first_month: Annotated[date, BeforeValidator(_first_day)]
    source: SourceChoice | None = None
    catalogue: CatalogueChoice = CatalogueChoice()
    features: FeatureSet
    phases: dict[str, str] = {}
    model: dict[str, Any] = {}
    declared: Rule = Rule()
    serving: Serving = Serving()
    chronology: Chronology
    folder: Path = Field(default=Path(), exclude=True)

    @field_validator("code")
    @classmethod
    def _is_a_code(cls, code: str) -> str:
        if not CODE.fullmatch(code):
            raise ValueError(f"{code!r} cannot name a cycle; use up to 16 small letters, digits and _")
        return code

    @field_validator("economy")
    @classmethod
    def _is_an_economy(cls, economy: str) -> str:
        if not ECONOMY.fullmatch(economy):
            raise ValueError("use up to 32 letters, digits, - and _")
        return economy

    @field_validator("features", mode="before")
    @classmethod
    def _from_a_list(cls, features: Any) -> Any:
        """A list of features; one without `series_ids` is of the series that it is named after."""
        if not isinstance(features, list):
            return features
        named = [
            {"series_ids": [each["name"]], **each} if isinstance(each, Mapping) and "name" in each else each
            for each in features
        ]
        return {"features": named}

    @field_validator("model")
    @classmethod
    def _without_roles(cls, model: dict[str, Any]) -> dict[str, Any]:
        if "roles" in model:
            raise ValueError("roles belong to the features")
        try:
            HMMConfig.from_document(model)
        except MacroCycleError as error:
            raise ValueError(str(error)) from None
        return model

    @model_validator(mode="after")
    def _phases_are_the_models(self) -> "CycleDefinition":
        labels = label_names(self.hmm_config().n_regimes)
        if self.phases and set(self.phases) != set(labels):
            raise ValueError(f"phases: the model's regimes are {', '.join(labels)}")
        return self

    @classmethod
    def read(cls, path: Path) -> "CycleDefinition":
        """The definition in a file, whose name without `.yaml` is the cycle's code.

        In a component's `defs.yaml` the attributes are the definition, and the folder's name is the code.

        Raises:
            DefinitionError: it cannot be read or does not define a cycle; the line names the place.
        """
        marked, code = read_marked(path), path.stem
        if path.name == COMPONENT:
            marked, code = marked.at("attributes"), path.parent.name
        if not isinstance(marked.document, Mapping):
            raise DefinitionError(f"{path}: a definition maps keys such as `economy:` and `features:` to values")
        try:
            found = cls.model_validate({**marked.document, "code": code, "folder": path.parent})
            _ = found.catalog()
        except ValidationError as error:
            raise DefinitionError(_said(path, marked, error)) from None
        except MacroCycleError as error:
            raise DefinitionError(f"{path}, line {marked.line_of(('catalogue',))}: {error}") from None
        return found

    def catalog(self, users: Path | None = None) -> Catalog:
        """The cycle's catalogue; `users`: a user's file over the shipped one, where the cycle uses that."""
        base = None if self.catalogue.path is None else self.folder / self.catalogue.path
        return Catalog.load(users if base is None else None, base=base, more=self.catalogue.series)

    def hmm_config(
        self, overrides: ModelSettings | None = None, features: FeatureSet | None = None, **options: Any
    ) -> HMMConfig:
        """The configuration of its model.

        overrides: settings, of which those that are given count. features: others than the cycle's. options: of
        `HMMConfig`, over everything else.
        """
        given = {} if overrides is None else overrides.model_dump(exclude_none=True)
        roles = dict((features or self.features).roles)
        return HMMConfig.from_document({**self.model, **given, **options, "roles": roles})

    @cached_property
    def named_source(self) -> tuple[SourceName, str | None] | None:
        """Name and place of its own source; None: that of the settings."""
        if self.source is None:
            return None
        path = self.source.path
        return self.source.name, path if path is None or "://" in path else str(self.folder / path)


def _said(path: Path, marked: Marked, error: ValidationError) -> str:
    """File, line and key of the first error, in one line; a key that is not known explains others that are missing."""
    errors = error.errors(include_url=False, include_input=False)
    first = min(errors, key=lambda each: each["type"] != "extra_forbidden")
    place = _place(first["loc"])
    key = ".".join(map(str, place)) or "the definition"
    reason = {"missing": "it is missing", "extra_forbidden": "there is no such key"}.get(
        first["type"], first["msg"].removeprefix("Value error, ")
    )
    return f"{path}, line {marked.line_of(place)}: {key}: {reason}"


def _place(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The place in the file: a feature set is written as a list."""
    return ("features", *loc[2:]) if loc[:2] == ("features", "features") else loc
