"""Content versions: equal content, equal version, whatever library built it.

A version hashes canonical bytes: column names and texts as UTF-8, days as int64, numbers as IEEE float64 with one NaN
and one zero. The scheme's number stands before the digits, so that another scheme can follow without being mistaken
for other content. Versions without a number are of the first scheme, which hashed what pandas makes of a frame;
they are still compared (`has_version`), and no longer given.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SCHEME = "2"
DIGITS = 16
_SEPARATOR = b"\x1f"


def content_version(frame: pd.DataFrame) -> str:
    """`2-` and 16 hex digits of a hash of the frame's index, columns and values.

    Index and columns may hold days, numbers or texts; categories and objects are taken as texts.
    """
    digest = hashlib.sha256()
    digest.update(_canonical(frame.index))
    for name in frame.columns:
        digest.update(_SEPARATOR + str(name).encode() + _SEPARATOR)
        digest.update(_canonical(frame[name]))
    return f"{SCHEME}-{digest.hexdigest()[:DIGITS]}"


def has_version(frame: pd.DataFrame, version: str) -> bool:
    """Whether the frame has this content version, of whichever scheme it is."""
    return version == (content_version(frame) if "-" in version else _first_scheme(frame))


def document_version(document: Mapping[str, Any]) -> str:
    """First 12 hex digits of the sha256 of the document's canonical JSON; it is the same under every scheme."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _canonical(values: pd.Index | pd.Series) -> bytes:
    kind = values.dtype.kind
    if kind == "M":
        return b"days" + values.to_numpy("datetime64[D]").astype("<i8").tobytes()
    if kind in "fiub":
        return b"numbers" + _numbers(values.to_numpy(float)).tobytes()
    codes, texts = pd.factorize(values.astype(object))
    lengths = b"".join(b"%d:%s" % (len(text), text) for text in (str(each).encode() for each in texts))
    return b"texts" + lengths + codes.astype("<i8").tobytes()


def _numbers(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Little-endian float64 with the one NaN and the positive zero."""
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")


def _first_scheme(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256(repr(list(frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=True).to_numpy().tobytes())
    return digest.hexdigest()[:DIGITS]
