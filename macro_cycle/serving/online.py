"""The newest features of an economy out of the feature store, as the server asks for them."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.answering import OnlineFeatures
from macro_cycle.serving.errors import BadRequest

RETRY_SECONDS = 5.0


class FeastOnlineStore:
    """Reads `read()` of a store that `connect` makes at the first question; a failure is not repeated at once.

    `connect` gives something with `read_online() -> OnlineRow`, whose values are named `<view>__<column>`.
    """

    def __init__(self, economy: str, view: str, columns: Sequence[str], connect: Callable[[], Any]) -> None:
        self._economy, self._view, self._columns, self._connect = economy, view, tuple(columns), connect
        self._store: Any = None
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
            return self._read()

    def _read(self) -> OnlineFeatures:
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
        return self._features(row.values, datetime.now(UTC) - row.age)

    def _features(self, values: Mapping[str, Any], known: datetime) -> OnlineFeatures:
        month = values.get(f"{self._view}__reference_month")
        if month is None:
            raise MacroCycleError(f"it holds no month of {self._economy} yet")
        numbers = {name: values.get(f"{self._view}__{name}") for name in self._columns}
        return OnlineFeatures(
            reference_month=datetime.fromisoformat(str(month)[:10]).date(),
            as_of=known.date(),
            values={name: float("nan") if number is None else float(number) for name, number in numbers.items()},
        )
