"""Feast comes without PyTorch and without typeguard's rewriting, and is whole."""

import subprocess
import sys

IMPORTED = """
import sys, typeguard
checking = typeguard.typechecked
import macro_cycle.feature_store, feast
from feast import Entity
from feast.infra.offline_stores.contrib.postgres_offline_store import postgres_source
from importlib.resources import files

assert "torch" not in sys.modules
assert typeguard.typechecked is checking
assert "TypeCheckMemo" not in Entity.__init__.__code__.co_names
assert (files("feast") / "feature_store.py").is_file()
macro_cycle.feature_store.quicken()
assert not [each for each in sys.meta_path if "feature_store" in type(each).__module__]

from feast.torch_wrapper import get_torch
assert get_torch() is sys.modules["torch"]
"""


def test_feast_is_imported_without_what_nothing_here_needs():
    subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTED], check=True)
