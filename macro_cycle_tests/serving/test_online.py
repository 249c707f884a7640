"""What the online store gives becomes features, and what keeps it from answering is one line, not asked for again."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.feature_store.rows import OnlineRow
from macro_cycle.serving.errors import BadRequest
from macro_cycle.serving.online import FeastOnlineStore


@dataclass
class Store:
    row: OnlineRow | Exception
    connections: int = 0
    values: dict = field(default_factory=dict)

    def connect(self) -> "Store":
        self.connections += 1
        return self

    def read_online(self) -> OnlineRow:
        if isinstance(self.row, Exception):
            raise self.row
        return self.row


def online(store: Store) -> FeastOnlineStore:
    return FeastOnlineStore("US", ["INDPRO", "PAYEMS"], store.connect)


def row(**features: float) -> OnlineRow:
    return OnlineRow(
        economy="US",
        as_of=date(2026, 11, 26),
        reference_month=date(2026, 10, 1),
        known_at=datetime(2026, 11, 26, tzinfo=UTC),
        age=timedelta(days=2),
        data_version="data",
        model_version="model",
        features=features,
        label="Expansion",
        recession_probability=0.1,
        probabilities={},
    )


def test_the_newest_row_becomes_features():
    features = online(Store(row(INDPRO=0.5)))("US")
    assert (features.reference_month, features.as_of) == (date(2026, 10, 1), date(2026, 11, 26))
    np.testing.assert_array_equal([features.values["INDPRO"], features.values["PAYEMS"]], [0.5, np.nan])


def test_another_economy_is_the_client_s_error():
    store = Store(row(INDPRO=0.5))
    with pytest.raises(BadRequest, match="holds US, not BR"):
        online(store)("BR")
    assert store.connections == 0


@pytest.mark.parametrize("error", [ConnectionError("refused\nmore"), MacroCycleError("empty"), KeyError("x")])
def test_a_failure_is_one_line_and_not_asked_for_again_at_once(error):
    store = Store(error)
    read = online(store)
    for _ in range(3):
        with pytest.raises(MacroCycleError) as said:
            read("US")
        assert "\n" not in str(said.value)
    store.row = row(INDPRO=0.5)
    with pytest.raises(MacroCycleError):
        read("US")
    assert store.connections == 1
