"""`python launch.py NEEDED... -- PROGRAM ARGUMENT...` becomes the program, with no secret that it does not need.

Of the environment it keeps what every program has, the platform's settings that hold no secret, and the variables that
match a pattern of NEEDED. Run by its path, in a bare interpreter: it must not cost the start of every service.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

EVERYTHING = "*"
ORDINARY = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"),
    *("PYTHON*", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SSL_CERT_*", "*_NUM_THREADS", "NUMBA_*", "SUPERVISOR_*"),
    *("MACRO_CYCLE_*", "DAGSTER_*", "MLFLOW_*"),
)
SECRET = (
    *("*DATABASE_URL", "*API_KEY", "*SOURCE_PATH", "*TRACKING_URI", "*STORE_URI", "*WEBHOOK*", "*ALERTMANAGER_URL"),
    *("*PASSWORD*", "*SECRET*", "*TOKEN*", "*CREDENTIAL*", "*REDIS", "*TIMESTAMP_URL"),
)


def kept(environment: Mapping[str, str], needed: Sequence[str]) -> dict[str, str]:
    """The variables that a program with these needs is given."""
    return {
        name: value
        for name, value in environment.items()
        if matches(name, needed) or (matches(name, ORDINARY) and not matches(name, SECRET))
    }


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a variable's name is one of them."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


if __name__ == "__main__":
    end = sys.argv.index("--")
    program = sys.argv[end + 1 :]
    os.execve(program[0], program, kept(os.environ, sys.argv[1:end]))  # noqa: S606 - the service's own command line
