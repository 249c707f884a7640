"""Pieces of HTML: tables that say why they are empty, sections, downloads that carry their data."""

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6472; --line: #d9dde3; --paper: #fff; --shade: #e4e7ec;
  --us: #1d3557; --them: #b3541e; --rise: #b8273a; --fall: #1f7a5c }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #333b47; --paper: #14181f;
  --shade: #2b323d; --us: #8ab4f8; --them: #f0a56b; --rise: #f28b94; --fall: #6fd0ad } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 74rem;
  margin: 0 auto; padding: 1rem 1rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1rem 0 .3rem } h2 { font-size: 1.2rem; margin: 2.4rem 0 .4rem }
p { max-width: 46rem; margin: .4rem 0 } .note, figcaption, caption { color: var(--soft); font-size: .9rem }
.now { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .8rem; margin: 1rem 0 }
.now div { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem }
.now b { display: block; font-size: 1.4rem; line-height: 1.3 } .now span { color: var(--soft); font-size: .85rem }
.scroll { overflow-x: auto; margin: .6rem 0 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top }
th { color: var(--soft); font-weight: 600 } td { white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; min-width: 8rem;
  position: sticky; left: 0; background: var(--paper) }
tr.ours td { font-weight: 600 } td.wraps { white-space: normal; text-align: left; min-width: 14rem }
figure { margin: .6rem 0 } svg { display: block; width: 100%; max-width: 36rem; height: auto } a { color: var(--us) }
.get { font-size: .85rem; margin: .2rem 0 }
@media screen and (max-width: 40rem) { .wide thead { display: none } .wide tr { display: block; padding: .4rem 0;
    border-bottom: 1px solid var(--line) } .wide td { display: flex; justify-content: space-between; gap: 1rem;
    border: 0; padding: .1rem 0 } .wide td:first-child { font-weight: 600 } .wide td:empty { display: none }
  .wide td:not(:first-child)::before { content: attr(data-of); color: var(--soft); font-weight: 400 }
  .wide table, .wide tbody { display: block } .wide td.wraps { display: block; min-width: 0 }
  .wide td.wraps:not(:first-child)::before { content: attr(data-of) ": " } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --shade: #ddd;
    --us: #1d3557; --them: #b3541e; --rise: #b8273a; --fall: #1f7a5c }
  html { font-size: 11px } body { max-width: none; padding: 0; font-size: 1rem } .get { display: none }
  svg { max-width: 28rem } .scroll { overflow: visible } table { font-size: 8.5px } th, td { padding: .2rem .3rem }
  td { white-space: normal } th:first-child, td:first-child { position: static } h2 { break-after: avoid }
  figure, tr { break-inside: avoid } }
"""

Cells = Sequence[Any]
NARROW = 2
"""Columns that fit on a phone; each row of a wider table stands there as a list."""


def table(head: Sequence[str], rows: Iterable[Cells], empty: str, ours: str = "") -> str:
    """The rows, those of `ours` (by their first cell) in bold; or the sentence that says why there is none."""
    body = "".join(_row(head, cells, ours) for cells in rows)
    if not body:
        return f"<p class=note>{escape(empty)}</p>"
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    kind = "scroll wide" if len(head) > NARROW else "scroll"
    return f'<div class="{kind}"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def section(name: str, title: str, *parts: str) -> str:
    """A section with an anchor."""
    return f'<section id="{escape(name)}"><h2>{escape(title)}</h2>' + "\n".join(parts) + "</section>"


def paragraph(text: str, *, note: bool = False) -> str:
    """A paragraph of plain text."""
    return f"<p{' class=note' if note else ''}>{escape(text)}</p>"


def figure(drawing: str, caption: str) -> str:
    """A drawing with what it shows."""
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"


def downloads(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Links to the rows as CSV and as JSON, which the page itself holds."""
    if not rows:
        return ""
    csv_link = _link(f"{name}.csv", "text/csv", _csv(rows))
    json_link = _link(f"{name}.json", "application/json", json.dumps(rows, default=str, allow_nan=False))
    return f"<p class=get>Data: {csv_link}, {json_link}</p>"


def number(value: float | None, digits: int) -> str:
    """A number, or nothing."""
    return "" if value is None else f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent, or nothing."""
    return "" if value is None else f"{100 * value:.{digits}f} %"


def within(band: Mapping[str, float | None] | None, digits: int) -> str:
    """A figure with the ends of its band."""
    if band is None or band["value"] is None:
        return ""
    if band["low"] is None:
        return number(band["value"], digits)
    return f"{number(band['value'], digits)} [{number(band['low'], digits)}, {number(band['high'], digits)}]"


def _row(head: Sequence[str], cells: Cells, ours: str) -> str:
    texts = [str(cell) for cell in cells]
    opening = "<tr class=ours>" if ours and texts[0] == ours else "<tr>"
    return opening + "".join(_cell(name, text) for name, text in zip(head, texts, strict=True)) + "</tr>"


def _cell(name: str, text: str) -> str:
    wraps = " class=wraps" if len(text) > 34 else ""
    return f'<td{wraps} data-of="{escape(name)}">{escape(text)}</td>'


def _link(file: str, kind: str, content: str) -> str:
    data = base64.b64encode(content.encode()).decode()
    return f'<a download="{escape(file)}" href="data:{kind};base64,{data}">{escape(file)}</a>'


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
