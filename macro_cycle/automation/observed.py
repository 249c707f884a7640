"""What rules of one's own are held against, found in what is on record."""

from macro_cycle.monitoring.alerts.observed import Observed
from macro_cycle.promotion.decisions import pending
from macro_cycle.records import Answer, Decision, Declared, Snapshot
from macro_cycle.resources.platform import Platform


def observe(platform: Platform) -> Observed:
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
    )
