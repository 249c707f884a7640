"""Loading the definitions is light: every step process pays for it."""

import json
import subprocess
import sys

HEAVY = ["torch", "pyro", "mlflow", "feast", "kserve", "numba", "matplotlib", "pandera", "scipy.stats"]
PROBE = f"""
import json, sys
import macro_cycle.definitions as module
module.defs.get_repository_def()
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""


def test_no_heavy_library_is_imported():
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", PROBE], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout.splitlines()[-1]) == []


def test_every_asset_is_described_owned_and_automated():
    from macro_cycle.definitions import defs

    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name != "default", spec.key
