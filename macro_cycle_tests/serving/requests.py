"""Requests as clients write them, for tests that need no server."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from macro_cycle.serving import v1, v2
from macro_cycle.serving.questions import Limits, Question, WindowReader

COLUMNS = ("INDPRO", "PAYEMS", "T10Y3M")
LIMITS = Limits(instances=8, rows=50, total_rows=100)


def reader() -> WindowReader:
    """A reader for three features that lie between -2 and 2 about."""
    panel = np.random.default_rng(0).normal(size=(60, len(COLUMNS))).clip(-2, 2)
    return WindowReader(pd.DataFrame(panel, columns=COLUMNS))


def ask_v1(document: Any) -> list[Question]:
    """The questions of a V1 body; bytes are sent as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return v1.read(body, reader(), LIMITS)


def ask_v2(document: Any, tail: bytes | None = None, *, length: int | None = None) -> list[Question]:
    """The questions of a V2 body, with binary data after its JSON where there is a tail."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    if tail is not None and length is None:
        length = len(body)
    request = v2.read(body + (tail or b""), length, LIMITS, len(COLUMNS))
    return v2.questions(request.tensors, reader(), LIMITS)


def tensor(values: np.ndarray, name: str = "panel", datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    """An input in JSON; NaN becomes null."""
    cells = [None if np.isnan(cell) else cell for cell in values.ravel().tolist()]
    return {"name": name, "datatype": datatype, "shape": list(values.shape), "data": cells} | more


def binary(name: str, datatype: str, shape: Sequence[int], size: int) -> dict[str, Any]:
    """An input whose data follow the JSON."""
    return {"name": name, "datatype": datatype, "shape": list(shape), "parameters": {"binary_data_size": size}}


def words(*texts: bytes) -> bytes:
    """Elements of a BYTES tensor in binary."""
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
