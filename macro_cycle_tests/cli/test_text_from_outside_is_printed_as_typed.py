"""Names, reasons and paths that others wrote: brackets are no markup, and no control character reaches the terminal."""

from datetime import UTC, date, datetime

from macro_cycle.records import Decision

TYPED = "[red]see[/red] \x1b[31mthe\nminutes"


def test_a_reason_in_decisions(platform, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    decision = Decision(
        cycle="us",
        as_of=date(2026, 9, 30),
        version="promote x",
        made_by="test",
        model_version="[b]x",
        outcome="promote",
        by="person",
        reason=TYPED,
        decided_at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    platform.records.append("champion", [decision])
    code, out, _ = told("decisions")
    assert code == 0
    assert "[b]x" in out
    assert "\x1b" not in out
    assert "[red]see[/red]" in out
    assert r"\x1b[31mthe\nminutes" in out.replace("\n", "")
