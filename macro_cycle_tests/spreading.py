"""How the tests are spread over processes: by file, the slowest first; the files that need a stack stay together.

Here: the scheduler that xdist is given and the order of the tests. The marks of xdist's own groups are of no use,
since pytest 9 does not look where xdist 3.8 writes them, and each test would go alone to whichever process is free:
each process would then make every fixture of every file, and start a stack of its own.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

FOLDER = "macro_cycle_tests"
SHARING_THE_STACK = frozenset(
    f"{FOLDER}/stack/test_{name}.py"
    for name in ("dashboards", "from_the_page", "page", "running_stack", "security", "uses_in_dagster")
)
OF_THEIR_OWN = frozenset({f"{FOLDER}/stack/test_monitoring.py", f"{FOLDER}/automation/test_daemon.py"})
STACK = "stack"


def group_of(nodeid: str) -> str:
    """The tests with which a test stays in one process: those of its file, or all of a running stack.

    Stacks one after the other leave the other process to what computes; two at once would wait for each other.
    """
    file = nodeid.partition("::")[0]
    return STACK if file in SHARING_THE_STACK | OF_THEIR_OWN else file


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Whole groups, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # it would send the files with the most tests first

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def slowest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests by group: those of a stack, which wait longest, then the others by how many slow tests they hold."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(group_of(item.nodeid), []).append(item)

    def turn(group: str) -> tuple[bool, int]:
        return group != STACK, -sum(item.get_closest_marker("slow") is not None for item in groups[group])

    return [item for group in sorted(groups, key=turn) for item in groups[group]]


def unnamed(items: list[pytest.Item]) -> set[str]:
    """Files that ask for the shared stack and are not among those that stay together."""
    asking = {item.nodeid.partition("::")[0] for item in items if STACK in getattr(item, "fixturenames", ())}
    return asking - SHARING_THE_STACK
