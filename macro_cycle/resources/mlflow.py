"""MLflow as the assets use it: one run and one registered version per trained month."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.warehouse import WarehouseResource

if TYPE_CHECKING:
    from macro_cycle.registry.registry import RegisteredVersion, Registry
    from macro_cycle.training.train import Trained


class RegistryResource(dg.ConfigurableResource):
    """The registered model, on the tracking store that the settings name."""

    def registry(self) -> "Registry":
        """The registry of this process."""
        return _registry()

    @contextmanager
    def logging(self, context: dg.AssetExecutionContext) -> "Iterator[Callable[[Trained], RegisteredVersion]]":
        """Log trained months; the months of a range are nested under one run.

        Nothing is logged twice: one run logs at a time, the next one finds what it logged.
        """
        from macro_cycle.warehouse.locks import exclusive

        registry, tags = _registry(), {"dagster.run_id": context.run_id, "dagster.job": context.job_name}
        with exclusive(WarehouseResource().observations().engine, "registry"):
            parent = _parent(registry, context, tags)
            yield _logger(registry, tags, parent)
            if parent is not None and parent != _active_run():
                registry.finish_parent(parent)


def _logger(registry: "Registry", tags: dict[str, str], parent: str | None) -> "Callable[[Trained], RegisteredVersion]":
    from macro_cycle.training.train import bundle_of

    known, unfinished = registry.versions(), registry.unfinished()

    def log(trained: "Trained") -> "RegisteredVersion":
        day = as_of_day(trained.month)
        identity = (str(day.date()), trained.stored.model_version)
        if identity not in known:
            known[identity] = registry.log_month(
                bundle_of(trained.stored, trained.panel, day), tags, parent, unfinished.get(identity)
            )
        return known[identity]

    return log


def _parent(registry: "Registry", context: dg.AssetExecutionContext, tags: dict[str, str]) -> str | None:
    if (active := _active_run()) is not None or len(context.partition_keys) == 1:
        return active
    first, last = context.partition_keys[0][:7], context.partition_keys[-1][:7]
    return registry.start_parent(f"backfill {first} to {last}", tags)


def _active_run() -> str | None:
    """The run that dagster-mlflow's resource has opened for this job, if it has."""
    import mlflow

    run = mlflow.active_run()
    return run.info.run_id if run else None


@lru_cache(maxsize=1)
def _registry() -> "Registry":
    from macro_cycle.registry.registry import Registry
    from macro_cycle.stack.tracking import tracking_uri
    from macro_cycle.warehouse.locks import exclusive

    settings = load_settings()
    with exclusive(WarehouseResource().observations().engine, "mlflow tables"):
        return Registry(
            tracking_uri(settings),
            settings.home / "mlflow" / "artifacts",
            settings.mlflow.experiment,
            settings.mlflow.registered_model,
        )
