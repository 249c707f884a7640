"""What rules of one's own are held against, found in what is on record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from macro_cycle.monitoring.alerts.observed import Came, Observed
from macro_cycle.monitoring.alerts.rules import Rule, SurpriseRule
from macro_cycle.promotion.decisions import pending
from macro_cycle.records import Answer, Decision, Declared, Snapshot
from macro_cycle.resources.platform import Platform


@dataclass(frozen=True)
class Arrivals:
    """The newest release of each series that rules ask about, as of one version of the snapshot.

    unmeasured: a line for each of which the record does not say what was expected.
    """

    snapshot: str | None = None
    series: tuple[str, ...] = ()
    came: tuple[Came, ...] = ()
    unmeasured: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Arrivals":
        """What `to_document` wrote; empty where it wrote nothing."""
        kept = document.get("arrivals")
        if kept is None:
            return cls()
        came = tuple(Came(**each) for each in kept["came"])
        return cls(kept["snapshot"], tuple(kept["series"]), came, tuple(kept.get("unmeasured", ())))

    def to_document(self) -> dict[str, Any]:
        """A JSON-able dict."""
        return {"arrivals": asdict(self)}


def arrivals(platform: Platform, rules: Mapping[str, Rule], before: Arrivals) -> Arrivals:
    """The newest releases that the rules ask about, against what models on record expected; nothing is trained.

    Made again where the data or the series asked about changed, or some could not be measured before.

    Raises:
        MacroCycleError: too little was known when one of them came.
    """
    from macro_cycle.resources.recorded import Measured, newest_surprises

    asked = [rule for rule in rules.values() if isinstance(rule, SurpriseRule)]
    series = tuple(sorted({rule.series for rule in asked if rule.cycle in (None, platform.cycle)}))
    snapshot = platform.records.newest("fred_series", Snapshot) if series else None
    version = snapshot.version if snapshot else None
    if (before.snapshot, before.series, before.unmeasured) == (version, series, ()):
        return before
    found = newest_surprises(platform, series, platform.clock.today()) if snapshot else Measured((), ())
    came = (Came(each.release.series_id, each.release.period, each.value, each.deviations) for each in found.surprises)
    return Arrivals(version, series, tuple(came), found.unmeasured)


def observe(platform: Platform, came: tuple[Came, ...] = ()) -> Observed:
    """The state of the platform's cycle as it stands now; of what is not on record yet nothing is said."""
    answer = platform.records.newest("regime_labels", Answer)
    if answer is None:
        return Observed(platform.cycle)
    snapshot = platform.records.newest("fred_series", Snapshot)
    declared = platform.records.newest("declared_phase", Declared)
    return Observed(
        cycle=platform.cycle,
        as_of=f"{answer.as_of:%Y-%m}",
        reference_month=f"{answer.reference_month:%Y-%m}",
        probabilities={"recession": answer.recession_probability, **answer.probabilities},
        declared=declared.phase if declared else None,
        declared_on=str(declared.declared_on) if declared and declared.declared_on else None,
        months_old=answer.months_behind,
        days_old=(platform.clock.today().date() - snapshot.newest_release).days if snapshot else None,
        waiting=tuple(each.model_version for each in pending(platform.records.history("champion", Decision))),
        came=came,
    )
