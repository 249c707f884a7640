"""A version is what was stored under its name, or it is refused; what is committed survives anything."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.serving.credentials import ManagementToken
from macro_cycle.serving.errors import BadRequest
from macro_cycle.serving.record import Record
from macro_cycle.training.bundle import Bundle

FILES = ["model.json", "panel.json", "expected.json", "meta.json", "manifest.json", "history.json"]


def small(version: str = "aaaa", day: str = "2008-01-31") -> Bundle:
    index = pd.date_range("2007-01-01", periods=3, freq="MS", name="reference_month")
    panel = pd.DataFrame({"INDPRO": [0.1, np.nan, 0.3]}, index=index)
    probabilities = {"Expansion": 0.25, "Contraction": 0.75}
    answer = {
        "reference_month": "2007-03-01",
        "label": "Contraction",
        "recession_probability": 0.75,
        "probabilities": probabilities,
    }
    history = [{"as_of": "2007-12-31", **answer}]
    return Bundle({"format": 1}, panel, answer, {"model_version": version, "as_of": day}, history)


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "serving")


def test_what_is_stored_comes_back(store):
    version = store.put(small())
    found = store.get(version)
    assert found.documents() == small().documents()
    assert found.history == small().history


def test_equal_bundles_share_a_version_and_others_do_not(store):
    other = replace(small(), history=())
    assert store.put(small()) == store.put(small())
    assert store.put(other) != store.put(small())
    assert store.put(small("bbbb")) != store.put(small())


@pytest.mark.parametrize("damage", [lambda p: p.write_bytes(b"{}"), lambda p: p.unlink(), lambda p: p.write_bytes(b"")])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_bundle_is_refused_and_written_anew(store, tmp_path, name, damage):
    version = store.put(small())
    damage(tmp_path / "serving" / "versions" / version / name)
    with pytest.raises(MacroCycleError, match="deploy it again"):
        store.get(version)
    with pytest.raises(MacroCycleError):
        store.commit(version)
    assert store.put(small()) == version
    assert store.intact(version)


BAD_NAMES = ["../../x", "..", "a/b", "", ".hidden", "a" * 100, "a\0b", "a b", "a\nb", "/etc"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_version_is_a_name_and_no_path(store, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    with pytest.raises(MacroCycleError):
        store.put(small(name))
    with pytest.raises(MacroCycleError):
        store.put(small(day=name))
    for call in (store.get, store.commit):
        with pytest.raises(MacroCycleError):
            call(name)
    assert set(tmp_path.rglob("*")) == before


def test_the_newest_commit_is_first_and_survives(store, tmp_path):
    first, second = store.put(small("aaaa")), store.put(small("bbbb"))
    assert store.committed() == []
    store.commit(first)
    before = store.signature()
    store.commit(second)
    assert store.signature() != before
    assert BundleStore(tmp_path / "serving").committed() == [second, first]
    store.commit(first)
    assert store.committed() == [first, second]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"versions": 3}', b'{"versions": [1]}', b"\xff"])
def test_a_damaged_pointer_commits_nothing(store, tmp_path, content):
    store.commit(store.put(small()))
    (tmp_path / "serving" / "committed.json").write_bytes(content)
    assert store.committed() == []
    store.commit(store.put(small()))
    assert len(store.committed()) == 1


def test_a_name_in_the_pointer_that_is_a_path_is_no_version(store, tmp_path):
    store.commit(store.put(small()))
    pointer = tmp_path / "serving" / "committed.json"
    pointer.write_text(json.dumps({"versions": ["../../x"]}))
    assert store.committed() == []


def test_old_versions_are_forgotten_but_none_that_served(store, tmp_path):
    served = store.put(small("served"))
    store.commit(served)
    for number in range(40):
        newest = store.put(small(f"v{number}"))
    store.commit(newest)
    left = {path.name for path in (tmp_path / "serving" / "versions").iterdir()}
    assert {served, newest} <= left
    assert len(left) <= 26


def test_the_token_is_one_and_its_owner_s(tmp_path):
    path = tmp_path / "serving" / "token"
    token, other = ManagementToken(path), ManagementToken(path)
    assert token.authorization() == other.authorization()
    assert path.stat().st_mode & 0o777 == 0o600
    assert token.allows(other.authorization())
    assert not any(token.allows(guess) for guess in ("", "Bearer ", token.authorization()[:-1], "é"))


DAYS = st.dates(date(1990, 1, 1), date(2020, 1, 1))


@given(st.sets(DAYS, min_size=1, max_size=8), DAYS)
def test_the_record_says_what_was_said_last(days, day):
    newest = date(2021, 1, 31)
    record = Record([{"as_of": str(d)} for d in days], {"as_of": str(newest)}, newest)
    said = [d for d in days if d <= day]
    if said:
        assert record.said_at(day) == {"as_of": str(max(said))}
    else:
        with pytest.raises(BadRequest, match="the record begins"):
            record.said_at(day)
    assert record.said_at(newest) == {"as_of": str(newest)}


def test_an_open_month_s_answer_counts_from_the_day_it_was_given():
    record = Record([{"as_of": "2026-10-31"}], {"as_of": "2026-11-30"}, date(2026, 11, 18))
    assert record.said_at(date(2026, 11, 17)) == {"as_of": "2026-10-31"}
    assert record.said_at(date(2026, 11, 18)) == {"as_of": "2026-11-30"}
