"""Panels on disk: one Parquet file per month, replaced atomically, addressed by content."""

import hashlib
import uuid

import pandas as pd
from upath import UPath

from macro_cycle.errors import MacroCycleError


class PanelStore:
    """Panels by month under a local path or an object store's URL."""

    def __init__(self, base_path: str) -> None:
        self._base = UPath(base_path)

    def write(self, month: str, panel: pd.DataFrame) -> None:
        """Replace the panel of `month`; a reader sees the old file or the new one, never half of either."""
        path = self._path(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        scratch.write_bytes(panel.to_parquet())
        scratch.rename(path)

    def read(self, month: str) -> pd.DataFrame:
        """The panel as known at the end of `month`: index reference_month, one column per feature.

        Raises:
            MacroCycleError: macro_features has not been materialized for that month.
        """
        path = self._path(month)
        if not path.exists():
            raise MacroCycleError(f"no panel for {month[:7]}; materialize macro_features for that month first")
        with path.open("rb") as file:
            panel = pd.read_parquet(file)
        panel.index = pd.DatetimeIndex(panel.index, freq="MS", name="reference_month")
        return panel

    def _path(self, month: str) -> UPath:
        return self._base / f"{month[:7]}.parquet"


def content_version(frame: pd.DataFrame) -> str:
    """16 hex digits of a hash of the frame's index, columns and values: equal content, equal version."""
    digest = hashlib.sha256(repr(list(frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=True).to_numpy().tobytes())
    return digest.hexdigest()[:16]
