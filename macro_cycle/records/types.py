"""The records: Snapshot -> Panel -> Model -> Answer -> Declared, and Answer -> Decision -> Deployment.

Each names what it was made from by version, and the code and configuration that made it. So whoever receives one knows
without asking again whether it stands for the same thing, and a chain of them says how a served answer came about.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from macro_cycle.declared import DailyAnswer, Declaration, Phase, Rule, Standing
from macro_cycle.observations.provenance import NOT_STATED, Provenance

Outcome = Literal["promote", "refuse", "wait", "retract", "closed"]


class Record(BaseModel):
    """What one asset of one cycle holds for the month that ends with `as_of`.

    version: content version of what it stands for. made_by: the code version of the asset that made it.
    made_from: versions of the records that it was made from, by asset. problems: what a blocking check found wrong
    with it, a line each; nothing is made from a record that has any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle: str
    as_of: date
    version: str
    made_by: str
    made_from: Mapping[str, str] = {}
    problems: tuple[str, ...] = ()

    def stands_for(self, made_by: str, made_from: Mapping[str, str]) -> bool:
        """Whether making it again, by this code from these versions, would give it again."""
        return self.made_by == made_by and dict(self.made_from) == dict(made_from)


class Snapshot(Record):
    """All observations known at the month end; `findings` are what their history says of them, by rule."""

    series: int
    rows: int
    newest_reference_date: date
    newest_release: date
    findings: Mapping[str, tuple[str, ...]] = {}


class Panel(Record):
    """The stationary panel of the snapshot; `newest` is its last row, without the cells that were not published."""

    reference_month: date
    months: int
    missing_share: float
    newest: Mapping[str, float]
    features: tuple[str, ...]


class Model(Record):
    """The model of the panel; its version is the hash of its document.

    warnings: what a person should know of the fit, a line each.
    """

    config_version: str
    labels: tuple[str, ...]
    metrics: Mapping[str, float]
    expected_durations: Mapping[str, float]
    registry_version: str
    run_id: str
    reused: bool
    warnings: tuple[str, ...] = ()


class Answer(Record):
    """The one answer given at the month end: the newest reference month's filtered probabilities by label.

    outlook: what the model says of the months to come, as `hmm.outlook.Outlook` writes it; of the open month alone.
    newest: the last row of the regimes (label, recession_probability, filtered_*, smoothed_*, predicted_*, phase_*).
    news: False where the panel is that of the month end before, so that the answer is repeated and no new evidence.
    provenance: the kind of history that the panel was made from; None in records of earlier releases.
    """

    reference_month: date
    label: str
    recession_probability: float
    probabilities: Mapping[str, float]
    model_version: str
    panel_version: str
    newest: Mapping[str, float | str]
    news: bool
    outlook: Mapping[str, Any] | None = None
    provenance: Provenance | None = None

    @property
    def months_behind(self) -> int:
        """Age of the data: months from the reference month to the month end."""
        return 12 * (self.as_of.year - self.reference_month.year) + self.as_of.month - self.reference_month.month

    @property
    def phases(self) -> dict[str, float]:
        """Probability of each phase by the turns around the month (`hmm.phases`), by label; empty in older records."""
        said = {label: self.newest.get(f"phase_{label}") for label in self.probabilities}
        return {label: float(p) for label, p in said.items() if p is not None}

    @property
    def foreseen(self) -> dict[str, float]:
        """The 90 % band and the forecast in numbers, by the names that every surface gives them; empty without one."""
        if self.outlook is None:
            return {}
        present, onsets = self.outlook["recession_probability"], self.outlook["recession_begins"]
        return {
            "band_low": present["low"],
            "band_high": present["high"],
            **{f"recession_within_{months}": onset["value"] for months, onset in onsets.items()},
            "months_to_exit": self.outlook["months_to_exit"]["value"],
        }

    @property
    def rests_on(self) -> str:
        """The kind of history behind the answer, in words."""
        return self.provenance.in_words if self.provenance else NOT_STATED


class Declared(Record):
    """The phase that stands at the end of the day `through`, by the cycle's rule on the daily answers.

    declared_on: the day on which it was declared, None where it stood before the first answer. about: the turning point
    that it is about, a month. declarations: those made since the record before. days: the answers of the month's days.
    standing: what the rule goes on from. reconstructed: the phase was declared before the record of days begins, by the
    path of one model over earlier months.
    """

    phase: Phase
    declared_on: date | None
    about: date | None
    through: date
    declarations: tuple[Declaration, ...]
    days: tuple[DailyAnswer, ...]
    standing: Standing
    reconstructed: bool
    rule: Rule

    @property
    def stated(self) -> dict[str, str | None]:
        """What every surface says of it: phase, day of its declaration, month that it is about (days are ISO text)."""
        return {
            "declared_phase": self.phase,
            "declared_on": str(self.declared_on) if self.declared_on else None,
            "declared_about": f"{self.about:%Y-%m}" if self.about else None,
        }

    @property
    def in_words(self) -> str:
        """The phase, since when it is declared, and about which month."""
        if self.declared_on is None:
            return f"{self.phase}, not by a declaration on record"
        turn = "peak" if self.phase == "contraction" else "trough"
        about = f", about the {turn} of {self.about:%Y-%m}" if self.about else ""
        found = " (reconstructed)" if self.reconstructed else ""
        return f"{self.phase}, declared on {self.declared_on}{about}{found}"


class Explanation(Record):
    """Why the recession probability moved since the month end before; empty where there is nothing to explain.

    by_kind: sums of the contributions of new data, revisions, re-estimation and names.
    """

    since: date | None = None
    before: float | None = None
    forecast: float | None = None
    after: float | None = None
    standard_error: float = 0.0
    by_kind: Mapping[str, float] = {}
    note: str = ""


class Decision(Record):
    """Whether a model may serve, kept before anything acts on it.

    wait: it may not yet, since a person is to decide. retract: a person takes back their word about the model. closed:
    nothing was decided, since the month is closed.
    """

    model_version: str
    outcome: Outcome
    by: Literal["gate", "person"]
    reason: str
    decided_at: datetime
    incumbent: str | None = None
    figures: Mapping[str, float] = {}
    not_asked: tuple[str, ...] = ()
    evidence: str = ""


class Deployment(Record):
    """What serves from then on, seen to answer; `model_version` None: nothing may serve."""

    model_version: str | None
    bundle_version: str | None = None
    registry_version: str = ""
    endpoint: str = ""
    label: str = ""
    recession_probability: float | None = None
    deployed_at: datetime
