"""The panel store at the path that the settings name."""

import dagster as dg

from macro_cycle.features.store import PanelStore
from macro_cycle.platform.settings import load_settings


class PanelResource(dg.ConfigurableResource):
    """Panels by month.

    Dagster's UPathIOManager stores one output per run; a range run writes one file per month, so the asset
    writes through this resource and hands on no value.
    """

    def store(self) -> PanelStore:
        """The store, local or remote."""
        return PanelStore(load_settings().panel_path)
