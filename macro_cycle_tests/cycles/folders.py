"""Folders of definitions made for a test."""

from pathlib import Path

from macro_cycle.cycles import Library, library
from macro_cycle.platform.settings import Settings

XX = """\
title: activity in a country of two series
economy: XX
first_month: 1990-01
features:
  - {name: UNRATE, role: activity}
  - {name: PERMIT, role: momentum}
model: {n_regimes: 2, n_restarts: 1}
chronology:
  authority: a committee
  recessions:
    - {peak: 2007Q4, trough: 2009Q2, peak_announced: 2008-12-01, trough_announced: 2010-09-20}
"""


def with_xx(folder: Path, text: str = XX) -> Path:
    """A folder with one more definition, `xx.yaml`, on two series of the sample."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "xx.yaml").write_text(text)
    return folder


def library_in(folder: Path) -> Library:
    """The definitions that there are with a user's folder."""
    return library(Settings(cycles_path=folder))
