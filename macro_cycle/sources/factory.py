"""The source that the settings name."""

from macro_cycle.features import Catalog
from macro_cycle.settings import Settings
from macro_cycle.sources.base import Source, SourceError


def open_source(settings: Settings, catalog: Catalog) -> Source:
    """The source of `settings.data.source`.

    Raises:
        SourceError: its path, key or service is missing.
    """
    if settings.data.source == "sample":
        from macro_cycle.sources.sample import Sample

        return Sample(catalog)
    raise SourceError(f"unknown source {settings.data.source}")
