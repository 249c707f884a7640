"""What serves: acted upon as it was decided, recorded before it acts, and made to agree with the record again.

Belongs here: the way from the decisions on record to the endpoint. Does not belong here: deciding (`promotion`),
bringing a bundle there (`serving`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations.provenance import NOT_STATED
from macro_cycle.platform.months import key_of
from macro_cycle.promotion import decisions
from macro_cycle.records import Answer, Decision, Declared, Deployment
from macro_cycle.resources.platform import Platform
from macro_cycle.serving.deployers import Deployment as Verified
from macro_cycle.serving.deployers import DeploymentError
from macro_cycle.warehouse.records import ServedAnswer

if TYPE_CHECKING:
    from macro_cycle.registry.registry import RegisteredVersion
    from macro_cycle.training.bundle import Bundle

ASSET, ANSWERS, DECLARED = "kserve_deployment", "regime_labels", "declared_phase"
HORIZONS = (1, 3, 6, 12)


@dataclass(frozen=True)
class Made:
    """A record of what serves, and how it was made: the fields of `Record` that say so."""

    as_of: date
    made_by: str
    made_from: Mapping[str, str]


def deploy_as_decided(platform: Platform, made: Made) -> Deployment:
    """Have serve what stands promoted, or nothing where nothing does; the record is kept before it acts.

    Raises:
        DeploymentError: the endpoint refused, did not answer or answered wrongly; what served before still does.
    """
    promoted = decisions.to_serve(platform.records.history("champion", Decision))
    with platform.deployer() as deployer:
        if promoted is None:
            record = _record(platform, made, version="nothing", model_version=None)
            platform.records.append(ASSET, [record])
            deployer.withdraw()
            return record
        version, former = _registered(platform, promoted), serving(platform)
        kept: list[Deployment] = []

        def keep(verified: Verified) -> None:
            record = _record(platform, made, **_seen(verified), registry_version=version.version)
            platform.records.append(ASSET, [record])
            platform.served.append(_answered(promoted.as_of, record))
            kept.append(record)

        try:
            deployer.deploy(_bundle(platform, promoted, version), keep)
        except DeploymentError:
            if kept and deployer.serving_version() != kept[0].bundle_version:
                platform.records.append(ASSET, [_again(platform, made, former)])
            raise
    return kept[0]


def serving(platform: Platform) -> Deployment | None:
    """What serves by the record; None: nothing was ever deployed."""
    return decisions.serving(platform.records.history(ASSET, Deployment))


def reconcile(platform: Platform) -> Deployment | None:
    """Have serve what is on record, where a crash came between the record and the act; what was done, or None.

    Raises:
        DeploymentError: the endpoint refused it or does not answer.
    """
    record = serving(platform)
    if record is None:
        return None
    with platform.deployer() as deployer:
        if deployer.serving_version() == record.bundle_version:
            return None
        if record.bundle_version is None:
            deployer.withdraw()
        else:
            deployer.restore(record.bundle_version)
    return record


def _again(platform: Platform, made: Made, former: Deployment | None) -> Deployment:
    """The record that what served before serves on."""
    if former is None:
        return _record(platform, made, version="nothing", model_version=None)
    return former.model_copy(update={"deployed_at": datetime.now(UTC)})


def _registered(platform: Platform, promoted: Decision) -> "RegisteredVersion":
    version = platform.registry.versions().get((str(promoted.as_of), promoted.model_version))
    if version is None:
        raise MacroCycleError(
            f"model {promoted.model_version} of {promoted.as_of:%Y-%m} stands promoted, and its version is gone from "
            "MLflow; materialize regime_model for that month, or refuse the model"
        )
    return version


def _record(platform: Platform, made: Made, **fields: Any) -> Deployment:
    return Deployment(cycle=platform.cycle, **vars(made), deployed_at=datetime.now(UTC), **fields)


def _seen(verified: Verified) -> dict[str, Any]:
    return {
        "version": verified.model_version,
        "model_version": verified.model_version,
        "bundle_version": verified.version,
        "endpoint": verified.endpoint,
        "label": verified.label,
        "recession_probability": verified.recession_probability,
    }


def _bundle(platform: Platform, promoted: Decision, version: "RegisteredVersion") -> "Bundle":
    """The model's bundle with what is beside its answer, and the answers of earlier days."""
    bundle = platform.registry.bundle(version)
    answer = platform.records.load(ANSWERS, Answer, [key_of(promoted.as_of)]).get(key_of(promoted.as_of))
    own = answer if answer and answer.model_version == promoted.model_version else None
    declared = platform.records.load(DECLARED, Declared, [key_of(promoted.as_of)]).get(key_of(promoted.as_of))
    known_from = min(promoted.as_of, platform.clock.today().date())
    return replace(
        bundle,
        expected={**bundle.expected, **beside(own, declared)},
        meta={**bundle.meta, "known_from": str(known_from)},
        history=earlier_answers(platform, promoted.as_of),
    )


def beside(answer: Answer | None, declared: Declared | None) -> dict[str, Any]:
    """What the endpoint gives beside an answer: the declared phase, its history, the phases, the band, the forecast.

    The forecast is the recession probability by months ahead.
    """
    rests_on = {**_stated(declared), **(_own(answer) if answer else {})}
    if answer is None or answer.outlook is None:
        return rests_on
    present = answer.outlook["recession_probability"]
    months = {month["months_ahead"]: month for month in answer.outlook["months"]}
    return {
        **rests_on,
        "band": [present["low"], present["high"]],
        "forecast": {str(n): months[n]["recession_probability"]["value"] for n in HORIZONS if n in months},
    }


def earlier_answers(platform: Platform, before: date) -> list[Mapping[str, Any]]:
    """The last answer of each month end before, as the endpoint gives it."""
    calls = platform.regimes.calls()
    answers = platform.records.load(ANSWERS, Answer, [key_of(day) for day in calls["as_of"]])
    declared = platform.records.load(DECLARED, Declared, [key_of(day) for day in calls["as_of"]])
    labels = {name: name.removeprefix("p_").capitalize() for name in map(str, calls) if name.startswith("p_")}
    return [
        {
            "as_of": f"{row['as_of']:%Y-%m-%d}",
            "reference_month": f"{row['reference_month']:%Y-%m-%d}",
            "label": row["label"],
            "recession_probability": row["recession_probability"],
            "probabilities": {label: row[name] for name, label in labels.items() if row[name] == row[name]},
            "model_version": row["model_version"],
            **_own_of(answers.get(key_of(row["as_of"])), row["data_version"]),
            **_stated(declared.get(key_of(row["as_of"]))),
        }
        for row in calls.to_dict("records")
        if row["as_of"].date() < before
    ]


def _stated(declared: Declared | None) -> dict[str, str | None]:
    """The declared phase as it stood at the month end; nothing where none is on record."""
    return {} if declared is None else declared.stated


def _own(answer: Answer) -> dict[str, Any]:
    """The kind of history behind an answer, and its phases where they were kept."""
    return {"rests_on": answer.rests_on, **({"phases": answer.phases} if answer.phases else {})}


def _own_of(answer: Answer | None, data_version: str) -> dict[str, Any]:
    """The same of a call, where the answer that it records was kept."""
    return _own(answer) if answer and answer.version == data_version else {"rests_on": NOT_STATED}


def _answered(as_of: date, record: Deployment) -> ServedAnswer:
    assert record.model_version is not None
    assert record.recession_probability is not None
    return ServedAnswer(
        as_of=as_of,
        model_version=record.model_version,
        registry_version=record.registry_version,
        endpoint=record.endpoint,
        label=record.label,
        recession_probability=record.recession_probability,
    )
