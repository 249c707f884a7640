"""Feast imported in a quarter of its time and half of its memory: every run of the graph pays for it.

Belongs here: what stands in for two things that Feast does when it is imported and nothing here needs. It imports
PyTorch where it is installed, for batches of tensors; and typeguard reads and compiles the source of its classes again,
to check the arguments that a person's definitions give them, and ours are tested.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def quicken() -> None:
    """Have Feast imported so from now on, whoever imports it first; nothing is done where it has been already."""
    if "feast" not in sys.modules and not any(isinstance(finder, _OfFeast) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OfFeast())


class _OfFeast(MetaPathFinder):
    """Finds Feast once, as Python would, and has its loader execute it quickly."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "feast":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = partial(_quickly, loader.exec_module)
        return spec


def _quickly(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    typeguard: Any = importlib.import_module("typeguard")  # a dependency of Feast's
    sys.modules.setdefault("feast.torch_wrapper", _torch_when_asked())
    checking, typeguard.typechecked = typeguard.typechecked, _unchecked
    try:
        execute(module)
    finally:
        typeguard.typechecked = checking


def _torch_when_asked() -> ModuleType:
    wrapper: Any = ModuleType("feast.torch_wrapper")
    wrapper.get_torch = lambda: importlib.import_module("torch")
    return wrapper


def _unchecked(target: Any = None, **_options: Any) -> Any:
    return (lambda decorated: decorated) if target is None else target
