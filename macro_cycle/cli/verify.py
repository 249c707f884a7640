"""`macro-cycle verify`: a published record checked with nothing but its file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from macro_cycle.cli.console import answers, as_typed, errors, print_json
from macro_cycle.errors import MacroCycleError
from macro_cycle.publication import timestamps, verification
from macro_cycle.publication.ledger import Entry
from macro_cycle.publication.verification import Problem, Verified


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("verify")(verify)


def verify(
    file: Annotated[Path, typer.Argument(help="A published record: us.jsonl in its folder.")],
    head: Annotated[
        str | None, typer.Option(help="Digest of an entry that was noted earlier: shows that none was cut off since.")
    ] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Root certificates (PEM) of the authority, to check time stamps by.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check a published record: no entry altered, removed, reordered or cut off. Needs no database and no settings."""
    found = verification.verify(verification.read(file), head)
    stamps, wrong = _stamps(found, None if certificates is None else timestamps.roots_in(certificates))
    problems = sorted([*found.problems, *wrong], key=lambda problem: problem.line)
    document = {
        "file": str(file),
        "entries": len(found.entries),
        "head": found.head,
        "first": found.entries[0].published_at if found.entries else None,
        "last": found.entries[-1].published_at if found.entries else None,
        "timestamps": stamps,
        "problems": [vars(problem) for problem in problems],
    }
    print_json(document) if json else _show(document)
    if problems:
        for problem in problems:
            errors.print(as_typed(f"line {problem.line} {problem.what}"), highlight=False, soft_wrap=True)
        lines = "1 line does" if len(problems) == 1 else f"{len(problems)} lines do"
        raise MacroCycleError(f"{file}: {lines} not hold")


def _stamps(found: Verified, roots: bytes | None) -> tuple[list[dict[str, Any]], list[Problem]]:
    """What the time stamps say, and those that do not hold, by line."""
    stamps: list[dict[str, Any]] = []
    problems: list[Problem] = []
    by_number = {entry.number: entry for entry in found.entries}
    for entry in _kept(found.entries):
        try:
            stamp = timestamps.check(entry, by_number, roots)
        except MacroCycleError as error:
            problems.append(Problem(entry.number, str(error)))
        else:
            stamps.append({**vars(stamp), "at": stamp.at.isoformat()})
    return stamps, problems


def _kept(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind == timestamps.KIND]


def _show(document: dict[str, Any]) -> None:
    if not document["problems"]:
        count = document["entries"]
        answers.print(
            f"{as_typed(document['file'])}: {count} {'entry' if count == 1 else 'entries'}, "
            f"{document['first'][:10]} to {document['last'][:10]}, each follows from the one before it",
            highlight=False,
            soft_wrap=True,
        )
        answers.print(f"head {document['head']}", highlight=False, soft_wrap=True)
        answers.print("Note the head elsewhere: --head shows later that nothing was cut off since.", highlight=False)
    for stamp in document["timestamps"]:
        checked = "signature checked" if stamp["signature_checked"] else "signature not checked: give --certificates"
        answers.print(f"entry {stamp['entry']} existed at {stamp['at']} ({checked})", highlight=False, soft_wrap=True)
