"""Models that arrive in the open month, decisions about them, and a real server and registry that follow.

`python -m macro_cycle_tests.assets.decided <cycle> <step>` deploys what stands promoted, and dies after a step of
`macro_cycle_tests.serving.deploying`.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from macro_cycle.assets.chain import code_versions
from macro_cycle.cycles import CycleDefinition, shipped
from macro_cycle.cycles.definition import Serving
from macro_cycle.definitions import build
from macro_cycle.features import build_panel
from macro_cycle.platform.months import as_of_day
from macro_cycle.platform.versions import content_version
from macro_cycle.records import Answer, Decision, Deployment, Model, Panel
from macro_cycle.resources import deployments
from macro_cycle.resources.platform import Platform
from macro_cycle.serving import deployers
from macro_cycle.serving.deployers import Deployer
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample
from macro_cycle.training.train import bundle_of, rebuilt, train
from macro_cycle.warehouse.models import StoredModel
from macro_cycle.warehouse.regimes import Call
from macro_cycle_tests.serving.deploying import Dying

PAIR = ("champion", "kserve_deployment")


@dataclass(frozen=True)
class Candidate:
    """A trained model, its panel, its regimes and its version in MLflow."""

    stored: StoredModel
    panel: pd.DataFrame
    regimes: pd.DataFrame
    registry_version: str
    run_id: str
    expected: Path

    @property
    def version(self) -> str:
        return self.stored.model_version


def candidates(platform: Platform, ends: tuple[str, ...]) -> list[Candidate]:
    """A registered model for each panel, the last twelve years as known at that month end."""
    source, config = Sample(platform.catalog), shipped().hmm_config(n_restarts=1)
    observations = source.observations(platform.features.series_ids)
    return [
        _registered(
            platform,
            build_panel(known_on(observations, as_of_day(end)), platform.catalog, platform.features).tail(144),
            config,
        )
        for end in ends
    ]


def _registered(platform: Platform, panel: pd.DataFrame, config: Any) -> Candidate:
    stored = train(panel, config)
    platform.models.save([stored])
    bundle = bundle_of(stored, panel, as_of_day(platform.clock.open_month()))
    version = platform.registry.log_month(bundle, {})
    [expected] = (platform.settings.home / "mlflow").rglob(f"{version.run_id}/**/expected.json")
    return Candidate(stored, panel, rebuilt(stored).regimes(panel), version.version, version.run_id, expected)


def _of_its_own(shared: Platform, name: str) -> CycleDefinition:
    """The shared platform's definition under another code, served under the same name."""
    serving = Serving(
        registered_model=shared.settings.mlflow.registered_model, endpoint=shared.settings.kserve.model_name
    )
    return shared.definition.model_copy(update={"code": name, "serving": serving})


class OnTheSharedServer(Platform):
    """A cycle of its own whose bundles stand in the store of the default one, which the server answers from."""

    def _deployer(self) -> Deployer:
        return deployers.LocalDeployer(self.settings)


class Cycle:
    """The open month of a cycle of its own, so that nothing was decided in it yet."""

    def __init__(self, shared: Platform, name: str, instance: dg.DagsterInstance) -> None:
        self.platform = OnTheSharedServer(shared.installation, _of_its_own(shared, name))
        self.platform.warehouse, self.platform.registry = shared.warehouse, shared.registry
        self.instance, self.month = instance, self.platform.clock.open_month()
        self._jobs: dict[tuple[str, ...], dg.JobDefinition] = {}
        self._day, self._code = as_of_day(self.month).date(), code_versions(self.platform)

    @cached_property
    def _everything(self) -> dg.JobDefinition:
        return build(self.platform).get_repository_def().get_implicit_global_asset_job_def()

    def _job(self, assets: tuple[str, ...]) -> dg.JobDefinition:
        if assets not in self._jobs:
            selected = frozenset(dg.AssetKey([self.platform.cycle, asset]) for asset in assets)
            self._jobs[assets] = self._everything.get_subset(
                asset_selection=selected, asset_check_selection=frozenset()
            )
        return self._jobs[assets]

    def arrives(self, candidate: Candidate) -> None:
        """The records of the open month become those of this model, as a run up to `regime_labels` leaves them."""
        panel, stored = candidate.panel, candidate.stored
        version = content_version(panel)
        self.platform.panels.write(self.month, panel, version)
        common: dict[str, Any] = {"cycle": self.platform.cycle, "as_of": self._day}
        model = Model(
            **common,
            version=stored.model_version,
            made_by=self._code["regime_model"],
            made_from={"macro_features": version},
            config_version=stored.config_version,
            labels=tuple(stored.document["labels"]),
            metrics=stored.metrics,
            expected_durations={},
            registry_version=candidate.registry_version,
            run_id=candidate.run_id,
            reused=False,
        )
        self.platform.records.append("macro_features", [self._panel_record(panel, version, common)])
        self.platform.records.append("regime_model", [model])
        self.platform.records.append("regime_labels", [self._answer(model, candidate, common)])

    def _panel_record(self, panel: pd.DataFrame, version: str, common: Mapping[str, Any]) -> Panel:
        return Panel(
            **common,
            version=version,
            made_by=self._code["macro_features"],
            reference_month=panel.index[-1].date(),
            months=len(panel),
            missing_share=float(panel.isna().to_numpy().mean()),
            newest={},
            features=tuple(panel.columns),
        )

    def _answer(self, model: Model, candidate: Candidate, common: Mapping[str, Any]) -> Answer:
        frame = candidate.regimes
        call = Call.newest_of(frame, self._day, model.version, content_version(frame))
        self.platform.regimes.save(frame, call)
        return Answer(
            **common,
            version=call.data_version,
            made_by=self._code["regime_labels"],
            made_from={"regime_model": model.version},
            reference_month=call.reference_month,
            label=call.label,
            recession_probability=call.recession_probability,
            probabilities=call.probabilities,
            model_version=model.version,
            panel_version=model.made_from["macro_features"],
            newest={},
            news=True,
        )

    def run(self, *assets: str, **by_hand: str) -> dg.ExecuteInProcessResult:
        """`champion` and `kserve_deployment`, or one of them; decided by the gate or by hand."""
        config = (
            {"ops": {f"{self.platform.cycle}__champion": {"config": {"decision": {"by_hand": by_hand}}}}}
            if by_hand
            else {}
        )
        return self._job(assets or PAIR).execute_in_process(
            instance=self.instance, partition_key=self.month, run_config=config, raise_on_error=False
        )

    def experiment(self, *assets: str, **options: Any) -> dg.ExecuteInProcessResult:
        """The assets in a run whose launchpad asks for an experiment."""
        config = {"ops": {f"{self.platform.cycle}__regime_model": {"config": {"experiment": options}}}}
        return self._job(assets).execute_in_process(
            instance=self.instance, partition_key=self.month, run_config=config, raise_on_error=False
        )

    @property
    def decisions(self) -> list[Decision]:
        return self.platform.records.history("champion", Decision)

    @property
    def recorded(self) -> Deployment | None:
        """What serves by the record."""
        return deployments.serving(self.platform)


def main(cycle: str, step: str) -> None:
    """Deploy in a process that dies after the step."""
    Dying.step = step
    deployers.LocalDeployer = Dying  # type: ignore[misc]
    with dg.DagsterInstance.ephemeral() as instance:
        Cycle(Platform.from_environment(), cycle, instance).run("kserve_deployment")


if __name__ == "__main__":
    main(*sys.argv[1:3])
