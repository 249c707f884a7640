"""What was said, with what, and what was served can be added to and never changed, whoever asks the database."""

from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from macro_cycle.errors import MacroCycleError
from macro_cycle.warehouse import Warehouse
from macro_cycle.warehouse.models import ModelStore, StoredModel
from macro_cycle.warehouse.records import EvaluationStore, ServedAnswer, ServedStore

CHANGES = ("UPDATE warehouse.{} SET {} = 'x'", "DELETE FROM warehouse.{}", "TRUNCATE warehouse.{}")
TABLES = {"calls": "label", "models": "model_version", "served": "label", "evaluations": "data_version"}
ANSWER = ServedAnswer(date(2008, 8, 31), "m1", "7", "http://127.0.0.1:8080", "Contraction", 0.99)


@pytest.fixture
def store(database_url):
    found = Warehouse(database_url)
    with found.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS warehouse")
    found.migrate()
    return found


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_every_change(store, table, change):
    with pytest.raises(IntegrityError, match=f"warehouse.{table} is append-only"), store.engine.begin() as connection:
        connection.exec_driver_sql(change.format(table, TABLES[table]))


def test_adding_what_is_there_already_is_no_change(store):
    model = StoredModel("m1", "i1", "c1", {"format": 1}, {"aic": 1.0})
    models = ModelStore(store.engine)
    models.save([model])
    models.save([model])
    assert models.find("i1", "c1") == model


def test_the_last_served_answer_of_a_month_is_found(store):
    served = ServedStore(store.engine, "us")
    assert served.last(ANSWER.as_of) is None
    served.append(ANSWER)
    found = served.last(ANSWER.as_of)
    assert found is not None
    assert found.served_at is not None
    assert {**vars(found), "served_at": None} == vars(ANSWER)


def test_an_evaluation_that_says_the_same_is_kept_once(store):
    kept = EvaluationStore(store.engine, "us")
    with pytest.raises(MacroCycleError, match="macro-cycle evaluate"):
        kept.last()
    for _ in range(2):
        kept.append(date(2008, 8, 31), "v1", {"auroc": 0.99})
    assert kept.last() == {"auroc": 0.99}
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM warehouse.evaluations").scalar() == 1
