"""YAML that people write: read whole, or refused in one line that says where."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from macro_cycle.errors import MacroCycleError

BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Marked:
    """A document, and the line (from 1) on which each of its parts stands."""

    document: Any
    lines: Mapping[Place, int]

    def at(self, key: str) -> "Marked":
        """The part under a key of the document; empty where there is none."""
        document = self.document.get(key) if isinstance(self.document, Mapping) else None
        return Marked(document, {place[1:]: line for place, line in self.lines.items() if place[:1] == (key,)})

    def line_of(self, place: Sequence[str | int]) -> int:
        """The line of the part at keys and positions; of the nearest part around it where there is none."""
        for end in range(len(place), -1, -1):
            if (line := self.lines.get(tuple(place[:end]))) is not None:
                return line
        return 1


def read_marked(path: Path) -> Marked:
    """The document in a file, None where it is empty, with the lines of its parts; raises as `read_yaml` does."""
    return parse_marked(read_utf8(path), str(path))


def parse_marked(text: str, where: str) -> Marked:
    """The document in a text that stands in `where`, with the lines of its parts; see `read_yaml`."""
    with _refusing(where):
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Marked(None, {})
        lines = dict(_marks(node, ()))
        return Marked(loader.construct_document(node), lines)


def _marks(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _marks(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _marks(value, (*place, position))


def read_yaml(path: Path) -> Any:
    """The document in a file; None where it is empty.

    Raises:
        MacroCycleError: the file cannot be read, is not UTF-8 or not YAML, or names a key twice.
    """
    return parse_yaml(read_utf8(path), str(path))


def parse_yaml(text: str, where: str) -> Any:
    """The document in a text that stands in `where`; see `read_yaml`."""
    with _refusing(where):
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Say in one line what of a text that stands in `where` is not valid."""
    try:
        yield
    except RecursionError:
        raise MacroCycleError(f"{where} is nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:  # the last three: a day that is none
        raise MacroCycleError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None


def read_utf8(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        MacroCycleError: it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise MacroCycleError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MacroCycleError(f"{path} is not text in UTF-8; save it as such") from None


class _Loader(yaml.SafeLoader):
    """YAML's safe subset; a key that stands twice in one mapping is an error, for one of the two would be lost.

    Of the words for yes and no only `true` and `false` are taken as such, as in YAML 1.2: `on` and `NO` are text.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := [key for key in keys if isinstance(key, str) and keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is named twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOLEAN, [*"tTfF"])
