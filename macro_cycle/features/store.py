"""Panels on disk: one Parquet file per month, replaced atomically."""

import uuid
from typing import TYPE_CHECKING

import pandas as pd

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.versions import has_version

if TYPE_CHECKING:
    from upath import UPath


class PanelStore:
    """Panels by month under a local path or an object store's URL.

    What was written or read is kept in memory by its version, so that the steps of a run read each panel once.
    """

    def __init__(self, base_path: str) -> None:
        from upath import UPath

        self._base = UPath(base_path)
        self._kept: dict[str, pd.DataFrame] = {}

    def write(self, month: str, panel: pd.DataFrame, version: str) -> None:
        """Replace the panel of `month`; a reader sees the old file or the new one, never half of either."""
        path = self._path(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            scratch.write_bytes(panel.to_parquet())
            scratch.rename(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        self._kept[version] = panel

    def holds(self, month: str) -> bool:
        """Whether there is a file for the month."""
        return self._path(month).exists()

    def panel(self, month: str, version: str) -> pd.DataFrame:
        """The panel of `month` in this version.

        Raises:
            MacroCycleError: the file is missing, damaged, or of another version.
        """
        if version not in self._kept:
            panel = self.read(month)
            if not has_version(panel, version):
                raise MacroCycleError(
                    f"the panel of {month[:7]} on disk is not the one on record; materialize macro_features again"
                )
            self._kept[version] = panel
        return self._kept[version]

    def read(self, month: str) -> pd.DataFrame:
        """The panel as known at the end of `month`: index reference_month, one column per feature.

        Raises:
            MacroCycleError: macro_features has not been materialized for that month, or its file is damaged.
        """
        path = self._path(month)
        if not path.exists():
            raise MacroCycleError(f"no panel for {month[:7]}; materialize macro_features for that month first")
        try:
            with path.open("rb") as file:
                panel = pd.read_parquet(file)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise MacroCycleError(f"{path} is damaged ({reason}); materialize macro_features again") from None
        panel.index = pd.DatetimeIndex(panel.index, freq="MS", name="reference_month")
        return panel

    def _path(self, month: str) -> "UPath":
        return self._base / f"{month[:7]}.parquet"
