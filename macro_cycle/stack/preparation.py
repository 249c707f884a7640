"""Creating the tables before the services start: web server and daemon would race for Dagster's.

`python -m macro_cycle.stack.preparation` does it alone, where something else starts the services.

MLflow guards its own by a file lock.
"""

import sys

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.stack.earlier_releases import take_over
from macro_cycle.stack.postgres import database_url
from macro_cycle.stack.services import dagster_home
from macro_cycle.warehouse import Warehouse


def prepare_database(settings: Settings) -> None:
    """Bring the tables of the warehouse and of Dagster, and what an earlier release served, up to date.

    Raises:
        MacroCycleError: the database does not answer.
    """
    from dagster import DagsterInstance

    from macro_cycle.dagster_internals import say_that_conditions_are_evaluated

    Warehouse(database_url(settings)).migrate()
    with DagsterInstance.from_config(str(dagster_home(settings))) as instance:
        instance.upgrade()
        say_that_conditions_are_evaluated(instance)
    take_over(settings)


if __name__ == "__main__":
    try:
        prepare_database(read_settings())
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
