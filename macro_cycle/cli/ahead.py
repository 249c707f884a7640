"""`macro-cycle flip`, `what-if` and `radar`: what would flip the answer, what prints would do, and what comes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from macro_cycle.ahead import Surprise, read_assumption
from macro_cycle.ahead import radar as made_radar
from macro_cycle.ahead import what_if as supposed
from macro_cycle.ahead.documents import as_usual, radar_document, what_if_document
from macro_cycle.ahead.flip import Flip
from macro_cycle.ahead.radar import Expected, Radar
from macro_cycle.ahead.releases import Release
from macro_cycle.ahead.scenario import month_text
from macro_cycle.ahead.what_if import WhatIf
from macro_cycle.cli.as_of import MaybeAsOf, asked
from macro_cycle.cli.console import answers, as_typed, errors, number, print_json, print_paragraph, print_table, table
from macro_cycle.cli.files import refuse_unwritable, write_named
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError, UsageError
from macro_cycle.queries import ahead
from macro_cycle.resources import knowledge
from macro_cycle.resources.recorded import month_end_before

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
FIXED = "The model is held fixed; its re-estimation on the print is not counted."


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("flip")(flip)
    app.command("what-if")(what_if)
    app.command("radar")(radar)


def flip(as_of: MaybeAsOf = None, cycle: Cycle = DEFAULT, json: JsonFlag = False) -> None:
    """What would flip the answer: the print of each coming release at which the recession probability is one half."""
    found = platform(cycle)
    seen = made_radar(knowledge.scenario(found, asked(as_of, found.clock)))
    if json:
        print_json(ahead.flip_document(found, seen))
        return
    show_flips(seen)


def what_if(
    assumptions: Annotated[
        list[str],
        typer.Argument(
            help="SERIES=NUMBER, as people speak of a new value (PAYEMS=-150: thousands less; UNRATE=4.6: the level; "
            "INDPRO=-0.4: percent); SERIES=level:N, change:N or percent:N to say it outright; SERIES@YYYY-MM=... for "
            "another month.",
            show_default=False,
        ),
    ],
    month: Annotated[
        str | None, typer.Option(help="Month of the prints, YYYY-MM (default: each series' next one).")
    ] = None,
    as_of: MaybeAsOf = None,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """What the answer would be, were these prints to come; nothing is stored."""
    found = platform(cycle)
    scenario = knowledge.scenario(found, asked(as_of, found.clock))
    result = supposed(scenario, [read_assumption(text, scenario, month) for text in assumptions])
    if json:
        print_json({"as_of": f"{scenario.as_of:%Y-%m-%d}", **what_if_document(result)})
    else:
        _show_what_if(result, f"{scenario.as_of:%Y-%m-%d}")


def radar(
    as_of: MaybeAsOf = None,
    since: Annotated[
        str | None, typer.Option(help="Show what came after this day or month (default: the month end before).")
    ] = None,
    ics: Annotated[
        Path | None, typer.Option(help="Write the releases to this calendar file, .ics; one that exists is updated.")
    ] = None,
    cycle: Cycle = DEFAULT,
    json: JsonFlag = False,
) -> None:
    """Show the coming releases with the expected size of their effect, and those that came with what they did."""
    found = platform(cycle)
    day = asked(as_of, found.clock)
    begin = month_end_before(day) if since is None else asked(since, found.clock, "--since")
    if begin >= day:
        raise UsageError(f"--since {begin:%Y-%m-%d} must lie before --as-of {day:%Y-%m-%d}")
    if ics is not None:
        refuse_unwritable(ics, ".ics")
    seen, came = made_radar(knowledge.scenario(found, day)), knowledge.came_since(found, begin, day)
    if ics is not None:
        _write(ics, seen, came, found.cycle)
    print_json(radar_document(seen, came)) if json else show_radar(seen, came, f"{begin:%Y-%m-%d}")


NUMBERS = ("expected", "flips at", "sd", "chance", "range", "size", "print", "effect", "alone")


def _flip_row(found: Flip) -> list[str]:
    response = found.response
    release = response.release
    head = [as_typed(release.series_id), release.whole, _due(release)]
    if found.expected is None:
        return [*head, "-", "-", "", "", ""]
    expected = as_usual(release.spec, found.expected, response.last)
    at = "no print" if found.at is None else as_usual(release.spec, found.at, response.last)
    deviations = "" if found.deviations is None else f"{found.deviations:+.1f}"
    chance = "" if found.chance is None else _share(found.chance)
    return [*head, expected, at, deviations, chance, f"{found.lowest:.1%}-{found.highest:.1%}"]


def _due(release: Release) -> str:
    return f"{release.expected:%Y-%m-%d}" + ("!" if release.status == "late" else "")


def _together(seen: Radar) -> str:
    if seen.joint_flip is None:
        return "All of them together would not flip it, though each missed its expectation by six deviations."
    return f"All of them together would flip it if each missed its expectation by {seen.joint_flip:.1f} deviations."


def _share(share: float) -> str:
    return "0" if share == 0 else "<0.1%" if share < 0.001 else f"{share:.1%}"


def _title(what: str, seen: Radar) -> str:
    return (
        f"{what}: {seen.label}, recession {seen.recession_probability:.1%} "
        f"in {month_text(seen.reference_month)}, as known on {seen.as_of:%Y-%m-%d}"
    )


def show_flips(seen: Radar) -> None:
    """Print what would flip the answer, in a table."""
    columns = ("series", "of", "due", "expected", "flips at", "sd", "chance", "range")
    shown = table(*columns, numbers=NUMBERS, flowing=["series"])
    for each in seen.expected:
        shown.add_row(*_flip_row(each.flip))
    print_table(_title("What would flip the answer", seen), shown)
    print_paragraph(_together(seen))
    print_paragraph(
        "!: late. expected, flips at: the print as people speak of it (a level, a change, or a change in percent). "
        "sd: standard deviations of the model's predictive distribution from the one to the other; chance: of a print "
        "that flips the answer; range: recession probability over every print. -: acts on later months' transitions "
        f"alone. {FIXED}"
    )


def show_radar(seen: Radar, came: list[Surprise], since: str) -> None:
    """Print the coming releases and those that came after the day `since`, in tables."""
    columns = ("due", "series", "of", "size", "expected", "title")
    coming = table(*columns, numbers=NUMBERS, flowing=["series", "title"])
    for each in seen.expected:
        coming.add_row(*_coming_row(each))
    print_table(_title("Releases to come", seen), coming)
    print_paragraph(
        "due: by the catalogue's publication lag, not announced; !: late. size: expected change of the recession "
        f"probability, up or down, in percentage points. -: acts on later months' transitions alone. {FIXED}"
    )
    answers.print()
    if not came:
        print_paragraph(f"Nothing came since {since}.")
        return
    past = table(
        "came",
        "series",
        "of",
        "print",
        "expected",
        "sd",
        "effect",
        "title",
        numbers=(*NUMBERS, "sd"),
        flowing=["series", "title"],
    )
    for one in sorted(came, key=lambda surprise: surprise.day, reverse=True):
        past.add_row(*_came_row(one))
    print_table(f"Releases that came since {since}", past)
    print_paragraph(
        "sd: print minus predictive mean, in standard deviations of the model's predictive distribution the day "
        f"before. effect: on the recession probability, in percentage points, by the model of {since}."
    )


def _coming_row(each: Expected) -> list[str]:
    release, response = each.response.release, each.response
    expected = "-" if each.flip.expected is None else as_usual(release.spec, each.flip.expected, response.last)
    return [
        _due(release),
        as_typed(release.series_id),
        release.whole,
        "-" if each.flip.expected is None else f"{100 * each.size:.2f}",
        expected,
        as_typed(release.spec.title),
    ]


def _came_row(each: Surprise) -> list[str]:
    release, spec = each.release, each.release.spec
    return [
        f"{each.day:%Y-%m-%d}",
        as_typed(release.series_id),
        release.whole,
        as_usual(spec, each.value, each.last),
        "-" if each.expected is None else as_usual(spec, each.expected, each.last),
        "-" if each.deviations is None else f"{each.deviations:+.1f}",
        f"{100 * each.effect:+.2f}",
        as_typed(spec.title),
    ]


def _show_what_if(found: WhatIf, day: str) -> None:
    shown = table(
        "assumed", "of", "level", "before", "published", "alone", numbers=("level", "before", "published", "alone")
    )
    for one, alone in zip(found.assumed, found.alone, strict=True):
        published = "" if one.published is None else number(one.published)
        shown.add_row(
            as_typed(one.assumption.text),
            month_text(one.month),
            number(one.value),
            number(one.before),
            published,
            f"{alone:.1%}",
        )
    print_table(f"Assumed, on top of what was known on {day}", shown)
    answers.print()
    states = table(
        "", "month", "phase", "recession", *found.now.probabilities, numbers=("recession", *found.now.probabilities)
    )
    for name, state in (("as it is", found.now), ("expected", found.before), ("assumed", found.after)):
        if name != "expected" or state.month != found.now.month:
            probabilities = [f"{p:.1%}" for p in state.probabilities.values()]
            states.add_row(
                name, month_text(state.month), state.label, f"{state.recession_probability:.1%}", *probabilities
            )
    answers.print(states, highlight=False)
    print_paragraph(f"alone: recession probability with that print only. {FIXED} Nothing was stored.")


def _write(out: Path, seen: Radar, came: list[Surprise], cycle: str) -> None:
    from macro_cycle.ahead.calendar_file import calendar_file

    existing = None
    if out.exists():
        try:
            existing = out.read_bytes()
        except OSError as error:
            raise MacroCycleError(f"cannot read {out}: {error.strerror}") from None
    write_named(out, calendar_file(seen, came, cycle, datetime.now(UTC), existing))
    errors.print(f"wrote {as_typed(out)}", highlight=False, soft_wrap=True)
