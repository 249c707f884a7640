"""Today's answer, for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from macro_cycle.cli.console import answers, as_typed, in_lines, print_warnings, table
from macro_cycle.observations.provenance import NOT_STATED
from macro_cycle.platform.settings import Settings
from macro_cycle.records import Answer, Declared, Model
from macro_cycle.resources.platform import Platform

STALE_MONTHS = 2
CURES = {
    "fred_md": "put newer vintages into the folder.",
    "alfred_file": "bring the file up to date.",
}
CURE = "`macro-cycle calendar` says which series are late."


def of_month(platform: Platform, month: str, *, retrained: bool) -> dict[str, Any]:
    """The answer of the month with what a reader needs to judge it."""
    answer = platform.records.one("regime_labels", Answer, month)
    declared = platform.records.load("declared_phase", Declared, [month]).get(month)
    return {
        "cycle": platform.cycle,
        "title": platform.definition.title,
        "as_of": answer.as_of,
        "reference_month": f"{answer.reference_month:%Y-%m}",
        "label": answer.label,
        "recession_probability": answer.recession_probability,
        "probabilities": dict(answer.probabilities),
        "phases": answer.phases,
        **(declared.stated if declared else dict.fromkeys(("declared_phase", "declared_on", "declared_about"))),
        "declared_in_words": declared.in_words if declared else None,
        "model_version": answer.model_version,
        "data_version": answer.version,
        "news": answer.news,
        "provenance": None if answer.provenance is None else answer.provenance.to_document(),
        "outlook": answer.outlook,
        "retrained": retrained,
        "months_behind": answer.months_behind,
        "warnings": _warnings(platform, month, answer),
        "cure": _cure(platform),
        "addresses": addresses(platform.settings),
    }


def repeated(months_behind: int) -> str:
    """What is said of an answer without new data."""
    return f"No new data since an earlier month end: the answer is repeated, its data are {months_behind} months old."


def rests_on(provenance: Mapping[str, Any] | None) -> str:
    """The kind of history behind an answer, in words, from the document that says so; no share of it is broken."""
    return NOT_STATED if provenance is None else as_typed(provenance["in_words"]).replace(" %", "%")


def _cure(platform: Platform) -> str:
    """What to do about old data."""
    source = platform.settings.data.source
    if source == "sample":
        from macro_cycle.sources.sample import Sample

        return Sample(platform.catalog, platform.settings.data.source_path).cure
    return CURES.get(source, CURE)


def _warnings(platform: Platform, month: str, answer: Answer) -> list[str]:
    """What a person should know of the model behind the answer and of its bands, a line each."""
    model = platform.records.one("regime_model", Model, month)
    return [*model.warnings, *(answer.outlook or {}).get("warnings", ())]


def addresses(settings: Settings) -> dict[str, str]:
    """Where each service of the stack answers."""
    base = {
        "page": (settings.page.host, settings.page.port, ""),
        "Dagster": (settings.dagster.host, settings.dagster.port, ""),
        "MLflow": (settings.mlflow.host, settings.mlflow.port, ""),
        "metrics": (settings.prometheus.host, settings.prometheus.exporter_port, "/metrics"),
        "predictions": (
            settings.kserve.host,
            settings.kserve.port,
            f"/v1/models/{settings.kserve.model_name}:predict",
        ),
    }
    return {name: f"http://{host}:{port}{path}" for name, (host, port, path) in base.items()}


def show(found: Sequence[dict[str, Any]]) -> None:
    """Print the answers of the cycles, and the addresses."""
    for answer in found:
        answers.print(f"[bold]{as_typed(answer['title'])}[/]", highlight=False, soft_wrap=True)
        _show(answer)
        answers.print()
    predictions = {each["cycle"]: each["addresses"]["predictions"] for each in found}
    for name, url in found[0]["addresses"].items():
        if name != "predictions":
            answers.print(f"{name:16} {as_typed(url)}", highlight=False, soft_wrap=True)
    for cycle, url in predictions.items():
        answers.print(f"{f'predictions {cycle}':16} {as_typed(url)}", highlight=False, soft_wrap=True)
    first = found[0]["addresses"]["predictions"]
    curl = f'curl -s {first} \\\n  -d \'{{"instances": [{{"as_of": "latest"}}]}}\''
    answers.print()
    answers.print(escape(curl), highlight=False, soft_wrap=True)


def _show(answer: dict[str, Any]) -> None:
    """Print one answer, a bar per regime."""
    shown = table("", "", flowing=[""], header=False)
    shown.add_row("as of", f"{answer['as_of']:%Y-%m} (open month)")
    shown.add_row("newest reference month", answer["reference_month"])
    shown.add_row("regime", f"[bold]{as_typed(answer['label'])}[/]")
    shown.add_row("recession probability", f"{answer['recession_probability']:.1%}{_band(answer['outlook'])}")
    if answer["declared_in_words"]:
        shown.add_row("declared phase", as_typed(answer["declared_in_words"]))
    if answer["outlook"]:
        shown.add_row("a recession begins", _onsets(answer["outlook"]))
        shown.add_row("expected to last", _exit(answer["outlook"]))
    for label, probability in answer["probabilities"].items():
        shown.add_row(f"  {as_typed(label)}", f"{probability:6.1%}  {'█' * round(30 * probability)}")
    if answer["phases"] and answer["phases"] != answer["probabilities"]:
        shown.add_row("phase, by its turns", _phases(answer["phases"]))
    shown.add_row(
        "model",
        answer["model_version"] + ("" if answer["retrained"] else "  (trained before: no new data since)"),
    )
    answers.print(shown)
    if not answer["news"]:
        answers.print(f"[yellow]{repeated(answer['months_behind'])}[/]")
    answers.print(f"It rests on {rests_on(answer['provenance'])}.", highlight=False)
    print_warnings(answer["warnings"])
    if answer["months_behind"] > STALE_MONTHS:
        answers.print(f"[yellow]The newest data are {answer['months_behind']} months old; {answer['cure']}[/]")


def _phases(phases: Mapping[str, float]) -> str:
    """How probable each phase is by the turns around the month."""
    return in_lines([f"{as_typed(label)} {p:.1%}" for label, p in phases.items()])


def _band(outlook: dict[str, Any] | None) -> str:
    """The 90 % band of the recession probability, if it is known."""
    if not outlook:
        return ""
    present = outlook["recession_probability"]
    return f"  (90% band: {present['low']:.1%} to {present['high']:.1%})"


def _exit(outlook: dict[str, Any]) -> str:
    """How long the present phase is expected to go on."""
    stay = outlook["months_to_exit"]
    months, band = f"{stay['value']:.0f} months", f"{stay['low']:.0f} to {stay['high']:.0f}"
    return f"{months} in {as_typed(outlook['label'])}  (90% band: {band})"


def _onsets(outlook: dict[str, Any]) -> str:
    """How probable it is that a recession begins soon."""
    return in_lines([f"{p['value']:.1%} within {n} months" for n, p in outlook["recession_begins"].items()])
