"""Loading the definitions is light, since every step process pays for it, and so is the command line."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "pyro", "mlflow", "feast", "kserve", "numba", "matplotlib", "pandera", "scipy"}
DEFINITIONS = "import macro_cycle.definitions as module; module.defs.get_repository_def()"
COMMAND_LINE = "import macro_cycle.cli"


@pytest.mark.parametrize(("loaded", "heavy"), [(DEFINITIONS, HEAVY), (COMMAND_LINE, {*HEAVY, "dagster", "uvicorn"})])
def test_no_heavy_library_is_imported(loaded, heavy):
    code = f"import json, sys; {loaded}; print(json.dumps(sorted({heavy} & set(sys.modules))))"
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout.splitlines()[-1]) == []


def test_every_asset_is_described_owned_and_automated():
    from macro_cycle.definitions import defs

    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name != "default", spec.key
