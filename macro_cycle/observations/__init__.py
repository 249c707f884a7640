"""What observations are: the catalogue of series, their calendar of releases, their revisions, and their quality.

Belongs here: what each series is, when its values are due and how they change, and whether they can be true. Does
not belong here: fetching (`sources`), storing (`warehouse`), anything that a model is made of (`features`).
"""

from macro_cycle.observations.catalog import Catalog, CatalogError, SeriesSpec
from macro_cycle.observations.provenance import Provenance, Publications

__all__ = ["Catalog", "CatalogError", "Provenance", "Publications", "SeriesSpec"]
