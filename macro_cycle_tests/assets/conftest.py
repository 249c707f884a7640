"""What tests of the graph share."""

import pytest

from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse import Warehouse
from macro_cycle_tests.assets.graph import with_the_sample


@pytest.fixture
def store(platform: Platform) -> Warehouse:
    """The platform's warehouse with the sample in it."""
    return with_the_sample(platform)
