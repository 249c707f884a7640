"""The deployment bundle: a folder of JSON files that holds everything a server needs to answer and to be checked.

`model.json` is the model document; `panel.json` the panel that it was trained on (the golden window);
`expected.json` the answer for the panel's newest month; `meta.json` where it all comes from; `history.json`, where
there is one, the answers that were given at earlier days.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from macro_cycle.errors import MacroCycleError

FILES = ("model", "panel", "expected", "meta")
HISTORY = "history"
OF_A_PAST_ANSWER = ("as_of", "reference_month", "label", "recession_probability", "probabilities")


@dataclass(frozen=True)
class Bundle:
    """A model document with its golden window, the expected answer, its origin and the answers of earlier days.

    `expected` holds at least `reference_month`, `label`, `recession_probability` and `probabilities`, each entry of
    `history` those and `as_of` (ISO days); whatever else they hold is answered as it stands.
    """

    model: Mapping[str, Any]
    panel: pd.DataFrame
    expected: Mapping[str, Any]
    meta: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]] = ()

    def documents(self) -> dict[str, bytes]:
        """The content of each file, by its name; equal bundles give equal bytes."""
        content: dict[str, Any] = {
            "model": self.model,
            "panel": _panel_document(self.panel),
            "expected": self.expected,
            "meta": self.meta,
        }
        if self.history:
            content[HISTORY] = list(self.history)
        return {
            f"{name}.json": json.dumps(document, sort_keys=True, allow_nan=False, default=str).encode()
            for name, document in content.items()
        }

    def write(self, folder: Path) -> Path:
        """Write the files into `folder`, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.documents().items():
            (folder / name).write_bytes(content)
        return folder

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        """The bundle in `folder`.

        Raises:
            MacroCycleError: a file is missing or is not JSON of the expected shape.
        """
        names = [*FILES, *([HISTORY] if (folder / f"{HISTORY}.json").exists() else [])]
        try:
            return cls.parse({f"{name}.json": (folder / f"{name}.json").read_bytes() for name in names})
        except FileNotFoundError as error:
            raise MacroCycleError(f"the bundle {folder} lacks {Path(error.filename).name}") from None
        except MacroCycleError as error:
            raise MacroCycleError(f"the bundle {folder} is broken: {error}") from None

    @classmethod
    def parse(cls, documents: Mapping[str, bytes]) -> "Bundle":
        """The bundle that `documents` gave.

        Raises:
            MacroCycleError: a document is missing or is not JSON of the expected shape.
        """
        try:
            found = {name.removesuffix(".json"): json.loads(content) for name, content in documents.items()}
            history = [_past_answer(entry) for entry in found.get(HISTORY, ())]
            return cls(found["model"], _panel(found["panel"]), found["expected"], found["meta"], history)
        except KeyError as error:
            raise MacroCycleError(f"it lacks {error.args[0]}") from None
        except (TypeError, ValueError) as error:
            raise MacroCycleError(str(error)) from None


def _panel_document(panel: pd.DataFrame) -> dict[str, Any]:
    return {
        "columns": list(panel.columns),
        "reference_months": [f"{month:%Y-%m-%d}" for month in panel.index],
        "rows": [[None if math.isnan(x) else x for x in row] for row in panel.to_numpy(float).tolist()],
    }


def _panel(document: Mapping[str, Any]) -> pd.DataFrame:
    index = pd.DatetimeIndex(document["reference_months"], freq="MS", name="reference_month")
    return pd.DataFrame(document["rows"], index=index, columns=document["columns"], dtype=float)


def _past_answer(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry, once it is seen to hold what an answer must hold."""
    for name in OF_A_PAST_ANSWER:
        entry[name]
    date.fromisoformat(entry["as_of"])
    return entry
