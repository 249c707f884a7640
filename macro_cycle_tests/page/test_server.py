"""The server shows the record as it stands, is only read, and shows the last site while the record cannot be read."""

import asyncio
import gzip

import httpx
import pytest
from sqlalchemy import exc, text

from macro_cycle.errors import MacroCycleError
from macro_cycle.page.cycles import Cycles, ReadingPlatform
from macro_cycle.page.server import Standing, page_app
from macro_cycle.records import Record, RecordStore
from macro_cycle_tests.page.worlds import ENDS, record_of


class Source:
    """A record that changes, fails and counts how often a site was made of it."""

    def __init__(self) -> None:
        self.version, self.fails, self.made = 1, False, 0

    def look(self) -> int:
        if self.fails:
            raise MacroCycleError("the database does not answer")
        return self.version

    def make(self) -> dict[str, bytes]:
        self.made += 1
        return {"index.html": f"<p>{self.version}".encode(), "us/index.html": b"us" * 99, "assets/icon.svg": b"<svg/>"}


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def ask(source):
    app = page_app(Standing(source.look, source.make, look_seconds=0))

    def asked(path: str, method: str = "GET", **headers: str) -> httpx.Response:
        async def over() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, path, headers=named)

        return asyncio.run(over())

    return asked


def test_a_folder_is_shown_by_its_index_and_its_bare_name_leads_there(ask):
    assert ask("/").text == "<p>1"
    assert ask("/us/").text == "us" * 99
    assert (ask("/us").status_code, ask("/us").headers["location"]) == (308, "/us/")
    assert ask("/nowhere").status_code == 404
    assert ask("/../setup.py").status_code == 404
    assert ask("/-/healthy").text == "healthy\n"


def test_a_new_record_makes_a_new_site_and_the_same_one_none(ask, source):
    for _ in range(3):
        ask("/")
    assert source.made == 1
    source.version = 2
    assert ask("/").text == "<p>2"
    assert source.made == 2


def test_who_has_the_file_is_told_so_until_it_changes(ask, source):
    etag = ask("/").headers["etag"]
    again = ask("/", if_none_match=etag)
    assert (again.status_code, again.content) == (304, b"")
    source.version = 2
    assert ask("/", if_none_match=etag).text == "<p>2"


def test_content_is_packed_for_who_takes_it(ask):
    assert ask("/us/", accept_encoding="gzip").headers["content-encoding"] == "gzip"
    assert ask("/us/", accept_encoding="gzip").text == "us" * 99
    assert "content-encoding" not in ask("/us/", accept_encoding="identity").headers
    assert gzip.compress(b"us" * 99, mtime=0) != b"us" * 99


def test_it_is_only_read(ask):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask("/", method).status_code == 405
    assert (ask("/", "HEAD").status_code, ask("/", "HEAD").content) == (200, b"")


def test_a_browser_is_told_to_load_nothing_from_elsewhere(ask):
    headers = ask("/").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert ask("/assets/icon.svg").headers["content-type"] == "image/svg+xml"


def test_the_last_site_is_shown_while_the_record_cannot_be_read(ask, source):
    source.fails = True
    refused = ask("/")
    assert (refused.status_code, refused.text.count("\n")) == (503, 1)
    source.fails = False
    ask("/")
    source.fails, source.version = True, 2
    assert ask("/").text == "<p>1"
    source.fails = False
    assert ask("/").text == "<p>2"


def test_the_database_takes_no_change_through_the_page(platform):
    platform.warehouse.migrate()
    reading = ReadingPlatform(platform.settings)
    with pytest.raises(exc.InternalError, match="read-only"), reading.warehouse.engine.begin() as connection:
        connection.execute(text("DELETE FROM warehouse.news"))


def test_whatever_is_added_to_the_record_changes_its_version(platform):
    platform.warehouse.migrate()
    cycles = Cycles(platform.settings)
    before = cycles.record_version()
    assert cycles.record_version() == before
    record = Record(cycle="br", as_of=ENDS[0], version="one", made_by="1")
    RecordStore(platform.warehouse.engine, "br").append("panel", [record])
    assert cycles.record_version() != before


def test_a_cycle_is_shown_once_it_has_been_answered(platform):
    platform.warehouse.migrate()
    cycles = Cycles(platform.settings)
    assert [each.cycle for each in cycles.shown()] == ["us"]
    RecordStore(platform.warehouse.engine, "br").append("regime_labels", [record_of(ENDS[0], cycle="br")])
    assert [each.cycle for each in cycles.shown()] == ["us", "br"]
