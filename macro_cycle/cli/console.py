"""Where the commands print: answers on standard output, everything else on standard error."""

import json
from typing import Any

from rich.console import Console

answers = Console()
errors = Console(stderr=True)


def print_json(payload: Any) -> None:
    """One JSON document for programs; dates in ISO format, and nothing that JSON cannot say."""
    print(json.dumps(payload, default=str, allow_nan=False))
