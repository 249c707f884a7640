"""The rules as a person writes them, and what each says of what is observed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.alerts.observed import Observed
from macro_cycle.platform.yaml_files import Marked, read_marked

ChannelName = Literal["webhook", "alertmanager", "email"]
Severity = Literal["info", "warning", "critical"]
NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"


@dataclass(frozen=True)
class Finding:
    """What a rule says of a look: whether it fires, whether it has ended, and in words why.

    With hysteresis neither may be. identity: what it is about; another one is another alert.
    """

    fires: bool
    ended: bool
    text: str
    identity: str = ""


class Rule(BaseModel):
    """What all rules have: how serious it is, hours until the same rule fires again, who is told, which cycle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity = "warning"
    cooldown_hours: float = Field(default=0, ge=0, le=24 * 365)
    to: tuple[ChannelName, ...] | None = Field(default=None, min_length=1, description="default: all that are set up")
    cycle: str | None = Field(default=None, description="default: every cycle")

    def judge(self, observed: Observed) -> Finding | None:
        """What the rule says; None where what it asks about is not known."""
        raise NotImplementedError


class DeclaredPhaseRule(Rule):
    """Fires while this phase stands declared."""

    when: Literal["declared_phase"]
    phase: Literal["contraction", "expansion"]

    def judge(self, observed: Observed) -> Finding | None:
        """By the declared phase."""
        if observed.declared is None:
            return None
        stands = observed.declared == self.phase
        since = f", declared on {observed.declared_on}" if observed.declared_on else ""
        text = f"{observed.declared} stands{since}; as known in {observed.as_of}"
        return Finding(stands, not stands, text, observed.declared_on or "" if stands else "")


class ProbabilityRule(Rule):
    """Fires above one probability and ends below another: of a recession, or of one of the phases."""

    when: Literal["probability"]
    of: str = "recession"
    above: float = Field(ge=0, le=1)
    until_below: float | None = Field(default=None, ge=0, le=1, description="default: above")

    @model_validator(mode="after")
    def _ends_below(self) -> "ProbabilityRule":
        if self.until_below is not None and self.until_below > self.above:
            raise ValueError(f"until_below {self.until_below} lies above above {self.above}")
        return self

    def judge(self, observed: Observed) -> Finding | None:
        """By the newest answer.

        Raises:
            MacroCycleError: there is no such phase.
        """
        known = {label.lower(): p for label, p in observed.probabilities.items()}
        if not known:
            return None
        if (p := known.get(self.of.lower())) is None:
            raise MacroCycleError(f"there is no phase {self.of}; there are {', '.join(observed.probabilities)}")
        limit = self.above if self.until_below is None else self.until_below
        text = f"probability of {self.of} {p:.1%} in {observed.reference_month}, as known in {observed.as_of}"
        return Finding(p > self.above, p < limit or p <= limit == self.above, text)


class SurpriseRule(Rule):
    """Fires when a series' newest release was further from what the model expected than so many deviations."""

    when: Literal["surprise"]
    series: str
    beyond: float = Field(gt=0, le=100, description="standard deviations of the model's predictive distribution")

    def judge(self, observed: Observed) -> Finding | None:
        """By the newest release of the series."""
        came = next((each for each in observed.came if each.series_id == self.series), None)
        if came is None or came.deviations is None:
            return None
        far = abs(came.deviations) > self.beyond
        text = f"{self.series} of {came.period} came at {came.value:g}, {came.deviations:+.1f} deviations from expected"
        return Finding(far, not far, text, came.period)


class StalenessRule(Rule):
    """Fires when the newest data are older than so many months, or the newest release than so many days."""

    when: Literal["staleness"]
    months: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _asks_something(self) -> "StalenessRule":
        if self.months is None and self.days is None:
            raise ValueError("give months, days or both")
        return self

    def judge(self, observed: Observed) -> Finding | None:
        """By the age of the data."""
        ages = [(observed.months_old, self.months, "months"), (observed.days_old, self.days, "days")]
        known = [(age, limit, unit) for age, limit, unit in ages if age is not None and limit is not None]
        if not known:
            return None
        old = any(age > limit for age, limit, _ in known)
        text = " and ".join(f"{age} {unit} old (more than {limit} are too many)" for age, limit, unit in known)
        return Finding(old, not old, f"the newest data are {text}")


class DecisionPendingRule(Rule):
    """Fires while a model waits for a person's decision."""

    when: Literal["decision_pending"]

    def judge(self, observed: Observed) -> Finding | None:
        """By the decisions on record."""
        if observed.waiting is None:
            return None
        models = ", ".join(observed.waiting)
        text = f"model {models} waits to be promoted or refused" if models else "no model waits for a decision"
        return Finding(bool(models), not models, text, models)


AnyRule = Annotated[
    DeclaredPhaseRule | ProbabilityRule | SurpriseRule | StalenessRule | DecisionPendingRule,
    Field(discriminator="when"),
]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alerts: dict[Annotated[str, Field(pattern=NAME)], AnyRule]


def read_rules(path: Path) -> Mapping[str, Any]:
    """The rules of a file, by name.

    Raises:
        MacroCycleError: the file cannot be read, or a rule of it is wrong; the message names the line.
    """
    marked = read_marked(path)
    try:
        return TypeAdapter(_File).validate_python(marked.document or {}).alerts
    except ValidationError as error:
        raise _wrong(path, marked, error) from None


def _wrong(path: Path, marked: Marked, error: ValidationError) -> MacroCycleError:
    first = error.errors(include_input=False, include_url=False)[0]
    place = [*first["loc"][:2], *first["loc"][3:]]  # the third is the kind of rule, or that it is a key
    said = first["msg"].removeprefix("Value error, ")
    return MacroCycleError(f"{path}, line {marked.line_of(place)}: {'.'.join(map(str, place)) or 'the file'}: {said}")
