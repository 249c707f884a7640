"""What a rule declares from a walk, beside its targets: alarms, days after the turning points, reversals."""

from benchmarks.declared.walks import premature, scored
from benchmarks.figures import Figure, figure
from macro_cycle.cycles import shipped
from macro_cycle.declared import Rule
from macro_cycle.evaluation.daily import DailyWalk


def delay_figures(walk: DailyWalk, peer: Rule | None = None) -> list[Figure]:
    """Of the default rule; alarms and delays after a peak beside those of a peer, where there is one."""
    found = scored(shipped().declared, walk)
    peak, trough = found.delay("peak"), found.delay("trough")
    of_2007 = next((turn.days for turn in found.turns if turn.turn == "peak" and turn.month.year == 2007), None)
    title, alarms, mean, sd, longest = _of_peer(peer, walk)
    return [
        figure("false or premature alarms", premature(found), "", "<= 0", title, alarms),
        figure("days after the peak month's end, mean", known(peak.days), "days", "<= 55", title, mean),
        figure("days after the peak month's end, sd", known(peak.sd), "days", "<= 22", title, sd),
        figure("days after the peak month's end, longest", known(peak.worst), "days", "<= 90", title, longest),
        figure("days after the peak of December 2007", known(of_2007), "days", "<= 60"),
        figure("days after the trough month's end, mean", known(trough.days), "days", "<= 50"),
        figure("days after the trough month's end, longest", known(trough.worst), "days", "<= 75"),
        figure("reversals between declaration and trough", len(found.reversals), "", "<= 0"),
    ]


def known(value: float | None) -> float:
    """The number, NaN where there is none."""
    return float("nan") if value is None else float(value)


def _of_peer(rule: Rule | None, walk: DailyWalk) -> tuple[str, float | None, float | None, float | None, float | None]:
    if rule is None:
        return "", None, None, None, None
    found = scored(rule, walk)
    peak = found.delay("peak")
    return f"p > {rule.on} for {rule.days} days", premature(found), peak.days, peak.sd, peak.worst
