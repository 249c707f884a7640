"""The declared phase of each month: what the cycle's rule made of the answers of its days."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain, Metadata, Months, Result
from macro_cycle.assets.model import stored_model
from macro_cycle.assets.shown import table
from macro_cycle.automation.conditions import on_new_content_and_each_night
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day, key_of, keys_between, month_before
from macro_cycle.records import Answer, Declared, Model
from macro_cycle.resources.declarations import ASSET, BEFORE, MODEL_BEFORE, REMEMBERED, Declarations, Known
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("phase", "text", "contraction or expansion, as declared"),
        dg.TableColumn("declared_on", "date", "day of the declaration"),
        dg.TableColumn("about", "date", "the peak or trough that it is about, a month"),
        dg.TableColumn("days", "json", "the answers of the month's days: reference month, probability, path"),
    ]
)


def declared_phase(chain: Chain) -> dg.AssetsDefinition:
    """The asset `declared_phase`."""
    platform = chain.platform
    holding_back = [chain.key("fred_series"), chain.key("macro_features")]

    @dg.asset(
        **chain.options(ASSET, "regimes", "regime_model", "regime_labels")
        | {"automation_condition": on_new_content_and_each_night(holding_back)},
        owners=["team:research"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        metadata={"dagster/column_schema": COLUMNS, "dagster/table_name": "warehouse.records"},
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        regime_model: dict[str, Model],
        regime_labels: dict[str, Answer],
    ) -> Iterator[dg.MaterializeResult]:
        """The phase that stands by the rule of the cycle, since when, and about which turning point.

        The answers of the month's days are kept with it. A declaration never changes; only its own rule ends it.
        """
        before = platform.records.load("regime_model", Model, [month_before(context.partition_keys[0])])
        models = before | regime_model
        months = _AfterTheMonthBefore(context, chain, models, regime_model, regime_labels)
        yield from months.report(lambda keys: _declared(platform, months, models, keys), _figures, months.stands)

    return asset


class _AfterTheMonthBefore(Months):
    """Months that follow from what was declared in the month before, and are made again when that changes."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        chain: Chain,
        models: dict[str, Model],
        regime_model: dict[str, Model],
        regime_labels: dict[str, Answer],
    ) -> None:
        super().__init__(context, chain, regime_model=regime_model, regime_labels=regime_labels)
        first = as_of_day(self.keys[0]) - pd.DateOffset(months=REMEMBERED, day=1)
        self._declared = chain.platform.records.load(ASSET, Declared, keys_between(first, as_of_day(self.keys[-1])))
        self._models, self._stand = models, 0

    def stands(self, record: Declared) -> bool:
        """Whether the month was judged to its end, and no month of the run before it is made again."""
        if self.keys[self._stand] != key_of(record.as_of) or record.through < record.as_of:
            return False
        self._stand = min(self._stand + 1, len(self.keys) - 1)
        return True

    def newest_before(self, month: str) -> Declared | None:
        """What was declared at the newest month before, on record or by this run."""
        if (found := self._declared.get(month_before(month))) is not None:
            return found
        return max((r for key, r in self._declared.items() if key < month), key=lambda r: r.as_of, default=None)

    def follow(self, month: str, record: Declared | None) -> None:
        """Have the months after follow from what was made for this one; None: it could not be made."""
        self._declared.pop(month, None)
        if record is not None:
            self._declared[month] = record

    def _versions(self, month: str) -> dict[str, str]:
        before: dict[str, Declared | Model | None] = {
            BEFORE: self.newest_before(month),
            MODEL_BEFORE: self._models.get(month_before(month)),
        }
        return super()._versions(month) | {name: record.version for name, record in before.items() if record}


def _declared(
    platform: Platform, months: _AfterTheMonthBefore, models: Mapping[str, Model], keys: list[str]
) -> Iterator[Result]:
    declarations = Declarations(platform)
    for month in keys:
        try:
            record = _record(platform, months, declarations, models, month)
        except MacroCycleError as error:
            months.follow(month, None)
            yield month, error
        else:
            months.follow(month, record)
            yield month, (record, {})


def _record(
    platform: Platform,
    months: _AfterTheMonthBefore,
    declarations: Declarations,
    models: Mapping[str, Model],
    month: str,
) -> Declared:
    former = models.get(month_before(month))
    known = Known(
        month=month,
        own=stored_model(platform, models[month]),
        former=None if former is None else stored_model(platform, former),
        before=months.newest_before(month),
    )
    return Declared(
        cycle=platform.cycle,
        as_of=as_of_day(month).date(),
        **months.made_by_and_from(month),
        **declarations.made(known),
    )


def made_again(platform: Platform, record: Declared) -> dict[str, Any] | None:
    """The fields of a record made again from what it was made from; None where that is no longer on record."""
    month = key_of(record.as_of)
    first = record.as_of - pd.DateOffset(months=REMEMBERED, day=1)
    models = platform.records.load("regime_model", Model, [month_before(month), month])
    declared = platform.records.load(ASSET, Declared, keys_between(first, month_before(month)))
    former, before = models.get(month_before(month)), max(declared.values(), key=lambda r: r.as_of, default=None)
    found = {"regime_model": models.get(month), MODEL_BEFORE: former, BEFORE: before}
    if any((made.version if made else None) != record.made_from.get(name) for name, made in found.items()):
        return None
    known = Known(
        month=month,
        own=stored_model(platform, models[month]),
        former=None if former is None else stored_model(platform, former),
        before=before,
    )
    return Declarations(platform, record.rule).made(known, record.through)


def _figures(declared: Declared) -> Metadata:
    return {
        "declared_phase": dg.MetadataValue.text(declared.in_words),
        "phase": dg.MetadataValue.text(declared.phase),
        "declared_on": str(declared.declared_on or "not on record"),
        "about": f"{declared.about:%Y-%m}" if declared.about else "not known",
        "judged_through": str(declared.through),
        "declared_in_this_month": "; ".join(f"{d.phase} on {d.declared_on}" for d in declared.declarations)
        or "nothing",
        **_of_days(declared),
    }


def _of_days(declared: Declared) -> Metadata:
    """The answers of the month's days, in a table."""
    if not declared.days:
        return {}
    rows = [(str(a.day), f"{a.reference_month:%Y-%m}", f"{a.recession_probability:.1%}") for a in declared.days]
    return {"answers_by_day": table(pd.DataFrame(rows, columns=["day", "about", "recession probability"]))}
