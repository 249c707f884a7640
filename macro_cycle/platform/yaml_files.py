"""YAML that people write: read whole, or refused in one line that says where."""

from pathlib import Path
from typing import Any

import yaml

from macro_cycle.errors import MacroCycleError


def read_yaml(path: Path) -> Any:
    """The document in a file; None where it is empty.

    Raises:
        MacroCycleError: the file cannot be read, is not UTF-8 or not YAML, or names a key twice.
    """
    return parse_yaml(read_utf8(path), str(path))


def parse_yaml(text: str, where: str) -> Any:
    """The document in a text that stands in `where`; see `read_yaml`."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
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
    """YAML's safe subset; a key that stands twice in one mapping is an error, for one of the two would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := [key for key in keys if isinstance(key, str) and keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is named twice", node.start_mark)
        return super().construct_mapping(node, deep)
