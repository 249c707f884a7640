"""`macro-cycle site` writes a whole site, writes it again, and never among somebody else's files."""

import pytest


def test_a_fresh_home_gives_a_page_that_says_what_to_run(told, tmp_path):
    code, output, _ = told("site", "--out", str(tmp_path / "out"))
    assert code == 0
    assert "index.html" in output
    assert "macro-cycle run" in (tmp_path / "out" / "us" / "index.html").read_text()


def test_a_site_is_written_again_in_its_place(told, tmp_path):
    for _ in range(2):
        assert told("site", "--out", str(tmp_path / "out"))[0] == 0
    assert not list((tmp_path / "out").rglob(".*"))


def test_one_cycle_is_written_alone_and_one_that_is_not_there_is_one_line(told, tmp_path):
    out = tmp_path / "out"
    assert told("site", "--out", str(out), "--cycle", "br")[0] == 0
    assert {path.parent.name for path in out.glob("*/index.html")} == {"br"}
    assert "macro-cycle run --cycle br" in (out / "br" / "index.html").read_text()
    assert "br/index.html" in (out / "index.html").read_text()
    code, _, [line] = told("site", "--out", str(tmp_path / "other"), "--cycle", "xx")
    assert code == 1
    assert "no cycle xx" in line
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("made", "said"), [("folder", "other files lie in that folder"), ("file", "it is a file")])
def test_other_files_are_left_alone(told, tmp_path, made, said):
    out = tmp_path / "out"
    if made == "folder":
        out.mkdir()
        (out / "thesis.tex").write_text("mine")
    else:
        out.write_text("mine")
    code, _, [line] = told("site", "--out", str(out))
    assert code == 2
    assert said in line
    assert [path.name for path in tmp_path.glob("out/*")] == (["thesis.tex"] if made == "folder" else [])


def test_a_folder_that_cannot_be_made_is_one_line(told, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, [line] = told("site", "--out", str(tmp_path / "file" / "out"))
    assert code in (1, 2)
    assert "cannot write" in line
