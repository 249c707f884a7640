"""The endpoint as the assets use it."""

from typing import TYPE_CHECKING

import dagster as dg

from macro_cycle.settings import load_settings

if TYPE_CHECKING:
    from macro_cycle.serving.deployers import Deployer


class EndpointResource(dg.ConfigurableResource):
    """The model server of this machine."""

    def deployer(self) -> "Deployer":
        """What takes bundles into service there."""
        from macro_cycle.serving.deployers import LocalDeployer

        return LocalDeployer(load_settings())
