"""Which model may serve: the gate's decision, or a person's with a reason. It is kept before anything acts on it."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import Chain, Metadata, Months, Result
from macro_cycle.assets.model import stored_model
from macro_cycle.assets.shown import table, version_page
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.promotion.by_hand import ByHand, decide_by_hand
from macro_cycle.promotion.decisions import standing, to_serve
from macro_cycle.records import Answer, Decision, Model
from macro_cycle.records.types import Outcome
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import Trained, rebuilt

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM
    from macro_cycle.promotion.gate import Condition, Verdict

ASSET = "champion"
CLOSED = "A closed month: the gate decides on the open one alone."
BY_HAND = {
    "promote": "The model may serve, whatever the gate says.",
    "refuse": "The model may not serve; if it does, the one promoted before it serves again.",
    "rollback": "The model, promoted earlier, serves again; what serves now is refused.",
    "retract": "What a person decided about the model no longer holds; the gate's decision does.",
}
DESCRIPTION = """Which model may serve: the gate's verdict on the open month's model against the one that serves now.

Decisions are append-only. A person's stands for its model until a person takes it back. To decide by hand,
materialize the open month with the config

    ops: {{{operation}: {{config: {{decision: {{by_hand: {{outcome: refuse, reason: a revision is due}}}}}}}}}}

where the outcome is promote, refuse, rollback or retract, or use `macro-cycle promote` and its like."""
CONFIG: dict[str, Any] = {
    "decision": dg.Field(
        dg.Selector(
            {
                "gate": dg.Field(dict, is_required=False, description="The gate decides, unless a person has."),
                "by_hand": dg.Field(
                    {
                        "outcome": dg.Field(
                            dg.Enum(
                                "Outcome",
                                [
                                    dg.EnumValue(spelt, description=description)
                                    for word, description in BY_HAND.items()
                                    for spelt in (word, word.upper(), word.capitalize())
                                ],
                            ),
                            description="; ".join(f"{word}: {text}" for word, text in BY_HAND.items()),
                        ),
                        "reason": dg.Field(str, description="Why; kept with the decision and shown beside it."),
                        "model_version": dg.Field(
                            str,
                            is_required=False,
                            description="The model (default: the open month's). For rollback: the one to go back to.",
                        ),
                    },
                    description="A person decides in the gate's place, and their word stands until they retract it.",
                ),
            }
        ),
        default_value={"gate": {}},
        description="Who decides on the open month's model.",
    )
}


def champion(chain: Chain) -> dg.AssetsDefinition:
    """The asset `champion`."""
    platform = chain.platform

    @dg.asset(
        **chain.options(ASSET, "model", "regime_model", "regime_labels"),
        description=DESCRIPTION.format(operation="__".join(chain.key(ASSET).path)),
        owners=["team:ml-platform"],
        kinds={"mlflow", "postgres"},
        tags={"domain": "serving"},
        metadata={"dagster/table_name": "warehouse.decisions"},
        config_schema=CONFIG,
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        regime_model: dict[str, Model],
        regime_labels: dict[str, Answer],
    ) -> Iterator[dg.MaterializeResult]:
        """See `DESCRIPTION`."""
        asked, open_month = context.op_execution_context.op_config["decision"], platform.clock.open_month()
        months = Months(context, chain, regime_model=regime_model, regime_labels=regime_labels)
        if "by_hand" in asked:
            decide_by_hand(platform.records, _by_hand(platform, months, asked["by_hand"], regime_model))
        yield from months.report(
            lambda keys: _decided(platform, months, regime_model, keys),
            lambda record: _figures(record, platform, regime_model[key_of(record.as_of)]),
            lambda record: key_of(record.as_of) != open_month,
        )
        if open_month in months.keys:
            _index(context, platform)

    return asset


def _by_hand(platform: Platform, months: Months, asked: Mapping[str, Any], models: Mapping[str, Model]) -> ByHand:
    month = platform.clock.open_month()
    if months.keys != [month]:
        raise MacroCycleError(f"a decision by hand is made in the open month {month[:7]}; choose that partition alone")
    return ByHand(
        cycle=platform.cycle,
        outcome=asked["outcome"].lower(),
        reason=asked["reason"],
        model_version=asked.get("model_version"),
        of_the_month=models[month],
        **months.made_by_and_from(month),
    )


def _decided(platform: Platform, months: Months, models: Mapping[str, Model], keys: list[str]) -> Iterator[Result]:
    for month in keys:
        if month != platform.clock.open_month():
            yield month, (_closed(platform, months, models[month]), {})
            continue
        decisions = platform.records.history(ASSET, Decision)
        found, serving = standing(decisions, models[month].version), to_serve(decisions)
        if found is not None and (found.by == "person" or found.outcome != "wait"):
            again = _repeated(found, months, month)
            decision = _with_what_follows(again, [*decisions, again])
            yield month, (decision, months.drawn(month, decision, _figures(decision, platform, models[month])))
        else:
            judged, shown = _judged(platform, months, models[month], serving)
            yield month, (_with_what_follows(judged, [*decisions, judged]), shown)


def _with_what_follows(decision: Decision, decisions: list[Decision]) -> Decision:
    """The decision in a version that changes with what is to serve, so that the deployment follows."""
    serving = to_serve(decisions)
    follows = serving.model_version if serving else "nothing"
    return decision.model_copy(update={"version": f"{decision.outcome} {decision.model_version}, serve {follows}"})


def _closed(platform: Platform, months: Months, model: Model) -> Decision:
    """No decision: what is about a closed month is never served for its sake."""
    return Decision(
        cycle=platform.cycle,
        as_of=model.as_of,
        version="closed",
        **months.made_by_and_from(key_of(model.as_of)),
        model_version=model.version,
        outcome="closed",
        by="gate",
        reason=CLOSED,
        decided_at=as_of_day(key_of(model.as_of)).to_pydatetime().replace(tzinfo=UTC),
    )


def _repeated(found: Decision, months: Months, month: str) -> Decision:
    """The decision that stands about the month's model, as this month's."""
    return found.model_copy(update={"as_of": as_of_day(month).date(), **months.made_by_and_from(month)})


def _judged(platform: Platform, months: Months, model: Model, serving: Decision | None) -> tuple[Decision, Metadata]:
    trained = stored_model(platform, model)
    incumbent = _incumbent(platform, serving)
    verdict, evidence = _verdict(platform, trained, incumbent)
    outcome: Outcome = (
        "refuse" if not verdict.promote else "wait" if platform.settings.promotion == "manual" else "promote"
    )
    reason = "; ".join(verdict.reasons) or "every condition holds"
    record = Decision(
        cycle=platform.cycle,
        as_of=model.as_of,
        version=f"{outcome} {model.version}",
        **months.made_by_and_from(trained.month),
        model_version=model.version,
        outcome=outcome,
        by="gate",
        reason=f"{reason}; a person is to promote it" if outcome == "wait" else reason,
        decided_at=datetime.now(UTC),
        incumbent=serving.model_version if serving else None,
        figures=verdict.figures,
        not_asked=verdict.not_asked,
        evidence=evidence,
    )
    return record, {"conditions": _conditions(verdict)}


def _index(context: dg.AssetExecutionContext, platform: Platform) -> None:
    """Show in MLflow what was decided of the open month's model, for people; nothing depends on it.

    It is said at every run, so that what MLflow missed while it was away shows with the next.
    """
    decision = platform.records.one(ASSET, Decision, platform.clock.open_month())
    try:
        registry = platform.registry
        version = registry.versions().get((str(decision.as_of), decision.model_version))
        if version is None:
            return
        said = {
            "outcome": decision.outcome,
            "by": decision.by,
            "reasons": decision.reason,
            "not_asked": "; ".join(decision.not_asked) or "nothing",
            "record": decision.evidence or "none",
        }
        registry.record_verdict(version, said, decision.figures)
        if decision.outcome == "wait":
            registry.set_alias("challenger", version)
        else:
            registry.remove_alias("challenger")
    except MacroCycleError as error:
        context.log.warning(f"the decision is kept, and does not show in MLflow: {error}")


def _incumbent(platform: Platform, serving: Decision | None) -> "MacroCycleHMM | None":
    """The model that stands promoted.

    Raises:
        MacroCycleError: there is one, and its document is gone: the gate does not judge as if there were none.
    """
    if serving is None:
        return None
    stored = platform.models.load(serving.model_version)
    if stored is None:
        raise MacroCycleError(f"model {serving.model_version} serves, and its document is gone from the warehouse")
    return rebuilt(stored)


def _verdict(platform: Platform, trained: Trained, incumbent: "MacroCycleHMM | None") -> "tuple[Verdict, str]":
    """The gate's verdict and where the record that it weighed is from."""
    from macro_cycle.promotion.evidence import gather
    from macro_cycle.promotion.gate import judge

    evidence = gather(
        platform.warehouse,
        platform.regimes,
        platform.catalog,
        platform.features,
        trained.model.config,
        incumbent.config if incumbent else None,
        platform.chronology,
        min(platform.clock.today(), as_of_day(trained.month)),
        pd.Timestamp(platform.clock.first_partition),
    )
    return judge(trained.model, incumbent, trained.panel, evidence), evidence.source


def _figures(decision: Decision, platform: Platform, model: Model) -> Metadata:
    if decision.outcome == "closed":
        return {"verdict": decision.outcome, "reasons": decision.reason, "model_version": decision.model_version}
    return {
        **version_page(platform, model.registry_version),
        "verdict": decision.outcome,
        "decided_by": decision.by,
        "reasons": decision.reason,
        "decided_at": dg.MetadataValue.text(f"{decision.decided_at:%Y-%m-%d %H:%M} UTC"),
        "model_version": decision.model_version,
        "served_before": decision.incumbent or "none",
        "not_asked": "; ".join(decision.not_asked) or "nothing",
        "record": decision.evidence or "none",
        **decision.figures,
    }


def _conditions(verdict: "Verdict") -> dg.MetadataValue:
    rows = [(c.name, f"{c.figure:.4g}", _limit(c), "yes" if c.holds else "NO") for c in verdict.conditions]
    return table(pd.DataFrame(rows, columns=["condition", "figure", "limit", "holds"]))


def _limit(condition: "Condition") -> str:
    if not math.isfinite(condition.limit):
        return "any number"
    return f"{'at least' if condition.at_least else 'at most'} {condition.limit:.4g}"
