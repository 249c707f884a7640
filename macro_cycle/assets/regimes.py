"""The regimes of each month end: what the cycle looked like, and the one answer given."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, each
from macro_cycle.assets.charts import as_metadata, regimes_chart
from macro_cycle.assets.line_chart import line_chart
from macro_cycle.assets.model import stored_model
from macro_cycle.assets.shown import page_of, table
from macro_cycle.features.schema import regimes_schema, violations
from macro_cycle.hmm.revisions import RevisionSizes
from macro_cycle.observations import Provenance, Publications
from macro_cycle.platform.months import as_of_day, month_before
from macro_cycle.platform.versions import content_version
from macro_cycle.records import Answer, Model, Panel
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import Trained
from macro_cycle.warehouse.regimes import Call

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("reference_month", "date", "month that the probabilities are about"),
        dg.TableColumn("label", "text", "most probable regime, filtered"),
        dg.TableColumn("recession_probability", "double precision", "filtered mass of the contraction side"),
        dg.TableColumn("filtered_<label>", "double precision", "p(regime | panel up to the month)"),
        dg.TableColumn("smoothed_<label>", "double precision", "p(regime | the whole panel)"),
        dg.TableColumn("predicted_<label>", "double precision", "p(regime | panel up to the month before)"),
        dg.TableColumn("phase_<label>", "double precision", "p(the turns around the month are the phase's)"),
    ]
)
NEWS = "yes: the panel is another than that of the month end before"
NO_NEWS = "no: the last answer again, for want of data"


def regime_labels(chain: Chain) -> dg.AssetsDefinition:
    """The asset `regime_labels`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("regime_labels", "regimes", "macro_features", "regime_model"),
        owners=["team:research"],
        kinds={"postgres", "python"},
        tags={"domain": "macro"},
        metadata={"dagster/column_schema": COLUMNS, "dagster/table_name": "warehouse.regimes"},
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        macro_features: dict[str, Panel],
        regime_model: dict[str, Model],
    ) -> Iterator[dg.MaterializeResult]:
        """Filtered, smoothed and predicted probability of each regime by reference month, as seen at the month end.

        The newest reference month's filtered probabilities are the call: the one answer given at that month end.
        """
        before = platform.records.load("macro_features", Panel, [month_before(context.partition_keys[0])])
        panels = before | macro_features
        months = _WithThePanelBefore(context, chain, panels, macro_features, regime_model)

        def make(month: str) -> Made:
            return _made(platform, months, month, regime_model[month])

        yield from months.report(lambda keys: each(keys, make), lambda answer: _figures(answer, platform))

    return asset


class _WithThePanelBefore(Months):
    """Months whose answers are made again when the panel of the month end before changes: it says what is news."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        chain: Chain,
        panels: dict[str, Panel],
        macro_features: dict[str, Panel],
        regime_model: dict[str, Model],
    ) -> None:
        super().__init__(context, chain, macro_features=macro_features, regime_model=regime_model)
        self._panels = panels

    def provenance(self, month: str) -> Provenance:
        """The kind of history that the month's panel was made from."""
        return self._publications.provenance([as_of_day(month)])

    @cached_property
    def _publications(self) -> Publications:
        return self._platform.publications()

    def has_news(self, month: str) -> bool:
        """Whether the month's panel is another than that of the month end before."""
        before = self._panels.get(month_before(month))
        return before is None or before.version != self._panels[month].version

    def _versions(self, month: str) -> dict[str, str]:
        before = self._panels.get(month_before(month))
        return super()._versions(month) | ({"the panel before": before.version} if before else {})


def _made(platform: Platform, months: _WithThePanelBefore, month: str, model: Model) -> Made:
    trained = stored_model(platform, model)
    frame, day = trained.model.regimes(trained.panel), as_of_day(month).date()
    version = content_version(frame)
    call = Call.newest_of(frame, day, model.version, version)
    platform.regimes.save(frame, call)
    record = Answer(
        cycle=platform.cycle,
        as_of=day,
        version=version,
        **months.made_by_and_from(month),
        problems=tuple(violations(regimes_schema(list(call.probabilities)), frame)),
        reference_month=call.reference_month,
        label=call.label,
        recession_probability=call.recession_probability,
        probabilities=call.probabilities,
        model_version=model.version,
        panel_version=model.made_from["macro_features"],
        newest={str(name): value if isinstance(value, str) else float(value) for name, value in frame.iloc[-1].items()},
        news=months.has_news(month),
        provenance=months.provenance(month),
        outlook=_outlook(platform, month, trained) if month == platform.clock.open_month() else None,
    )
    return record, _chart(frame, month, platform) if month == months.keys[-1] else {}


def _outlook(platform: Platform, month: str, trained: Trained) -> dict[str, Any]:
    """The months to come with their uncertainty; it takes half a second, too long for each month of a range."""
    revisions = RevisionSizes.seen(list(_panels_since_revised(platform, month)), trained.panel)
    return trained.model.outlook(trained.panel, revisions=revisions).to_document()


def _panels_since_revised(platform: Platform, month: str) -> Iterator[pd.DataFrame]:
    """The stored panels of the month ends two to seven years before, whose newest cells have been revised since."""
    settled = pd.Timestamp(month) - pd.DateOffset(years=2)
    for earlier in pd.date_range(end=settled, periods=60, freq="MS").strftime("%Y-%m-%d"):
        if platform.panels.holds(earlier):
            yield platform.panels.read(earlier)


def _figures(answer: Answer, platform: Platform) -> Metadata:
    shares = {f"p_{label.lower()}": dg.MetadataValue.float(p) for label, p in answer.probabilities.items()}
    return {
        "label": dg.MetadataValue.text(answer.label),
        "recession_probability": dg.MetadataValue.float(answer.recession_probability),
        "reference_month": dg.MetadataValue.text(f"{answer.reference_month:%Y-%m}"),
        "as_of": dg.MetadataValue.text(_standing(answer, platform)),
        "months_behind": answer.months_behind,
        "news": NEWS if answer.news else NO_NEWS,
        "rests_on": dg.MetadataValue.text(answer.rests_on),
        "model_version": dg.MetadataValue.text(answer.model_version),
        "page": page_of(platform.settings, platform.cycle),
        **shares,
        **_ahead(answer),
    }


def _ahead(answer: Answer) -> Metadata:
    """The 90 % band of the answer and what is foreseen, in a table."""
    if answer.outlook is None:
        return {}
    present, onset = answer.outlook["recession_probability"], answer.outlook["recession_begins"]
    rows = [(f"{n} months", f"{p['value']:.1%}", f"{p['low']:.1%} to {p['high']:.1%}") for n, p in onset.items()]
    return {
        "recession_probability_90": f"{present['low']:.1%} to {present['high']:.1%}",
        "a_recession_begins": table(pd.DataFrame(rows, columns=["within", "probability", "90 %"])),
        "expected_months_in_this_phase": answer.outlook["months_to_exit"]["value"],
    }


def _standing(answer: Answer, platform: Platform) -> str:
    """What the answer is an answer to, so that a past month's is not taken for the present."""
    if f"{answer.as_of:%Y-%m-01}" == platform.clock.open_month():
        return f"{answer.as_of:%Y-%m}, the open month"
    return f"{answer.as_of:%Y-%m}, a closed month: what was known then. The present is in the asset current"


def _chart(frame: pd.DataFrame, month: str, platform: Platform) -> Metadata:
    title = f"Regimes of {platform.definition.title} as known at the end of {month[:7]}"
    return {
        "ten_years": line_chart("recession probability", frame["recession_probability"], platform.chronology),
        "chart_of_regimes": as_metadata(regimes_chart(frame, title, platform.chronology)),
    }
