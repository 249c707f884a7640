"""The study in `examples` prints the tables that its README publishes."""

import runpy

import pytest

from macro_cycle_tests.docs.markdown import ROOT

STUDY = ROOT / "examples" / "recessions_in_real_time"


def tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.mark.slow
def test_the_study_prints_its_published_figures(capsys):
    runpy.run_path(str(STUDY / "study.py"), run_name="__main__")
    assert tables(capsys.readouterr().out) == tables((STUDY / "README.md").read_text("utf-8"))
