"""The deployer of the package, at the place where it used to be imported from; `python -m` of it is a command too."""

from macro_cycle.serving.kubernetes import KServeDeployment
from macro_cycle.serving.kubernetes.__main__ import main

__all__ = ["KServeDeployment"]

if __name__ == "__main__":
    main()
