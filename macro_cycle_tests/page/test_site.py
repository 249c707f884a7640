"""The site is whole in itself: each link leads to a file of it, nothing is loaded from elsewhere, nothing is raw."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from posixpath import dirname, join, normpath

import pytest

from macro_cycle.page.site import POLICY, site
from macro_cycle_tests.page.worlds import recorded, without_answers

ONE = (recorded(),)
SEVERAL = (recorded(), recorded("br"), without_answers("xx"))
SITES = {"one": site(ONE), "several": site(SEVERAL), "empty": site((without_answers(),))}

each_site = pytest.mark.parametrize("files", SITES.values(), ids=SITES.keys())


class Document(HTMLParser):
    """Links, ids, words and embedded JSON of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.embedded = ""
        self.inline: list[str] = []
        self._inside = ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        self.ids += [given["id"]] if "id" in given else []
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self._inside = given.get("type", "code") if tag in ("script", "style") else ""

    def handle_endtag(self, tag):
        self._inside = "" if tag in ("script", "style") else self._inside

    def handle_data(self, data):
        if self._inside == "application/json":
            self.embedded += data
        elif self._inside:
            self.inline.append(data)
        else:
            self.words.append(data)


def documents(files: dict[str, bytes]) -> dict[str, Document]:
    return {name: Document(content) for name, content in files.items() if name.endswith(".html")}


@each_site
def test_every_link_leads_to_a_file_of_the_site(files):
    for name, document in documents(files).items():
        for link in document.links:
            path, _, fragment = link.partition("#")
            target = normpath(join(dirname(name), path)) if path else name
            assert target in files, (name, link)
            assert not fragment or fragment in Document(files[target]).ids


@each_site
def test_nothing_comes_from_elsewhere_and_no_script_is_inline(files):
    for name, content in files.items():
        if name.endswith((".html", ".css", ".js")):
            own = content.decode().replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://|//[a-z]+\.[a-z]", own.replace("\n//", "")), name
    for document in documents(files).values():
        assert document.inline == []
    assert "unsafe" not in POLICY


@each_site
def test_an_id_stands_once_and_no_raw_value_is_read(files):
    for name, document in documents(files).items():
        assert len(document.ids) == len(set(document.ids)), name
        said = " ".join(document.words)
        assert not re.search(r"\bNaT\b|\bnan\b|\bNone\b|\bnull\b|datetime|\d\.\d{5}|\{\{", said), name


def test_words_of_a_definition_are_shown_and_never_run():
    page = SITES["several"]["br/index.html"].decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert json.loads(Document(page.encode()).embedded)["today"] == "2010-12-20"


def test_a_cycle_without_an_answer_says_what_to_run():
    assert "macro-cycle run" in SITES["empty"]["us/index.html"].decode()
    assert "macro-cycle run --cycle xx" in SITES["several"]["xx/index.html"].decode()


def test_the_first_page_leads_to_each_cycle_and_says_where_it_stands():
    index = documents(SITES["several"])["index.html"]
    assert {"us/index.html", "br/index.html", "xx/index.html"} <= set(index.links)
    assert recorded().newest.sentence in "".join(index.words)


def test_the_downloads_hold_every_digit_and_csv_says_what_json_says():
    files, contents = SITES["one"], recorded()
    assert json.loads(files["us/data/contents.json"]) == contents.model_dump(mode="json")
    answers = json.loads(files["us/data/answers.json"])
    assert [row["recession_probability"] for row in answers] == [a.recession_probability for a in contents.answers]
    assert [row["p_contraction"] for row in answers] == [a.probabilities["Contraction"] for a in contents.answers]
    for name in ("answers", "forecast", "moves", "releases", "declared", "series"):
        listed = json.loads(files[f"us/data/{name}.json"])
        rows = list(csv.DictReader(io.StringIO(files[f"us/data/{name}.csv"].decode())))
        assert rows == [{key: "" if value is None else str(value) for key, value in row.items()} for row in listed]
        assert rows


def test_the_same_record_gives_the_same_bytes():
    assert site(ONE) == SITES["one"]


def test_a_page_of_fifty_years_is_under_a_megabyte():
    contents = recorded()
    longer = [series.model_copy(update={"newest": series.newest * 12}) for series in contents.series * 4]
    many = contents.model_copy(update={"answers": contents.answers * 12, "series": longer, "moves": ()})
    assert len(site([many])["us/index.html"]) < 1_000_000
