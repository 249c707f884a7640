"""The cycles of an installation, each as a platform that can only read."""

from functools import cached_property

from sqlalchemy import func, select

from macro_cycle.cycles import DEFAULT, library
from macro_cycle.platform.settings import Settings
from macro_cycle.records import Answer
from macro_cycle.resources.platform import Platform
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.tables import calls, evaluations, records

RecordVersion = tuple[int | None, ...]


class ReadingPlatform(Platform):
    """A platform through which the database takes no change, and whose tables are taken as they are."""

    @cached_property
    def warehouse(self) -> Warehouse:
        """The store, every transaction of which only reads."""
        warehouse = Warehouse(self.database_url)
        warehouse.engine = warehouse.engine.execution_options(postgresql_readonly=True)
        return warehouse


class Cycles:
    """Those of an installation; the platform of each is made once."""

    def __init__(self, settings: Settings) -> None:
        definitions = library(settings).found
        self._platforms = {code: ReadingPlatform(settings, definition) for code, definition in definitions.items()}

    def shown(self, only: str | None = None) -> list[Platform]:
        """The default one, and the others that have been answered; or the one of this code alone."""
        if only is not None:
            return [self._platforms[only]]
        return [each for code, each in self._platforms.items() if code == DEFAULT or _is_answered(each)]

    def record_version(self) -> RecordVersion:
        """What changes whenever something is added to the record of any cycle."""
        newest = [select(func.max(table.c.id)).scalar_subquery() for table in (records, calls, evaluations)]
        with self._platforms[DEFAULT].warehouse.engine.connect() as connection:
            return tuple(connection.execute(select(*newest)).one())


def _is_answered(platform: Platform) -> bool:
    return platform.records.newest("regime_labels", Answer) is not None
