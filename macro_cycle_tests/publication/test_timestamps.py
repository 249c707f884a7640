"""A time stamp is kept only if it is of the entry, and checked against the authority's certificate."""

import base64
import shutil

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.publication import timestamps
from macro_cycle.publication.ledger import Draft, Entry, Ledger
from macro_cycle_tests.publication.authority import Authority

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def entries(tmp_path) -> list[Entry]:
    with Ledger(tmp_path / "us.jsonl").opened() as opened:
        return opened.append([Draft("answer", {"n": n}) for n in range(2)])


def stamped(tmp_path, authority: Authority, entry: Entry) -> tuple[Entry, dict[int, Entry]]:
    with Ledger(tmp_path / "us.jsonl").opened() as opened:
        response = authority.answer(timestamps.request(entry.digest))
        (stamp,) = opened.append([timestamps.draft(entry, response, "here")])
        return stamp, {each.number: each for each in opened.entries}


def test_a_stamp_is_what_openssl_says_it_is(tmp_path, authority, entries):
    stamp, known = stamped(tmp_path, authority, entries[-1])
    assert authority.verifies(entries[-1].digest, base64.b64decode(stamp.body["token"]))
    found = timestamps.check(stamp, known, timestamps.roots_in(authority.root))
    assert (found.entry, found.signature_checked) == (2, True)
    assert not timestamps.check(stamp, known).signature_checked


def test_a_stamp_of_something_else_is_not_kept(authority, entries):
    response = authority.answer(timestamps.request(entries[0].digest))
    with pytest.raises(MacroCycleError, match="something else than entry 2"):
        timestamps.draft(entries[1], response, "here")
    with pytest.raises(MacroCycleError, match="what is no time stamp"):
        timestamps.draft(entries[1], b"<html>", "here")


def test_another_authority_s_stamp_is_not_vouched_for(tmp_path, tmp_path_factory, authority, entries):
    other = Authority(tmp_path_factory.mktemp("other"))
    stamp, known = stamped(tmp_path, other, entries[-1])
    with pytest.raises(MacroCycleError, match="do not vouch for"):
        timestamps.check(stamp, known, timestamps.roots_in(authority.root))


def test_a_file_without_certificates_is_one_line(tmp_path):
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(MacroCycleError, match="holds no certificate"):
        timestamps.roots_in(tmp_path / "no.pem")
