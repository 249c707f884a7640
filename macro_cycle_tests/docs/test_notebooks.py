"""The notebooks run from the first cell to the last, and come without outputs."""

import nbformat
import pytest
from nbclient import NotebookClient

from macro_cycle_tests.docs.markdown import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def executed(name: str):
    """The notebook as it is after it was run in a kernel of its own."""
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    return NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_what_is_committed_holds_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@pytest.mark.slow
def test_the_model_can_be_used_alone():
    outputs = [output for cell in executed("model_alone.ipynb").cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("a recession begins within 12 months" in str(output.get("data", {})) for output in outputs)


@pytest.mark.slow
def test_2008_is_called_before_it_was_announced():
    last = executed("real_time_2008.ipynb").cells[-1]
    assert "days before the announcement" in last.outputs[0].text
    assert "called on 2008-" in last.outputs[0].text
