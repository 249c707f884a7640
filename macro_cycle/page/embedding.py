"""The contents as the page's script reads them: columns in place of rows, without what no drawing needs."""

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from pydantic import BaseModel

from macro_cycle.page.contents import Contents, Move

CARD_ANSWERS = 40
DIGITS = 6  # decimals of a probability: a thousand times finer than what is drawn


def embedded(contents: Contents) -> str:
    """JSON for a script element of the page: no `<` in it ends the element."""
    document = contents.model_dump(mode="json", include=set(_WHOLE))
    document["answers"] = _columns(contents.answers, leave_out={"probabilities", "phases", "outlook"}) | {
        "probabilities": {
            regime.label: [answer.probabilities.get(regime.label, 0.0) for answer in contents.answers]
            for regime in contents.regimes
        },
        "outlook": [_outlook(answer.outlook) for answer in contents.answers],
    }
    document["moves"] = {str(move.as_of): _move(move) for move in contents.moves}
    document["seen_now"] = _columns(contents.seen_now)
    document["titles"] = {series.series_id: series.title for series in contents.series}
    return json.dumps(_rounded(document), separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace(
        "<", "\\u003c"
    )


def for_a_card(contents: Contents) -> Contents:
    """The little of it that a card draws."""
    kept = {"cycle", "title", "economy", "authority", "today", "regimes"}
    answers = contents.answers[-CARD_ANSWERS:]
    return Contents(**{name: getattr(contents, name) for name in kept}, answers=answers)


_WHOLE = ("today", "regimes", "recessions", "series")


def _outlook(outlook: Mapping[str, Any] | None) -> list[list[float]] | None:
    """The probability of recession and its band, from the reference month on, month by month."""
    if outlook is None:
        return None
    months = [outlook["recession_probability"], *(month["recession_probability"] for month in outlook["months"])]
    return [[interval[name] for name in ("value", "low", "high")] for interval in months]


def _columns(rows: Sequence[BaseModel], leave_out: Set[str] = frozenset()) -> dict[str, list[Any]]:
    dumped = [row.model_dump(mode="json", exclude=set(leave_out)) for row in rows]
    return {name: [row[name] for row in dumped] for name in (dumped[0] if dumped else ())}


def _move(move: Move) -> dict[str, Any]:
    document = move.model_dump(mode="json")
    return {**document, "parts": [[part.kind, part.series_id, part.contribution] for part in move.parts]}


def _rounded(document: Any) -> Any:
    if isinstance(document, float):
        return round(document, DIGITS)
    if isinstance(document, dict):
        return {name: _rounded(value) for name, value in document.items()}
    return [_rounded(value) for value in document] if isinstance(document, list | tuple) else document
