"""What a page of the documentation holds: its fenced blocks and headings."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, the file that it stands for, its text."""

    language: str
    title: str
    text: str


def pages() -> list[Path]:
    """The README and every page of docs/."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page of docs/, in order."""
    return [Block(*found) for found in FENCE.findall((DOCS / page).read_text("utf-8"))]


def headings(page: str) -> list[str]:
    """The titles of a page's sections."""
    text = FENCE.sub("", (DOCS / page).read_text("utf-8"))
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)
