"""The newest features of an economy out of the feature store, as the server asks for them."""

import math
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.answering import OnlineFeatures
from macro_cycle.serving.errors import BadRequest

if TYPE_CHECKING:
    from macro_cycle.feature_store.rows import OnlineRow
    from macro_cycle.feature_store.store import EconomyStore

RETRY_SECONDS = 5.0


class FeastOnlineStore:
    """Reads a store that `connect` makes at the first question; a failure is not repeated at once."""

    def __init__(self, economy: str, columns: Sequence[str], connect: Callable[[], "EconomyStore"]) -> None:
        self._economy, self._columns, self._connect = economy, tuple(columns), connect
        self._store: EconomyStore | None = None
        self._failed: tuple[float, str] | None = None
        self._lock = Lock()

    def __call__(self, economy: str) -> OnlineFeatures:
        """The newest features.

        Raises:
            BadRequest: it holds another economy.
            MacroCycleError: the feature store does not answer.
        """
        if economy != self._economy:
            raise BadRequest(f"the online store holds {self._economy}, not {economy}")
        with self._lock:
            row = self._read()
        values = {name: row.features.get(name, math.nan) for name in self._columns}
        return OnlineFeatures(reference_month=row.reference_month, as_of=row.as_of, values=values)

    def _read(self) -> "OnlineRow":
        if self._failed is not None and time.monotonic() < self._failed[0]:
            raise MacroCycleError(self._failed[1])
        try:
            self._store = self._store or self._connect()
            row = self._store.read_online()
            self._failed = None
        except Exception as error:  # a driver's, Feast's or our own: the store does not answer
            reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            self._failed = (time.monotonic() + RETRY_SECONDS, reason)
            raise MacroCycleError(reason) from None
        return row
