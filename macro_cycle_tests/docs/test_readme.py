"""The snippet for notebooks in the README gives the model that the platform trains, to the bit."""

from macro_cycle_tests.docs.markdown import FENCE, ROOT


def test_the_notebook_of_the_readme_holds_the_platforms_model(bundle):
    blocks = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    (snippet,) = [text for language, _, text in blocks if language == "python"]
    notebook = {"panel": bundle.panel}
    exec(snippet, notebook)  # noqa: S102 - the README
    assert notebook["model"].to_document() == bundle.model
