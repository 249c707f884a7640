"""What is said is published as it is said, once, and nothing that was computed later; strangers can check it."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Provenance
from macro_cycle.publication.verification import verify
from macro_cycle.records import Answer, Decision
from macro_cycle.resources import publishing
from macro_cycle.resources.platform import Platform
from macro_cycle_tests.patience import PATIENCE
from macro_cycle_tests.publication.authority import Authority

MONTH = date.today().replace(day=28) + timedelta(days=10)
OPEN = MONTH.replace(day=1) - timedelta(days=1)
"""End of the open month: the database stamps its rows with the real day."""


def answer(probability: float = 0.01, as_of: date = OPEN, **more: object) -> Answer:
    probabilities = {"Expansion": 1 - probability, "Contraction": probability}
    return Answer(
        cycle="us", as_of=as_of, version=f"v{probability}", made_by="1", reference_month=date(2026, 7, 1),
        label="Expansion", recession_probability=probability, probabilities=probabilities, model_version="m1",
        panel_version="p1", newest={}, news=True, provenance=Provenance(one_vintage=1.0, revised_until="2026-08-17"),
        **more,
    )  # fmt: skip


def decision(outcome: str = "promote", **more: object) -> Decision:
    return Decision(
        cycle="us", as_of=OPEN, version="m1", made_by="1", model_version="m1", outcome=outcome, by="gate",
        reason="it fits", decided_at=datetime(2026, 11, 1, tzinfo=UTC), **more,
    )  # fmt: skip


@pytest.fixture
def published(platform):
    """Publish, and give the entries of the file, which must hold."""

    def publish(found: Platform = platform) -> list:
        done = publishing.publish(found)
        checked = verify(done.path.read_bytes(), done.head)
        assert checked.problems == ()
        assert len(checked.entries) == done.entries
        return list(checked.entries)

    return publish


def with_settings(platform: Platform, monkeypatch, **settings: str) -> Platform:
    for name, value in settings.items():
        monkeypatch.setenv(f"MACRO_CYCLE_PUBLISH__{name.upper()}", value)
    return Platform.from_environment()


def test_an_answer_is_published_once_with_what_it_rests_on(platform, published):
    platform.records.append("regime_labels", [answer()])
    platform.records.append("champion", [decision()])
    begun, said, decided = published()
    assert (begun.kind, begun.body["cycle"]) == ("begin", "us")
    assert said.body["recession_probability"] == 0.01
    assert said.body["provenance"]["kind"] == "one_vintage"
    assert said.body["versions"] == {"model": "m1", "panel": "p1", "regimes": "v0.01"}
    assert said.body["months_behind"] == answer().months_behind
    assert (decided.body["outcome"], decided.body["by"]) == ("promote", "gate")
    assert published() == [begun, said, decided]


def test_every_later_answer_follows_in_the_order_in_which_it_was_given(platform, published):
    platform.records.append("regime_labels", [answer(0.01)])
    first = published()
    for probability in (0.02, 0.01, 0.03):  # what was said before may be said again
        platform.records.append("regime_labels", [answer(probability)])
    entries = published()
    assert entries[:2] == first
    assert [entry.body["recession_probability"] for entry in entries[1:]] == [0.01, 0.02, 0.01, 0.03]


def test_what_is_computed_later_about_a_closed_month_is_not_published(platform, published):
    platform.records.append("regime_labels", [answer(0.01)])
    published()
    platform.records.append("regime_labels", [answer(0.9, date(2008, 9, 30))])
    platform.records.append("regime_labels", [answer(0.5, problems=("it leaks",))])
    platform.records.append("champion", [decision("closed")])
    assert [entry.kind for entry in published()] == ["begin", "answer"]


def test_a_record_begun_anew_begins_with_what_stands(platform, published):
    for probability in (0.01, 0.02):
        platform.records.append("regime_labels", [answer(probability)])
    assert [entry.body.get("recession_probability") for entry in published()] == [None, 0.02]


def test_two_cycles_share_a_folder(platform, published):
    platform.records.append("regime_labels", [answer()])
    other = Platform(platform.installation, "br")
    other.records.append("regime_labels", [answer(0.2).model_copy(update={"cycle": "br"})])
    assert len(published()) == len(published(other)) == 2
    assert {path.name for path in platform.settings.published_path.iterdir()} == {"us.jsonl", "br.jsonl"}


def test_an_altered_file_is_left_as_it_is(platform, published):
    platform.records.append("regime_labels", [answer(0.01)])
    published()
    path = publishing.path_of(platform)
    altered = path.read_bytes().replace(b'"recession_probability":0.01', b'"recession_probability":0.91')
    path.write_bytes(altered)
    platform.records.append("regime_labels", [answer(0.02)])
    with pytest.raises(MacroCycleError, match=r"line 2 of .* was altered"):
        publishing.publish(platform)
    assert path.read_bytes() == altered


def test_each_publication_is_a_commit_of_that_file_alone(platform, published, tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / "mine.txt").write_text("the user's own, staged and not committed")
    subprocess.run(["git", "-C", str(folder), "add", "mine.txt"], check=True)
    found = with_settings(platform, monkeypatch, path=str(folder), git="true")
    for probability in (0.01, 0.02):
        found.records.append("regime_labels", [answer(probability)])
        published(found)
        published(found)
    log = ["git", "-C", str(folder), "log", "--format=%s", "--name-only"]
    said = subprocess.run(log, capture_output=True, text=True, check=True).stdout.split("\n")
    assert [line for line in said if line] == [
        "us: published up to entry 3", "us.jsonl", "us: published up to entry 2", "us.jsonl",
    ]  # fmt: skip


def test_a_folder_without_a_repository_is_a_warning_and_the_entry_stands(platform, tmp_path, monkeypatch):
    found = with_settings(platform, monkeypatch, path=str(tmp_path / "plain"), git="true")
    found.records.append("regime_labels", [answer()])
    done = publishing.publish(found)
    assert done.entries == 2
    assert "`git init` there first" in done.warnings[0]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_newest_entry_is_stamped_once_and_a_silent_authority_is_asked_again(
    platform, published, tmp_path, monkeypatch, told
):
    authority = Authority(tmp_path)
    silent = with_settings(platform, monkeypatch, timestamp_url="http://127.0.0.1:9/tsa")
    silent.records.append("regime_labels", [answer()])
    assert "has no time stamp: ConnectError" in publishing.publish(silent).warnings[0]
    with authority.listening() as url:
        found = with_settings(platform, monkeypatch, timestamp_url=url)
        for _ in range(2):
            assert [entry.kind for entry in published(found)] == ["begin", "answer", "timestamp"]
    code, out, _ = told("verify", str(publishing.path_of(found)), "--certificates", str(authority.root), "--json")
    assert code == 0
    [stamp] = json.loads(out)["timestamps"]
    assert (stamp["entry"], stamp["signature_checked"]) == (2, True)


@pytest.mark.slow
def test_a_stranger_verifies_with_the_file_alone(platform, published, tmp_path):
    platform.records.append("regime_labels", [answer()])
    head = published()[-1].digest
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = elsewhere / "us.jsonl"
    content = publishing.path_of(platform).read_bytes()

    def asked(*arguments: str) -> subprocess.CompletedProcess:
        program = [sys.executable, "-W", "ignore", "-c", "from macro_cycle.cli import main; main()", "verify"]
        bare = {"PATH": "", "PYTHONPATH": sys.path[0], "MACRO_CYCLE_SUORCE": "no setting is read"}
        command, options = [*program, "us.jsonl", *arguments], {"cwd": elsewhere, "env": bare, "timeout": PATIENCE}
        return subprocess.run(command, capture_output=True, text=True, **options)

    file.write_bytes(content)
    held = asked("--head", head)
    assert held.returncode == 0, held.stderr
    assert "2 entries" in held.stdout
    assert head in held.stdout
    file.write_bytes(content.replace(b"0.01", b"0.91"))
    altered = asked()
    assert altered.returncode == 1
    assert altered.stderr.splitlines()[0].startswith("line 2 was altered")
    file.write_bytes(content.splitlines(keepends=True)[0])
    assert asked("--head", head).stderr.splitlines()[0].startswith("line 1 ends the record, and no entry has")
    assert sorted(path.name for path in elsewhere.iterdir()) == ["us.jsonl"]
