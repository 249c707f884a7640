"""What the rivals said where the model answered: asking each of them, on the same history, in the months covered.

Here: records of rivals. Not here: their rules and estimation (`rivals`), and how good anybody was.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from macro_cycle.declared import Rule, declare
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.coverage import Coverage
from macro_cycle.evaluation.rivals import Rival, answers_at, answers_by_day
from macro_cycle.evaluation.timeliness import Span, spans_above, spans_of
from macro_cycle.evaluation.track_record import Record
from macro_cycle.observations import Catalog

Says = Callable[[str], None]
"""Is told what is being done, in words."""


def silent(_: str) -> None:
    """Say nothing."""


def rival_records(
    rivals: Sequence[Rival],
    history: pd.DataFrame,
    catalog: Catalog,
    model: Record,
    rule: Rule | None = None,
    says: Says = silent,
) -> tuple[list[Record], list[str]]:
    """What the rivals said at the model's month ends, and a line for each that could not be asked, with the reason.

    rule: where it is given they are asked on each day of news too, and declare by it.
    """
    records, left_out = [], []
    for number, rival in enumerate(rivals):
        heading = f"rival {number + 1} of {len(rivals)}, {rival.title}"
        says(heading)
        try:
            records.append(_asked(rival, history, catalog, model, rule, _after(heading, says)))
        except MacroCycleError as error:
            left_out.append(f"{rival.title}: {error}")
    return records, left_out


def _after(heading: str, says: Says) -> Says:
    return lambda text: says(f"{heading}: {text}")


def month_ends(days: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    """The last answer (reference_month, score) by the end of each month, by as-of month; none before the first."""
    ends = pd.DataFrame({"end": months + pd.offsets.MonthEnd(0)}, index=months.rename("as_of")).reset_index()
    stood = pd.merge_asof(ends, days.rename_axis("day").reset_index(), left_on="end", right_on="day")
    return stood.dropna(subset="day").set_index("as_of")[["reference_month", "score"]]


def _asked(
    rival: Rival, history: pd.DataFrame, catalog: Catalog, model: Record, rule: Rule | None, says: Says
) -> Record:
    asked = pd.DatetimeIndex(model.scores.index)
    months = asked[model.covered.covers(asked)]

    def progress(done: int, of: int) -> None:
        if done % 50 == 0:
            says(f"day {done} of {of}")

    if rule is None:
        days, spans = None, None
        ends = list(months + pd.offsets.MonthEnd(0))
        scores = month_ends(answers_at(rival, history, catalog, ends), months)
    else:
        stretches = [(s.first + pd.offsets.MonthEnd(0), s.last) for s in model.covered.stretches]
        days = answers_by_day(rival, history, catalog, stretches, progress)
        spans, scores = _spans(rival, days, rule, model.covered), month_ends(days, months)
    note = "" if rival.every is None else f"estimated again at every {rival.every}th month end"
    return Record(
        rival.name,
        rival.title,
        scores,
        rival.threshold,
        rival.probability,
        days,
        spans,
        rival.source,
        note,
        shared_coverage(model, scores),
    )


def shared_coverage(model: Record, scores: pd.DataFrame) -> Coverage:
    """What the model's record covers, but for months at whose end the rival said nothing."""
    known = scores.index[scores["score"].notna()]
    return model.covered.without(model.scores.index.difference(known))


def _spans(rival: Rival, days: pd.DataFrame, rule: Rule, coverage: Coverage) -> tuple[Span, ...]:
    """The contractions that the rival declared, each stretch of months by itself."""
    within = ((stretch.first, stretch.last) for stretch in coverage.stretches)
    return tuple(span for first, last in within for span in _spans_of(rival, days.loc[first:last], rule))


def _spans_of(rival: Rival, days: pd.DataFrame, rule: Rule) -> list[Span]:
    """Probabilities are declared by the thresholds and waits of the model's rule, scores by their own threshold."""
    known = days[days["score"].notna()]
    on, score = [day.date() for day in pd.DatetimeIndex(known.index)], known["score"].tolist()
    if not rival.probability:
        return spans_above(on, score, rival.threshold)
    declared = declare(on, score, rule.of_the_present)
    return spans_of([(each.declared_on, each.phase == "contraction") for each in declared])
