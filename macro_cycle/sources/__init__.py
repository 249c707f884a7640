"""Where observations come from: each source yields the same typed frame.

Belongs here: wire formats, paging, retries, file layouts, and the check that every frame passes before it is
written. Does not belong here: storing (`warehouse`) and transforming (`features`).
"""

from macro_cycle.sources.base import Progress, Source, SourceError, known_on
from macro_cycle.sources.factory import open_source

__all__ = ["Progress", "Source", "SourceError", "known_on", "open_source"]
