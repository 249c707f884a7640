"""A home made by release 0.1.0 opens: its answers are reproduced, and what it served goes on being served.

What matters of such a home is made again from a new one: tables at migration 0006 with versions of the first scheme,
MLflow's tags without a prefix.
"""

from datetime import date
from types import MappingProxyType

import dagster as dg
import pytest
from sqlalchemy import text

from macro_cycle.platform.versions import _first_scheme
from macro_cycle.promotion.decisions import to_serve
from macro_cycle.records import Decision
from macro_cycle.registry.names import PREFIX
from macro_cycle.warehouse.records import ServedAnswer
from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample
from macro_cycle_tests.audit.test_replay import links
from macro_cycle_tests.warehouse.test_migrations_keep_the_store import taken_to

MONTHS = MappingProxyType({"2008-08-01": date(2008, 8, 31), "2008-09-01": date(2008, 9, 30)})
UNCHAINED, RELEASED = "0005", "0006"
OF_A_MONTH = (
    "UPDATE warehouse.models SET input_version = :panel WHERE model_version = :model",
    "UPDATE warehouse.calls SET data_version = :regimes WHERE as_of = :day",
    "UPDATE warehouse.regimes SET data_version = :regimes WHERE as_of = :day",
)
OF_MLFLOW = (
    "UPDATE mlflow.model_version_tags SET key = substr(key, :n) WHERE starts_with(key, :prefix)",
    "UPDATE mlflow.tags SET key = substr(key, :n) WHERE starts_with(key, :prefix)",
)

pytestmark = pytest.mark.slow


def made_by_0_1_0(platform) -> None:
    """Take what the platform's stores hold back to how that release kept it."""
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, *MONTHS)
    versions = [
        (platform.regimes.last_call(day), platform.panels.read(month), platform.regimes.load(day))
        for month, day in MONTHS.items()
    ]
    call = versions[-1][0]
    platform.served.append(
        ServedAnswer(call.as_of, call.model_version, "2", "http://127.0.0.1", call.label, call.recession_probability)
    )
    with platform.warehouse.engine.begin() as connection:
        taken_to(connection, UNCHAINED)
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for given, panel, regimes in versions:
            names = {"model": given.model_version, "panel": _first_scheme(panel), "regimes": _first_scheme(regimes)}
            for update in OF_A_MONTH:
                connection.execute(text(update), {**names, "day": given.as_of})
        taken_to(connection, RELEASED)
        for update in OF_MLFLOW:
            connection.execute(text(update), {"n": len(PREFIX) + 1, "prefix": PREFIX})


@pytest.fixture
def opened(platform, monkeypatch):
    """The platform of the present release on such a home."""
    with_the_sample(platform)
    made_by_0_1_0(platform)
    return type(platform).from_environment()


def test_its_answers_are_reproduced_and_what_it_served_stays_promoted(opened):
    for day in MONTHS.values():
        call = opened.regimes.said_by(day)
        assert (call.as_of, "-" in call.data_version) == (day, False)
        assert set(links(opened, day).values()) == {True}
    decision = to_serve(opened.records.history("champion", Decision))
    assert decision is not None
    served = opened.served.last(MONTHS["2008-09-01"])
    assert (decision.model_version, decision.by) == (served.model_version, "gate")
    version = opened.registry.versions()[str(decision.as_of), decision.model_version]
    assert opened.registry.bundle(version).meta["model_version"] == served.model_version


def test_made_again_its_months_say_the_same(opened):
    before = opened.regimes.calls()
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, *MONTHS, platform=opened)
    after = opened.regimes.calls()
    same = ["as_of", "reference_month", "label", "recession_probability", "model_version", "news"]
    assert after[same].equals(before[same])
    assert len(opened.registry.versions()) == len(MONTHS)
