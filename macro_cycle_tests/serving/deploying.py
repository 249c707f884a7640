"""`python -m macro_cycle_tests.serving.deploying <bundle> <record> <step>`: a deployment that dies at a step.

The steps are those of `LocalDeployer`: `stored`, `prepared`, `verified`, `recorded`, `committed`; `none` dies at none.
The record is a file, written as a database would: whole, before the bundle serves.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from macro_cycle.platform.settings import read_settings
from macro_cycle.serving.deployers import Deployment, LocalDeployer
from macro_cycle.training.bundle import Bundle

STEPS = ("stored", "prepared", "verified", "recorded", "committed")


class Dying(LocalDeployer):
    """Kills its process after one of its steps."""

    step = "none"

    def _after(self, step: str) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def withdraw(self) -> None:
        self._after("recorded")
        super().withdraw()

    def _deploy(self, bundle: Bundle, version: str, commit: Callable[[Deployment], None] | None) -> Deployment:
        self._after("stored")

        def record(deployment: Deployment) -> None:
            if commit is not None:
                commit(deployment)
            self._after("recorded")

        return super()._deploy(bundle, version, record)

    def _manage(self, version: str, act: str) -> None:
        super()._manage(version, act)
        self._after({"prepare": "prepared", "commit": "committed"}[act])

    def _verified(self, *arguments: Any) -> Deployment:
        deployment = super()._verified(*arguments)
        self._after("verified")
        return deployment


def main(folder: str, record: str, step: str) -> None:
    """Deploy the bundle in `folder`, recording its version."""
    deployer = Dying(read_settings())
    deployer.step = step

    def commit(deployment: Deployment) -> None:
        Path(record).write_text(deployment.version)

    deployer.deploy(Bundle.read(Path(folder)), commit)


if __name__ == "__main__":
    main(*sys.argv[1:4])
