"""What pages promise about other parts of the repository holds."""

import json
import re

import pytest
import yaml

from macro_cycle_tests.docs.markdown import DOCS, ROOT, headings, pages


def test_every_alert_has_its_section_in_the_runbook_and_every_section_its_alert():
    groups = yaml.safe_load((ROOT / ".ops/.prometheus/alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert headings("runbook.md")[1:] == [rule["alert"] for rule in rules]
    for rule in rules:
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


MEASURED = [
    ("default_model", "AUROC", 0, "AUROC", 3),
    ("default_model", "Brier score", 0, "Brier score", 3),
    ("default_model", "expansion months called recession", 0, "expansion months called recession", 1),
    ("default_model", "slowest call, month ends", 0, "slowest call", 0),
    ("brazil", "AUROC", 1, "AUROC", 3),
    ("brazil", "Brier score", 1, "Brier score", 3),
    ("brazil", "expansion months called recession", 1, "expansion months called recession", 1),
    ("brazil", "slowest call, month ends", 1, "slowest call", 0),
    ("declared", "false or premature alarms", 0, "false or premature alarms", 0),
    ("declared", "reversals", 0, "reversals between declaration and trough", 0),
    ("declared", "days after the peak month's end, mean", 0, "days after the peak month's end, mean", 1),
    ("declared", "days after the peak month's end, longest", 0, "days after the peak month's end, longest", 0),
    ("declared", "days after the trough month's end, mean", 0, "days after the trough month's end, mean", 1),
    ("declared", "days after the trough month's end, longest", 0, "days after the trough month's end, longest", 0),
]


@pytest.mark.parametrize(("suite", "row", "column", "figure", "digits"), MEASURED)
def test_the_model_card_says_what_was_measured(suite, row, column, figure, digits):
    measured = json.loads((ROOT / f"benchmarks/results/{suite}.json").read_text())["figures"]
    (value,) = (each["value"] for each in measured if each["figure"] == figure)
    (cells,) = re.findall(rf"^\| {re.escape(row)} \| (.+) \|$", (DOCS / "model-card.md").read_text(), re.MULTILINE)
    said = cells.split(" | ")[column].removesuffix(" %")
    assert float(said) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_links_are_there(page):
    """Also those that mkdocs does not see: the README's, and whatever lies outside docs/."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing
