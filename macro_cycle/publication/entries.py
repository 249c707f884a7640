"""What an entry of the published record says: answers, what stands declared, decisions and deployments, as recorded."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from macro_cycle import __version__
from macro_cycle.publication.ledger import FORMAT, Draft, Entry
from macro_cycle.records import Answer, Decision, Declared, Deployment, Record

BEGIN = "begin"
KINDS: Mapping[str, tuple[str, type[Record]]] = {
    "regime_labels": ("answer", Answer),
    "declared_phase": ("declaration", Declared),
    "champion": ("decision", Decision),
    "kserve_deployment": ("deployment", Deployment),
}
"""Kind of entry, and of record, by the asset that makes it."""


def begin(cycle: str) -> Draft:
    """The first entry of a record."""
    return Draft(BEGIN, {"format": FORMAT, "cycle": cycle, "software": f"macro-cycle {__version__}"})


def draft(asset: str, record: Record, recorded_at: datetime) -> Draft:
    """The entry of a record that an asset made."""
    about = {"cycle": record.cycle, "as_of": str(record.as_of), "recorded_at": recorded_at.isoformat()}
    body = {**about, **_SAID[asset](record), "software": f"macro-cycle {__version__}"}
    return Draft(KINDS[asset][0], body)


def is_published(record: Record, recorded_at: datetime) -> bool:
    """Whether it was said in its own month: what is computed later of a closed month is no record of what was said."""
    closed = getattr(record, "outcome", None) == "closed" or record.version == "closed"
    return not closed and not record.problems and recorded_at.date() <= record.as_of


def published_until(entries: Iterable[Entry]) -> dict[str, datetime]:
    """By kind of entry, when the newest record in it was recorded."""
    return {
        entry.kind: datetime.fromisoformat(entry.body["recorded_at"])
        for entry in entries
        if "recorded_at" in entry.body
    }


def _answer(record: Answer) -> dict[str, Any]:
    return {
        "reference_month": f"{record.reference_month:%Y-%m}",
        "label": record.label,
        "recession_probability": record.recession_probability,
        "probabilities": dict(record.probabilities),
        **_ahead(record.outlook),
        "months_behind": record.months_behind,
        "news": record.news,
        "provenance": None if record.provenance is None else record.provenance.to_document(),
        "versions": {"model": record.model_version, "panel": record.panel_version, "regimes": record.version},
    }


def _ahead(outlook: Mapping[str, Any] | None) -> dict[str, Any]:
    """The credible band and what was foreseen: recession probability by months ahead, and that a recession begins."""
    if outlook is None:
        return {}
    return {
        "level": outlook["level"],
        "band": outlook["recession_probability"],
        "forecast": {str(month["months_ahead"]): month["recession_probability"] for month in outlook["months"]},
        "recession_begins": outlook["recession_begins"],
    }


def _declaration(record: Declared) -> dict[str, Any]:
    newest = record.days[-1] if record.days else None
    return {
        **record.stated,
        "reconstructed": record.reconstructed,
        "judged_through": str(record.through),
        "declared_then": [
            {"phase": d.phase, "on": str(d.declared_on), "about": f"{d.about:%Y-%m}" if d.about else None}
            for d in record.declarations
        ],
        "newest_day": None if newest is None else {"day": str(newest.day), "probability": newest.recession_probability},
        "rule": record.rule.model_dump(mode="json"),
        "version": record.version,
    }


def _decision(record: Decision) -> dict[str, Any]:
    return {
        "model": record.model_version,
        "outcome": record.outcome,
        "by": record.by,
        "reason": record.reason,
        "decided_at": record.decided_at.isoformat(),
        "serves_before": record.incumbent,
    }


def _deployment(record: Deployment) -> dict[str, Any]:
    return {
        "model": record.model_version,
        "label": record.label or None,
        "recession_probability": record.recession_probability,
        "deployed_at": record.deployed_at.isoformat(),
    }


_SAID: Mapping[str, Any] = {
    "regime_labels": _answer,
    "declared_phase": _declaration,
    "champion": _decision,
    "kserve_deployment": _deployment,
}
