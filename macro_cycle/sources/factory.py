"""The source that the settings name, or that a file is."""

from pathlib import Path
from typing import Literal

from macro_cycle.features import Catalog
from macro_cycle.months import now
from macro_cycle.settings import Settings
from macro_cycle.sources.base import Progress, Source, SourceError, no_progress
from macro_cycle.sources.past import SeenOn

FileKind = Literal["fred_md", "alfred"]


def open_source(settings: Settings, catalog: Catalog, progress: Progress = no_progress) -> Source:
    """The source of `settings.data.source`; `progress` is told how far a long reading has come.

    In a rehearsal it is the source as it stood on the rehearsed day.

    Raises:
        SourceError: its path or key is missing.
    """
    source = _named(settings, catalog, progress)
    return source if settings.today_file is None else SeenOn(source, now())


def _named(settings: Settings, catalog: Catalog, progress: Progress) -> Source:
    data = settings.data
    if data.source == "sample":
        from macro_cycle.sources.sample import Sample

        return Sample(catalog)
    if data.source_path is None:
        raise SourceError(f"the source {data.source} needs a place; set MACRO_CYCLE_SOURCE_PATH to it")
    return open_file(data.source_path, catalog, "fred_md" if data.source == "fred_md" else "alfred", progress)


def open_file(
    path: str | Path, catalog: Catalog, kind: FileKind | None = None, progress: Progress = no_progress
) -> Source:
    """The source that a folder or file is; `kind` None: told by its names and columns.

    Raises:
        SourceError: it does not exist, or it is neither FRED-MD nor in ALFRED's layout.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"{path} does not exist; name a folder of FRED-MD vintages or a file in ALFRED's layout")
    if (kind or _kind_of(path)) == "fred_md":
        from macro_cycle.sources.fred_md import FredMd

        return FredMd(path, catalog, progress)
    from macro_cycle.sources.alfred_file import AlfredFile

    return AlfredFile(path, catalog)


def _kind_of(path: Path) -> FileKind:
    from macro_cycle.sources.alfred_file import is_alfred_layout
    from macro_cycle.sources.fred_md import NAME

    if path.is_dir() or NAME.fullmatch(path.name):
        return "fred_md"
    if is_alfred_layout(path):
        return "alfred"
    raise SourceError(
        f"{path} is neither a FRED-MD vintage (its name is no YYYY-MM.csv) nor a file in ALFRED's layout (it has no "
        "column realtime_start); rename it, or say --kind"
    )
