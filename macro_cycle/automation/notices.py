"""What there is to tell people, found in what Dagster and the warehouse store."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from macro_cycle.automation.freshness import LOOKED_AT
from macro_cycle.cycles import DEFAULT
from macro_cycle.cycles.naming import FETCHED_TAG
from macro_cycle.monitoring.notifications import Notice
from macro_cycle.records import Answer, Declared
from macro_cycle.resources.mlflow_run import CYCLE_TAG
from macro_cycle.stack.daemon import Daemon

DEPLOYMENT = "kserve_deployment"
OVERLAP = timedelta(minutes=5)
LONGEST = 300


@dataclass(frozen=True)
class Seen:
    """How far the last look reached: failures up to `until` (ISO, UTC), and what was current.

    label: the regime. declared: the declared phase and the day of its declaration, as words.
    """

    until: str
    label: str | None = None
    declared: str | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Seen":
        """What `document` kept; a first look begins now, since what is past is no news."""
        return cls(**document["seen"]) if "seen" in document else cls(datetime.now(UTC).isoformat())

    def to_document(self) -> dict[str, Any]:
        """What to keep."""
        return asdict(self)


def find(
    instance: dg.DagsterInstance,
    cycle: str,
    source: str,
    month: str,
    call: Answer | None,
    seen: Seen,
    declared: Declared | None = None,
) -> tuple[list[Notice], Seen]:
    """Everything to tell about a cycle's open `month`, its `call` and what is `declared`; what has been seen now.

    source: what the keys of its series begin with.
    """
    looked = Seen(
        datetime.now(UTC).isoformat(),
        call.label if call else seen.label,
        _standing(declared) if declared else seen.declared,
    )
    found = [
        *_failures(instance, cycle, seen),
        *_refusal(instance, cycle, month),
        *_staleness(instance, source),
        *_regime_change(call, seen),
        *_declaration(call, declared, seen),
    ]
    return [_of(cycle, notice) for notice in found], looked


def _of(cycle: str, notice: Notice) -> Notice:
    """The notice with the cycle that it is about."""
    labels = {"cycle": cycle, **notice.labels}
    return Notice(notice.kind, f"{cycle}:{notice.key}", f"{cycle}: {notice.text}", labels)


def _failures(instance: dg.DagsterInstance, cycle: str, seen: Seen) -> list[Notice]:
    since = datetime.fromisoformat(seen.until) - OVERLAP
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    runs = [run for run in reversed(instance.get_runs(failed)) if _is_about(run, cycle)]
    return [_failure(instance, run, cycle) for run in runs]


def _is_about(run: dg.DagsterRun, cycle: str) -> bool:
    """Whether a run is of the cycle; one of no cycle's assets is the default's to tell."""
    cycles = {key.path[0] for key in run.asset_selection or ()}
    return cycle in (cycles or {run.tags.get(CYCLE_TAG, DEFAULT)})


def _failure(instance: dg.DagsterInstance, run: dg.DagsterRun, cycle: str) -> Notice:
    month = (run.tags.get("dagster/partition") or run.tags.get("dagster/asset_partition_range_end") or "")[:7]
    step, why = _first_failed_step(instance, run.run_id)
    step = step.removeprefix(f"{cycle}__") if step else None
    about = f"{step or run.job_name}:{month}:{hashlib.sha256(why.encode()).hexdigest()[:8]}"
    labels = {"month": month, "asset": step or ""}
    if step == DEPLOYMENT:
        text = f"{month}: the deployment failed and what served before still does: {why}"
        return Notice("failed_deployment", f"deployment:{about}", text, labels)
    return Notice("failed_run", f"run:{about}", f"{month}: {step or 'a run'} failed: {why} (run {run.run_id})", labels)


def _first_failed_step(instance: dg.DagsterInstance, run_id: str) -> tuple[str | None, str]:
    """Key of the step that failed first, and the first line of its innermost error."""
    failures = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1, ascending=True)
    if not failures.records:
        return None, "its process ended before it was done"
    event = failures.records[0].event_log_entry.get_dagster_event()
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    lines = error.message.strip().splitlines() if error else []
    return event.step_key, lines[0][:LONGEST] if lines else "no message"


def _refusal(instance: dg.DagsterInstance, cycle: str, month: str) -> list[Notice]:
    metadata = Daemon(instance, cycle).metadata("champion", month)
    texts = {name: str(metadata[name].value) for name in ("verdict", "model_version", "reasons") if name in metadata}
    if texts.get("verdict") != "refuse":
        return []
    challenger, reasons = (
        texts.get("model_version", "the month's model"),
        texts.get("reasons", "see the asset champion"),
    )
    text = f"{month[:7]}: model {challenger} was refused, and what served before still does: {reasons}"
    return [Notice("refused_promotion", f"refused:{month}:{challenger}", text, {"month": month[:7]})]


def _staleness(instance: dg.DagsterInstance, source: str) -> list[Notice]:
    """Nothing before the first fetch: then there is nothing to be stale."""
    fetches = instance.get_run_records(dg.RunsFilter(tags={FETCHED_TAG: source}), limit=1)
    last = fetches[0].create_timestamp.astimezone(UTC) if fetches else datetime.now(UTC)
    if datetime.now(UTC) - last <= LOOKED_AT:
        return []
    text = (
        f"the data are stale: the last fetch that succeeded was {last:%Y-%m-%d %H:%M} UTC; "
        "it is tried again every quarter of an hour"
    )
    return [Notice("stale_data", f"stale:{last:%Y-%m-%d %H:%M}", text, {"source": source})]


def _regime_change(call: Answer | None, seen: Seen) -> list[Notice]:
    if call is None or seen.label in (None, call.label):
        return []
    text = (
        f"the regime changed from {seen.label} to {call.label} as of {call.as_of:%Y-%m}, about "
        f"{call.reference_month:%Y-%m}; recession probability {call.recession_probability:.0%}"
    )
    key = f"regime:{call.as_of}:{seen.label}:{call.label}:{call.version}"
    return [Notice("regime_change", key, text, {"regime": call.label, "month": f"{call.as_of:%Y-%m}"})]


def _declaration(call: Answer | None, declared: Declared | None, seen: Seen) -> list[Notice]:
    """What was declared since the last look: that a contraction began, or that it is over."""
    if declared is None or declared.declared_on is None or seen.declared in (None, _standing(declared)):
        return []
    turn = "peak" if declared.phase == "contraction" else "trough"
    about = f", about the {turn} of {declared.about:%Y-%m}" if declared.about else ""
    now = f"; recession probability {call.recession_probability:.0%}" if call else ""
    text = f"{declared.phase} declared on {declared.declared_on}{about}{now}"
    labels = {"phase": declared.phase, "month": f"{declared.as_of:%Y-%m}"}
    return [Notice("declaration", f"declared:{_standing(declared)}", text, labels)]


def _standing(declared: Declared) -> str:
    return f"{declared.phase} {declared.declared_on}"
