"""The endpoint as the assets use it."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.platform.settings import load_settings
from macro_cycle.resources.warehouse import WarehouseResource

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from macro_cycle.serving.deployers import Deployer


class EndpointResource(dg.ConfigurableResource):
    """The model server of this machine."""

    def deployer(self) -> "Deployer":
        """What takes bundles into service there."""
        from macro_cycle.serving.deployers import LocalDeployer

        return LocalDeployer(load_settings())

    def exclusive(self) -> AbstractContextManager["Connection"]:
        """Held while a deployment is made, verified and recorded: one run at a time changes what serves."""
        from macro_cycle.warehouse.locks import exclusive

        return exclusive(WarehouseResource().observations().engine, "endpoint")
