"""The whole site as files: a page, a card and downloads for each cycle, and the assets that they share."""

import hashlib
from collections.abc import Callable, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from macro_cycle.page import words
from macro_cycle.page.contents import Contents
from macro_cycle.page.downloads import downloads
from macro_cycle.page.embedding import embedded, for_a_card

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
"""The browser loads nothing from elsewhere and sends nothing anywhere."""


def site(cycles: Sequence[Contents]) -> dict[str, bytes]:
    """Every file of the site by its path; each page opens from disk as it does from a server."""
    environment = _environment()

    def page(template: str, root: str, **shown: Any) -> bytes:
        return environment.get_template(template).render(policy=POLICY, root=root, cycles=cycles, **shown).encode()

    files = _assets()
    for contents in cycles:
        folder, whole, little = contents.cycle, embedded(contents), embedded(for_a_card(contents))
        files[f"{folder}/index.html"] = page("cycle.html", "../", page=contents, embedded=Markup(whole))  # noqa: S704
        files[f"{folder}/card.html"] = page("card.html", "../", page=contents, embedded=Markup(little))  # noqa: S704
        files |= {f"{folder}/data/{name}": content for name, content in downloads(contents).items()}
    files["index.html"] = page("index.html", "", page=None)
    return files


def etag(content: bytes) -> str:
    """A strong validator of a file."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _assets() -> dict[str, bytes]:
    """Styles, icon and scripts; the parts of the page's script become one, which leaves no name behind."""
    static = resources.files(__package__) / "static"
    files = {f"assets/{each.name}": each.read_bytes() for each in static.iterdir() if each.is_file()}
    parts = sorted((static / "scripts").iterdir(), key=_name)
    script = "\n".join(part.read_text("utf-8") for part in parts if part.name.endswith(".js"))
    return files | {"assets/page.js": f'"use strict";\n(() => {{\n{script}}})();\n'.encode()}


def _name(file: Traversable) -> str:
    return file.name


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("macro_cycle.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= _FILTERS
    return environment


def _fixed(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


_FILTERS: dict[str, Callable[..., str]] = {
    "percent": words.percent,
    "band": lambda ends: words.band(*ends),
    "points": words.points,
    "day": words.day_of,
    "short_day": words.short_day,
    "near_day": words.near_day,
    "signed": words.signed,
    "unbroken": words.unbroken,
    "month": words.month_of,
    "months": words.months,
    "age": words.age,
    "period": words.period_of,
    "fixed": _fixed,
    "sentence_case": lambda text: text[:1].upper() + text[1:],
    "rest": lambda sentence, label: sentence.removeprefix(f"{label}; "),
}
