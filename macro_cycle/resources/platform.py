"""The platform: stores, registry, endpoint and clock, handed out to Dagster and to the command line alike.

Nothing else in the package reads settings to find a store. Two platforms can live in one process.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from macro_cycle.cycles import DEFAULT, CycleDefinition, library
from macro_cycle.cycles.naming import economy_of, settings_of, source_key
from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.features import FeatureSet
from macro_cycle.features.store import PanelStore
from macro_cycle.observations import Catalog, Publications
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from macro_cycle.evaluation.comparison import Engine
    from macro_cycle.feature_store.store import EconomyStore
    from macro_cycle.hmm import HMMConfig
    from macro_cycle.records import RecordStore
    from macro_cycle.registry.descriptions import Pages
    from macro_cycle.registry.registry import Registry
    from macro_cycle.serving.deployers import Deployer
    from macro_cycle.sources import Source
    from macro_cycle.sources.base import Progress
    from macro_cycle.sources.fred_client import Patience
    from macro_cycle.training.train import Trained
    from macro_cycle.warehouse import Warehouse
    from macro_cycle.warehouse.locks import LockName
    from macro_cycle.warehouse.models import ModelStore
    from macro_cycle.warehouse.records import EvaluationStore, NewsStore, ServedStore
    from macro_cycle.warehouse.regimes import RegimeStore


class Platform:
    """Everything of one installation for one cycle; each part is made when it is first asked for.

    installation: the settings as they were read once, at the start of the program. cycle: a definition, or the code of
    one that the settings lead to. `settings` are the installation's with what the definition says in them.

    Raises:
        MacroCycleError: there is no such cycle, or its definition is wrong.
    """

    def __init__(self, installation: Settings, cycle: str | CycleDefinition = DEFAULT) -> None:
        self.installation = installation
        self.definition = library(installation)[cycle] if isinstance(cycle, str) else cycle
        self.cycle = self.definition.code
        self.settings = settings_of(installation, self.definition)
        self.clock = Clock.of(self.settings)

    @classmethod
    def from_environment(cls, cycle: str | CycleDefinition = DEFAULT) -> "Platform":
        """The platform that environment, `.env` and `config.yaml` describe."""
        return cls(read_settings(), cycle)

    @cached_property
    def catalog(self) -> Catalog:
        """The catalogue of the cycle's series."""
        return self.definition.catalog(self.settings.data.catalog_path)

    @property
    def features(self) -> FeatureSet:
        """The features of the cycle's model."""
        return self.definition.features

    @property
    def chronology(self) -> Chronology:
        """The official turning points of the cycle."""
        return self.definition.chronology

    @cached_property
    def model_config(self) -> "HMMConfig":
        """The configuration of the cycle's model."""
        return self.definition.hmm_config(self.settings.model)

    @cached_property
    def database_url(self) -> str:
        """The database, embedded or not, with a schema for each tenant."""
        from macro_cycle.stack.postgres import database_url

        return database_url(self.settings)

    @cached_property
    def warehouse(self) -> "Warehouse":
        """The bitemporal store of observations, its tables up to date."""
        from macro_cycle.warehouse import Warehouse

        warehouse = Warehouse(self.database_url)
        warehouse.migrate()
        return warehouse

    def publications(self) -> Publications:
        """How the values of the cycle's features came by their days, as the store has them now: their provenance."""
        return Publications(self.warehouse.publications(self.features.series_ids))

    @cached_property
    def records(self) -> "RecordStore":
        """What passes from asset to asset."""
        from macro_cycle.records import RecordStore

        return RecordStore(self.warehouse.engine, self.cycle)

    @property
    def panel_path(self) -> str:
        """Where the cycle's panels lie: those of the default cycle in the installation's folder, others below it."""
        root = self.settings.panel_path
        return root if self.cycle == DEFAULT else f"{root}/{self.cycle}"

    @cached_property
    def panels(self) -> PanelStore:
        """Panels by month."""
        return PanelStore(self.panel_path)

    @cached_property
    def models(self) -> "ModelStore":
        """Trained models."""
        from macro_cycle.warehouse.models import ModelStore

        return ModelStore(self.warehouse.engine)

    @cached_property
    def trained(self) -> "dict[str, Trained]":
        """Models that were trained or looked up already, by version: a run looks each up once."""
        return {}

    @cached_property
    def regimes(self) -> "RegimeStore":
        """Regimes and calls."""
        from macro_cycle.warehouse.regimes import RegimeStore

        return RegimeStore(self.warehouse.engine, self.cycle)

    @cached_property
    def news(self) -> "NewsStore":
        """Why the calls moved."""
        from macro_cycle.warehouse.records import NewsStore

        return NewsStore(self.warehouse.engine, self.cycle)

    @cached_property
    def served(self) -> "ServedStore":
        """What the endpoint was seen to answer."""
        from macro_cycle.warehouse.records import ServedStore

        return ServedStore(self.warehouse.engine, self.cycle)

    @cached_property
    def evaluations(self) -> "EvaluationStore":
        """How well the calls did."""
        from macro_cycle.warehouse.records import EvaluationStore

        return EvaluationStore(self.warehouse.engine, self.cycle)

    @cached_property
    def registry(self) -> "Registry":
        """The registered model in MLflow."""
        from macro_cycle.registry.registry import Registry
        from macro_cycle.stack.tracking import tracking_uri

        mlflow = self.settings.mlflow
        with self.exclusive("mlflow tables"):
            return Registry(
                tracking_uri(self.settings),
                self.settings.home / "mlflow" / "artifacts",
                mlflow.experiment,
                mlflow.registered_model,
                subject=self.definition.title,
                pages=self.pages,
            )

    @cached_property
    def registry_by_hand(self) -> "Registry":
        """Where MLflow keeps the models that people trained, apart from those of the months."""
        from macro_cycle.registry.by_hand import registry_by_hand
        from macro_cycle.stack.tracking import tracking_uri

        with self.exclusive("mlflow tables"):
            return registry_by_hand(self.settings, tracking_uri(self.settings), pages=self.pages)

    @property
    def pages(self) -> "Pages":
        """Where the web pages are that MLflow's descriptions and Dagster's metadata link to; nothing is asked there."""
        from macro_cycle.registry.descriptions import Pages

        mlflow, dagster = self.settings.mlflow, self.settings.dagster
        at = mlflow.tracking_uri or f"http://{mlflow.host}:{mlflow.port}"
        return Pages(f"http://{dagster.host}:{dagster.port}", at if at.startswith(("http://", "https://")) else None)

    @cached_property
    def feature_store(self) -> "EconomyStore":
        """Feast on the platform's database, its tables and views registered."""
        from macro_cycle.feature_store.placement import Placement
        from macro_cycle.feature_store.store import EconomyStore
        from macro_cycle.hmm.labels import label_names

        placement, labels = (
            Placement.of(self.settings.feast, self.database_url),
            label_names(self.model_config.n_regimes),
        )
        economy = economy_of(self.settings, self.definition)
        store = EconomyStore(placement, economy, self.features.names, labels, self.clock.now)
        store.apply()
        return store

    @property
    def source_key(self) -> str:
        """What the keys of its source's series begin with."""
        return source_key(self.settings, self.definition)

    @property
    def series_keys(self) -> list[tuple[str, str]]:
        """The keys of the catalogue's series."""
        return [(self.source_key, series_id) for series_id in sorted(self.catalog.series)]

    def source(
        self,
        progress: "Progress | None" = None,
        patience: "Patience | None" = None,
        catalog: Catalog | None = None,
    ) -> "Source":
        """The source that the settings name; it knows what the warehouse holds already.

        patience: how long one on the network is waited for. catalog: another than the cycle's.
        """
        from macro_cycle.sources import open_source
        from macro_cycle.sources.base import no_progress

        return open_source(
            self.settings,
            catalog or self.catalog,
            self.clock,
            progress or no_progress,
            lambda ids: self.warehouse.facts(ids),
            patience,
        )

    def comparison_engine(self) -> "Engine":
        """What runs the walk-forward of each variant: the Dask cluster in the settings, or this process."""
        from macro_cycle.evaluation.comparison import in_this_process
        from macro_cycle.resources.dask_engine import DaskEngine

        address = self.settings.dask.address
        return in_this_process if address is None else DaskEngine(address)

    def known_source(self) -> "Source":
        """The source by itself, without asking what the warehouse holds."""
        from macro_cycle.sources import open_source

        return open_source(self.settings, self.catalog, self.clock)

    @contextmanager
    def deployer(self) -> "Iterator[Deployer]":
        """What takes bundles into service, held so that one run at a time changes what serves."""
        with self.exclusive("endpoint"):
            yield self._deployer()

    def _deployer(self) -> "Deployer":
        if self.settings.kserve.deployer == "kubernetes":
            from macro_cycle.serving.kubernetes.deployer import KubernetesDeployer
            from macro_cycle.stack.tracking import tracking_uri

            return KubernetesDeployer(self.settings, tracking_uri(self.settings), self.cycle)
        from macro_cycle.serving.deployers import LocalDeployer

        return LocalDeployer(self.settings, self.cycle)

    def exclusive(self, name: "LockName") -> AbstractContextManager["Connection"]:
        """Hold a lock of the cycle's between processes while a block runs, waiting for it first."""
        from macro_cycle.warehouse.locks import exclusive

        return exclusive(self.warehouse.engine, name, None if self.cycle == DEFAULT else self.cycle)
