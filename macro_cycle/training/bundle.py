"""The deployment bundle: a folder of four JSON files that holds everything a server needs to answer and to be checked.

`model.json` is the model document; `panel.json` the panel that it was trained on (the golden window);
`expected.json` the answer for the panel's newest month; `meta.json` where it all comes from.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from macro_cycle.errors import MacroCycleError

FILES = ("model", "panel", "expected", "meta")


@dataclass(frozen=True)
class Bundle:
    """A model document with its golden window, the expected answer and its origin."""

    model: Mapping[str, Any]
    panel: pd.DataFrame
    expected: Mapping[str, Any]
    meta: Mapping[str, Any]

    def write(self, folder: Path) -> Path:
        """Write the four files into `folder`, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "model": self.model,
            "panel": _panel_document(self.panel),
            "expected": self.expected,
            "meta": self.meta,
        }
        for name, document in content.items():
            text = json.dumps(document, sort_keys=True, allow_nan=False, default=str)
            (folder / f"{name}.json").write_text(text)
        return folder

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        """The bundle in `folder`.

        Raises:
            MacroCycleError: a file is missing or is not JSON of the expected shape.
        """
        try:
            found = {name: json.loads((folder / f"{name}.json").read_text()) for name in FILES}
            return cls(found["model"], _panel(found["panel"]), found["expected"], found["meta"])
        except FileNotFoundError as error:
            raise MacroCycleError(f"the bundle {folder} lacks {Path(error.filename).name}") from None
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise MacroCycleError(f"the bundle {folder} is broken: {error}") from None


def _panel_document(panel: pd.DataFrame) -> dict[str, Any]:
    return {
        "columns": list(panel.columns),
        "reference_months": [f"{month:%Y-%m-%d}" for month in panel.index],
        "rows": [[None if math.isnan(x) else x for x in row] for row in panel.to_numpy(float).tolist()],
    }


def _panel(document: Mapping[str, Any]) -> pd.DataFrame:
    index = pd.DatetimeIndex(document["reference_months"], freq="MS", name="reference_month")
    return pd.DataFrame(document["rows"], index=index, columns=document["columns"], dtype=float)
