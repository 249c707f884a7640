"""Which model may serve: the gate's verdict, or a person's with a reason, on the newest month's model."""

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd

from macro_cycle.assets.features import FEATURES
from macro_cycle.assets.model import regime_model, trained_models
from macro_cycle.assets.monthly import MONTHLY, report_months
from macro_cycle.assets.regimes import regime_labels
from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Catalog
from macro_cycle.platform.months import as_of_day, now, open_month
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.mlflow import RegistryResource
from macro_cycle.resources.panels import PanelResource
from macro_cycle.resources.warehouse import WarehouseResource
from macro_cycle.training.train import Trained

if TYPE_CHECKING:
    from macro_cycle.hmm import MacroCycleHMM
    from macro_cycle.promotion.gate import Verdict


class Decision(Enum):
    """Who decides on promotion."""

    GATE = "gate"
    PROMOTE = "promote"
    REFUSE = "refuse"


class Promotion(dg.Config):
    """Set in the launchpad to decide in the gate's place; the reason is kept with the version."""

    decision: Decision = Decision.GATE
    reason: str = ""

    def check(self, months: list[str]) -> None:
        """Refuse a decision without a reason, or about anything but the open month alone."""
        if self.decision is Decision.GATE:
            return
        if not self.reason.strip():
            raise MacroCycleError("a decision by hand needs a reason; write it in the config of the asset champion")
        if months != [open_month()]:
            raise MacroCycleError(f"only the open month {open_month()[:7]} can be promoted or refused by hand")


@dg.asset(
    deps=[regime_model, regime_labels], group_name="model", owners=["team:ml-platform"], kinds={"mlflow"}, **MONTHLY
)
def champion(
    context: dg.AssetExecutionContext,
    config: Promotion,
    warehouse: WarehouseResource,
    panels: PanelResource,
    registry: RegistryResource,
) -> Iterator[dg.MaterializeResult]:
    """Which model may serve: the gate's verdict on the month's model against the one that serves now.

    A model that passes becomes the challenger; it is champion once the endpoint has been seen to answer with it.
    """
    config.check(list(context.partition_keys))

    def judged(month: str) -> dg.MaterializeResult:
        if month != open_month():
            return not_newest("The verdict is given for the newest month only.")
        return _judged(registry, warehouse, next(trained_models(warehouse, panels, [month])), config)

    yield from report_months(context, ((month, judged(month)) for month in context.partition_keys))


def _judged(
    registry: RegistryResource, warehouse: WarehouseResource, trained: Trained, config: Promotion
) -> dg.MaterializeResult:
    from macro_cycle.registry.registry import CHALLENGER

    store = registry.registry()
    candidate = store.versions()[str(as_of_day(trained.month).date()), trained.stored.model_version]
    incumbent = store.champion()
    verdict, source = _verdict(warehouse, trained, store.model(incumbent) if incumbent else None)
    if config.decision is not Decision.GATE:
        verdict = verdict.overridden(config.decision is Decision.PROMOTE, config.reason.strip())
    said = {
        "verdict": "promote" if verdict.promote else "refuse",
        "decided_by": config.decision.value if config.decision is Decision.GATE else "hand",
        "reasons": "; ".join(verdict.reasons) or "every condition holds",
        "not_asked": "; ".join(verdict.not_asked) or "nothing",
        "record": source,
    }
    store.record_verdict(candidate, said, verdict.figures)
    if verdict.promote:
        store.set_alias(CHALLENGER, candidate)
    serves = candidate.model_version if verdict.promote or incumbent is None else incumbent.model_version
    return dg.MaterializeResult(
        data_version=dg.DataVersion(serves),
        metadata={
            **verdict.figures,
            **said,
            "conditions": dg.MetadataValue.md(_conditions(verdict)),
            "challenger": f"version {candidate.version} ({candidate.model_version})",
            "champion_before": f"version {incumbent.version} ({incumbent.model_version})" if incumbent else "none",
        },
    )


def _verdict(warehouse: WarehouseResource, trained: Trained, champion: "MacroCycleHMM | None") -> "tuple[Verdict, str]":
    """The gate's verdict and where the record that it weighed is from."""
    from macro_cycle.promotion.evidence import gather
    from macro_cycle.promotion.gate import judge

    settings, challenger = load_settings(), trained.model
    evidence = gather(
        warehouse.observations(),
        Catalog.load(settings.data.catalog_path),
        FEATURES,
        challenger.config,
        champion.config if champion else None,
        min(now().normalize(), as_of_day(trained.month)),
        pd.Timestamp(settings.data.first_partition),
    )
    return judge(challenger, champion, trained.panel, evidence), evidence.source


def _conditions(verdict: "Verdict") -> str:
    rows = [
        (
            c.name,
            f"{c.figure:.4g}",
            f"{'at least' if c.at_least else 'at most'} {c.limit:.4g}",
            "yes" if c.holds else "NO",
        )
        for c in verdict.conditions
    ]
    return pd.DataFrame(rows, columns=["condition", "figure", "limit", "holds"]).to_markdown(index=False)


def not_newest(what: str) -> dg.MaterializeResult:
    """The result of a closed month, for which nothing that serves is touched."""
    return dg.MaterializeResult(data_version=dg.DataVersion("closed"), metadata={"note": f"A closed month. {what}"})
