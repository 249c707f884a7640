"""Options of the wrong type are refused in one line, and the right ones become Python's own numbers.

A configuration's types are those that its dataclass declares, so a new option is checked without a word here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from macro_cycle.errors import MacroCycleError

WORDS = {int: "a whole number", float: "a finite number", bool: "True or False", str: "text", type(None): "None"}


class _WrongTypeError(Exception):
    """The value does not have the type asked for."""


def take_types(options: Any) -> None:
    """Give every field of a frozen dataclass its declared type: 4.0 stays no whole number, numpy's numbers become
    Python's, whole numbers floats where floats are declared.

    Raises MacroCycleError naming the field and what it must be.
    """
    hints = _declared(options.__class__)
    for each in fields(options):
        object.__setattr__(options, each.name, as_type(each.name, getattr(options, each.name), hints[each.name]))


@cache
def _declared(kind: type) -> dict[str, Any]:
    """Types of a dataclass's fields, read from its annotations once."""
    return get_type_hints(kind)


def as_type(name: str, value: Any, kind: Any) -> Any:
    """The value as `kind`: int, float, bool, str, None, Literal, a mapping of text, a tuple or a union of those.

    Raises MacroCycleError that calls the value by its name.
    """
    try:
        return _taken(value, kind)
    except _WrongTypeError:
        raise MacroCycleError(f"{name} is {_shown(value)}: it must be {_words(kind)}") from None


def whole_number(name: str, value: Any, least: int) -> int:
    """The value as an int of at least `least`; raises MacroCycleError otherwise."""
    number: int = as_type(name, value, int)
    if number < least:
        raise MacroCycleError(f"{name} is {number}: it must be at least {least}")
    return number


def _taken(value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _first_fit(value, get_args(kind))
    if origin is Literal:
        if any(value is allowed or (isinstance(value, str) and value == allowed) for allowed in get_args(kind)):
            return value
    elif kind is int and isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    elif kind is float and isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    elif origin is tuple:
        if isinstance(value, list | tuple):
            return tuple(_taken(each, get_args(kind)[0]) for each in value)
    elif origin is not None and issubclass(origin, Mapping):
        if isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair):
            return value
    elif kind not in (int, float) and isinstance(kind, type) and isinstance(value, kind):
        return value
    raise _WrongTypeError


def _first_fit(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        try:
            return _taken(value, kind)
        except _WrongTypeError:
            continue
    raise _WrongTypeError


def _words(kind: Any) -> str:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return " or ".join(_words(k) for k in get_args(kind))
    if origin is Literal:
        return "one of " * (len(get_args(kind)) > 1) + ", ".join(map(str, get_args(kind)))
    if origin is not None:
        return "a list of names" if origin is tuple else "a mapping of names"
    return WORDS.get(kind) or f"an instance of {kind.__name__}"


def _shown(value: Any) -> str:
    """On one line, cut short."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:57]}..."
