"""The hidden Markov model of each month end: the one asset that trains."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.assets.chain import Chain, Made, Metadata, Months, Result
from macro_cycle.assets.experiment import CONFIG, experiment
from macro_cycle.assets.shown import bullets, version_page
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.months import as_of_day, key_of
from macro_cycle.records import Model, Panel
from macro_cycle.resources.outages import made_again_after_an_outage
from macro_cycle.resources.platform import Platform
from macro_cycle.training.train import BATCH, Trained, bundle_of, train_or_reuse

if TYPE_CHECKING:
    from macro_cycle.registry.registry import RegisteredVersion, Registry

Log = Callable[[Trained], "RegisteredVersion"]
LOGGERS = 4  # MLflow mostly waits for its database


def regime_model(chain: Chain) -> dg.AssetsDefinition:
    """The asset `regime_model`."""
    platform = chain.platform

    @dg.asset(
        **chain.options("regime_model", "model", "macro_features"),
        owners=["team:research"],
        kinds={"numba", "mlflow"},
        tags={"domain": "macro"},
        metadata={"dagster/table_name": "warehouse.models"},
        config_schema=CONFIG,
        output_required=False,
    )
    @made_again_after_an_outage
    def asset(
        context: dg.AssetExecutionContext,
        macro_features: dict[str, Panel],
    ) -> Iterator[dg.MaterializeResult]:
        """Hidden Markov model trained on the panel of the month, logged and registered in MLflow.

        The same panel under the same configuration is never trained twice; the data version is the model's. The
        launchpad's `experiment` trains a variant of one month in its place, which is logged and shown, and never kept,
        judged or served.
        """
        months = Months(context, chain, macro_features=macro_features)
        if "experiment" in context.op_execution_context.op_config:
            experiment(context, platform, months, macro_features)
            return
        known = platform.models.versions()
        yield from months.report(
            lambda keys: _models(context, platform, months, macro_features, keys),
            lambda model: _figures(model, platform),
            lambda record: record.version in known,
        )

    return asset


def _models(
    context: dg.AssetExecutionContext, platform: Platform, months: Months, panels: dict[str, Panel], keys: list[str]
) -> Iterator[Result]:
    if not keys:
        return
    remaining = iter(keys)
    with _logging(context, platform) as log, ThreadPoolExecutor(LOGGERS) as pool:

        def logged(found: "tuple[str, Trained | MacroCycleError]") -> Result:
            month, trained = found
            if isinstance(trained, MacroCycleError):
                return month, trained
            return month, _made(platform, months, trained, log(trained))

        while batch := list(islice(remaining, BATCH)):
            yield from pool.map(logged, _trained(platform, panels, batch))


def _trained(
    platform: Platform, panels: dict[str, Panel], months: list[str]
) -> Iterator[tuple[str, Trained | MacroCycleError]]:
    """Models of the months, trained together; one by one where one of them cannot be trained."""
    try:
        versioned = [(m, panels[m].version, platform.panels.panel(m, panels[m].version)) for m in months]
        trained = list(train_or_reuse(platform.models, versioned, platform.model_config))
    except MacroCycleError as error:
        if len(months) == 1 or isinstance(error, OutageError):
            yield months[0], error
            return
        for month in months:
            yield from _trained(platform, panels, [month])
        return
    yield from zip(months, trained, strict=True)


def _made(platform: Platform, months: Months, trained: Trained, logged: "RegisteredVersion") -> Made:
    model, stored = trained.model, trained.stored
    platform.trained[stored.model_version] = trained
    record = Model(
        cycle=platform.cycle,
        as_of=as_of_day(trained.month).date(),
        version=stored.model_version,
        **months.made_by_and_from(trained.month),
        problems=() if stored.metrics["converged"] else ("the training did not converge; raise max_iter",),
        config_version=stored.config_version,
        labels=tuple(model.labels),
        metrics={name: float(value) for name, value in stored.metrics.items()},
        expected_durations=dict(zip(model.labels, map(float, model.expected_durations), strict=True)),
        registry_version=logged.version,
        run_id=logged.run_id,
        reused=trained.reused,
        warnings=tuple(model.convergence.warnings),
    )
    return record, {"reused": trained.reused}


def _figures(model: Model, platform: Platform) -> Metadata:
    return {
        **version_page(platform, model.registry_version),
        **model.metrics,
        **{f"expected_months_in_{label.lower()}": months for label, months in model.expected_durations.items()},
        "model_version": model.version,
        "mlflow_version": model.registry_version,
        "mlflow_run_id": model.run_id,
        "reused": True,
        **({"warnings": bullets(model.warnings)} if model.warnings else {}),
    }


@contextmanager
def _logging(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Log]:
    """Log trained months; the months of a range are nested under one run.

    Nothing is logged twice: one run logs at a time, the next one finds what it logged.
    """
    registry, tags = platform.registry, {"dagster.run_id": context.run_id, "dagster.job": context.job_name}
    with platform.exclusive("registry"), _parent(registry, context, tags) as parent:
        known, unfinished = registry.versions(), registry.unfinished()

        def log(trained: Trained) -> "RegisteredVersion":
            day = as_of_day(trained.month)
            identity = (str(day.date()), trained.stored.model_version)
            if identity not in known:
                bundle = bundle_of(trained.stored, trained.panel, day, model=trained.model)
                known[identity] = registry.log_month(bundle, tags, parent, unfinished.get(identity))
            return known[identity]

        yield log


def _parent(
    registry: "Registry", context: dg.AssetExecutionContext, tags: dict[str, str]
) -> AbstractContextManager[str | None]:
    if (active := _active_run()) is not None or len(context.partition_keys) == 1:
        return nullcontext(active)
    first, last = context.partition_keys[0][:7], context.partition_keys[-1][:7]
    return registry.range_run(f"backfill {first} to {last}", tags)


def _active_run() -> str | None:
    """The run that dagster-mlflow's resource has opened for this job, if it has."""
    import mlflow

    run = mlflow.active_run()
    return run.info.run_id if run else None


def stored_model(platform: Platform, model: Model) -> Trained:
    """The trained model that a record stands for, with its panel; nothing is trained.

    Raises:
        MacroCycleError: its document or its panel is gone.
    """
    if model.version not in platform.trained:
        stored = platform.models.load(model.version)
        if stored is None:
            raise MacroCycleError(f"model {model.version} is gone from the warehouse; materialize regime_model first")
        month = key_of(model.as_of)
        panel = platform.panels.panel(month, model.made_from["macro_features"])
        platform.trained[model.version] = Trained(month, panel, stored, reused=True)
    return platform.trained[model.version]
