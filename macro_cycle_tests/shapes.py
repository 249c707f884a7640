"""Shapes in the signatures of the model's functions, checked at every call while tests run and never otherwise."""

from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, get_type_hints

import jaxtyping
from beartype import beartype

MODULES = ("dynamics", "inference", "labels", "phases")
SHAPED = {name: getattr(jaxtyping, name) for name in ("Bool", "Float", "Int")}


def check_shapes() -> None:
    """Put a check in place of each public function of `MODULES`, before others import it by name."""
    for name in MODULES:
        module = import_module(f"macro_cycle.hmm.{name}")
        for function in _public(module):
            setattr(module, function.__name__, _checked(function, module))


def _public(module: ModuleType) -> list[FunctionType]:
    own = (f for f in vars(module).values() if isinstance(f, FunctionType) and f.__module__ == module.__name__)
    return [f for f in own if not f.__name__.startswith("_") and _has_shapes(f)]


def _has_shapes(function: FunctionType) -> bool:
    return any(name in str(hint) for hint in function.__annotations__.values() for name in SHAPED)


def _checked(function: FunctionType, module: ModuleType) -> Any:
    function.__annotations__ = get_type_hints(function, {**vars(module), **SHAPED})
    return jaxtyping.jaxtyped(typechecker=beartype)(function)
