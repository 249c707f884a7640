"""The command line `macro-cycle`: parse, call a library function, print.

One file per family of commands. Nothing is computed here that a notebook could not get from the package.
"""

from macro_cycle.cli.app import main

__all__ = ["main"]
