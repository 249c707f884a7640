"""Reproducing a recorded answer from what is stored: observations, model, configuration and names.

Each call follows from the one before it by a hash. It joins its as-of day, the version of its data, the model by the
hash of its document (parameters, label map and configuration are in it) and, for a month that was deployed, what the
endpoint answered. Every link can be checked again, because panel, estimation and filter are functions of what is
stored. Bits are the same on the same kind of machine; another processor or another build of the numerical libraries
may round differently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.versions import content_version, document_version, has_version
from macro_cycle.records import Declared
from macro_cycle.training.train import train
from macro_cycle.warehouse.regimes import Call, RecordedCall

if TYPE_CHECKING:
    from macro_cycle.warehouse.models import StoredModel
    from macro_cycle.warehouse.records import ServedAnswer

SERVED_WITHIN = 1e-9
OTHER_CODE = "an earlier release or other settings made it"


@dataclass(frozen=True)
class Link:
    """One link from the observations to an answer: whether it holds, and in words what was found.

    holds: None where it cannot be computed again as it was: the observations have changed since, by loads that are on
    record, so that the answer follows from what was kept with its model; or other code or settings made it.
    """

    name: str
    holds: bool | None
    found: str


@dataclass(frozen=True)
class Stored:
    """What the stores hold of a call: its model, the panel of its day, and what was served.

    broken_at: the first call on record that does not follow from its predecessor. panel: from the observations as
    known on `data_day(call)`. loaded_since: whether anything known on that day was loaded after the call was recorded.
    bundled: reads the panel that was kept with the model, or gives None. same_code: whether this release, under the
    present settings, made it; an earlier one may have built panels and estimated otherwise.
    """

    broken_at: int | None
    model: "StoredModel | None"
    panel: pd.DataFrame
    loaded_since: bool
    bundled: Callable[[], pd.DataFrame | None]
    served: "ServedAnswer | None"
    same_code: bool = True


def declared_again(record: Declared, again: Mapping[str, Any] | None, same_code: bool = True) -> Link:
    """The link from the answers of a month's days to what was declared; `again` None: made from what is gone since.

    same_code: as in `Stored`.
    """
    if again is None:
        return Link("declared phase", None, f"{record.in_words}; what it was made from was made again since")
    if again["version"] == record.version:
        return Link("declared phase", True, f"{record.in_words}; the answers of {len(record.days)} days give it again")
    days = "the same answers" if tuple(again["days"]) == record.days else "other answers of its days"
    found = f"{again['phase']} declared on {again['declared_on']}"
    link = Link("declared phase", False, f"was recorded as {record.in_words}; again: {found}, from {days}")
    return link if same_code else _by_other_code(link)


def data_day(call: RecordedCall) -> date:
    """The day whose data a call rests on: its month end, or the day of recording when the month was still open."""
    return min(call.as_of, call.recorded_at.astimezone(UTC).date())


def reproduce(call: RecordedCall, stored: Stored) -> tuple[Link, ...]:
    """Every link of a call, checked by computing it again."""
    record = _record(stored.broken_at)
    if stored.model is None:
        return record, Link("model", False, f"the document of model {call.model_version} is gone")
    if not (document := _document(stored.model)).holds:
        return record, document
    panel, observations = _panel(stored.model, stored)
    links = (record, document, observations)
    if panel is None:
        return links
    again = [_estimation(stored.model, panel), _answer(call, stored.model, panel)]
    if not stored.same_code:
        again = [_by_other_code(link) for link in again]
    return (*links, *again, _served(call, stored.served))


def _by_other_code(link: Link) -> Link:
    """A link that other code made: what this release finds otherwise is no proof that anything was altered."""
    return link if link.holds else replace(link, holds=None, found=f"{link.found}; {OTHER_CODE}")


def _record(broken_at: int | None) -> Link:
    if broken_at is None:
        return Link("record", True, "every call follows from the one before it")
    return Link("record", False, f"call {broken_at} does not follow from the one before it: one was altered or removed")


def _document(model: "StoredModel") -> Link:
    version = document_version(model.document)
    if version != model.model_version:
        return Link("model", False, f"the document of model {model.model_version} was altered: it hashes to {version}")
    return Link("model", True, f"parameters, names and configuration hash to {version}")


def _panel(model: "StoredModel", stored: Stored) -> tuple[pd.DataFrame | None, Link]:
    """The panel that the model was trained on: from the observations, or else as it was kept with the model."""
    if has_version(stored.panel, model.input_version):
        return stored.panel, Link("observations", True, f"give the panel {model.input_version} again")
    kept = stored.bundled()
    if kept is not None and not has_version(kept, model.input_version):
        kept = None
    differing = "another panel" if kept is None else f"a panel that differs in {_differing(stored.panel, kept)}"
    if not stored.same_code:
        taken = "none was kept with the model" if kept is None else "taken as kept with the model"
        return kept, Link("observations", None, f"give {differing}; {OTHER_CODE}; {taken}")
    if not stored.loaded_since:
        return kept, Link(
            "observations", False, f"give {differing}, though nothing was loaded since: they were altered"
        )
    if kept is None:
        return None, Link(
            "observations", False, f"give {differing} after later loads, and none was kept with the model"
        )
    return kept, Link("observations", None, f"give {differing} after later loads; taken as kept with the model")


def _differing(panel: pd.DataFrame, kept: pd.DataFrame) -> str:
    mine, theirs = panel.align(kept)
    cells = (mine.ne(theirs) & ~(mine.isna() & theirs.isna())).sum()
    named = ", ".join(map(str, cells.index[cells > 0]))
    return f"{int(cells.sum())} cells ({named})"


def _estimation(model: "StoredModel", panel: pd.DataFrame) -> Link:
    from macro_cycle.hmm import HMMConfig

    again = train(panel, HMMConfig.from_document(model.document["config"])).model_version
    found = f"on the panel gives model {again}"
    return Link(
        "estimation", again == model.model_version, found if again == model.model_version else f"{found} instead"
    )


def _answer(call: RecordedCall, model: "StoredModel", panel: pd.DataFrame) -> Link:
    from macro_cycle.hmm import MacroCycleHMM

    try:
        frame = MacroCycleHMM.from_document(dict(model.document)).regimes(panel)
    except MacroCycleError as error:
        return Link("answer", False, f"cannot be computed again: {error}")
    version = call.data_version if has_version(frame, call.data_version) else content_version(frame)
    again = Call.newest_of(frame, call.as_of, call.model_version, version)
    wrong = [name for name, value in vars(again).items() if value != getattr(call, name)]
    if not wrong:
        return Link("answer", True, "every probability is the same to the bit")
    if wrong == ["data_version"]:
        return Link(
            "answer", False, "the same to the bit, but earlier months are seen otherwise or kept in another form"
        )
    told = ", ".join(f"{name} {getattr(call, name)} (again: {getattr(again, name)})" for name in wrong)
    return Link("answer", False, f"was recorded with another {told}")


def _served(call: RecordedCall, served: "ServedAnswer | None") -> Link:
    if served is None or served.model_version != call.model_version:
        return Link("served answer", True, "the endpoint never served this model")
    same = abs(served.recession_probability - call.recession_probability) <= SERVED_WITHIN
    found = f"{served.label}, {served.recession_probability:.4f} at {served.endpoint}"
    return Link("served answer", same and served.label == call.label, f"{found}, {served.served_at:%Y-%m-%d %H:%M}")
