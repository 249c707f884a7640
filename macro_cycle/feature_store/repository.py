"""A Feast repository of one's own on files alone: no database, no stack.

Its history are Parquet copies as the platform writes them: name the repository's `data` folder in
`MACRO_CYCLE_FEAST__PARQUET_PATH` and the platform fills it. The platform's own repository is `feast_repo`.
"""

from pathlib import Path

from macro_cycle.errors import MacroCycleError

CONFIGURATION = """\
# Written by macro_cycle. `feast apply` registers what economy.py defines; the history lies in data/.
project: macro_cycle
provider: local
registry: data/registry.db
offline_store:
  type: {offline}
online_store:
  type: sqlite
  path: data/online.db
entity_key_serialization_version: 3
"""
DEFINITIONS = '''\
"""The entity `economy` and the platform's two feature views, on the Parquet files in `data`."""

from functools import partial
from pathlib import Path

from macro_cycle.feature_store.definitions import columns_of, economy, feature_service, feature_views
from macro_cycle.feature_store.parquet import file_source

FEATURES = {features}
LABELS = {labels}

source = partial(file_source, Path(__file__).resolve().parent / "data")
macro_features, regime_probabilities = feature_views(columns_of(FEATURES, LABELS), source)
service = feature_service([macro_features, regime_probabilities])

__all__ = ["economy", "macro_features", "regime_probabilities", "service"]
'''


def create_feast_repo(path: str | Path) -> Path:
    """Write a Feast repository that `feast apply` takes as it is; its folder.

    Raises:
        MacroCycleError: there is one already, which is left as it is.
    """
    folder = Path(path)
    configuration = folder / "feature_store.yaml"
    if configuration.exists():
        raise MacroCycleError(f"{configuration} exists; choose another folder, or delete it first")
    define_macro_entities_and_features(folder)
    configuration.write_text(CONFIGURATION.format(offline=_offline_store()), "utf-8")
    return folder


def define_macro_entities_and_features(path: str | Path) -> Path:
    """Write the definitions of entity and views into the repository `path`, with an empty history; their file.

    A history that is there already stays.
    """
    from macro_cycle.cycles import shipped
    from macro_cycle.feature_store import parquet
    from macro_cycle.feature_store.definitions import columns_of
    from macro_cycle.hmm.labels import label_names

    folder = Path(path)
    cycle = shipped()
    features, labels = cycle.features.names, label_names(cycle.hmm_config().n_regimes)
    for view, columns in columns_of(features, labels).items():
        copy = parquet.parquet_file(folder / "data", view)
        if not copy.exists():
            parquet.write(parquet.schema(columns).empty_table(), copy)
    definitions = folder / "economy.py"
    definitions.write_text(DEFINITIONS.format(features=_lines(features), labels=_lines(labels)), "utf-8")
    return definitions


def _offline_store() -> str:
    from importlib.util import find_spec

    return "duckdb" if find_spec("duckdb") and find_spec("ibis") else "dask"


def _lines(names: tuple[str, ...] | list[str]) -> str:
    return "(" + "".join(f'\n    "{name}",' for name in names) + "\n)"
