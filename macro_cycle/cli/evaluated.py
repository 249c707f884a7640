"""What `macro-cycle evaluate` and `report` have in common: from options to an evaluation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from macro_cycle.cli.console import as_typed, errors
from macro_cycle.cli.platform import platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import UsageError
from macro_cycle.evaluation.coverage import AFTER, not_in_record
from macro_cycle.evaluation.rivals import Rival, all_rivals, simple_rivals
from macro_cycle.evaluation.scoring import Evaluated, Subject, evaluate_answers, evaluate_calls
from macro_cycle.evaluation.sections import LATELY
from macro_cycle.evaluation.track_record import Record
from macro_cycle.platform.versions import content_version
from macro_cycle.resources.declarations import records_by_month
from macro_cycle.resources.platform import Platform

VACANCIES = "Michez rule: it needs a vacancy rate; name its series with --vacancies"
FILES = "Chauvet and Piger, GDP-based probabilities: give files of theirs with --against"


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated.

    rivals: all of them, on days. vacancies: series of the vacancy rate. against: files with rivals' probabilities.
    vintages: a folder to walk forward on in place of the calls on file, estimated again at every `every`-th month end.
    """

    rivals: bool = False
    vacancies: str | None = None
    against: Sequence[Path] = ()
    vintages: Path | None = None
    every: int = 1


def evaluated(asked: Asked, cycle: str) -> tuple[Platform, Evaluated]:
    """The evaluation, kept where it is one of the calls on file."""
    from macro_cycle.evaluation.rivals.given import read_rivals

    if asked.vacancies and not asked.rivals:
        raise UsageError("--vacancies is read by the Michez rule: add --rivals")
    given = [record for path in asked.against for record in read_rivals(path)]
    found = platform(cycle)
    rivals = all_rivals(found.chronology, asked.vacancies) if asked.rivals else simple_rivals()
    with errors.status("scoring the answers") as status:

        def says(text: str) -> None:
            status.update(as_typed(text))

        if asked.vintages is not None:
            return found, _with_what_is_missing(_of_vintages(found, asked, asked.vintages, rivals, given, says), asked)
        result = evaluate_calls(
            found.warehouse,
            found.regimes,
            subject(found),
            rivals,
            found.clock.today(),
            declared=records_by_month(found),
            on_days=asked.rivals,
            given=given,
            says=says,
        )
    result = _with_commands(_with_what_is_missing(result, asked), found)
    newest = result.calls.index[-1] + pd.offsets.MonthEnd(0)
    found.evaluations.append(newest.date(), content_version(result.calls), result.document)
    return found, result


def subject(platform: Platform) -> Subject:
    """The platform's cycle as evaluation takes it."""
    return Subject(platform.catalog, platform.features, platform.chronology, platform.definition.declared)


def _of_vintages(
    found: Platform,
    asked: Asked,
    folder: Path,
    rivals: Sequence[Rival],
    given: Sequence[Record],
    says: Callable[[str], None],
) -> Evaluated:
    from macro_cycle.evaluation.vintages import provenance_of, vintage_history, walked

    wanted = {*found.features.series_ids, *(s for rival in rivals for s in rival.reads)}
    says(f"reading the vintages in {folder}")
    history = vintage_history(folder, found.catalog, sorted(wanted))
    said, record = walked(
        history,
        subject(found),
        found.model_config,
        pd.Timestamp(found.definition.first_month),
        asked.every,
        lambda done: says(f"the model walked forward: month {done}"),
    )
    return evaluate_answers(
        said,
        record,
        history,
        subject(found),
        rivals,
        found.clock.today(),
        provenance=provenance_of(history, record),
        on_days=asked.rivals,
        given=given,
        says=says,
    )


def _with_commands(result: Evaluated, found: Platform) -> Evaluated:
    """With the commands that put into the record what it lacks: the recessions not in it, the years since 2022."""
    coverage, day = result.records[0].covered, found.clock.today()
    asked = not_in_record(coverage, found.chronology, day)
    peaks = [r for r in asked if r.peak >= pd.Timestamp(found.definition.first_month)]
    ended = day.to_period("M").to_timestamp() - pd.DateOffset(months=1)
    commands = {}
    if peaks:
        last = min((peaks[-1].trough or peaks[-1].peak) + AFTER, ended)
        commands["recessions"] = _backfill(found, peaks[0].peak, last)
    if not set(pd.date_range(LATELY, ended, freq="MS")) <= set(coverage.months):
        commands["lately"] = _backfill(found, LATELY, ended)
    return replace(result, document={**result.document, "commands": commands})


def _backfill(found: Platform, first: pd.Timestamp, last: pd.Timestamp) -> str:
    cycle = "" if found.definition.code == DEFAULT else f" --cycle {found.definition.code}"
    return f"macro-cycle backfill --from {first:%Y-%m} --to {last:%Y-%m}{cycle}"


def _with_what_is_missing(result: Evaluated, asked: Asked) -> Evaluated:
    if not asked.rivals:
        return result
    missing = ([] if asked.vacancies else [VACANCIES]) + ([] if asked.against else [FILES])
    return replace(result, document={**result.document, "left_out": [*result.document["left_out"], *missing]})
